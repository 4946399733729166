//! Letting go of rows that have served their time: each kind in batches, each batch found by an index from its oldest row on. A row goes in one
//! statement or in the caller's transaction; whoever comes second finds it gone, so any number of workers may run.

use super::db::Conn;
use super::entity::retention_run::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use super::{attachments, calls, messages, search};
use crate::domain::retention::Kind;
use crate::domain::{AttachmentId, CallId, Instant, MessageId, RequestId, ResidentId};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, DbBackend, EntityTrait, Order, QueryOrder, QueryResult, Statement, Value};
use std::collections::BTreeSet;
use uuid::Uuid;

pub use super::entity::retention_run::Model as RunRow;

/// Counting for a look ahead goes no further.
const COUNTED: u64 = 100_000;

/// Where a kind lies: what is looked for, and by which column its age is told.
struct Place {
    table: &'static str,
    time: &'static str,
    /// What else must hold. `$1` is the moment before which things have served their time.
    also: &'static str,
}

/// A request that is closed and untouched since before the moment, or none at all.
macro_rules! settled {
    ($table:literal) => {
        concat!(
            "(",
            $table,
            ".request_id IS NULL OR EXISTS (SELECT 1 FROM request r WHERE r.id = ",
            $table,
            ".request_id AND r.is_open = FALSE AND r.updated_at < $1))"
        )
    };
}

impl Place {
    const fn of(kind: Kind) -> Self {
        let (table, time, also) = match kind {
            Kind::RawEvents => ("raw_event", "received_at", "status = 'done'"),
            Kind::FailedEvents => ("raw_event", "received_at", "(status = 'parked' OR status = 'unreadable')"),
            Kind::MessageWords => ("message", "at", concat!("text IS NOT NULL AND ", settled!("message"))),
            Kind::Photos => ("attachment", "at", concat!("status <> 'erased' AND ", settled!("attachment"))),
            Kind::CallRecordings => ("\"call\"", "started_at", "recording IS NOT NULL"),
            Kind::CallNumbers => ("\"call\"", "started_at", "phone IS NOT NULL"),
            Kind::Houses => ("request_house", "at", "TRUE"),
            Kind::OutboxBodies => {
                ("outbox", "created_at", "(params <> '{}' OR sent_text IS NOT NULL) AND status NOT IN ('pending', 'sending', 'parked')")
            }
            Kind::Residents => (
                "resident",
                "created_at",
                "erased_at IS NULL AND (phone IS NOT NULL OR claimed_phone IS NOT NULL OR name IS NOT NULL) \
                 AND NOT EXISTS (SELECT 1 FROM request r WHERE r.resident_id = resident.id AND (r.received_at >= $1 OR r.is_open = TRUE)) \
                 AND NOT EXISTS (SELECT 1 FROM conversation v WHERE v.resident_id = resident.id AND (v.last_inbound_at >= $1 OR v.created_at >= $1)) \
                 AND NOT EXISTS (SELECT 1 FROM token t WHERE t.subject_id = resident.id)",
            ),
            Kind::AccessLog => ("access_log", "at", "TRUE"),
            Kind::Notices => ("notice", "created_at", "TRUE"),
            Kind::Alarms => ("sla_alarm", "raised_at", settled!("sla_alarm")),
            Kind::Tokens => ("token", "expires_at", "TRUE"),
            Kind::Sessions => ("staff_session", "ends_at", "TRUE"),
            Kind::Codes => ("otp", "expires_at", "TRUE"),
            Kind::KnownPlaces => ("known_peer", "seen_at", "TRUE"),
            Kind::Idempotency => ("idempotency", "created_at", "scope NOT LIKE 'crew:%'"),
            Kind::CrewAnswers => ("idempotency", "created_at", "scope LIKE 'crew:%'"),
            Kind::CallEvents => ("call_event", "processed_at", "status = 'done'"),
            Kind::Letters => ("mail_whole", "at", "TRUE"),
            Kind::Drafts => ("staff_draft", "updated_at", "TRUE"),
            Kind::SeenMarks => ("staff_seen", "at", "TRUE"),
            Kind::Exports => ("rights_export", "ends_at", "TRUE"),
        };
        Self { table, time, also }
    }

