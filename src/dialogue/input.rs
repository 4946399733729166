//! What a step is given: the message, already read by triage, and what is true around it.

use crate::domain::RequestNumber;
use crate::domain::catalog::{District, Service};
use crate::domain::ids::{CrewCode, DistrictCode};
use crate::domain::inbound::{ChannelKind, MediaRef};
use crate::domain::lang::Lang;
use crate::domain::phone::Phone;
use crate::domain::reading::Reading;
use crate::domain::time::Instant;

/// One thing that happened in the chat.
#[derive(Debug, Clone)]
pub enum Input<'a> {
    Text {
        text: &'a str,
        reading: &'a Reading,
    },
    /// A slash command without its slash, and the rest of its line.
    Command {
        name: &'a str,
        arg: &'a str,
    },
    /// The data of a pressed button.
    Button {
        data: &'a str,
    },
    /// A shared place; `district` is what the caller's map says of it. `rough`: so near an outline that is drawn roughly that words know better.
    Location {
        lat: f64,
        lon: f64,
        district: Option<DistrictCode>,
        rough: bool,
    },
    /// A shared contact; `own` only when the wire proves it.
    Contact {
        phone: Option<Phone>,
        own: bool,
    },
    Media {
        media: &'a MediaRef,
        caption: Option<(&'a str, &'a Reading)>,
        group: Option<&'a str>,
    },
    /// An earlier message has these words now.
    Edited {
        text: &'a str,
        reading: &'a Reading,
    },
    /// An earlier message was taken back by its author; `text` is what it said, where that is known.
    Unsent {
        text: Option<&'a str>,
    },
    Blocked,
    Unblocked,
    Unsupported {
        kind: &'a str,
    },
    /// Nothing came until [`super::Outcome::silence_at`].
    Silence,
}

/// What is true around one message.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub now: Instant,
    /// When the message came to us.
    pub received_at: Instant,
    /// When its sender sent it, by the provider's clock.
    pub reported_at: Instant,
    pub channel: ChannelKind,
    pub lang_hint: Option<Lang>,
    /// The crew of the member of staff who is linked to this chat.
    pub crew: Option<&'a CrewCode>,
    /// In the order in which their buttons stand.
    pub districts: &'a [District],
    /// In the order in which their buttons stand.
    pub services: &'a [Service],
    /// The data of the answers that were offered last in this chat; given when [`super::needs_choices`] asks for them.
    pub choices: &'a [String],
    /// The request made last from this chat is not ended yet.
    pub last_open: bool,
    /// The request of this chat that waits for the resident's word: it stands still until they answer, or staff wrote after their last message.
    pub pending: Option<&'a RequestNumber>,
    pub limits: &'a Limits,
    /// The message was sent long before it reached us: register, but ask nothing and show no menus.
    pub stale: bool,
}

/// How long the chat waits, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For an answer to a question; after that the request goes on as it is.
    pub silence_secs: i64,
    /// After a request: a further message belongs to it unless it clearly speaks of something else.
    pub join_window_secs: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { silence_secs: 120, join_window_secs: 600 }
    }
}
