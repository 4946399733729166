//! Clocks as stored: the truth behind every index.

use super::among;
use super::bulk::{Bulk, Conflict};
use super::db::Conn;
use super::entity::sla_timer::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::sla::{Run, Stage, Timer, TimerState};
use crate::domain::{Instant, RequestId, TimerId};
use sea_orm::sea_query::{Alias, CaseStatement, Expr, ExprTrait, LockBehavior, LockType, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbBackend, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect};

impl TryFrom<Model> for Timer {
    type Error = StoreError;
    fn try_from(m: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: TimerId(m.id),
            request: RequestId(m.request_id),
            stage: Stage::parse(&m.stage).ok_or_else(|| StoreError::corrupt("sla_timer.stage", &m.stage))?,
            round: m.round,
            state: TimerState::parse(&m.state).ok_or_else(|| StoreError::corrupt("sla_timer.state", &m.state))?,
            started_at: m.started_at,
            due_at: m.due_at,
            remaining_us: m.remaining_us,
            ended_at: m.ended_at,
            run: match &m.run {
                Some(json) => serde_json::from_str(json).map_err(|e| StoreError::corrupt("sla_timer.run", e))?,
                // Rows from before clocks kept their laps: all ran around the clock.
                None => m.remaining_us.map_or_else(|| Run::around_the_clock(m.started_at, m.due_at), |left| Run::paused_with(m.started_at, left)),
            },
        })
    }
}

fn active(t: &Timer, alarm_at: Option<Instant>) -> Result<ActiveModel, StoreError> {
    Ok(ActiveModel {
        id: Set(t.id.0),
        request_id: Set(t.request.0),
        stage: Set(t.stage.as_str().to_owned()),
        round: Set(t.round),
        state: Set(t.state.as_str().to_owned()),
        started_at: Set(t.started_at),
        due_at: Set(t.due_at),
        remaining_us: Set(t.remaining_us),
        ended_at: Set(t.ended_at),
        run: Set(Some(serde_json::to_string(&t.run).map_err(|e| StoreError::corrupt("sla_timer.run", e))?)),
        alarm_at: Set(alarm_at),
    })
}

/// Writes new and changed clocks, each with the time at which its ladder is to be looked at.
///
/// # Errors
/// [`StoreError`] when a value cannot be written.
pub fn upsert(bulk: &mut Bulk, rows: &[(Timer, Option<Instant>)]) -> Result<(), StoreError> {
    let set = vec![Column::State, Column::DueAt, Column::RemainingUs, Column::EndedAt, Column::Run, Column::AlarmAt];
    bulk.add(rows.iter().map(|(t, alarm)| active(t, *alarm)).collect::<Result<_, _>>()?, &Conflict::Update(Column::Id, set))
}

/// All clocks of some requests.
///
/// # Errors
/// [`StoreError`].
pub async fn of_requests(c: &impl Conn, ids: &[RequestId]) -> Result<Vec<Timer>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::find()
        .filter(among::these(c, Column::RequestId, ids.iter().map(|i| i.0)))
        .order_by(Column::StartedAt, Order::Asc)
        .order_by(Column::Round, Order::Asc)
        .all(c)
        .await?;
    rows.into_iter().map(Timer::try_from).collect()
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, ids: &[TimerId]) -> Result<Vec<Timer>, StoreError> {
    let rows = Entity::find().filter(among::these(c, Column::Id, ids.iter().map(|i| i.0))).all(c).await?;
    rows.into_iter().map(Timer::try_from).collect()
}

/// Flips clocks from running to breached, each exactly once: gives only those that we flipped, and only what is really due.
///
/// # Errors
/// [`StoreError`].
pub async fn flip_together(c: &impl Conn, ids: &[TimerId], now: Instant) -> Result<Vec<TimerId>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::update_many()
        .col_expr(Column::State, Expr::value(TimerState::Breached.as_str()))
        .filter(among::these(c, Column::Id, ids.iter().map(|i| i.0)))
        .filter(Column::State.eq(TimerState::Running.as_str()))
        .filter(Column::DueAt.lte(now))
        .exec_with_returning(c)
        .await?;
    Ok(rows.into_iter().map(|t| TimerId(t.id)).collect())
}

/// Running clocks due until `until`, the most urgent first.
///
/// # Errors
/// [`StoreError`].
pub async fn due_until(c: &impl Conn, until: Instant, limit: u64) -> Result<Vec<Timer>, StoreError> {
    let rows = Entity::find()
        .filter(Column::State.eq(TimerState::Running.as_str()))
        .filter(Column::DueAt.lte(until))
        .order_by(Column::DueAt, Order::Asc)
        .limit(limit)
        .all(c)
        .await?;
    rows.into_iter().map(Timer::try_from).collect()
}

