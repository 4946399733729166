//! Takes the steps of ladders whose time has come, and tells people of them. Any number of workers may do it at once.

use super::pause;
use crate::dispatch::{Core, DispatchError, alarm, notices};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Clocks of one transaction.
const TOGETHER: u64 = 100;
const POLL: Duration = Duration::from_millis(500);

pub struct AlarmWorker {
    pub core: Arc<Core>,
}

impl AlarmWorker {
    /// Until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let done = self.tick().await.unwrap_or_else(|e| {
                tracing::warn!(error = %e, "alarms cannot be raised now");
                0
            });
            let rest = if done > 0 { Duration::from_millis(1) } else { POLL };
            if !pause(&stop, rest).await {
                return;
            }
        }
    }

    /// First everything that is due, then the messages: what comes at one time is told at one time.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tick(&self) -> Result<usize, DispatchError> {
        let mut done = 0;
        loop {
            let looked = alarm::raise_all(&self.core, TOGETHER).await?;
            done += looked;
            if looked == 0 {
                break;
            }
        }
        Ok(done + notices::gather(&self.core).await?)
    }
}
