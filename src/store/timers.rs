//! Clocks as stored: the truth behind every index.

use super::bulk::{Bulk, Conflict};
use super::db::Conn;
use super::entity::sla_timer::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::sla::{Stage, Timer, TimerState};
use crate::domain::{Instant, RequestId, TimerId};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

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
        })
    }
}

fn active(t: &Timer) -> ActiveModel {
    ActiveModel {
        id: Set(t.id.0),
        request_id: Set(t.request.0),
        stage: Set(t.stage.as_str().to_owned()),
        round: Set(t.round),
        state: Set(t.state.as_str().to_owned()),
        started_at: Set(t.started_at),
        due_at: Set(t.due_at),
        remaining_us: Set(t.remaining_us),
        ended_at: Set(t.ended_at),
    }
}

/// Writes new and changed clocks.
///
/// # Errors
/// [`StoreError`] when a value cannot be written.
pub fn upsert(bulk: &mut Bulk, rows: &[Timer]) -> Result<(), StoreError> {
    let set = vec![Column::State, Column::DueAt, Column::RemainingUs, Column::EndedAt];
    bulk.add(rows.iter().map(active).collect(), &Conflict::Update(Column::Id, set))
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
        .filter(Column::RequestId.is_in(ids.iter().map(|i| i.0)))
        .order_by(Column::StartedAt, Order::Asc)
        .order_by(Column::Round, Order::Asc)
        .all(c)
        .await?;
    rows.into_iter().map(Timer::try_from).collect()
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, ids: &[TimerId]) -> Result<Vec<Timer>, StoreError> {
    let rows = Entity::find().filter(Column::Id.is_in(ids.iter().map(|i| i.0))).all(c).await?;
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
        .filter(Column::Id.is_in(ids.iter().map(|i| i.0)))
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
        q = q.filter(Condition::any().add(Column::DueAt.gt(at)).add(Condition::all().add(Column::DueAt.eq(at)).add(Column::Id.gt(id.0))));
    }
    let rows: Vec<(uuid::Uuid, Instant)> =
        q.order_by(Column::DueAt, Order::Asc).order_by(Column::Id, Order::Asc).limit(limit).into_tuple().all(c).await?;
    Ok(rows.into_iter().map(|(id, at)| (TimerId(id), at)).collect())
}

/// How many run, by stage.
///
/// # Errors
/// [`StoreError`].
pub async fn pending(c: &impl Conn, stage: Stage) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::State.eq(TimerState::Running.as_str())).filter(Column::Stage.eq(stage.as_str())).count(c).await?)
}
