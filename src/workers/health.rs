//! Asks every wire now and then whether it is there: whoever looks at metrics or at a screen sees a wire that is down within a minute.

use super::pause;
use super::wires::WireBoard;
use crate::channels::Registry;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Between two rounds.
const EVERY: Duration = Duration::from_secs(20);
/// How long a wire may think about its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The worker.
pub struct WireHealth {
    pub wires: Arc<Registry>,
    pub board: Arc<WireBoard>,
}

impl WireHealth {
    /// Until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = self.tick() => {}
                () = stop.cancelled() => return,
            }
            if !pause(&stop, EVERY).await {
                return;
            }
        }
    }

    /// One round; wires are asked side by side, so that a silent one keeps no other waiting.
    pub async fn tick(&self) {
        if let Err(e) = self.board.learn().await {
            tracing::warn!(error = %e, "what other processes saw of the wires is not known now");
        }
        let asked = self.wires.all().map(|((channel, account), wire)| async move {
            let up = tokio::time::timeout(PATIENCE, wire.healthy()).await.unwrap_or(false);
            if let Err(e) = self.board.asked(channel, account, up).await {
                tracing::warn!(error = %e, "how a wire was seen could not be noted");
            }
        });
        futures_util::future::join_all(asked).await;
    }
}
