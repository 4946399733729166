//! The channel-neutral conversation: memory and one message in, memory, words and commands out.
//!
//! Pure: no clock, no storage, no wires. It decides what a message is for (a new request, more about the last one, an answer to a question, a
//! press of a button); what comes of the commands is answered by the caller. Nothing a resident says may be lost on the way.

mod button;
mod crew;
mod input;
mod media;
mod outcome;
mod place;
mod press;
mod said;
mod state;
#[cfg(test)]
mod tests;
mod turn;
mod wish;
mod wishes;

pub use button::{Button, acknowledged, crew_finish, crew_job, districts, languages, rating, resolved, services, status};
pub use input::{Context, Input, Limits};
pub use outcome::{Command, CrewCommand, Outcome, Say};
pub use state::{Consent, Conversation, Draft, LastRequest, Linked, MediaGroup, Proving, Step};
pub use wish::needs_choices;

/// Takes one message in.
#[must_use]
pub fn step(state: &Conversation, input: &Input<'_>, ctx: &Context<'_>) -> Outcome {
    let mut turn = turn::Turn::new(state, ctx);
    match input {
        Input::Text { text, reading } => turn.text(text, reading, Vec::new()),
        Input::Edited { text, reading } => turn.edited(text, reading),
        Input::Media { media, caption, group } => turn.media(media, *caption, *group),
        Input::Location { lat, lon, district, rough } => turn.location(*lat, *lon, district.clone(), *rough),
        Input::Button { data } => turn.press(data),
        Input::Command { name, arg } => turn.command(name, arg),
        Input::Contact { phone, own } => turn.contact(phone.as_ref(), *own),
        Input::Unsent { text } => turn.unsent(*text),
        Input::Unsupported { .. } => turn.unsupported(),
        Input::Silence => turn.silence(),
        Input::Blocked => {
            turn.flush();
            turn.commands.push(Command::MarkBlocked);
        }
        Input::Unblocked => turn.commands.push(Command::MarkUnblocked),
    }
    turn.finish()
}
