//! The nightly refit: once a night, by whichever process is first, and only when people have corrected something since the last one.

use super::pause;
use crate::dispatch::learning::{self, Refit};
use crate::dispatch::{Core, DispatchError};
use crate::domain::Instant;
use crate::store::models;
use crate::triage::Plan;
use chrono::Timelike;
use chrono_tz::Asia::Almaty;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The worker.
pub struct Learner {
    pub core: Arc<Core>,
    /// The local hour from which it is due.
    pub hour: u32,
    pub plan: Plan,
}

impl Learner {
    /// Until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        while pause(&stop, std::time::Duration::from_secs(60)).await {
            match self.tick().await {
                Ok(None | Some(Refit::NothingNew | Refit::Busy)) => {}
                Ok(Some(Refit::Published(r))) => {
                    tracing::info!(version = r.version, corrections = r.corrections, disputed = r.disputed, "a refitted model is in use");
                }
                Ok(Some(Refit::Rejected(r))) => {
                    tracing::warn!(version = r.version, worse = r.worse.join("; "), "the refitted model reads worse and is not used");
                }
                Err(e) => tracing::warn!(error = %e, "the nightly refit failed; it is tried again"),
            }
        }
    }

    /// Refits when it is due; none when it is not, or when another process does it.
    ///
    /// # Errors
    /// The store's; see [`learning::refit`].
    pub async fn tick(&self) -> Result<Option<Refit>, DispatchError> {
        let wall = self.core.wall();
        let Some(since) = due_since(wall, self.hour) else { return Ok(None) };
        let newest = models::latest(self.core.db.read(), 1).await?.into_iter().next();
        if newest.is_some_and(|m| m.created_at >= since) {
            return Ok(None);
        }
        learning::refit(&self.core, "nightly", self.plan, false).await.map(Some)
    }
}

/// Since when tonight's refit is due: the hour of the local day, once it has come.
fn due_since(now: Instant, hour: u32) -> Option<Instant> {
    let local = now.with_timezone(&Almaty);
    let at = local.with_hour(hour)?.with_minute(0)?.with_second(0)?.with_nanosecond(0)?;
    (local >= at).then(|| at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_from_the_hour_on_until_midnight() {
        let at = |t: &str| t.parse::<Instant>().unwrap();
        // Taraz lives at +05:00.
        assert_eq!(due_since(at("2026-11-22T21:59:59Z"), 3), None);
        let three = at("2026-11-22T22:00:00Z");
        for t in ["2026-11-22T22:00:00Z", "2026-11-23T10:00:00Z", "2026-11-23T18:59:59Z"] {
            assert_eq!(due_since(at(t), 3), Some(three), "{t}");
        }
        assert_eq!(due_since(at("2026-11-23T19:00:00Z"), 3), None);
    }
}
