//! Works on what exchanges have posted, makes call-backs of missed calls, and tells the metrics how calls ended.

use super::wait;
use crate::bus::Hint;
use crate::dispatch::{Core, DispatchError};
use crate::store::calls::tally;
use crate::telephony::centre::Centre;
use crate::telephony::{callbacks, inbox};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the tables are looked at when no hint comes.
const POLL: Duration = Duration::from_secs(1);

/// The worker.
pub struct CallsWorker {
    pub core: Arc<Core>,
    pub centre: Arc<Centre>,
}

impl CallsWorker {
    /// Until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut hints = self.core.bus.subscribe();
        loop {
            let worked = match self.tick().await {
                Ok(n) => n,
                Err(e) => {
                    tracing::warn!(error = %e, "calls cannot be worked on now");
                    0
                }
            };
            if worked > 0 && !stop.is_cancelled() {
                continue;
            }
            if !wait(&stop, &mut hints, |h| *h == Hint::CallsPosted, POLL).await {
                break;
            }
        }
    }

    /// One round; gives how much was settled.
    ///
    /// # Errors
    /// When the database does not answer. Nothing is lost.
    pub async fn tick(&self) -> Result<usize, DispatchError> {
        let settled = inbox::work(&self.core, &self.centre).await? + callbacks::sweep(&self.core, self.core.now()).await?;
        for (outcome, n) in tally::take(self.core.db.write()).await? {
            self.core.metrics.calls(&outcome, n);
        }
        Ok(settled)
    }
}
