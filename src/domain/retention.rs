//! How long each kind of data is kept. What is kept is decided by the operator; what belongs to which kind stands here.

use super::class::words;
use super::time::Instant;
use chrono::Duration;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

words! {
    /// A kind of data with a rule of its own. Journals of requests are no kind: they hold no personal data and prove what was done.
    Kind {
        /// Bodies as they came over the wires, once they were worked on.
        RawEvents = "raw_events",
        /// The same, of those that could not be read or worked on.
        FailedEvents = "failed_events",
        /// Words, addresses and places of closed requests, and what was said in chats beside requests.
        MessageWords = "message_words",
        /// Photos, voice notes and documents of closed requests.
        Photos = "photos",
        /// Sound files of calls.
        CallRecordings = "call_recordings",
        /// Numbers and names of callers.
        CallNumbers = "call_numbers",
        /// The house of a request, by which repeated reports are counted.
        Houses = "houses",
        /// Texts and addresses of what was sent out.
        OutboxBodies = "outbox_bodies",
        /// Names and numbers of residents who have not been heard of.
        Residents = "residents",
        /// Who looked at what.
        AccessLog = "access_log",
        /// What staff were told of clocks.
        Notices = "notices",
        /// Steps of ladders that were taken about closed requests.
        Alarms = "alarms",
        /// Residents' tokens, counted from their end.
        Tokens = "tokens",
        /// Sessions of staff, counted from their end.
        Sessions = "sessions",
        /// One-time codes, counted from their end.
        Codes = "codes",
        /// Places from which staff signed in.
        KnownPlaces = "known_places",
        /// Answers kept for repeated calls with one key.
        Idempotency = "idempotency",
        /// The same for acts of crews: a telephone without a network comes back after days.
        CrewAnswers = "crew_answers",
        /// Bodies that exchanges posted, once they were worked on.
        CallEvents = "call_events",
        /// Half-written forms of staff.
        Drafts = "drafts",
        /// Letters as they came.
        Letters = "letters",
        /// Marks of what each member of staff has seen.
        SeenMarks = "seen_marks",
        /// Tickets for exports of a resident's data, counted from their end.
        Exports = "exports",
    }
}

impl Kind {
    /// Its times are told by the wall clock, not by business time.
    #[must_use]
    pub const fn by_wall(self) -> bool {
        matches!(
            self,
            Self::AccessLog
                | Self::Tokens
                | Self::Sessions
                | Self::Codes
                | Self::KnownPlaces
                | Self::Idempotency
                | Self::CrewAnswers
                | Self::CallEvents
                | Self::Drafts
                | Self::SeenMarks
                | Self::Exports
        )
    }

    /// The figure of reports that is no longer whole for the time before, when this kind goes. All others count without what goes.
    #[must_use]
    pub const fn changes(self) -> Option<&'static str> {
        match self {
            Self::Houses => Some("repeated reports of one house"),
            Self::CallNumbers => Some("repeated calls of one number"),
            _ => None,
        }
    }

    /// The fewest days that may be set: below them something would be taken in, told or done twice.
    #[must_use]
    pub const fn least_days(self) -> u32 {
        match self {
            Self::Tokens | Self::Sessions | Self::Exports => 0,
            // Platforms repeat what they brought for up to a week.
            Self::RawEvents | Self::Letters => 8,
            // A clock's ladder and its notices must have come to their end.
            Self::Notices | Self::Alarms | Self::OutboxBodies | Self::FailedEvents => 30,
            // A telephone that lay in a drawer for a week still repeats what it was told to do.
            Self::CrewAnswers => 14,
            // A member of staff is asked once more in a place that is not known.
            Self::KnownPlaces => 7,
            // Closed requests can be reopened, and appeals have their time limits.
            Self::MessageWords | Self::Photos | Self::Houses | Self::Residents | Self::AccessLog => 90,
            _ => 1,
        }
    }

    /// Short-lived things, let go every few minutes.
    #[must_use]
    pub const fn is_short(self) -> bool {
        matches!(
            self,
            Self::Tokens
                | Self::Sessions
                | Self::Codes
                | Self::KnownPlaces
                | Self::Idempotency
                | Self::CrewAnswers
                | Self::CallEvents
                | Self::Drafts
                | Self::SeenMarks
        )
    }
}

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Keep {
    /// So many days.
    Days(u32),
    Forever,
}

/// The longest time that can be set, in days: a hundred years.
const LONGEST: u32 = 36_525;

/// A text that is no time to keep something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no time to keep something: write \"90 days\" or \"forever\"")]
pub struct BadKeep(pub String);

impl Keep {
    /// What is older than this moment has served its time; none when it is kept for ever.
    #[must_use]
    pub fn before(self, now: Instant) -> Option<Instant> {
        match self {
            Self::Forever => None,
            Self::Days(n) => now.checked_sub_signed(Duration::days(i64::from(n))),
        }
    }
}

impl FromStr for Keep {
    type Err = BadKeep;
    fn from_str(text: &str) -> Result<Self, BadKeep> {
        let bad = || BadKeep(text.to_owned());
        let word = text.trim();
        if word == "forever" {
            return Ok(Self::Forever);
        }
        let digits = word.strip_suffix("days").or_else(|| word.strip_suffix("day")).unwrap_or(word).trim_end();
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        digits.parse().ok().filter(|n| *n <= LONGEST).map(Self::Days).ok_or_else(bad)
    }
}

impl TryFrom<String> for Keep {
    type Error = BadKeep;
    fn try_from(text: String) -> Result<Self, BadKeep> {
        text.parse()
    }
}

impl From<Keep> for String {
    fn from(keep: Keep) -> Self {
        keep.to_string()
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(1) => f.write_str("1 day"),
            Self::Days(n) => write!(f, "{n} days"),
            Self::Forever => f.write_str("forever"),
        }
    }
}

/// What was done about one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swept {
    pub kind: Kind,
    /// Rows that went, or lost what had served its time.
    pub rows: u64,
    /// Nothing that had served its time was left.
    pub whole: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, keep) in [
            ("90 days", Keep::Days(90)),
            ("90", Keep::Days(90)),
            ("1 day", Keep::Days(1)),
            ("0", Keep::Days(0)),
            (" 7days ", Keep::Days(7)),
            ("forever", Keep::Forever),
            ("36525", Keep::Days(36_525)),
        ] {
            assert_eq!(text.parse(), Ok(keep), "{text}");
        }
        for text in ["", "days", "-1", "+1", "1.5", "36526", "99999999999999999999", "ever", "Forever", "1 week", "٣", "1 day s", "0x10"] {
            assert_eq!(text.parse::<Keep>(), Err(BadKeep(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn forever_has_no_end_and_the_longest_time_does_not_overflow() {
        let now: Instant = "2026-11-23T04:00:00Z".parse().unwrap();
        assert_eq!(Keep::Forever.before(now), None);
        assert_eq!(Keep::Days(1).before(now), Some("2026-11-22T04:00:00Z".parse().unwrap()));
        assert!(Keep::Days(LONGEST).before(now).is_some());
        assert_eq!(Keep::Days(LONGEST).before(Instant::MIN_UTC), None);
    }

    #[test]
    fn what_changes_a_figure_is_never_short_lived() {
        for kind in Kind::ALL {
            assert!(kind.changes().is_none() || !kind.is_short(), "{kind}");
            assert!(!kind.is_short() || kind.by_wall(), "{kind}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(days in 0u32..=LONGEST) {
            let keep = Keep::Days(days);
            prop_assert_eq!(keep.to_string().parse(), Ok(keep));
        }
    }
}
