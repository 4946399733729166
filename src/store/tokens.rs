//! Bearer tokens of residents, by their SHA-256: a stolen table opens no door. Wall time is passed in.

use super::db::Conn;
use super::entity::token::{ActiveModel, Column, Entity};
use super::error::StoreError;
use crate::domain::Instant;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

/// What a token opens.
pub mod kind {
    /// A resident's bearer token, short-lived.
    pub const RESIDENT: &str = "resident";
    /// What renews a resident's token; it works once.
    pub const REFRESH: &str = "refresh";
}

/// # Errors
/// [`StoreError`].
pub async fn insert(c: &impl Conn, hash: &str, kind: &str, subject: Uuid, now: Instant, expires: Instant) -> Result<(), StoreError> {
    let row = ActiveModel {
        hash: Set(hash.to_owned()),
        kind: Set(kind.to_owned()),
        subject_id: Set(subject),
        created_at: Set(now),
        expires_at: Set(expires),
        family: Set(None),
        spent_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(c).await?;
    Ok(())
}

/// A token as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    pub subject: Uuid,
    /// Tokens that renewed one another share it; none for those of staff.
    pub family: Option<Uuid>,
    /// Used up; only tokens that renew are.
    pub spent: bool,
}

/// Notes one token of a family.
///
/// # Errors
/// [`StoreError`].
pub async fn insert_in(c: &impl Conn, family: Uuid, hash: &str, kind: &str, subject: Uuid, now: Instant, expires: Instant) -> Result<(), StoreError> {
    let row = ActiveModel {
        hash: Set(hash.to_owned()),
        kind: Set(kind.to_owned()),
        subject_id: Set(subject),
        created_at: Set(now),
        expires_at: Set(expires),
        family: Set(Some(family)),
        spent_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(c).await?;
    Ok(())
}

/// A living token of this kind, spent ones too.
///
/// # Errors
/// [`StoreError`].
pub async fn held(c: &impl Conn, hash: &str, kind: &str, now: Instant) -> Result<Option<Held>, StoreError> {
    let row = Entity::find_by_id(hash.to_owned()).filter(Column::Kind.eq(kind)).filter(Column::ExpiresAt.gt(now)).one(c).await?;
    Ok(row.map(|t| Held { subject: t.subject_id, family: t.family, spent: t.spent_at.is_some() }))
}

/// Uses a token up; false when it was used before, has run out or never was.
///
/// # Errors
/// [`StoreError`].
pub async fn spend(c: &impl Conn, hash: &str, kind: &str, now: Instant) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::SpentAt, Expr::value(now))
        .filter(Column::Hash.eq(hash))
        .filter(Column::Kind.eq(kind))
        .filter(Column::ExpiresAt.gt(now))
        .filter(Column::SpentAt.is_null())
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Ends every token of a family.
///
/// # Errors
/// [`StoreError`].
pub async fn revoke_family(c: &impl Conn, family: Uuid) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::Family.eq(family)).exec(c).await?;
    Ok(())
}

/// # Errors
/// [`StoreError`].
pub async fn revoke(c: &impl Conn, hash: &str) -> Result<(), StoreError> {
    Entity::delete_by_id(hash.to_owned()).exec(c).await?;
    Ok(())
}

/// Ends every token of a person.
///
/// # Errors
/// [`StoreError`].
pub async fn revoke_all(c: &impl Conn, subject: Uuid) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::SubjectId.eq(subject)).exec(c).await?;
    Ok(())
}
