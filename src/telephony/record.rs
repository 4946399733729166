//! One row, leg or event as typed facts. Times are UTC; lengths are whole microseconds.

use super::source::Source;
use crate::domain::Instant;
use crate::domain::call::{Direction, Flag};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;

/// The identity of a record: SHA-256 of source, dialect and canonical content, in hex. The same line read twice has the same key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordKey(String);

impl RecordKey {
    /// Hashes the parts with their lengths, so that no two lists of parts look alike.
    #[must_use]
    pub fn of<'a>(source: &'a Source, dialect: &'a str, parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hash = Sha256::new();
        for part in [source.name.as_str(), dialect].into_iter().chain(parts) {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        Self(hex::encode(hash.finalize()))
    }

    /// 64 hexadecimal digits: the unique column of the store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A record as kept by the store: everything [`super::join::merge`] needs, and nothing that depends on other records.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Record {
    pub key: RecordKey,
    /// The call's own identifier: `linkedid`, `call_uuid`, else the channel's identifier, else the record's key.
    pub call: String,
    /// Every identifier that ties the record to others of its source, [`Record::call`] among them; sorted, no two alike.
    pub links: Vec<String>,
    /// When it happened; for a leg, when it began.
    pub at: Instant,
    pub flags: BTreeSet<Flag>,
    pub fact: Fact,
}

impl Record {
    /// Fills in the identifiers: `links` may hold empty and repeated words, `call` may be empty.
    #[must_use]
    pub fn new(key: RecordKey, call: &str, links: Vec<String>, at: Instant, mut flags: BTreeSet<Flag>, fact: Fact) -> Self {
        let mut links: Vec<String> = links.into_iter().map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect();
        let call = match (call.trim(), links.first()) {
            ("", None) => {
                flags.insert(Flag::NoIdentity);
                key.as_str().to_owned()
            }
            ("", Some(first)) => first.clone(),
            (call, _) => call.to_owned(),
        };
        links.push(call.clone());
        links.sort_unstable();
        links.dedup();
        Self { key, call, links, at, flags, fact }
    }

    /// When the last thing it tells happened.
    #[must_use]
    pub fn until(&self) -> Instant {
        match &self.fact {
            Fact::Leg(leg) => leg.ended.unwrap_or(leg.started),
            Fact::Queue(_) | Fact::Live(_) => self.at,
        }
    }
}

/// What a record tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// A call detail record: one leg of a call.
    Leg(Box<Leg>),
    /// A line of a queue log.
    Queue(QueueEvent),
    /// A live event.
    Live(LiveEvent),
}

/// Whose record it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    Asterisk,
    Freeswitch,
    Generic,
}

/// Which end of the call the leg is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The side that called.
    Caller,
    /// The side that was called.
    Called,
    #[default]
    Unknown,
}

/// How a leg ended, in the words of all dialects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    Answered,
    NoAnswer,
    Cancelled,
    Busy,
    Congestion,
    Failed,
}

/// A stay in a queue that the exchange wrote on the leg itself (FreeSWITCH callcenter, generic files).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stay {
    pub queue: Option<String>,
    pub joined: Option<Instant>,
    pub answered: Option<Instant>,
    pub left: Option<Instant>,
}

/// One leg. Empty columns are `None`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Leg {
    pub system: System,
    /// `uniqueid` or `uuid`.
    pub id: Option<String>,
    /// `linkedid` or `call_uuid`.
    pub link: Option<String>,
    pub sequence: Option<u64>,
    pub side: Side,
    pub direction: Option<Direction>,
    /// The caller's number as written. Personal data.
    pub src: Option<String>,
    /// The caller's name as written. Personal data.
    pub name: Option<String>,
    pub dst: Option<String>,
    /// The public number that was called, where the exchange writes it apart.
    pub did: Option<String>,
    pub context: Option<String>,
    pub channel: Option<String>,
    /// The channel that was called.
    pub peer: Option<String>,
    pub app: Option<String>,
    pub app_data: Option<String>,
    pub agent: Option<String>,
    pub started: Instant,
    pub answered: Option<Instant>,
    pub ended: Option<Instant>,
    pub duration_us: i64,
    pub billed_us: i64,
    pub ending: Ending,
    pub stay: Option<Stay>,
    pub hold_us: i64,
    pub transfers: u32,
    /// Key below the configured root.
    pub recording: Option<String>,
    /// The row itself has stamps for answer and end; else they were computed from the lengths.
    pub stamped: bool,
}

