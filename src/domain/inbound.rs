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
        /// Push messages to the mobile application; nothing comes in by it.
        Push = "push",
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
    /// A sent message was taken back by its author, or deleted by those who run the place: what it said is to be hidden.
    Unsent {
        of: String,
    },
    /// Somebody named us under a post of another account, and the wire told only the provider's numbers: the words have to be asked for.
    Mention {
        media: String,
        comment: Option<String>,
    },
    /// What was hidden may be seen again.
    Shown {
        of: String,
    },
    /// A sign put under a message, or taken away again. Not answered.
    Reaction {
        of: String,
        emoji: Option<String>,
    },
    /// The wire knows the sender by another name from now on: the chat goes on under `chat`, with the new number where the provider tells it.
    Renamed {
        chat: String,
        phone: Option<Phone>,
    },
    /// What the provider tells of a message of ours. Nobody said anything.
    Receipt(Receipt),
    /// The provider tells that it will take nothing from our account until a person acts.
    WireDown(Failure),
    /// Everything that we sent into this chat up to a moment went a step further.
    ReceiptUntil {
        until: Instant,
        stage: ReceiptStage,
    },
    /// Our own side spoke from elsewhere: another program, a colleague in the provider's own application.
    Own {
        text: Option<String>,
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

words! {
    /// How far a message of ours got. A later word of a lower rank changes nothing.
    ReceiptStage {
        /// The provider sent it on.
        Sent = "sent",
        Delivered = "delivered",
        Read = "read",
        /// A voice message was listened to.
        Played = "played",
        /// Counts only while nothing was delivered.
        Failed = "failed",
    }
}

words! {
    /// Why a message of ours did not reach a person.
    Failure {
        /// The person does not want messages from us, or the chat is gone.
        Blocked = "blocked",
        /// No account, an old client, a number that does not exist: another door may reach the person.
        Unreachable = "unreachable",
        /// Too long since the person last wrote: free text is refused.
        Window = "window",
        /// The template does not exist, is paused or does not fit.
        Template = "template",
        /// The provider has closed our account: nothing passes until a person of ours acts.
        Stopped = "stopped",
        /// Our credentials are wrong.
        Unauthorized = "unauthorized",
        /// The provider will never take it: our mistake.
        Rejected = "rejected",
        /// Trouble on the way: another try may pass.
        Transient = "transient",
    }
}

/// What a provider tells of a message that it took from us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The handle that the provider gave when it took the message.
    pub provider_id: String,
    /// Our own mark, where the wire brings it back.
    pub tag: Option<String>,
    pub stage: ReceiptStage,
    /// By the provider's clock.
    pub at: Option<Instant>,
    /// With [`ReceiptStage::Failed`] only.
    pub failure: Option<Failure>,
}

/// The number of a sender, as the wire gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderPhone {
    pub phone: Phone,
    /// The provider has proved that it is the sender's. Otherwise it is a claim, which opens nothing.
    pub verified: bool,
}

/// Where a word stands that everybody can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentPlace {
    /// The provider's handle of the comment.
    pub comment: String,
    /// The post under which it stands.
    pub post: String,
    /// The comment that it answers.
    pub parent: Option<String>,
    /// Under a live broadcast: it can be answered only while that lasts.
    pub live: bool,
    /// Under a post of another account: nobody is answered in private there.
    pub elsewhere: bool,
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
    /// The sender's number, where the wire gives it.
    pub phone: Option<SenderPhone>,
    /// It was said in public, under a post: no personal data may be answered there.
    pub comment: Option<CommentPlace>,
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
        for s in [&mut self.chat, &mut self.sender].into_iter().chain(&mut self.message_ref).chain(&mut self.sender_name) {
            fix(s);
        }
        match &mut self.content {
            Content::Text(t) | Content::Edited { text: t, .. } => fix(t),
            Content::Command { name, arg } => {
                fix(name);
                fix(arg);
            }
            Content::Button { data, .. } => fix(data),
            Content::Reaction { emoji: Some(e), .. } => fix(e),
            Content::Media { media, caption, group } => {
                fix(&mut media.file_id);
                media.mime.iter_mut().chain(caption).chain(group).for_each(fix);
            }
            _ => {}
        }
    }
}
