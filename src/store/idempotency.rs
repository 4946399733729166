//! Answers kept for repeated calls: key, body hash, effects and answer commit together.

use super::db::Conn;
use super::entity::idempotency::{ActiveModel, Column, Entity};
use super::error::StoreError;
use crate::domain::Instant;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

/// What stands under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub body_hash: String,
    pub status: u16,
    pub answer: String,
}

/// # Errors
/// [`StoreError`].
pub async fn find(c: &impl Conn, scope: &str, key: &str) -> Result<Option<Kept>, StoreError> {
    let row = Entity::find_by_id((scope.to_owned(), key.to_owned())).one(c).await?;
    Ok(row.map(|r| Kept { body_hash: r.body_hash, status: r.status.unsigned_abs(), answer: r.answer.unwrap_or_default() }))
}

/// Keeps an answer. False when the key stands already (another call was faster): the caller rolls back.
///
/// # Errors
/// [`StoreError`].
pub async fn keep(c: &impl Conn, scope: &str, key: &str, kept: &Kept, now: Instant) -> Result<bool, StoreError> {
    let row = ActiveModel {
        scope: Set(scope.to_owned()),
        key: Set(key.to_owned()),
        body_hash: Set(kept.body_hash.clone()),
        status: Set(i16::try_from(kept.status).unwrap_or(500)),
        answer: Set(Some(kept.answer.clone())),
        created_at: Set(now),
    };
    let n =
        Entity::insert(row).on_conflict(OnConflict::columns([Column::Scope, Column::Key]).do_nothing().to_owned()).exec_without_returning(c).await?;
    Ok(n == 1)
}

/// Puts the answer under a key that [`keep`] took beforehand, in the same transaction.
///
/// # Errors
/// [`StoreError`].
pub async fn settle(c: &impl Conn, scope: &str, key: &str, status: u16, answer: &str) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(i16::try_from(status).unwrap_or(500)))
        .col_expr(Column::Answer, Expr::value(answer))
        .filter(Column::Scope.eq(scope))
        .filter(Column::Key.eq(key))
        .exec(c)
        .await?;
    Ok(())
}

/// How the scopes of crews begin: a telephone without a network comes back after days.
pub const CREWS: &str = "crew:";

/// Forgets the answers of one caller.
///
/// # Errors
/// [`StoreError`].
pub async fn erase(c: &impl Conn, scope: &str) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::Scope.eq(scope)).exec(c).await?;
    Ok(())
}
