//! Calls added up: what they bring to totals, queues, agents, hours and weekdays.

use super::repeats::Callers;
use super::{Bucket, Load, Repeats, Terms, Work};
use crate::domain::Instant;
use crate::domain::call::{Direction, Outcome};
use crate::store::reports::calls::CallRow;
use chrono::{Datelike, Timelike};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Sums over some calls: they can be added to each other, and kept as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sums {
    pub total: Bucket,
    /// `None`: no queue was named.
    #[serde(with = "pairs")]
    pub queues: BTreeMap<Option<String>, Bucket>,
    pub agents: BTreeMap<String, Work>,
    pub hours: [Load; 24],
    /// Monday first.
    pub weekdays: [Load; 7],
    pub repeats: Repeats,
}

/// A key of JSON cannot be nothing.
mod pairs {
    use super::{BTreeMap, Bucket};
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(map: &BTreeMap<Option<String>, Bucket>, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(map)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<BTreeMap<Option<String>, Bucket>, D::Error> {
        Ok(Vec::deserialize(d)?.into_iter().collect())
    }
}

impl Load {
    fn take_in(&mut self, other: &Self) {
        self.answered += other.answered;
        self.missed += other.missed;
    }
}

impl Work {
    fn take_in(&mut self, other: &Self) {
        self.answered += other.answered;
        self.called += other.called;
        self.talk_us += other.talk_us;
        self.hold_us += other.hold_us;
        self.transfers += other.transfers;
        self.requests += other.requests;
    }
}

impl Sums {
    fn add(&mut self, call: &CallRow, terms: &Terms) {
        if let Some(agent) = call.agent.as_ref().filter(|_| call.outcome == Outcome::Answered) {
            let work = self.agents.entry(agent.clone()).or_default();
            match call.direction {
                Direction::Inbound => work.answered += 1,
                Direction::Outbound | Direction::Internal => work.called += 1,
            }
            work.talk_us += call.talk_us;
            work.hold_us += call.hold_us;
            work.transfers += u64::from(call.transfers);
            work.requests += u64::from(call.registered);
        }
        if call.direction != Direction::Inbound {
            return;
        }
        self.total.add(call, terms);
        self.queues.entry(call.queue.clone()).or_default().add(call, terms);
        let local = call.at.with_timezone(&terms.zone);
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

    /// Takes the sums of other calls in.
    pub fn take_in(&mut self, other: &Self) {
        self.total.take_in(&other.total);
        for (queue, bucket) in &other.queues {
            self.queues.entry(queue.clone()).or_default().take_in(bucket);
        }
        for (agent, work) in &other.agents {
            self.agents.entry(agent.clone()).or_default().take_in(work);
        }
        self.hours.iter_mut().zip(&other.hours).for_each(|(mine, theirs)| mine.take_in(theirs));
        self.weekdays.iter_mut().zip(&other.weekdays).for_each(|(mine, theirs)| mine.take_in(theirs));
        self.repeats.take_in(&other.repeats);
    }
}

/// Adds calls up, each into the sums of its part of the period.
pub struct Count {
    terms: Terms,
    callers: Callers,
    parts: BTreeMap<i32, Sums>,
}

impl Count {
    /// Of nothing yet.
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        Self { terms, callers: Callers::new(terms.repeat_days), parts: BTreeMap::new() }
    }

    /// Takes a call into a part. Feed the calls of `repeat_days` before the period and after it too, into no part: they count only for repeats and
    /// first-contact resolution. Calls come in the order they began.
    pub fn add(&mut self, call: &CallRow, part: Option<i32>) {
        self.callers.see(call, part);
        if let Some(part) = part {
            self.parts.entry(part).or_default().add(call, &self.terms);
        }
    }

    /// Closes the count at `now`: an answered call whose window has passed without another call of its caller was settled at once.
    #[must_use]
    pub fn finish(mut self, now: Instant) -> BTreeMap<i32, Sums> {
        for (part, repeats) in self.callers.settle(now) {
            self.parts.entry(part).or_default().repeats = repeats;
        }
        self.parts
    }
}
