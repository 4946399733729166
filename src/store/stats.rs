//! Counts over requests and clocks, for the metrics and the summary.

use super::db::Conn;
use super::entity::{request, sla_timer};
use super::error::StoreError;
use crate::domain::Instant;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

/// Open requests by queue and status.
///
/// # Errors
/// [`StoreError`].
pub async fn open_by_queue(c: &impl Conn) -> Result<Vec<(Option<String>, String, i64)>, StoreError> {
    use request::Column as R;
    Ok(request::Entity::find()
        .select_only()
        .column(R::Queue)
        .column(R::Status)
        .column_as(R::Id.count(), "n")
        .filter(R::IsOpen.eq(true))
        .group_by(R::Queue)
        .group_by(R::Status)
        .into_tuple()
        .all(c)
        .await?)
}

/// Requests received in a period, by class, queue and status.
///
/// # Errors
/// [`StoreError`].
pub async fn received(c: &impl Conn, from: Instant, to: Instant) -> Result<Vec<(Option<String>, Option<String>, String, i64)>, StoreError> {
    use request::Column as R;
    Ok(request::Entity::find()
        .select_only()
        .column(R::Class)
        .column(R::Queue)
        .column(R::Status)
        .column_as(R::Id.count(), "n")
        .filter(R::ReceivedAt.gte(from))
        .filter(R::ReceivedAt.lt(to))
        .group_by(R::Class)
        .group_by(R::Queue)
        .group_by(R::Status)
        .into_tuple()
        .all(c)
        .await?)
}

/// Clocks started in a period, by stage and state.
///
/// # Errors
/// [`StoreError`].
pub async fn clocks(c: &impl Conn, from: Instant, to: Instant) -> Result<Vec<(String, String, i64)>, StoreError> {
    use sla_timer::Column as T;
    Ok(sla_timer::Entity::find()
        .select_only()
        .column(T::Stage)
        .column(T::State)
        .column_as(T::Id.count(), "n")
        .filter(T::StartedAt.gte(from))
        .filter(T::StartedAt.lt(to))
        .group_by(T::Stage)
        .group_by(T::State)
        .into_tuple()
        .all(c)
        .await?)
}

/// Open requests of the given queues: `(queue, open, overdue)`.
///
/// # Errors
/// [`StoreError`].
pub async fn queue_counts(c: &impl Conn) -> Result<Vec<(Option<String>, bool, i64)>, StoreError> {
    use request::Column as R;
    Ok(request::Entity::find()
        .select_only()
        .column(R::Queue)
        .column(R::Overdue)
        .column_as(R::Id.count(), "n")
        .filter(R::IsOpen.eq(true))
        .group_by(R::Queue)
        .group_by(R::Overdue)
        .into_tuple()
        .all(c)
        .await?)
}

/// Requests received in a period, by door.
///
/// # Errors
/// [`StoreError`].
pub async fn channels(c: &impl Conn, from: Instant, to: Instant) -> Result<Vec<(String, i64)>, StoreError> {
    use request::Column as R;
    Ok(request::Entity::find()
        .select_only()
        .column(R::Channel)
        .column_as(R::Id.count(), "n")
        .filter(R::ReceivedAt.gte(from))
        .filter(R::ReceivedAt.lt(to))
        .group_by(R::Channel)
        .into_tuple()
        .all(c)
        .await?)
}
