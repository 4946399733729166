//! Goes after messages: receipts that came before we knew what they were about, and what waited for residents who are back.

use super::pause;
use crate::dispatch::{Core, DispatchError, held, receipts};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The worker.
pub struct Deliveries {
    pub core: Arc<Core>,
}

impl Deliveries {
    /// Until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let n = self.tick().await.unwrap_or_else(|e| {
                tracing::warn!(error = %e, "deliveries cannot be followed now");
                0
            });
            let span = self.core.clocks.business.real(Duration::from_secs(1)).clamp(Duration::from_millis(50), Duration::from_secs(1));
            if n == 0 && !pause(&stop, span).await {
                return;
            }
            if stop.is_cancelled() {
                return;
            }
        }
    }

    /// One round; returns how much was done.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tick(&self) -> Result<usize, DispatchError> {
        Ok(receipts::catch_up(&self.core).await? + held::release(&self.core).await?)
    }
}
