//! Proof of a request's history: walks the chain and recomputes the state.

use super::{Core, DispatchError};
use crate::domain::request::{ChainKey, Event, GENESIS, Link, Request, fold, link};
use crate::domain::text_ref::{TextRef, salted_digest};
use crate::domain::{Instant, MessageId, RequestId};
use crate::store::journal::{self, JournalRow};
use crate::store::requests::{self, Stored};
use crate::store::{Conn, messages};

/// What is wrong with one request's journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("row {seq} was altered")]
    Altered { seq: i64 },
    #[error("row {seq} is missing")]
    Missing { seq: i64 },
    #[error("the tail was cut after row {last}: the request says there were {expected}")]
    Cut { last: i64, expected: i64 },
    #[error("the request's stored end of the chain does not fit its last row {last}")]
    End { last: i64 },
    #[error("the stored state differs from what the journal says")]
    State,
    #[error("the text of row {seq} was altered")]
    Text { seq: i64 },
    #[error("the request row is missing")]
    NoRequest,
}

/// Checks one journal against its request. Pure.
#[must_use]
pub fn check(key: &ChainKey, stored: &Stored, rows: &[JournalRow]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut prev = GENESIS;
    let mut expected = 1;
    for row in rows {
        while expected < row.seq {
            faults.push(Fault::Missing { seq: expected });
            expected += 1;
        }
        let request = row.request.to_string();
        let at_micros = row.at.timestamp_micros();
        let hash = link(key, &prev, &Link { request: &request, seq: row.seq, at_micros, actor: &row.actor, kind: &row.kind, payload: &row.payload });
        // After a gap the first hash cannot fit; that is the gap's fault, not this row's.
        let after_gap = matches!(faults.last(), Some(Fault::Missing { seq }) if *seq + 1 == row.seq);
        if hash.as_slice() != row.hash && !after_gap {
            faults.push(Fault::Altered { seq: row.seq });
        }
        prev = journal::as_hash(&row.hash).unwrap_or(hash);
        expected = row.seq + 1;
    }
    let last = rows.last().map_or(0, |r| r.seq);
    if last < stored.request.version {
        faults.push(Fault::Cut { last, expected: stored.request.version });
    } else if prev != stored.last_hash && faults.is_empty() {
        faults.push(Fault::End { last });
    }
    if faults.is_empty() && !same_state(stored, rows) {
        faults.push(Fault::State);
    }
    faults
}

fn same_state(stored: &Stored, rows: &[JournalRow]) -> bool {
    recompute(stored.request.id, rows).is_some_and(|r| r == stored.request)
}

/// The state that a journal makes.
#[must_use]
pub fn recompute(id: RequestId, rows: &[JournalRow]) -> Option<Request> {
    let events: Option<Vec<(Event, Instant)>> = rows.iter().map(|r| r.event().ok().map(|e| (e, r.at))).collect();
    fold(id, events?.iter().map(|(e, at)| (e, *at)))
}

fn text_of(event: &Event) -> Vec<&TextRef> {
    match event {
        Event::Registered(r) => vec![&r.text],
        Event::PauseDeclined { reason: Some(t) } => vec![t],
        Event::PauseAsked { reason, .. } | Event::Held { reason, .. } | Event::Refused { reason, .. } | Event::Rejected { reason } => vec![reason],
        Event::Resolved { note: Some(t) } | Event::Reopened { reason: Some(t) } | Event::Transferred { reason: Some(t), .. } => vec![t],
        Event::MessageAdded { text } | Event::Located { text } | Event::Replied { text } | Event::Noted { text } => vec![text],
        _ => Vec::new(),
    }
}

/// Checks one request: chain, state, and the texts that have not been erased.
///
/// # Errors
/// The store's.
pub async fn verify(core: &Core, id: RequestId) -> Result<Vec<Fault>, DispatchError> {
    verify_on(core.db.read(), &core.chain, id).await
}

/// The same by a connection and a key alone: a copy of the database is proved before it is put in place.
///
/// # Errors
/// The store's.
pub async fn verify_on(c: &impl Conn, key: &ChainKey, id: RequestId) -> Result<Vec<Fault>, DispatchError> {
    let rows = journal::of_request(c, id).await?;
    let Some(stored) = requests::load(c, id).await? else { return Ok(vec![Fault::NoRequest]) };
    let mut faults = check(key, &stored, &rows);
    let mut refs: Vec<(i64, TextRef)> = Vec::new();
    for row in &rows {
        if let Ok(event) = row.event() {
            refs.extend(text_of(&event).into_iter().map(|t| (row.seq, t.clone())));
        }
    }
    let ids: Vec<MessageId> = refs.iter().map(|(_, t)| t.message).collect();
    let sealed = messages::sealed(c, &ids).await?;
    for (seq, t) in refs {
        let found = sealed.iter().find(|(id, ..)| *id == t.message);
        if let Some((_, Some(salt), Some(text))) = found
            && salted_digest(salt, text) != t.digest
        {
            faults.push(Fault::Text { seq });
        }
    }
    Ok(faults)
}
