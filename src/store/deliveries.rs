//! What became of messages that a provider took, and which message stands in for which.

use super::db::Conn;
use super::entity::outbox::{Column, Entity, Model};
use super::entity::outbox_receipt as early;
use super::error::StoreError;
use super::outbox::status;
use crate::domain::Instant;
use crate::domain::delivery::{Track, rank, stage};
use crate::domain::inbound::{Failure, Receipt, ReceiptStage};
use crate::domain::outgoing::{Body, Outgoing};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
};

/// What is known of a row.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn track(row: &Model) -> Result<Track, StoreError> {
    Ok(Track {
        stage: row.stage,
        delivered_at: row.delivered_at,
        read_at: row.read_at,
        failed_at: row.failed_at,
        failure: if row.stage == stage::FAILED { failure(row)? } else { None },
    })
}

/// Why a row did not arrive, or has to go another way.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn failure(row: &Model) -> Result<Option<Failure>, StoreError> {
    row.reason.as_deref().map(|r| Failure::parse(r).ok_or_else(|| StoreError::corrupt("outbox.reason", r))).transpose()
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, id: i64) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find_by_id(id).one(c).await?)
}

/// Written out as the partial index has it: wires that never tell what became of a message are not in it.
fn told_of() -> Condition {
    let not = |name: &'static str| Expr::col((Entity, Column::Channel)).ne(Expr::Constant(name.into()));
    Condition::all().add(Column::ProviderId.is_not_null()).add(not("telegram")).add(not("mail"))
}

/// The row of a provider's handle.
///
/// # Errors
/// [`StoreError`].
pub async fn by_provider(c: &impl Conn, channel: &str, account: &str, provider_id: &str) -> Result<Option<Model>, StoreError> {
    let q = Entity::find()
        .filter(told_of())
        .filter(Column::ProviderId.eq(provider_id))
        .filter(Column::Channel.eq(channel))
        .filter(Column::Account.eq(account));
    Ok(q.order_by(Column::Id, Order::Desc).limit(1).one(c).await?)
}

/// Whether words that our side said in a chat went out by this service: by the provider's handle, or as a part of what was sent there since (a long
/// text goes in several messages, of which the last handle is known).
///
/// # Errors
/// [`StoreError`].
pub async fn is_ours(
    c: &impl Conn,
    (channel, account, chat): (&str, &str, &str),
    handle: Option<&str>,
    text: &str,
    since: Instant,
) -> Result<bool, StoreError> {
    if let Some(id) = handle
        && by_provider(c, channel, account, id).await?.is_some()
    {
        return Ok(true);
    }
    let sent = Entity::find()
        .filter(Column::Channel.eq(channel))
        .filter(Column::Account.eq(account))
        .filter(Column::Chat.eq(chat))
        .filter(Column::Status.eq(status::SENT))
        .filter(Column::SentAt.gte(since));
    let rows = sent.order_by(Column::Id, Order::Desc).limit(50).all(c).await?;
    Ok(rows.iter().filter_map(|r| r.sent_text.as_deref()).any(|whole| whole.contains(text.trim())))
}

/// Whether something for a chat is being sent at this moment.
///
/// # Errors
/// [`StoreError`].
pub async fn is_in_hand(c: &impl Conn, channel: &str, account: &str, chat: &str) -> Result<bool, StoreError> {
    let q = Entity::find()
        .filter(Column::Channel.eq(channel))
        .filter(Column::Account.eq(account))
        .filter(Column::Chat.eq(chat))
        .filter(Column::Status.eq(status::SENDING));
    Ok(q.limit(1).one(c).await?.is_some())
}

/// Where a row goes on a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Becomes {
    /// Stays where it is.
    Same,
    /// It was taken, whatever we thought.
    Sent {
        provider_id: String,
        at: Instant,
    },
    /// Sent again at this wall time; `as_template`: free text was refused.
    Again {
        at: Instant,
        reason: Failure,
    },
    Parked,
    Moved,
    Expired,
    Dead,
}

