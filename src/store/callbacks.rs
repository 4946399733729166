//! Who is to be called back.

use super::db::Conn;
use super::entity::callback_task::{ActiveModel, Column, Entity, Model};
use super::entity::{callback_attempt, conversation, request, resident};
use super::error::StoreError;
use crate::domain::callback::{Attempt, Callback, Outcome, State};
use crate::domain::phone::Phone;
use crate::domain::{CallId, CallbackId, Instant, StaffId};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};

const BATCH: usize = 1000;

impl TryFrom<Model> for Callback {
    type Error = StoreError;
    fn try_from(m: Model) -> Result<Self, StoreError> {
        let outcome = |o: &String| Outcome::parse(o).ok_or_else(|| StoreError::corrupt("callback_task.outcome", o));
        Ok(Self {
            id: CallbackId(m.id),
            phone: m.phone.map(|p| Phone::parse(&p)).transpose().map_err(|e| StoreError::corrupt("callback_task.phone", e))?,
            state: State::parse(&m.state).ok_or_else(|| StoreError::corrupt("callback_task.state", &m.state))?,
            urgency: m.urgency,
            missed: m.missed.unsigned_abs(),
            attempts: m.attempts.unsigned_abs(),
            call: m.call_id.map(CallId),
            first_missed_at: m.first_missed_at,
            last_missed_at: m.last_missed_at,
            due_at: m.due_at,
            next_at: m.next_at,
            taken_by: m.taken_by.map(StaffId),
            taken_at: m.taken_at,
            promised_at: m.promised_at,
            outcome: m.outcome.as_ref().map(outcome).transpose()?,
            closed_by: m.closed_by,
            closed_at: m.closed_at,
            created_at: m.created_at,
        })
    }
}

fn active(t: &Callback) -> ActiveModel {
    let count = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let phone = t.phone.as_ref().map(|p| p.e164().to_owned());
    ActiveModel {
        id: Set(t.id.0),
        open_for: Set(phone.clone().filter(|_| t.is_open())),
        phone: Set(phone),
        state: Set(t.state.as_str().to_owned()),
        urgency: Set(t.urgency),
        missed: Set(count(t.missed)),
        attempts: Set(count(t.attempts)),
        call_id: Set(t.call.map(|c| c.0)),
        first_missed_at: Set(t.first_missed_at),
        last_missed_at: Set(t.last_missed_at),
        due_at: Set(t.due_at),
        next_at: Set(t.next_at),
        taken_by: Set(t.taken_by.map(|s| s.0)),
        taken_at: Set(t.taken_at),
        promised_at: Set(t.promised_at),
        outcome: Set(t.outcome.map(|o| o.as_str().to_owned())),
        closed_by: Set(t.closed_by.clone()),
        closed_at: Set(t.closed_at),
        created_at: Set(t.created_at),
    }
}

/// Writes new tasks, and the whole of known ones.
///
/// # Errors
/// [`StoreError::Duplicate`] when another open task for the same caller was made meanwhile.
pub async fn save(c: &impl Conn, rows: &[Callback]) -> Result<(), StoreError> {
    use sea_orm::Iterable;
    for part in rows.chunks(BATCH) {
        let conflict =
            OnConflict::column(Column::Id).update_columns(Column::iter().filter(|c| !matches!(c, Column::Id | Column::CreatedAt))).to_owned();
        Entity::insert_many(part.iter().map(active)).on_conflict(conflict).exec_without_returning(c).await?;
    }
    Ok(())
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, id: CallbackId) -> Result<Option<Callback>, StoreError> {
    Entity::find_by_id(id.0).one(c).await?.map(Callback::try_from).transpose()
}

/// Open tasks of these callers.
///
/// # Errors
/// [`StoreError`].
pub async fn open_for(c: &impl Conn, phones: &[Phone]) -> Result<Vec<Callback>, StoreError> {
    let mut out = Vec::new();
    for part in phones.chunks(BATCH) {
        for m in Entity::find().filter(Column::OpenFor.is_in(part.iter().map(Phone::e164))).all(c).await? {
            out.push(Callback::try_from(m)?);
        }
    }
    Ok(out)
}

