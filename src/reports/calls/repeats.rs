//! Who called again, and whose one call was enough.

use crate::domain::Instant;
use crate::domain::call::{Direction, Outcome};
use crate::domain::phone::Phone;
use crate::store::reports::calls::CallRow;
use chrono::Duration;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Repeat calls and first-contact resolution. Callers without a number are left out: nobody knows whether they called again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeats {
    /// Inbound calls by callers with a number.
    pub calls: u64,
    /// Of those, calls of somebody who had called within the window before.
    pub repeated: u64,
    /// Answered calls after which the caller did not call within the window.
    pub resolved: u64,
    /// Answered calls after which the caller did.
    pub unresolved: u64,
    /// Answered calls whose window has not passed. Of a caller who was forgotten before it had passed nothing can be said: such a call is in none of these.
    pub undecided: u64,
}

impl Repeats {
    /// Takes the counts of other calls in.
    pub fn take_in(&mut self, other: &Self) {
        self.calls += other.calls;
        self.repeated += other.repeated;
        self.resolved += other.resolved;
        self.unresolved += other.unresolved;
        self.undecided += other.undecided;
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

#[derive(Clone, Copy)]
struct Last {
    at: Instant,
    /// Answered, in this part of the period, and not yet judged.
    waits: Option<i32>,
}

/// The callers of the window, and what they bring to each part of a period.
pub struct Callers {
    days: i16,
    window: Duration,
    /// The last call of each caller within the window.
    last: BTreeMap<Phone, Last>,
    /// In the order of time, to forget by.
    queue: VecDeque<(Instant, Phone)>,
    parts: BTreeMap<i32, Repeats>,
}

impl Callers {
    /// Nobody yet.
    #[must_use]
    pub fn new(days: u32) -> Self {
        Self {
            days: i16::try_from(days).unwrap_or(i16::MAX),
            window: Duration::days(i64::from(days)),
            last: BTreeMap::new(),
            queue: VecDeque::new(),
            parts: BTreeMap::new(),
        }
    }

    /// Takes a call; `part`: it belongs to this part of the period and not to the days around it.
    pub fn see(&mut self, call: &CallRow, part: Option<i32>) {
        if call.direction != Direction::Inbound {
            return;
        }
        self.drop_before(call.at);
        let window = self.days;
        let near = |gap: Option<i16>| gap.is_some_and(|days| (0..=window).contains(&days));
        let (was_before, was_after) = (near(call.before_days), near(call.after_days));
        let answered = call.outcome == Outcome::Answered;
        let Some(phone) = &call.phone else {
            if let Some(part) = part.filter(|_| call.before_days.is_some()) {
                let silent = call.after_days.is_some_and(|days| days < 0 && -days > window);
                let r = self.parts.entry(part).or_default();
                r.calls += 1;
                r.repeated += u64::from(was_before);
                r.unresolved += u64::from(answered && was_after);
                // Called again after the window, or not while anybody knew.
                let later = call.after_days.is_some_and(|days| days > window);
                r.resolved += u64::from(answered && (silent || later));
            }
            return;
        };
        let before = self.last.get(phone).copied();
        if let Some(waited) = before.and_then(|b| b.waits) {
            self.parts.entry(waited).or_default().unresolved += 1;
        }
        if let Some(part) = part {
            let r = self.parts.entry(part).or_default();
            r.calls += 1;
            r.repeated += u64::from(before.is_some() || was_before);
            r.unresolved += u64::from(answered && was_after);
        }
        let waits = part.filter(|_| answered && !was_after);
        self.last.insert(phone.clone(), Last { at: call.at, waits });
        self.queue.push_back((call.at, phone.clone()));
    }

    /// Drops calls whose window ended before `now`.
    fn drop_before(&mut self, now: Instant) {
        while let Some((at, phone)) = self.queue.pop_front_if(|(at, _)| *at + self.window < now) {
            if self.last.get(&phone).is_some_and(|l| l.at == at)
                && let Some(last) = self.last.remove(&phone)
                && let Some(part) = last.waits
            {
                self.parts.entry(part).or_default().resolved += 1;
            }
        }
    }

    /// Judges what can be judged at `now`; the rest is undecided.
    #[must_use]
    pub fn settle(mut self, now: Instant) -> BTreeMap<i32, Repeats> {
        self.drop_before(now);
        for part in self.last.values().filter_map(|l| l.waits) {
            self.parts.entry(part).or_default().undecided += 1;
        }
        self.parts
    }
}