/// Writes what is known of a row now, if it still stands as `seen`. False: somebody was faster.
///
/// # Errors
/// [`StoreError`].
pub async fn note(c: &impl Conn, seen: &Model, now: &Track, becomes: &Becomes) -> Result<bool, StoreError> {
    // What is sent again begins anew.
    let step = if matches!(becomes, Becomes::Again { .. }) { stage::NONE } else { now.stage };
    let mut q = Entity::update_many()
        .col_expr(Column::Stage, Expr::value(step))
        .col_expr(Column::DeliveredAt, Expr::value(now.delivered_at))
        .col_expr(Column::ReadAt, Expr::value(now.read_at))
        .col_expr(Column::FailedAt, Expr::value(now.failed_at))
        .filter(Column::Id.eq(seen.id))
        .filter(Column::Stage.eq(seen.stage))
        .filter(Column::Status.eq(seen.status.as_str()));
    let state = |q: sea_orm::UpdateMany<Entity>, s: &str| q.col_expr(Column::Status, Expr::value(s));
    q = match becomes {
        Becomes::Same | Becomes::Sent { .. } => q.col_expr(Column::Reason, Expr::value(now.failure.map(Failure::as_str))),
        Becomes::Again { at, reason } => state(q, status::PENDING)
            .col_expr(Column::ProviderId, Expr::value(Option::<String>::None))
            .col_expr(Column::NextAttemptAt, Expr::value(*at))
            .col_expr(Column::Reason, Expr::value(reason.as_str())),
        Becomes::Parked | Becomes::Moved | Becomes::Expired | Becomes::Dead => {
            q.col_expr(Column::Reason, Expr::value(now.failure.map(Failure::as_str)))
        }
    };
    q = match becomes {
        Becomes::Same | Becomes::Again { .. } => q,
        // The lease stays: a sender who has the row in hand may still write down the words as sent.
        Becomes::Sent { provider_id, at } => state(q, status::SENT)
            .col_expr(Column::ProviderId, Expr::value(provider_id.as_str()))
            .col_expr(Column::SentAt, Expr::value(seen.sent_at.unwrap_or(*at)))
            .col_expr(Column::Error, Expr::value(Option::<String>::None)),
        Becomes::Parked => state(q, status::PARKED),
        Becomes::Moved => state(q, status::MOVED),
        Becomes::Expired => state(q, status::EXPIRED),
        Becomes::Dead => state(q, status::DEAD),
    };
    Ok(q.exec(c).await?.rows_affected == 1)
}

/// Everything that was taken for a chat up to a moment went a step further.
///
/// # Errors
/// [`StoreError`].
pub async fn note_until(c: &impl Conn, chat: (&str, &str, &str), until: Instant, what: ReceiptStage) -> Result<u64, StoreError> {
    let step = rank(what);
    let at = if matches!(what, ReceiptStage::Delivered) { Column::DeliveredAt } else { Column::ReadAt };
    let q = Entity::update_many()
        .col_expr(Column::Stage, Expr::value(step))
        .col_expr(at, Expr::value(until))
        .filter(Column::Channel.eq(chat.0))
        .filter(Column::Account.eq(chat.1))
        .filter(Column::Chat.eq(chat.2))
        .filter(Column::Status.eq(status::SENT))
        .filter(Column::SentAt.lte(until))
        .filter(Column::Stage.lt(step));
    Ok(q.exec(c).await?.rows_affected)
}

/// The messages that stand in for one another, the first one first.
///
/// # Errors
/// [`StoreError`].
pub async fn family(c: &impl Conn, origin: i64) -> Result<Vec<Model>, StoreError> {
    let mut all: Vec<Model> = load(c, origin).await?.into_iter().collect();
    all.extend(Entity::find().filter(Column::OriginId.eq(origin)).order_by(Column::Id, Order::Asc).all(c).await?);
    Ok(all)
}

/// Stores a message, which stands in for `origin` if there is one. False when it stands already.
///
/// # Errors
/// [`StoreError`].
pub async fn stand_in(c: &impl Conn, o: &Outgoing, origin: Option<i64>, now: Instant, wall: Instant) -> Result<bool, StoreError> {
    let row = super::outbox::row(o, now, wall)?;
    let row = super::entity::outbox::ActiveModel { origin_id: Set(origin), ..row };
    let kept = OnConflict::column(Column::Dedupe).do_nothing().to_owned();
    Ok(Entity::insert(row).on_conflict(kept).exec_without_returning(c).await? == 1)
}

