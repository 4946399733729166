//! Requests: loading, listing by keyset, writing under a version check.

use super::among;
use super::bulk::{Bulk, Conflict};
use super::db::Conn;
use super::entity::request::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use super::tally::{self, Deltas};
use crate::domain::access::{Reach, Scope};
use crate::domain::request::{Priority, Request, RowHash, Status};
use crate::domain::sla::PauseReason;
use crate::domain::{
    Class, ConversationId, CrewCode, DistrictCode, Hazard, Instant, Lang, QueueCode, RequestId, RequestNumber, ResidentId, ServiceCode,
    inbound::ChannelKind,
};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, Iterable, Order, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A request as stored: its state, the end of its chain, and what lists are sorted by.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    pub request: Request,
    pub last_hash: RowHash,
    /// The earliest live target; far in the future without one.
    pub sort_due: Instant,
    /// A target has been missed and not yet reached.
    pub overdue: bool,
}

fn word<T>(column: &'static str, text: Option<&String>, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, StoreError> {
    text.map(|t| parse(t).ok_or_else(|| StoreError::corrupt(column, t))).transpose()
}

impl TryFrom<Model> for Stored {
    type Error = StoreError;
    fn try_from(m: Model) -> Result<Self, StoreError> {
        let status = |s: &str| Status::parse(s);
        Ok(Self {
            request: Request {
                id: RequestId(m.id),
                number: RequestNumber::parse(&m.number).map_err(|e| StoreError::corrupt("request.number", e))?,
                status: status(&m.status).ok_or_else(|| StoreError::corrupt("request.status", &m.status))?,
                held_from: word("request.held_from", m.held_from.as_ref(), status)?,
                pause_asked: word("request.pause_asked", m.pause_asked.as_ref(), PauseReason::parse)?,
                held_why: word("request.held_why", m.held_why.as_ref(), PauseReason::parse)?,
                class: word("request.class", m.class.as_ref(), Class::parse)?,
                service: word("request.service", m.service.as_ref(), |s| ServiceCode::new(s).ok())?,
                district: word("request.district", m.district.as_ref(), |s| DistrictCode::new(s).ok())?,
                queue: word("request.queue", m.queue.as_ref(), |s| QueueCode::new(s).ok())?,
                crew: word("request.crew", m.crew.as_ref(), |s| CrewCode::new(s).ok())?,
                hazard: word("request.hazard", m.hazard.as_ref(), Hazard::parse)?,
                priority: Priority(u8::try_from(m.priority).map_err(|e| StoreError::corrupt("request.priority", e))?),
                needs_utility: m.needs_utility,
                vulnerable: m.vulnerable,
                channel: ChannelKind::parse(&m.channel).ok_or_else(|| StoreError::corrupt("request.channel", &m.channel))?,
                lang: Lang::parse(&m.lang).ok_or_else(|| StoreError::corrupt("request.lang", &m.lang))?,
                resident: m.resident_id.map(ResidentId),
                conversation: m.conversation_id.map(ConversationId),
                parent: m.parent_id.map(RequestId),
                reported_at: m.reported_at,
                received_at: m.received_at,
                accepted_at: m.accepted_at,
                arrived_at: m.arrived_at,
                resolved_at: m.resolved_at,
                closed_at: m.closed_at,
                updated_at: m.updated_at,
                reopened: u32::try_from(m.reopened).unwrap_or(0),
                refused: u32::try_from(m.refused).unwrap_or(0),
                breaches: u32::try_from(m.breaches).unwrap_or(0),
                rating: m.rating.and_then(|r| u8::try_from(r).ok()),
                version: m.version,
            },
            last_hash: m.last_hash.as_slice().try_into().map_err(|e| StoreError::corrupt("request.last_hash", e))?,
            sort_due: m.sort_due,
            overdue: m.overdue,
        })
    }
}

