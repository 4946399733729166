//! Takes a letter in: stored whole and for good first, with the thread it belongs to; understood later, like everything else.

use crate::bus::Hint;
use crate::channels::MAIN;
use crate::channels::mail::{self, Kind, Known, Look};
use crate::config::Mail;
use crate::dispatch::Core;
use crate::domain::inbound::ChannelKind;
use crate::domain::{Instant, RequestNumber};
use crate::metrics::InboundOutcome;
use crate::store::letters::{self, Came};
use crate::store::raw_events::{self, NewRawEvent, RawEventRow};
use crate::store::{Conn, StoreError, Tx, conversations, leases, requests};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// Reading takes milliseconds; a letter that takes longer than this was made to.
const LOOK: Duration = Duration::from_secs(60);

/// The service's side of letters.
#[derive(Debug, Clone)]
pub struct MailDoor {
    /// Our own addresses, in lower case.
    own: Vec<String>,
    /// Of a longer letter only the beginning is taken, in bytes.
    pub largest: u32,
}

/// What became of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// False: it was here already.
    pub new: bool,
    /// None: it could not be read and lies as it came.
    pub kind: Option<Kind>,
}

impl MailDoor {
    #[must_use]
    pub fn of(config: &Mail) -> Self {
        Self { own: config.own_addresses(), largest: config.inbound.max_bytes }
    }

    /// Stores one letter. `sent_at`: when our mail server got it. `mark`: a name and a number to remember in the same transaction.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was stored, the letter must come again.
    pub async fn take(&self, core: &Core, raw: Vec<u8>, sent_at: Option<Instant>, mark: Option<(&str, i64)>) -> Result<Taken, StoreError> {
        let now = core.now();
        let mut raw = raw;
        raw.truncate(usize::try_from(self.largest).unwrap_or(usize::MAX));
        let raw = Arc::new(raw);
        let (new, kind) = match self.look(&raw).await {
            Some(look) => match put(core, Some(&look), &raw, now, sent_at, mark).await {
                // The same letter would fail the same way for ever, and all that come after it would wait.
                Err(e) if !e.is_transient() => {
                    tracing::error!(error = %e, "a letter cannot be stored as it was read; it is kept as it came");
                    (put(core, None, &raw, now, sent_at, mark).await?, None)
                }
                done => (done?, Some(look.kind)),
            },
            None => (put(core, None, &raw, now, sent_at, mark).await?, None),
        };
        let outcome = match (new > 0, kind) {
            (false, _) => InboundOutcome::Duplicate,
            (true, None) => InboundOutcome::Unreadable,
            (true, Some(_)) => InboundOutcome::Accepted,
        };
        core.metrics.inbound(ChannelKind::Mail.as_str(), outcome);
        core.bus.publish(Hint::Inbox(u16::MAX));
        Ok(Taken { new: new > 0, kind })
    }

    /// Reads a letter that was kept as it came once more. Gives how many events wait now.
    ///
    /// # Errors
    /// [`StoreError`]; it stays as it is.
    pub async fn again(&self, core: &Core, row: &RawEventRow) -> Result<u64, StoreError> {
        let raw = Arc::new(row.body.clone());
        let Some(look) = self.look(&raw).await else { return Ok(0) };
        let tx = core.db.begin().await?;
        let n = store(&tx, &look, &raw, row.received_at, None, core.wall(), Some(row)).await?;
        tx.commit().await?;
        Ok(n)
    }

    /// Reads apart from everything else, and not for ever: should reading break, the letter is kept all the same.
    async fn look(&self, raw: &Arc<Vec<u8>>) -> Option<Look> {
        let (own, bytes) = (self.own.clone(), raw.clone());
        match tokio::time::timeout(LOOK, tokio::task::spawn_blocking(move || mail::look(&bytes, &own))).await {
            Ok(Ok(look)) => Some(look),
            // What a panic says may repeat the letter.
            Ok(Err(_)) => {
                tracing::error!("a letter cannot be read; it is kept as it came");
                None
            }
            Err(_) => {
                tracing::error!("a letter takes too long to be read; it is kept as it came");
                None
            }
        }
    }
}

