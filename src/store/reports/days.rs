//! Days that are added up. They are true up to a place of the journal: what changed after it says which of them must be counted anew.

use super::{meets, of};
use crate::domain::Instant;
use crate::domain::report::Filter;
use crate::domain::{DistrictCode, QueueCode};
use crate::store::db::{Conn, Db};
use crate::store::entity::report_day::{ActiveModel, Column as D, Entity as Days, Model};
use crate::store::entity::request::{Column as R, Entity as Request};
use crate::store::entity::request_journal::{Column as J, Entity as Journal};
use crate::store::entity::{report_mark, report_state};
use crate::store::error::StoreError;
use sea_orm::sea_query::{Expr, ExprTrait, JoinType, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect, prelude::DateTimeUtc,
};
use std::collections::{BTreeMap, BTreeSet};

pub use crate::store::entity::report_day::Model as DayRow;
pub use crate::store::entity::report_state::Model as State;

/// Rows of one insert: SQLite takes 32,766 values.
const TOGETHER: usize = 2_000;

/// The kept part of the work. A crew's jobs are not kept apart: `None`.
fn filtered(f: &Filter) -> Option<Condition> {
    let b = &f.bounds;
    if b.crew.is_some() {
        return None;
    }
    let mut all = Condition::all();
    if let Some(queues) = &b.queues {
        all = all.add(D::Queue.is_in(queues.iter().map(QueueCode::as_str)));
    }
    if !b.districts.is_empty() {
        all = all.add(D::District.is_in(std::iter::once("").chain(b.districts.iter().map(DistrictCode::as_str))));
    }
    let parts = [
        (D::Class, f.class.map(|c| c.as_str().to_owned())),
        (D::Channel, f.channel.map(|c| c.as_str().to_owned())),
        (D::Service, f.service.as_ref().map(ToString::to_string)),
        (D::District, f.district.as_ref().map(ToString::to_string)),
        (D::Queue, f.queue.as_ref().map(ToString::to_string)),
    ];
    Some(parts.into_iter().filter_map(|(column, value)| Some((column, value?))).fold(all, |all, (column, value)| all.add(column.eq(value))))
}

/// Whether figures of this part of the work are kept.
#[must_use]
pub fn keeps(f: &Filter) -> bool {
    f.bounds.crew.is_none()
}

/// The kept rows from a day to another, both included.
///
/// # Errors
/// [`StoreError`].
pub async fn read(c: &impl Conn, f: &Filter, first: i32, last: i32) -> Result<Vec<Model>, StoreError> {
    let Some(part) = filtered(f) else { return Ok(Vec::new()) };
    Ok(Days::find().filter(D::Day.between(first, last)).filter(part).all(c).await?)
}