    /// Rows that have served their time, the oldest first. Numbered tables are read by their number, which grows with time: they need no other index.
    fn due(&self, kind: Kind, what: &str) -> String {
        let Self { table, time, also, .. } = self;
        match kind {
            Kind::RawEvents | Kind::FailedEvents | Kind::Notices => {
                format!("SELECT {what} FROM {table} WHERE {also} AND {time} < $1 AND id < $2 ORDER BY id LIMIT $3")
            }
            _ => format!("SELECT {what} FROM {table} WHERE {also} AND {time} < $1 AND {time} >= $2 ORDER BY {time} LIMIT $3"),
        }
    }

    /// Those rows and no others, named by where they lie: neither backend then looks for them in the rest of the table.
    fn these(&self, c: &impl Conn, kind: Kind) -> String {
        match c.get_database_backend() {
            DbBackend::Postgres => format!("ctid = ANY (ARRAY({}))", self.due(kind, "ctid")),
            _ => format!("rowid IN ({})", self.due(kind, "rowid")),
        }
    }
}

/// Where the next batch of a kind begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    from: Instant,
    /// Of numbered tables: everything below is older than the moment.
    below: i64,
}

/// The beginning of a kind.
///
/// # Errors
/// [`StoreError`].
pub async fn start(c: &impl Conn, kind: Kind, before: Instant) -> Result<Start, StoreError> {
    let below = match kind {
        Kind::RawEvents | Kind::FailedEvents | Kind::Notices => first_younger(c, &Place::of(kind), before).await?,
        _ => 0,
    };
    Ok(Start { from: Instant::UNIX_EPOCH, below })
}

impl Start {
    fn value(&self, kind: Kind) -> Value {
        match kind {
            Kind::RawEvents | Kind::FailedEvents | Kind::Notices => self.below.into(),
            _ => self.from.into(),
        }
    }
}

