//! Counts over requests and clocks, for the metrics and the summary.

use super::db::Conn;
use super::entity::request;
use super::error::StoreError;
use super::tally;
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