/// The body of a row, as it was decided.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn body(row: &Model) -> Result<Body, StoreError> {
    let params = || serde_json::from_str(&row.params).map_err(|e| StoreError::corrupt("outbox.params", e));
    let head = row.template.clone().map(|key| Ok::<_, StoreError>((key, params()?))).transpose()?;
    match (row.message_id, head) {
        (Some(id), head) => Ok(Body::Words { id: crate::domain::MessageId(id), head }),
        (None, Some((key, params))) => Ok(Body::Template { key, params }),
        (None, None) => Err(StoreError::corrupt("outbox.message_id", "a row without words")),
    }
}

/// Moves a row from one place to another. False when it was not there.
///
/// # Errors
/// [`StoreError`].
pub async fn shift(c: &impl Conn, id: i64, from: &str, to: &str) -> Result<bool, StoreError> {
    let q = Entity::update_many().col_expr(Column::Status, Expr::value(to)).filter(Column::Id.eq(id)).filter(Column::Status.eq(from));
    Ok(q.exec(c).await?.rows_affected == 1)
}

/// What waits until the resident of a chat writes again, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn held(c: &impl Conn, channel: &str, account: &str, chat: &str) -> Result<Vec<Model>, StoreError> {
    let q = Entity::find()
        .filter(Column::Channel.eq(channel))
        .filter(Column::Account.eq(account))
        .filter(Column::Chat.eq(chat))
        .filter(Column::Status.eq(status::PARKED));
    Ok(q.order_by(Column::Id, Order::Asc).all(c).await?)
}

/// Keeps a receipt of a message that is not known yet: it may come before the answer to the send.
///
/// # Errors
/// [`StoreError`].
pub async fn keep_early(c: &impl Conn, channel: &str, account: &str, r: &Receipt, now: Instant) -> Result<(), StoreError> {
    use early::Column as E;
    let row = early::ActiveModel {
        id: NotSet,
        channel: Set(channel.to_owned()),
        account: Set(account.to_owned()),
        provider_id: Set(r.provider_id.clone()),
        stage: Set(r.stage.as_str().to_owned()),
        failure: Set(r.failure.map(|f| f.as_str().to_owned())),
        at: Set(r.at.unwrap_or(now)),
        received_at: Set(now),
    };
    let kept = OnConflict::columns([E::Channel, E::Account, E::ProviderId, E::Stage]).do_nothing().to_owned();
    early::Entity::insert(row).on_conflict(kept).exec_without_returning(c).await?;
    Ok(())
}

/// A receipt that waited, with its channel and account.
#[derive(Debug, Clone)]
pub struct Early {
    pub id: i64,
    pub channel: String,
    pub account: String,
    pub receipt: Receipt,
}

/// Receipts that waited and whose messages are known by now.
///
/// # Errors
/// [`StoreError`].
pub async fn early(c: &impl Conn, limit: u64) -> Result<Vec<Early>, StoreError> {
    use early::Column as E;
    let e = |col: E| Expr::col((early::Entity, col));
    let known = Query::select()
        .expr(Expr::value(1))
        .from(Entity)
        .cond_where(told_of())
        .and_where(Expr::col((Entity, Column::ProviderId)).eq(e(E::ProviderId)))
        .and_where(Expr::col((Entity, Column::Channel)).eq(e(E::Channel)))
        .and_where(Expr::col((Entity, Column::Account)).eq(e(E::Account)))
        .to_owned();
    let rows = early::Entity::find().filter(Expr::exists(known)).order_by(E::Id, Order::Asc).limit(limit).all(c).await?;
    rows.into_iter()
        .map(|r| {
            Ok(Early {
                id: r.id,
                channel: r.channel,
                account: r.account,
                receipt: Receipt {
                    provider_id: r.provider_id,
                    tag: None,
                    stage: ReceiptStage::parse(&r.stage).ok_or_else(|| StoreError::corrupt("outbox_receipt.stage", &r.stage))?,
                    at: Some(r.at),
                    failure: r.failure.as_deref().and_then(Failure::parse),
                },
            })
        })
        .collect()
}

/// # Errors
/// [`StoreError`].
pub async fn drop_early(c: &impl Conn, id: i64) -> Result<bool, StoreError> {
    Ok(early::Entity::delete_by_id(id).exec(c).await?.rows_affected == 1)
}

/// Forgets receipts of messages that are not ours: another program sends through the same account. The raw events keep them.
///
/// # Errors
/// [`StoreError`].
pub async fn purge_early(c: &impl Conn, before: Instant) -> Result<u64, StoreError> {
    Ok(early::Entity::delete_many().filter(early::Column::ReceivedAt.lt(before)).exec(c).await?.rows_affected)
}
