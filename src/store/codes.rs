//! One-time codes, by their hash: for signing in by phone and for linking a crew's chat. Wall time is passed in.

use super::db::Conn;
use super::entity::otp::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::Instant;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

/// What a code is for.
pub mod purpose {
    /// Subject: the phone in E.164.
    pub const SIGN_IN: &str = "sign_in";
    /// Subject: the hash of the code itself; the answer is the staff member in `code_hash`'s row.
    pub const LINK: &str = "link";
    /// Subject: the hash of the chat and the phone that is to be proved its own.
    pub const JOIN: &str = "join";
}

/// # Errors
/// [`StoreError`].
pub async fn insert(c: &impl Conn, purpose: &str, subject: &str, hash: &str, now: Instant, expires: Instant) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(Uuid::now_v7()),
        purpose: Set(purpose.to_owned()),
        subject: Set(subject.to_owned()),
        code_hash: Set(hash.to_owned()),
        attempts: Set(0),
        created_at: Set(now),
        expires_at: Set(expires),
        used_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(c).await?;
    Ok(())
}

/// The newest living code of a subject.
///
/// # Errors
/// [`StoreError`].
pub async fn newest(c: &impl Conn, purpose: &str, subject: &str, now: Instant) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find()
        .filter(Column::Purpose.eq(purpose))
        .filter(Column::Subject.eq(subject))
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .order_by(Column::CreatedAt, Order::Desc)
        .one(c)
        .await?)
}

/// Counts one try before the code is compared; false when tries are used up or the code is spent.
///
/// # Errors
/// [`StoreError`].
pub async fn count_try(c: &impl Conn, id: Uuid, max: i32) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.eq(id))
        .filter(Column::Attempts.lt(max))
        .filter(Column::UsedAt.is_null())
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Spends a code; false when it was spent already.
///
/// # Errors
/// [`StoreError`].
pub async fn spend(c: &impl Conn, id: Uuid, now: Instant) -> Result<bool, StoreError> {
    let done =
        Entity::update_many().col_expr(Column::UsedAt, Expr::value(now)).filter(Column::Id.eq(id)).filter(Column::UsedAt.is_null()).exec(c).await?;
    Ok(done.rows_affected == 1)
}

/// How many codes a subject was sent since a time.
///
/// # Errors
/// [`StoreError`].
pub async fn sent_since(c: &impl Conn, purpose: &str, subject: &str, since: Instant) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::Purpose.eq(purpose)).filter(Column::Subject.eq(subject)).filter(Column::CreatedAt.gt(since)).count(c).await?)
}

/// Forgets the codes of a subject.
///
/// # Errors
/// [`StoreError`].
pub async fn erase(c: &impl Conn, purpose: &str, subject: &str) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::Purpose.eq(purpose)).filter(Column::Subject.eq(subject)).exec(c).await?;
    Ok(())
}
