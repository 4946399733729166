//! Revisions of policies and calendars: who changed what, when, and from when on it holds.

use super::db::Conn;
use super::entity::book_revision::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::{Instant, RequestId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

pub use super::entity::book_revision::Model as BookRow;

/// Whether a revision is put on requests that were open before it.
pub mod apply {
    /// Only on what comes after it.
    pub const NONE: &str = "none";
    /// Asked for; being done.
    pub const ASKED: &str = "asked";
    pub const DONE: &str = "done";
}

/// A revision to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRevision {
    pub number: i64,
    /// `sla.toml` and `calendar.toml` as texts.
    pub sla: String,
    pub calendar: String,
    pub author: String,
    pub note: String,
    /// The differences from the one before, as JSON.
    pub diff: String,
    pub made_at: Instant,
    pub effective_at: Instant,
}

/// # Errors
/// [`StoreError::Duplicate`] when the number is taken: another was faster.
pub async fn insert(c: &impl Conn, r: &NewRevision) -> Result<(), StoreError> {
    let row = ActiveModel {
        number: Set(r.number),
        sla: Set(r.sla.clone()),
        calendar: Set(r.calendar.clone()),
        author: Set(r.author.clone()),
        note: Set(r.note.clone()),
        diff: Set(r.diff.clone()),
        made_at: Set(r.made_at),
        effective_at: Set(r.effective_at),
        apply_state: Set(apply::NONE.to_owned()),
        apply_after: Set(None),
        applied: Set(0),
    };
    Entity::insert(row).exec_without_returning(c).await?;
    Ok(())
}

/// All revisions after a number, in their order.
///
/// # Errors
/// [`StoreError`].
pub async fn after(c: &impl Conn, number: i64) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find().filter(Column::Number.gt(number)).order_by(Column::Number, Order::Asc).all(c).await?)
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, number: i64) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find_by_id(number).one(c).await?)
}

/// The newest.
///
/// # Errors
/// [`StoreError`].
pub async fn last(c: &impl Conn) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find().order_by(Column::Number, Order::Desc).limit(1).one(c).await?)
}

/// The number of the newest; 0 when there is none.
///
/// # Errors
/// [`StoreError`].
pub async fn newest(c: &impl Conn) -> Result<i64, StoreError> {
    let q = Entity::find().select_only().column(Column::Number).order_by(Column::Number, Order::Desc).limit(1);
    Ok(q.into_tuple::<i64>().one(c).await?.unwrap_or(0))
}

/// Asks that a revision be put on open requests; asking again begins anew. False when there is no such revision.
///
/// # Errors
/// [`StoreError`].
pub async fn ask(c: &impl Conn, number: i64) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::ApplyState, Expr::value(apply::ASKED))
        .col_expr(Column::ApplyAfter, Expr::value(Option::<uuid::Uuid>::None))
        .filter(Column::Number.eq(number))
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// The revision that is being put on open requests, if any: the oldest asked for.
///
/// # Errors
/// [`StoreError`].
pub async fn asked(c: &impl Conn) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find().filter(Column::ApplyState.eq(apply::ASKED)).order_by(Column::Number, Order::Asc).limit(1).one(c).await?)
}

/// Notes how far it has come: `after` is the last request looked at, unset at the end; `moved` were changed in this step.
///
/// # Errors
/// [`StoreError`].
pub async fn progress(c: &impl Conn, number: i64, after: Option<RequestId>, moved: i64) -> Result<(), StoreError> {
    let state = if after.is_some() { apply::ASKED } else { apply::DONE };
    Entity::update_many()
        .col_expr(Column::ApplyState, Expr::value(state))
        .col_expr(Column::ApplyAfter, Expr::value(after.map(|r| r.0)))
        .col_expr(Column::Applied, Expr::col(Column::Applied).add(moved))
        .filter(Column::Number.eq(number))
        .exec(c)
        .await?;
    Ok(())
}