/// Takes an open task, if nobody was faster.
///
/// # Errors
/// [`StoreError`].
pub async fn take(c: &impl Conn, id: CallbackId, by: StaffId, now: Instant) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Taken.as_str()))
        .col_expr(Column::TakenBy, Expr::value(by.0))
        .col_expr(Column::TakenAt, Expr::value(now))
        .filter(Column::Id.eq(id.0))
        .filter(Column::State.eq(State::Open.as_str()))
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Writes a task over, if it still stands as `seen`. False: somebody was faster.
///
/// # Errors
/// [`StoreError`].
pub async fn update(c: &impl Conn, seen: &Callback, to: &Callback) -> Result<bool, StoreError> {
    let mut row = active(to);
    row.id = NotSet;
    let done = Entity::update_many()
        .set(row)
        .filter(Column::Id.eq(seen.id.0))
        .filter(Column::State.eq(seen.state.as_str()))
        .filter(Column::Attempts.eq(i32::try_from(seen.attempts).unwrap_or(i32::MAX)))
        .filter(Column::Missed.eq(i32::try_from(seen.missed).unwrap_or(i32::MAX)))
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Where a page goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallbackCursor {
    pub urgency: i16,
    pub at: Instant,
    pub id: CallbackId,
}

impl CallbackCursor {
    #[must_use]
    pub fn after(t: &Callback) -> Self {
        Self { urgency: t.urgency, at: t.first_missed_at, id: t.id }
    }
}

/// A page of one state: the most urgent first, then the oldest.
///
/// # Errors
/// [`StoreError`].
pub async fn list(c: &impl Conn, state: State, after: Option<&CallbackCursor>, limit: u64) -> Result<Vec<Callback>, StoreError> {
    let mut q = Entity::find().filter(Column::State.eq(state.as_str()));
    if let Some(k) = after {
        let later =
            Condition::any().add(Column::FirstMissedAt.gt(k.at)).add(Condition::all().add(Column::FirstMissedAt.eq(k.at)).add(Column::Id.gt(k.id.0)));
        q = q.filter(Condition::any().add(Column::Urgency.gt(k.urgency)).add(Condition::all().add(Column::Urgency.eq(k.urgency)).add(later)));
    }
    let q = q.order_by(Column::Urgency, Order::Asc).order_by(Column::FirstMissedAt, Order::Asc).order_by(Column::Id, Order::Asc).limit(limit);
    q.all(c).await?.into_iter().map(Callback::try_from).collect()
}

/// What figures ask of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    pub due_at: Instant,
    pub closed_at: Option<Instant>,
    pub outcome: Option<Outcome>,
}

/// Tasks made in a period for calls that were missed. Not: those made by a message, and those of whoever asked to be forgotten, to whom nothing is owed.
///
/// # Errors
/// [`StoreError`].
pub async fn owed(c: &impl Conn, from: Instant, to: Instant) -> Result<Vec<Owed>, StoreError> {
    let rows: Vec<(Instant, Option<Instant>, Option<String>)> = Entity::find()
        .select_only()
        .columns([Column::DueAt, Column::ClosedAt, Column::Outcome])
        .filter(Column::CreatedAt.gte(from))
        .filter(Column::CreatedAt.lt(to))
        .filter(Column::Missed.ne(0))
        .filter(Condition::any().add(Column::Outcome.is_null()).add(Column::Outcome.ne(Outcome::Erased.as_str())))
        .into_tuple()
        .all(c)
        .await?;
    let outcome = |o: String| Outcome::parse(&o).ok_or_else(|| StoreError::corrupt("callback_task.outcome", &o));
    rows.into_iter().map(|(due_at, closed_at, o)| Ok(Owed { due_at, closed_at, outcome: o.map(outcome).transpose()? })).collect()
}

/// One attempt.
///
/// # Errors
/// [`StoreError`].
pub async fn note_attempt(c: &impl Conn, id: CallbackId, by: StaffId, what: Attempt, note: Option<&str>, at: Instant) -> Result<(), StoreError> {
    let row = callback_attempt::ActiveModel {
        id: NotSet,
        task_id: Set(id.0),
        staff_id: Set(by.0),
        outcome: Set(what.as_str().to_owned()),
        note: Set(note.map(str::to_owned)),
        at: Set(at),
    };
    callback_attempt::Entity::insert(row).exec_without_returning(c).await?;
    Ok(())
}

