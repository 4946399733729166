//! Long polling for a bot without a public address: stored first, then the offset moves, both in one transaction.

use super::pause;
use crate::bus::Hint;
use crate::channels;
use crate::channels::wire::{PollError, TelegramChannel};
use crate::dispatch::Core;
use crate::metrics::InboundOutcome;
use crate::store::{StoreError, leases, raw_events};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long one call waits for news.
const WAIT: Duration = Duration::from_secs(8);

/// The poller of one bot; of several processes only the holder of a lease polls.
pub struct Poller {
    pub core: Arc<Core>,
    pub wire: TelegramChannel,
    pub bot: String,
    pub owner: String,
}

impl Poller {
    fn lease(&self) -> String {
        format!("poll:{}", self.bot)
    }

    /// Until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut cleared = false;
        loop {
            let wall = self.core.wall();
            let ours = leases::take(self.core.db.write(), &self.lease(), &self.owner, wall, chrono::Duration::seconds(30)).await;
            let rest = match ours {
                Ok(true) => {
                    if !cleared {
                        // A webhook that stands from before would keep every update to itself.
                        cleared = self.wire.delete_webhook().await.is_ok();
                    }
                    tokio::select! {
                        rest = self.tick() => rest,
                        () = stop.cancelled() => Duration::ZERO,
                    }
                }
                Ok(false) => Duration::from_secs(5),
                Err(e) => {
                    tracing::warn!(error = %e, "polling waits for the database");
                    Duration::from_secs(2)
                }
            };
            if stop.is_cancelled() || (!rest.is_zero() && !pause(&stop, rest).await) {
                break;
            }
        }
        if let Err(e) = leases::release(self.core.db.write(), &self.lease(), &self.owner).await {
            tracing::debug!(error = %e, "the lease was not given back; it runs out by itself");
        }
    }

    /// One call; returns how long to rest before the next.
    pub async fn tick(&self) -> Duration {
        match self.fetch().await {
            Ok(rest) => rest,
            Err(e) => {
                tracing::warn!(error = %e, "updates could not be stored; they will be fetched again");
                Duration::from_secs(2)
            }
        }
    }

    async fn fetch(&self) -> Result<Duration, StoreError> {
        let offset = leases::poll_offset(self.core.db.read(), &self.bot).await?;
        let updates = match self.wire.get_updates(offset, WAIT).await {
            Ok(u) => u,
            Err(PollError::RetryAfter(span)) => return Ok(span),
            Err(e @ (PollError::Unauthorized | PollError::Conflict)) => {
                self.core.metrics.set_channel_up("telegram", false);
                tracing::error!(bot = self.bot, error = %e, "Telegram does not give updates");
                return Ok(Duration::from_secs(15));
            }
            Err(e) => {
                self.core.metrics.set_channel_up("telegram", false);
                tracing::warn!(bot = self.bot, error = %e, "Telegram cannot be reached");
                return Ok(Duration::from_secs(3));
            }
        };
        self.core.metrics.set_channel_up("telegram", true);
        let Some(last) = updates.iter().map(|u| u.update_id).max() else { return Ok(Duration::ZERO) };
        let now = self.core.now();
        let events: Vec<_> = updates.iter().map(|u| channels::telegram::raw_event(&self.bot, &u.body, now)).collect();
        let count = events.len() as u64;
        let tx = self.core.db.begin().await?;
        let new = raw_events::insert(&tx, events).await?;
        leases::set_poll_offset(&tx, &self.bot, last + 1).await?;
        tx.commit().await?;
        for i in 0..count {
            let outcome = if i < new { InboundOutcome::Accepted } else { InboundOutcome::Duplicate };
            self.core.metrics.inbound("telegram", outcome);
        }
        self.core.bus.publish(Hint::Inbox(u16::MAX));
        Ok(Duration::ZERO)
    }
}
