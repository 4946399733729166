//! How the clocks of one request move when something happens to it. Pure: timers and time are passed in, changes come out.

use super::book::{Books, Revision};
use super::policy::Policy;
use super::run::Run;
use super::target::{Base, Target};
use super::timer::{Timer, TimerChange, TimerState};
use super::{PauseReason, Reopen, Stage};
use crate::domain::calendar::Calendars;
use crate::domain::ids::TimerId;
use crate::domain::request::{Event, Request, Status};
use crate::domain::time::{Instant, never};

/// What `event`, which made `after` of the request at `at`, does to its clocks.
#[must_use]
pub fn changes(books: &Books, after: &Request, event: &Event, timers: &[Timer], at: Instant) -> Vec<TimerChange> {
    let mut desk = Desk { books, after, at, timers: timers.to_vec() };
    desk.take(event);
    let known = |t: &Timer| timers.iter().find(|o| o.id == t.id);
    desk.timers
        .into_iter()
        .filter_map(|t| match known(&t) {
            None => Some(TimerChange::Start(t)),
            Some(old) => (*old != t).then_some(TimerChange::Update(t)),
        })
        .collect()
}

/// The clocks of one request while an event moves them.
struct Desk<'a> {
    books: &'a Books,
    after: &'a Request,
    at: Instant,
    timers: Vec<Timer>,
}

impl<'a> Desk<'a> {
    fn take(&mut self, event: &Event) {
        match event {
            Event::Queued { .. } if self.timers.is_empty() => self.start_all(self.after.received_at),
            Event::Queued { .. } => {
                self.hand_over(|_| true);
                self.choose_anew();
            }
            Event::Reclassified { .. } | Event::Flagged { .. } => {
                self.retarget(self.books.in_force(self.at));
                self.reach_registered();
            }
            Event::Retimed { revision } => self.retarget(self.books.get(*revision)),
            Event::Accepted | Event::Assigned { .. } => {
                self.end(|t| matches!(t.stage, Stage::Accept | Stage::Arbitrate), true);
                self.start_after(Stage::Accept);
            }
            Event::Arrived => {
                self.end(|t| t.stage == Stage::Arrive, true);
                self.start_after(Stage::Arrive);
            }
            Event::Held { until, why, .. } => self.hold(*until, why.unwrap_or(PauseReason::Other)),
            Event::Resumed => self.resume(),
            Event::Resolved { .. } => {
                self.end(|_| true, true);
                self.start_silence();
                self.start(Stage::Close, self.at);
            }
            Event::Closed { .. } => {
                self.end(|t| matches!(t.stage, Stage::Silence | Stage::Close), true);
                self.end(|_| true, false);
            }
            Event::Rejected { .. } | Event::Merged { .. } => self.end(|_| true, false),
            Event::Reopened { .. } => self.reopen(),
            Event::Refused { .. } | Event::Transferred { .. } => self.transfer(),
            Event::Breached { stage, .. } => self.breach(*stage),
            _ => {}
        }
    }

    /// The sweeper flips the row before it writes the event; here the journal alone must do the same.
    fn breach(&mut self, stage: Stage) {
        for t in self.timers.iter_mut().filter(|t| t.stage == stage && t.state == TimerState::Running) {
            t.state = TimerState::Breached;
        }
    }

    fn end(&mut self, which: impl Fn(&Timer) -> bool, reached: bool) {
        for t in self.timers.iter_mut().filter(|t| t.is_live() && which(t)) {
            // Late is late, though nobody had the time to flip it.
            let late = t.state == TimerState::Running && t.stage.is_target() && t.due_at < self.at;
            t.state = match (t.state, reached) {
                // The end of a silence or of a pause is flipped like a deadline, and is none.
                (TimerState::Breached, _) if t.stage.is_target() => TimerState::Breached,
                _ if late => TimerState::Breached,
                (_, true) => TimerState::Met,
                (_, false) => TimerState::Cancelled,
            };
            t.run.stop(&self.books.get(t.run.revision).tables, self.at);
            t.run.pause = None;
            t.ended_at = Some(self.at);
            t.remaining_us = None;
        }
    }