/// One letter in one transaction; `None` was not read.
async fn put(
    core: &Core,
    look: Option<&Look>,
    raw: &[u8],
    now: Instant,
    sent_at: Option<Instant>,
    mark: Option<(&str, i64)>,
) -> Result<u64, StoreError> {
    let tx = core.db.begin().await?;
    let new = match look {
        Some(look) => store(&tx, look, raw, now, sent_at, core.wall(), None).await?,
        None => raw_events::insert(&tx, vec![unreadable(raw, now)]).await?,
    };
    if let Some((name, next)) = mark {
        leases::set_poll_offset(&tx, name, next).await?;
    }
    tx.commit().await?;
    Ok(new)
}

fn unreadable(raw: &[u8], received_at: Instant) -> NewRawEvent {
    NewRawEvent {
        channel: ChannelKind::Mail.as_str().to_owned(),
        account: MAIN.to_owned(),
        external_id: format!("sha256:{}", hex::encode(Sha256::digest(raw))),
        conversation_key: format!("{}:{MAIN}:-", ChannelKind::Mail),
        body: raw.to_vec(),
        received_at,
        readable: false,
    }
}

/// `kept`: the row in which it lay unread.
async fn store(
    tx: &Tx,
    look: &Look,
    raw: &[u8],
    now: Instant,
    sent_at: Option<Instant>,
    wall: Instant,
    kept: Option<&RawEventRow>,
) -> Result<u64, StoreError> {
    let known = known(tx, look).await?;
    let stored = mail::events(look, raw, &known, now, sent_at);
    let new = match kept {
        Some(row) => {
            let n = raw_events::read_again(tx, row, stored.events, wall).await?;
            if row.external_id != look.external {
                // Its words lie where whoever wrote them is found.
                raw_events::blank(tx, row.id).await?;
            }
            n
        }
        None => raw_events::insert(tx, stored.events).await?,
    };
    if new == 0 {
        return Ok(0);
    }
    if let Some(whole) = stored.whole {
        letters::keep_whole(tx, MAIN, &look.external, &stored.place, whole, wall).await?;
    }
    if let (Some(letter), Some(address), Some(chat)) = (&look.letter, &look.address, &stored.chat) {
        letters::note(tx, &Came { account: MAIN, letter, chat, address, subject: &look.subject, at: wall }).await?;
    }
    Ok(new)
}

/// What earlier letters say of this one: the thread of the same address that it goes on with, or our letter that a mail server tells of.
async fn known(tx: &Tx, look: &Look) -> Result<Known, StoreError> {
    if look.kind == Kind::Bounce {
        let rows = letters::known(tx, MAIN, &look.told_of).await?;
        let ours = rows.into_iter().find(|r| r.outbox_id.is_some());
        return Ok(Known { outbox: ours.as_ref().and_then(|r| r.outbox_id), chat: ours.map(|r| r.chat) });
    }
    let Some(address) = look.address.as_deref().filter(|_| look.kind == Kind::Person) else { return Ok(Known::default()) };
    let theirs = |chat: &str| mail::address_of(chat) == (address, true);
    let rows = letters::known(tx, MAIN, &look.refs).await?;
    // The letter that was answered is the last of the chain.
    let answered = look.refs.iter().rev().find_map(|id| rows.iter().find(|r| r.letter == *id && theirs(&r.chat)));
    let chat = match (answered, &look.number) {
        (Some(row), _) => Some(row.chat.clone()),
        (None, Some(number)) => thread_of(tx, number).await?.filter(|chat| theirs(chat)),
        (None, None) => None,
    };
    Ok(Known { chat, outbox: None })
}

/// The thread in which a request was made.
async fn thread_of(c: &impl Conn, number: &RequestNumber) -> Result<Option<String>, StoreError> {
    let Some(id) = requests::by_number(c, number).await?.and_then(|s| s.request.conversation) else { return Ok(None) };
    Ok(conversations::load(c, id).await?.filter(|t| t.channel == ChannelKind::Mail).map(|t| t.chat))
}
