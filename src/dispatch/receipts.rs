//! What providers tell of messages that they took: applied in whatever order it comes, as often as it comes.

use super::effects::{Count, Effects};
use super::ladder::{self, Stuck};
use super::{Core, DispatchError};
use crate::domain::Instant;
use crate::domain::delivery::{Track, stage};
use crate::domain::inbound::{ChannelKind, Failure, Receipt, ReceiptStage};
use crate::store::deliveries::{self, Becomes, Early};
use crate::store::outbox::{OutboxRow, status};
use crate::store::{Conn, StoreError, Tx, conversations, wires};
use chrono::Duration;

/// Receipts of unknown messages are looked at together.
const BATCH: u64 = 200;
/// A receipt whose message is still unknown after this is not about a message of ours.
const UNKNOWN: Duration = Duration::minutes(15);

/// Applies one receipt. One of a message that is not known yet is kept: it may be faster than the answer to the send.
///
/// # Errors
/// The store's.
pub(super) async fn apply(
    core: &Core,
    tx: &Tx,
    fx: &mut Effects,
    channel: ChannelKind,
    account: &str,
    r: &Receipt,
    now: Instant,
) -> Result<(), DispatchError> {
    fx.after.counts.push(Count::Receipt { channel, stage: r.stage });
    for _ in 0..5 {
        let Some(row) = find(tx, channel.as_str(), account, r).await? else {
            return Ok(deliveries::keep_early(tx, channel.as_str(), account, r, now).await?);
        };
        if take(core, tx, fx, &row, r, now).await? {
            return Ok(());
        }
    }
    Err(DispatchError::Internal("a message changes faster than its receipt can be noted".into()))
}

/// Everything that was taken for a chat up to `until` went as far as `stage`.
///
/// # Errors
/// The store's.
pub(super) async fn apply_until(
    tx: &Tx,
    channel: ChannelKind,
    account: &str,
    chat: &str,
    until: Instant,
    what: ReceiptStage,
) -> Result<(), DispatchError> {
    deliveries::note_until(tx, (channel.as_str(), account, chat), until, what).await?;
    Ok(())
}

/// By our own mark, which comes back even when the answer to the send was lost, else by the provider's handle.
async fn find(c: &impl Conn, channel: &str, account: &str, r: &Receipt) -> Result<Option<OutboxRow>, StoreError> {
    if let Some(id) = r.tag.as_deref().and_then(|t| t.parse().ok())
        && let Some(row) = deliveries::load(c, id).await?.filter(|row| row.channel == channel && row.account == account)
    {
        return Ok(Some(row));
    }
    deliveries::by_provider(c, channel, account, &r.provider_id).await
}

/// Notes a receipt on its row. False when the row has changed meanwhile.
async fn take(core: &Core, tx: &Tx, fx: &mut Effects, row: &OutboxRow, r: &Receipt, now: Instant) -> Result<bool, DispatchError> {
    let before = deliveries::track(row)?;
    // A long text goes in several messages, and an earlier try has a handle of its own: only the last one tells that all has arrived.
    let another = row.provider_id.as_deref().is_some_and(|id| id != r.provider_id);
    if another && row.status == status::SENT && r.stage != ReceiptStage::Failed {
        return Ok(true);
    }
    let failure = (r.stage == ReceiptStage::Failed).then(|| r.failure.unwrap_or(Failure::Transient));
    let after = before.with(r.stage, r.at.unwrap_or(now), failure);
    let ours = matches!(row.status.as_str(), status::SENT | status::SENDING);
    if let (true, true, Some(why)) = (ours, after.failed() && !before.failed(), failure) {
        return failed(core, tx, fx, row, &after, why).await;
    }
    // Proof that the provider took it, though we thought otherwise. "Sent on" is none once a try has failed: it may tell of that try.
    let proof = after.arrived() || (after.stage == stage::SENT_ON && after.failed_at.is_none());
    if after.arrived() && before.failed_at.is_some() {
        // Whoever gets messages takes them, whatever another device of theirs said.
        conversations::mark_blocked(tx, &row.channel, &row.account, &row.chat, None).await?;
    }
    let becomes = if row.status != status::SENT && proof {
        Becomes::Sent { provider_id: r.provider_id.clone(), at: r.at.unwrap_or(now) }
    } else if after == before {
        return Ok(true);
    } else {
        Becomes::Same
    };
    Ok(deliveries::note(tx, row, &after, &becomes).await?)
}

