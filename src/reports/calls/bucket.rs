//! Counts over a set of inbound calls, and the figures they give.

use super::Terms;
use crate::domain::call::Outcome;
use crate::store::reports::calls::CallRow;
use serde::{Deserialize, Serialize};

/// Counts of inbound calls. Every figure is a ratio of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Every inbound call.
    pub calls: u64,
    pub answered: u64,
    /// Answered within the threshold.
    pub answered_in_time: u64,
    /// Abandoned in the queue, short ones included.
    pub abandoned: u64,
    /// Abandoned in the queue before the limit.
    pub short_abandoned: u64,
    pub abandoned_in_ivr: u64,
    pub missed: u64,
    pub busy: u64,
    pub failed: u64,
    pub after_hours: u64,
    pub ongoing: u64,
    /// Sum of the waits of answered calls.
    pub wait_us: i64,
    /// Sum of the talks, hold included.
    pub talk_us: i64,
    pub hold_us: i64,
    /// Of any call offered.
    pub longest_wait_us: i64,
    /// Answered calls with a request linked to them.
    pub requests: u64,
}

/// `None` instead of a division by zero.
#[expect(clippy::cast_precision_loss, reason = "counts of calls stay far below 2^52")]
pub fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Mean in seconds of a sum in microseconds.
#[expect(clippy::cast_precision_loss, reason = "sums of talks stay far below 2^52 microseconds, 140 years")]
pub fn mean_s(sum_us: i64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum_us as f64 / count as f64 / 1e6)
}

impl Bucket {
    /// Takes one call.
    pub fn add(&mut self, call: &CallRow, terms: &Terms) {
        let within = |seconds: u32| i64::from(seconds) * 1_000_000;
        self.calls += 1;
        match call.outcome {
            Outcome::Answered => {
                self.answered += 1;
                self.answered_in_time += u64::from(call.wait_us <= within(terms.threshold_s));
                self.wait_us += call.wait_us;
                self.talk_us += call.talk_us;
                self.hold_us += call.hold_us;
                self.requests += u64::from(call.registered);
            }
            Outcome::AbandonedInQueue => {
                self.abandoned += 1;
                self.short_abandoned += u64::from(call.wait_us < within(terms.short_abandon_s));
            }
            Outcome::AbandonedInIvr => self.abandoned_in_ivr += 1,
            Outcome::Missed => self.missed += 1,
            Outcome::Busy => self.busy += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::AfterHours => self.after_hours += 1,
            Outcome::Ongoing => self.ongoing += 1,
        }
        if matches!(call.outcome, Outcome::Answered | Outcome::AbandonedInQueue | Outcome::Missed) {
            self.longest_wait_us = self.longest_wait_us.max(call.wait_us);
        }
    }

    /// Takes the counts of other calls in.
    pub fn take_in(&mut self, other: &Self) {
        self.calls += other.calls;
        self.answered += other.answered;
        self.answered_in_time += other.answered_in_time;
        self.abandoned += other.abandoned;
        self.short_abandoned += other.short_abandoned;
        self.abandoned_in_ivr += other.abandoned_in_ivr;
        self.missed += other.missed;
        self.busy += other.busy;
        self.failed += other.failed;
        self.after_hours += other.after_hours;
        self.ongoing += other.ongoing;
        self.wait_us += other.wait_us;
        self.talk_us += other.talk_us;
        self.hold_us += other.hold_us;
        self.longest_wait_us = self.longest_wait_us.max(other.longest_wait_us);
        self.requests += other.requests;
    }

    /// Calls that asked for a person: answered, abandoned in the queue, missed or busy. Not: left in the menu, failed, after hours, going on.
    #[must_use]
    pub fn offered(&self) -> u64 {
        self.answered + self.abandoned + self.missed + self.busy
    }

    /// [`Terms::formula`].
    #[must_use]
    pub fn service_level(&self) -> Option<f64> {
        ratio(self.answered_in_time, self.offered() - self.short_abandoned)
    }

    /// Average speed of answer: mean wait of answered calls, in seconds.
    #[must_use]
    pub fn asa_s(&self) -> Option<f64> {
        mean_s(self.wait_us, self.answered)
    }

    /// Average handling time of answered calls, in seconds: talk with hold. Call records know no after-call work.
    #[must_use]
    pub fn aht_s(&self) -> Option<f64> {
        mean_s(self.talk_us, self.answered)
    }

    /// Abandoned in the queue, short ones left out, over offered.
    #[must_use]
    pub fn abandonment(&self) -> Option<f64> {
        ratio(self.abandoned - self.short_abandoned, self.offered())
    }

    /// Answered calls that became requests, over answered calls.
    #[must_use]
    pub fn became_requests(&self) -> Option<f64> {
        ratio(self.requests, self.answered)
    }
}