    fn push(&mut self, stage: Stage, run: Run) {
        let round = self.timers.iter().filter(|t| t.stage == stage).map(|t| t.round + 1).max().unwrap_or(1);
        let started_at = run.laps.first().map_or(self.at, |l| l.from);
        let mut timer = Timer {
            id: TimerId::fresh(),
            request: self.after.id,
            stage,
            round,
            state: TimerState::Running,
            started_at,
            due_at: never(),
            remaining_us: None,
            ended_at: None,
            run,
        };
        settle(&mut timer, self.books, self.at);
        self.timers.push(timer);
    }

    /// A run of a target from an instant, for the present owner.
    fn fresh(&self, rev: &Revision, policy: Option<&str>, target: &Target, from: Instant) -> Run {
        let owner = self.after.queue.as_ref();
        let need = target.need_us(&rev.tables, owner, from);
        Run::begin(policy.map(str::to_owned), rev.number, need, target.calendar(&rev.tables, owner), owner.cloned(), from)
    }

    fn policy(&self, rev: &'a Revision) -> Option<&'a Policy> {
        rev.policy_for(self.after)
    }

    /// Starts the clock of a stage where the policy in force has one.
    fn start(&mut self, stage: Stage, from: Instant) {
        let rev = self.books.in_force(self.at);
        if let Some(policy) = self.policy(rev)
            && let Some(target) = policy.target(stage)
        {
            let run = self.fresh(rev, Some(&policy.name), target, from);
            self.push(stage, run);
        }
    }

    fn start_all(&mut self, from: Instant) {
        for stage in [Stage::Register, Stage::Accept, Stage::Arrive, Stage::Restore] {
            let rev = self.books.in_force(self.at);
            if self.policy(rev).and_then(|p| p.target(stage)).is_some_and(|t| t.from == Base::Received) {
                self.start(stage, from);
            }
        }
        self.reach_registered();
    }

    /// Starts what counts from the stage just reached.
    fn start_after(&mut self, reached: Stage) {
        let rev = self.books.in_force(self.at);
        let Some(policy) = self.policy(rev) else { return };
        let follows = |stage: Stage| policy.target(stage).is_some_and(|t| t.from == Base::Previous);
        let next = match reached {
            Stage::Accept if policy.arrive.is_some() => Stage::Arrive,
            _ => Stage::Restore,
        };
        if follows(next) && self.latest(next).is_none_or(|t| !t.is_live()) && !(next == Stage::Arrive && self.after.arrived_at.is_some()) {
            self.start(next, self.at);
        }
    }

    fn reach_registered(&mut self) {
        if self.after.class.is_some() && self.after.queue.is_some() {
            self.end(|t| t.stage == Stage::Register, true);
        }
    }

    fn start_silence(&mut self) {
        let rev = self.books.in_force(self.at);
        let target = Target::minutes(rev.sla.silence_minutes);
        let run = self.fresh(rev, None, &target, self.at);
        self.push(Stage::Silence, run);
    }

    fn hold(&mut self, until: Option<Instant>, why: PauseReason) {
        let at = self.at;
        for t in self.timers.iter_mut().filter(|t| t.is_live() && t.stage.pauses()) {
            t.run.stop(&self.books.get(t.run.revision).tables, at);
            t.run.pause = Some(why);
            if t.state == TimerState::Running {
                settle(t, self.books, at);
            }
        }
        if let Some(until) = until {
            let run = Run { revision: self.books.in_force(at).number, ..Run::around_the_clock(at, until) };
            self.push(Stage::Resume, run);
        }
    }

    fn resume(&mut self) {
        let at = self.at;
        self.end(|t| t.stage == Stage::Resume && t.due_at <= at, true);
        self.end(|t| t.stage == Stage::Resume, false);
        for t in self.timers.iter_mut().filter(|t| t.is_live() && t.stage.pauses() && t.run.pause.is_some()) {
            t.run.go(at);
            if t.state == TimerState::Paused {
                settle(t, self.books, at);
            }
        }
    }

    fn reopen(&mut self) {
        self.end(|_| true, false);
        let rev = self.books.in_force(self.at);
        let policy = self.policy(rev);
        let how = policy.and_then(|p| p.reopen).unwrap_or(rev.sla.reopen);
        let at = self.at;
        self.start(Stage::Accept, at);
        let counts = |stage: Stage| policy.and_then(|p| p.target(stage)).is_some_and(|t| t.from == Base::Received);
        if counts(Stage::Arrive) {
            self.start(Stage::Arrive, at);
        }
        if how == Reopen::Continue && self.go_on(Stage::Restore) {
            return;
        }
        if counts(Stage::Restore) {
            self.start(Stage::Restore, at);
        }
    }

    /// Takes the last clock of a stage up again. What it had missed it has missed; what it had left it has left.
    fn go_on(&mut self, stage: Stage) -> bool {
        let (books, at) = (self.books, self.at);
        let Some(round) = self.latest(stage).filter(|t| t.state != TimerState::Cancelled).map(|t| t.round) else { return false };
        for t in self.timers.iter_mut().filter(|t| t.stage == stage && t.round == round) {
            t.ended_at = None;
            t.run.go(at);
            if t.state == TimerState::Met {
                t.state = TimerState::Running;
                t.due_at = t.computed_due(books);
            }
        }
        true
    }

    fn latest(&self, stage: Stage) -> Option<&Timer> {
        self.timers.iter().filter(|t| t.stage == stage).max_by_key(|t| t.round)
    }

    /// The new owner has its own time to accept; what was spent of the other clocks goes with them.
    fn transfer(&mut self) {
        self.end(|t| t.stage == Stage::Accept, false);
        self.end(|t| t.stage == Stage::Arbitrate, true);
        self.hand_over(|t| t.stage != Stage::Accept);
        self.choose_anew();
        let rev = self.books.in_force(self.at);
        match rev.sla.arbitration.as_ref().filter(|a| self.after.queue.as_ref() == Some(&a.queue)) {
            Some(arbitration) => {
                let run = self.fresh(rev, None, &arbitration.decide, self.at);
                self.push(Stage::Arbitrate, run);
            }
            None => {
                self.start(Stage::Accept, self.at);
                // A crew of the wrong organisation on the spot is nobody's arrival.
                if self.latest(Stage::Arrive).is_some_and(|t| !t.is_live() && t.state != TimerState::Cancelled) {
                    self.start(Stage::Arrive, self.at);
                }
            }
        }
    }

    fn hand_over(&mut self, which: impl Fn(&Timer) -> bool) {
        let owner = self.after.queue.as_ref();
        for t in self.timers.iter_mut().filter(|t| t.is_live() && t.stage.is_target() && t.run.owner() != owner && which(t)) {
            let rev = self.books.get(t.run.revision);
            let named = t.run.policy.as_ref().and_then(|name| rev.sla.policies.iter().find(|p| &p.name == name));
            let calendar = named.and_then(|p| p.target(t.stage)).map_or(Calendars::ALWAYS, |target| target.calendar(&rev.tables, owner));
            t.run.hand_over(&rev.tables, self.at, owner, calendar);
            if t.state != TimerState::Breached {
                t.due_at = t.computed_due(self.books);
            }
        }
    }

    /// After a change of owner the policy may be another. Laps keep what they measured; only what is allowed changes, and by which calendar the rest runs.
    fn choose_anew(&mut self) {
        for n in 0..self.timers.len() {
            let Some(t) = self.timers.get(n).filter(|t| matches!(t.state, TimerState::Running | TimerState::Paused)).cloned() else { continue };
            let rev = self.books.get(t.run.revision);
            let Some((policy, target)) = self.policy(rev).and_then(|p| Some((p, p.target(t.stage)?))) else { continue };
            if t.run.policy.as_ref() == Some(&policy.name) || t.run.policy.is_none() {
                continue;
            }
            let owner = self.after.queue.as_ref();
            let mut run = t.run;
            run.policy = Some(policy.name.clone());
            run.need_us = target.need_us(&rev.tables, owner, t.started_at);
            if let Some(last) = run.laps.last_mut() {
                target.calendar(&rev.tables, owner).clone_into(&mut last.calendar);
            }
            self.set_run(n, run);
        }
    }

    fn set_run(&mut self, n: usize, run: Run) {
        let (books, at) = (self.books, self.at);
        if let Some(t) = self.timers.get_mut(n) {
            t.run = run;
            settle(t, books, at);
        }
    }

    /// Policy or calendars are others now: all laps are measured anew, so that the clock stands where it would stand had it been so from the start.
    fn retarget(&mut self, rev: &'a Revision) {
        let policy = self.policy(rev);
        for stage in Stage::CHAIN {
            let target = policy.and_then(|p| p.target(stage).map(|t| (p, t)));
            let Some(n) = self.timers.iter().position(|t| t.stage == stage && t.is_live()) else {
                if let Some((policy, target)) = target {
                    self.start_missing(rev, policy, stage, target);
                }
                continue;
            };
            match target {
                None => self.end(|t| t.stage == stage && t.state != TimerState::Breached, false),
                Some((policy, target)) => self.retarget_one(n, rev, policy, target),
            }
        }
    }

    fn retarget_one(&mut self, n: usize, rev: &Revision, policy: &Policy, target: &Target) {
        let Some(t) = self.timers.get(n).cloned() else { return };
        let mut run = t.run.clone();
        run.policy = Some(policy.name.clone());
        run.revision = rev.number;
        run.need_us = target.need_us(&rev.tables, run.laps.first().and_then(|l| l.owner.as_ref()), t.started_at);
        run.measure_anew(&rev.tables, |owner| target.calendar(&rev.tables, owner));
        if t.state != TimerState::Breached {
            return self.set_run(n, run);
        }
        // What was missed stays missed; a deadline that now lies ahead is watched by a clock of its own.
        let due = run.reach(&rev.tables, run.need_us).unwrap_or(t.due_at);
        if due > self.at {
            let id = t.id;
            self.end(|t| t.id == id, true);
            self.push(t.stage, run);
        }
    }

    /// A stage that had no clock so far and is wanted: it runs like those that did.
    fn start_missing(&mut self, rev: &Revision, policy: &Policy, stage: Stage, target: &Target) {
        let (r, open) = (self.after, self.after.status.is_open());
        let waiting = matches!(r.status, Status::New | Status::Queued);
        let wanted = match stage {
            Stage::Register => r.class.is_none(),
            Stage::Accept => waiting && !self.timers.iter().any(|t| t.stage == Stage::Arbitrate && t.is_live()),
            Stage::Arrive => open && r.arrived_at.is_none(),
            Stage::Restore => open,
            _ => false,
        };
        let done = self.latest(stage).is_some_and(|t| t.state != TimerState::Cancelled);
        let base = match (target.from, stage) {
            (Base::Received, _) => Some(r.received_at),
            (Base::Previous, Stage::Arrive) => r.accepted_at,
            (Base::Previous, Stage::Restore) if policy.arrive.is_some() => r.arrived_at,
            (Base::Previous, Stage::Restore) => r.accepted_at,
            (Base::Previous, _) => None,
        };
        let Some(base) = base.filter(|_| wanted && !done) else { return };
        let like = self.timers.iter().find(|t| t.stage.pauses() && t.started_at == base && t.is_live());
        let mut run = self.fresh(rev, Some(&policy.name), target, base);
        if let Some(like) = like {
            run.laps.clone_from(&like.run.laps);
            run.pause = like.run.pause;
            run.need_us = target.need_us(&rev.tables, run.laps.first().and_then(|l| l.owner.as_ref()), base);
            run.measure_anew(&rev.tables, |owner| target.calendar(&rev.tables, owner));
        } else if r.status == Status::OnHold && stage.pauses() {
            run.stop(&rev.tables, self.at);
            run.pause = Some(r.held_why.unwrap_or(PauseReason::Other));
        }
        self.push(stage, run);
    }
}

/// Makes due time and state of a clock that has not run out follow from its laps. One that stands still and has nothing left is not on hold: it ran out,
/// and stays to be found by whoever looks for what is due.
fn settle(t: &mut Timer, books: &Books, at: Instant) {
    t.due_at = t.computed_due(books);
    let left = t.run.need_us - t.spent_us(books, at);
    let paused = !t.run.is_running() && left > 0;
    t.state = if paused { TimerState::Paused } else { TimerState::Running };
    t.remaining_us = paused.then_some(left);
}
