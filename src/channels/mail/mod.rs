//! Letters: what comes becomes events of a thread, what goes out goes by lettre into the same thread.
//!
//! A chat is a thread of one address (`name@host#` and sixteen hex digits), or an address alone for letters to staff.

mod incoming;
mod outgoing;

pub use incoming::{Kind, Known, Look, Stored, events, file_id, inbound, letter_in, look};
pub use outgoing::{MailChannel, open};

pub use bots::mail::{FilePart, Letter, read as read_letter};

use sha2::{Digest, Sha256};

/// Between the address and the name of the thread.
const SEPARATOR: char = '#';

/// The chat of a thread.
#[must_use]
pub fn chat(address: &str, root: &str) -> String {
    let digest = hex::encode(Sha256::digest(root.as_bytes()));
    format!("{address}{SEPARATOR}{}", digest.get(..16).unwrap_or_default())
}

/// The address that a chat goes to, and whether the chat is a thread.
#[must_use]
pub fn address_of(chat: &str) -> (&str, bool) {
    match chat.rsplit_once(SEPARATOR) {
        Some((address, thread)) if thread.len() == 16 && thread.bytes().all(|b| b.is_ascii_hexdigit()) => (address, true),
        _ => (chat, false),
    }
}
