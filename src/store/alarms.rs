//! Steps of ladders that were taken. The key (clock, step) makes each happen once, whoever is first.

use super::among;
use super::bulk::{Bulk, Conflict};
use super::db::Conn;
use super::entity::sla_alarm::{ActiveModel, Column, Entity};
use super::error::StoreError;
use crate::domain::{Instant, RequestId, TimerId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder};
use std::collections::BTreeSet;

pub use super::entity::sla_alarm::Model as AlarmRow;

/// One step that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    pub timer: TimerId,
    /// Counts from 0 within the ladder.
    pub rung: i32,
    pub request: RequestId,
    /// When it was to be taken.
    pub due: Instant,
    pub at: Instant,
    /// How many are told.
    pub told: i32,
}

/// Notes steps. A step that stands already is an error of the whole transaction: another has taken it.
///
/// # Errors
/// [`StoreError`] when a value cannot be written.
pub fn insert(bulk: &mut Bulk, rows: &[Raised]) -> Result<(), StoreError> {
    let models = rows.iter().map(|r| ActiveModel {
        timer_id: Set(r.timer.0),
        rung: Set(r.rung),
        request_id: Set(r.request.0),
        due_at: Set(r.due),
        raised_at: Set(r.at),
        told: Set(r.told),
    });
    bulk.add(models.collect(), &Conflict::Fail)
}

/// The steps of these clocks that were taken.
///
/// # Errors
/// [`StoreError`].
pub async fn of_timers(c: &impl Conn, ids: &[TimerId]) -> Result<BTreeSet<(TimerId, i32)>, StoreError> {
    let rows = Entity::find().filter(among::these(c, Column::TimerId, ids.iter().map(|i| i.0))).all(c).await?;
    Ok(rows.into_iter().map(|r| (TimerId(r.timer_id), r.rung)).collect())
}

/// The steps taken about a request, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn of_request(c: &impl Conn, id: RequestId) -> Result<Vec<AlarmRow>, StoreError> {
    Ok(Entity::find().filter(Column::RequestId.eq(id.0)).order_by(Column::RaisedAt, Order::Asc).order_by(Column::Rung, Order::Asc).all(c).await?)
}
