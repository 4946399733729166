//! From the bytes of one piece to its meaning, part by part: a part that changed its shape must not cost us the rest.

use super::OBJECT;
use super::content;
use super::incoming::{Incoming, Kind, Sender};
use super::person;
use crate::channel::{Receipt, ReceiptStage, SendError};
use crate::meta::failure;
use crate::meta::piece::{fit, items};
use crate::raw::{Object, tidy};
use chrono::{DateTime, Utc};
use thiserror::Error;

/// Times after this (the year 2100) are no times of messages.
const LATEST: i64 = 4_102_444_800;

/// Why a body is no piece at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ReadError {
    #[error("the body is not a JSON object")]
    NotJson,
    #[error("the body is no piece of WhatsApp")]
    NotWhatsapp,
}

/// Reads one piece that [`super::pieces`] made.
///
/// # Errors
/// [`ReadError`] when it is none; everything else becomes [`Kind::Unsupported`] or [`Kind::Other`].
pub fn read(body: &[u8]) -> Result<Incoming, ReadError> {
    let top = Object::of_body(body).ok_or(ReadError::NotJson)?;
    if top.get::<String>("object").as_deref() != Some(OBJECT) {
        return Err(ReadError::NotWhatsapp);
    }
    let mut incoming = Incoming {
        account: top.object("metadata").and_then(|m| m.get("phone_number_id")),
        chat: None,
        sender: Sender::default(),
        message_id: None,
        at: None,
        reply_to: None,
        forwarded: false,
        kind: Kind::Other { kind: tidy(&top.get::<String>("field").unwrap_or_default()) },
    };
    if let Some(message) = top.object("message") {
        of_message(&message, top.object("contact").as_ref(), &mut incoming);
    } else if let Some(status) = top.object("status") {
        of_status(&status, &mut incoming);
    } else if let Some(echo) = top.object("echo") {
        envelope(&echo, &mut incoming);
        incoming.chat = person::id(&echo, "to_user_id").or_else(|| person::number(&echo, "to"));
        incoming.kind = Kind::Echo(Box::new(content::of(&echo)));
    } else if let Some(errors) = items(top.raw("errors")) {
        incoming.kind = Kind::Trouble(errors.into_iter().filter_map(Object::of).map(|error| failure::of_report(&error)).collect());
    }
    Ok(incoming)
}

fn of_message(message: &Object<'_>, contact: Option<&Object<'_>>, incoming: &mut Incoming) {
    envelope(message, incoming);
    incoming.sender = person::sender(message, contact);
    incoming.chat = person::chat(&incoming.sender);
    if let Some(note) = person::note(message) {
        incoming.chat = person::former(&note).or_else(|| incoming.chat.take());
        incoming.kind = of_system(&note);
        return;
    }
    // What people write to each other in a group is not written to us.
    let in_group = message.has("group_id");
    incoming.kind = if in_group { Kind::Other { kind: "group".to_owned() } } else { content::of(message) };
}

fn envelope(message: &Object<'_>, incoming: &mut Incoming) {
    incoming.message_id = message.get::<String>("id").filter(|id| fit(id));
    incoming.at = time(message);
    let context = message.object("context").unwrap_or_default();
    incoming.reply_to = context.get::<String>("id").filter(|id| fit(id));
    incoming.forwarded = ["forwarded", "frequently_forwarded"].iter().any(|key| context.get(key) == Some(true));
}

/// A person goes on under another number or id. Anything else that the system notes is of no use to us.
fn of_system(system: &Object<'_>) -> Kind {
    let word: String = system.get("type").unwrap_or_default();
    if !matches!(word.as_str(), "user_changed_number" | "user_changed_user_id" | "customer_changed_number") {
        return Kind::Other { kind: tidy(&word) };
    }
    let phone = person::number(system, "wa_id").or_else(|| person::number(system, "new_wa_id"));
    let user_id = person::id(system, "user_id");
    match user_id.clone().or_else(|| phone.clone()) {
        Some(chat) => Kind::Renamed { chat, phone, user_id },
        None => Kind::Other { kind: tidy(&word) },
    }
}

fn of_status(status: &Object<'_>, incoming: &mut Incoming) {
    incoming.at = time(status);
    incoming.chat = person::id(status, "recipient_user_id").or_else(|| person::number(status, "recipient_id"));
    let word: String = status.get("status").unwrap_or_default();
    let stage = match word.as_str() {
        "sent" => ReceiptStage::Sent,
        "delivered" => ReceiptStage::Delivered,
        "read" => ReceiptStage::Read,
        "played" => ReceiptStage::Played,
        "failed" => ReceiptStage::Failed,
        other => {
            incoming.kind = Kind::Other { kind: tidy(&format!("status_{other}")) };
            return;
        }
    };
    let Some(provider_id) = status.get::<String>("id").filter(|id| fit(id)) else {
        incoming.kind = Kind::Other { kind: "status".to_owned() };
        return;
    };
    let told = || items(status.raw("errors"))?.into_iter().find_map(Object::of).map(|error| failure::of_report(&error));
    let error = (stage == ReceiptStage::Failed).then(|| told().unwrap_or_else(|| SendError::Rejected("no reason was given".to_owned())));
    let tag = status.get::<String>("biz_opaque_callback_data").filter(|tag| fit(tag));
    incoming.kind = Kind::Receipt(Receipt { provider_id, tag, stage, at: incoming.at, error });
}

/// Whole seconds, as text or as a number.
fn time(of: &Object<'_>) -> Option<DateTime<Utc>> {
    let text = || of.get::<String>("timestamp").and_then(|text| text.parse().ok());
    let seconds = of.get::<i64>("timestamp").or_else(text).filter(|seconds| (0..LATEST).contains(seconds))?;
    DateTime::from_timestamp(seconds, 0)
}
