//! How often somebody may: counted in the database, so that several processes share the counts, by buckets that are hashes.

use super::{Core, DispatchError, secrets};
use crate::domain::{Instant, ResidentId};
use crate::store::{Conn, rates};
use chrono::Duration;

/// How often one address may look up numbers in ten minutes: enough for a person, useless for guessing.
const LOOKS: i32 = 60;

/// What is limited, and by what. The words begin a bucket.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    pub bucket: &'static str,
    pub window: Duration,
    pub max: i32,
}

impl Limit {
    #[must_use]
    pub const fn hourly(bucket: &'static str, max: i32) -> Self {
        Self { bucket, window: Duration::hours(1), max }
    }

    #[must_use]
    pub const fn daily(bucket: &'static str, max: i32) -> Self {
        Self { bucket, window: Duration::days(1), max }
    }
}

/// The refusal of one who came too often, with the time to wait.
#[must_use]
pub fn refused(window: Duration, wall: Instant) -> DispatchError {
    DispatchError::RateLimited { seconds: rates::rest(window, wall) }
}

/// Counts one hit of `who`. Within a transaction that rolls back, it is not counted.
///
/// # Errors
/// [`DispatchError::RateLimited`] beyond the limit, with the time to wait.
pub async fn hit(core: &Core, c: &impl Conn, limit: Limit, who: &str) -> Result<(), DispatchError> {
    let wall = core.wall();
    let bucket = secrets::sha256(&[limit.bucket, who]);
    if rates::hit(c, &bucket, limit.window, limit.max, wall).await? { Ok(()) } else { Err(refused(limit.window, wall)) }
}

/// One look at the tracking page from an address.
///
/// # Errors
/// `RateLimited`.
pub async fn look(core: &Core, from: &str) -> Result<(), DispatchError> {
    let limit = Limit { bucket: "track", window: Duration::minutes(10), max: LOOKS };
    hit(core, core.db.write(), limit, from).await
}

/// One file from a resident and an address.
///
/// # Errors
/// `RateLimited`.
pub async fn upload(core: &Core, resident: ResidentId, from: &str) -> Result<(), DispatchError> {
    let s = &core.settings;
    hit(core, core.db.write(), Limit::hourly("media-resident", s.media_per_resident_per_hour), &resident.to_string()).await?;
    hit(core, core.db.write(), Limit::hourly("media-address", s.media_per_address_per_hour), from).await
}
