//! What stands open now in a part of the work: how much, what is dangerous, where many tell of one thing; and what people talk about in public.

use super::{filtered, meets, of};
use crate::domain::Class;
use crate::domain::report::{Filter, Period};
use crate::domain::request::{Priority, Status};
use crate::store::db::Conn;
use crate::store::entity::request::{Column as R, Entity as Request};
use crate::store::entity::request_house::{Column as H, Entity as House};
use crate::store::entity::social_comment::{Column as S, Entity as Comment};
use crate::store::error::StoreError;
use crate::store::requests::Stored;
use sea_orm::sea_query::{Expr, ExprTrait, JoinType, Query};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect};

/// Open requests of one queue.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Open {
    pub queue: Option<String>,
    pub status: String,
    pub overdue: bool,
    pub n: i64,
}

/// Everything open, by queue, status and lateness.
///
/// # Errors
/// [`StoreError`].
pub async fn open(c: &impl Conn, f: &Filter) -> Result<Vec<Open>, StoreError> {
    let by = [R::Queue, R::Status, R::Overdue];
    let q = Request::find().select_only().columns(by).column_as(R::Id.count(), "n").filter(Expr::cust("is_open = TRUE")).filter(filtered(f));
    Ok(by.into_iter().fold(q, QuerySelect::group_by).into_model().all(c).await?)
}

/// Open dangers, the most urgent first; those that nobody has taken before the others.
///
/// # Errors
/// [`StoreError`].
pub async fn dangers(c: &impl Conn, f: &Filter, limit: u64) -> Result<Vec<Stored>, StoreError> {
    let untaken = R::Status.is_in([Status::New.as_str(), Status::Queued.as_str()]);
    let untaken_first: Expr = Expr::case(untaken, Expr::value(0)).finally(Expr::value(1)).into();
    let q = Request::find()
        .filter(Expr::cust("is_open = TRUE"))
        .filter(R::Priority.eq(i16::from(Priority::DANGER.0)))
        .filter(R::Hazard.is_not_null())
        .filter(filtered(f))
        .order_by(untaken_first, Order::Asc)
        .order_by(R::SortDue, Order::Asc)
        .order_by(R::Id, Order::Asc);
    q.limit(limit).all(c).await?.into_iter().map(Stored::try_from).collect()
}

/// One place and service of which many tell.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Place {
    pub service: Option<String>,
    pub district: Option<String>,
    /// The house, in the form by which it is found again; none: the district as a whole.
    pub house: Option<String>,
    pub n: i64,
}

/// Houses with at least so many open incidents of one service, the fullest first.
///
/// # Errors
/// [`StoreError`].
pub async fn houses(c: &impl Conn, f: &Filter, least: i64, limit: u64) -> Result<Vec<Place>, StoreError> {
    let mut q = Query::select();
    q.expr_as(of(R::Service), "service")
        .expr_as(of(R::District).max(), "district")
        .expr_as(of(H::House), "house")
        .expr_as(Expr::cust("COUNT(*)"), "n")
        .from(Request)
        .join(JoinType::InnerJoin, House, meets(H::RequestId, R::Id))
        .and_where(Expr::cust("is_open = TRUE"))
        .and_where(of(R::Class).eq(Class::Incident.as_str()))
        .and_where(of(R::Service).is_not_null())
        .cond_where(filtered(f))
        .add_group_by([of(H::House), of(R::Service)])
        .and_having(Expr::cust("COUNT(*)").gte(least))
        .order_by_expr(Expr::cust("COUNT(*)"), Order::Desc)
        .order_by_expr(of(H::House), Order::Asc)
        .limit(limit);
    Ok(Place::find_by_statement(c.get_database_backend().build(&q)).all(c).await?)
}

/// Districts with at least so many open incidents of one service, the fullest first.
///
/// # Errors
/// [`StoreError`].
pub async fn districts(c: &impl Conn, f: &Filter, least: i64, limit: u64) -> Result<Vec<Place>, StoreError> {
    let mut q = Query::select();
    q.expr_as(of(R::Service), "service")
        .expr_as(of(R::District), "district")
        .expr_as(Expr::cust("CAST(NULL AS TEXT)"), "house")
        .expr_as(Expr::cust("COUNT(*)"), "n")
        .from(Request)
        .and_where(Expr::cust("is_open = TRUE"))
        .and_where(of(R::Class).eq(Class::Incident.as_str()))
        .and_where(of(R::Service).is_not_null())
        .and_where(of(R::District).is_not_null())
        .cond_where(filtered(f))
        .add_group_by([of(R::District), of(R::Service)])
        .and_having(Expr::cust("COUNT(*)").gte(least))
        .order_by_expr(Expr::cust("COUNT(*)"), Order::Desc)
        .order_by_expr(of(R::District), Order::Asc)
        .limit(limit);
    Ok(Place::find_by_statement(c.get_database_backend().build(&q)).all(c).await?)
}

/// A post of ours under which people talk.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Talked {
    pub channel: String,
    pub post: String,
    pub n: i64,
}

/// Posts with at least so many comments within a period, those with the most first.
///
/// # Errors
/// [`StoreError`].
pub async fn talked_of(c: &impl Conn, p: &Period, least: i64, limit: u64) -> Result<Vec<Talked>, StoreError> {
    let mut q = Query::select();
    q.expr_as(of(S::Channel), "channel")
        .expr_as(of(S::Post), "post")
        .expr_as(Expr::cust("COUNT(*)"), "n")
        .from(Comment)
        .and_where(of(S::PostedAt).gte(p.from))
        .and_where(of(S::PostedAt).lt(p.to))
        .add_group_by([of(S::Channel), of(S::Account), of(S::Post)])
        .and_having(Expr::cust("COUNT(*)").gte(least))
        .order_by_expr(Expr::cust("COUNT(*)"), Order::Desc)
        .order_by_expr(of(S::Post), Order::Asc)
        .limit(limit);
    Ok(Talked::find_by_statement(c.get_database_backend().build(&q)).all(c).await?)
}
