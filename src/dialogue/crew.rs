//! The crew's side: jobs by buttons, and the evidence of what was done.

use super::button;
use super::outcome::{Command, CrewCommand};
use super::said::append;
use super::state::Step;
use super::turn::{MAX_MEDIA, Turn};
use crate::domain::RequestNumber;
use crate::domain::inbound::MediaRef;
use crate::domain::outgoing::Params;
use crate::domain::time::Instant;

/// Does a file belong to an album?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Album {
    No,
    First,
    More,
}

/// The evidence that is held until the crew has said all.
pub(super) struct Evidence {
    pub number: RequestNumber,
    pub note: Option<String>,
    pub media: Vec<MediaRef>,
    pub asked_at: Instant,
}

impl Turn<'_> {
    /// Passes a crew's wish on; anybody else is told that the chat is not linked.
    pub fn crew(&mut self, command: CrewCommand) {
        if self.ctx.crew.is_some() {
            self.commands.push(Command::Crew(command));
        } else {
            self.say("crew.not_linked");
        }
    }

    /// "Done" was pressed: asks for a photo and a note.
    pub fn ask_result(&mut self, number: RequestNumber) {
        if self.ctx.crew.is_none() {
            return self.say("crew.not_linked");
        }
        if !matches!(&self.state.step, Step::CrewAwaitingResult { number: n, .. } if *n == number) {
            self.flush();
            self.state.step = Step::CrewAwaitingResult { number, note: None, media: Vec::new(), asked_at: self.ctx.now };
        }
        self.ask_result_again();
    }

    /// "Cannot go on" was pressed: asks why.
    pub fn ask_pause(&mut self, number: &RequestNumber) {
        if self.ctx.crew.is_none() {
            return self.say("crew.not_linked");
        }
        let shown = Params::from([("number".to_owned(), number.to_string())]);
        self.say_with("crew.pause_ask", shown, button::crew_pauses(number));
    }

    pub fn ask_result_again(&mut self) {
        self.say_result("crew.done_ask");
    }

    fn say_result(&mut self, key: &str) {
        let Step::CrewAwaitingResult { number, .. } = &self.state.step else { return };
        let (shown, keyboard) = (number.to_string(), button::crew_finish(number));
        self.say_with(key, Params::from([("number".to_owned(), shown)]), keyboard);
    }

    /// "Finish" was pressed: with what there is, be it nothing.
    pub fn finish_result(&mut self, number: RequestNumber) {
        match self.take_step() {
            Step::CrewAwaitingResult { number: n, note, media, .. } if n == number => self.done(number, note, media),
            step => {
                self.state.step = step;
                self.crew(CrewCommand::Done { number, note: None, media: Vec::new() });
            }
        }
    }

    /// Takes evidence in. A note and a photo are enough; of an album more is to come, so it ends by button or by silence.
    pub fn result_grows(&mut self, mut held: Evidence, text: Option<&str>, media: Vec<MediaRef>, album: Album) {
        if let Some(text) = text {
            append(held.note.get_or_insert_default(), text);
        }
        held.media.extend(media);
        let complete = held.note.is_some() && !held.media.is_empty() && album == Album::No;
        if complete || held.media.len() >= MAX_MEDIA {
            return self.done(held.number, held.note, held.media);
        }
        let key = match (&held.note, held.media.is_empty()) {
            (Some(_), true) => "crew.done_photo",
            (None, _) => "crew.done_note",
            (Some(_), false) => "crew.done_more",
        };
        self.state.step = Step::CrewAwaitingResult { number: held.number, note: held.note, media: held.media, asked_at: held.asked_at };
        if album != Album::More {
            self.say_result(key);
        }
    }
}
