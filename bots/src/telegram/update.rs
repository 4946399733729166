//! What one incoming update means to us, free of the provider's types.

use chrono::{DateTime, Utc};

/// One update: who, where, when and what. Whatever is missing or broken in the body is `None` here, never an error.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// Grows, but may jump; the same number means the same update.
    pub update_id: i64,
    /// In a private chat this equals the sender's id.
    pub chat: Option<i64>,
    pub chat_type: ChatType,
    pub sender: Option<Sender>,
    /// Inside its chat. For a button: the message that carried it.
    pub message_id: Option<i64>,
    /// By the provider's clock. For an edit: when the message was first sent. Presses of buttons carry no time.
    pub date: Option<DateTime<Utc>>,
    pub kind: Kind,
}

/// What kind of chat it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatType {
    /// One person and the bot.
    Private,
    /// Group or supergroup.
    Group,
    Channel,
    /// Not said, or a word we do not know.
    Unknown,
}

/// The account that wrote. Names are what the person chose to call themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sender {
    pub id: i64,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// Without `@`.
    pub username: Option<String>,
    /// Language of the person's application, as an IETF tag; says little about the language they write in.
    pub language_code: Option<String>,
}

/// What was said or done.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Text {
        text: String,
    },
    /// `/name@bot arg`: the name in lower case, without slash and bot; the rest trimmed.
    Command {
        name: String,
        arg: String,
    },
    /// A pressed button: our data, and the handle to acknowledge the press.
    Button {
        data: String,
        callback_id: String,
    },
    /// Degrees; within -90..=90 and -180..=180. `live` means that the sender's phone will go on sending.
    Location {
        lat: f64,
        lon: f64,
        live: bool,
    },
    /// A shared card, the number as Telegram wrote it. `own` only when the card carries the sender's own id.
    Contact {
        phone: String,
        own: bool,
    },
    Media(Media),
    /// A message sent before now reads like this.
    Edited {
        message_id: i64,
        text: String,
    },
    /// The person blocked the bot.
    Blocked,
    /// The person came back.
    Unblocked,
    /// A person sent something we cannot use; deserves a polite answer.
    Unsupported {
        kind: String,
    },
    /// Not from a person to us: groups, channels, polls, service notes, unknown updates. Kept and counted, never answered.
    Other {
        kind: String,
    },
}

/// What kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    Photo,
    /// Recorded in the chat (OGG with Opus).
    Voice,
    /// Also round video notes and silent animations.
    Video,
    Audio,
    Document,
}

/// A file that lies at Telegram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    pub kind: MediaKind,
    /// For a photo: its largest version.
    pub file_id: String,
    /// Bytes, if said.
    pub size: Option<u64>,
    /// As the sender's application says.
    pub mime: Option<String>,
    /// The sender's name of the file.
    pub name: Option<String>,
    pub caption: Option<String>,
    /// Same for all files of one album.
    pub group: Option<String>,
}
