//! What was said about requests, and where they are: erasable rows that the journal points at.

use super::bulk::{Bulk, Conflict};
use super::db::Conn;
use super::entity::{message, request_place, triage_reason};
use super::error::StoreError;
use crate::domain::text_ref::{TextRef, salted_digest};
use crate::domain::{ConversationId, Instant, MessageId, RequestId};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use std::collections::BTreeMap;

/// Which way a message went, or that it stayed inside.
pub mod direction {
    pub const IN: &str = "in";
    pub const OUT: &str = "out";
    /// A note, a reason: staff only.
    pub const INNER: &str = "inner";
}

/// A new message. Its salt is drawn by the caller.
#[derive(Debug, Clone)]
pub struct NewMessage {
    pub id: MessageId,
    pub request: Option<RequestId>,
    pub conversation: Option<ConversationId>,
    pub direction: &'static str,
    /// The actor, as the journal writes it.
    pub author: String,
    pub text: String,
    pub salt: Vec<u8>,
    pub raw_event: Option<i64>,
    pub at: Instant,
}

impl NewMessage {
    /// What the journal holds instead of the words.
    #[must_use]
    pub fn text_ref(&self) -> TextRef {
        TextRef { message: self.id, digest: salted_digest(&self.salt, &self.text) }
    }
}

/// A message as read back; an erased one has no text.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub id: MessageId,
    pub direction: String,
    pub author: String,
    /// What may be seen: of a message that its author took back, what is left of it.
    pub text: Option<String>,
    /// Its author took it back, or a part of it.
    pub unsent: bool,
    /// The event that brought it.
    pub raw_event: Option<i64>,
    pub at: Instant,
}

fn visible(m: message::Model) -> Message {
    let unsent = m.unsent_at.is_some();
    // Erased words leave nothing, whatever stood there.
    let text = if unsent { m.text.and(m.shown).filter(|left| !left.is_empty()) } else { m.text };
    Message { id: MessageId(m.id), direction: m.direction, author: m.author, text, unsent, raw_event: m.raw_event_id, at: m.at }
}

/// Stores messages.
///
/// # Errors
/// [`StoreError`] when a value cannot be written.
pub fn insert(bulk: &mut Bulk, rows: &[NewMessage]) -> Result<(), StoreError> {
    let models = rows.iter().map(|m| message::ActiveModel {
        id: Set(m.id.0),
        request_id: Set(m.request.map(|r| r.0)),
        conversation_id: Set(m.conversation.map(|v| v.0)),
        direction: Set(m.direction.to_owned()),
        author: Set(m.author.clone()),
        text: Set(Some(m.text.clone())),
        salt: Set(Some(m.salt.clone())),
        raw_event_id: Set(m.raw_event),
        at: Set(m.at),
        ..Default::default()
    });
    bulk.add(models.collect(), &Conflict::Fail)
}

/// The thread of a request, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn of_request(c: &impl Conn, id: RequestId) -> Result<Vec<Message>, StoreError> {
    let rows = message::Entity::find()
        .filter(message::Column::RequestId.eq(id.0))
        .order_by(message::Column::At, Order::Asc)
        .order_by(message::Column::Id, Order::Asc)
        .all(c)
        .await?;
    Ok(rows.into_iter().map(visible).collect())
}

/// What the residents of these requests wrote, for lists: the oldest words of each request come first. Erased words are none.
///
/// # Errors
/// [`StoreError`].
pub async fn words_of(c: &impl Conn, ids: &[RequestId]) -> Result<Vec<(RequestId, Option<String>)>, StoreError> {
    use message::Column as M;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    /// Request, words, when they were taken back, and what may still be seen then.
    type Row = (uuid::Uuid, Option<String>, Option<Instant>, Option<String>);
    let rows: Vec<Row> = message::Entity::find()
        .select_only()
        .column(M::RequestId)
        .column(M::Text)
        .column(M::UnsentAt)
        .column(M::Shown)
        .filter(M::RequestId.is_in(ids.iter().map(|i| i.0)))
        .filter(M::Direction.eq(direction::IN))
        .order_by(M::At, Order::Asc)
        .order_by(M::Id, Order::Asc)
        .into_tuple()
        .all(c)
        .await?;
    Ok(rows.into_iter().map(|(id, text, unsent_at, shown)| (RequestId(id), if unsent_at.is_some() { shown } else { text })).collect())
}

