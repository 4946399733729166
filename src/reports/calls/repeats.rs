//! Who called again, and whose one call was enough.

use crate::domain::Instant;
use crate::domain::call::{Call, Direction, Outcome};
use crate::domain::phone::Phone;
use chrono::Duration;
use std::collections::{BTreeMap, VecDeque};

/// Repeat calls and first-contact resolution. Callers without a number are left out: nobody knows whether they called again.
#[derive(Clone)]
pub struct Repeats {
    window: Duration,
    /// The last call of each caller within the window.
    last: BTreeMap<Phone, Last>,
    /// In the order of time, to forget by.
    queue: VecDeque<(Instant, Phone)>,
    /// Inbound calls of the period by callers with a number.
    pub calls: u64,
    /// Of those, calls of somebody who had called within the window before.
    pub repeated: u64,
    /// Answered calls of the period after which the caller did not call within the window.
    pub resolved: u64,
    /// Answered calls after which the caller did.
    pub unresolved: u64,
    /// Answered calls whose window has not passed.
    pub undecided: u64,
}

#[derive(Clone, Copy)]
struct Last {
    at: Instant,
    /// Answered within the period, and not yet judged.
    waits: bool,
}

impl std::fmt::Debug for Repeats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repeats")
            .field("calls", &self.calls)
            .field("repeated", &self.repeated)
            .field("resolved", &self.resolved)
            .field("unresolved", &self.unresolved)
            .field("undecided", &self.undecided)
            .finish_non_exhaustive()
    }
}

impl Repeats {
    /// Counts of nothing yet.
    #[must_use]
    pub fn new(days: u32) -> Self {
        Self {
            window: Duration::days(i64::from(days)),
            last: BTreeMap::new(),
            queue: VecDeque::new(),
            calls: 0,
            repeated: 0,
            resolved: 0,
            unresolved: 0,
            undecided: 0,
        }
    }

    /// Takes a call; `within`: it belongs to the period and not to the days around it.
    pub fn see(&mut self, call: &Call, within: bool) {
        let Some(phone) = call.caller.phone().filter(|_| call.direction == Direction::Inbound) else { return };
        let at = call.started_at;
        self.forget(at);
        let before = self.last.get(phone).copied();
        if within {
            self.calls += 1;
            self.repeated += u64::from(before.is_some());
        }
        self.unresolved += u64::from(before.is_some_and(|b| b.waits));
        self.last.insert(phone.clone(), Last { at, waits: within && call.outcome == Outcome::Answered });
        self.queue.push_back((at, phone.clone()));
    }

    /// Drops calls whose window ended before `now`.
    fn forget(&mut self, now: Instant) {
        while let Some((at, phone)) = self.queue.pop_front_if(|(at, _)| *at + self.window < now) {
            if self.last.get(&phone).is_some_and(|l| l.at == at)
                && let Some(last) = self.last.remove(&phone)
            {
                self.resolved += u64::from(last.waits);
            }
        }
    }

    /// Judges what can be judged at `now`; the rest is undecided.
    pub fn settle(&mut self, now: Instant) {
        self.forget(now);
        self.undecided = self.last.values().filter(|l| l.waits).count() as u64;
    }

    /// Repeat calls over calls.
    #[must_use]
    pub fn repeat_rate(&self) -> Option<f64> {
        super::bucket::ratio(self.repeated, self.calls)
    }

    /// First-contact resolution: answered calls not followed by another within the window, over answered calls whose window has passed or that
    /// were followed by one.
    #[must_use]
    pub fn fcr(&self) -> Option<f64> {
        super::bucket::ratio(self.resolved, self.resolved + self.unresolved)
    }
}
