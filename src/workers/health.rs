//! Asks every wire now and then whether it is there, for `jambyl_channel_up`.

use super::pause;
use crate::channels::Registry;
use crate::dispatch::Core;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The worker.
pub struct WireHealth {
    pub core: Arc<Core>,
    pub wires: Arc<Registry>,
}

impl WireHealth {
    /// Until stopped, every minute.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = self.tick() => {}
                () = stop.cancelled() => return,
            }
            if !pause(&stop, Duration::from_secs(60)).await {
                return;
            }
        }
    }

    /// One round.
    pub async fn tick(&self) {
        for (channel, wire) in self.wires.all() {
            let up = tokio::time::timeout(Duration::from_secs(10), wire.healthy()).await.unwrap_or(false);
            self.core.metrics.set_channel_up(channel, up);
        }
    }
}
