//! One clock of one request, as a row.

use super::run::Run;
use super::{Books, Stage};
use crate::domain::class::words;
use crate::domain::ids::{QueueCode, RequestId, TimerId};
use crate::domain::time::{Instant, never};

words! {
    /// Where a clock stands.
    TimerState {
        Running = "running",
        /// On hold; `remaining_us` says what is left.
        Paused = "paused",
        /// Reached in time.
        Met = "met",
        /// Ran out. `ended_at` is set when the stage is reached at last.
        Breached = "breached",
        /// No longer needed.
        Cancelled = "cancelled",
    }
}

/// One clock of one request. A new owner's acceptance and a restart get a new round; old rounds stay as they ended, except that a reopening may take
/// the restore clock up again where it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    pub id: TimerId,
    pub request: RequestId,
    pub stage: Stage,
    pub round: i32,
    pub state: TimerState,
    pub started_at: Instant,
    /// While it is paused: when it would have been due.
    pub due_at: Instant,
    /// Working microseconds left when it was paused.
    pub remaining_us: Option<i64>,
    pub ended_at: Option<Instant>,
    /// What it ran, by which policy and calendars, for whom: the row keeps it as JSON.
    pub run: Run,
}

impl Timer {
    /// The stage is still wanted: running, or late and not yet reached.
    #[must_use]
    pub fn is_live(&self) -> bool {
        match self.state {
            TimerState::Running | TimerState::Paused => true,
            TimerState::Breached => self.ended_at.is_none(),
            TimerState::Met | TimerState::Cancelled => false,
        }
    }

    /// Whose clock it is now.
    #[must_use]
    pub fn owner(&self) -> Option<&QueueCode> {
        self.run.owner()
    }

    /// Working microseconds spent until `at`, or until it ended.
    #[must_use]
    pub fn spent_us(&self, books: &Books, at: Instant) -> i64 {
        let at = self.ended_at.map_or(at, |end| end.min(at));
        self.run.spent_us(&books.get(self.run.revision).tables, at)
    }

    /// When it is due by its laps.
    #[must_use]
    pub fn computed_due(&self, books: &Books) -> Instant {
        self.run.reach(&books.get(self.run.revision).tables, self.run.need_us).unwrap_or(self.due_at).min(never())
    }
}

/// A row to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimerChange {
    Start(Timer),
    /// The same row with a new state.
    Update(Timer),
}

/// Puts a change into the list of timers, so that several events can be decided one after another.
pub fn apply_change(timers: &mut Vec<Timer>, change: &TimerChange) {
    match change {
        TimerChange::Start(t) => timers.push(t.clone()),
        TimerChange::Update(t) => {
            if let Some(old) = timers.iter_mut().find(|o| o.id == t.id) {
                old.clone_from(t);
            }
        }
    }
}

/// When the request is next due: the earliest live target, or [`never`]. The ends of silence and of pauses are nobody's targets and do not count.
#[must_use]
pub fn sort_due(timers: &[Timer]) -> Instant {
    timers
        .iter()
        .filter(|t| t.stage.is_target() && matches!(t.state, TimerState::Running | TimerState::Breached) && t.is_live())
        .map(|t| t.due_at)
        .min()
        .unwrap_or_else(never)
}
