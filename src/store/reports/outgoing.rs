//! What became of the messages of a period, and what people corrected of triage's readings.

use super::{filtered, meets, of, received};
use crate::domain::report::{Filter, Period};
use crate::store::db::Conn;
use crate::store::entity::outbox::{Column as O, Entity as Outbox};
use crate::store::entity::request::{Column as R, Entity as Request};
use crate::store::entity::triage_correction::{Column as C, Entity as Correction};
use crate::store::error::StoreError;
use sea_orm::FromQueryResult;
use sea_orm::sea_query::{Expr, ExprTrait, JoinType, Query};

/// Messages of one kind.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Sent {
    pub channel: String,
    pub status: String,
    /// How far it got, as `domain::delivery::stage` numbers it.
    pub stage: i16,
    pub n: i64,
}

/// Messages made in a period, by channel and by what became of them. Who does not see everything is shown those about requests within sight.
///
/// # Errors
/// [`StoreError`].
pub async fn messages(c: &impl Conn, f: &Filter, p: &Period) -> Result<Vec<Sent>, StoreError> {
    let by = [O::Channel, O::Status, O::Stage];
    let mut q = Query::select()
        .exprs(by.map(of))
        .expr_as(Expr::cust("COUNT(*)"), "n")
        .from(Outbox)
        .and_where(of(O::CreatedAt).gte(p.from))
        .and_where(of(O::CreatedAt).lt(p.to))
        .add_group_by(by.map(of))
        .to_owned();
    if *f != Filter::default() {
        q.join(JoinType::InnerJoin, Request, meets(R::Id, O::RequestId)).cond_where(filtered(f));
    }
    Ok(Sent::find_by_statement(c.get_database_backend().build(&q)).all(c).await?)
}

/// One correction.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Corrected {
    pub request_id: uuid::Uuid,
    /// What was changed, with commas between.
    pub heads: String,
}

/// Corrections of triage's readings of the requests received in a period.
///
/// # Errors
/// [`StoreError`].
pub async fn corrections(c: &impl Conn, f: &Filter, p: &Period) -> Result<Vec<Corrected>, StoreError> {
    let q = Query::select()
        .exprs([C::RequestId, C::Heads].map(of))
        .from(Correction)
        .join(JoinType::InnerJoin, Request, meets(R::Id, C::RequestId))
        .cond_where(received(p))
        .cond_where(filtered(f))
        .to_owned();
    Ok(Corrected::find_by_statement(c.get_database_backend().build(&q)).all(c).await?)
}
