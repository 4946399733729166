//! What one piece from WhatsApp means to us, free of the provider's shapes.

use crate::channel::{Receipt, SendError};
use chrono::{DateTime, Utc};

/// One piece: who, when and what. Whatever is missing or broken in the body is `None` here, never an error.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// Our number as the provider numbers it (`phone_number_id`).
    pub account: Option<String>,
    /// The person's business-scoped id when the piece has one, else their number: digits without a plus. This is where answers go.
    /// For a receipt, whom our message went to.
    pub chat: Option<String>,
    pub sender: Sender,
    /// Inside its chat; other pieces name it in `of`.
    pub message_id: Option<String>,
    /// By the provider's clock, whole seconds: when the person sent it, which may be days ago.
    pub at: Option<DateTime<Utc>>,
    /// The message that this one answers.
    pub reply_to: Option<String>,
    /// Passed on from another chat: not the sender's own words.
    pub forwarded: bool,
    pub kind: Kind,
}

/// The person. Names are what they chose to call themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sender {
    /// Two letters of a country, a dot, letters and digits. Ours alone; another number of the person gets another id.
    pub user_id: Option<String>,
    /// Digits without a plus, verified by the provider. People with a username may hide it.
    pub phone: Option<String>,
    pub name: Option<String>,
    pub username: Option<String>,
}

/// What was said or done.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Text {
        text: String,
    },
    /// A pressed button or a chosen row: our data. Quick replies of templates come here too.
    Button {
        data: String,
        title: String,
    },
    /// Degrees; within -90..=90 and -180..=180.
    Location {
        lat: f64,
        lon: f64,
        name: Option<String>,
        address: Option<String>,
    },
    /// Shared cards, one or many.
    Contacts(Vec<Card>),
    Media(Media),
    /// A reaction to a message; `None` takes an earlier one away.
    Reaction {
        of: String,
        emoji: Option<String>,
    },
    /// A message sent before now says this: text, or a file with a new caption.
    Edited {
        of: String,
        now: Box<Kind>,
    },
    /// The person took a message back: its content must not be shown any more.
    Revoked {
        of: String,
    },
    /// The person goes on under another number or id. The old one is the chat of this piece.
    Renamed {
        /// The new chat: the new id when said, else the new number.
        chat: String,
        phone: Option<String>,
        user_id: Option<String>,
    },
    /// What became of a message of ours.
    Receipt(Receipt),
    /// Written by us from the telephone's application, past this system. `chat` is whom it went to.
    Echo(Box<Kind>),
    /// The provider reports trouble of the account itself.
    Trouble(Vec<SendError>),
    /// A person sent something we cannot use; deserves a polite answer.
    Unsupported {
        kind: String,
    },
    /// Not from a person to us: groups, account notices, unknown fields. Kept and counted, never answered.
    Other {
        kind: String,
    },
}

/// A shared card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Card {
    pub name: Option<String>,
    /// As written, with or without a plus.
    pub phones: Vec<String>,
    /// The person answered our request for their number: the card is their own, said by the provider.
    pub own: bool,
}

/// What kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    Photo,
    /// Recorded in the chat (OGG with Opus).
    Voice,
    Video,
    Audio,
    Document,
    /// A small picture, seldom a report.
    Sticker,
}

/// A file that lies at the provider, seven days at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    pub kind: MediaKind,
    /// What [`crate::channel::Channel::fetch`] takes: the provider's id and, after `#`, the SHA-256 that the bytes must have (hexadecimal).
    pub file_id: String,
    /// As the sender's application says.
    pub mime: Option<String>,
    /// The sender's name of a document.
    pub name: Option<String>,
    pub caption: Option<String>,
}
