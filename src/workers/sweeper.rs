//! Fires clocks that have run out. The index says where to look, the row decides; without an index the rows are read directly.

use super::wait;
use crate::bus::Hint;
use crate::dispatch::{Core, DispatchError, deadline};
use crate::domain::TimerId;
use crate::store::timers;
use crate::timers::Claimed;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Clocks of one transaction.
const TOGETHER: usize = 250;

/// One sweeper.
pub struct Sweeper {
    pub core: Arc<Core>,
    pub batch: usize,
    pub lease: Duration,
    pub poll: Duration,
}

impl Sweeper {
    #[must_use]
    pub fn new(core: Arc<Core>, config: &crate::config::Timers) -> Self {
        Self {
            core,
            batch: usize::try_from(config.batch).unwrap_or(500).max(1),
            lease: Duration::from_secs(config.lease_secs.max(1)),
            poll: Duration::from_millis(config.poll_ms.max(1)),
        }
    }

    /// Until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut hints = self.core.bus.subscribe();
        // An unreachable index is asked again by every tick; the rows themselves are read at most once a second.
        let mut next_direct = tokio::time::Instant::now();
        loop {
            let fired = match self.indexed().await {
                Ok(n) => n,
                Err(why) => {
                    tracing::debug!(error = why, "the timer index is away; due rows are read directly");
                    if tokio::time::Instant::now() >= next_direct {
                        next_direct = tokio::time::Instant::now() + Duration::from_secs(1);
                        self.direct().await.unwrap_or_else(|e| {
                            tracing::warn!(error = %e, "clocks cannot be fired now");
                            0
                        })
                    } else {
                        0
                    }
                }
            };
            if fired > 0 && !stop.is_cancelled() {
                continue;
            }
            let rest = self.until_next().await;
            if !wait(&stop, &mut hints, |h| matches!(h, Hint::Timers), rest).await {
                return;
            }
            // A burst of new clocks must not make a burst of looks at the index.
            if !super::pause(&stop, Duration::from_millis(2)).await {
                return;
            }
        }
    }

    /// Real time until the next clock may run out, at most the polling interval.
    async fn until_next(&self) -> Duration {
        let Ok(Some(due)) = self.core.timers.next_due().await else { return self.poll };
        let span = due.signed_duration_since(self.core.now()).to_std().unwrap_or_default();
        self.core.clocks.business.real(span).clamp(Duration::from_millis(1), self.poll)
    }

    /// One look at the index, or at the rows when it is away. Returns how many clocks fired.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tick(&self) -> Result<usize, DispatchError> {
        match self.indexed().await {
            Ok(n) => Ok(n),
            Err(_) => self.direct().await,
        }
    }

    /// Through the index.
    async fn indexed(&self) -> Result<usize, String> {
        let now = self.core.now();
        let claimed = self.core.timers.claim_due(now, self.lease, self.batch).await.map_err(|e| e.to_string())?;
        let mut fired = 0;
        for part in claimed.chunks(TOGETHER) {
            fired += self.fire(part).await.map_err(|e| e.to_string())?;
        }
        Ok(fired)
    }

    async fn fire(&self, claimed: &[Claimed]) -> Result<usize, DispatchError> {
        let ids: Vec<TimerId> = claimed.iter().map(|c| c.id).collect();
        let done = deadline::fire(&self.core, &ids, self.core.now()).await?;
        for stage in &done.looked {
            self.core.metrics.claimed(stage.as_str());
        }
        let settled: Vec<Claimed> =
            claimed.iter().filter(|c| done.gone.contains(&c.id) || done.flipped.iter().any(|(id, _)| *id == c.id)).copied().collect();
        let told = async {
            self.core.timers.remove_if_unchanged(&settled).await?;
            self.core.timers.schedule(&done.moved).await
        };
        if let Err(e) = told.await {
            tracing::debug!(error = %e, "the timer index was not told; the lease brings these clocks back and they are found gone");
        }
        Ok(done.flipped.len())
    }

    /// Straight from the rows, by the (state, due_at) index.
    async fn direct(&self) -> Result<usize, DispatchError> {
        let now = self.core.now();
        let due = timers::due_until(self.core.db.read(), now, self.batch as u64).await?;
        let mut fired = 0;
        for part in due.chunks(TOGETHER) {
            let ids: Vec<TimerId> = part.iter().map(|t| t.id).collect();
            fired += deadline::fire(&self.core, &ids, now).await?.flipped.len();
        }
        Ok(fired)
    }
}
