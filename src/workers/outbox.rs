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
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// The least time from one look to the next, unless the first found as much as it looks for: what comes meanwhile shares a commit.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
/// Most rows that are noted in one commit.
const NOTED: usize = 64;
/// Rows looked at in one tick.
const LOOK: u64 = 256;

/// Nothing is ever said over it: whoever waits goes on when the other end is let go.
type Never = std::convert::Infallible;

/// A row that was taken, and how its sending ended; or why none could be taken.
type Tried = Result<(OutboxRow, Result<Try, StoreError>), StoreError>;

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
            let looked = tokio::time::Instant::now();
            let sent = match self.tick().await {
                Ok(n) => n,
                Err(e) => {
                    tracing::warn!(error = %e, "the outbox cannot be worked on now");
                    0
                }
            };
            let goes_on = if sent > 0 { !stop.is_cancelled() } else { wait(&stop, &mut hints, |h| matches!(h, Hint::Outbox), self.poll).await };
            let rest = BETWEEN_LOOKS.saturating_sub(looked.elapsed());
            if !goes_on || (!rest.is_zero() && !super::pause(&stop, rest).await) {
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
        let (done, mut tried) = mpsc::unbounded_channel::<(Tried, oneshot::Sender<Never>)>();
        // As many are taken at once as are sent side by side, so that none waits long in our hands.
        let send = async {
            let done = done;
            futures_util::stream::iter(heads.chunks(self.parallel))
                .then(|rows| self.claim(rows))
                .flat_map(|claimed| futures_util::stream::iter(each(claimed)))
                .for_each_concurrent(self.parallel, |row| {
                    let done = done.clone();
                    async move {
                        let end = match row {
                            Ok(row) => {
                                let end = self.deliver(&row).await;
                                Ok((row, end))
                            }
                            Err(e) => Err(e),
                        };
                        // Its place is taken until it is noted: were the process killed now, no more would be sent again than are sent side by side.
                        let (noted, wait) = oneshot::channel();
                        let _ = done.send((end, noted));
                        let _: Result<Never, _> = wait.await;
                    }
                })
                .await;
        };
        // What was sent meanwhile is noted together. Both go on side by side: one that stood still could hold the only connection that the other needs.
        let note = async {
            let (mut settled, mut trouble, mut some) = (0, None, Vec::new());
            while tried.recv_many(&mut some, NOTED).await > 0 {
                let (tries, _noted): (Vec<Tried>, Vec<oneshot::Sender<Never>>) = std::mem::take(&mut some).into_iter().unzip();
                match self.end_all(tries).await {
                    Ok(n) => settled += n,
                    Err(e) => trouble = Some(e),
                }
            }
            trouble.map_or(Ok(settled), Err)
        };
        tokio::join!(send, note).1
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

    /// Takes rows into our hands: those that nobody else was faster with.
    async fn claim(&self, rows: &[OutboxRow]) -> Result<Vec<OutboxRow>, StoreError> {
        let wall = self.core.wall();
        let until = wall + chrono::Duration::from_std(self.lease).unwrap_or(chrono::Duration::seconds(90));
        let ours = outbox::claim(self.core.db.write(), rows, &self.owner, wall, until).await?;
        Ok(rows.iter().filter(|r| ours.contains(&r.id)).map(|r| OutboxRow { lease_until: Some(until), ..r.clone() }).collect())
    }

    /// Writes how some tries ended; returns how many rows were settled. The first trouble of the database is told at the end, when all were looked at:
    /// what it kept from being sent is tried again once its lease has run out.
    async fn end_all(&self, tries: Vec<Tried>) -> Result<usize, StoreError> {
        let (mut ended, mut settled, mut trouble) = (Vec::new(), 0, None);
        for tried in tries {
            let (row, end) = match tried {
                Ok((row, Ok(end))) => (row, end),
                Ok((_, Err(e))) | Err(e) if e.is_transient() => {
                    trouble = Some(e);
                    continue;
                }
                Ok((row, Err(e))) => (row, Try::Ended(Outcome::Dead { error: e.to_string(), reason: Failure::Rejected })),
                Err(e) => {
                    trouble = Some(e);
                    continue;
                }
            };
            match end {
                Try::Ended(outcome) => ended.push((row, outcome)),
                Try::Climbs { why, refused, error } => match self.climb(&row, (why, refused), error).await {
                    Ok(done) => settled += usize::from(done),
                    Err(e) => trouble = Some(e),
                },
            }
        }
        let written = match self.settle_together(&ended).await {
            Ok(written) => Ok(written),
            Err(e) if ended.len() > 1 => {
                tracing::debug!(error = %e, messages = ended.len(), "a shared commit of sent messages failed; each is written alone");
                self.settle_alone(&ended).await
            }
            Err(_) => self.settle_alone(&ended).await,
        };
        for ((row, outcome), _) in ended.iter().zip(written?).filter(|(_, written)| *written) {
            self.tell(row, outcome);
            settled += 1;
        }
        trouble.map_or(Ok(settled), Err)
    }

    /// Counts it, and says so when a message was given up.
    fn tell(&self, row: &OutboxRow, outcome: &Outcome) {
        let told = match outcome {
            Outcome::Sent { .. } => SentOutcome::Sent,
            Outcome::Retry { .. } => SentOutcome::Retried,
            Outcome::Dead { .. } => SentOutcome::Dead,
            Outcome::Expired => SentOutcome::Expired,
            Outcome::Parked { .. } => SentOutcome::Parked,
            Outcome::Moved { .. } => SentOutcome::Moved,
        };
        if let Outcome::Dead { error, .. } = outcome {
            tracing::error!(outbox.id = row.id, channel = row.channel, error, "a message cannot be delivered");
        }
        self.core.metrics.sent(&row.channel, told);
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

    /// Writes how they ended, in one commit. For each: whether it was still in our hands.
    async fn settle_together(&self, ended: &[(OutboxRow, Outcome)]) -> Result<Vec<bool>, StoreError> {
        if ended.is_empty() {
            return Ok(Vec::new());
        }
        let tx = self.core.db.begin().await?;
        let mut written = Vec::with_capacity(ended.len());
        for (row, outcome) in ended {
            written.push(outbox::finish(&tx, row.id, &self.owner, outcome.clone()).await?);
        }
        tx.commit().await?;
        Ok(written)
    }

    /// Writes how they ended, one by one. What was sent must not be sent again only because the database hesitated: this is tried for a while.
    async fn settle_alone(&self, ended: &[(OutboxRow, Outcome)]) -> Result<Vec<bool>, StoreError> {
        let (mut written, mut trouble) = (Vec::with_capacity(ended.len()), None);
        for (row, outcome) in ended {
            let mut attempt = 0;
            let end = loop {
                match outbox::finish(self.core.db.write(), row.id, &self.owner, outcome.clone()).await {
                    Err(e) if e.is_transient() && attempt < 6 => {
                        attempt += 1;
                        tokio::time::sleep(backoff(Duration::from_millis(100), attempt, Duration::from_secs(3))).await;
                    }
                    other => break other,
                }
            };
            match end {
                Ok(ours) => written.push(ours),
                Err(e) => {
                    written.push(false);
                    trouble = Some(e);
                }
            }
        }
        trouble.map_or(Ok(written), Err)
    }
}

/// Rows one by one, or the trouble that kept them from being taken.
fn each(claimed: Result<Vec<OutboxRow>, StoreError>) -> Vec<Result<OutboxRow, StoreError>> {
    match claimed {
        Ok(rows) => rows.into_iter().map(Ok).collect(),
        Err(e) => vec![Err(e)],
    }
}

pub(super) fn chat_key(row: &OutboxRow) -> String {
    format!("{}:{}:{}", row.channel, row.account, row.chat)
}

pub(super) fn wire_key(row: &OutboxRow) -> String {
    format!("{}:{}", row.channel, row.account)
}
