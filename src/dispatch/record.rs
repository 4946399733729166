//! Turns decided events into journal rows, the new state and moved clocks. The only place that extends a chain.

use super::effects::Effects;
use super::{Core, DispatchError};
use crate::domain::Instant;
use crate::domain::actor::Actor;
use crate::domain::request::{Event, Link, RowHash, link};
use crate::domain::sla::{Timer, TimerState, apply_change, changes, sort_due};
use crate::domain::{RequestId, time};
use crate::store::journal::JournalRow;
use crate::store::requests::Stored;

/// Everything that a use case holds of one request while it works on it.
#[derive(Debug, Clone)]
pub struct Subject {
    pub stored: Stored,
    pub timers: Vec<Timer>,
}

impl Subject {
    /// A clock that is still wanted.
    #[must_use]
    pub fn live(&self, stage: crate::domain::sla::Stage) -> Option<&Timer> {
        self.timers.iter().find(|t| t.stage == stage && t.is_live())
    }
}

fn row(
    core: &Core,
    id: RequestId,
    prev: &RowHash,
    seq: i64,
    event: &Event,
    actor: &str,
    at: Instant,
) -> Result<(JournalRow, RowHash), DispatchError> {
    let payload = serde_json::to_string(event).map_err(|e| DispatchError::Internal(format!("event cannot be written: {e}")))?;
    let kind = event.kind().as_str();
    let request = id.to_string();
    let hash = link(&core.chain, prev, &Link { request: &request, seq, at_micros: at.timestamp_micros(), actor, kind, payload: &payload });
    Ok((JournalRow { request: id, seq, at, actor: actor.to_owned(), kind: kind.to_owned(), payload, hash: hash.to_vec() }, hash))
}

/// The first row of a new request. `subject.stored.request` must be the state after `event`.
pub(super) fn begin(core: &Core, fx: &mut Effects, subject: &mut Subject, event: &Event, actor: &Actor, at: Instant) -> Result<(), DispatchError> {
    let s = &mut subject.stored;
    let (first, hash) = row(core, s.request.id, &s.last_hash, 1, event, &actor.to_string(), at)?;
    s.last_hash = hash;
    fx.journal.push(first);
    Ok(())
}

/// Takes events in: journal rows, state, clocks.
pub(super) fn record(
    core: &Core,
    fx: &mut Effects,
    subject: &mut Subject,
    events: &[Event],
    actor: &Actor,
    at: Instant,
) -> Result<(), DispatchError> {
    let at = time::truncate(at);
    let actor = actor.to_string();
    let books = core.books();
    for event in events {
        let s = &mut subject.stored;
        let seq = s.request.version + 1;
        let (next, hash) = row(core, s.request.id, &s.last_hash, seq, event, &actor, at)?;
        s.last_hash = hash;
        s.request.apply(event, at);
        fx.journal.push(next);
        for change in changes(&books, &s.request, event, &subject.timers, at) {
            apply_change(&mut subject.timers, &change);
            fx.timer(&books, &change);
        }
    }
    let s = &mut subject.stored;
    s.sort_due = sort_due(&subject.timers);
    s.overdue = subject.timers.iter().any(|t| t.state == TimerState::Breached && t.is_live());
    Ok(())
}
