//! Bearer tokens and sessions, by their SHA-256: a stolen table opens no door. Wall time is passed in.

use super::db::Conn;
use super::entity::token::{ActiveModel, Column, Entity};
use super::error::StoreError;
use crate::domain::Instant;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

/// What a token opens.
pub mod kind {
    /// A resident's bearer token.
    pub const RESIDENT: &str = "resident";
    /// A staff bearer token, for the API.
    pub const STAFF: &str = "staff";
    /// A staff session, for the console's cookie.
    pub const SESSION: &str = "session";
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
    };
    Entity::insert(row).exec_without_returning(c).await?;
    Ok(())
}

/// Whom a living token of this kind belongs to.
///
/// # Errors
/// [`StoreError`].
pub async fn subject(c: &impl Conn, hash: &str, kind: &str, now: Instant) -> Result<Option<Uuid>, StoreError> {
    let row = Entity::find_by_id(hash.to_owned()).filter(Column::Kind.eq(kind)).filter(Column::ExpiresAt.gt(now)).one(c).await?;
    Ok(row.map(|t| t.subject_id))
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

/// Drops what has run out.
///
/// # Errors
/// [`StoreError`].
pub async fn purge(c: &impl Conn, now: Instant) -> Result<u64, StoreError> {
    Ok(Entity::delete_many().filter(Column::ExpiresAt.lt(now)).exec(c).await?.rows_affected)
}
