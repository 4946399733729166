//! What stands open at this moment.

use super::{filtered, received, within};
use crate::domain::Instant;
use crate::domain::report::{Bounds, Filter, Period};
use crate::domain::request::{Priority, Status};
use crate::store::db::Conn;
use crate::store::entity::request::{Column as R, Entity as Request};
use crate::store::error::StoreError;
use crate::store::requests::Stored;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect};

/// Open requests of one kind.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Open {
    pub queue: Option<String>,
    pub district: Option<String>,
    pub status: String,
    pub overdue: bool,
    pub n: i64,
}

/// Everything open, by queue, district, status and lateness: read from the index of open requests.
///
/// # Errors
/// [`StoreError`].
pub async fn open(c: &impl Conn, b: &Bounds) -> Result<Vec<Open>, StoreError> {
    let by = [R::Queue, R::District, R::Status, R::Overdue];
    let q = Request::find().select_only().columns(by).column_as(R::Id.count(), "n").filter(Expr::cust("is_open = TRUE")).filter(within(b));
    Ok(by.into_iter().fold(q, |q, column| q.group_by(column)).into_model().all(c).await?)
}

/// Open dangers, the most urgent first.
///
/// # Errors
/// [`StoreError`].
pub async fn dangers(c: &impl Conn, b: &Bounds, limit: u64) -> Result<Vec<Stored>, StoreError> {
    let q = Request::find()
        .filter(Expr::cust("is_open = TRUE"))
        .filter(R::Priority.eq(i16::from(Priority::DANGER.0)))
        .filter(R::Hazard.is_not_null())
        .filter(within(b))
        .order_by(R::Priority, Order::Asc)
        .order_by(R::SortDue, Order::Asc)
        .order_by(R::Id, Order::Asc);
    q.limit(limit).all(c).await?.into_iter().map(Stored::try_from).collect()
}

/// How many dangers are open, and how many of them nobody has taken.
///
/// # Errors
/// [`StoreError`].
pub async fn danger_counts(c: &impl Conn, b: &Bounds) -> Result<(i64, i64), StoreError> {
    let rows: Vec<(String, i64)> = Request::find()
        .select_only()
        .column(R::Status)
        .column_as(R::Id.count(), "n")
        .filter(Expr::cust("is_open = TRUE"))
        .filter(R::Priority.eq(i16::from(Priority::DANGER.0)))
        .filter(R::Hazard.is_not_null())
        .filter(within(b))
        .group_by(R::Status)
        .into_tuple()
        .all(c)
        .await?;
    let untaken = |status: &str| matches!(Status::parse(status), Some(Status::New | Status::Queued));
    Ok(rows.iter().fold((0, 0), |(all, free), (status, n)| (all + n, free + if untaken(status) { *n } else { 0 })))
}

/// The open requests that are late by the longest time: those whose missed target fell due first.
///
/// # Errors
/// [`StoreError`].
pub async fn worst(c: &impl Conn, f: &Filter, limit: u64) -> Result<Vec<Stored>, StoreError> {
    let mut all: Vec<Stored> = Vec::new();
    // The index of open requests is in the order of due times within each priority: its beginnings are read and merged.
    for priority in Priority::DANGER.0..=Priority::LOW.0 {
        let q = Request::find()
            .filter(Expr::cust("is_open = TRUE"))
            .filter(R::Priority.eq(i16::from(priority)))
            .filter(R::Overdue.eq(true))
            .filter(filtered(f))
            .order_by(R::SortDue, Order::Asc)
            .order_by(R::Id, Order::Asc);
        for row in q.limit(limit).all(c).await? {
            all.push(Stored::try_from(row)?);
        }
    }
    all.sort_by_key(|s| (s.sort_due, s.request.id));
    all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(all)
}

/// When the requests of a day were received, to be counted by hour.
///
/// # Errors
/// [`StoreError`].
pub async fn moments(c: &impl Conn, b: &Bounds, p: &Period) -> Result<Vec<Instant>, StoreError> {
    let q = Request::find().select_only().column(R::ReceivedAt).filter(received(p)).filter(within(b));
    Ok(q.into_tuple().all(c).await?)
}
