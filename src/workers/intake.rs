//! Works through the inbox: the oldest event of each conversation first, a conversation never in two hands, one poison event never in anybody's way.

use super::{drain, guarded, guarded_work, pause, wait};
use crate::bus::Hint;
use crate::channels::wire::FetchError;
use crate::channels::{self, Registry, social};
use crate::dispatch::intake::{self, Item, Prepared};
use crate::dispatch::{Core, DispatchError};
use crate::domain::inbound::{ChannelKind, Content, Inbound};
use crate::domain::{Instant, Lang};
use crate::metrics::InboundOutcome;
use crate::store::entity::raw_event::Model;
use crate::store::{Backend, StoreError, deliveries, leases, raw_events};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// How long the provider may take to tell what a mention says.
const ASK_LIMIT: Duration = Duration::from_secs(5);
/// After this many tries a person looks at the mention; with growing pauses that is most of an hour.
const ASK_TRIES: i32 = 10;
/// So often an echo waits for a message that is just being sent.
const ECHO_TRIES: i32 = 5;
/// Events of a chat among which changes of a message are looked for that is taken back.
const EDITS_WITHIN: u64 = 200;
/// The least time from one look of a lane to the next, unless there is certainly more: what comes meanwhile shares a commit.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
/// How long an acknowledged button press may take.
const ACK_LIMIT: Duration = Duration::from_secs(5);

/// One worker of the inbox.
pub struct IntakeWorker {
    pub core: Arc<Core>,
    pub wires: Arc<Registry>,
    pub owner: String,
    pub batch: u64,
    pub lease: Duration,
    pub poll: Duration,
    /// Batches worked on side by side: while one waits for its commit, another is read and decided.
    pub lanes: usize,
    slots: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    slots: Vec<i16>,
    /// When the share is looked at again.
    renew_at: Option<Instant>,
}

/// What became of a batch.
#[derive(Default)]
struct Done {
    /// Events done, or counted as failed.
    settled: usize,
    /// There may be more to do right now.
    more: bool,
}

/// What a wire is told once a batch is done: courtesies on which nothing depends.
enum Courtesy {
    /// A pressed button stops spinning.
    Pressed { channel: ChannelKind, account: String, ack: String },
    /// The person sees that the message was read.
    Seen { channel: ChannelKind, account: String, chat: String, message: String },
}

impl IntakeWorker {
    #[must_use]
    pub fn new(core: Arc<Core>, wires: Arc<Registry>, owner: String, config: &crate::config::Intake) -> Self {
        let lanes = if core.db.backend() == Backend::Sqlite { 1 } else { config.lanes.clamp(1, raw_events::SLOTS.unsigned_abs().into()) };
        Self {
            core,
            wires,
            owner,
            batch: config.batch.max(1),
            lease: Duration::from_secs(config.lease_secs.max(3)),
            poll: Duration::from_millis(config.poll_ms.max(1)),
            // SQLite has one writer: lanes would only stand in its queue.
            lanes,
            slots: Mutex::default(),
        }
    }

    /// One lane, until stopped; then the slots are given back.
    pub async fn run(self: Arc<Self>, lane: usize, stop: CancellationToken) {
        let mut hints = self.core.bus.subscribe();
        let ours = (0..raw_events::SLOTS).filter(|s| self.in_lane(*s, lane)).fold(0u16, |all, s| all | 1 << s);
        loop {
            let looked = tokio::time::Instant::now();
            let more = match self.tick_lane(lane).await {
                Ok(done) => done.settled > 0 && done.more,
                Err(e) => {
                    tracing::warn!(error = %e, "the inbox cannot be worked on now");
                    false
                }
            };
            if more && !stop.is_cancelled() {
                continue;
            }
            if !wait(&stop, &mut hints, |h| matches!(h, Hint::Inbox(slots) if slots & ours != 0), self.poll).await {
                break;
            }
            let rest = BETWEEN_LOOKS.saturating_sub(looked.elapsed());
            if !rest.is_zero() && !pause(&stop, rest).await {
                break;
            }
            drain(&mut hints);
        }
        // Lane 0 speaks for all. Were another still at its last batch, the marks of its events keep a successor from doing them twice.
        if lane == 0
            && let Err(e) = leases::leave(self.core.db.write(), &self.owner).await
        {
            tracing::debug!(error = %e, "slots were not given back; they run out by themselves");
        }
    }

