//! Goes on with dialogues whose resident has fallen silent: a draft without a place is registered as it is.

use super::pause;
use crate::dispatch::{Core, intake};
use crate::store::{StoreError, conversations};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The worker.
pub struct SilenceWorker {
    pub core: Arc<Core>,
}

impl SilenceWorker {
    /// Until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let n = self.tick().await.unwrap_or_else(|e| {
                tracing::warn!(error = %e, "silent dialogues cannot be worked on now");
                0
            });
            let span = self.core.clocks.business.real(Duration::from_secs(5)).clamp(Duration::from_millis(50), Duration::from_secs(1));
            if n == 0 && !pause(&stop, span).await {
                return;
            }
            if stop.is_cancelled() {
                return;
            }
        }
    }

    /// Takes every dialogue whose time has come; returns how many went on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tick(&self) -> Result<usize, StoreError> {
        let now = self.core.now();
        let mut done = 0;
        for talk in conversations::silent(self.core.db.read(), now, 50).await? {
            match intake::silence(&self.core, &talk).await {
                Ok(true) => done += 1,
                Ok(false) => {}
                Err(e) => {
                    tracing::error!(conversation.id = %talk.id, error = %e, "a silent dialogue could not go on; it is looked at again later");
                    if let Some(at) = talk.silence_at {
                        let later = now + chrono::Duration::minutes(5);
                        conversations::postpone_silence(self.core.db.write(), talk.id, at, later).await?;
                    }
                }
            }
        }
        Ok(done)
    }
}
