//! What the call centre's figures are made of: calls of a period, one narrow row each, and past days that are added up. Those are true up to a place in
//! the list of changed days (`store::calls` writes it): what stands after it says which of them must be counted anew.

use crate::domain::call::{Direction, Outcome};
use crate::domain::phone::Phone;
use crate::domain::report::Period;
use crate::domain::{CallId, Instant};
use crate::store::db::{Conn, Db};
use crate::store::entity::call::{Column as C, Entity as Calls};
use crate::store::entity::report_call_change::{Column as X, Entity as Changes};
use crate::store::entity::report_call_day::{ActiveModel, Column as D, Entity as Days};
use crate::store::entity::{call_link, report_state};
use crate::store::error::StoreError;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect};
use std::collections::BTreeSet;
use uuid::Uuid;

pub use crate::store::entity::report_call_day::Model as DayRow;
pub use crate::store::entity::report_state::Model as State;

/// The state's row; that of requests is the first.
const STATE: i32 = 2;
/// Values of one statement: SQLite takes 32,766.
const TOGETHER: usize = 5_000;
/// Keys that are looked up at once: of more PostgreSQL thinks that reading the whole table is cheaper.
const KEYS: usize = 1_000;

/// What a call gives to figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRow {
    pub id: CallId,
    pub at: Instant,
    pub direction: Direction,
    pub outcome: Outcome,
    /// The number outside.
    pub phone: Option<Phone>,
    pub queue: Option<String>,
    pub agent: Option<String>,
    pub wait_us: i64,
    pub talk_us: i64,
    pub hold_us: i64,
    pub transfers: u32,
    /// It was answered, and a request is linked to it.
    pub registered: bool,
    /// Of a caller who was forgotten, or next to whose call one was: days since the call before, rounded up; below zero when there was none. With neither
    /// a number nor this, nobody ever knew who called.
    pub before_days: Option<i16>,
    /// The same to the call after; below zero: there was none in so many days, rounded up, until the caller was forgotten.
    pub after_days: Option<i16>,
}

#[derive(FromQueryResult)]
struct Raw {
    id: Uuid,
    started_at: Instant,
    direction: String,
    outcome: String,
    phone: Option<String>,
    queue: Option<String>,
    agent: Option<String>,
    wait_us: i64,
    talk_us: i64,
    hold_us: i64,
    transfers: i32,
    before_days: Option<i16>,
    after_days: Option<i16>,
}

impl TryFrom<Raw> for CallRow {
    type Error = StoreError;
    fn try_from(r: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            id: CallId(r.id),
            at: r.started_at,
            direction: Direction::parse(&r.direction).ok_or_else(|| StoreError::corrupt("call.direction", &r.direction))?,
            outcome: Outcome::parse(&r.outcome).ok_or_else(|| StoreError::corrupt("call.outcome", &r.outcome))?,
            phone: r.phone.as_deref().map(Phone::parse).transpose().map_err(|e| StoreError::corrupt("call.phone", e))?,
            queue: r.queue,
            agent: r.agent,
            wait_us: r.wait_us,
            talk_us: r.talk_us,
            hold_us: r.hold_us,
            transfers: r.transfers.unsigned_abs(),
            registered: false,
            before_days: r.before_days,
            after_days: r.after_days,
        })
    }
}

/// A page of the calls that began in `whole`, in the order they began; of those that began in `counted` it is told whether a request is linked.
///
/// # Errors
/// [`StoreError`].
pub async fn page(c: &impl Conn, whole: &Period, counted: &Period, after: Option<&CallRow>, limit: u64) -> Result<Vec<CallRow>, StoreError> {
    let columns = [
        C::Id,
        C::StartedAt,
        C::Direction,
        C::Outcome,
        C::Phone,
        C::Queue,
        C::Agent,
        C::WaitUs,
        C::TalkUs,
        C::HoldUs,
        C::Transfers,
        C::BeforeDays,
        C::AfterDays,
    ];
    // The bound is said once more by itself: an alternative bounds no index.
    let from = after.map_or(whole.from, |k| k.at);
    let mut q = Calls::find().select_only().columns(columns).filter(C::StartedAt.gte(from)).filter(C::StartedAt.lt(whole.to));
    if let Some(k) = after {
        let same = Condition::all().add(C::StartedAt.eq(k.at)).add(C::Id.gt(k.id.0));
        q = q.filter(Condition::any().add(C::StartedAt.gt(k.at)).add(same));
    }
    let rows: Vec<Raw> = q.order_by(C::StartedAt, Order::Asc).order_by(C::Id, Order::Asc).limit(limit).into_model().all(c).await?;
    let mut rows = rows.into_iter().map(CallRow::try_from).collect::<Result<Vec<_>, _>>()?;
    let asked = |r: &CallRow| r.outcome == Outcome::Answered && r.at >= counted.from && r.at < counted.to;
    let linked = linked(c, rows.iter().filter(|r| asked(r)).map(|r| r.id.0)).await?;
    rows.iter_mut().for_each(|r| r.registered = linked.contains(&r.id.0));
    Ok(rows)
}

async fn linked(c: &impl Conn, calls: impl Iterator<Item = Uuid>) -> Result<BTreeSet<Uuid>, StoreError> {
    use call_link::{Column as L, Entity as Links};
    let calls: Vec<Uuid> = calls.collect();
    let mut out = BTreeSet::new();
    for part in calls.chunks(KEYS) {
        let q = Links::find().select_only().column(L::CallId).filter(L::CallId.is_in(part.iter().copied())).filter(L::RemovedAt.is_null());
        out.extend(q.into_tuple::<Uuid>().all(c).await?);
    }
    Ok(out)
}

