//! From the raw bytes of one update to its meaning.
//!
//! Who, where and when are read leniently, piece by piece: a part that changed its shape must not cost us the rest. Plain text is taken the
//! same way, because a cry for help must not be lost over a new field beside it. Places, cards and files are read by teloxide's `Message`.
//! teloxide's own `Update` is not enough: it hides which kind it failed on and looks at the first unknown key only.

use super::update::{ChatType, Incoming, Kind, Sender};
use crate::raw::{Object, tidy};
use chrono::DateTime;
use thiserror::Error;

mod content;
pub(super) use content::known_size;

/// Why a body is no update at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ParseError {
    #[error("the body is not a JSON object")]
    NotJson,
    #[error("the body has no update_id")]
    NoUpdateId,
}

/// Update kinds whose meaning we read, in the order of preference should a body ever hold several.
const KNOWN: [&str; 4] = super::ALLOWED_UPDATES;

/// The number of an update, without reading the rest. `None` when the body is not JSON or carries no whole number there.
#[must_use]
pub fn update_id(body: &[u8]) -> Option<i64> {
    Object::of_body(body)?.get("update_id")
}

/// Which chat an update belongs to, for keeping one chat's updates in order: the chat's id, else the person's, as decimal text.
#[must_use]
pub fn chat_key(body: &[u8]) -> Option<String> {
    let top = Object::of_body(body)?;
    let (_, inner) = kind_of(&top)?;
    let id = chat_of(&inner?).and_then(|chat| chat.get("id"))?;
    Some(i64::to_string(&id))
}

/// Reads one update.
///
/// # Errors
/// [`ParseError`] when there is nothing to tell it apart by; everything else becomes [`Kind::Unsupported`] or [`Kind::Other`].
pub fn split(body: &[u8]) -> Result<Incoming, ParseError> {
    let top = Object::of_body(body).ok_or(ParseError::NotJson)?;
    let update_id = top.get("update_id").ok_or(ParseError::NoUpdateId)?;
    let other = |kind: &str| Incoming {
        update_id,
        chat: None,
        chat_type: ChatType::Unknown,
        sender: None,
        message_id: None,
        date: None,
        kind: Kind::Other { kind: tidy(kind) },
    };
    let Some((name, inner)) = kind_of(&top) else { return Ok(other("empty")) };
    let Some(inner) = inner else { return Ok(other(name)) };

    // A press has its message one level deeper; that message was written by us, so its date says nothing about the press.
    let pressed = (name == "callback_query").then(|| inner.object("message")).flatten();
    let chat = chat_of(&inner);
    let from = inner.object("from");
    let chat_type = match chat.as_ref().and_then(|c| c.get::<String>("type")).as_deref() {
        Some("private") => ChatType::Private,
        Some("group" | "supergroup") => ChatType::Group,
        Some("channel") => ChatType::Channel,
        // Without a message the chat was found by its person, who presses buttons of private messages only.
        None if name == "callback_query" && pressed.is_none() => ChatType::Private,
        _ => ChatType::Unknown,
    };
    let mut incoming = Incoming {
        update_id,
        chat: chat.as_ref().and_then(|c| c.get("id")),
        chat_type,
        sender: from.as_ref().and_then(sender),
        message_id: pressed.as_ref().unwrap_or(&inner).get("message_id"),
        date: inner.get("date").and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
        kind: Kind::Other { kind: tidy(name) },
    };
    let from_bot = from.as_ref().and_then(|f| f.get("is_bot")).unwrap_or(false);
    if incoming.chat_type != ChatType::Private || from_bot || !KNOWN.contains(&name) {
        return Ok(incoming);
    }
    incoming.kind = match name {
        "message" => content::of_message(&inner, top.raw(name), incoming.sender.as_ref()),
        "edited_message" => content::of_edit(&inner),
        "callback_query" => press(&inner),
        _ => membership(&inner),
    };
    Ok(incoming)
}

/// The update's kind and its value, `None` for a value that is no object. A kind we read goes before any other key.
fn kind_of<'a, 't>(top: &'t Object<'a>) -> Option<(&'t str, Option<Object<'a>>)> {
    let known = KNOWN.into_iter().find(|name| top.has(name));
    let name = known.or_else(|| top.keys().find(|key| *key != "update_id"))?;
    Some((name, top.object(name)))
}

/// The chat of an update's value: its own, its message's, or the private chat of its person.
fn chat_of<'a>(inner: &Object<'a>) -> Option<Object<'a>> {
    let own = || inner.object("chat");
    let of_message = || inner.object("message")?.object("chat");
    own().or_else(of_message).or_else(|| inner.object("from")).or_else(|| inner.object("user"))
}

fn sender(from: &Object<'_>) -> Option<Sender> {
    Some(Sender {
        id: from.get("id")?,
        first_name: from.get("first_name"),
        last_name: from.get("last_name"),
        username: from.get("username"),
        language_code: from.get("language_code"),
    })
}

fn press(query: &Object<'_>) -> Kind {
    match (query.get("data"), query.get("id")) {
        (Some(data), Some(callback_id)) => Kind::Button { data, callback_id },
        _ => Kind::Other { kind: "callback_query".to_owned() },
    }
}

fn membership(change: &Object<'_>) -> Kind {
    let status = change.object("new_chat_member").and_then(|member| member.get::<String>("status"));
    match status.as_deref() {
        Some("kicked") => Kind::Blocked,
        Some("member") => Kind::Unblocked,
        _ => Kind::Other { kind: "my_chat_member".to_owned() },
    }
}
