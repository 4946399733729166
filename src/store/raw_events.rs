//! Events as they came over the wires: stored first, understood later, never lost.

use super::bulk::Bulk;
use super::db::Conn;
use super::entity::raw_event::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::Instant;
use crate::domain::inbound::storable;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

pub use super::entity::raw_event::Model as RawEventRow;

/// Conversations are spread over this many slots; a worker holds slots by lease, so a conversation is never in two hands.
pub const SLOTS: i16 = 16;

/// The slot of a conversation key.
#[must_use]
pub fn slot_of(conversation_key: &str) -> i16 {
    let digest = Sha256::digest(conversation_key.as_bytes());
    i16::from(digest.first().copied().unwrap_or(0)) % SLOTS
}

/// Where an event stands.
pub mod status {
    pub const WAITING: &str = "waiting";
    pub const DONE: &str = "done";
    /// Failed too often: shown to an administrator, holds nobody up.
    pub const PARKED: &str = "parked";
    /// Could not be split or read at the door: kept as it came.
    pub const UNREADABLE: &str = "unreadable";
}

/// Written out, not as a parameter: the indexes of what waits and of what failed hold only such rows, and are taken only when the plan knows it.
fn is(state: &str) -> Expr {
    Expr::col((Entity, Column::Status)).eq(Expr::Constant(state.into()))
}

/// An event about to be stored.
#[derive(Debug, Clone)]
pub struct NewRawEvent {
    pub channel: String,
    pub account: String,
    /// The provider's identifier, or a hash of the body: unique within channel and account.
    pub external_id: String,
    pub conversation_key: String,
    pub body: Vec<u8>,
    pub received_at: Instant,
    pub readable: bool,
}

/// A name as every database takes it; were one refused, the platform would bring all that came with it again and again, and then stop.
fn name(text: String) -> String {
    if text.contains('\0') { storable(&text) } else { text }
}

fn active(e: NewRawEvent) -> ActiveModel {
    let e = NewRawEvent { external_id: name(e.external_id), conversation_key: name(e.conversation_key), ..e };
    let state = if e.readable { status::WAITING } else { status::UNREADABLE };
    ActiveModel {
        id: NotSet,
        slot: Set(slot_of(&e.conversation_key)),
        channel: Set(e.channel),
        account: Set(e.account),
        external_id: Set(e.external_id),
        conversation_key: Set(e.conversation_key),
        body: Set(e.body),
        status: Set(state.to_owned()),
        attempts: Set(0),
        received_at: Set(e.received_at),
        next_attempt_at: Set(e.received_at),
        processed_at: Set(None),
        outcome: Set(None),
        error: Set(None),
    }
}

/// Stores events; those that stand already are left as they are. Returns how many were new.
///
/// # Errors
/// [`StoreError`] when nothing was stored.
pub async fn insert(c: &impl Conn, events: Vec<NewRawEvent>) -> Result<u64, StoreError> {
    if events.is_empty() {
        return Ok(0);
    }
    let conflict = OnConflict::columns([Column::Channel, Column::Account, Column::ExternalId]).do_nothing().to_owned();
    Ok(Entity::insert_many(events.into_iter().map(active)).on_conflict(conflict).exec_without_returning(c).await?)
}

/// The oldest waiting events of the given slots, at most `limit`, in the order they came, but none of the conversations in `except`. Events whose
/// conversation has an older event in back-off are left out by the caller, who sees `next_attempt_at`.
///
/// # Errors
/// [`StoreError`].
pub async fn waiting(c: &impl Conn, slots: &[i16], except: &BTreeSet<String>, limit: u64) -> Result<Vec<Model>, StoreError> {
    if slots.is_empty() {
        return Ok(Vec::new());
    }
    let mut q = Entity::find().filter(is(status::WAITING)).filter(Column::Slot.is_in(slots.iter().copied()));
    if !except.is_empty() {
        q = q.filter(Column::ConversationKey.is_not_in(except.iter().cloned()));
    }
    Ok(q.order_by(Column::Id, Order::Asc).limit(limit).all(c).await?)
}

