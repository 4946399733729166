//! Sends what the outbox holds: in order within a chat, safety first, at least once, never shown sent when it was not.

use super::sender::Try;
use super::wires::WireBoard;
use super::{backoff, wait};
use crate::bus::Hint;
use crate::channels::Registry;
use crate::dispatch::{Core, DispatchError, ladder};
use crate::domain::Instant;
use crate::domain::inbound::Failure;
use crate::metrics::SentOutcome;
use crate::store::StoreError;
use crate::store::outbox::{self, OutboxRow, Outcome, status};
use futures_util::StreamExt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The least time between two looks that find nothing to send.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
/// Rows looked at in one tick.
const LOOK: u64 = 256;

/// One sender.
pub struct OutboxWorker {
    pub core: Arc<Core>,
    pub wires: Arc<Registry>,
    pub board: Arc<WireBoard>,
    pub owner: String,
    pub lease: Duration,
    pub poll: Duration,
    pub max_attempts: i32,
    pub base: Duration,
    pub max_backoff: Duration,
    /// Sends at the same time.
    pub parallel: usize,
    /// Shortest time between two messages into one chat; zero lifts pacing.
    pub per_chat: Duration,
    /// When a chat may be written to again, and when a wire asked us to be quiet.
    quiet_until: Mutex<BTreeMap<String, Instant>>,
}

impl OutboxWorker {
    #[must_use]
    pub fn new(core: Arc<Core>, wires: Arc<Registry>, board: Arc<WireBoard>, owner: String, config: &crate::config::Outbox) -> Self {
        Self {
            core,
            wires,
            board,
            owner,
            lease: Duration::from_secs(config.lease_secs.max(20)),
            poll: Duration::from_millis(config.poll_ms.max(1)),
            max_attempts: i32::try_from(config.max_attempts).unwrap_or(i32::MAX),
            base: Duration::from_millis(config.base_backoff_ms.max(1)),
            max_backoff: Duration::from_secs(config.max_backoff_secs.max(1)),
            parallel: config.workers.max(1),
            per_chat: Duration::from_millis(config.per_chat_interval_ms),
            quiet_until: Mutex::default(),
        }
    }

