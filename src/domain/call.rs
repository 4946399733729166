//! One telephone call, put together from every record that speaks of it.

use super::caller::Caller;
use super::time::Instant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// How a call ended, seen from the person who made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A person spoke with the caller.
    Answered,
    /// Hung up while waiting in a queue.
    AbandonedInQueue,
    /// Hung up while the menu or an announcement was playing, before any person was called.
    AbandonedInIvr,
    /// Phones rang, or the queue gave up, and nobody answered.
    Missed,
    /// The line or every agent was busy.
    Busy,
    /// The network or the exchange refused: congestion, no such number, error.
    Failed,
    /// Came while the service was closed, and no person answered.
    AfterHours,
    /// No record tells its end yet.
    Ongoing,
}

impl Outcome {
    pub const ALL: [Self; 8] =
        [Self::Answered, Self::AbandonedInQueue, Self::AbandonedInIvr, Self::Missed, Self::Busy, Self::Failed, Self::AfterHours, Self::Ongoing];

    /// The word stored and used as a metric label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::AbandonedInQueue => "abandoned_in_queue",
            Self::AbandonedInIvr => "abandoned_in_ivr",
            Self::Missed => "missed",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::AfterHours => "after_hours",
            Self::Ongoing => "ongoing",
        }
    }

    /// The inverse of [`Outcome::as_str`].
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.as_str() == word)
    }

    /// Over, and the caller spoke with nobody: somebody should call back.
    #[must_use]
    pub fn wants_callback(self) -> bool {
        !matches!(self, Self::Answered | Self::Ongoing)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who called whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From outside to the service.
    Inbound,
    /// From an agent to a number outside.
    Outbound,
    /// Between two extensions.
    Internal,
}

impl Direction {
    /// The word stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Internal => "internal",
        }
    }

    /// The inverse of [`Direction::as_str`].
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Inbound, Self::Outbound, Self::Internal].into_iter().find(|d| d.as_str() == word)
    }
}

/// What a reader of a record or call should know about its quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The line held bytes that are not UTF-8; they are kept as `%A5`.
    NotUtf8,
    /// The line held NUL or other control bytes; they are kept as `%00`.
    ControlBytes,
    /// Quotes inside a value were not escaped; the columns were found by their separators.
    BrokenQuotes,
    /// The wall clock showed this hour twice and nothing tells which; the earlier was taken.
    AmbiguousHour,
    /// The wall clock skipped this hour; the stamp cannot be right.
    ImpossibleHour,
    /// The record's own UTC epoch contradicts the zone of its source; the epoch was believed.
    ZoneContradicted,
    /// Stamps without seconds (re-saved by a spreadsheet).
    MinutePrecision,
    /// An end before the start, or lengths that do not fit: the lengths were believed.
    TimesDisagree,
    /// The recording's name would leave its folder; it was not kept.
    BadRecording,
    /// The caller left a voice message.
    Voicemail,
    /// The record has no identifier: its rows cannot be joined with others.
    NoIdentity,
    /// Pieced together from a queue log or events only, without a call detail record.
    NoDetailRecord,
}

impl Flag {
    pub const ALL: [Self; 12] = [
        Self::NotUtf8,
        Self::ControlBytes,
        Self::BrokenQuotes,
        Self::AmbiguousHour,
        Self::ImpossibleHour,
        Self::ZoneContradicted,
        Self::MinutePrecision,
        Self::TimesDisagree,
        Self::BadRecording,
        Self::Voicemail,
        Self::NoIdentity,
        Self::NoDetailRecord,
    ];

    /// The word stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not_utf8",
            Self::ControlBytes => "control_bytes",
            Self::BrokenQuotes => "broken_quotes",
            Self::AmbiguousHour => "ambiguous_hour",
            Self::ImpossibleHour => "impossible_hour",
            Self::ZoneContradicted => "zone_contradicted",
            Self::MinutePrecision => "minute_precision",
            Self::TimesDisagree => "times_disagree",
            Self::BadRecording => "bad_recording",
            Self::Voicemail => "voicemail",
            Self::NoIdentity => "no_identity",
            Self::NoDetailRecord => "no_detail_record",
        }
    }

    /// The inverse of [`Flag::as_str`].
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.as_str() == word)
    }
}

/// One call. Lengths are whole microseconds, never negative.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Where its records came from, the name an operator gave the exchange.
    pub source: String,
    /// The smallest of its records' own call keys; see `telephony::join`.
    pub key: String,
    pub direction: Direction,
    /// Who called, normalised.
    pub caller: Caller,
    /// The caller's name as the exchange shows it. Personal data.
    pub caller_name: Option<String>,
    /// The number dialled, as the exchange writes it.
    pub dialled: Option<String>,
    /// The queue that the caller waited in last.
    pub queue: Option<String>,
    /// The person who answered first: an agent's name or extension.
    pub agent: Option<String>,
    pub started_at: Instant,
    /// When a person answered.
    pub answered_at: Option<Instant>,
    /// `None` while the call lasts.
    pub ended_at: Option<Instant>,
    /// In menus and announcements before the first queue or phone.
    pub ivr_us: i64,
    /// From joining the queue, or from the first ring, to an answer or the end.
    pub wait_us: i64,
    /// Speaking with people, hold included.
    pub talk_us: i64,
    /// On hold while speaking.
    pub hold_us: i64,
    pub transfers: u32,
    pub outcome: Outcome,
    /// The recording's key below the configured root; never an absolute path.
    pub recording: Option<String>,
    pub flags: BTreeSet<Flag>,
}

impl Call {
    /// A person spoke with the caller.
    #[must_use]
    pub fn answered(&self) -> bool {
        self.outcome == Outcome::Answered
    }
}

/// Names and numbers stay out of logs.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("source", &self.source)
            .field("key", &self.key)
            .field("direction", &self.direction)
            .field("caller", &self.caller)
            .field("queue", &self.queue)
            .field("agent", &self.agent)
            .field("started_at", &self.started_at)
            .field("answered_at", &self.answered_at)
            .field("ended_at", &self.ended_at)
            .field("ivr_us", &self.ivr_us)
            .field("wait_us", &self.wait_us)
            .field("talk_us", &self.talk_us)
            .field("hold_us", &self.hold_us)
            .field("transfers", &self.transfers)
            .field("outcome", &self.outcome)
            .field("flags", &self.flags)
            .finish_non_exhaustive()
    }
}
