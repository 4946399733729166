//! What one event of an Instagram account or a Facebook page means to us, free of the provider's shapes.

use crate::channel::ReceiptStage;
use chrono::{DateTime, Utc};

/// Which of the two it is. They share one API and differ in small things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    Instagram,
    /// A Facebook page with its Messenger.
    Facebook,
}

impl Platform {
    /// Stable lower-case name for metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instagram => "instagram",
            Self::Facebook => "facebook",
        }
    }

    /// The `object` of its webhook calls.
    pub(super) const fn object(self) -> &'static str {
        match self {
            Self::Instagram => "instagram",
            Self::Facebook => "page",
        }
    }
}

/// One event: who, where, when and what. Whatever is missing or broken is `None`, never an error.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    pub platform: Platform,
    /// Meta's number of our account or page.
    pub account: String,
    /// The thread: the person's id for a direct message (of an echo: the person we wrote to), `comment:{id}` for what stands in public.
    pub chat: Option<String>,
    pub sender: Option<Person>,
    /// The provider's handle: of the message for direct messages, of the comment for comments.
    pub message_id: Option<String>,
    /// By the provider's clock; when it was said, not when it was delivered to us.
    pub at: Option<DateTime<Utc>>,
    /// Another application holds this thread: to be read, not to be answered.
    pub standby: bool,
    /// Said in public, under a post or in a post on our page.
    pub place: Option<Place>,
    pub kind: Kind,
}

/// The account that wrote. Ids are scoped to our account: the same person has another one elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    pub id: String,
    /// What the person chose to be called; comments only.
    pub name: Option<String>,
}

/// Where a public word stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The comment, or the visitor's post itself.
    pub comment: String,
    /// The post; on Instagram the medium. Equal to `comment` for a visitor's own post.
    pub post: String,
    /// The comment that this one answers.
    pub parent: Option<String>,
    /// Under a live broadcast: a private reply passes only while it lasts.
    pub live: bool,
}

/// What was said or done.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Text {
        text: String,
        reply: Option<ReplyTo>,
    },
    /// A pressed quick reply or button: our own data.
    Button {
        data: String,
    },
    /// A number that the person picked from their profile. A claim: nobody has proved it.
    Phone {
        number: String,
    },
    /// A file on the provider's content servers; its address soon expires.
    Media(Media),
    Location {
        lat: f64,
        lon: f64,
    },
    /// Somebody's post, reel or link was passed on, without words.
    Shared {
        url: Option<String>,
        title: Option<String>,
    },
    /// The person named us in their story; the file is the story, for as long as it lasts.
    StoryMention {
        url: Option<String>,
    },
    Edited {
        of: String,
        text: String,
    },
    /// Taken back by its author, or removed or hidden by those who run the place: it must not be shown any more.
    Unsent {
        of: String,
    },
    /// A hidden comment stands in public again.
    Shown {
        of: String,
    },
    Reaction {
        of: String,
        /// `None`: taken away again.
        emoji: Option<String>,
    },
    /// One message of ours went a step further.
    Receipt {
        provider_id: String,
        stage: ReceiptStage,
    },
    /// Everything that we sent to this person up to a moment went a step further.
    ReceiptUntil {
        until: DateTime<Utc>,
        stage: ReceiptStage,
    },
    /// Our own side spoke: this service, another application or a colleague with a phone; in a thread or as a comment.
    Own {
        text: Option<String>,
    },
    /// Somebody named us where only the provider's numbers are told; the text has to be asked for.
    Mention {
        media: String,
        comment: Option<String>,
    },
    /// A person said something in a form that we cannot use; deserves a polite answer.
    Unsupported {
        kind: String,
    },
    /// Nothing a person said to us. Kept and counted, never answered.
    Other {
        kind: String,
    },
}

impl Kind {
    /// A word for metrics.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Button { .. } => "button",
            Self::Phone { .. } => "phone",
            Self::Media(_) => "media",
            Self::Location { .. } => "location",
            Self::Shared { .. } => "shared",
            Self::StoryMention { .. } => "story_mention",
            Self::Edited { .. } => "edited",
            Self::Unsent { .. } => "unsent",
            Self::Shown { .. } => "shown",
            Self::Reaction { .. } => "reaction",
            Self::Receipt { .. } | Self::ReceiptUntil { .. } => "receipt",
            Self::Own { .. } => "own",
            Self::Mention { .. } => "mention",
            Self::Unsupported { .. } => "unsupported",
            Self::Other { .. } => "other",
        }
    }
}

/// What a text answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyTo {
    /// A message of the same thread.
    Message(String),
    /// A story of ours, by its id if said.
    Story(Option<String>),
}

/// What kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    Photo,
    Video,
    /// Recorded in the chat or chosen from files: the provider does not tell.
    Audio,
    Document,
}

/// A file that lies at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    pub kind: MediaKind,
    /// Its address, which is also its handle for [`crate::channel::Channel::fetch`].
    pub url: String,
    pub caption: Option<String>,
    /// The message, when it brought several files.
    pub group: Option<String>,
}
