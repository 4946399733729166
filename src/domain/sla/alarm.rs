//! When the steps of a ladder fire, and whether they are still true when they do.

use super::ladder::Rung;
use super::timer::Timer;
use super::{Books, Stage};
use crate::domain::request::{Request, Status};
use crate::domain::time::Instant;

/// One step of a clock's ladder and its time. Together with the clock's identifier, `rung` names it once and for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    pub at: Instant,
    /// Counts from 0 within the ladder.
    pub rung: usize,
    pub step: Rung,
}

/// The steps of a clock's ladder that lie ahead or behind, in the order of time, if the clock runs on from where it stands. Empty for one that stands
/// still, has ended, or has no ladder.
#[must_use]
pub fn alarms(books: &Books, timer: &Timer) -> Vec<Alarm> {
    if !timer.is_live() || !timer.run.is_running() {
        return Vec::new();
    }
    let rev = books.get(timer.run.revision);
    let named = timer.run.policy.as_ref().and_then(|name| rev.sla.policies.iter().find(|p| &p.name == name));
    let target = match timer.stage {
        Stage::Arbitrate => rev.sla.arbitration.as_ref().map(|a| &a.decide),
        stage => named.and_then(|p| p.target(stage)),
    };
    let Some(ladder) = target.and_then(|t| t.ladder.as_ref()).and_then(|code| rev.sla.ladder(code)) else { return Vec::new() };
    let mut out: Vec<Alarm> = ladder
        .rungs
        .iter()
        .enumerate()
        .filter_map(|(rung, step)| {
            let spent = step.when.spent_us(timer.run.need_us)?;
            let at = timer.run.reach(&rev.tables, spent)?;
            Some(Alarm { at, rung, step: step.clone() })
        })
        .collect();
    out.sort_by_key(|a| (a.at, a.rung));
    out
}

/// When the ladder of a clock is to be looked at first. `None` for one without a ladder, and for one that stands still or has ended.
#[must_use]
pub fn first_alarm(books: &Books, timer: &Timer) -> Option<Instant> {
    alarms(books, timer).first().map(|a| a.at)
}

/// Whether somebody still waits for the stage: the clock is live and not paused, and the request is neither ended, nor merged, nor on hold.
#[must_use]
pub fn awaited(request: &Request, timer: &Timer) -> bool {
    let status = request.status;
    let stage = if timer.stage == Stage::Close {
        status == Status::Resolved
    } else {
        status.is_open() && !(status == Status::OnHold && timer.stage.pauses())
    };
    stage && timer.is_live() && timer.run.is_running() && timer.request == request.id
}

/// Whether a step may be sent now: it is awaited, and its time has come.
#[must_use]
pub fn still_true(books: &Books, request: &Request, timer: &Timer, rung: usize, now: Instant) -> bool {
    awaited(request, timer) && alarms(books, timer).iter().any(|a| a.rung == rung && a.at <= now)
}
