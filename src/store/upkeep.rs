//! What the service last did for itself, by name: a backup, a round of letting go. For alerts on what has stopped happening.

use super::db::Conn;
use super::entity::upkeep::{ActiveModel, Column, Entity};
use super::error::StoreError;
use crate::domain::Instant;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};
use std::collections::BTreeMap;

/// A backup that was made whole.
pub const BACKUP: &str = "backup";
/// A round of letting go in which no kind failed.
pub const RETENTION: &str = "retention";

/// Notes that it was done just now.
///
/// # Errors
/// [`StoreError`].
pub async fn done(c: &impl Conn, name: &str, wall: Instant) -> Result<(), StoreError> {
    let row = ActiveModel { name: Set(name.to_owned()), done_at: Set(wall) };
    Entity::insert(row).on_conflict(OnConflict::column(Column::Name).update_column(Column::DoneAt).to_owned()).exec_without_returning(c).await?;
    Ok(())
}

/// When each was last done.
///
/// # Errors
/// [`StoreError`].
pub async fn all(c: &impl Conn) -> Result<BTreeMap<String, Instant>, StoreError> {
    Ok(Entity::find().all(c).await?.into_iter().map(|r| (r.name, r.done_at)).collect())
}
