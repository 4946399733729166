//! Pages of requests with what a list shows beside the state, in one statement each.

use super::db::Conn;
use super::entity::request::{Column, Entity, Model};
use super::entity::{message, sla_timer};
use super::error::StoreError;
use super::messages::direction;
use super::requests::{QueueCursor, QueueFilter, Stored, of_queue, paged};
use crate::domain::access::{Permission, Scope};
use crate::domain::sla::{Stage, TimerState};
use crate::domain::{CrewCode, Instant, QueueCode, RequestId};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect, Select};

/// A request as a list shows it.
#[derive(Debug, Clone)]
pub struct Listed {
    pub stored: Stored,
    /// When its live clocks run out.
    pub accept_due: Option<Instant>,
    pub restore_due: Option<Instant>,
    /// The resident's first words, for those who may read them.
    pub words: Option<String>,
}

#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    request: Model,
    accept_due: Option<Instant>,
    restore_due: Option<Instant>,
    words: Option<String>,
}

/// A page of one queue, most urgent first.
///
/// # Errors
/// [`StoreError`].
pub async fn queue_rows(
    c: &impl Conn,
    scope: &Scope,
    queue: &QueueCode,
    filter: &QueueFilter,
    cursor: Option<&QueueCursor>,
    limit: u64,
) -> Result<Vec<Listed>, StoreError> {
    listed(c, of_queue(scope, queue, filter, cursor, limit), scope).await
}

/// Open jobs of one crew, most urgent first.
///
/// # Errors
/// [`StoreError`].
pub async fn crew_rows(c: &impl Conn, scope: &Scope, crew: &CrewCode, limit: u64) -> Result<Vec<Listed>, StoreError> {
    let q = Entity::find().filter(Column::Crew.eq(crew.as_str())).filter(Column::IsOpen.eq(true));
    listed(c, paged(q, None, limit), scope).await
}

/// These requests, newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn rows(c: &impl Conn, scope: &Scope, ids: &[RequestId]) -> Result<Vec<Listed>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let q = Entity::find().filter(Column::Id.is_in(ids.iter().map(|i| i.0)));
    listed(c, q.order_by(Column::ReceivedAt, Order::Desc).order_by(Column::Id, Order::Desc), scope).await
}

/// One statement for the whole page: the neighbours of each row are found by their indexes.
async fn listed(c: &impl Conn, page: Select<Entity>, scope: &Scope) -> Result<Vec<Listed>, StoreError> {
    let mut q = page.expr_as(due(Stage::Accept), "accept_due").expr_as(due(Stage::Restore), "restore_due");
    q = if scope.may(Permission::ReadPersonal) { q.expr_as(first_words(), "words") } else { q.expr_as(Expr::value(Option::<String>::None), "words") };
    let rows = q.into_model::<Row>().all(c).await?;
    rows.into_iter()
        .map(|r| Ok(Listed { stored: r.request.try_into()?, accept_due: r.accept_due, restore_due: r.restore_due, words: r.words }))
        .collect()
}

/// When the live clock of a stage runs out: null when it is reached, paused or not there.
fn due(stage: Stage) -> Expr {
    use sla_timer::{Column as T, Entity as Timer};
    let live = Condition::any()
        .add(T::State.eq(TimerState::Running.as_str()))
        .add(Condition::all().add(T::State.eq(TimerState::Breached.as_str())).add(T::EndedAt.is_null()));
    let q = Query::select()
        .expr(Expr::col((Timer, T::DueAt)).min())
        .from(Timer)
        .and_where(Expr::col((Timer, T::RequestId)).equals((Entity, Column::Id)))
        .and_where(T::Stage.eq(stage.as_str()))
        .cond_where(live)
        .to_owned();
    Expr::SubQuery(None, Box::new(q.into()))
}

fn first_words() -> Expr {
    use message::{Column as M, Entity as Said};
    let q = Query::select()
        .column((Said, M::Text))
        .from(Said)
        .and_where(Expr::col((Said, M::RequestId)).equals((Entity, Column::Id)))
        .and_where(M::Direction.eq(direction::IN))
        .order_by((Said, M::At), Order::Asc)
        .order_by((Said, M::Id), Order::Asc)
        .limit(1)
        .to_owned();
    Expr::SubQuery(None, Box::new(q.into()))
}
