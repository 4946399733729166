//! Requests that were joined to others.

use super::db::Conn;
use super::entity::request::{Column, Entity};
use super::error::StoreError;
use super::requests::Stored;
use crate::domain::RequestId;
use sea_orm::{ColumnTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

/// Everything that was joined to a request, also by way of others, in the order of their identifiers. Inside a transaction the rows stay locked until
/// its end: what is decided about them stands.
///
/// # Errors
/// [`StoreError`].
pub async fn all(c: &impl Conn, parent: RequestId) -> Result<Vec<Stored>, StoreError> {
    let mut out: Vec<Stored> = Vec::new();
    let mut above = vec![parent.0];
    while !above.is_empty() {
        let rows =
            Entity::find().filter(Column::ParentId.is_in(above.iter().copied())).order_by(Column::Id, Order::Asc).lock_exclusive().all(c).await?;
        above.clear();
        for row in rows {
            let one = Stored::try_from(row)?;
            let known = one.request.id == parent || out.iter().any(|s| s.request.id == one.request.id);
            // What was opened again since goes its own way.
            if !known && one.request.status == crate::domain::request::Status::Duplicate {
                above.push(one.request.id.0);
                out.push(one);
            }
        }
    }
    Ok(out)
}

/// What was joined to a request directly, newest first, to be shown.
///
/// # Errors
/// [`StoreError`].
pub async fn shown(c: &impl Conn, parent: RequestId, limit: u64) -> Result<Vec<Stored>, StoreError> {
    let q = Entity::find().filter(Column::ParentId.eq(parent.0)).order_by(Column::Id, Order::Desc).limit(limit);
    q.all(c).await?.into_iter().map(Stored::try_from).collect()
}

/// How many were joined to a request directly.
///
/// # Errors
/// [`StoreError`].
pub async fn count(c: &impl Conn, parent: RequestId) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::ParentId.eq(parent.0)).count(c).await?)
}
