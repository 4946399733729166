//! Reading everything at once, for checks that nothing was lost: small databases only (the demo's).

use super::db::Conn;
use super::entity::{attachment, conversation, message, outbox, raw_event, request};
use super::error::StoreError;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A request as the check sees it.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: Uuid,
    pub number: String,
    pub class: Option<String>,
    pub conversation: Option<Uuid>,
}

/// Something said, by whom it came in or what staff wrote.
#[derive(Debug, Clone)]
pub struct Said {
    pub request: Option<Uuid>,
    pub conversation: Option<Uuid>,
    pub text: Option<String>,
}

/// All requests.
///
/// # Errors
/// [`StoreError`].
pub async fn requests(c: &impl Conn) -> Result<Vec<Row>, StoreError> {
    let rows = request::Entity::find().all(c).await?;
    Ok(rows.into_iter().map(|m| Row { id: m.id, number: m.number, class: m.class, conversation: m.conversation_id }).collect())
}

/// All that residents said.
///
/// # Errors
/// [`StoreError`].
pub async fn said(c: &impl Conn) -> Result<Vec<Said>, StoreError> {
    let rows = message::Entity::find().all(c).await?;
    Ok(rows.into_iter().map(|m| Said { request: m.request_id, conversation: m.conversation_id, text: m.text }).collect())
}

/// Chats by the provider's name for them.
///
/// # Errors
/// [`StoreError`].
pub async fn chats(c: &impl Conn) -> Result<BTreeMap<String, Uuid>, StoreError> {
    let rows = conversation::Entity::find().all(c).await?;
    Ok(rows.into_iter().map(|m| (m.chat, m.id)).collect())
}

/// How many chats wait for an answer of their resident.
///
/// # Errors
/// [`StoreError`].
pub async fn open_questions(c: &impl Conn) -> Result<u64, StoreError> {
    Ok(conversation::Entity::find().filter(conversation::Column::SilenceAt.is_not_null()).count(c).await?)
}

/// Files by the provider's handle: the request they belong to, and where their bytes stand.
///
/// # Errors
/// [`StoreError`].
pub async fn files(c: &impl Conn) -> Result<BTreeMap<String, (Option<Uuid>, String)>, StoreError> {
    let rows = attachment::Entity::find().all(c).await?;
    Ok(rows.into_iter().filter_map(|m| Some((m.file_id?, (m.request_id, m.status)))).collect())
}

/// Outgoing messages by status.
///
/// # Errors
/// [`StoreError`].
pub async fn outbox_by_status(c: &impl Conn) -> Result<BTreeMap<String, i64>, StoreError> {
    use outbox::Column as O;
    let rows: Vec<(String, i64)> =
        outbox::Entity::find().select_only().column(O::Status).column_as(O::Id.count(), "n").group_by(O::Status).into_tuple().all(c).await?;
    Ok(rows.into_iter().collect())
}

/// Received events by the provider's identifier: their status.
///
/// # Errors
/// [`StoreError`].
pub async fn events(c: &impl Conn) -> Result<BTreeMap<String, String>, StoreError> {
    use raw_event::Column as E;
    let rows: Vec<(String, String)> = raw_event::Entity::find().select_only().column(E::ExternalId).column(E::Status).into_tuple().all(c).await?;
    Ok(rows.into_iter().collect())
}
