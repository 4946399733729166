//! What a changed holiday or policy would move, before it is applied.

use super::book::Books;
use super::clocks::changes;
use super::timer::{Timer, apply_change};
use super::{Stage, TimerState};
use crate::domain::RequestNumber;
use crate::domain::ids::RequestId;
use crate::domain::request::{Event, Request};
use crate::domain::time::Instant;

/// One deadline that would be another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub request: RequestId,
    pub number: RequestNumber,
    pub stage: Stage,
    /// Unset: there was no such clock.
    pub from: Option<Instant>,
    /// Unset: there would be none.
    pub to: Option<Instant>,
    /// The policy before and after.
    pub policy: (Option<String>, Option<String>),
}

/// What [`Event::Retimed`] to `revision` at `now` would move of these open requests. Requests of which nothing moves are not named.
#[must_use]
pub fn what_would_move(open: &[(Request, Vec<Timer>)], books: &Books, revision: i64, now: Instant) -> Vec<Move> {
    let mut out = Vec::new();
    for (request, timers) in open {
        let mut moved = timers.clone();
        for change in changes(books, request, &Event::Retimed { revision }, timers, now) {
            apply_change(&mut moved, &change);
        }
        for stage in Stage::CHAIN {
            let (old, new) = (watched(timers, stage), watched(&moved, stage));
            if old.map(|t| t.due_at) != new.map(|t| t.due_at) {
                let policy = |t: Option<&Timer>| t.and_then(|t| t.run.policy.clone());
                out.push(Move {
                    request: request.id,
                    number: request.number.clone(),
                    stage,
                    from: old.map(|t| t.due_at),
                    to: new.map(|t| t.due_at),
                    policy: (policy(old), policy(new)),
                });
            }
        }
    }
    out
}

fn watched(timers: &[Timer], stage: Stage) -> Option<&Timer> {
    let live = |t: &&Timer| t.stage == stage && t.is_live();
    timers.iter().filter(live).max_by_key(|t| (t.state != TimerState::Breached, t.round))
}