/// The number from which on rows are young: numbers are given in the order of time, so a handful of looks find it.
async fn first_younger(c: &impl Conn, p: &Place, before: Instant) -> Result<i64, StoreError> {
    let Place { table, time, .. } = p;
    let last = ask(c, &format!("SELECT id FROM {table} ORDER BY id DESC LIMIT 1"), vec![]).await?;
    let (mut low, mut high) = (0i64, number(last.first())?.unwrap_or(0) + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let row = ask(c, &format!("SELECT id, {time} FROM {table} WHERE id >= $1 ORDER BY id LIMIT 1"), vec![middle.into()]).await?;
        match row.first() {
            Some(row) if row.try_get_by_index::<Instant>(1)? < before => low = row.try_get_by_index::<i64>(0)? + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

async fn ask(c: &impl Conn, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, StoreError> {
    Ok(c.query_all_raw(Statement::from_sql_and_values(c.get_database_backend(), sql, values)).await?)
}

async fn change(c: &impl Conn, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
    Ok(c.execute_raw(Statement::from_sql_and_values(c.get_database_backend(), sql, values)).await?.rows_affected())
}

fn number(row: Option<&QueryResult>) -> Result<Option<i64>, StoreError> {
    Ok(row.map(|r| r.try_get_by_index::<i64>(0)).transpose()?)
}

/// What has served its time, and the moment at which it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    pub before: Instant,
    pub now: Instant,
}

/// One batch of rows that go, or that lose their words, in the caller's transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    pub rows: u64,
    /// Keys in the media store whose bytes must be deleted.
    pub files: Vec<String>,
    /// Where the next batch begins; none when this was the last.
    pub next: Option<Start>,
}

/// Lets one batch go. Recordings are another matter: [`recordings`].
///
/// # Errors
/// [`StoreError`].
pub async fn batch(c: &impl Conn, kind: Kind, cut: Cut, start: Start, limit: u64) -> Result<Batch, StoreError> {
    let (p, before) = (Place::of(kind), cut.before);
    let values = || vec![Value::from(before), start.value(kind), Value::from(i64::try_from(limit).unwrap_or(i64::MAX))];
    let full = |n: usize| n as u64 >= limit;
    match kind {
        Kind::MessageWords => {
            let rows = ask(c, &p.due(kind, "id, request_id, at"), values()).await?;
            let (mut requests, mut beside) = (BTreeSet::new(), Vec::new());
            for r in &rows {
                match r.try_get_by_index::<Option<Uuid>>(1)? {
                    Some(id) => {
                        requests.insert(RequestId(id));
                    }
                    None => beside.push(MessageId(r.try_get_by_index(0)?)),
                }
            }
            for id in requests {
                messages::erase_request(c, id).await?;
                search::erase(c, id).await?;
            }
            messages::erase(c, &beside).await?;
            let next = if full(rows.len()) { later(start, rows.last(), 2)? } else { None };
            Ok(Batch { rows: rows.len() as u64, files: Vec::new(), next })
        }
        Kind::Photos => {
            let rows = ask(c, &p.due(kind, "id, at"), values()).await?;
            let ids = rows.iter().map(|r| r.try_get_by_index(0).map(AttachmentId)).collect::<Result<Vec<_>, _>>()?;
            let files = attachments::forget(c, &ids).await?;
            let next = if full(rows.len()) { later(start, rows.last(), 1)? } else { None };
            Ok(Batch { rows: ids.len() as u64, files, next })
        }
        Kind::CallNumbers => {
            let rows = ask(c, &p.due(kind, "id, started_at"), values()).await?;
            let ids = rows.iter().map(|r| r.try_get_by_index(0).map(CallId)).collect::<Result<Vec<_>, _>>()?;
            calls::forget(c, &ids, cut.now).await?;
            calls::records::erase(c, &ids).await?;
            let tasks = forget_tasks(c, before, limit).await?;
            let next = if full(rows.len()) || tasks >= limit { Some(start) } else { None };
            Ok(Batch { rows: ids.len() as u64 + tasks, files: Vec::new(), next })
        }
        Kind::Residents => {
            let rows = ask(c, &p.due(kind, "id, created_at"), values()).await?;
            for r in &rows {
                forget_resident(c, ResidentId(r.try_get_by_index(0)?)).await?;
            }
            let next = if full(rows.len()) { later(start, rows.last(), 1)? } else { None };
            Ok(Batch { rows: rows.len() as u64, files: Vec::new(), next })
        }
        Kind::OutboxBodies => {
            let what = "UPDATE outbox SET sent_text = NULL, params = '{}', chat = CASE WHEN channel IN ('sms', 'mail') THEN 'erased' ELSE chat END";
            plain(c, &format!("{what} WHERE {}", p.these(c, kind)), values(), start, limit).await
        }
        Kind::CallRecordings => Err(StoreError::corrupt("call.recording", "recordings are let go by their files")),
        _ => plain(c, &format!("DELETE FROM {} WHERE {}", p.table, p.these(c, kind)), values(), start, limit).await,
    }
}

/// What is gone or blanked is not found again, so the next batch begins where this one did.
async fn plain(c: &impl Conn, sql: &str, values: Vec<Value>, start: Start, limit: u64) -> Result<Batch, StoreError> {
    let rows = change(c, sql, values).await?;
    Ok(Batch { rows, files: Vec::new(), next: (rows >= limit).then_some(start) })
}

/// The next batch begins at the age of the last row: what stays behind is not looked at again.
fn later(start: Start, last: Option<&QueryResult>, column: usize) -> Result<Option<Start>, StoreError> {
    last.map(|r| Ok(Start { from: r.try_get_by_index(column)?, ..start })).transpose()
}

/// Calls whose recordings have served their time, the oldest first: call, key, and when it began.
///
/// # Errors
/// [`StoreError`].
pub async fn recordings(c: &impl Conn, before: Instant, from: Instant, limit: u64) -> Result<Vec<(CallId, String, Instant)>, StoreError> {
    let p = Place::of(Kind::CallRecordings);
    let values = vec![before.into(), from.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()];
    let rows = ask(c, &p.due(Kind::CallRecordings, "id, recording, started_at"), values).await?;
    rows.iter().map(|r| Ok((CallId(r.try_get_by_index(0)?), r.try_get_by_index(1)?, r.try_get_by_index(2)?))).collect()
}

async fn forget_tasks(c: &impl Conn, before: Instant, limit: u64) -> Result<u64, StoreError> {
    let these = "SELECT id FROM callback_task WHERE phone IS NOT NULL AND open_for IS NULL AND created_at < $1 ORDER BY created_at LIMIT $2";
    let values = || vec![Value::from(before), Value::from(i64::try_from(limit).unwrap_or(i64::MAX))];
    change(c, &format!("UPDATE callback_attempt SET note = NULL WHERE note IS NOT NULL AND task_id IN ({these})"), values()).await?;
    change(c, &format!("UPDATE callback_task SET phone = NULL WHERE id IN ({these})"), values()).await
}

/// Name and numbers go; chats stay, so that whoever writes again is somebody of whom nothing else is known. Nobody asked for it: they are not marked as
/// erased, and what they tell later is let go in its turn.
async fn forget_resident(c: &impl Conn, id: ResidentId) -> Result<(), StoreError> {
    change(c, "UPDATE resident SET phone = NULL, claimed_phone = NULL, name = NULL WHERE id = $1", vec![id.0.into()]).await?;
    change(c, "UPDATE conversation SET proved_phone = NULL WHERE resident_id = $1 AND proved_phone IS NOT NULL", vec![id.0.into()]).await?;
    Ok(())
}

/// How many rows would go now; counts no further than a hundred thousand.
///
/// # Errors
/// [`StoreError`].
pub async fn would_go(c: &impl Conn, kind: Kind, before: Instant) -> Result<u64, StoreError> {
    let start = start(c, kind, before).await?;
    let sql = format!("SELECT COUNT(*) FROM ({}) AS due", Place::of(kind).due(kind, "1 AS one"));
    let rows = ask(c, &sql, vec![before.into(), start.value(kind), i64::try_from(COUNTED).unwrap_or(i64::MAX).into()]).await?;
    Ok(number(rows.first())?.unwrap_or(0).unsigned_abs())
}

/// The age of the oldest row that the rule will one day concern; rows of open requests count too.
///
/// # Errors
/// [`StoreError`].
pub async fn oldest(c: &impl Conn, kind: Kind) -> Result<Option<Instant>, StoreError> {
    let Place { table, time, also, .. } = Place::of(kind);
    let (also, by) = match kind {
        // The first in the order of numbers is the first in the order of time.
        Kind::RawEvents | Kind::FailedEvents | Kind::Notices => (also, "id"),
        Kind::MessageWords => ("text IS NOT NULL", time),
        Kind::Photos => ("status <> 'erased'", time),
        Kind::Residents => ("erased_at IS NULL AND (phone IS NOT NULL OR claimed_phone IS NOT NULL OR name IS NOT NULL)", time),
        Kind::Alarms => ("TRUE", time),
        // Both lie in one table: its oldest row is found by the index, whose of the two it is would be a search.
        Kind::Idempotency | Kind::CrewAnswers => ("TRUE", time),
        Kind::CallEvents => ("status = 'done'", "id"),
        _ => (also, time),
    };
    let rows = ask(c, &format!("SELECT {time} FROM {table} WHERE {also} AND {time} IS NOT NULL ORDER BY {by} LIMIT 1"), vec![]).await?;
    Ok(rows.first().map(|r| r.try_get_by_index::<Instant>(0)).transpose()?)
}

/// Notes what a round did about a kind.
///
/// # Errors
/// [`StoreError`].
pub async fn note(c: &impl Conn, kind: Kind, rows: u64, error: Option<&str>, wall: Instant) -> Result<(), StoreError> {
    let n = i64::try_from(rows).unwrap_or(i64::MAX);
    let row =
        ActiveModel { kind: Set(kind.as_str().to_owned()), ran_at: Set(wall), deleted: Set(n), total: Set(n), error: Set(error.map(str::to_owned)) };
    let sum = Expr::col((Entity, Column::Total)).add(n);
    let over = OnConflict::column(Column::Kind).update_columns([Column::RanAt, Column::Deleted, Column::Error]).value(Column::Total, sum).to_owned();
    Entity::insert(row).on_conflict(over).exec_without_returning(c).await?;
    Ok(())
}

/// What the last rounds did.
///
/// # Errors
/// [`StoreError`].
pub async fn runs(c: &impl Conn) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find().order_by(Column::Kind, Order::Asc).all(c).await?)
}
