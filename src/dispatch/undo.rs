//! Taking the last act back, where another act does that. What residents were told stays told: this is a new act, with its own row in the journal.

use super::acts::{StaffAct, act, actor_of};
use super::record::Subject;
use super::{Core, DispatchError};
use crate::domain::access::{Permission, Scope};
use crate::domain::request::{Event, Request, fold};
use crate::domain::{Instant, RequestNumber};
use crate::store::journal::{self, JournalRow};
use crate::store::requests;
use chrono::Duration;

/// How long after an act it can be taken back by one press.
const WINDOW: Duration = Duration::minutes(15);

/// The act that takes the last one back: only the own, only for a while, and only where there is one.
#[must_use]
pub fn offered(scope: &Scope, now: &Request, rows: &[JournalRow], at: Instant) -> Option<StaffAct> {
    let last = rows.last()?;
    if last.actor != actor_of(scope).to_string() || at.signed_duration_since(last.at) > WINDOW {
        return None;
    }
    // One act writes its rows at one moment.
    let first = rows.iter().rposition(|r| r.at != last.at || r.actor != last.actor)? + 1;
    let read = |rows: &[JournalRow]| rows.iter().map(|r| r.event().ok().map(|e| (e, r.at))).collect::<Option<Vec<_>>>();
    let (before, after) = (read(rows.get(..first)?)?, read(rows.get(first..)?)?);
    let was = fold(now.id, before.iter().map(|(e, at)| (e, *at)))?;
    let act = inverse(&was, now, &after.into_iter().map(|(e, _)| e).collect::<Vec<_>>())?;
    scope.may(Permission::Act(act.kind())).then_some(act).filter(|a| a.kind().allowed_from(now.status))
}

fn inverse(was: &Request, now: &Request, events: &[Event]) -> Option<StaffAct> {
    match events {
        [Event::Reclassified { .. }, ..] => Some(StaffAct::Reclassify {
            class: was.class,
            service: was.service.clone(),
            district: was.district.clone(),
            hazard: Some(was.hazard),
            priority: Some(was.priority),
        })
        // A field that was not known cannot be forgotten again by a correction.
        .filter(|_| {
            let known = |a: bool, b: bool| a || !b;
            known(was.class.is_some(), now.class.is_some())
                && known(was.service.is_some(), now.service.is_some())
                && known(was.district.is_some(), now.district.is_some())
        }),
        [Event::Flagged { .. }] => Some(StaffAct::Flag { vulnerable: was.vulnerable }),
        [Event::Held { .. }] => Some(StaffAct::Resume),
        [Event::Assigned { .. }] => was.crew.clone().filter(|c| now.crew.as_ref() != Some(c)).map(|crew| StaffAct::Assign { crew }),
        [Event::Transferred { .. }] => was.queue.clone().map(|queue| StaffAct::Transfer { queue, reason: None }),
        [Event::Resolved { .. } | Event::Closed { .. }] => Some(StaffAct::Reopen { reason: None }),
        _ => None,
    }
}

/// Takes the last act back.
///
/// # Errors
/// As [`act`]; `not_now` as `conflict` when there is nothing to take back any more.
pub async fn undo(core: &Core, scope: &Scope, number: &RequestNumber, expected: i64) -> Result<Subject, DispatchError> {
    let c = core.db.read();
    let stored = requests::by_number_scoped(c, number, scope).await?.ok_or(DispatchError::NotFound)?;
    if stored.request.version != expected {
        return Err(DispatchError::Stale(Box::new(stored)));
    }
    let rows = journal::of_request(c, stored.request.id).await?;
    let back = offered(scope, &stored.request, &rows, core.now()).ok_or_else(|| DispatchError::invalid("conflict", "nothing can be taken back"))?;
    act(core, scope, number, Some(expected), &back).await
}
