//! Fitted models: which one is in use, which one was before, and which were not good enough.

use super::db::Conn;
use super::entity::triage_model::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::Instant;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

/// Where a model stands.
pub mod state {
    /// In use by every process.
    pub const ACTIVE: &str = "active";
    /// In use before the active one: what a rollback brings back.
    pub const PREVIOUS: &str = "previous";
    /// Scored worse than what was in use, and never was.
    pub const REJECTED: &str = "rejected";
    /// In use once; replaced twice, or taken back.
    pub const RETIRED: &str = "retired";
}

/// A model without its bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelRow {
    pub id: i64,
    pub version: String,
    pub state: String,
    pub base: String,
    pub corrections: i64,
    pub last_correction: i64,
    /// JSON.
    pub scores: String,
    pub created_by: String,
    pub created_at: Instant,
}

/// A model to be stored.
#[derive(Debug, Clone)]
pub struct NewModel {
    pub version: String,
    pub state: &'static str,
    pub base: String,
    pub corrections: i64,
    pub last_correction: i64,
    pub scores: String,
    pub model: Vec<u8>,
    pub created_by: String,
    pub at: Instant,
}

fn row(m: Model) -> ModelRow {
    ModelRow {
        id: m.id,
        version: m.version,
        state: m.state,
        base: m.base,
        corrections: m.corrections,
        last_correction: m.last_correction,
        scores: m.scores,
        created_by: m.created_by,
        created_at: m.created_at,
    }
}

/// The number of the model in use; none: the one that is built into the program.
///
/// # Errors
/// [`StoreError`].
pub async fn active(c: &impl Conn) -> Result<Option<i64>, StoreError> {
    of_state(c, state::ACTIVE).await
}

/// The number of the newest model that stands so.
///
/// # Errors
/// [`StoreError`].
pub async fn of_state(c: &impl Conn, state: &str) -> Result<Option<i64>, StoreError> {
    let q = Entity::find().select_only().column(Column::Id).filter(Column::State.eq(state));
    Ok(q.order_by(Column::Id, Order::Desc).limit(1).into_tuple().one(c).await?)
}

/// Version and bytes of a model; none when it is not there or its bytes were dropped.
///
/// # Errors
/// [`StoreError`].
pub async fn bytes(c: &impl Conn, id: i64) -> Result<Option<(String, Vec<u8>)>, StoreError> {
    Ok(Entity::find_by_id(id).one(c).await?.and_then(|m| Some((m.version, m.model?))))
}

/// The newest models, newest first, whatever became of them.
///
/// # Errors
/// [`StoreError`].
pub async fn latest(c: &impl Conn, limit: u64) -> Result<Vec<ModelRow>, StoreError> {
    Ok(Entity::find().order_by(Column::Id, Order::Desc).limit(limit).all(c).await?.into_iter().map(row).collect())
}

/// # Errors
/// [`StoreError`].
pub async fn insert(c: &impl Conn, m: NewModel) -> Result<(), StoreError> {
    let model = ActiveModel {
        id: NotSet,
        version: Set(m.version),
        state: Set(m.state.to_owned()),
        base: Set(m.base),
        corrections: Set(m.corrections),
        last_correction: Set(m.last_correction),
        scores: Set(m.scores),
        model: Set(Some(m.model)),
        created_by: Set(m.created_by),
        created_at: Set(m.at),
    };
    Entity::insert(model).exec_without_returning(c).await?;
    Ok(())
}

/// Moves every model that stands at `from` to `to`.
///
/// # Errors
/// [`StoreError`].
pub async fn shift(c: &impl Conn, from: &str, to: &str) -> Result<u64, StoreError> {
    let moved = Entity::update_many().col_expr(Column::State, Expr::value(to)).filter(Column::State.eq(from));
    Ok(moved.exec(c).await?.rows_affected)
}

/// Drops the bytes of models that can no longer come back; their scores stay.
///
/// # Errors
/// [`StoreError`].
pub async fn slim(c: &impl Conn) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::Model, Expr::value(Option::<Vec<u8>>::None))
        .filter(Column::State.is_in([state::RETIRED, state::REJECTED]))
        .filter(Column::Model.is_not_null())
        .exec(c)
        .await?;
    Ok(())
}
