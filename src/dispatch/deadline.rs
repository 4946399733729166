//! Clocks that run out: each fires exactly once, whoever sees it first.

use super::apply::perform;
use super::effects::Effects;
use super::record::Subject;
use super::{Core, DispatchError};
use crate::domain::actor::Actor;
use crate::domain::request::{Act, ActKind, CloseReason};
use crate::domain::sla::{Stage, Timer, TimerState};
use crate::domain::{Instant, RequestId, TimerId};
use crate::store::{StoreError, Tx, requests, timers};
use std::collections::{BTreeMap, BTreeSet};

/// What became of the clocks that seemed due.
#[derive(Debug, Default, Clone)]
pub struct Fired {
    /// Flipped by us: the clock and when it had been due.
    pub flipped: Vec<(TimerId, Instant)>,
    /// The stages of all that were looked at.
    pub looked: Vec<Stage>,
    /// Still running but due later: to be indexed anew.
    pub moved: Vec<(TimerId, Instant)>,
    /// Ended meanwhile, or flipped by another: to be forgotten.
    pub gone: Vec<TimerId>,
}

/// Fires those of `ids` that are due at `now`: breach or, for the silence clock, closing. One transaction for all; when it fails, one for each, and one
/// that fails alone stays due and keeps no other.
///
/// # Errors
/// The store's, when trying again may help. Nothing was fired that is not in the answer, or it is found gone at the next look.
pub async fn fire(core: &Core, ids: &[TimerId], now: Instant) -> Result<Fired, DispatchError> {
    match fire_together(core, ids, now).await {
        Err(e) if ids.len() > 1 => tracing::debug!(error = %e, clocks = ids.len(), "a batch of clocks failed; each is tried alone"),
        Err(e) if is_away(&e) => return Err(e),
        Err(_) => {}
        done => return done,
    }
    let (mut all, mut busy) = (Fired::default(), None);
    for id in ids {
        match fire_alone(core, *id, now).await {
            Ok(one) => {
                all.flipped.extend(one.flipped);
                all.looked.extend(one.looked);
                all.moved.extend(one.moved);
                all.gone.extend(one.gone);
            }
            Err(e) if is_away(&e) => return Err(e),
            Err(e) if e.is_transient() => busy = Some(e),
            Err(e) => tracing::error!(timer.id = %id, error = %e, "a clock cannot run out; it is looked at again"),
        }
    }
    busy.map_or(Ok(all), Err)
}

/// It is the database that fails, and not this clock.
fn is_away(e: &DispatchError) -> bool {
    matches!(e, DispatchError::Store(e) if e.is_transient())
}

/// Somebody may act on the request in the same moment, again and again.
async fn fire_alone(core: &Core, id: TimerId, now: Instant) -> Result<Fired, DispatchError> {
    let mut tries = 0;
    loop {
        match fire_together(core, &[id], now).await {
            Err(DispatchError::Stale(_)) if tries < 3 => tries += 1,
            done => return done,
        }
    }
}

async fn fire_together(core: &Core, ids: &[TimerId], now: Instant) -> Result<Fired, DispatchError> {
    let mut fired = Fired::default();
    if ids.is_empty() {
        return Ok(fired);
    }
    let tx = core.db.begin().await?;
    let mut fx = Effects::default();
    let rows = timers::load(&tx, ids).await?;
    fired.gone.extend(ids.iter().filter(|id| !rows.iter().any(|t| t.id == **id)));
    fired.looked.extend(rows.iter().map(|t| t.stage));
    let mut late = Vec::new();
    let due: Vec<TimerId> = rows.iter().filter(|t| t.state == TimerState::Running && t.due_at <= now).map(|t| t.id).collect();
    let ours: BTreeSet<TimerId> = timers::flip_together(&tx, &due, now).await?.into_iter().collect();
    let mut subjects = subjects(&tx, rows.iter().filter(|t| ours.contains(&t.id))).await?;
    for t in rows {
        if ours.contains(&t.id) {
            if let Some(subject) = subjects.get_mut(&t.request) {
                consequence(core, &tx, &mut fx, subject, &t, now).await?;
            }
            fired.flipped.push((t.id, t.due_at));
            late.push((t.stage, t.due_at));
        } else if t.state == TimerState::Running && t.due_at > now {
            fired.moved.push((t.id, t.due_at));
        } else {
            fired.gone.push(t.id);
        }
    }
    fx.flush(&tx, now, core.wall()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    // Measured to the commit, in the service's own time.
    let written = core.now();
    for (stage, due) in late {
        core.metrics.fired(stage.as_str(), written.signed_duration_since(due).to_std().unwrap_or_default());
    }
    core.signal(fx.after).await;
    Ok(fired)
}

/// The requests of flipped clocks with all their clocks, in two queries.
async fn subjects<'a>(tx: &Tx, flipped: impl Iterator<Item = &'a Timer>) -> Result<BTreeMap<RequestId, Subject>, DispatchError> {
    let ids: Vec<RequestId> = flipped.map(|t| t.request).collect::<BTreeSet<_>>().into_iter().collect();
    let mut clocks: BTreeMap<RequestId, Vec<Timer>> = BTreeMap::new();
    for t in timers::of_requests(tx, &ids).await? {
        clocks.entry(t.request).or_default().push(t);
    }
    let stored = if ids.is_empty() { Vec::new() } else { requests::load_many(tx, &ids).await? };
    Ok(stored
        .into_iter()
        .map(|stored| (stored.request.id, Subject { timers: clocks.remove(&stored.request.id).unwrap_or_default(), stored }))
        .collect())
}

async fn consequence(core: &Core, tx: &Tx, fx: &mut Effects, subject: &mut Subject, t: &Timer, now: Instant) -> Result<(), DispatchError> {
    let status = subject.stored.request.status;
    let (act, actor) = match t.stage {
        Stage::Silence => (Act::Close { by: CloseReason::Silence }, Actor::System("silence")),
        Stage::Resume => (Act::Resume, Actor::System("pause")),
        stage => (Act::Breach { stage, due_at: t.due_at }, Actor::System("sweeper")),
    };
    let kind: ActKind = act.kind();
    if !kind.allowed_from(status) {
        // The request ended without ending its clock: nothing to breach any more.
        tracing::warn!(request.id = %t.request, stage = %t.stage, "a clock outlived its request");
        return Ok(());
    }
    perform(core, tx, fx, subject, &[act], &actor, now).await
}
