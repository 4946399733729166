//! Adds past days up, so that figures of a year are sums of days: those that have ended, and those whose requests or calls changed since.

use super::pause;
use crate::dispatch::Core;
use crate::reports::calls::{self, Terms};
use crate::reports::facts;
use crate::store::{StoreError, leases};
use chrono::Duration;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const EVERY: std::time::Duration = std::time::Duration::from_secs(60);
const LEASE: &str = "figures";
/// A change that was drawn a place in the journal, or in the list of changed days, has committed or failed within this.
const SETTLED: Duration = Duration::seconds(120);

/// The worker; of several processes only the holder of a lease works.
pub struct Figures {
    pub core: Arc<Core>,
    pub owner: String,
    /// What calls are measured by.
    pub terms: Terms,
}

impl Figures {
    /// Until stopped. A round that is broken off leaves each day as it was or as it is now.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        while pause(&stop, EVERY).await {
            tokio::select! {
                () = stop.cancelled() => break,
                done = self.tick() => match done {
                    Ok(0) => {}
                    Ok(days) => tracing::debug!(days, "days were added up"),
                    Err(e) => tracing::warn!(error = %e, "days were not added up; figures are counted from the rows meanwhile"),
                },
            }
        }
        if let Err(e) = leases::release(self.core.db.write(), LEASE, &self.owner).await {
            tracing::debug!(error = %e, "the lease was not given back; it runs out by itself");
        }
    }

    /// One round; returns how many days were added up.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tick(&self) -> Result<usize, StoreError> {
        let (now, wall) = (self.core.now(), self.core.wall());
        if !leases::take(self.core.db.write(), LEASE, &self.owner, wall, Duration::minutes(10)).await? {
            return Ok(0);
        }
        let db = &self.core.db;
        Ok(facts::roll(db, now, wall, SETTLED).await? + calls::roll(db, self.terms, now, wall, SETTLED).await?)
    }
}
