//! Keeps this process up to date with what administrators change; on workers, does what follows: puts a revision of policies on open requests when that was
//! asked for, gives new work to crews on duty, flags what a crew left behind.

use super::wait;
use crate::bus::Hint;
use crate::dispatch::{Core, DispatchError, books, duty, settings};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const POLL: Duration = Duration::from_secs(10);

pub struct Bookkeeper {
    pub core: Arc<Core>,
    pub owner: String,
    /// Only workers change requests.
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
                    tracing::warn!(error = %e, "changes of the configuration were not looked at");
                    Duration::from_secs(2)
                }
            };
            // A new request waits for nobody where a queue gives it to the crew on duty.
            let assigns = self.applies && duty::assigns(&self.core);
            if !wait(&stop, &mut hints, |h| *h == Hint::Config || (assigns && matches!(h, Hint::Request(_))), rest).await {
                return;
            }
        }
    }

    /// # Errors
    /// When the database does not answer, and for a revision that cannot be read.
    pub async fn tick(&self) -> Result<usize, DispatchError> {
        let read = settings::reload(&self.core).await? + books::reload(&self.core).await?;
        if !self.applies {
            return Ok(read);
        }
        let moved = books::apply_step(&self.core, &self.owner).await?;
        let given = duty::assign_step(&self.core).await?;
        Ok(read + moved + given + duty::flag_step(&self.core).await?)
    }
}
