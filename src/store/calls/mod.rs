//! Calls: one row each, computed from records by `telephony`; what an operator adds (a topic, a link) is never computed over.

pub mod agents;
mod changes;
pub mod events;
pub mod files;
mod forget;
pub mod links;
pub mod list;
pub mod records;
pub mod tally;

pub use forget::{erase, forget};

use super::db::Conn;
use super::entity::call::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::call::{Call, Direction, Flag, Outcome};
use crate::domain::caller::Caller;
use crate::domain::phone::Phone;
use crate::domain::{CallId, Instant, StaffId};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
};

/// A call with what the store knows besides.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCall {
    pub id: CallId,
    pub call: Call,
    /// The number outside, whichever way the call went.
    pub phone: Option<Phone>,
    /// The member of staff whom the exchange names as agent.
    pub staff: Option<StaffId>,
    /// When it is to become part of a call-back task.
    pub callback_at: Option<Instant>,
    /// It has become part of one.
    pub callback_made: bool,
    /// When its first record came to us.
    pub imported_at: Instant,
    pub updated_at: Instant,
    pub topic: Option<Topic>,
}

/// A question that was answered at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    pub text: String,
    /// The actor.
    pub by: String,
    pub at: Instant,
}

impl TryFrom<Model> for StoredCall {
    type Error = StoreError;
    fn try_from(m: Model) -> Result<Self, StoreError> {
        let phone = |column, p: &Option<String>| p.as_deref().map(Phone::parse).transpose().map_err(|e| StoreError::corrupt(column, e));
        let text = m.caller.clone().unwrap_or_default();
        let caller = match m.caller_kind.as_str() {
            "phone" => phone("call.caller", &m.caller)?.map_or(Caller::Anonymous, Caller::Phone),
            "extension" => Caller::Extension(text),
            "garbage" => Caller::Garbage(text),
            _ => Caller::Anonymous,
        };
        let topic = match (m.topic, m.topic_by, m.topic_at) {
            (Some(text), Some(by), Some(at)) => Some(Topic { text, by, at }),
            _ => None,
        };
        Ok(Self {
            id: CallId(m.id),
            phone: phone("call.phone", &m.phone)?,
            staff: m.staff_id.map(StaffId),
            callback_at: m.callback_at,
            callback_made: m.callback_made,
            imported_at: m.imported_at,
            updated_at: m.updated_at,
            topic,
            call: Call {
                source: m.source,
                key: m.key,
                direction: Direction::parse(&m.direction).ok_or_else(|| StoreError::corrupt("call.direction", &m.direction))?,
                caller,
                caller_name: m.caller_name,
                dialled: m.dialled,
                queue: m.queue,
                agent: m.agent,
                started_at: m.started_at,
                answered_at: m.answered_at,
                ended_at: m.ended_at,
                ivr_us: m.ivr_us,
                wait_us: m.wait_us,
                talk_us: m.talk_us,
                hold_us: m.hold_us,
                transfers: m.transfers.unsigned_abs(),
                outcome: Outcome::parse(&m.outcome).ok_or_else(|| StoreError::corrupt("call.outcome", &m.outcome))?,
                recording: m.recording,
                flags: m.flags.split(',').filter(|f| !f.is_empty()).filter_map(Flag::parse).collect(),
            },
        })
    }
}

fn active(s: &StoredCall) -> ActiveModel {
    let c = &s.call;
    let caller = match &c.caller {
        Caller::Phone(p) => Some(p.e164().to_owned()),
        Caller::Extension(text) | Caller::Garbage(text) => Some(text.clone()),
        Caller::Anonymous => None,
    };
    ActiveModel {
        id: Set(s.id.0),
        source: Set(c.source.clone()),
        key: Set(c.key.clone()),
        direction: Set(c.direction.as_str().to_owned()),
        caller_kind: Set(c.caller.kind().to_owned()),
        caller: Set(caller),
        caller_name: Set(c.caller_name.clone()),
        phone: Set(s.phone.as_ref().map(|p| p.e164().to_owned())),
        dialled: Set(c.dialled.clone()),
        queue: Set(c.queue.clone()),
        agent: Set(c.agent.clone()),
        staff_id: Set(s.staff.map(|s| s.0)),
        started_at: Set(c.started_at),
        answered_at: Set(c.answered_at),
        ended_at: Set(c.ended_at),
        ivr_us: Set(c.ivr_us),
        wait_us: Set(c.wait_us),
        talk_us: Set(c.talk_us),
        hold_us: Set(c.hold_us),
        transfers: Set(i32::try_from(c.transfers).unwrap_or(i32::MAX)),
        outcome: Set(c.outcome.as_str().to_owned()),
        recording: Set(c.recording.clone()),
        flags: Set(c.flags.iter().map(|f| f.as_str()).collect::<Vec<_>>().join(",")),
        callback_at: Set(s.callback_at),
        callback_made: Set(s.callback_made),
        imported_at: Set(s.imported_at),
        updated_at: Set(s.updated_at),
        topic: NotSet,
        topic_by: NotSet,
        topic_at: NotSet,
        before_days: NotSet,
        after_days: NotSet,
    }
}

