//! How the clocks of one request move when something happens to it. Pure: timers and time are passed in, changes come out.

use super::{SlaBook, Stage, Targets};
use crate::domain::class::words;
use crate::domain::ids::{RequestId, TimerId};
use crate::domain::request::{Event, Request, Status};
use crate::domain::time::{Instant, never, plus_secs};

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

/// One clock of one request. A reopened or transferred request gets a new round; old rounds stay as they ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    pub id: TimerId,
    pub request: RequestId,
    pub stage: Stage,
    pub round: i32,
    pub state: TimerState,
    pub started_at: Instant,
    pub due_at: Instant,
    /// Microseconds left when it was paused.
    pub remaining_us: Option<i64>,
    pub ended_at: Option<Instant>,
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

/// When the request is next due: the earliest live target, or [`never`]. The silence clock is nobody's target and does not count.
#[must_use]
pub fn sort_due(timers: &[Timer]) -> Instant {
    timers
        .iter()
        .filter(|t| t.stage != Stage::Silence && matches!(t.state, TimerState::Running | TimerState::Breached) && t.is_live())
        .map(|t| t.due_at)
        .min()
        .unwrap_or_else(never)
}

fn end(t: &Timer, at: Instant, met: bool) -> TimerChange {
    let mut t = t.clone();
    t.state = match (t.state, met) {
        (TimerState::Breached, _) => TimerState::Breached,
        (_, true) => TimerState::Met,
        (_, false) => TimerState::Cancelled,
    };
    t.ended_at = Some(at);
    t.remaining_us = None;
    TimerChange::Update(t)
}

fn live(timers: &[Timer], stage: Stage) -> impl Iterator<Item = &Timer> {
    timers.iter().filter(move |t| t.stage == stage && t.is_live())
}

fn start(request: RequestId, timers: &[Timer], stage: Stage, from: Instant, secs: i64) -> TimerChange {
    let round = timers.iter().filter(|t| t.stage == stage).map(|t| t.round + 1).max().unwrap_or(1);
    TimerChange::Start(Timer {
        id: TimerId::fresh(),
        request,
        stage,
        round,
        state: TimerState::Running,
        started_at: from,
        due_at: plus_secs(from, secs),
        remaining_us: None,
        ended_at: None,
    })
}

/// What `event`, which made `after` of the request at `at`, does to its clocks.
#[must_use]
pub fn changes(book: &SlaBook, after: &Request, event: &Event, timers: &[Timer], at: Instant) -> Vec<TimerChange> {
    let targets = book.targets_for(after);
    let mut out = Vec::new();
    match event {
        Event::Queued { .. } if timers.is_empty() => start_all(&mut out, after, timers, targets, after.received_at),
        Event::Reclassified { .. } => retarget(&mut out, after, timers, targets, at),
        Event::Accepted | Event::Assigned { .. } => out.extend(live(timers, Stage::Accept).map(|t| end(t, at, true))),
        Event::Held { .. } => out.extend(live(timers, Stage::Restore).filter(|t| t.state == TimerState::Running).map(|t| {
            let left = t.due_at.signed_duration_since(at).num_microseconds().unwrap_or(0).max(0);
            TimerChange::Update(Timer { state: TimerState::Paused, remaining_us: Some(left), ..t.clone() })
        })),
        Event::Resumed => out.extend(timers.iter().filter(|t| t.state == TimerState::Paused).map(|t| {
            let left = chrono::Duration::microseconds(t.remaining_us.unwrap_or(0));
            let due_at = at.checked_add_signed(left).unwrap_or_else(never);
            TimerChange::Update(Timer { state: TimerState::Running, remaining_us: None, due_at, ..t.clone() })
        })),
        Event::Resolved { .. } => {
            out.extend(timers.iter().filter(|t| t.is_live()).map(|t| end(t, at, true)));
            out.push(start(after.id, timers, Stage::Silence, at, book.silence_minutes.saturating_mul(60)));
        }
        Event::Closed { .. } => out.extend(timers.iter().filter(|t| t.is_live()).map(|t| end(t, at, t.stage == Stage::Silence))),
        Event::Rejected { .. } | Event::Merged { .. } => out.extend(timers.iter().filter(|t| t.is_live()).map(|t| end(t, at, false))),
        Event::Reopened { .. } => {
            out.extend(timers.iter().filter(|t| t.is_live()).map(|t| end(t, at, false)));
            start_all(&mut out, after, timers, targets, at);
        }
        // The new owner has its own time to accept; what was spent of the restore clock is not given back.
        Event::Refused { .. } | Event::Transferred { .. } => {
            out.extend(live(timers, Stage::Accept).map(|t| end(t, at, false)));
            if let Some(secs) = targets.accept_secs {
                out.push(start(after.id, timers, Stage::Accept, at, secs));
            }
        }
        _ => {}
    }
    out
}

fn start_all(out: &mut Vec<TimerChange>, after: &Request, timers: &[Timer], targets: Targets, from: Instant) {
    for (stage, secs) in [(Stage::Accept, targets.accept_secs), (Stage::Restore, targets.restore_secs)] {
        if let Some(secs) = secs {
            out.push(start(after.id, timers, stage, from, secs));
        }
    }
}

fn retarget(out: &mut Vec<TimerChange>, after: &Request, timers: &[Timer], targets: Targets, at: Instant) {
    for (stage, secs) in [(Stage::Accept, targets.accept_secs), (Stage::Restore, targets.restore_secs)] {
        let mut any = false;
        for t in live(timers, stage) {
            any = true;
            match (t.state, secs) {
                (TimerState::Running, Some(secs)) if plus_secs(t.started_at, secs) != t.due_at => {
                    out.push(TimerChange::Update(Timer { due_at: plus_secs(t.started_at, secs), ..t.clone() }));
                }
                (TimerState::Running | TimerState::Paused, None) => out.push(end(t, at, false)),
                _ => {}
            }
        }
        let wanted = match stage {
            Stage::Accept => matches!(after.status, Status::New | Status::Queued),
            _ => after.status.is_open(),
        };
        let met = timers.iter().any(|t| t.stage == stage && t.state == TimerState::Met);
        if let (false, true, false, Some(secs)) = (any, wanted, met, secs) {
            out.push(start(after.id, timers, stage, after.received_at, secs));
        }
    }
}
