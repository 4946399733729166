//! Takes up the model that is in use: on a hint, else within a minute. Runs in every process, those with doors only too.

use super::wait;
use crate::bus::Hint;
use crate::dispatch::{Core, DispatchError, learning};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The worker.
pub struct ModelWatch {
    pub core: Arc<Core>,
}

impl ModelWatch {
    /// Until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut hints = self.core.bus.subscribe();
        while wait(&stop, &mut hints, |h| *h == Hint::Model, Duration::from_secs(60)).await {
            if let Err(e) = self.tick().await {
                tracing::warn!(error = %e, "the stored model was not looked at; trying again in a minute");
            }
        }
    }

    /// Looks once; true when another model reads from now on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tick(&self) -> Result<bool, DispatchError> {
        learning::take_up(&self.core).await
    }
}
