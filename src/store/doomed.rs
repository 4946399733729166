//! Stored bytes on their way out: the key is written down in the transaction that takes away the last row that pointed at it, so that no crash
//! leaves a person's photo behind where nobody finds it.

use super::db::Conn;
use super::entity::doomed_file::{ActiveModel, Column, Entity};
use super::error::StoreError;
use crate::domain::Instant;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait, Order, QueryOrder, QuerySelect};

/// # Errors
/// [`StoreError`].
pub async fn add(c: &impl Conn, keys: &[String], wall: Instant) -> Result<(), StoreError> {
    for part in keys.chunks(500) {
        let rows = part.iter().map(|k| ActiveModel { key: Set(k.clone()), at: Set(wall) });
        Entity::insert_many(rows).on_conflict(OnConflict::column(Column::Key).do_nothing().to_owned()).exec_without_returning(c).await?;
    }
    Ok(())
}

/// Some of what is to be deleted.
///
/// # Errors
/// [`StoreError`].
pub async fn some(c: &impl Conn, limit: u64) -> Result<Vec<String>, StoreError> {
    Ok(Entity::find().order_by(Column::Key, Order::Asc).limit(limit).all(c).await?.into_iter().map(|r| r.key).collect())
}

/// The bytes are gone.
///
/// # Errors
/// [`StoreError`].
pub async fn done(c: &impl Conn, key: &str) -> Result<(), StoreError> {
    Entity::delete_by_id(key.to_owned()).exec(c).await?;
    Ok(())
}
