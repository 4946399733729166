//! Sends what the outbox holds: in order within a chat, safety first, at least once, never shown sent when it was not.

use super::{backoff, wait};
use crate::bus::Hint;
use crate::channels::wire::SendError;
use crate::channels::{Registry, render};
use crate::dispatch::{Core, notices};
use crate::domain::outgoing::Condition;
use crate::domain::{Instant, Lang, MessageId, RequestId};
use crate::metrics::SentOutcome;
use crate::store::outbox::{self, OutboxRow, Outcome};
use crate::store::{StoreError, conversations, messages, requests};
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
    pub fn new(core: Arc<Core>, wires: Arc<Registry>, owner: String, config: &crate::config::Outbox) -> Self {
        Self {
            core,
            wires,
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

    fn hush(&self, key: String, span: Duration) {
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
        let outcome = match self.deliver(&row).await {
            Ok(o) => o,
            // Nothing was sent: the lease runs out and the row is tried again.
            Err(e) if e.is_transient() => return Err(e),
            Err(e) => Outcome::Dead { error: e.to_string() },
        };
        let told = match &outcome {
            Outcome::Sent { .. } => SentOutcome::Sent,
            Outcome::Retry { .. } => SentOutcome::Retried,
            Outcome::Dead { .. } => SentOutcome::Dead,
            Outcome::Expired => SentOutcome::Expired,
            Outcome::Parked { .. } => SentOutcome::Parked,
        };
        if let Outcome::Dead { error } = &outcome {
            tracing::error!(outbox.id = row.id, channel = row.channel, error, "a message cannot be delivered");
        }
        let written = self.settle(row.id, outcome).await?;
        if written {
            self.core.metrics.sent(&row.channel, told);
        }
        Ok(written)
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

    async fn deliver(&self, row: &OutboxRow) -> Result<Outcome, StoreError> {
        if !self.still_true(row).await? {
            return Ok(Outcome::Expired);
        }
        let told;
        let row = match self.alarm(row).await? {
            None => row,
            Some(None) => return Ok(Outcome::Expired),
            Some(Some(made)) => {
                told = made;
                &told
            }
        };
        let words = match row.message_id {
            Some(id) => match messages::text_of(self.core.db.read(), MessageId(id)).await? {
                Some(text) => Some(text),
                // Erased on the resident's wish.
                None => return Ok(Outcome::Expired),
            },
            None => None,
        };
        let message = render::message(&self.core.book, row, words)?;
        let Some(wire) = self.wires.get(&row.channel, &row.account) else {
            return Ok(self.later(row, Duration::from_secs(60), "no wire is configured for this channel"));
        };
        let text = message.text.clone();
        // Shorter than the lease: a row is never in two hands while a provider is slow.
        let limit = self.lease.saturating_sub(Duration::from_secs(5)).max(Duration::from_secs(5));
        let sent = tokio::time::timeout(limit, wire.send(&row.chat, &message))
            .await
            .unwrap_or_else(|_| Err(SendError::Transient("no answer in time".into())));
        self.hush(chat_key(row), self.per_chat);
        Ok(match sent {
            Ok(s) => {
                self.core.metrics.set_channel_up(&row.channel, true);
                Outcome::Sent { provider_id: s.provider_id, text, at: self.core.now() }
            }
            Err(SendError::RetryAfter(span)) => {
                self.hush(chat_key(row), span);
                self.later(row, span, "the provider asked to slow down")
            }
            Err(SendError::Unauthorized) => {
                // Every message of this wire would fail alike: it is left alone for a while, and the alarm is the metric.
                self.core.metrics.set_channel_up(&row.channel, false);
                self.hush(wire_key(row), Duration::from_secs(30));
                self.later(row, Duration::from_secs(30), "the provider does not accept our credentials")
            }
            Err(SendError::Blocked) => {
                conversations::mark_blocked(self.core.db.write(), &row.channel, &row.account, &row.chat, Some(self.core.now())).await?;
                Outcome::Dead { error: "the chat does not take messages from us".into() }
            }
            Err(SendError::Rejected(why)) => Outcome::Dead { error: why },
            Err(SendError::Transient(why)) if row.attempts + 1 >= self.max_attempts => Outcome::Dead { error: why },
            Err(SendError::Transient(why)) => self.later(row, backoff(self.base, row.attempts, self.max_backoff), &why),
        })
    }

    fn later(&self, _row: &OutboxRow, span: Duration, why: &str) -> Outcome {
        Outcome::Retry { at: self.core.wall() + chrono::Duration::from_std(span).unwrap_or_default(), error: why.to_owned() }
    }

    /// A message about alarms gets its words now; `Some(None)` when nothing of it is true any more, `None` for all other messages.
    async fn alarm(&self, row: &OutboxRow) -> Result<Option<Option<OutboxRow>>, StoreError> {
        let Condition::Alarms(list) = render::condition(row)? else { return Ok(None) };
        let lang = Lang::parse(&row.lang).ok_or_else(|| StoreError::corrupt("outbox.lang", &row.lang))?;
        let Some((key, params)) = notices::words(&self.core, self.core.db.read(), &list, lang).await? else { return Ok(Some(None)) };
        let params = serde_json::to_string(&params).map_err(|e| StoreError::corrupt("outbox.params", e))?;
        Ok(Some(Some(OutboxRow { template: Some(key.to_owned()), params, ..row.clone() })))
    }

    async fn still_true(&self, row: &OutboxRow) -> Result<bool, StoreError> {
        match render::condition(row)? {
            // Alarms are looked at one by one when the words are made.
            Condition::Always | Condition::Alarms(_) => Ok(true),
            Condition::Before(at) => Ok(self.core.now() < at),
            Condition::StatusIn(states) => {
                let Some(id) = row.request_id else { return Ok(true) };
                let stored = requests::load(self.core.db.read(), RequestId(id)).await?;
                Ok(stored.is_some_and(|s| states.contains(&s.request.status)))
            }
        }
    }
}

fn chat_key(row: &OutboxRow) -> String {
    format!("{}:{}:{}", row.channel, row.account, row.chat)
}

fn wire_key(row: &OutboxRow) -> String {
    format!("{}:{}", row.channel, row.account)
}