/// All running clocks, by due time, for rebuilding an index: goes on after `(due_at, id)`.
///
/// # Errors
/// [`StoreError`].
pub async fn running_after(c: &impl Conn, after: Option<(Instant, TimerId)>, limit: u64) -> Result<Vec<(TimerId, Instant)>, StoreError> {
    let mut q = Entity::find().select_only().column(Column::Id).column(Column::DueAt).filter(Column::State.eq(TimerState::Running.as_str()));
    if let Some((at, id)) = after {
        let key = Expr::tuple([Column::DueAt, Column::Id].map(|c| Expr::col((Entity, c))));
        q = q.filter(key.gt(Expr::tuple([Expr::value(at), Expr::value(id.0)])));
    }
    let rows: Vec<(uuid::Uuid, Instant)> =
        q.order_by(Column::DueAt, Order::Asc).order_by(Column::Id, Order::Asc).limit(limit).into_tuple().all(c).await?;
    Ok(rows.into_iter().map(|(id, at)| (TimerId(id), at)).collect())
}

/// How many run, by stage; with `due`, only those that have run out by then and were not fired. At most [`COUNTED`] are looked at, those that run out
/// first.
///
/// # Errors
/// [`StoreError`].
pub async fn pending(c: &impl Conn, due: Option<Instant>) -> Result<Vec<(String, i64)>, StoreError> {
    let first = Query::select()
        .column(Column::Stage)
        .from(Entity)
        .and_where(Column::State.eq(TimerState::Running.as_str()))
        .and_where_option(due.map(|at| Column::DueAt.lte(at)))
        .order_by(Column::DueAt, Order::Asc)
        .limit(COUNTED)
        .to_owned();
    let q = Query::select()
        .column(Column::Stage)
        .expr_as(Expr::val(1).count(), "n")
        .from_subquery(first, "running")
        .group_by_col(Column::Stage)
        .to_owned();
    let rows = Pending::find_by_statement(c.get_database_backend().build(&q)).all(c).await?;
    Ok(rows.into_iter().map(|r| (r.stage, r.n)).collect())
}

/// More running clocks than this are told as so many.
pub const COUNTED: u64 = 50_000;

#[derive(FromQueryResult)]
struct Pending {
    stage: String,
    n: i64,
}

/// When the clock that is due first, of those that run, runs out or ran out.
///
/// # Errors
/// [`StoreError`].
pub async fn first_due(c: &impl Conn) -> Result<Option<Instant>, StoreError> {
    let q = Entity::find().select_only().column(Column::DueAt).filter(Column::State.eq(TimerState::Running.as_str()));
    Ok(q.order_by(Column::DueAt, Order::Asc).limit(1).into_tuple().one(c).await?)
}

/// Whether the ladder of any clock is to be looked at now.
///
/// # Errors
/// [`StoreError`].
pub async fn alarms_wait(c: &impl Conn, now: Instant) -> Result<bool, StoreError> {
    let q = Entity::find().select_only().column(Column::Id).filter(Column::AlarmAt.lte(now)).limit(1);
    Ok(q.into_tuple::<uuid::Uuid>().one(c).await?.is_some())
}

/// Takes clocks whose ladder is to be looked at into the hands of this transaction. Several workers take different ones: on PostgreSQL rows in
/// other hands are passed over; on SQLite there is one writer, and the locking words, which it does not know, are left out by the query builder.
///
/// # Errors
/// [`StoreError`].
pub async fn take_alarms(c: &impl Conn, now: Instant, limit: u64) -> Result<Vec<Timer>, StoreError> {
    let due = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::AlarmAt.lte(now))
        .order_by(Column::AlarmAt, Order::Asc)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .to_owned();
    let rows = Entity::update_many()
        .col_expr(Column::AlarmAt, Expr::value(Option::<Instant>::None))
        .filter(Column::Id.in_subquery(due))
        .exec_with_returning(c)
        .await?;
    rows.into_iter().map(Timer::try_from).collect()
}

/// Puts the ladder that would be looked at first off until `until`, so that one that cannot be read does not hold up the others.
///
/// # Errors
/// [`StoreError`].
pub async fn put_off_first(c: &impl Conn, now: Instant, until: Instant) -> Result<bool, StoreError> {
    let first =
        Query::select().column(Column::Id).from(Entity).and_where(Column::AlarmAt.lte(now)).order_by(Column::AlarmAt, Order::Asc).limit(1).to_owned();
    let done = Entity::update_many().col_expr(Column::AlarmAt, Expr::value(Some(until))).filter(Column::Id.in_subquery(first)).exec(c).await?;
    Ok(done.rows_affected == 1)
}

/// Says when ladders are to be looked at next, in one statement.
///
/// # Errors
/// [`StoreError`].
pub async fn set_alarms(c: &impl Conn, next: &[(TimerId, Instant)]) -> Result<(), StoreError> {
    if next.is_empty() {
        return Ok(());
    }
    let mut case = CaseStatement::new();
    for (id, at) in next {
        case = case.case(Column::Id.eq(id.0), Expr::value(*at).cast_as(Alias::new("timestamptz")));
    }
    let case = if c.get_database_backend() == DbBackend::Postgres {
        case
    } else {
        next.iter().fold(CaseStatement::new(), |case, (id, at)| case.case(Column::Id.eq(id.0), Expr::value(*at)))
    };
    let ids = next.iter().map(|(id, _)| id.0);
    Entity::update_many().col_expr(Column::AlarmAt, case.into()).filter(Column::Id.is_in(ids)).exec(c).await?;
    Ok(())
}