fn active(s: &Stored) -> ActiveModel {
    let r = &s.request;
    ActiveModel {
        id: Set(r.id.0),
        number: Set(r.number.digits().to_owned()),
        status: Set(r.status.as_str().to_owned()),
        is_open: Set(r.status.is_open()),
        held_from: Set(r.held_from.map(|x| x.as_str().to_owned())),
        pause_asked: Set(r.pause_asked.map(|x| x.as_str().to_owned())),
        held_why: Set(r.held_why.map(|x| x.as_str().to_owned())),
        class: Set(r.class.map(|x| x.as_str().to_owned())),
        service: Set(r.service.clone().map(String::from)),
        district: Set(r.district.clone().map(String::from)),
        queue: Set(r.queue.clone().map(String::from)),
        crew: Set(r.crew.clone().map(String::from)),
        hazard: Set(r.hazard.map(|x| x.as_str().to_owned())),
        priority: Set(i16::from(r.priority.0)),
        needs_utility: Set(r.needs_utility),
        vulnerable: Set(r.vulnerable),
        channel: Set(r.channel.as_str().to_owned()),
        lang: Set(r.lang.as_str().to_owned()),
        resident_id: Set(r.resident.map(|x| x.0)),
        conversation_id: Set(r.conversation.map(|x| x.0)),
        parent_id: Set(r.parent.map(|x| x.0)),
        reported_at: Set(r.reported_at),
        received_at: Set(r.received_at),
        accepted_at: Set(r.accepted_at),
        arrived_at: Set(r.arrived_at),
        resolved_at: Set(r.resolved_at),
        closed_at: Set(r.closed_at),
        updated_at: Set(r.updated_at),
        reopened: Set(i32::try_from(r.reopened).unwrap_or(i32::MAX)),
        refused: Set(i32::try_from(r.refused).unwrap_or(i32::MAX)),
        breaches: Set(i32::try_from(r.breaches).unwrap_or(i32::MAX)),
        rating: Set(r.rating.map(i16::from)),
        sort_due: Set(s.sort_due),
        overdue: Set(s.overdue),
        version: Set(r.version),
        last_hash: Set(s.last_hash.to_vec()),
    }
}

/// Stores new requests. A number that is taken is a [`StoreError::Duplicate`] when the bulk is written: draw another.
///
/// # Errors
/// [`StoreError`] when a value cannot be written.
pub fn insert(bulk: &mut Bulk, rows: &[Stored]) -> Result<(), StoreError> {
    let mut counts = Deltas::default();
    rows.iter().for_each(|s| counts.enter(s));
    bulk.add(rows.iter().map(active).collect(), &Conflict::Fail)?;
    counts.add_to(bulk)
}

/// Writes the new state if the stored version is still `expected`. False: someone was faster, nothing was written.
///
/// # Errors
/// [`StoreError`].
pub async fn update(c: &impl Conn, s: &Stored, expected: i64) -> Result<bool, StoreError> {
    let before = tally::before(c, &[s.request.id.0]).await?;
    if before.iter().all(|b| b.version != expected) {
        return Ok(false);
    }
    let mut row = active(s);
    row.id = sea_orm::ActiveValue::NotSet;
    let done = Entity::update_many().set(row).filter(Column::Id.eq(s.request.id.0)).filter(Column::Version.eq(expected)).exec(c).await?;
    if done.rows_affected != 1 {
        return Ok(false);
    }
    tally::moved(c, &before, &[s]).await?;
    Ok(true)
}

/// Writes the new states of different requests, each of which gained `steps` versions, in one statement. Gives how many were written: fewer than
/// given means that someone was faster with one of them, and the caller rolls back.
///
/// # Errors
/// [`StoreError`].
pub async fn update_together(c: &impl Conn, rows: &[&Stored], steps: i64) -> Result<u64, StoreError> {
    if rows.is_empty() {
        return Ok(0);
    }
    let ids: Vec<_> = rows.iter().map(|s| s.request.id.0).collect();
    let before = tally::before(c, &ids).await?;
    let columns = Column::iter().filter(|c| !matches!(c, Column::Id | Column::Number)).collect();
    let mut bulk = Bulk::on(c);
    let as_expected = format!("\"request\".\"version\" = excluded.\"version\" - {steps}");
    bulk.add(rows.iter().map(|s| active(s)).collect(), &Conflict::UpdateIf(Column::Id, columns, as_expected))?;
    let written = bulk.run(c).await?;
    tally::moved(c, &before, rows).await?;
    Ok(written)
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, id: RequestId) -> Result<Option<Stored>, StoreError> {
    Entity::find_by_id(id.0).one(c).await?.map(Stored::try_from).transpose()
}

/// # Errors
/// [`StoreError`].
pub async fn load_many(c: &impl Conn, ids: &[RequestId]) -> Result<Vec<Stored>, StoreError> {
    let rows = Entity::find().filter(among::these(c, Column::Id, ids.iter().map(|i| i.0))).all(c).await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// # Errors
/// [`StoreError`].
pub async fn by_number(c: &impl Conn, number: &RequestNumber) -> Result<Option<Stored>, StoreError> {
    Entity::find().filter(Column::Number.eq(number.digits())).one(c).await?.map(Stored::try_from).transpose()
}

/// A request as far as the scope reaches: outside it, as if it did not exist.
///
/// # Errors
/// [`StoreError`].
pub async fn by_number_scoped(c: &impl Conn, number: &RequestNumber, scope: &Scope) -> Result<Option<Stored>, StoreError> {
    let found = by_number(c, number).await?;
    Ok(found.filter(|s| scope.sees(&s.request)))
}

/// Where a page of a queue goes on: the sort key of its last row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueCursor {
    pub priority: i16,
    pub due: Instant,
    pub id: RequestId,
}

