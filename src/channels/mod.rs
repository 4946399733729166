//! The seam to the wires: a payload becomes a `domain::Inbound`, an outbox row becomes words in the reader's language.

pub mod bucket;
pub mod mail;
pub mod meta;
pub mod push;
pub mod receipts;
pub mod registry;
pub mod render;
pub mod sms;
pub mod social;
pub mod telegram;
#[cfg(test)]
mod tests;
pub mod whatsapp;

pub use registry::Registry;

use crate::domain::inbound::{ChannelKind, Inbound};
use crate::domain::phone::Phone;

/// The wires' own faces, for those who carry messages: this room is the only one that names the `bots` crate.
pub mod wire {
    pub use bots::channel::{Channel, FetchError, Mentioned, Message, SendError, Sent};
    pub use bots::mail::{Access, Mailbox, MailboxError};
    pub use bots::telegram::{PollError, TelegramChannel};
}

/// The account of channels that have only one.
pub const MAIN: &str = "main";

/// Why a stored body cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("{0}")]
    Wire(String),
    #[error("it names no chat")]
    NoChat,
    #[error("no wire reads channel '{0}'")]
    NoWire(String),
}

/// Reads a stored body by the rules of its channel. `skip_labels` are the words of the "skip" key in every language: where a wire has no data behind
/// such a key, it comes back as plain text.
///
/// # Errors
/// [`ReadError`].
pub fn inbound(channel: &str, account: &str, body: &[u8], skip_labels: &[&str]) -> Result<Inbound, ReadError> {
    match ChannelKind::parse(channel) {
        Some(ChannelKind::Telegram) => telegram::inbound(account, body, skip_labels),
        Some(ChannelKind::Whatsapp) => whatsapp::inbound(account, body),
        Some(kind @ (ChannelKind::Instagram | ChannelKind::Facebook)) => social::inbound(kind, account, body),
        Some(ChannelKind::Sms) => sms::inbound(account, body),
        Some(ChannelKind::Mail) => mail::inbound(account, body),
        _ => Err(ReadError::NoWire(channel.to_owned())),
    }
}

/// Under which names the event of an earlier message may stand in the inbox, by the handle that a later one names it with.
#[must_use]
pub fn names_of(channel: ChannelKind, message: &str) -> Vec<String> {
    match channel {
        ChannelKind::Instagram | ChannelKind::Facebook => social::names_of(message),
        _ => vec![message.to_owned()],
    }
}

/// Wires give numbers with or without the plus.
fn phone_of(text: &str) -> Option<Phone> {
    Phone::parse(text).or_else(|_| Phone::parse(&format!("+{text}"))).ok()
}