/// Marks events done together with their effects, as the last of the bulk. The caller rolls back when the count is not what it expects: someone was
/// faster.
pub fn mark_done(bulk: &mut Bulk, ids: &[i64], now: Instant) {
    let plain = Entity::update_many()
        .col_expr(Column::Status, Expr::value(status::DONE))
        .col_expr(Column::ProcessedAt, Expr::value(now))
        .col_expr(Column::Outcome, Expr::value(status::DONE))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Column::Status.eq(status::WAITING))
        .build(bulk.backend());
    let at = now.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    bulk.last(plain, MARK_DONE, serde_json::json!({ "ids": ids, "at": at }).to_string());
}

/// As above, with its values in one parameter.
const MARK_DONE: &str = "UPDATE raw_event SET status = 'done', outcome = 'done', processed_at = (mark.r ->> 'at')::timestamptz \
    FROM (SELECT $::text::jsonb AS r) AS mark \
    WHERE id = ANY (ARRAY(SELECT e::int8 FROM jsonb_array_elements_text(mark.r -> 'ids') AS e)) AND status = 'waiting'";

/// Counts a failure: waits until `retry_at`, or parks when there is none.
///
/// # Errors
/// [`StoreError`].
pub async fn mark_failed(c: &impl Conn, id: i64, error: &str, retry_at: Option<Instant>) -> Result<(), StoreError> {
    let mut q = Entity::update_many()
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .col_expr(Column::Error, Expr::value(error))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(status::WAITING));
    q = match retry_at {
        Some(at) => q.col_expr(Column::NextAttemptAt, Expr::value(at)),
        None => q.col_expr(Column::Status, Expr::value(status::PARKED)),
    };
    q.exec(c).await?;
    Ok(())
}

/// How often an event has failed.
///
/// # Errors
/// [`StoreError`].
pub async fn attempts(c: &impl Conn, id: i64) -> Result<i32, StoreError> {
    Ok(Entity::find_by_id(id).one(c).await?.map_or(0, |r| r.attempts))
}

/// The events of these names that we have: an earlier message that a later one speaks of.
///
/// # Errors
/// [`StoreError`].
pub async fn named(c: &impl Conn, channel: &str, account: &str, names: &[String]) -> Result<Vec<Model>, StoreError> {
    let found = Entity::find()
        .filter(Column::Channel.eq(channel))
        .filter(Column::Account.eq(account))
        .filter(Column::ExternalId.is_in(names.iter().cloned()));
    Ok(found.order_by(Column::Id, Order::Asc).all(c).await?)
}

/// One event as it came; none when it was let go.
///
/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, id: i64) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find_by_id(id).one(c).await?)
}

/// The last events of a conversation that were worked on, newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn last_of(c: &impl Conn, conversation_key: &str, limit: u64) -> Result<Vec<Model>, StoreError> {
    let q = Entity::find().filter(Column::ConversationKey.eq(conversation_key)).filter(Column::Status.eq(status::DONE));
    Ok(q.order_by(Column::Id, Order::Desc).limit(limit).all(c).await?)
}

/// Channels whose bodies are cut into events at the door: one that could not be read there has to go through the door again.
const CUT_AT_DOOR: [&str; 6] = ["meta", "whatsapp", "instagram", "facebook", "sms", "mail"];

/// Whether bodies of a channel are cut into events at the door.
#[must_use]
pub fn is_cut_at_door(channel: &str) -> bool {
    CUT_AT_DOOR.contains(&channel)
}