/// Requests of each kept day from one to another.
///
/// # Errors
/// [`StoreError`].
pub async fn counts(c: &impl Conn, f: &Filter, first: i32, last: i32) -> Result<BTreeMap<i32, i64>, StoreError> {
    let Some(part) = filtered(f) else { return Ok(BTreeMap::new()) };
    let rows: Vec<(i32, i64)> = Days::find()
        .select_only()
        .column(D::Day)
        .column_as(D::N.sum().cast_as("bigint"), "n")
        .filter(D::Day.between(first, last))
        .filter(part)
        .group_by(D::Day)
        .into_tuple()
        .all(c)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Days from one to another that have been added up, in their order.
///
/// # Errors
/// [`StoreError`].
pub async fn marked(c: &impl Conn, first: i32, last: i32) -> Result<BTreeSet<i32>, StoreError> {
    use report_mark::Column as M;
    let days: Vec<i32> = report_mark::Entity::find().select_only().column(M::Day).filter(M::Day.between(first, last)).into_tuple().all(c).await?;
    Ok(days.into_iter().collect())
}

/// How far the kept days are true; `None`: none is kept.
///
/// # Errors
/// [`StoreError`].
pub async fn state(c: &impl Conn) -> Result<Option<State>, StoreError> {
    Ok(report_state::Entity::find_by_id(1).one(c).await?)
}

/// Writes how far the kept days are true.
///
/// # Errors
/// [`StoreError`].
pub async fn set_state(c: &impl Conn, position: i64, next_position: i64, noted_at: Instant) -> Result<(), StoreError> {
    use report_state::Column as S;
    let row = report_state::ActiveModel { id: Set(1), position: Set(position), next_position: Set(next_position), noted_at: Set(noted_at) };
    let over = OnConflict::column(S::Id).update_columns([S::Position, S::NextPosition, S::NotedAt]).to_owned();
    report_state::Entity::insert(row).on_conflict(over).exec_without_returning(c).await?;
    Ok(())
}

/// That the kept days are still true to where `from` says, and nobody else has gone on; holds it until the transaction ends.
async fn still(c: &impl Conn, from: &State) -> Result<bool, StoreError> {
    use report_state::Column as S;
    let same = report_state::Entity::update_many()
        .col_expr(S::NotedAt, Expr::value(from.noted_at))
        .filter(S::Id.eq(1))
        .filter(S::Position.eq(from.position))
        .filter(S::NextPosition.eq(from.next_position));
    Ok(same.exec(c).await?.rows_affected == 1)
}

/// Notes that everything up to `from.next_position` is added up, and the journal's end for the next round. False: somebody else went on first.
///
/// # Errors
/// [`StoreError`].
pub async fn go_on(c: &impl Conn, from: &State, end: i64, noted_at: Instant) -> Result<bool, StoreError> {
    use report_state::Column as S;
    let same = report_state::Entity::update_many()
        .col_expr(S::Position, Expr::value(from.next_position))
        .col_expr(S::NextPosition, Expr::value(end))
        .col_expr(S::NotedAt, Expr::value(noted_at))
        .filter(S::Id.eq(1))
        .filter(S::Position.eq(from.position))
        .filter(S::NextPosition.eq(from.next_position));
    Ok(same.exec(c).await?.rows_affected == 1)
}

/// When the requests were received that changed after a place of the journal, and up to another: those received in `from..to`.
///
/// # Errors
/// [`StoreError`].
pub async fn changed(c: &impl Conn, after: i64, until: Option<i64>, from: Instant, to: Instant) -> Result<Vec<Instant>, StoreError> {
    #[derive(FromQueryResult)]
    struct Received {
        received_at: DateTimeUtc,
    }
    let mut q = Query::select()
        .distinct()
        .expr(of(R::ReceivedAt))
        .from(Journal)
        .join(JoinType::InnerJoin, Request, meets(R::Id, J::RequestId))
        .and_where(of(J::Id).gt(after))
        .and_where(of(R::ReceivedAt).gte(from))
        .and_where(of(R::ReceivedAt).lt(to))
        .to_owned();
    if let Some(until) = until {
        q.and_where(of(J::Id).lte(until));
    }
    let rows = Received::find_by_statement(c.get_database_backend().build(&q)).all(c).await?;
    Ok(rows.into_iter().map(|r| r.received_at).collect())
}

/// When the first request of all was received.
///
/// # Errors
/// [`StoreError`].
pub async fn first_received(c: &impl Conn) -> Result<Option<Instant>, StoreError> {
    Ok(Request::find().select_only().column(R::ReceivedAt).order_by(R::ReceivedAt, Order::Asc).limit(1).into_tuple().one(c).await?)
}

/// Puts the sums of a day, or of a month, in the place of those that stand there, in one transaction. False, and nothing is written: somebody else has
/// gone on since `from` was read, so that these may be older than those.
///
/// # Errors
/// [`StoreError`]; then the day stands as it stood.
pub async fn write(db: &Db, from: &State, day: i32, rows: Vec<Model>) -> Result<bool, StoreError> {
    let tx = db.begin().await?;
    if !still(&tx, from).await? {
        return Ok(false);
    }
    Days::delete_many().filter(D::Day.eq(day)).exec(&tx).await?;
    let active = |m: Model| ActiveModel {
        day: Set(m.day),
        queue: Set(m.queue),
        service: Set(m.service),
        district: Set(m.district),
        class: Set(m.class),
        channel: Set(m.channel),
        n: Set(m.n),
        facts: Set(m.facts),
    };
    let rows: Vec<ActiveModel> = rows.into_iter().map(active).collect();
    for part in rows.chunks(TOGETHER) {
        Days::insert_many(part.to_vec()).exec_without_returning(&tx).await?;
    }
    let mark = report_mark::ActiveModel { day: Set(day) };
    let once = OnConflict::column(report_mark::Column::Day).do_nothing().to_owned();
    report_mark::Entity::insert(mark).on_conflict(once).exec_without_returning(&tx).await?;
    tx.commit().await?;
    Ok(true)
}

/// Forgets that days are kept, so that all are added up anew. The rows go as each day is written: who is reading them now reads what was true a moment ago.
///
/// # Errors
/// [`StoreError`].
pub async fn forget(db: &Db) -> Result<(), StoreError> {
    let tx = db.begin().await?;
    report_state::Entity::delete_many().filter(report_state::Column::Id.eq(1)).exec(&tx).await?;
    report_mark::Entity::delete_many().exec(&tx).await?;
    Ok(tx.commit().await?)
}