/// The words of one message; none when erased or unknown.
///
/// # Errors
/// [`StoreError`].
pub async fn text_of(c: &impl Conn, id: MessageId) -> Result<Option<String>, StoreError> {
    Ok(message::Entity::find_by_id(id.0).one(c).await?.and_then(|m| visible(m).text))
}

/// What may be seen of some messages; erased ones are left out.
///
/// # Errors
/// [`StoreError`].
pub async fn texts_of(c: &impl Conn, ids: &[MessageId]) -> Result<Vec<(MessageId, String)>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = message::Entity::find().filter(message::Column::Id.is_in(ids.iter().map(|i| i.0))).all(c).await?;
    Ok(rows.into_iter().map(visible).filter_map(|m| Some((m.id, m.text?))).collect())
}

/// Salt and text of the messages a journal points at, for checking digests.
///
/// # Errors
/// [`StoreError`].
pub async fn sealed(c: &impl Conn, ids: &[MessageId]) -> Result<Vec<(MessageId, Option<Vec<u8>>, Option<String>)>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = message::Entity::find().filter(message::Column::Id.is_in(ids.iter().map(|i| i.0))).all(c).await?;
    Ok(rows.into_iter().map(|m| (MessageId(m.id), m.salt, m.text)).collect())
}

/// What a conversation's own side said and is not erased, newest first, at most `limit`: for finding what was taken back.
///
/// # Errors
/// [`StoreError`].
pub async fn said_in(c: &impl Conn, id: ConversationId, limit: u64) -> Result<Vec<(MessageId, String, Option<String>)>, StoreError> {
    let rows = message::Entity::find()
        .filter(message::Column::ConversationId.eq(id.0))
        .filter(message::Column::Direction.eq(direction::IN))
        .filter(message::Column::Text.is_not_null())
        .order_by(message::Column::At, Order::Desc)
        .limit(limit)
        .all(c)
        .await?;
    Ok(rows.into_iter().filter_map(|m| Some((MessageId(m.id), m.text?, m.unsent_at.and(m.shown)))).collect())
}

/// Hides a message but for `shown`, or shows it whole again when `at` is `None`. The words themselves stay for the journal.
///
/// # Errors
/// [`StoreError`].
pub async fn hide(c: &impl Conn, id: MessageId, at: Option<Instant>, shown: Option<&str>) -> Result<(), StoreError> {
    message::Entity::update_many()
        .col_expr(message::Column::UnsentAt, Expr::value(at))
        .col_expr(message::Column::Shown, Expr::value(shown.map(str::to_owned)))
        .filter(message::Column::Id.eq(id.0))
        .exec(c)
        .await?;
    Ok(())
}

/// Blanks words and salts of a request's thread, and takes its place and the words that decided away.
///
/// # Errors
/// [`StoreError`].
pub async fn erase_request(c: &impl Conn, id: RequestId) -> Result<(), StoreError> {
    message::Entity::update_many()
        .col_expr(message::Column::Text, Expr::value(Option::<String>::None))
        .col_expr(message::Column::Salt, Expr::value(Option::<Vec<u8>>::None))
        .col_expr(message::Column::Shown, Expr::value(Option::<String>::None))
        .filter(message::Column::RequestId.eq(id.0))
        .exec(c)
        .await?;
    request_place::Entity::delete_by_id(id.0).exec(c).await?;
    triage_reason::Entity::delete_by_id(id.0).exec(c).await?;
    Ok(())
}

/// Blanks single messages.
///
/// # Errors
/// [`StoreError`].
pub async fn erase(c: &impl Conn, ids: &[MessageId]) -> Result<(), StoreError> {
    for part in ids.chunks(500) {
        message::Entity::update_many()
            .col_expr(message::Column::Text, Expr::value(Option::<String>::None))
            .col_expr(message::Column::Salt, Expr::value(Option::<Vec<u8>>::None))
            .col_expr(message::Column::Shown, Expr::value(Option::<String>::None))
            .filter(message::Column::Id.is_in(part.iter().map(|i| i.0)))
            .exec(c)
            .await?;
    }
    Ok(())
}

