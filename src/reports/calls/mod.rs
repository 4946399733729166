//! The call centre's figures over a period. Calls come one by one in the order they began; memory grows with queues, agents and the callers of
//! the repeat window, never with calls.
//!
//! Every figure of a period is the sum of the figures of its days: so days that are over, with the window in which their callers may call again, are added up
//! once and kept.

mod bucket;
mod count;
mod days;
mod gather;
mod repeats;
pub mod show;
#[cfg(test)]
mod tests;

pub use bucket::Bucket;
pub use count::{Count, Sums};
pub use days::{forget, roll};
pub use gather::gather;
pub use repeats::Repeats;

use crate::domain::Instant;
use chrono::Duration;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// Grows with every change of what [`Sums`] hold or mean.
const VERSION: u32 = 1;

/// What the figures are measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// A call answered within this many seconds counts for the service level.
    pub threshold_s: u32,
    /// Who hangs up in the queue before this many seconds does not count against the service level.
    pub short_abandon_s: u32,
    /// Days in which another call of the same caller is a repeat.
    pub repeat_days: u32,
    /// The zone of hours and weekdays.
    pub zone: Tz,
}

impl Default for Terms {
    fn default() -> Self {
        Self { threshold_s: 20, short_abandon_s: 5, repeat_days: 7, zone: Tz::Asia__Almaty }
    }
}

impl Terms {
    /// As the settings say.
    #[must_use]
    pub fn of(calls: &crate::config::Calls) -> Self {
        let whole = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            threshold_s: whole(calls.answer_within_secs),
            short_abandon_s: whole(calls.short_abandon_secs),
            repeat_days: whole(calls.repeat_days).min(366),
            ..Self::default()
        }
    }

    /// In how many days another call of the same caller is a repeat.
    fn window(&self) -> Duration {
        Duration::days(i64::from(self.repeat_days))
    }

    /// What kept days were measured by: sums of other terms, or of other figures, are not taken.
    fn key(&self) -> String {
        let Self { threshold_s, short_abandon_s, repeat_days, zone } = self;
        format!("v{VERSION} answer {threshold_s} short {short_abandon_s} repeat {repeat_days} {zone}")
    }

    /// The service level's formula in words, with its numbers; shown beside the figure.
    #[must_use]
    pub fn formula(&self) -> String {
        format!("answered within {} s / (offered - abandoned in queue before {} s)", self.threshold_s, self.short_abandon_s)
    }
}

/// A call-back that somebody owed in the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallBack {
    pub due_at: Instant,
    /// When it was closed as done: the caller was reached, or got through.
    pub done_at: Option<Instant>,
}

/// Call-backs owed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallBacks {
    pub done_in_time: u64,
    pub done_late: u64,
    /// Overdue and not done.
    pub broken: u64,
    /// Not yet due and not done.
    pub open: u64,
}

impl CallBacks {
    /// Done in time of all that are done or overdue; `None` when there is none.
    #[must_use]
    pub fn kept(&self) -> Option<f64> {
        bucket::ratio(self.done_in_time, self.done_in_time + self.done_late + self.broken)
    }
}

/// Answered and missed calls of an hour or a weekday. Missed: whoever wanted a person and got none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    pub answered: u64,
    pub missed: u64,
}

/// What one agent did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Inbound calls answered.
    pub answered: u64,
    /// Outbound calls in which somebody spoke.
    pub called: u64,
    pub talk_us: i64,
    pub hold_us: i64,
    pub transfers: u64,
    pub requests: u64,
}

impl Work {
    /// Mean handling time of a conversation in seconds.
    #[must_use]
    pub fn aht_s(&self) -> Option<f64> {
        bucket::mean_s(self.talk_us, self.answered + self.called)
    }
}

/// Figures of the calls that began in `from..to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    pub terms: Terms,
    pub from: Instant,
    pub to: Instant,
    pub sums: Sums,
    pub callbacks: CallBacks,
}

impl Figures {
    #[must_use]
    pub fn new(terms: Terms, from: Instant, to: Instant) -> Self {
        Self { terms, from, to, sums: Sums::default(), callbacks: CallBacks::default() }
    }

    /// Takes a call-back, judged at `now`.
    pub fn add_callback(&mut self, callback: CallBack, now: Instant) {
        let counter = match callback.done_at {
            Some(done) if done <= callback.due_at => &mut self.callbacks.done_in_time,
            Some(_) => &mut self.callbacks.done_late,
            None if callback.due_at < now => &mut self.callbacks.broken,
            None => &mut self.callbacks.open,
        };
        *counter += 1;
    }
}
