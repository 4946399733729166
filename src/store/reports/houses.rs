//! Houses from which the same trouble was reported more than once.

use super::{filtered, meets, of, received};
use crate::domain::RequestId;
use crate::domain::report::{Filter, Period};
use crate::store::db::Conn;
use crate::store::entity::request::{Column as R, Entity as Request};
use crate::store::entity::request_house::{Column as H, Entity as House};
use crate::store::error::StoreError;
use sea_orm::sea_query::{Expr, ExprTrait, JoinType, Query, SelectStatement};
use sea_orm::{EntityTrait, FromQueryResult, Order};

/// One house and service with several reports.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Repeated {
    /// The address, in the form by which it is found again.
    pub house: String,
    pub service: Option<String>,
    pub district: Option<String>,
    /// The public number of one of the requests, by which the others are found.
    pub sample: String,
    pub n: i64,
}

fn grouped(f: &Filter, p: &Period) -> SelectStatement {
    Query::select()
        .expr(of(H::House))
        .expr(of(R::Service))
        .expr_as(of(R::District).max(), "district")
        .expr_as(of(R::Number).max(), "sample")
        .expr_as(Expr::cust("COUNT(*)"), "n")
        .from(Request)
        .join(JoinType::InnerJoin, House, meets(H::RequestId, R::Id))
        .cond_where(received(p))
        .cond_where(filtered(f))
        .add_group_by([of(H::House), of(R::Service)])
        .and_having(Expr::cust("COUNT(*)").gt(1))
        .to_owned()
}

/// The houses with the most reports of one service within a period.
///
/// # Errors
/// [`StoreError`].
pub async fn most(c: &impl Conn, f: &Filter, p: &Period, limit: u64) -> Result<Vec<Repeated>, StoreError> {
    let mut q = grouped(f, p);
    q.order_by_expr(Expr::cust("COUNT(*)"), Order::Desc).order_by_expr(of(H::House), Order::Asc).limit(limit);
    Ok(Repeated::find_by_statement(c.get_database_backend().build(&q)).all(c).await?)
}

/// Sums over all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromQueryResult)]
pub struct Sums {
    /// Houses and services with more than one report.
    pub places: i64,
    /// Their reports.
    pub reports: i64,
}

/// How many houses reported the same service more than once, and how often.
///
/// # Errors
/// [`StoreError`].
pub async fn sums(c: &impl Conn, f: &Filter, p: &Period) -> Result<Sums, StoreError> {
    let q = Query::select()
        .expr_as(Expr::cust("COUNT(*)"), "places")
        .expr_as(Expr::cust("CAST(COALESCE(SUM(n), 0) AS bigint)"), "reports")
        .from_subquery(grouped(f, p), "repeated")
        .to_owned();
    Ok(Sums::find_by_statement(c.get_database_backend().build(&q)).one(c).await?.unwrap_or_default())
}

/// The house of a request; `None` when its address names none.
///
/// # Errors
/// [`StoreError`].
pub async fn of_request(c: &impl Conn, id: RequestId) -> Result<Option<String>, StoreError> {
    Ok(House::find_by_id(id.0).one(c).await?.map(|row| row.house))
}
