//! Who sees a request on the own screen, whatever its queue.

use super::bulk::{Bulk, Conflict};
use super::db::Conn;
use super::entity::watcher::{ActiveModel, Column, Entity};
use super::error::StoreError;
use crate::domain::{Instant, RequestId, StaffId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

/// Adds watchers; who watches already goes on.
///
/// # Errors
/// [`StoreError`] when a value cannot be written.
pub fn insert(bulk: &mut Bulk, rows: &[(RequestId, StaffId, Instant)]) -> Result<(), StoreError> {
    let models = rows.iter().map(|(r, s, at)| ActiveModel { request_id: Set(r.0), staff_id: Set(s.0), since: Set(*at) });
    bulk.add(models.collect(), &Conflict::Keep(vec![Column::RequestId, Column::StaffId]))
}

/// What a member of staff watches, the newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn of_staff(c: &impl Conn, staff: StaffId, limit: u64) -> Result<Vec<RequestId>, StoreError> {
    let q = Entity::find().select_only().column(Column::RequestId).filter(Column::StaffId.eq(staff.0));
    let ids: Vec<uuid::Uuid> = q.order_by(Column::RequestId, Order::Desc).limit(limit).into_tuple().all(c).await?;
    Ok(ids.into_iter().map(RequestId).collect())
}
