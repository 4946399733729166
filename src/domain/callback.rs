//! Calling back whoever got no answer: one open task per caller, counted attempts, a time by which it is to happen.

use super::class::words;
use super::ids::{CallId, CallbackId, StaffId};
use super::phone::Phone;
use super::time::Instant;
use chrono::Duration;

words! {
    /// Where a task stands.
    State {
        Open = "open",
        /// Somebody is at it.
        Taken = "taken",
        Closed = "closed",
    }
}

words! {
    /// What an attempt came to, as its operator says.
    Attempt {
        /// The caller was spoken to.
        Reached = "reached",
        NoAnswer = "no_answer",
        Busy = "busy",
        /// Somebody else's number.
        WrongNumber = "wrong_number",
        /// The caller no longer wants anything.
        NotNeeded = "not_needed",
    }
}

words! {
    /// How a task ended.
    Outcome {
        Reached = "reached",
        WrongNumber = "wrong_number",
        NotNeeded = "not_needed",
        /// As many attempts as are made, and nobody answered.
        Unreachable = "unreachable",
        /// The caller called again and was answered, or we called.
        GotThrough = "got_through",
        /// The caller wrote, or somebody registered a request for them.
        WroteElsewhere = "wrote_elsewhere",
        /// The caller asked to be forgotten.
        Erased = "erased",
    }
}

impl Outcome {
    /// The caller and we spoke: the promise was kept, or was not needed any more.
    #[must_use]
    pub const fn is_kept(self) -> bool {
        matches!(self, Self::Reached | Self::GotThrough | Self::WroteElsewhere | Self::NotNeeded)
    }
}

/// How patient we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Ended longer before it came to us: nobody is called back.
    pub max_age: Duration,
    /// To be called back within this after the missed call.
    pub within: Duration,
    /// Between attempts.
    pub retry: Duration,
    /// Attempts without an answer after which a task is given up.
    pub attempts: u32,
    /// Missed calls of one caller that make it urgent.
    pub urgent_after: u32,
}

/// How pressing a task is; smaller goes first.
pub mod urgency {
    /// A danger is open in the caller's name.
    pub const DANGER: i16 = 0;
    /// Called again and again.
    pub const REPEATED: i16 = 1;
    pub const NORMAL: i16 = 2;
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    pub id: CallbackId,
    /// `None` once erased.
    pub phone: Option<Phone>,
    pub state: State,
    pub urgency: i16,
    /// Missed calls behind it.
    pub missed: u32,
    /// Attempts to call back.
    pub attempts: u32,
    /// The newest of the missed calls; none when a message that did not arrive made the task.
    pub call: Option<CallId>,
    pub first_missed_at: Instant,
    pub last_missed_at: Instant,
    /// The promise.
    pub due_at: Instant,
    /// Not to be tried again before.
    pub next_at: Instant,
    pub taken_by: Option<StaffId>,
    pub taken_at: Option<Instant>,
    /// When the caller was told.
    pub promised_at: Option<Instant>,
    pub outcome: Option<Outcome>,
    /// The actor.
    pub closed_by: Option<String>,
    pub closed_at: Option<Instant>,
    pub created_at: Instant,
}

impl Callback {
    /// A task for one missed call.
    #[must_use]
    pub fn begin(phone: Phone, call: CallId, missed_at: Instant, policy: &Policy, now: Instant) -> Self {
        Self::open(phone, Some(call), missed_at, policy, now)
    }

    /// A task because of a message that reached nobody.
    #[must_use]
    pub fn to_tell(phone: Phone, policy: &Policy, now: Instant) -> Self {
        Self::open(phone, None, now, policy, now)
    }

