//! The requests behind a figure, newest first.

use super::rows::owner;
use super::{filtered, meets, of, received};
use crate::domain::report::{Filter, Period};
use crate::domain::request::Status;
use crate::domain::sla::{Stage, TimerState};
use crate::domain::{Instant, RequestId};
use crate::store::db::Conn;
use crate::store::entity::request::{Column as R, Entity as Request};
use crate::store::entity::request_house::{Column as H, Entity as House};
use crate::store::entity::sla_timer::{Column as T, Entity as Timer};
use crate::store::entity::triage_correction::{Column as C, Entity as Correction};
use crate::store::error::StoreError;
use crate::store::requests::Stored;
use sea_orm::sea_query::{Expr, ExprTrait, JoinType, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect};

/// Which clock a request must have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clock {
    pub stage: Option<Stage>,
    pub state: Option<TimerState>,
    /// A queue's code.
    pub owner: Option<String>,
}

impl Clock {
    fn is_any(&self) -> bool {
        *self == Self::default()
    }
}

/// What is wanted besides period and part of the work. Codes that are unknown to a request are asked for by `nothing`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Which {
    pub status: Option<Status>,
    pub open: bool,
    pub overdue: bool,
    pub reopened: bool,
    pub refused: bool,
    pub danger: bool,
    pub stars: Option<u8>,
    pub rated: bool,
    pub clock: Clock,
    /// A person corrected what triage had made of it.
    pub corrected: bool,
    /// The same, and what was changed: one of [`HEADS`].
    pub head: Option<&'static str>,
    /// An address, in the form by which it is found again.
    pub house: Option<String>,
    /// Properties that are not known: `class`, `service`, `district`, `queue`; `owner` of a clock.
    pub nothing: Vec<&'static str>,
}

/// What a person can correct.
pub const HEADS: [&str; 4] = ["class", "service", "district", "hazard"];

/// The clocks that are asked for; `None`: whatever clocks a request has.
fn clocks(c: &impl Conn, which: &Which) -> Option<Condition> {
    let ownerless = which.nothing.contains(&"owner");
    if which.clock.is_any() && !ownerless {
        return None;
    }
    let whose = owner(c.get_database_backend());
    let parts = [
        which.clock.stage.map(|s| of(T::Stage).eq(s.as_str())),
        which.clock.state.map(|s| of(T::State).eq(s.as_str())),
        which.clock.owner.as_ref().map(|code| whose.clone().eq(code.as_str())),
        ownerless.then(|| whose.clone().is_null()),
    ];
    Some(parts.into_iter().flatten().fold(Condition::all(), |all, part| all.add(part)))
}

fn wanted(c: &impl Conn, which: &Which) -> Condition {
    let all = besides_clocks(which);
    match clocks(c, which) {
        Some(theirs) => {
            let q = Query::select().expr(Expr::val(1)).from(Timer).and_where(meets(T::RequestId, R::Id)).cond_where(theirs).to_owned();
            all.add(Expr::exists(q))
        }
        None => all,
    }
}

fn besides_clocks(which: &Which) -> Condition {
    let mut all = Condition::all();
    if let Some(s) = which.status {
        all = all.add(R::Status.eq(s.as_str()));
    }
    if which.open || which.overdue {
        all = all.add(Expr::cust("is_open = TRUE"));
    }
    if which.overdue {
        all = all.add(R::Overdue.eq(true));
    }
    if which.reopened {
        all = all.add(R::Reopened.gt(0));
    }
    if which.refused {
        all = all.add(R::Refused.gt(0));
    }
    if which.danger {
        all = all.add(R::Hazard.is_not_null());
    }
    if which.rated {
        all = all.add(R::Rating.is_not_null());
    }
    if let Some(n) = which.stars {
        all = all.add(R::Rating.eq(i16::from(n)));
    }
    for name in &which.nothing {
        all = match *name {
            "class" => all.add(R::Class.is_null()),
            "service" => all.add(R::Service.is_null()),
            "district" => all.add(R::District.is_null()),
            "queue" => all.add(R::Queue.is_null()),
            _ => all,
        };
    }
    if which.corrected || which.head.is_some() {
        let mut q = Query::select().expr(Expr::val(1)).from(Correction).and_where(meets(C::RequestId, R::Id)).to_owned();
        if let Some(head) = which.head {
            // Among the few corrections of one request, found by index.
            q.and_where(Expr::cust(format!("(',' || \"triage_correction\".\"heads\" || ',') LIKE '%,{head},%'")));
        }
        all = all.add(Expr::exists(q));
    }
    if let Some(house) = &which.house {
        let q = Query::select().expr(of(H::RequestId)).from(House).and_where(of(H::House).eq(house.as_str())).to_owned();
        all = all.add(R::Id.in_subquery(q));
    }
    all
}

/// A page of the requests behind a figure; goes on before `(received_at, id)`.
///
/// # Errors
/// [`StoreError`].
pub async fn page(
    c: &impl Conn,
    f: &Filter,
    p: &Period,
    which: &Which,
    before: Option<(Instant, RequestId)>,
    limit: u64,
) -> Result<Vec<Stored>, StoreError> {
    let mut q = Request::find().filter(received(p)).filter(filtered(f)).filter(wanted(c, which));
    if let Some((at, id)) = before {
        let key = Expr::tuple([R::ReceivedAt, R::Id].map(|k| Expr::col((Request, k))));
        q = q.filter(key.lt(Expr::tuple([Expr::value(at), Expr::value(id.0)])));
    }
    let rows = q.order_by(R::ReceivedAt, Order::Desc).order_by(R::Id, Order::Desc).limit(limit).all(c).await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// How many requests stand behind a figure.
///
/// # Errors
/// [`StoreError`].
pub async fn count(c: &impl Conn, f: &Filter, p: &Period, which: &Which) -> Result<i64, StoreError> {
    let n: Option<i64> = Request::find()
        .select_only()
        .column_as(R::Id.count(), "n")
        .filter(received(p))
        .filter(filtered(f))
        .filter(wanted(c, which))
        .into_tuple()
        .one(c)
        .await?;
    Ok(n.unwrap_or(0))
}

/// Requests and clocks behind a figure of clocks: a stage that was gone through twice has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct Counted {
    pub requests: i64,
    pub clocks: i64,
}

/// The same as [`count`] with the clocks that were asked for; `None`: none was.
///
/// # Errors
/// [`StoreError`].
pub async fn count_clocks(c: &impl Conn, f: &Filter, p: &Period, which: &Which) -> Result<Option<Counted>, StoreError> {
    let Some(theirs) = clocks(c, which) else { return Ok(None) };
    let q = Query::select()
        .expr_as(of(R::Id).count_distinct(), "requests")
        .expr_as(Expr::cust("COUNT(*)"), "clocks")
        .from(Request)
        .join(JoinType::InnerJoin, Timer, meets(T::RequestId, R::Id))
        .cond_where(received(p))
        .cond_where(filtered(f))
        .cond_where(besides_clocks(which))
        .cond_where(theirs)
        .to_owned();
    Ok(Counted::find_by_statement(c.get_database_backend().build(&q)).one(c).await?)
}
