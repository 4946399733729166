//! What happened to the requests of a period: one row each, and their clocks counted.

use super::{filtered, meets, of, received};
use crate::domain::report::{Filter, Period};
use crate::store::db::Conn;
use crate::store::entity::request::{Column as R, Entity as Request};
use crate::store::entity::sla_timer::{Column as T, Entity as Timer};
use crate::store::error::StoreError;
use sea_orm::sea_query::{Expr, JoinType, Query};
use sea_orm::{DbBackend, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, prelude::DateTimeUtc};

/// What a request gives to figures.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Row {
    pub queue: Option<String>,
    pub service: Option<String>,
    pub district: Option<String>,
    pub class: Option<String>,
    pub channel: String,
    pub status: String,
    pub hazard: Option<String>,
    pub overdue: bool,
    pub reopened: i32,
    pub refused: i32,
    pub rating: Option<i16>,
    pub received_at: DateTimeUtc,
    pub accepted_at: Option<DateTimeUtc>,
    pub arrived_at: Option<DateTimeUtc>,
    pub resolved_at: Option<DateTimeUtc>,
    pub closed_at: Option<DateTimeUtc>,
}

/// Requests received in a period.
///
/// # Errors
/// [`StoreError`].
pub async fn requests(c: &impl Conn, f: &Filter, p: &Period) -> Result<Vec<Row>, StoreError> {
    let columns = [
        R::Queue,
        R::Service,
        R::District,
        R::Class,
        R::Channel,
        R::Status,
        R::Hazard,
        R::Overdue,
        R::Reopened,
        R::Refused,
        R::Rating,
        R::ReceivedAt,
        R::AcceptedAt,
        R::ArrivedAt,
        R::ResolvedAt,
        R::ClosedAt,
    ];
    Ok(Request::find().select_only().columns(columns).filter(received(p)).filter(filtered(f)).into_model().all(c).await?)
}

/// How many requests were received in a period.
///
/// # Errors
/// [`StoreError`].
pub async fn count(c: &impl Conn, f: &Filter, p: &Period) -> Result<i64, StoreError> {
    use sea_orm::ColumnTrait;
    let n: Option<i64> =
        Request::find().select_only().column_as(R::Id.count(), "n").filter(received(p)).filter(filtered(f)).into_tuple().one(c).await?;
    Ok(n.unwrap_or(0))
}

/// Clocks of one kind.
#[derive(Debug, Clone, FromQueryResult)]
pub struct ClockRow {
    pub queue: Option<String>,
    pub service: Option<String>,
    pub district: Option<String>,
    pub class: Option<String>,
    pub channel: String,
    pub stage: String,
    pub state: String,
    /// The queue whose clock it is or was last.
    pub owner: Option<String>,
    pub n: i64,
}

/// Whose a clock is: the owner of its last lap.
pub(super) fn owner(backend: DbBackend) -> Expr {
    Expr::cust(match backend {
        DbBackend::Postgres => "(\"sla_timer\".\"run\"::json -> 'laps' -> -1 ->> 'owner')",
        _ => "json_extract(\"sla_timer\".\"run\", '$.laps[#-1].owner')",
    })
}

/// The clocks of the requests received in a period.
///
/// # Errors
/// [`StoreError`].
pub async fn clocks(c: &impl Conn, f: &Filter, p: &Period) -> Result<Vec<ClockRow>, StoreError> {
    let backend = c.get_database_backend();
    let by = [R::Queue, R::Service, R::District, R::Class, R::Channel];
    let q = Query::select()
        .exprs(by.map(of))
        .exprs([T::Stage, T::State].map(of))
        .expr_as(owner(backend), "owner")
        .expr_as(Expr::cust("COUNT(*)"), "n")
        .from(Request)
        .join(JoinType::InnerJoin, Timer, meets(T::RequestId, R::Id))
        .cond_where(received(p))
        .cond_where(filtered(f))
        .add_group_by(by.map(of))
        .add_group_by([T::Stage, T::State].map(of))
        .add_group_by([Expr::cust("owner")])
        .to_owned();
    Ok(ClockRow::find_by_statement(backend.build(&q)).all(c).await?)
}
