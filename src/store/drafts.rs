//! Forms that members of staff have begun: an interrupted one is not lost. Each sees only the own.

use super::db::Conn;
use super::entity::staff_draft::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::phone::Phone;
use crate::domain::{Instant, StaffId};
use sea_orm::sea_query::{ExprTrait, OnConflict};
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

/// Drops every form in which this number stands, however it is written.
///
/// # Errors
/// [`StoreError`].
pub async fn erase(c: &impl Conn, phone: &Phone) -> Result<(), StoreError> {
    let mut after: Option<(uuid::Uuid, String)> = None;
    loop {
        let mut q = Entity::find();
        if let Some((staff, name)) = &after {
            let later = Column::StaffId.eq(*staff).and(Column::Name.gt(name.as_str()));
            q = q.filter(Column::StaffId.gt(*staff).or(later));
        }
        let page = q.order_by(Column::StaffId, Order::Asc).order_by(Column::Name, Order::Asc).limit(200).all(c).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some((last.staff_id, last.name.clone()));
        for row in page {
            // Spaces, brackets and dashes stand between the digits that people type.
            let digits: String = row.body.chars().filter(|c| !matches!(c, ' ' | '(' | ')' | '-')).collect();
            if digits.contains(phone.national()) {
                Entity::delete_by_id((row.staff_id, row.name)).exec(c).await?;
            }
        }
    }
}