impl QueueCursor {
    #[must_use]
    pub fn after(s: &Stored) -> Self {
        Self { priority: i16::from(s.request.priority.0), due: s.sort_due, id: s.request.id }
    }
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct QueueFilter {
    /// Without a status: all open ones.
    pub status: Option<Status>,
    pub class: Option<Class>,
    pub district: Option<DistrictCode>,
    pub overdue: bool,
}

pub(super) fn scoped(q: Select<Entity>, scope: &Scope) -> Select<Entity> {
    let q = match &scope.reach {
        Reach::All => q,
        Reach::Queues(qs) => q.filter(Column::Queue.is_in(qs.iter().map(QueueCode::as_str))),
        // A crew goes where it is sent.
        Reach::Crew(crew) => return q.filter(Column::Crew.eq(crew.as_str())),
    };
    if scope.districts.is_empty() {
        return q;
    }
    let here = Column::District.is_in(scope.districts.iter().map(DistrictCode::as_str));
    q.filter(Condition::any().add(Column::District.is_null()).add(here))
}

pub(super) fn paged(q: Select<Entity>, cursor: Option<&QueueCursor>, limit: u64) -> Select<Entity> {
    let mut q = q;
    if let Some(k) = cursor {
        // Compared as one row, so that the index is entered at this place and not walked from its beginning.
        let key = Expr::tuple([Column::Priority, Column::SortDue, Column::Id].map(|c| Expr::col((Entity, c))));
        q = q.filter(key.gt(Expr::tuple([Expr::value(k.priority), Expr::value(k.due), Expr::value(k.id.0)])));
    }
    q.order_by(Column::Priority, Order::Asc).order_by(Column::SortDue, Order::Asc).order_by(Column::Id, Order::Asc).limit(limit)
}

/// A page of one queue: most urgent first.
///
/// # Errors
/// [`StoreError`].
pub async fn list_queue(
    c: &impl Conn,
    scope: &Scope,
    queue: &QueueCode,
    filter: &QueueFilter,
    cursor: Option<&QueueCursor>,
    limit: u64,
) -> Result<Vec<Stored>, StoreError> {
    of_queue(scope, queue, filter, cursor, limit).all(c).await?.into_iter().map(Stored::try_from).collect()
}

/// What [`list_queue`] reads.
pub(super) fn of_queue(scope: &Scope, queue: &QueueCode, filter: &QueueFilter, cursor: Option<&QueueCursor>, limit: u64) -> Select<Entity> {
    let mut q = scoped(Entity::find(), scope).filter(Column::Queue.eq(queue.as_str()));
    q = match filter.status {
        Some(s) => q.filter(Column::Status.eq(s.as_str())),
        None => q.filter(Column::IsOpen.eq(true)),
    };
    if let Some(class) = filter.class {
        q = q.filter(Column::Class.eq(class.as_str()));
    }
    if let Some(d) = &filter.district {
        q = q.filter(Column::District.eq(d.as_str()));
    }
    if filter.overdue {
        q = q.filter(Column::Overdue.eq(true));
    }
    paged(q, cursor, limit)
}

/// Open jobs of one crew, most urgent first.
///
/// # Errors
/// [`StoreError`].
pub async fn crew_jobs(c: &impl Conn, crew: &CrewCode, limit: u64) -> Result<Vec<Stored>, StoreError> {
    let q = Entity::find().filter(Column::Crew.eq(crew.as_str())).filter(Column::IsOpen.eq(true));
    paged(q, None, limit).all(c).await?.into_iter().map(Stored::try_from).collect()
}

/// Requests of a queue that nobody has taken and no crew has, most urgent first.
///
/// # Errors
/// [`StoreError`].
pub async fn without_crew(c: &impl Conn, queue: &QueueCode, limit: u64) -> Result<Vec<Stored>, StoreError> {
    let q = Entity::find().filter(Column::Queue.eq(queue.as_str())).filter(Column::IsOpen.eq(true));
    let q = q.filter(Column::Status.eq(Status::Queued.as_str())).filter(Column::Crew.is_null());
    paged(q, None, limit).all(c).await?.into_iter().map(Stored::try_from).collect()
}

/// How many open requests each crew has.
///
/// # Errors
/// [`StoreError`].
pub async fn crew_loads(c: &impl Conn) -> Result<BTreeMap<CrewCode, u64>, StoreError> {
    let rows: Vec<(String, i64)> = Entity::find()
        .select_only()
        .column(Column::Crew)
        .column_as(Column::Id.count(), "n")
        .filter(Column::IsOpen.eq(true))
        .filter(Column::Crew.is_not_null())
        .group_by(Column::Crew)
        .into_tuple()
        .all(c)
        .await?;
    let load =
        |(crew, n): (String, i64)| CrewCode::new(crew).map(|crew| (crew, n.unsigned_abs())).map_err(|e| StoreError::corrupt("request.crew", e));
    rows.into_iter().map(load).collect()
}

/// How many open requests a queue has.
///
/// # Errors
/// [`StoreError`].
pub async fn open_in_queue(c: &impl Conn, queue: &QueueCode) -> Result<u64, StoreError> {
    use sea_orm::PaginatorTrait;
    Ok(Entity::find().filter(Column::Queue.eq(queue.as_str())).filter(Column::IsOpen.eq(true)).count(c).await?)
}

/// How many open requests are about a service.
///
/// # Errors
/// [`StoreError`].
pub async fn open_of_service(c: &impl Conn, service: &ServiceCode) -> Result<u64, StoreError> {
    use sea_orm::PaginatorTrait;
    Ok(Entity::find().filter(Column::Service.eq(service.as_str())).filter(Column::IsOpen.eq(true)).count(c).await?)
}

/// A resident's own requests, newest first; goes on before `(received_at, id)`.
///
/// # Errors
/// [`StoreError`].
pub async fn of_resident(c: &impl Conn, resident: ResidentId, before: Option<(Instant, RequestId)>, limit: u64) -> Result<Vec<Stored>, StoreError> {
    own(c, Condition::all().add(Column::ResidentId.eq(resident.0)), before, limit).await
}

/// Requests of a resident or from one chat, newest first: a chat whose resident was recognised by phone later keeps its own.
///
/// # Errors
/// [`StoreError`].
pub async fn of_chat(c: &impl Conn, resident: ResidentId, chat: ConversationId, limit: u64) -> Result<Vec<Stored>, StoreError> {
    own(c, Condition::any().add(Column::ResidentId.eq(resident.0)).add(Column::ConversationId.eq(chat.0)), None, limit).await
}

async fn own(c: &impl Conn, whose: Condition, before: Option<(Instant, RequestId)>, limit: u64) -> Result<Vec<Stored>, StoreError> {
    let mut q = Entity::find().filter(whose);
    if let Some((at, id)) = before {
        let key = Expr::tuple([Column::ReceivedAt, Column::Id].map(|c| Expr::col((Entity, c))));
        q = q.filter(key.lt(Expr::tuple([Expr::value(at), Expr::value(id.0)])));
    }
    let rows = q.order_by(Column::ReceivedAt, Order::Desc).order_by(Column::Id, Order::Desc).limit(limit).all(c).await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// Where the newest placed request of a resident, or from a chat, was: the nearest thing to a saved address.
///
/// # Errors
/// [`StoreError`].
pub async fn last_district(c: &impl Conn, resident: Option<ResidentId>, chat: Option<ConversationId>) -> Result<Option<DistrictCode>, StoreError> {
    let mut whose = Condition::any();
    if let Some(r) = resident {
        whose = whose.add(Column::ResidentId.eq(r.0));
    }
    if let Some(v) = chat {
        whose = whose.add(Column::ConversationId.eq(v.0));
    }
    if whose.is_empty() {
        return Ok(None);
    }
    let newest = own(c, whose, None, 20).await?;
    Ok(newest.into_iter().find_map(|s| s.request.district))
}

/// Open requests in the order of their identifiers, after one of them.
///
/// # Errors
/// [`StoreError`].
pub async fn open_after(c: &impl Conn, after: Option<RequestId>, limit: u64) -> Result<Vec<Stored>, StoreError> {
    let mut q = Entity::find().filter(Column::IsOpen.eq(true));
    if let Some(id) = after {
        q = q.filter(Column::Id.gt(id.0));
    }
    q.order_by(Column::Id, Order::Asc).limit(limit).all(c).await?.into_iter().map(Stored::try_from).collect()
}

/// Requests whose whole journal has been removed.
///
/// # Errors
/// [`StoreError`].
pub async fn without_journal(c: &impl Conn) -> Result<Vec<RequestId>, StoreError> {
    use super::entity::request_journal;
    let rows = Query::select().column(request_journal::Column::RequestId).from(request_journal::Entity).to_owned();
    let ids: Vec<uuid::Uuid> = Entity::find().select_only().column(Column::Id).filter(Column::Id.not_in_subquery(rows)).into_tuple().all(c).await?;
    Ok(ids.into_iter().map(RequestId).collect())
}

/// Which of these numbers stand already.
///
/// # Errors
/// [`StoreError`].
pub async fn taken(c: &impl Conn, numbers: &BTreeSet<RequestNumber>) -> Result<BTreeSet<RequestNumber>, StoreError> {
    if numbers.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Number)
        .filter(Column::Number.is_in(numbers.iter().map(RequestNumber::digits)))
        .into_tuple()
        .all(c)
        .await?;
    rows.iter().map(|n| RequestNumber::parse(n).map_err(|e| StoreError::corrupt("request.number", e))).collect()
}
