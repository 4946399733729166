//! Drops what has run out: tokens, codes, rate windows, kept answers, bodies that were worked on, drafts that nobody touches. Sums up the counts of
//! open requests.

use super::pause;
use crate::dispatch::Core;
use crate::store::calls::events;
use crate::store::{StoreError, codes, drafts, idempotency, rates, tally, tokens};
use chrono::Duration;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Between two rounds of summing up.
const FOLD: std::time::Duration = std::time::Duration::from_secs(5);
/// So many of those rounds stand between two of dropping: ten minutes.
const ROUNDS: u32 = 120;

/// The worker.
pub struct Housekeeper {
    pub core: Arc<Core>,
}

impl Housekeeper {
    /// Until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut round = 0;
        while pause(&stop, FOLD).await {
            round = (round + 1) % ROUNDS;
            if let Err(e) = self.fold().await {
                tracing::warn!(error = %e, "counts were not summed up");
            }
            if round == 0
                && let Err(e) = self.tick().await
            {
                tracing::warn!(error = %e, "old rows were not dropped");
            }
        }
    }

    /// Sums up what has changed in the counts.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn fold(&self) -> Result<(), StoreError> {
        while tally::fold(&self.core.db).await? > 0 {}
        Ok(())
    }

    /// One round; returns how many rows went.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tick(&self) -> Result<u64, StoreError> {
        let wall = self.core.wall();
        let c = self.core.db.write();
        Ok(tokens::purge(c, wall).await?
            + codes::purge(c, wall - Duration::days(1)).await?
            + rates::purge(c, wall - Duration::hours(3)).await?
            + idempotency::purge(c, wall - Duration::days(2)).await?
            + events::purge(c, wall - Duration::days(2)).await?
            + drafts::purge(c, wall - Duration::days(30)).await?)
    }
}
