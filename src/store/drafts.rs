//! Forms that members of staff have begun: an interrupted one is not lost. Each sees only the own.

use super::db::Conn;
use super::entity::staff_draft::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::{Instant, StaffId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

/// Writes a draft, over one of the same name.
///
/// # Errors
/// [`StoreError`].
pub async fn put(c: &impl Conn, staff: StaffId, name: &str, body: &str, now: Instant) -> Result<(), StoreError> {
    let row = ActiveModel { staff_id: Set(staff.0), name: Set(name.to_owned()), body: Set(body.to_owned()), updated_at: Set(now) };
    let conflict = OnConflict::columns([Column::StaffId, Column::Name]).update_columns([Column::Body, Column::UpdatedAt]).to_owned();
    Entity::insert(row).on_conflict(conflict).exec_without_returning(c).await?;
    Ok(())
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, staff: StaffId, name: &str) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find_by_id((staff.0, name.to_owned())).one(c).await?)
}

/// Names and times, by name.
///
/// # Errors
/// [`StoreError`].
pub async fn names(c: &impl Conn, staff: StaffId) -> Result<Vec<(String, Instant)>, StoreError> {
    let q = Entity::find().select_only().column(Column::Name).column(Column::UpdatedAt).filter(Column::StaffId.eq(staff.0));
    Ok(q.order_by(Column::Name, Order::Asc).into_tuple().all(c).await?)
}

/// How many a member has.
///
/// # Errors
/// [`StoreError`].
pub async fn count(c: &impl Conn, staff: StaffId) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::StaffId.eq(staff.0)).count(c).await?)
}

/// False when there was none.
///
/// # Errors
/// [`StoreError`].
pub async fn remove(c: &impl Conn, staff: StaffId, name: &str) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id((staff.0, name.to_owned())).exec(c).await?.rows_affected == 1)
}

/// Drops what nobody has touched since.
///
/// # Errors
/// [`StoreError`].
pub async fn purge(c: &impl Conn, before: Instant) -> Result<u64, StoreError> {
    Ok(Entity::delete_many().filter(Column::UpdatedAt.lt(before)).exec(c).await?.rows_affected)
}
