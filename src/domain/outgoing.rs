//! What goes out: a template or a person's own words, for one chat, with the condition under which it is still true.

use super::class::words;
use super::ids::{ConversationId, MessageId, RequestId, TimerId};
use super::inbound::ChannelKind;
use super::lang::Lang;
use super::request::Status;
use super::time::Instant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

words! {
    /// Who goes first within a chat.
    Rank {
        /// "Leave the house, call 104": before anything else.
        Safety = "safety",
        Normal = "normal",
    }
}

impl Rank {
    /// Sort key in the database: smaller goes first.
    #[must_use]
    pub const fn order(self) -> i16 {
        match self {
            Self::Safety => 0,
            Self::Normal => 1,
        }
    }
}

/// Values for the placeholders of a template. A value that begins with `@` is itself a key: `@service.water` is shown in the reader's language;
/// `@time:<RFC 3339>` is shown as local time, `@span:<seconds>` as a length of time; [`joined`] makes one value of several.
pub type Params = BTreeMap<String, String>;

/// Stands between the values of one that is made of several.
pub const PART: char = '\u{1f}';

/// One value made of several, each of which may be a key itself: a line of a list, for instance.
#[must_use]
pub fn joined<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut out = String::from("@join:");
    for (i, part) in parts.into_iter().enumerate() {
        if i > 0 {
            out.push(PART);
        }
        out.push_str(part);
    }
    out
}

/// A key of an inline keyboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// A message key (`btn.confirm`) or a parameter reference (`@district.taraz`).
    pub label: String,
    /// At most 64 bytes come back when it is pressed.
    pub data: String,
}

/// What stands under a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keyboard {
    #[default]
    None,
    /// Rows of buttons.
    Inline(Vec<Vec<Key>>),
    /// Asks the phone for its place, with an inline "skip".
    AskLocation,
    /// Asks the phone for its own number.
    AskContact,
    /// Takes the asking keyboard away.
    Remove,
}

/// The words of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    Template {
        key: String,
        params: Params,
    },
    /// A person's own words: the erasable row that holds them, under a line of ours that says what they are about.
    Words {
        id: MessageId,
        head: Option<(String, Params)>,
    },
}

/// Checked just before sending: a message that is no longer true expires instead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    #[default]
    Always,
    /// The request still has one of these states.
    StatusIn(Vec<Status>),
    /// Not later than this.
    Before(Instant),
    /// Not later than this by the wall's clock: what it tells runs out there.
    BeforeWall(Instant),
    /// At least one of these alarms still holds: a clock and a step of its ladder, -1 for having run out.
    Alarms(Vec<(TimerId, i32)>),
}

/// An outgoing message as it is decided; the store makes an outbox row of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub channel: ChannelKind,
    pub account: String,
    pub chat: String,
    pub lang: Lang,
    pub conversation: Option<ConversationId>,
    pub request: Option<RequestId>,
    pub body: Body,
    pub keyboard: Keyboard,
    pub rank: Rank,
    pub condition: Condition,
    /// Two rows with the same key are one message: the second is not written.
    pub dedupe: Option<String>,
}

/// The parameter whose value stands under a text, on lines of its own.
pub const THEN: &str = "then";

impl Outgoing {
    /// Puts one more text, by reference, under a template. False under a person's own words: nothing of ours is mixed with them.
    pub fn follow(&mut self, reference: &str) -> bool {
        let Body::Template { params, .. } = &mut self.body else { return false };
        params.insert(THEN.to_owned(), reference.to_owned());
        true
    }
}
