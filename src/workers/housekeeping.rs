//! Drops what has run out: tokens, codes, rate windows, kept answers.

use super::pause;
use crate::dispatch::Core;
use crate::store::{StoreError, codes, idempotency, rates, tokens};
use chrono::Duration;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The worker.
pub struct Housekeeper {
    pub core: Arc<Core>,
}

impl Housekeeper {
    /// Until stopped, every ten minutes.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        while pause(&stop, std::time::Duration::from_secs(600)).await {
            if let Err(e) = self.tick().await {
                tracing::warn!(error = %e, "old rows were not dropped");
            }
        }
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
            + idempotency::purge(c, wall - Duration::days(2)).await?)
    }
}
