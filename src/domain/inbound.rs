//! What comes in from a resident or a crew, whatever the wire.

use super::class::words;
use super::lang::Lang;
use super::phone::Phone;
use super::time::Instant;
use serde::{Deserialize, Serialize};

words! {
    /// A door of the service.
    ChannelKind {
        Telegram = "telegram",
        Whatsapp = "whatsapp",
        Instagram = "instagram",
        Facebook = "facebook",
        Sms = "sms",
        /// The mobile application and integrations, through the JSON API.
        App = "app",
        /// The form on the public page.
        Web = "web",
        /// The call centre.
        Phone = "phone",
        Mail = "mail",
    }
}

words! {
    /// What kind of file came.
    MediaKind { Photo = "photo", Voice = "voice", Video = "video", Audio = "audio", Document = "document" }
}

/// A file that still lies at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaRef {
    pub kind: MediaKind,
    /// The provider's handle of the file.
    pub file_id: String,
    pub mime: Option<String>,
    /// Bytes, as the provider says.
    pub size: Option<u64>,
}

/// What was said.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Text(String),
    /// A slash command without its slash and bot name, and the rest of the line.
    Command {
        name: String,
        arg: String,
    },
    /// A pressed button: our own data, and the wire's handle to acknowledge the press.
    Button {
        data: String,
        ack: String,
    },
    Location {
        lat: f64,
        lon: f64,
    },
    /// A shared contact; `own` is true only when the wire proves that it is the sender's.
    Contact {
        phone: Option<Phone>,
        own: bool,
    },
    Media {
        media: MediaRef,
        caption: Option<String>,
        group: Option<String>,
    },
    /// A sent message was changed by its author.
    Edited {
        of: String,
        text: String,
    },
    /// The resident blocked us, or came back.
    Blocked,
    Unblocked,
    /// A kind that we cannot use: answered politely, kept raw.
    Unsupported {
        kind: String,
    },
    /// Nothing a person said: kept, counted, not answered.
    Ignored {
        kind: String,
    },
}

/// Text as every database of ours can hold it: without NUL, which PostgreSQL refuses.
#[must_use]
pub fn storable(text: &str) -> String {
    text.replace('\0', " ")
}

/// One message from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Inbound {
    pub channel: ChannelKind,
    /// Which of our accounts it came to: the bot's name.
    pub account: String,
    /// The chat, as the wire names it.
    pub chat: String,
    /// Whom it came from, as the wire names them; in a group this differs from the chat.
    pub sender: String,
    pub sender_name: Option<String>,
    pub lang_hint: Option<Lang>,
    /// The wire's handle of this message inside the chat.
    pub message_ref: Option<String>,
    /// When the sender sent it, by the provider's clock.
    pub sent_at: Option<Instant>,
    pub content: Content,
}

impl Inbound {
    /// Takes out of every text what a database cannot hold.
    pub fn make_storable(&mut self) {
        let fix = |s: &mut String| {
            if s.contains('\0') {
                *s = storable(s);
            }
        };
        self.sender_name.iter_mut().for_each(fix);
        match &mut self.content {
            Content::Text(t) | Content::Edited { text: t, .. } => fix(t),
            Content::Command { name, arg } => {
                fix(name);
                fix(arg);
            }
            Content::Button { data, .. } => fix(data),
            Content::Media { media, caption, group } => {
                fix(&mut media.file_id);
                media.mime.iter_mut().chain(caption).chain(group).for_each(fix);
            }
            _ => {}
        }
    }
}
