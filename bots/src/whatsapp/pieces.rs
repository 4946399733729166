//! Cutting a webhook body of WhatsApp: every message, status and echo alone, with what is needed to read it: our number and the one contact.

use super::OBJECT;
use super::person::{self, Contacts};
use crate::meta::piece::{NO_CHAT, Piece, Wire, bounded_id, fit, items, unreadable};
use crate::raw::{Object, tidy};
use serde::Serialize;
use serde_json::value::RawValue;

/// Larger surroundings are no contact and no account any more and are not copied into every piece, in bytes.
const LARGEST_SURROUNDING: usize = 8 * 1024;

/// A piece as it is stored. One of the last five fields is there.
#[derive(Serialize)]
struct Envelope<'a> {
    object: &'static str,
    field: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    echo: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a RawValue>,
}

/// What is known of one change before it is cut.
struct Change<'a> {
    field: String,
    account: String,
    metadata: Option<&'a RawValue>,
    contacts: Contacts<'a>,
}

/// Cuts a body whose `object` is WhatsApp's; any other gives one unreadable piece. Total: whatever has an unknown shape is kept as it is.
#[must_use]
pub fn pieces(body: &[u8]) -> Vec<Piece> {
    let top = Object::of_body(body).filter(|top| top.get::<String>("object").as_deref() == Some(OBJECT));
    let Some(entries) = top.and_then(|top| items(top.raw("entry"))) else {
        return vec![unreadable(Wire::Whatsapp, "envelope", body)];
    };
    let mut pieces = Vec::new();
    for entry in entries {
        match Object::of(entry).and_then(|entry| items(entry.raw("changes"))) {
            Some(changes) if !changes.is_empty() => changes.into_iter().for_each(|change| cut(change, &mut pieces)),
            // Kept as it came, also when it tells of nothing.
            _ => pieces.push(unreadable(Wire::Whatsapp, "entry", entry.get().as_bytes())),
        }
    }
    pieces
}

fn cut(raw: &RawValue, pieces: &mut Vec<Piece>) {
    let odd = || unreadable(Wire::Whatsapp, "change", raw.get().as_bytes());
    let Some(change) = Object::of(raw) else { return pieces.push(odd()) };
    let Some(value) = change.object("value") else { return pieces.push(odd()) };
    let metadata = small(value.raw("metadata"));
    let account = value.object("metadata").and_then(|m| m.get::<String>("phone_number_id")).filter(|id| fit(id)).unwrap_or_default();
    let field = change.get::<String>("field").unwrap_or_else(|| "messages".to_owned());
    let surroundings = Change { field, account, metadata, contacts: Contacts::read(value.raw("contacts")) };
    let before = pieces.len();
    let lists: &[&str] = match surroundings.field.as_str() {
        "messages" => &["messages", "statuses"],
        "smb_message_echoes" => &["message_echoes"],
        _ => &[],
    };
    let mut strange = false;
    for list in lists.iter().filter(|list| value.has(list)) {
        match items(value.raw(list)) {
            Some(found) => pieces.extend(found.into_iter().map(|item| surroundings.piece(list, item, &value))),
            None => strange = true,
        }
    }
    if strange {
        pieces.push(odd());
    } else if pieces.len() == before {
        pieces.push(surroundings.rest(&value, change.raw("value")));
    }
}

impl Change<'_> {
    fn envelope(&self) -> Envelope<'_> {
        Envelope {
            object: OBJECT,
            field: &self.field,
            metadata: self.metadata,
            contact: None,
            message: None,
            status: None,
            echo: None,
            errors: None,
            value: None,
        }
    }

    /// A message, status or echo.
    fn piece(&self, list: &str, item: &RawValue, value: &Object<'_>) -> Piece {
        let Some(inner) = Object::of(item) else { return unreadable(Wire::Whatsapp, list, item.get().as_bytes()) };
        let id = inner.get::<String>("id");
        let (envelope, kind, id, chat) = match list {
            "statuses" => {
                let chat = person::id(&inner, "recipient_user_id").or_else(|| person::number(&inner, "recipient_id"));
                (Envelope { status: Some(item), ..self.envelope() }, "status", id.and_then(|id| status_id(&id, &inner)), chat)
            }
            "message_echoes" => {
                let chat = person::id(&inner, "to_user_id").or_else(|| person::number(&inner, "to"));
                (Envelope { echo: Some(item), ..self.envelope() }, "echo", id, chat)
            }
            _ => {
                let contact = small(self.contacts.of(&inner));
                let sender = person::sender(&inner, contact.and_then(Object::of).as_ref());
                let chat = person::note(&inner).and_then(|note| person::former(&note)).or_else(|| person::chat(&sender));
                let errors = small(value.raw("errors"));
                (Envelope { message: Some(item), contact, errors, ..self.envelope() }, "message", id, chat)
            }
        };
        self.stored(&envelope, kind, id, chat)
    }

    /// A change that holds no list of ours: trouble of the account, or a field that is only kept.
    fn rest(&self, value: &Object<'_>, raw: Option<&RawValue>) -> Piece {
        let trouble = self.field == "messages" && items(value.raw("errors")).is_some_and(|errors| !errors.is_empty());
        let (errors, whole) = if trouble { (value.raw("errors"), None) } else { (None, raw) };
        let envelope = Envelope { errors, value: whole, ..self.envelope() };
        let kind = if trouble { "errors".to_owned() } else { tidy(&self.field) };
        self.stored(&envelope, &kind, None, None)
    }

    fn stored(&self, envelope: &Envelope<'_>, kind: &str, id: Option<String>, chat: Option<String>) -> Piece {
        // Text that was read as JSON can be written as JSON.
        let Ok(body) = serde_json::to_vec(envelope) else { return unreadable(Wire::Whatsapp, kind, b"") };
        Piece {
            wire: Wire::Whatsapp,
            account: self.account.clone(),
            external_id: bounded_id(id, &body),
            chat: chat.unwrap_or_else(|| NO_CHAT.to_owned()),
            kind: kind.to_owned(),
            body,
            readable: true,
        }
    }
}

/// One message passes several stages, and in a group each for several people.
fn status_id(id: &str, status: &Object<'_>) -> Option<String> {
    let stage: String = status.get("status")?;
    let whom = status.get::<String>("recipient_participant_id").map(|whom| format!(":{whom}")).unwrap_or_default();
    Some(format!("status:{id}:{stage}{whom}"))
}

fn small(raw: Option<&RawValue>) -> Option<&RawValue> {
    raw.filter(|raw| raw.get().len() <= LARGEST_SURROUNDING)
}