/// Puts events back to waiting, for `replay`. Done events are not touched: their effects stand; nor are those that only their door can read.
///
/// # Errors
/// [`StoreError`].
pub async fn requeue(c: &impl Conn, channel: Option<&str>, from: Option<Instant>, only_failed: bool) -> Result<u64, StoreError> {
    let mut states = Condition::any().add(Column::Status.eq(status::PARKED));
    if !only_failed {
        states = states.add(Column::Status.eq(status::UNREADABLE).and(Column::Channel.is_not_in(CUT_AT_DOOR)));
    }
    let mut q =
        Entity::update_many().col_expr(Column::Status, Expr::value(status::WAITING)).col_expr(Column::Attempts, Expr::value(0)).filter(states);
    if let Some(ch) = channel {
        q = q.filter(Column::Channel.eq(ch));
    }
    if let Some(at) = from {
        q = q.filter(Column::ReceivedAt.gte(at));
    }
    Ok(q.exec(c).await?.rows_affected)
}

/// An unreadable body was read after all: its events wait, and the body itself is done, unless it is one of them. Gives how many wait now.
///
/// # Errors
/// [`StoreError`].
pub async fn read_again(c: &impl Conn, row: &Model, events: Vec<NewRawEvent>, wall: Instant) -> Result<u64, StoreError> {
    let (same, others): (Vec<_>, Vec<_>) =
        events.into_iter().partition(|e| (&e.channel, &e.account, &e.external_id) == (&row.channel, &row.account, &row.external_id));
    let n = insert(c, others).await?;
    let mut q = Entity::update_many().filter(Column::Id.eq(row.id)).filter(Column::Status.eq(status::UNREADABLE));
    let own = same.into_iter().next();
    let again = u64::from(own.is_some());
    q = match own {
        Some(e) => q
            .col_expr(Column::Status, Expr::value(status::WAITING))
            .col_expr(Column::Slot, Expr::value(slot_of(&e.conversation_key)))
            .col_expr(Column::ConversationKey, Expr::value(e.conversation_key))
            .col_expr(Column::Body, Expr::value(e.body))
            .col_expr(Column::Attempts, Expr::value(0)),
        None => q
            .col_expr(Column::Status, Expr::value(status::DONE))
            .col_expr(Column::Outcome, Expr::value("read_again"))
            .col_expr(Column::ProcessedAt, Expr::value(wall)),
    };
    // Somebody else may have read it meanwhile.
    Ok(if q.exec(c).await?.rows_affected == 1 { n + again } else { n })
}

/// Takes the body out of an event whose content lies elsewhere.
///
/// # Errors
/// [`StoreError`].
pub async fn blank(c: &impl Conn, id: i64) -> Result<(), StoreError> {
    Entity::update_many().col_expr(Column::Body, Expr::value(Vec::<u8>::new())).filter(Column::Id.eq(id)).exec(c).await?;
    Ok(())
}

/// Rows of one status, newest first, for the administrator.
///
/// # Errors
/// [`StoreError`].
pub async fn list(c: &impl Conn, state: &str, before: Option<i64>, limit: u64) -> Result<Vec<Model>, StoreError> {
    let mut q = Entity::find().filter(is(state));
    if let Some(id) = before {
        q = q.filter(Column::Id.lt(id));
    }
    Ok(q.order_by(Column::Id, Order::Desc).limit(limit).all(c).await?)
}

/// How many stand there.
///
/// # Errors
/// [`StoreError`].
pub async fn count(c: &impl Conn, state: &str) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(is(state)).count(c).await?)
}

/// Blanks the bodies of a conversation's events and calls the conversation otherwise. What still waits is not worked on any more.
///
/// # Errors
/// [`StoreError`].
pub async fn erase(c: &impl Conn, conversation_key: &str, gone: &str) -> Result<u64, StoreError> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(status::DONE))
        .col_expr(Column::Outcome, Expr::value("erased"))
        .filter(Column::ConversationKey.eq(conversation_key))
        .filter(Column::Status.is_in([status::WAITING, status::PARKED, status::UNREADABLE]))
        .exec(c)
        .await?;
    Ok(Entity::update_many()
        .col_expr(Column::Body, Expr::value(Vec::<u8>::new()))
        .col_expr(Column::ConversationKey, Expr::value(gone))
        .col_expr(Column::Error, Expr::value(Option::<String>::None))
        .filter(Column::ConversationKey.eq(conversation_key))
        .exec(c)
        .await?
        .rows_affected)
}
