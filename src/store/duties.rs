//! Who has which duty: the people behind the words of a ladder.

use super::db::Conn;
use super::entity::duty::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::calendar::Span;
use crate::domain::sla::Duty;
use crate::domain::{QueueCode, StaffId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder};
use uuid::Uuid;

/// One duty of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnDuty {
    pub id: Uuid,
    pub staff: StaffId,
    pub duty: Duty,
    /// Unset: for every queue.
    pub queue: Option<QueueCode>,
    /// Local hours of every day; unset: always.
    pub hours: Option<Span>,
    /// Where letters go; unset: no letters.
    pub mail: Option<String>,
}

impl TryFrom<Model> for OnDuty {
    type Error = StoreError;
    fn try_from(m: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: m.id,
            staff: StaffId(m.staff_id),
            duty: Duty::parse(&m.duty).ok_or_else(|| StoreError::corrupt("duty.duty", &m.duty))?,
            queue: m.queue.map(QueueCode::new).transpose().map_err(|e| StoreError::corrupt("duty.queue", e))?,
            hours: m.hours.as_deref().map(Span::parse).transpose().map_err(|e| StoreError::corrupt("duty.hours", e))?,
            mail: m.mail,
        })
    }
}

/// # Errors
/// [`StoreError`].
pub async fn insert(c: &impl Conn, d: &OnDuty) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(d.id),
        staff_id: Set(d.staff.0),
        duty: Set(d.duty.as_str().to_owned()),
        queue: Set(d.queue.clone().map(String::from)),
        hours: Set(d.hours.map(|h| h.to_string())),
        mail: Set(d.mail.clone()),
    };
    Entity::insert(row).exec_without_returning(c).await?;
    Ok(())
}

/// The whole roster. It is as long as the service has people with duties.
///
/// # Errors
/// [`StoreError`].
pub async fn all(c: &impl Conn) -> Result<Vec<OnDuty>, StoreError> {
    Entity::find().order_by(Column::Id, Order::Asc).all(c).await?.into_iter().map(OnDuty::try_from).collect()
}

/// False when there is no such row.
///
/// # Errors
/// [`StoreError`].
pub async fn remove(c: &impl Conn, id: Uuid) -> Result<bool, StoreError> {
    Ok(Entity::delete_many().filter(Column::Id.eq(id)).exec(c).await?.rows_affected == 1)
}
