//! From one event to its meaning. Whatever is missing or of another shape than expected is left out; nothing here fails on it.

pub(super) mod envelope;
mod public;
mod thread;

use super::incoming::{Incoming, Kind, Person};
use crate::raw::Object;
use envelope::{Envelope, Event, id};

/// Reads one piece, or the first event of a whole body. `None` when the body is no envelope with an event in it.
#[must_use]
pub fn read(body: &[u8]) -> Option<Incoming> {
    let top = Object::of_body(body)?;
    let platform = envelope::platform(&top)?;
    let part = top.get("part").unwrap_or(0);
    let first = crate::meta::piece::items(top.raw("entry"))?.into_iter().next()?;
    let entry = Object::of(first)?;
    let event = envelope::events(&entry).into_iter().next()?;
    Some(meaning(&Envelope::of(platform, &entry, part), &event))
}

/// What an event means.
pub(super) fn meaning(envelope: &Envelope, event: &Event<'_>) -> Incoming {
    if event.is_thread() { thread::meaning(envelope, event) } else { public::meaning(envelope, event) }
}

/// An event of which nothing is known yet.
fn blank(envelope: &Envelope, kind: Kind) -> Incoming {
    Incoming {
        platform: envelope.platform,
        account: envelope.account.clone(),
        chat: None,
        sender: None,
        message_id: None,
        at: None,
        standby: false,
        place: None,
        kind,
    }
}

/// The person under this key: `{"id", "name" or "username"}`.
fn person(object: &Object<'_>, key: &str) -> Option<Person> {
    let from = object.object(key)?;
    Some(Person { id: id(&from, "id")?, name: text(&from, "name").or_else(|| text(&from, "username")) })
}

/// Text that says something.
fn text(object: &Object<'_>, key: &str) -> Option<String> {
    object.words(key).filter(|text| !text.trim().is_empty())
}

/// A name of ours for what we do not read.
fn other(kind: &str) -> Kind {
    Kind::Other { kind: crate::raw::tidy(kind) }
}
