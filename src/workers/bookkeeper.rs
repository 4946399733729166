//! Keeps this process up to date with changed policies and calendars; on workers, puts a revision on open requests when that was asked for.

use super::wait;
use crate::bus::Hint;
use crate::dispatch::{Core, DispatchError, books};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const POLL: Duration = Duration::from_secs(10);

pub struct Bookkeeper {
    pub core: Arc<Core>,
    pub owner: String,
    /// Only workers put revisions on requests.
    pub applies: bool,
}

impl Bookkeeper {
    /// Until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut hints = self.core.bus.subscribe();
        loop {
            let rest = match self.tick().await {
                Ok(0) => POLL,
                Ok(_) => Duration::from_millis(1),
                Err(e) => {
                    tracing::warn!(error = %e, "policies and calendars were not looked at");
                    Duration::from_secs(2)
                }
            };
            if !wait(&stop, &mut hints, |h| *h == Hint::Config, rest).await {
                return;
            }
        }
    }

    /// # Errors
    /// When the database does not answer, and for a revision that cannot be read.
    pub async fn tick(&self) -> Result<usize, DispatchError> {
        let read = books::reload(&self.core).await?;
        Ok(read + if self.applies { books::apply_step(&self.core, &self.owner).await? } else { 0 })
    }
}