    fn open(phone: Phone, call: Option<CallId>, missed_at: Instant, policy: &Policy, now: Instant) -> Self {
        Self {
            id: CallbackId::fresh(),
            phone: Some(phone),
            state: State::Open,
            urgency: urgency::NORMAL,
            missed: u32::from(call.is_some()),
            attempts: 0,
            call,
            first_missed_at: missed_at,
            last_missed_at: missed_at,
            due_at: missed_at + policy.within,
            next_at: now,
            taken_by: None,
            taken_at: None,
            promised_at: None,
            outcome: None,
            closed_by: None,
            closed_at: None,
            created_at: now,
        }
    }

    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state != State::Closed
    }

    /// The caller was missed again.
    pub fn missed_again(&mut self, call: CallId, at: Instant, policy: &Policy) {
        self.missed = self.missed.saturating_add(1);
        if at >= self.last_missed_at {
            (self.last_missed_at, self.call) = (at, Some(call));
        }
        self.first_missed_at = self.first_missed_at.min(at);
        self.due_at = self.first_missed_at + policy.within;
        if self.missed >= policy.urgent_after {
            self.urgency = self.urgency.min(urgency::REPEATED);
        }
    }

    /// An operator tried.
    pub fn tried(&mut self, attempt: Attempt, by: &str, policy: &Policy, now: Instant) {
        self.attempts = self.attempts.saturating_add(1);
        let end = match attempt {
            Attempt::Reached => Some(Outcome::Reached),
            Attempt::WrongNumber => Some(Outcome::WrongNumber),
            Attempt::NotNeeded => Some(Outcome::NotNeeded),
            Attempt::NoAnswer | Attempt::Busy if self.attempts >= policy.attempts => Some(Outcome::Unreachable),
            Attempt::NoAnswer | Attempt::Busy => None,
        };
        match end {
            Some(outcome) => self.close(outcome, by, now),
            None => {
                self.state = State::Open;
                (self.taken_by, self.taken_at) = (None, None);
                self.next_at = now + policy.retry;
            }
        }
    }

    /// Ends it.
    pub fn close(&mut self, outcome: Outcome, by: &str, now: Instant) {
        self.state = State::Closed;
        self.outcome = Some(outcome);
        self.closed_by = Some(by.to_owned());
        self.closed_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn policy() -> Policy {
        Policy { max_age: Duration::hours(24), within: Duration::minutes(15), retry: Duration::minutes(30), attempts: 3, urgent_after: 3 }
    }

    fn at(minute: i64) -> Instant {
        DateTime::from_timestamp(1_790_000_000 + minute * 60, 0).unwrap()
    }

    fn task() -> Callback {
        Callback::begin(Phone::parse("+77012345678").unwrap(), CallId::fresh(), at(0), &policy(), at(1))
    }

    #[test]
    fn attempts_are_counted_and_end() {
        let mut t = task();
        assert_eq!(t.due_at, at(15));
        t.tried(Attempt::NoAnswer, "staff:a", &policy(), at(5));
        assert_eq!((t.state, t.attempts, t.next_at), (State::Open, 1, at(35)));
        t.tried(Attempt::Busy, "staff:a", &policy(), at(40));
        t.tried(Attempt::NoAnswer, "staff:a", &policy(), at(80));
        assert_eq!((t.outcome, t.attempts), (Some(Outcome::Unreachable), 3));
        let mut t = task();
        t.tried(Attempt::Reached, "staff:a", &policy(), at(5));
        assert_eq!((t.state, t.outcome), (State::Closed, Some(Outcome::Reached)));
    }

    #[test]
    fn a_message_that_reached_nobody_makes_a_task_without_a_call() {
        let mut t = Callback::to_tell(Phone::parse("+77012345678").unwrap(), &policy(), at(0));
        assert_eq!((t.call, t.missed, t.due_at, t.is_open()), (None, 0, at(15), true));
        let call = CallId::fresh();
        t.missed_again(call, at(2), &policy());
        assert_eq!((t.call, t.missed, t.first_missed_at), (Some(call), 1, at(0)));
    }

    #[test]
    fn who_calls_again_and_again_goes_first() {
        let mut t = task();
        t.missed_again(CallId::fresh(), at(3), &policy());
        assert_eq!(t.urgency, urgency::NORMAL);
        t.missed_again(CallId::fresh(), at(-9), &policy());
        assert_eq!((t.urgency, t.missed, t.first_missed_at, t.last_missed_at, t.due_at), (urgency::REPEATED, 3, at(-9), at(3), at(6)));
    }

    proptest! {
        #[test]
        fn missed_calls_in_any_order_make_the_same_task(minutes in proptest::collection::vec(-500i64..500, 1..8), seed in any::<u64>()) {
            let calls: Vec<_> = minutes.iter().map(|m| (CallId::fresh(), *m)).collect();
            let mut turned = calls.clone();
            turned.rotate_left(usize::try_from(seed % calls.len() as u64).unwrap());
            let build = |list: &[(CallId, i64)]| {
                let mut t = Callback::begin(Phone::parse("+77012345678").unwrap(), list[0].0, at(list[0].1), &policy(), at(1000));
                for (id, m) in &list[1..] { t.missed_again(*id, at(*m), &policy()); }
                (t.missed, t.first_missed_at, t.last_missed_at, t.due_at, t.urgency)
            };
            prop_assert_eq!(build(&calls), build(&turned));
        }
    }
}
