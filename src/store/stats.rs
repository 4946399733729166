//! Counts over requests and clocks, for the metrics and the summary.

use super::db::Conn;
use super::entity::{request, sla_timer};
use super::error::StoreError;
use super::tally;
use crate::domain::Instant;
use crate::domain::request::{Priority, Status};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use std::collections::BTreeMap;

/// Open requests by queue and status.
///
/// # Errors
/// [`StoreError`].
pub async fn open_by_queue(c: &impl Conn) -> Result<Vec<(Option<String>, String, i64)>, StoreError> {
    let mut sums: BTreeMap<(Option<String>, String), i64> = BTreeMap::new();
    for o in tally::open(c).await? {
        *sums.entry((queue(o.queue), o.status)).or_default() += o.n;
    }
    Ok(sums.into_iter().map(|((queue, status), n)| (queue, status, n)).collect())
}

fn queue(code: String) -> Option<String> {
    Some(code).filter(|q| !q.is_empty())
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

/// Open requests by queue and lateness: `(queue, overdue, how many)`.
///
/// # Errors
/// [`StoreError`].
pub async fn queue_counts(c: &impl Conn) -> Result<Vec<(Option<String>, bool, i64)>, StoreError> {
    let mut sums: BTreeMap<(Option<String>, bool), i64> = BTreeMap::new();
    for o in tally::open(c).await? {
        *sums.entry((queue(o.queue), o.overdue)).or_default() += o.n;
    }
    Ok(sums.into_iter().map(|((queue, overdue), n)| (queue, overdue, n)).collect())
}

/// Open dangers that nobody has taken yet, by queue.
///
/// # Errors
/// [`StoreError`].
pub async fn untaken_dangers(c: &impl Conn) -> Result<Vec<(Option<String>, i64)>, StoreError> {
    use request::Column as R;
    Ok(request::Entity::find()
        .select_only()
        .column(R::Queue)
        .column_as(R::Id.count(), "n")
        .filter(R::IsOpen.eq(true))
        .filter(R::Priority.eq(i16::from(Priority::DANGER.0)))
        .filter(R::Status.eq(Status::Queued.as_str()))
        .filter(R::Hazard.is_not_null())
        .group_by(R::Queue)
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