    /// Until stopped. What is being sent is finished first.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut hints = self.core.bus.subscribe();
        loop {
            let sent = match self.tick().await {
                Ok(n) => n,
                Err(e) => {
                    tracing::warn!(error = %e, "the outbox cannot be worked on now");
                    0
                }
            };
            if sent > 0 && !stop.is_cancelled() {
                continue;
            }
            // The first hint after a rest is followed at once; those of a burst share a look.
            let rested = tokio::time::Instant::now();
            if !wait(&stop, &mut hints, |h| matches!(h, Hint::Outbox), self.poll).await {
                break;
            }
            if let Some(rest) = BETWEEN_LOOKS.checked_sub(rested.elapsed())
                && !super::pause(&stop, rest).await
            {
                break;
            }
            super::drain(&mut hints);
        }
    }

    /// Sends the head of every chat that is due; returns how many rows were settled.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tick(&self) -> Result<usize, StoreError> {
        let wall = self.core.wall();
        // What no wire of this process carries waits for a process that has one.
        let names = self.wires.names();
        if names.is_empty() {
            return Ok(0);
        }
        let rows = outbox::candidates(self.core.db.read(), wall, &names, &self.resting_wires(wall), LOOK).await?;
        let heads = self.heads(rows, wall);
        let results: Vec<Result<bool, StoreError>> =
            futures_util::stream::iter(heads).map(|row| self.one(row)).buffer_unordered(self.parallel).collect().await;
        let mut settled = 0;
        for r in results {
            settled += usize::from(r?);
        }
        Ok(settled)
    }

    /// The first row of each chat, but only of chats that may be written to now.
    fn heads(&self, rows: Vec<OutboxRow>, wall: Instant) -> Vec<OutboxRow> {
        let mut quiet = self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
        quiet.retain(|_, until| *until > wall);
        let mut seen = BTreeSet::new();
        rows.into_iter()
            .filter(|r| {
                let chat = chat_key(r);
                !quiet.contains_key(&chat) && !quiet.contains_key(&wire_key(r)) && seen.insert(chat)
            })
            .collect()
    }

    /// Wires that are left alone as a whole.
    fn resting_wires(&self, wall: Instant) -> Vec<(String, String)> {
        let quiet = self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
        // Keys of chats have three parts, those of wires two.
        quiet
            .iter()
            .filter(|(_, until)| **until > wall)
            .filter_map(|(key, _)| key.split_once(':').filter(|(_, account)| !account.contains(':')))
            .map(|(channel, account)| (channel.to_owned(), account.to_owned()))
            .collect()
    }

    pub(super) fn hush(&self, key: String, span: Duration) {
        if !span.is_zero() {
            let until = self.core.wall() + chrono::Duration::from_std(span).unwrap_or_default();
            self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner).insert(key, until);
        }
    }

    /// Claims, sends and settles one row. False when another was faster.
    async fn one(&self, row: OutboxRow) -> Result<bool, StoreError> {
        let wall = self.core.wall();
        let until = wall + chrono::Duration::from_std(self.lease).unwrap_or(chrono::Duration::seconds(30));
        if !outbox::claim(self.core.db.write(), &row, &self.owner, wall, until).await? {
            return Ok(false);
        }
        match self.deliver(&row).await {
            Ok(Try::Ended(outcome)) => self.end(&row, outcome).await,
            Ok(Try::Climbs { why, refused, error }) => self.climb(&row, (why, refused), error).await,
            // Nothing was sent: the lease runs out and the row is tried again.
            Err(e) if e.is_transient() => Err(e),
            Err(e) => self.end(&row, Outcome::Dead { error: e.to_string(), reason: Failure::Rejected }).await,
        }
    }

    async fn end(&self, row: &OutboxRow, outcome: Outcome) -> Result<bool, StoreError> {
        let told = match &outcome {
            Outcome::Sent { .. } => SentOutcome::Sent,
            Outcome::Retry { .. } => SentOutcome::Retried,
            Outcome::Dead { .. } => SentOutcome::Dead,
            Outcome::Expired => SentOutcome::Expired,
            Outcome::Parked { .. } => SentOutcome::Parked,
            Outcome::Moved { .. } => SentOutcome::Moved,
        };
        if let Outcome::Dead { error, .. } = &outcome {
            tracing::error!(outbox.id = row.id, channel = row.channel, error, "a message cannot be delivered");
        }
        let written = self.settle(row.id, outcome).await?;
        if written {
            self.core.metrics.sent(&row.channel, told);
        }
        Ok(written)
    }

    /// It did not pass in its own chat: another door, a wait, a call.
    async fn climb(&self, row: &OutboxRow, why: (Failure, bool), error: String) -> Result<bool, StoreError> {
        let told = match ladder::climb(&self.core, row, &self.owner, why, error).await {
            Ok(Some(status::MOVED)) => SentOutcome::Moved,
            Ok(Some(status::PARKED)) => SentOutcome::Parked,
            Ok(Some(status::EXPIRED)) => SentOutcome::Expired,
            Ok(Some(status::PENDING)) => SentOutcome::Retried,
            Ok(Some(_)) => SentOutcome::Dead,
            Ok(None) => return Ok(false),
            Err(DispatchError::Store(e)) => return Err(e),
            Err(e) => {
                tracing::error!(outbox.id = row.id, channel = row.channel, error = %e, "no other way could be found; it is tried again");
                return Ok(false);
            }
        };
        if told == SentOutcome::Dead {
            tracing::error!(outbox.id = row.id, channel = row.channel, reason = why.0.as_str(), "a message reached nobody");
        }
        self.core.metrics.sent(&row.channel, told);
        Ok(true)
    }

    /// Writes how it ended. What was sent must not be sent again only because the database hesitated: this is tried for a while.
    async fn settle(&self, id: i64, outcome: Outcome) -> Result<bool, StoreError> {
        let mut attempt = 0;
        loop {
            match outbox::finish(self.core.db.write(), id, &self.owner, outcome.clone()).await {
                Err(e) if e.is_transient() && attempt < 6 => {
                    attempt += 1;
                    tokio::time::sleep(backoff(Duration::from_millis(100), attempt, Duration::from_secs(3))).await;
                }
                other => return other,
            }
        }
    }
}

pub(super) fn chat_key(row: &OutboxRow) -> String {
    format!("{}:{}:{}", row.channel, row.account, row.chat)
}

pub(super) fn wire_key(row: &OutboxRow) -> String {
    format!("{}:{}", row.channel, row.account)
}