/// Tasks of a call that turned out to be part of another.
pub(super) async fn move_call(c: &impl Conn, from: CallId, to: CallId) -> Result<(), StoreError> {
    Entity::update_many().col_expr(Column::CallId, Expr::value(to.0)).filter(Column::CallId.eq(from.0)).exec(c).await?;
    Ok(())
}

/// When the owners of these numbers last wrote, or had a request taken down, at or after `from`.
///
/// # Errors
/// [`StoreError`].
pub async fn wrote_since(c: &impl Conn, phones: &[Phone], from: Instant) -> Result<Vec<(String, Instant)>, StoreError> {
    let mut out = Vec::new();
    for part in phones.chunks(BATCH) {
        let people: Vec<(uuid::Uuid, String)> = resident::Entity::find()
            .select_only()
            .column(resident::Column::Id)
            .column(resident::Column::Phone)
            .filter(resident::Column::Phone.is_in(part.iter().map(Phone::e164)))
            .into_tuple()
            .all(c)
            .await?;
        if people.is_empty() {
            continue;
        }
        let phone = |id: uuid::Uuid| people.iter().find(|(p, _)| *p == id).map(|(_, phone)| phone.clone());
        let ids = || people.iter().map(|(id, _)| *id);
        let requests: Vec<(Option<uuid::Uuid>, Instant)> = request::Entity::find()
            .select_only()
            .column(request::Column::ResidentId)
            .column(request::Column::ReceivedAt)
            .filter(request::Column::ResidentId.is_in(ids()))
            .filter(request::Column::ReceivedAt.gte(from))
            .into_tuple()
            .all(c)
            .await?;
        let chats: Vec<(uuid::Uuid, Option<Instant>)> = conversation::Entity::find()
            .select_only()
            .column(conversation::Column::ResidentId)
            .column(conversation::Column::LastInboundAt)
            .filter(conversation::Column::ResidentId.is_in(ids()))
            .filter(conversation::Column::LastInboundAt.gte(from))
            .into_tuple()
            .all(c)
            .await?;
        let wrote = requests.into_iter().filter_map(|(id, at)| Some((id?, at))).chain(chats.into_iter().filter_map(|(id, at)| Some((id, at?))));
        out.extend(wrote.filter_map(|(id, at)| Some((phone(id)?, at))));
    }
    Ok(out)
}

/// Which of these numbers belong to people in whose name a danger is open.
///
/// # Errors
/// [`StoreError`].
pub async fn in_danger(c: &impl Conn, phones: &[Phone]) -> Result<Vec<String>, StoreError> {
    use sea_orm::sea_query::Query;
    let mut out = Vec::new();
    for part in phones.chunks(BATCH) {
        let open = Query::select()
            .column(request::Column::ResidentId)
            .from(request::Entity)
            .and_where(request::Column::Hazard.is_not_null())
            .and_where(request::Column::IsOpen.eq(true))
            .and_where(Expr::col((request::Entity, request::Column::ResidentId)).equals((resident::Entity, resident::Column::Id)))
            .to_owned();
        let rows: Vec<String> = resident::Entity::find()
            .select_only()
            .column(resident::Column::Phone)
            .filter(resident::Column::Phone.is_in(part.iter().map(Phone::e164)))
            .filter(Expr::exists(open))
            .into_tuple()
            .all(c)
            .await?;
        out.extend(rows);
    }
    Ok(out)
}

/// Forgets the number; an open task ends.
///
/// # Errors
/// [`StoreError`].
pub async fn erase(c: &impl Conn, phone: &Phone, now: Instant) -> Result<(), StoreError> {
    for m in Entity::find().filter(Column::Phone.eq(phone.e164())).all(c).await? {
        let mut task = Callback::try_from(m)?;
        if task.is_open() {
            task.close(Outcome::Erased, "system:erasure", now);
        }
        task.phone = None;
        save(c, &[task.clone()]).await?;
        callback_attempt::Entity::update_many()
            .col_expr(callback_attempt::Column::Note, Expr::value(Option::<String>::None))
            .filter(callback_attempt::Column::TaskId.eq(task.id.0))
            .exec(c)
            .await?;
    }
    Ok(())
}