    /// Works on one batch of every lane; returns how many events were settled (done or counted as failed).
    ///
    /// # Errors
    /// When the database does not answer. Nothing is lost.
    pub async fn tick(&self) -> Result<usize, StoreError> {
        let mut settled = 0;
        for lane in 0..self.lanes {
            settled += self.tick_lane(lane).await?.settled;
        }
        Ok(settled)
    }

    fn in_lane(&self, slot: i16, lane: usize) -> bool {
        usize::from(slot.unsigned_abs()) % self.lanes == lane
    }

    /// Works on one batch of one lane. A lane has its own part of the slots, so lanes never meet in a conversation.
    async fn tick_lane(&self, lane: usize) -> Result<Done, StoreError> {
        let mut slots = self.held().await?;
        slots.retain(|s| self.in_lane(*s, lane));
        let wall = self.core.wall();
        let (ready, more) = self.ready(&slots, wall).await?;
        // What failed waits on purpose and is no lag.
        let oldest = ready.iter().filter(|r| r.attempts == 0).map(|r| r.received_at).min();
        let behind = oldest.map_or(Duration::ZERO, |at| {
            let span = self.core.now().signed_duration_since(at).to_std().unwrap_or_default();
            self.core.clocks.business.real(span)
        });
        self.core.lag_ms.store(u64::try_from(behind.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        if ready.is_empty() {
            return Ok(Done::default());
        }
        let skip = self.skip_labels();
        let labels: Vec<&str> = skip.iter().map(String::as_str).collect();
        let (mut good, mut courtesies, mut settled) = (Vec::new(), Vec::new(), 0);
        let mut held_up = BTreeSet::new();
        for row in ready {
            if held_up.contains(&row.conversation_key) {
                continue;
            }
            let read = guarded(|| channels::inbound(&row.channel, &row.account, &row.body, &labels).map_err(|e| e.to_string()));
            match read.unwrap_or_else(|e| Err(e.to_string())) {
                Ok(inbound) => {
                    let Some(inbound) = self.complete(&row, inbound).await? else {
                        settled += 1;
                        held_up.insert(row.conversation_key);
                        continue;
                    };
                    courtesies.extend(courtesy(&inbound));
                    let earlier = self.earlier(&inbound, &labels).await?;
                    let item = Item { raw: row.id, received_at: row.received_at, inbound, earlier };
                    match guarded(|| intake::prepare(&self.core, item)) {
                        Ok(prepared) => good.push(prepared),
                        Err(e) => {
                            self.park(&row, &e.to_string()).await?;
                            settled += 1;
                        }
                    }
                }
                Err(e) => {
                    self.park(&row, &e).await?;
                    settled += 1;
                }
            }
        }
        settled += self.settle(&good).await?;
        self.be_courteous(courtesies);
        Ok(Done { settled, more })
    }

    /// The oldest events that may be worked on now. A crowd that waits behind a failed event does not hide the conversations after it.
    /// And whether there may be more of them: if not, what comes later brings its own hint.
    async fn ready(&self, slots: &[i16], wall: Instant) -> Result<(Vec<Model>, bool), StoreError> {
        let mut held_up: BTreeSet<String> = BTreeSet::new();
        loop {
            let rows = raw_events::waiting(self.core.db.read(), slots, &held_up, self.batch).await?;
            let whole = rows.len() as u64 == self.batch;
            let known = held_up.len();
            let ready = in_order(rows, wall, &mut held_up);
            if !ready.is_empty() || !whole || held_up.len() == known {
                return Ok((ready, whole));
            }
        }
    }

    async fn held(&self) -> Result<Vec<i16>, StoreError> {
        let mut held = self.slots.lock().await;
        let wall = self.core.wall();
        if held.renew_at.is_none_or(|at| at <= wall) {
            let lease = chrono::Duration::from_std(self.lease).unwrap_or(chrono::Duration::seconds(30));
            let tx = self.core.db.begin().await?;
            held.slots = leases::share_slots(&tx, &self.owner, wall, lease).await?;
            tx.commit().await?;
            held.renew_at = Some(wall + lease / 3);
        }
        Ok(held.slots.clone())
    }

    /// Nothing can be done with it, however often it is tried.
    async fn park(&self, row: &Model, why: &str) -> Result<(), StoreError> {
        raw_events::mark_failed(self.core.db.write(), row.id, why, None).await?;
        tracing::error!(event.id = row.id, channel = row.channel, error = why, "an event cannot be read; it is parked");
        self.core.metrics.inbound(&row.channel, InboundOutcome::Parked);
        Ok(())
    }

    /// All together; when that fails, each alone, so that one poison event does not hold up the others.
    async fn settle(&self, batch: &[Prepared]) -> Result<usize, StoreError> {
        match guarded_work(Box::pin(intake::process(&self.core, batch))).await {
            Ok(()) => return Ok(batch.len()),
            Err(DispatchError::Store(e)) if e.is_transient() => return Err(e),
            Err(e) if batch.len() > 1 => tracing::debug!(error = %e, events = batch.len(), "a batch failed; each event is tried alone"),
            Err(_) => {}
        }
        let mut held_up: BTreeSet<String> = BTreeSet::new();
        let mut settled = 0;
        for p in batch {
            if held_up.contains(&p.key()) {
                continue;
            }
            match guarded_work(Box::pin(intake::process(&self.core, std::slice::from_ref(p)))).await {
                Ok(()) => settled += 1,
                Err(DispatchError::Store(e)) if e.is_transient() => return Err(e),
                Err(e) => {
                    settled += 1;
                    if !self.failed(p, &e).await? {
                        held_up.insert(p.key());
                    }
                }
            }
        }
        Ok(settled)
    }

    /// Counts a failure. True when the event was parked and holds nobody up any more.
    async fn failed(&self, p: &Prepared, e: &DispatchError) -> Result<bool, StoreError> {
        let attempts = raw_events::attempts(self.core.db.read(), p.raw()).await? + 1;
        let parked = attempts >= self.core.settings.intake_attempts;
        let retry = super::backoff(Duration::from_millis(250), attempts, Duration::from_secs(30));
        let at = self.core.wall() + chrono::Duration::from_std(retry).unwrap_or_default();
        raw_events::mark_failed(self.core.db.write(), p.raw(), &e.to_string(), (!parked).then_some(at)).await?;
        let outcome = if parked { InboundOutcome::Parked } else { InboundOutcome::Failed };
        self.core.metrics.inbound(p.channel().as_str(), outcome);
        if parked {
            tracing::error!(event.id = p.raw(), error = %e, "an event failed too often; it is parked");
        } else {
            tracing::warn!(event.id = p.raw(), attempt = attempts, error = %e, "an event failed; it will be tried again");
        }
        Ok(parked)
    }

    fn skip_labels(&self) -> Vec<String> {
        [Lang::Kk, Lang::Ru].iter().map(|l| self.core.book.label(*l, "btn.skip")).collect()
    }

    /// What has to be known before an event is worked on, beyond what it says itself. `None`: it will be tried again later.
    async fn complete(&self, row: &Model, inbound: Inbound) -> Result<Option<Inbound>, StoreError> {
        match &inbound.content {
            Content::Mention { .. } => self.asked(row, inbound).await,
            // Our own words may come back before we have noted under which handle the provider took them.
            Content::Own { .. } if inbound.comment.is_none() && row.attempts + 1 < ECHO_TRIES => {
                let (channel, db) = (inbound.channel.as_str(), self.core.db.read());
                if !deliveries::is_in_hand(db, channel, &inbound.account, &inbound.chat).await? {
                    return Ok(Some(inbound));
                }
                let at = self.core.wall() + chrono::Duration::seconds(2);
                raw_events::mark_failed(self.core.db.write(), row.id, "a message for this chat is just being sent", Some(at)).await?;
                Ok(None)
            }
            _ => Ok(Some(inbound)),
        }
    }

    /// Somebody named us elsewhere: asks the provider for the words. When it does not tell them, the mention stays what it is, and a person looks at it.
    async fn asked(&self, row: &Model, inbound: Inbound) -> Result<Option<Inbound>, StoreError> {
        let Content::Mention { media, comment } = &inbound.content else { return Ok(Some(inbound)) };
        let Some(wire) = self.wires.get(inbound.channel.as_str(), &inbound.account) else { return Ok(Some(inbound)) };
        let told = tokio::time::timeout(ASK_LIMIT, wire.mentioned(media, comment.as_deref())).await;
        match told.unwrap_or_else(|_| Err(FetchError::Transient("no answer in time".into()))) {
            Ok(told) => {
                let content = social::mentioned(&told).unwrap_or_else(|| inbound.content.clone());
                Ok(Some(Inbound { content, sender_name: told.by.or(inbound.sender_name), sent_at: told.at.or(inbound.sent_at), ..inbound }))
            }
            Err(FetchError::Transient(why)) if row.attempts + 1 < ASK_TRIES => {
                let retry = super::backoff(Duration::from_secs(5), row.attempts + 1, Duration::from_secs(1800));
                let at = self.core.wall() + chrono::Duration::from_std(retry).unwrap_or_default();
                raw_events::mark_failed(self.core.db.write(), row.id, &why, Some(at)).await?;
                self.core.metrics.inbound(&row.channel, InboundOutcome::Failed);
                Ok(None)
            }
            Err(_) => Ok(Some(inbound)),
        }
    }

    /// What a message said that is taken back now, while its event still holds it.
    async fn earlier(&self, inbound: &Inbound, labels: &[&str]) -> Result<Vec<Content>, StoreError> {
        let Content::Unsent { of } = &inbound.content else { return Ok(Vec::new()) };
        let names = channels::names_of(inbound.channel, of);
        let db = self.core.db.read();
        let rows = raw_events::named(db, inbound.channel.as_str(), &inbound.account, &names).await?;
        let read = |row: &Model| channels::inbound(&row.channel, &row.account, &row.body, labels).ok().map(|i| i.content);
        let mut said: Vec<Content> = rows.iter().filter_map(read).collect();
        // What it was changed to has names of its own: those are looked for in the chat.
        let key = intake::conversation_key(inbound.channel, &inbound.account, &inbound.chat);
        let changed = |content: &Content| matches!(content, Content::Edited { of: what, .. } if what == of);
        said.extend(raw_events::last_of(db, &key, EDITS_WITHIN).await?.iter().filter_map(read).filter(changed));
        Ok(said)
    }

    /// Tells the wires that presses and messages were seen.
    fn be_courteous(&self, courtesies: Vec<Courtesy>) {
        for c in courtesies {
            let (Courtesy::Pressed { channel, account, .. } | Courtesy::Seen { channel, account, .. }) = &c;
            if let Some(wire) = self.wires.get(channel.as_str(), account) {
                crate::lifecycle::detach(async move {
                    let told = async {
                        match &c {
                            Courtesy::Pressed { ack, .. } => wire.acknowledge(ack).await,
                            Courtesy::Seen { chat, message, .. } => wire.seen(chat, message).await,
                        }
                    };
                    let _ = tokio::time::timeout(ACK_LIMIT, told).await;
                });
            }
        }
    }
}

/// What its sender is shown before we answer.
fn courtesy(i: &Inbound) -> Option<Courtesy> {
    let (channel, account) = (i.channel, i.account.clone());
    match &i.content {
        _ if i.comment.is_some() => None,
        Content::Button { ack, .. } if !ack.is_empty() => Some(Courtesy::Pressed { channel, account, ack: ack.clone() }),
        Content::Text(_)
        | Content::Media { .. }
        | Content::Location { .. }
        | Content::Contact { .. }
        | Content::Button { .. }
        | Content::Unsupported { .. } => {
            let message = i.message_ref.clone()?;
            // Only these wires have such a mark.
            matches!(channel, ChannelKind::Whatsapp | ChannelKind::Instagram | ChannelKind::Facebook).then(|| Courtesy::Seen {
                channel,
                account,
                chat: i.chat.clone(),
                message,
            })
        }
        _ => None,
    }
}

/// Leaves out events in back-off and everything behind them in the same conversation, whose key goes into `held_up`.
fn in_order(rows: Vec<Model>, wall: Instant, held_up: &mut BTreeSet<String>) -> Vec<Model> {
    rows.into_iter()
        .filter(|r| {
            // The first attempt is always due: its time was taken from the business clock, which a demo may run ahead.
            let due = r.attempts == 0 || r.next_attempt_at <= wall;
            if !due {
                held_up.insert(r.conversation_key.clone());
            }
            due && !held_up.contains(&r.conversation_key)
        })
        .collect()
}
