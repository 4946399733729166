//! The append-only journal of requests.

use super::bulk::{Bulk, Conflict};
use super::db::Conn;
use super::entity::request_journal::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::request::{Event, EventKind, RowHash};
use crate::domain::{Instant, RequestId};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
};
use std::collections::BTreeMap;

/// One row, as it is hashed and stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    pub request: RequestId,
    pub seq: i64,
    pub at: Instant,
    pub actor: String,
    pub kind: String,
    /// JSON text, exactly as hashed.
    pub payload: String,
    pub hash: Vec<u8>,
}

impl JournalRow {
    /// # Errors
    /// [`StoreError::Corrupt`] when the payload is not an event.
    pub fn event(&self) -> Result<Event, StoreError> {
        serde_json::from_str(&self.payload).map_err(|e| StoreError::corrupt("request_journal.payload", e))
    }
}

impl From<Model> for JournalRow {
    fn from(m: Model) -> Self {
        Self { request: RequestId(m.request_id), seq: m.seq, at: m.at, actor: m.actor, kind: m.kind, payload: m.payload, hash: m.hash }
    }
}

/// Appends rows. A second row with the same `seq` is refused by a unique key when the bulk is written.
///
/// # Errors
/// [`StoreError`] when a value cannot be written.
pub fn append(bulk: &mut Bulk, rows: &[JournalRow]) -> Result<(), StoreError> {
    let models = rows.iter().map(|r| ActiveModel {
        id: NotSet,
        request_id: Set(r.request.0),
        seq: Set(r.seq),
        at: Set(r.at),
        actor: Set(r.actor.clone()),
        kind: Set(r.kind.clone()),
        payload: Set(r.payload.clone()),
        hash: Set(r.hash.clone()),
    });
    bulk.add(models.collect(), &Conflict::Fail)
}

/// All rows of a request, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn of_request(c: &impl Conn, id: RequestId) -> Result<Vec<JournalRow>, StoreError> {
    let rows = Entity::find().filter(Column::RequestId.eq(id.0)).order_by(Column::Seq, Order::Asc).all(c).await?;
    Ok(rows.into_iter().map(JournalRow::from).collect())
}

/// The first row of a request: its registration.
///
/// # Errors
/// [`StoreError`].
pub async fn first(c: &impl Conn, id: RequestId) -> Result<Option<JournalRow>, StoreError> {
    let row = Entity::find().filter(Column::RequestId.eq(id.0)).filter(Column::Seq.eq(1)).one(c).await?;
    Ok(row.map(JournalRow::from))
}

/// Who last took each of these requests in hand: the author of the newest row of one of these kinds.
///
/// # Errors
/// [`StoreError`].
pub async fn last_authors(c: &impl Conn, ids: &[RequestId], kinds: &[EventKind]) -> Result<BTreeMap<RequestId, String>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(uuid::Uuid, String)> = Entity::find()
        .select_only()
        .column(Column::RequestId)
        .column(Column::Actor)
        .filter(Column::RequestId.is_in(ids.iter().map(|i| i.0)))
        .filter(Column::Kind.is_in(kinds.iter().map(|k| k.as_str())))
        .order_by(Column::RequestId, Order::Asc)
        .order_by(Column::Seq, Order::Asc)
        .into_tuple()
        .all(c)
        .await?;
    Ok(rows.into_iter().map(|(id, actor)| (RequestId(id), actor)).collect())
}

/// Rows after a global position, for event streams: `(position, row)`.
///
/// # Errors
/// [`StoreError`].
pub async fn after(c: &impl Conn, position: i64, limit: u64) -> Result<Vec<(i64, JournalRow)>, StoreError> {
    let rows = Entity::find().filter(Column::Id.gt(position)).order_by(Column::Id, Order::Asc).limit(limit).all(c).await?;
    Ok(rows.into_iter().map(|m| (m.id, JournalRow::from(m))).collect())
}

/// The last global position.
///
/// # Errors
/// [`StoreError`].
pub async fn last_position(c: &impl Conn) -> Result<i64, StoreError> {
    let last: Option<i64> = Entity::find().select_only().column(Column::Id).order_by(Column::Id, Order::Desc).limit(1).into_tuple().one(c).await?;
    Ok(last.unwrap_or(0))
}

/// A stored hash as the chain's type; a wrong length is a broken link.
#[must_use]
pub fn as_hash(bytes: &[u8]) -> Option<RowHash> {
    bytes.try_into().ok()
}

/// Identifiers of requests that have a journal, in order: goes on after `after`.
///
/// # Errors
/// [`StoreError`].
pub async fn request_ids_after(c: &impl Conn, after: Option<RequestId>, limit: u64) -> Result<Vec<RequestId>, StoreError> {
    let mut q = Entity::find().select_only().column(Column::RequestId).distinct();
    if let Some(id) = after {
        q = q.filter(Column::RequestId.gt(id.0));
    }
    let ids: Vec<uuid::Uuid> = q.order_by(Column::RequestId, Order::Asc).limit(limit).into_tuple().all(c).await?;
    Ok(ids.into_iter().map(RequestId).collect())
}
