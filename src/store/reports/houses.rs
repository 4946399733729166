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
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Sums over all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Houses and services with more than one report.
    pub places: i64,
    /// Their reports.
    pub reports: i64,
}

/// The houses with the most reports of one service within a period, and how many there are in all: by one reading of the rows.
///
/// # Errors
/// [`StoreError`].
pub async fn repeated(c: &impl Conn, f: &Filter, p: &Period, limit: u64) -> Result<(Sums, Vec<Repeated>), StoreError> {
    #[derive(FromQueryResult)]
    struct Line {
        house: String,
        service: Option<String>,
        district: Option<String>,
        sample: String,
        n: i64,
        places: i64,
        reports: i64,
    }
    let mut q = grouped(f, p);
    q.expr_as(Expr::cust("CAST(COUNT(*) OVER () AS bigint)"), "places")
        .expr_as(Expr::cust("CAST(SUM(COUNT(*)) OVER () AS bigint)"), "reports")
        .order_by_expr(Expr::cust("COUNT(*)"), Order::Desc)
        .order_by_expr(of(H::House), Order::Asc)
        .limit(limit);
    let rows = Line::find_by_statement(c.get_database_backend().build(&q)).all(c).await?;
    let sums = rows.first().map(|l| Sums { places: l.places, reports: l.reports }).unwrap_or_default();
    let most = rows.into_iter().map(|l| Repeated { house: l.house, service: l.service, district: l.district, sample: l.sample, n: l.n });
    Ok((sums, most.collect()))
}

/// The house of a request; `None` when its address names none.
///
/// # Errors
/// [`StoreError`].
pub async fn of_request(c: &impl Conn, id: RequestId) -> Result<Option<String>, StoreError> {
    Ok(House::find_by_id(id.0).one(c).await?.map(|row| row.house))
}
