//! Which requests are about the same house.

use super::bulk::{Bulk, Conflict};
use super::db::Conn;
use super::entity::request_house::{ActiveModel, Column, Entity};
use super::error::StoreError;
use crate::domain::{Instant, RequestId, house};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

/// Notes the houses of requests whose address names one.
///
/// # Errors
/// [`StoreError`].
pub fn note<'a>(bulk: &mut Bulk, rows: impl Iterator<Item = (RequestId, &'a str)>, at: Instant) -> Result<(), StoreError> {
    let rows: Vec<ActiveModel> =
        rows.filter_map(|(id, address)| Some(ActiveModel { request_id: Set(id.0), house: Set(house::key(address)?), at: Set(at) })).collect();
    bulk.add(rows, &Conflict::Update(Column::RequestId, vec![Column::House, Column::At]))
}

/// Requests about a house since then, newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn requests(c: &impl Conn, house: &str, since: Instant, limit: u64) -> Result<Vec<RequestId>, StoreError> {
    let ids: Vec<uuid::Uuid> = Entity::find()
        .select_only()
        .column(Column::RequestId)
        .filter(Column::House.eq(house))
        .filter(Column::At.gte(since))
        .order_by(Column::At, Order::Desc)
        .limit(limit)
        .into_tuple()
        .all(c)
        .await?;
    Ok(ids.into_iter().map(RequestId).collect())
}

/// Forgets the house of a request.
///
/// # Errors
/// [`StoreError`].
pub async fn erase(c: &impl Conn, request: RequestId) -> Result<(), StoreError> {
    Entity::delete_by_id(request.0).exec(c).await?;
    Ok(())
}