/// The provider took it and gave it up later.
async fn failed(core: &Core, tx: &Tx, fx: &mut Effects, row: &OutboxRow, after: &Track, why: Failure) -> Result<bool, DispatchError> {
    let wall = core.wall();
    let again = |span: Duration, reason: Failure| Becomes::Again { at: wall + span, reason };
    let approved = row
        .template
        .as_deref()
        .filter(|_| row.message_id.is_none())
        .is_some_and(|key| ChannelKind::parse(&row.channel).is_some_and(|c| core.book.templates.find(c, key).is_some()));
    let becomes = match why {
        Failure::Stopped | Failure::Unauthorized => {
            wires::note(tx, &row.channel, &row.account, Some(why.as_str()), core.now()).await?;
            again(Duration::seconds(60), why)
        }
        Failure::Transient if row.attempts < core.settings.outbox_attempts => {
            again(Duration::seconds(i64::from(row.attempts.clamp(1, 30)) * 30), why)
        }
        Failure::Window if row.approved.is_none() && approved => again(Duration::zero(), why),
        Failure::Rejected => Becomes::Dead,
        Failure::Blocked | Failure::Unreachable | Failure::Window | Failure::Template | Failure::Transient => {
            if matches!(why, Failure::Blocked | Failure::Unreachable) {
                conversations::mark_blocked(tx, &row.channel, &row.account, &row.chat, Some(core.now())).await?;
            }
            let stuck = ladder::look(core, tx, row, why, true).await?;
            return climb(core, tx, fx, row, after, why, &stuck).await;
        }
    };
    tracing::warn!(outbox.id = row.id, channel = row.channel, reason = why.as_str(), "a provider gave a message up that it had taken");
    fx.after.outbox |= matches!(becomes, Becomes::Again { .. });
    Ok(deliveries::note(tx, row, after, &becomes).await?)
}

async fn climb(core: &Core, tx: &Tx, fx: &mut Effects, row: &OutboxRow, after: &Track, why: Failure, stuck: &Stuck) -> Result<bool, DispatchError> {
    let becomes = match stuck.becomes(why) {
        status::MOVED => Becomes::Moved,
        status::PARKED => Becomes::Parked,
        status::EXPIRED => Becomes::Expired,
        _ => Becomes::Dead,
    };
    if !deliveries::note(tx, row, after, &becomes).await? {
        return Ok(false);
    }
    fx.after.outbox |= stuck.follow(core, tx, row, why).await?;
    Ok(true)
}

/// Applies receipts that came before we knew their messages. Gives how many.
///
/// # Errors
/// The store's; what is not done yet is done in the next round.
pub async fn catch_up(core: &Core) -> Result<usize, DispatchError> {
    let waiting = deliveries::early(core.db.read(), BATCH).await?;
    let mut done = 0;
    for early in &waiting {
        match catch_up_one(core, early).await {
            Ok(settled) => done += usize::from(settled),
            Err(DispatchError::Store(e)) if e.is_transient() => return Err(e.into()),
            // It is forgotten in a while; the others do not wait for that.
            Err(e) => tracing::error!(receipt.id = early.id, error = %e, "a receipt cannot be applied"),
        }
    }
    Ok(done)
}

/// False when somebody else was faster.
async fn catch_up_one(core: &Core, early: &Early) -> Result<bool, DispatchError> {
    let tx = core.db.begin().await?;
    if !deliveries::drop_early(&tx, early.id).await? {
        return Ok(false);
    }
    let channel = ChannelKind::parse(&early.channel).ok_or_else(|| StoreError::corrupt("outbox_receipt.channel", &early.channel))?;
    let mut fx = Effects::default();
    apply(core, &tx, &mut fx, channel, &early.account, &early.receipt, core.now()).await?;
    // Counted when it came.
    fx.after.counts.clear();
    tx.commit().await.map_err(StoreError::from)?;
    core.signal(fx.after).await;
    Ok(true)
}

/// Forgets kept receipts of messages that are not ours.
///
/// # Errors
/// The store's.
pub async fn forget_unknown(core: &Core) -> Result<u64, StoreError> {
    deliveries::purge_early(core.db.write(), core.now() - UNKNOWN).await
}
