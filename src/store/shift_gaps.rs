//! Open work that a crew left behind at the end of its shift and nobody has taken over.

use super::db::Conn;
use super::entity::shift_gap::{ActiveModel, Column, Entity};
use super::error::StoreError;
use crate::domain::{CrewCode, Instant, RequestId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

/// One request that was left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub request: RequestId,
    pub crew: CrewCode,
    /// When the crew went off.
    pub off_at: Instant,
}

/// Flags a request; one that is flagged already stays as it is. True when it was not.
///
/// # Errors
/// [`StoreError`].
pub async fn flag(c: &impl Conn, gap: &Gap, at: Instant) -> Result<bool, StoreError> {
    let row = ActiveModel { request_id: Set(gap.request.0), crew: Set(gap.crew.to_string()), off_at: Set(gap.off_at), flagged_at: Set(at) };
    let keep = OnConflict::column(Column::RequestId).do_nothing().to_owned();
    Ok(Entity::insert(row).on_conflict(keep).exec_without_returning(c).await? == 1)
}

/// Takes the flags of these requests away.
///
/// # Errors
/// [`StoreError`].
pub async fn clear(c: &impl Conn, ids: &[RequestId]) -> Result<(), StoreError> {
    if !ids.is_empty() {
        Entity::delete_many().filter(Column::RequestId.is_in(ids.iter().map(|i| i.0))).exec(c).await?;
    }
    Ok(())
}

/// Those flagged, the longest first.
///
/// # Errors
/// [`StoreError`].
pub async fn all(c: &impl Conn, limit: u64) -> Result<Vec<Gap>, StoreError> {
    let rows = Entity::find().order_by(Column::OffAt, Order::Asc).order_by(Column::RequestId, Order::Asc).limit(limit).all(c).await?;
    rows.into_iter()
        .map(|m| {
            let crew = CrewCode::new(m.crew).map_err(|e| StoreError::corrupt("shift_gap.crew", e))?;
            Ok(Gap { request: RequestId(m.request_id), crew, off_at: m.off_at })
        })
        .collect()
}

/// # Errors
/// [`StoreError`].
pub async fn count(c: &impl Conn) -> Result<u64, StoreError> {
    Ok(Entity::find().count(c).await?)
}