/// When the first call of all began.
///
/// # Errors
/// [`StoreError`].
pub async fn first(c: &impl Conn) -> Result<Option<Instant>, StoreError> {
    Ok(Calls::find().select_only().column(C::StartedAt).order_by(C::StartedAt, Order::Asc).limit(1).into_tuple().one(c).await?)
}

/// The kept days from one to another that were measured by these terms.
///
/// # Errors
/// [`StoreError`].
pub async fn read(c: &impl Conn, terms: &str, first: i32, last: i32) -> Result<Vec<DayRow>, StoreError> {
    Ok(Days::find().filter(D::Day.between(first, last)).filter(D::Terms.eq(terms)).all(c).await?)
}

/// The same, without what they brought.
///
/// # Errors
/// [`StoreError`].
pub async fn marked(c: &impl Conn, terms: &str, first: i32, last: i32) -> Result<BTreeSet<i32>, StoreError> {
    let q = Days::find().select_only().column(D::Day).filter(D::Day.between(first, last)).filter(D::Terms.eq(terms));
    Ok(q.into_tuple::<i32>().all(c).await?.into_iter().collect())
}

/// Days of which calls changed after a place of the list, and up to another.
///
/// # Errors
/// [`StoreError`].
pub async fn changed(c: &impl Conn, after: i64, until: Option<i64>) -> Result<BTreeSet<i32>, StoreError> {
    let mut q = Changes::find().select_only().column(X::Day).distinct().filter(X::Id.gt(after));
    if let Some(until) = until {
        q = q.filter(X::Id.lte(until));
    }
    Ok(q.into_tuple::<i32>().all(c).await?.into_iter().collect())
}

/// The end of the list of changed days; `None` when nothing stands in it.
///
/// # Errors
/// [`StoreError`].
pub async fn last_change(c: &impl Conn) -> Result<Option<i64>, StoreError> {
    Ok(Changes::find().select_only().column(X::Id).order_by(X::Id, Order::Desc).limit(1).into_tuple().one(c).await?)
}

/// How far the kept days are true; `None`: none is kept.
///
/// # Errors
/// [`StoreError`].
pub async fn state(c: &impl Conn) -> Result<Option<State>, StoreError> {
    Ok(report_state::Entity::find_by_id(STATE).one(c).await?)
}

/// Notes the list's end as the place from which on changes are watched, unless somebody did so already.
///
/// # Errors
/// [`StoreError`].
pub async fn begin(c: &impl Conn, position: i64, end: i64, wall: Instant) -> Result<(), StoreError> {
    let row = report_state::ActiveModel { id: Set(STATE), position: Set(position), next_position: Set(end), noted_at: Set(wall) };
    let once = OnConflict::column(report_state::Column::Id).do_nothing().to_owned();
    report_state::Entity::insert(row).on_conflict(once).exec_without_returning(c).await?;
    Ok(())
}

/// Moves the state on from where the caller saw it, or holds it there to the end of the transaction. False: another worker has moved it.
async fn hold(c: &impl Conn, seen: &State, to: Option<(i64, Instant)>) -> Result<bool, StoreError> {
    use report_state::Column as S;
    let (position, next, noted_at) = to.map_or((seen.position, seen.next_position, seen.noted_at), |(end, wall)| (seen.next_position, end, wall));
    let done = report_state::Entity::update_many()
        .col_expr(S::Position, Expr::value(position))
        .col_expr(S::NextPosition, Expr::value(next))
        .col_expr(S::NotedAt, Expr::value(noted_at))
        .filter(S::Id.eq(STATE))
        .filter(S::Position.eq(seen.position))
        .filter(S::NextPosition.eq(seen.next_position))
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Puts days in the place of those that stand there, unless another worker has gone on since `seen`: then false, and nothing was written.
///
/// # Errors
/// [`StoreError`]; then every day stands as it stood.
pub async fn write(db: &Db, seen: &State, rows: Vec<DayRow>) -> Result<bool, StoreError> {
    let tx = db.begin().await?;
    if !hold(&tx, seen, None).await? {
        return Ok(false);
    }
    let rows: Vec<ActiveModel> = rows.into_iter().map(|r| ActiveModel { day: Set(r.day), terms: Set(r.terms), facts: Set(r.facts) }).collect();
    for part in rows.chunks(TOGETHER) {
        let over = OnConflict::column(D::Day).update_columns([D::Terms, D::Facts]).to_owned();
        Days::insert_many(part.to_vec()).on_conflict(over).exec_without_returning(&tx).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Every change up to the place that was noted last is in the kept days of these terms; `end` is the next place to be. Days of other terms do not have
/// the changes, so they go. What no reader can ask for any more goes from the list: whoever began with the state before still finds what came after it.
///
/// # Errors
/// [`StoreError`].
pub async fn advance(db: &Db, seen: &State, terms: &str, end: i64, wall: Instant) -> Result<bool, StoreError> {
    let tx = db.begin().await?;
    if !hold(&tx, seen, Some((end, wall))).await? {
        return Ok(false);
    }
    Days::delete_many().filter(D::Terms.ne(terms)).exec(&tx).await?;
    Changes::delete_many().filter(X::Id.lte(seen.position)).exec(&tx).await?;
    tx.commit().await?;
    Ok(true)
}

/// Forgets every kept day, so that all are added up anew.
///
/// # Errors
/// [`StoreError`].
pub async fn forget(db: &Db) -> Result<(), StoreError> {
    let tx = db.begin().await?;
    report_state::Entity::delete_by_id(STATE).exec(&tx).await?;
    Days::delete_many().exec(&tx).await?;
    Ok(tx.commit().await?)
}