/// What is computed from the records, and so is written over.
const COMPUTED: [Column; 23] = [
    Column::Key,
    Column::Direction,
    Column::CallerKind,
    Column::Caller,
    Column::CallerName,
    Column::Phone,
    Column::Dialled,
    Column::Queue,
    Column::Agent,
    Column::StaffId,
    Column::StartedAt,
    Column::AnsweredAt,
    Column::EndedAt,
    Column::IvrUs,
    Column::WaitUs,
    Column::TalkUs,
    Column::HoldUs,
    Column::Transfers,
    Column::Outcome,
    Column::Recording,
    Column::Flags,
    Column::CallbackAt,
    Column::UpdatedAt,
];

/// Rows in one statement: below the parameter limit of both databases.
const BATCH: usize = 1000;

/// Writes new calls and writes over what was computed of known ones.
///
/// # Errors
/// [`StoreError`].
pub async fn upsert(c: &impl Conn, rows: &[StoredCall]) -> Result<(), StoreError> {
    for part in rows.chunks(BATCH) {
        // A call may have moved to another day.
        let stood = changes::begun(c, &part.iter().map(|s| s.id).collect::<Vec<_>>()).await?;
        changes::note(c, stood.into_iter().chain(part.iter().map(|s| s.call.started_at))).await?;
        let conflict = OnConflict::column(Column::Id).update_columns(COMPUTED).to_owned();
        Entity::insert_many(part.iter().map(active)).on_conflict(conflict).exec_without_returning(c).await?;
    }
    Ok(())
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, id: CallId) -> Result<Option<StoredCall>, StoreError> {
    Entity::find_by_id(id.0).one(c).await?.map(StoredCall::try_from).transpose()
}

/// # Errors
/// [`StoreError`].
pub async fn load_many(c: &impl Conn, ids: &[CallId]) -> Result<Vec<StoredCall>, StoreError> {
    let mut out = Vec::with_capacity(ids.len());
    for part in ids.chunks(BATCH) {
        for row in Entity::find().filter(Column::Id.is_in(part.iter().map(|i| i.0))).all(c).await? {
            out.push(StoredCall::try_from(row)?);
        }
    }
    Ok(out)
}

/// Removes calls that turned out to be part of others; their records, links and tasks have moved before.
///
/// # Errors
/// [`StoreError`].
pub async fn remove(c: &impl Conn, ids: &[CallId]) -> Result<(), StoreError> {
    changes::of_calls(c, ids).await?;
    for part in ids.chunks(BATCH) {
        Entity::delete_many().filter(Column::Id.is_in(part.iter().map(|i| i.0))).exec(c).await?;
    }
    Ok(())
}

/// Notes that the call was a question answered at once. False when it has a topic already.
///
/// # Errors
/// [`StoreError`].
pub async fn set_topic(c: &impl Conn, id: CallId, topic: &Topic) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::Topic, Expr::value(topic.text.as_str()))
        .col_expr(Column::TopicBy, Expr::value(topic.by.as_str()))
        .col_expr(Column::TopicAt, Expr::value(topic.at))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Topic.is_null())
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Calls whose time has come to be part of a call-back task, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn to_call_back(c: &impl Conn, now: Instant, limit: u64) -> Result<Vec<StoredCall>, StoreError> {
    let q = Entity::find().filter(Column::CallbackAt.lte(now)).order_by(Column::CallbackAt, Order::Asc).order_by(Column::Id, Order::Asc);
    q.limit(limit).all(c).await?.into_iter().map(StoredCall::try_from).collect()
}

/// Marks calls as looked at; gives how many were not yet.
///
/// # Errors
/// [`StoreError`].
pub async fn callback_made(c: &impl Conn, ids: &[CallId]) -> Result<u64, StoreError> {
    Ok(Entity::update_many()
        .col_expr(Column::CallbackAt, Expr::value(Option::<Instant>::None))
        .col_expr(Column::CallbackMade, Expr::value(true))
        .filter(Column::Id.is_in(ids.iter().map(|i| i.0)))
        .filter(Column::CallbackAt.is_not_null())
        .exec(c)
        .await?
        .rows_affected)
}

/// Takes the recordings of these calls out of reach; gives their keys, whose files are to be deleted.
///
/// # Errors
/// [`StoreError`].
pub async fn take_recordings(c: &impl Conn, calls: &[CallId]) -> Result<Vec<String>, StoreError> {
    let mut keys = Vec::new();
    for part in calls.chunks(BATCH) {
        let these = || Column::Id.is_in(part.iter().map(|i| i.0));
        let rows: Vec<String> = Entity::find()
            .select_only()
            .column(Column::Recording)
            .filter(these())
            .filter(Column::Recording.is_not_null())
            .into_tuple()
            .all(c)
            .await?;
        keys.extend(rows);
        Entity::update_many().col_expr(Column::Recording, Expr::value(Option::<String>::None)).filter(these()).exec(c).await?;
    }
    Ok(keys)
}
