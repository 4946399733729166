//! Makes what was said searchable, a moment after it was said: intake does not wait for it.

use super::wait;
use crate::bus::Hint;
use crate::dispatch::{Core, DispatchError, search};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Without a hint.
const POLL: Duration = Duration::from_secs(30);
/// After a step, so that a flood of messages is taken in by the hundred and the doors go first.
const REST: Duration = Duration::from_millis(500);

/// The worker.
pub struct Indexer {
    pub core: Arc<Core>,
}

impl Indexer {
    /// Until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut hints = self.core.bus.subscribe();
        while wait(&stop, &mut hints, |h| matches!(h, Hint::Request(_)), POLL).await {
            loop {
                if !super::pause(&stop, REST).await {
                    return;
                }
                match self.tick().await {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(e) => {
                        tracing::warn!(error = %e, "words were not taken in for searching; they wait");
                        break;
                    }
                }
            }
        }
    }

    /// Takes some of the waiting texts in; gives how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tick(&self) -> Result<usize, DispatchError> {
        search::take_in(&self.core).await
    }
}