impl Leg {
    /// A leg that began then and tells nothing else.
    #[must_use]
    pub fn begun(system: System, started: Instant) -> Self {
        Self {
            system,
            id: None,
            link: None,
            sequence: None,
            side: Side::Unknown,
            direction: None,
            src: None,
            name: None,
            dst: None,
            did: None,
            context: None,
            channel: None,
            peer: None,
            app: None,
            app_data: None,
            agent: None,
            started,
            answered: None,
            ended: None,
            duration_us: 0,
            billed_us: 0,
            ending: Ending::NoAnswer,
            stay: None,
            hold_us: 0,
            transfers: 0,
            recording: None,
            stamped: false,
        }
    }
}

impl fmt::Debug for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leg")
            .field("id", &self.id)
            .field("link", &self.link)
            .field("side", &self.side)
            .field("peer", &self.peer)
            .field("app", &self.app)
            .field("started", &self.started)
            .field("answered", &self.answered)
            .field("ended", &self.ended)
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}

/// A line of a queue log that speaks of a call.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QueueEvent {
    /// The caller's channel: a `uniqueid`.
    pub call_id: String,
    pub queue: Option<String>,
    pub agent: Option<String>,
    pub verb: Verb,
}

impl fmt::Debug for QueueEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueEvent").field("call_id", &self.call_id).field("queue", &self.queue).finish_non_exhaustive()
    }
}

/// What happened in the queue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Verb {
    Enter {
        caller: Option<String>,
        name: Option<String>,
    },
    Connect {
        hold_us: i64,
        bridged: Option<String>,
        ring_us: Option<i64>,
    },
    Complete {
        hold_us: i64,
        talk_us: i64,
    },
    Abandon {
        wait_us: Option<i64>,
    },
    Timeout {
        wait_us: Option<i64>,
    },
    Key {
        key: Option<String>,
        wait_us: Option<i64>,
    },
    Empty {
        wait_us: Option<i64>,
    },
    Transfer {
        to: Option<String>,
        hold_us: Option<i64>,
        talk_us: Option<i64>,
    },
    /// The number dialled, where the dial plan logs it.
    Did {
        number: String,
    },
    RingNoAnswer {
        ring_us: i64,
    },
    /// The agent refused after an announcement, or the caller was taken out of the queue.
    Taken,
    /// Known, and of no weight for the call.
    Other {
        word: String,
    },
}

/// A live event, as `POST /webhooks/calls/generic` takes it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LiveEvent {
    pub call_id: String,
    pub kind: LiveKind,
    /// Personal data.
    pub caller: Option<String>,
    pub dialled: Option<String>,
    pub queue: Option<String>,
    pub agent: Option<String>,
    pub recording: Option<String>,
    /// How it ended, if the sender knows.
    pub ending: Option<Ending>,
}

impl fmt::Debug for LiveEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveEvent").field("call_id", &self.call_id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What the live event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveKind {
    Ringing,
    Answered,
    Ended,
}

/// Why a line or document is not a record of its dialect. Holds no value of the line, which may be personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {} ({name}): expected {expected}", column + 1)]
pub struct BadField {
    /// From 0.
    pub column: usize,
    pub name: String,
    /// What would have been right, in words.
    pub expected: String,
}

impl BadField {
    #[must_use]
    pub fn new(column: usize, name: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { column, name: name.into(), expected: expected.into() }
    }
}

/// A reading: a record, or `None` for a good line that speaks of no call (a header, an agent's pause).
pub type Reading = Result<Option<Record>, BadField>;
