//! What is to be told when somebody is called: messages that reached nobody.

use super::db::Conn;
use super::entity::call_errand::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::inbound::Failure;
use crate::domain::{CallbackId, Instant, RequestId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder};

pub use super::entity::call_errand::Model as ErrandRow;

/// Puts a message onto the list of a task.
///
/// # Errors
/// [`StoreError`].
pub async fn add(c: &impl Conn, task: CallbackId, message: i64, request: Option<RequestId>, why: Failure, at: Instant) -> Result<(), StoreError> {
    let row = ActiveModel {
        outbox_id: Set(message),
        task_id: Set(task.0),
        request_id: Set(request.map(|r| r.0)),
        reason: Set(Some(why.as_str().to_owned())),
        at: Set(at),
    };
    let again = OnConflict::column(Column::OutboxId).update_columns([Column::TaskId, Column::Reason, Column::At]).to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(c).await?;
    Ok(())
}

/// The lists of these tasks.
///
/// # Errors
/// [`StoreError`].
pub async fn of_tasks(c: &impl Conn, tasks: &[CallbackId]) -> Result<Vec<Model>, StoreError> {
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    let q = Entity::find().filter(Column::TaskId.is_in(tasks.iter().map(|t| t.0)));
    Ok(q.order_by(Column::TaskId, Order::Asc).order_by(Column::OutboxId, Order::Asc).all(c).await?)
}
