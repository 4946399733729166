//! Pauses: for which reasons a clock may stand still, by whose word, for how long, and what ends it.

use crate::domain::access::Role;
use crate::domain::class::words;
use crate::domain::time::{Instant, plus_secs};
use serde::{Deserialize, Serialize};

words! {
    /// Why the work stands still.
    PauseReason {
        /// For the resident: an answer, a document, being at home.
        Resident = "resident",
        /// To the place: a locked cellar, a closed yard, a road under snow.
        Access = "access",
        Parts = "parts",
        /// The fault is part of works that are planned.
        PlannedWorks = "planned_works",
        /// An order of the emergency service on the weather.
        Weather = "weather",
        /// Something else, in words.
        Other = "other",
    }
}

/// The rule of one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseRule {
    pub reason: PauseReason,
    /// Who may pause by their own word.
    pub roles: Vec<Role>,
    /// Who may only ask: somebody of `roles` pauses, and until then the clock runs.
    #[serde(default)]
    pub may_ask: Vec<Role>,
    /// Minutes around the clock after which the work goes on by itself; unset: no limit.
    pub max_minutes: Option<i64>,
    /// A word from the resident ends it.
    #[serde(default)]
    pub until_answer: bool,
}

/// What a role may do about a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    Pause,
    Ask,
    No,
}

impl PauseRule {
    #[must_use]
    pub fn leave(&self, role: Role) -> Leave {
        if role == Role::Admin || self.roles.contains(&role) {
            Leave::Pause
        } else if self.may_ask.contains(&role) {
            Leave::Ask
        } else {
            Leave::No
        }
    }

    /// When a pause begun at `at` and asked to last until `until` ends by itself.
    #[must_use]
    pub fn end(&self, at: Instant, until: Option<Instant>) -> Option<Instant> {
        let latest = self.max_minutes.map(|m| plus_secs(at, m.saturating_mul(60)));
        [until, latest].into_iter().flatten().min()
    }
}
