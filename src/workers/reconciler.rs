//! Keeps the timer index true to the rows: builds it anew when it lost its data, else adds what is overdue or soon due.

use super::pause;
use crate::dispatch::Core;
use crate::store::{StoreError, leases, timers};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const PAGE: u64 = 5000;
const LEASE: &str = "reconciler";

/// One reconciler; of several processes only the holder of a lease works.
pub struct Reconciler {
    pub core: Arc<Core>,
    pub owner: String,
    pub every: Duration,
}

impl Reconciler {
    /// Until stopped. Between full rounds the epoch mark is looked at often, so that a flushed index is noticed within seconds.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut next_round = tokio::time::Instant::now();
        loop {
            let round = tokio::time::Instant::now() >= next_round;
            match self.look(round).await {
                Ok(_) if round => next_round = tokio::time::Instant::now() + self.every,
                Ok(_) => {}
                Err(e) => tracing::warn!(error = %e, "the timer index was not reconciled"),
            }
            if !pause(&stop, Duration::from_secs(5).min(self.every)).await {
                break;
            }
        }
        if let Err(e) = leases::release(self.core.db.write(), LEASE, &self.owner).await {
            tracing::debug!(error = %e, "the lease was not given back; it runs out by itself");
        }
    }

    /// A full round. Returns how many clocks were put in.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tick(&self) -> Result<usize, StoreError> {
        self.look(true).await
    }

    async fn look(&self, round: bool) -> Result<usize, StoreError> {
        let marked = match self.core.timers.epoch().await {
            Ok(mark) => mark.is_some(),
            Err(e) => {
                tracing::debug!(error = %e, "the timer index is away");
                return Ok(0);
            }
        };
        if marked && !round {
            return Ok(0);
        }
        let wall = self.core.wall();
        if !leases::take(self.core.db.write(), LEASE, &self.owner, wall, chrono::Duration::seconds(90)).await? {
            return Ok(0);
        }
        if marked { self.top_up().await } else { self.rebuild().await }
    }

    async fn rebuild(&self) -> Result<usize, StoreError> {
        let mut after = None;
        let mut count = 0;
        loop {
            let page = timers::running_after(self.core.db.read(), after, PAGE).await?;
            let Some((id, at)) = page.last() else { break };
            after = Some((*at, *id));
            count += page.len();
            if let Err(e) = self.core.timers.schedule(&page).await {
                tracing::warn!(error = %e, "the rebuild of the timer index stopped half-way; it begins anew");
                return Ok(0);
            }
        }
        match self.core.timers.set_epoch(&self.core.wall().to_rfc3339()).await {
            Ok(()) => {
                self.core.metrics.repaired("rebuilt", count);
                tracing::info!(timers = count, "the timer index was built anew");
            }
            Err(e) => tracing::warn!(error = %e, "the rebuilt timer index could not be marked"),
        }
        Ok(count)
    }

    async fn top_up(&self) -> Result<usize, StoreError> {
        let now = self.core.now();
        let soon = now + chrono::Duration::minutes(2);
        let rows = timers::due_until(self.core.db.read(), soon, PAGE).await?;
        let grace = now - chrono::Duration::seconds(5);
        // A clock that ran out within the last seconds is in a sweeper's hands; taking its lease away would only make two look at it.
        let entries: Vec<_> = rows.iter().filter(|t| t.due_at > now || t.due_at <= grace).map(|t| (t.id, t.due_at)).collect();
        if let Err(e) = self.core.timers.schedule(&entries).await {
            tracing::debug!(error = %e, "the timer index is away");
            return Ok(0);
        }
        self.core.metrics.repaired("overdue", entries.iter().filter(|(_, due)| *due <= grace).count());
        Ok(entries.len())
    }
}
