//! One act on one request inside a transaction: decide, record, tell.

use super::cascade::follow;
use super::effects::{Count, Effects};
use super::record::{Subject, record};
use super::{Core, DispatchError, notify, push, short};
use crate::domain::access::Role;
use crate::domain::actor::Actor;
use crate::domain::reach::closed;
use crate::domain::request::{Act, ActError, Event, Ground, decide};
use crate::domain::{Instant, Lang, MessageId, RequestNumber};
use crate::store::messages::{NewMessage, direction};
use crate::store::requests::{self, Stored};
use crate::store::{Conn, Tx, conversations, messages, staff, timers};

/// Loads a request with its clocks.
pub(super) async fn subject_of(c: &impl Conn, stored: Stored) -> Result<Subject, DispatchError> {
    let timers = timers::of_requests(c, &[stored.request.id]).await?;
    Ok(Subject { stored, timers })
}

/// Loads a request by its number.
pub(super) async fn find(c: &impl Conn, number: &RequestNumber) -> Result<Subject, DispatchError> {
    let stored = requests::by_number(c, number).await?.ok_or(DispatchError::NotFound)?;
    subject_of(c, stored).await
}

/// A text that belongs to a request: the erasable row.
pub(super) fn text_row(subject: &Subject, direction: &'static str, actor: &Actor, text: &str, at: Instant) -> NewMessage {
    NewMessage {
        id: MessageId::fresh(),
        request: Some(subject.stored.request.id),
        conversation: subject.stored.request.conversation,
        direction,
        author: actor.to_string(),
        text: crate::domain::inbound::storable(text),
        salt: super::secrets::salt(),
        raw_event: None,
        at,
    }
}

/// Does acts one after another on a loaded request and collects everything that follows. Nothing is written yet.
///
/// # Errors
/// [`DispatchError::NotNow`] with the present state when the first refused act is not allowed.
pub(super) async fn perform(
    core: &Core,
    tx: &Tx,
    fx: &mut Effects,
    subject: &mut Subject,
    acts: &[Act],
    actor: &Actor,
    now: Instant,
) -> Result<(), DispatchError> {
    let expected = subject.stored.request.version;
    // A crew that asked for a pause is told what became of it.
    let asked = subject.stored.request.pause_asked.is_some() && !matches!(actor, Actor::Crew { .. });
    // What a role may do at all was checked at the door; the rules of pauses tell roles apart.
    let role = match actor {
        Actor::Crew { .. } => Some(Role::Crew),
        Actor::Staff { role, .. } => Some(*role),
        Actor::Resident(_) | Actor::System(_) => None,
    };
    if let Some(newest) = subject.timers.iter().map(|t| t.run.revision).max()
        && !core.books().knows(newest)
    {
        // Another process has the books of tomorrow already.
        super::books::reload(core).await?;
    }
    let books = core.books();
    let mut events = Vec::new();
    for act in acts {
        let ground = Ground { book: &books.in_force(now).sla, role, at: now };
        let decided = decide(&subject.stored.request, act, &ground).map_err(|e| refusal(e, &subject.stored))?;
        record(core, fx, subject, &decided, actor, now)?;
        events.extend(decided);
    }
    fx.changed.push((subject.stored.clone(), expected));
    tell(core, tx, fx, subject, &events, asked).await?;
    follow(core, tx, fx, subject, &events, actor, now).await
}

fn refusal(e: ActError, stored: &Stored) -> DispatchError {
    DispatchError::NotNow(e, Box::new(stored.clone()))
}

/// Tells those whom the events concern.
pub(super) async fn tell(core: &Core, tx: &Tx, fx: &mut Effects, subject: &Subject, events: &[Event], asked: bool) -> Result<(), DispatchError> {
    let r = &subject.stored.request;
    if let (Some(id), true) = (r.conversation, events.iter().any(notify::concerns_resident))
        && let Some(chat) = conversations::load(tx, id).await?
        && !closed(&chat.chat)
    {
        for event in events {
            fx.outbox.extend(notify::to_resident(&chat, subject, event));
        }
    }
    push::tell(core, tx, fx, subject, events).await?;
    short::tell(core, tx, fx, subject, events).await?;
    for event in events {
        match event {
            Event::Assigned { crew } => {
                let members: Vec<_> = staff::of_crew(tx, crew).await?.iter().map(|s| s.id).collect();
                for chat in conversations::of_staff(tx, &members).await? {
                    let place = place_text(core, tx, subject, chat.lang).await?;
                    fx.outbox.push(notify::new_job(&chat, subject, &place));
                }
            }
            Event::HandedOver { crew } => {
                let members: Vec<_> = staff::of_crew(tx, crew).await?.iter().map(|s| s.id).collect();
                for chat in conversations::of_staff(tx, &members).await? {
                    let place = place_text(core, tx, subject, chat.lang).await?;
                    fx.outbox.push(notify::taken_over(&chat, subject, &place));
                }
            }
            Event::Held { .. } | Event::PauseDeclined { .. } if asked => {
                let key = if matches!(event, Event::Held { .. }) { "crew.pause_given" } else { "crew.pause_declined" };
                if let Some(crew) = &r.crew {
                    let members: Vec<_> = staff::of_crew(tx, crew).await?.iter().map(|s| s.id).collect();
                    fx.outbox.extend(conversations::of_staff(tx, &members).await?.iter().map(|chat| notify::to_crew(chat, subject, key)));
                }
            }
            Event::Breached { stage, .. } => {
                fx.after.counts.push(Count::Breach { queue: r.queue.clone().map(String::from), stage: stage.as_str() });
                if let Some(t) = subject.live(*stage) {
                    fx.notices.extend(notify::breach_letters(core, t, core.now()));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Where a job is, in words for a crew: district, address and coordinates as far as they are known, else "not given".
pub(super) async fn place_text(core: &Core, c: &impl Conn, subject: &Subject, lang: Lang) -> Result<String, DispatchError> {
    let r = &subject.stored.request;
    let place = messages::place_of(c, r.id).await?.unwrap_or_default();
    let district = r.district.as_ref().and_then(|d| core.book.catalog.district(d.as_str())).map(|d| d.name.get(lang).to_owned());
    let mut parts: Vec<String> = Vec::new();
    parts.extend(district);
    parts.extend(place.address);
    if let (Some(lat), Some(lon)) = (place.lat, place.lon) {
        parts.push(format!("{lat:.5}, {lon:.5}"));
    }
    Ok(if parts.is_empty() { "@unknown.place".to_owned() } else { parts.join(", ") })
}

/// What the resident said more, as a row and the act that points at it.
pub(super) fn said(fx: &mut Effects, subject: &Subject, actor: &Actor, text: &str, now: Instant) -> Act {
    let row = text_row(subject, direction::IN, actor, text, now);
    let text = row.text_ref();
    fx.messages.push(row);
    Act::AddMessage { text }
}
