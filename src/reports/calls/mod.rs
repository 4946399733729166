//! The call centre's figures over a period. Calls come one by one in the order they began; memory grows with queues, agents and the callers of
//! the repeat window, never with calls.

mod bucket;
mod gather;
mod repeats;
pub mod show;
#[cfg(test)]
mod tests;

pub use bucket::Bucket;
pub use gather::gather;
pub use repeats::Repeats;

use crate::domain::Instant;
use crate::domain::call::{Call, Direction, Outcome};
use chrono::{Datelike, Timelike};
use chrono_tz::Tz;
use std::collections::BTreeMap;

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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    pub answered: u64,
    pub missed: u64,
}

/// What one agent did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
#[derive(Debug, Clone)]
pub struct Figures {
    pub terms: Terms,
    pub from: Instant,
    pub to: Instant,
    pub total: Bucket,
    /// `None`: no queue was named.
    pub queues: BTreeMap<Option<String>, Bucket>,
    pub agents: BTreeMap<String, Work>,
    pub hours: [Load; 24],
    /// Monday first.
    pub weekdays: [Load; 7],
    pub callbacks: CallBacks,
    pub repeats: Repeats,
}

impl Figures {
    #[must_use]
    pub fn new(terms: Terms, from: Instant, to: Instant) -> Self {
        Self {
            terms,
            from,
            to,
            total: Bucket::default(),
            queues: BTreeMap::new(),
            agents: BTreeMap::new(),
            hours: [Load::default(); 24],
            weekdays: [Load::default(); 7],
            callbacks: CallBacks::default(),
            repeats: Repeats::new(terms.repeat_days),
        }
    }

    /// Takes a call; `registered`: a request is linked to it. Feed the calls of `repeat_days` before the period and after it too: they count only
    /// for repeats and first-contact resolution. Calls come in the order they began.
    pub fn add(&mut self, call: &Call, registered: bool) {
        let within = call.started_at >= self.from && call.started_at < self.to;
        self.repeats.see(call, within);
        if !within {
            return;
        }
        if let Some(agent) = call.agent.as_ref().filter(|_| call.answered()) {
            let work = self.agents.entry(agent.clone()).or_default();
            match call.direction {
                Direction::Inbound => work.answered += 1,
                Direction::Outbound | Direction::Internal => work.called += 1,
            }
            work.talk_us += call.talk_us;
            work.hold_us += call.hold_us;
            work.transfers += u64::from(call.transfers);
            work.requests += u64::from(registered);
        }
        if call.direction != Direction::Inbound {
            return;
        }
        self.total.add(call, &self.terms, registered);
        self.queues.entry(call.queue.clone()).or_default().add(call, &self.terms, registered);
        let local = call.started_at.with_timezone(&self.terms.zone);
        let hour = usize::try_from(local.hour()).ok().and_then(|h| self.hours.get_mut(h));
        let weekday = usize::try_from(local.weekday().num_days_from_monday()).ok().and_then(|d| self.weekdays.get_mut(d));
        for load in [hour, weekday].into_iter().flatten() {
            match call.outcome {
                Outcome::Answered => load.answered += 1,
                Outcome::Ongoing => {}
                _ => load.missed += 1,
            }
        }
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

    /// Closes the count at `now`: an answered call whose window has passed without another call of its caller was settled at once.
    pub fn finish(&mut self, now: Instant) {
        self.repeats.settle(now);
    }
}
