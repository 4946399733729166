//! Bodies posted by exchanges: stored before they are answered, understood later, never lost.

use crate::domain::Instant;
use crate::domain::phone::Phone;
use crate::store::db::Conn;
use crate::store::entity::call_event::{ActiveModel, Column, Entity, Model};
use crate::store::error::StoreError;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

/// Where a body stands.
pub mod status {
    pub const WAITING: &str = "waiting";
    pub const DONE: &str = "done";
    /// Cannot be read, or failed too often: kept and shown.
    pub const PARKED: &str = "parked";
}

/// Stores a body. False when the same one stands already.
///
/// # Errors
/// [`StoreError`] when it was not stored.
pub async fn insert(c: &impl Conn, door: &str, digest: &str, body: Vec<u8>, now: Instant) -> Result<bool, StoreError> {
    let row = ActiveModel {
        id: NotSet,
        door: Set(door.to_owned()),
        digest: Set(digest.to_owned()),
        body: Set(body),
        status: Set(status::WAITING.to_owned()),
        attempts: Set(0),
        received_at: Set(now),
        next_attempt_at: Set(now),
        processed_at: Set(None),
        error: Set(None),
    };
    let conflict = OnConflict::columns([Column::Door, Column::Digest]).do_nothing().to_owned();
    Ok(Entity::insert(row).on_conflict(conflict).exec_without_returning(c).await? == 1)
}

/// The oldest waiting bodies that have not failed, or whose wait is over.
///
/// # Errors
/// [`StoreError`].
pub async fn waiting(c: &impl Conn, wall: Instant, limit: u64) -> Result<Vec<Model>, StoreError> {
    let due = sea_orm::Condition::any().add(Column::Attempts.eq(0)).add(Column::NextAttemptAt.lte(wall));
    Ok(Entity::find().filter(Column::Status.eq(status::WAITING)).filter(due).order_by(Column::Id, Order::Asc).limit(limit).all(c).await?)
}

/// Marks bodies done inside the transaction of their effects. Fewer than given: somebody was faster, and the caller rolls back.
///
/// # Errors
/// [`StoreError`].
pub async fn mark_done(c: &impl Conn, ids: &[i64], now: Instant) -> Result<u64, StoreError> {
    Ok(Entity::update_many()
        .col_expr(Column::Status, Expr::value(status::DONE))
        .col_expr(Column::ProcessedAt, Expr::value(now))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Column::Status.eq(status::WAITING))
        .exec(c)
        .await?
        .rows_affected)
}

/// Counts a failure: waits until `retry_at`, or is parked when there is none.
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

/// Puts parked bodies back to waiting.
///
/// # Errors
/// [`StoreError`].
pub async fn requeue(c: &impl Conn, from: Option<Instant>) -> Result<u64, StoreError> {
    let mut q = Entity::update_many()
        .col_expr(Column::Status, Expr::value(status::WAITING))
        .col_expr(Column::Attempts, Expr::value(0))
        .filter(Column::Status.eq(status::PARKED));
    if let Some(at) = from {
        q = q.filter(Column::ReceivedAt.gte(at));
    }
    Ok(q.exec(c).await?.rows_affected)
}

/// How many stand so.
///
/// # Errors
/// [`StoreError`].
pub async fn count(c: &impl Conn, state: &str) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::Status.eq(state)).count(c).await?)
}

/// Forgets a person in posted bodies. What was worked on is blanked; of what still waits, or cannot be read yet, only the number goes, so that the
/// call itself is not lost.
///
/// # Errors
/// [`StoreError`].
pub async fn erase(c: &impl Conn, phone: &Phone) -> Result<(), StoreError> {
    let digits = phone.national();
    let mut after = 0;
    loop {
        let page = Entity::find().filter(Column::Id.gt(after)).order_by(Column::Id, Order::Asc).limit(200).all(c).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        for row in page {
            let text = String::from_utf8_lossy(&row.body);
            if !text.contains(digits) {
                continue;
            }
            let body = if row.status == status::DONE { Vec::new() } else { text.replace(digits, &"0".repeat(digits.len())).into_bytes() };
            Entity::update_many().col_expr(Column::Body, Expr::value(body)).filter(Column::Id.eq(row.id)).exec(c).await?;
        }
    }
}
