//! Bodies that exchanges post: stored at the door, worked on here in the order they came.

use super::centre::{Centre, Door};
use super::dialects::{freeswitch_json, live};
use super::ingest::{self, Feed, Mark};
use super::profile::Profile;
use super::record::{BadField, Record};
use super::source::Source;
use crate::bus::Hint;
use crate::dispatch::{Core, DispatchError, secrets};
use crate::store::calls::events;
use crate::store::entity::call_event::Model;
use chrono::Duration;

/// Bodies taken in hand at once.
const BATCH: u64 = 100;

/// Stores a body durably. False when the same one stands already.
///
/// # Errors
/// The store's: then the sender must send again.
pub async fn take_in(core: &Core, door: &str, body: &[u8]) -> Result<bool, DispatchError> {
    let digest = secrets::sha256(&[&hex::encode(body)]);
    let new = events::insert(core.db.write(), door, &digest, body.to_vec(), core.wall()).await?;
    core.bus.publish(Hint::CallsPosted);
    Ok(new)
}

fn read(door: &Door, source: &Source, body: &[u8]) -> Result<Vec<Record>, BadField> {
    match door.profile {
        Profile::FreeswitchJson => freeswitch_json::body(body, source).map(|r| r.into_iter().collect()),
        _ => live::body(body, source),
    }
}

/// One round: gives how many bodies were settled, done or counted as failed.
///
/// # Errors
/// When the database does not answer. Nothing is lost.
pub async fn work(core: &Core, centre: &Centre) -> Result<usize, DispatchError> {
    let waiting = events::waiting(core.db.read(), core.wall(), BATCH).await?;
    let mut settled = 0;
    for event in &waiting {
        settled += usize::from(one(core, centre, event).await?);
    }
    Ok(settled)
}

async fn one(core: &Core, centre: &Centre, event: &Model) -> Result<bool, DispatchError> {
    let found = centre.doors.get(&event.door).and_then(|d| Some((d, centre.sources.get(&d.source)?)));
    let Some((door, source)) = found else {
        return park(core, event, "the door it came through is no longer configured").await;
    };
    let records = match read(door, source, &event.body) {
        Ok(records) => records,
        Err(bad) => return park(core, event, &bad.to_string()).await,
    };
    let feed = Feed { source, profile: door.profile.name(), tasks: true };
    let (id, wall) = (event.id, core.wall());
    let done = ingest::run(core, feed, &records, &Mark::Event { id, wall }).await;
    match done {
        Ok(_) => Ok(true),
        // Somebody else has done it.
        Err(DispatchError::Busy) => Ok(false),
        Err(DispatchError::Store(e)) if e.is_transient() => Err(e.into()),
        Err(e) if event.attempts + 1 >= core.settings.intake_attempts => park(core, event, &e.to_string()).await,
        Err(e) => {
            tracing::warn!(event.id = id, error = %e, "a body about calls failed; it will be tried again");
            let wait = Duration::seconds(1 << event.attempts.clamp(0, 6));
            events::mark_failed(core.db.write(), id, &e.to_string(), Some(wall + wait)).await?;
            Ok(true)
        }
    }
}

async fn park(core: &Core, event: &Model, why: &str) -> Result<bool, DispatchError> {
    tracing::error!(event.id = event.id, door = event.door, error = why, "a body about calls cannot be used; it is parked");
    events::mark_failed(core.db.write(), event.id, why, None).await?;
    Ok(true)
}

/// Puts parked bodies back and works through all: for `replay`.
///
/// # Errors
/// The store's.
pub async fn replay(core: &Core, centre: &Centre, from: Option<crate::domain::Instant>) -> Result<u64, DispatchError> {
    let n = events::requeue(core.db.write(), from).await?;
    while work(core, centre).await? > 0 {}
    Ok(n)
}