/// Blanks everything said in a conversation.
///
/// # Errors
/// [`StoreError`].
pub async fn erase_conversation(c: &impl Conn, id: ConversationId) -> Result<(), StoreError> {
    message::Entity::update_many()
        .col_expr(message::Column::Text, Expr::value(Option::<String>::None))
        .col_expr(message::Column::Salt, Expr::value(Option::<Vec<u8>>::None))
        .col_expr(message::Column::Shown, Expr::value(Option::<String>::None))
        .filter(message::Column::ConversationId.eq(id.0))
        .exec(c)
        .await?;
    Ok(())
}

/// Where a request is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlaceRow {
    pub address: Option<String>,
    pub lat: Option<f64>,
    pub lon: Option<f64>,
}

/// Writes places, replacing older ones.
///
/// # Errors
/// [`StoreError`] when a value cannot be written.
pub fn set_places(bulk: &mut Bulk, rows: &[(RequestId, PlaceRow)]) -> Result<(), StoreError> {
    use request_place::Column as P;
    let models = rows.iter().map(|(id, p)| request_place::ActiveModel {
        request_id: Set(id.0),
        address: Set(p.address.clone()),
        lat: Set(p.lat),
        lon: Set(p.lon),
        searched: Set(false),
    });
    bulk.add(models.collect(), &Conflict::Update(P::RequestId, vec![P::Address, P::Lat, P::Lon, P::Searched]))
}

/// # Errors
/// [`StoreError`].
pub async fn place_of(c: &impl Conn, id: RequestId) -> Result<Option<PlaceRow>, StoreError> {
    let row = request_place::Entity::find_by_id(id.0).one(c).await?;
    Ok(row.map(|p| PlaceRow { address: p.address, lat: p.lat, lon: p.lon }))
}

/// Where these requests are, as far as it is known.
///
/// # Errors
/// [`StoreError`].
pub async fn places_of(c: &impl Conn, ids: &[RequestId]) -> Result<BTreeMap<RequestId, PlaceRow>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = request_place::Entity::find().filter(request_place::Column::RequestId.is_in(ids.iter().map(|i| i.0))).all(c).await?;
    Ok(rows.into_iter().map(|p| (RequestId(p.request_id), PlaceRow { address: p.address, lat: p.lat, lon: p.lon })).collect())
}

/// When the residents of these requests last wrote.
///
/// # Errors
/// [`StoreError`].
pub async fn last_in(c: &impl Conn, ids: &[RequestId]) -> Result<BTreeMap<RequestId, Instant>, StoreError> {
    use message::Column as M;
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(uuid::Uuid, Instant)> = message::Entity::find()
        .select_only()
        .column(M::RequestId)
        .column_as(M::At.max(), "at")
        .filter(M::RequestId.is_in(ids.iter().map(|i| i.0)))
        .filter(M::Direction.eq(direction::IN))
        .group_by(M::RequestId)
        .into_tuple()
        .all(c)
        .await?;
    Ok(rows.into_iter().map(|(id, at)| (RequestId(id), at)).collect())
}

/// Keeps the words that decided what requests are.
///
/// # Errors
/// [`StoreError`].
pub fn set_reasons(bulk: &mut Bulk, rows: &[(RequestId, Vec<String>)]) -> Result<(), StoreError> {
    let models = rows
        .iter()
        .map(|(id, words)| triage_reason::ActiveModel { request_id: Set(id.0), words: Set(serde_json::Value::from(words.clone()).to_string()) });
    bulk.add(models.collect(), &Conflict::Fail)
}

/// The words that decided what a request is; none when it was stated by a person, or erased.
///
/// # Errors
/// [`StoreError`].
pub async fn reasons_of(c: &impl Conn, id: RequestId) -> Result<Option<Vec<String>>, StoreError> {
    let row = triage_reason::Entity::find_by_id(id.0).one(c).await?;
    row.map(|r| serde_json::from_str(&r.words).map_err(|e| StoreError::corrupt("triage_reason.words", e))).transpose()
}
