//! Photos, voice notes and documents: noted at once, fetched later, erasable.

use super::bulk::{Bulk, Conflict};
use super::db::Conn;
use super::entity::attachment::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::inbound::{MediaKind, MediaRef};
use crate::domain::{AttachmentId, ConversationId, Instant, MessageId, RequestId, ResidentId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

pub use super::entity::attachment::Model as AttachmentRow;

/// Where a file stands.
pub mod status {
    /// Still at the provider.
    pub const WAITING: &str = "waiting";
    /// On its way from a resident's telephone into our store.
    pub const ARRIVING: &str = "arriving";
    pub const STORED: &str = "stored";
    /// The provider no longer has it, or it is too large.
    pub const LOST: &str = "lost";
    pub const ERASED: &str = "erased";
    /// Its sender took it back: shown to nobody.
    pub const UNSENT: &str = "unsent";
}

/// A file that a message brought.
#[derive(Debug, Clone)]
pub struct NewAttachment {
    pub id: AttachmentId,
    pub request: Option<RequestId>,
    pub conversation: Option<ConversationId>,
    pub channel: String,
    pub account: String,
    pub media: MediaRef,
    pub at: Instant,
}

/// # Errors
/// [`StoreError`] when a value cannot be written.
pub fn insert(bulk: &mut Bulk, rows: &[NewAttachment], wall: Instant) -> Result<(), StoreError> {
    let models = rows.iter().map(|a| ActiveModel {
        id: Set(a.id.0),
        request_id: Set(a.request.map(|r| r.0)),
        conversation_id: Set(a.conversation.map(|v| v.0)),
        channel: Set(a.channel.clone()),
        account: Set(a.account.clone()),
        kind: Set(a.media.kind.as_str().to_owned()),
        file_id: Set(Some(a.media.file_id.clone())),
        mime: Set(a.media.mime.clone()),
        size: Set(a.media.size.and_then(|s| i64::try_from(s).ok())),
        sha256: Set(None),
        store_key: Set(None),
        status: Set(status::WAITING.to_owned()),
        attempts: Set(0),
        next_attempt_at: Set(wall),
        at: Set(a.at),
        uploader_id: Set(None),
        message_id: Set(None),
    });
    bulk.add(models.collect(), &Conflict::Fail)
}

/// Where a file that is fetched from a provider lies in our store. The key holds nothing that a person or a provider chose.
#[must_use]
pub fn key_of(row: &Model) -> String {
    format!("{}/{}", row.at.format("%Y/%m"), row.id)
}

/// Files to fetch, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn waiting(c: &impl Conn, wall: Instant, limit: u64) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find()
        .filter(Column::Status.eq(status::WAITING))
        .filter(Column::NextAttemptAt.lte(wall))
        .order_by(Column::NextAttemptAt, Order::Asc)
        .limit(limit)
        .all(c)
        .await?)
}

/// Takes one file for fetching until `until`; false when another was faster.
///
/// # Errors
/// [`StoreError`].
pub async fn claim(c: &impl Conn, row: &Model, until: Instant) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .col_expr(Column::NextAttemptAt, Expr::value(until))
        .filter(Column::Id.eq(row.id))
        .filter(Column::Status.eq(status::WAITING))
        .filter(Column::Attempts.eq(row.attempts))
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// The file lies in our own store now.
///
/// # Errors
/// [`StoreError`].
pub async fn stored(c: &impl Conn, id: AttachmentId, key: &str, sha256: &str, mime: Option<&str>, size: i64) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::Status, Expr::value(status::STORED))
        .col_expr(Column::StoreKey, Expr::value(key))
        .col_expr(Column::Sha256, Expr::value(sha256))
        .col_expr(Column::Mime, Expr::value(mime))
        .col_expr(Column::Size, Expr::value(size))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Status.eq(status::WAITING))
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// It cannot be had any more.
///
/// # Errors
/// [`StoreError`].
pub async fn lost(c: &impl Conn, id: AttachmentId) -> Result<(), StoreError> {
    let waits = Entity::update_many().filter(Column::Id.eq(id.0)).filter(Column::Status.eq(status::WAITING));
    waits.col_expr(Column::Status, Expr::value(status::LOST)).exec(c).await?;
    Ok(())
}

/// Hides files that their sender took back.
///
/// # Errors
/// [`StoreError`].
pub async fn hide(c: &impl Conn, conversation: ConversationId, requests: &[RequestId], files: &[&str]) -> Result<u64, StoreError> {
    if requests.is_empty() {
        return Ok(0);
    }
    let done = Entity::update_many()
        .col_expr(Column::Status, Expr::value(status::UNSENT))
        .filter(Column::RequestId.is_in(requests.iter().map(|r| r.0)))
        .filter(Column::ConversationId.eq(conversation.0))
        .filter(Column::FileId.is_in(files.iter().copied()))
        .filter(Column::Status.ne(status::ERASED))
        .exec(c)
        .await?;
    Ok(done.rows_affected)
}

/// # Errors
/// [`StoreError`].
pub async fn of_request(c: &impl Conn, id: RequestId) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find().filter(Column::RequestId.eq(id.0)).order_by(Column::At, Order::Asc).all(c).await?)
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, id: AttachmentId) -> Result<Option<Model>, StoreError> {
    Ok(Entity::find_by_id(id.0).one(c).await?)
}

/// Forgets the files of a request; returns the keys whose bytes must be deleted.
///
/// # Errors
/// [`StoreError`].
pub async fn erase_request(c: &impl Conn, id: RequestId) -> Result<Vec<String>, StoreError> {
    erase(c, Condition::all().add(Column::RequestId.eq(id.0))).await
}

/// A file that somebody brings: noted before its bytes are stored, so that none can lie there unknown.
#[derive(Debug, Clone)]
pub struct Upload {
    pub id: AttachmentId,
    /// The resident, the member of staff, or the one form that it came with.
    pub by: Uuid,
    pub channel: String,
    pub kind: MediaKind,
    pub mime: &'static str,
    pub key: String,
    pub at: Instant,
}

/// Notes a file whose bytes are about to be stored.
///
/// # Errors
/// [`StoreError`].
pub async fn begin(c: &impl Conn, u: &Upload, wall: Instant) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(u.id.0),
        request_id: Set(None),
        conversation_id: Set(None),
        channel: Set(u.channel.clone()),
        account: Set("main".to_owned()),
        kind: Set(u.kind.as_str().to_owned()),
        file_id: Set(None),
        mime: Set(Some(u.mime.to_owned())),
        size: Set(None),
        sha256: Set(None),
        store_key: Set(Some(u.key.clone())),
        status: Set(status::ARRIVING.to_owned()),
        attempts: Set(0),
        next_attempt_at: Set(wall),
        at: Set(u.at),
        uploader_id: Set(Some(u.by)),
        message_id: Set(None),
    };
    Entity::insert(row).exec_without_returning(c).await?;
    Ok(())
}

/// Its bytes lie there whole. False when it was erased meanwhile.
///
/// # Errors
/// [`StoreError`].
pub async fn arrived(c: &impl Conn, id: AttachmentId, sha256: &str, size: i64) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::Status, Expr::value(status::STORED))
        .col_expr(Column::Sha256, Expr::value(sha256))
        .col_expr(Column::Size, Expr::value(size))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Status.eq(status::ARRIVING))
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Forgets a file that was brought and that belongs to no request.
///
/// # Errors
/// [`StoreError`].
pub async fn remove_loose(c: &impl Conn, id: AttachmentId) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::Id.eq(id.0)).filter(Column::RequestId.is_null()).exec(c).await?;
    Ok(())
}

/// Joins files that one brought to a request. Gives how many: a file of somebody else, one that is joined already and one that is not there
/// are not among them.
///
/// # Errors
/// [`StoreError`].
pub async fn join(c: &impl Conn, by: Uuid, ids: &[AttachmentId], request: RequestId, said: Option<MessageId>) -> Result<u64, StoreError> {
    Ok(Entity::update_many()
        .col_expr(Column::RequestId, Expr::value(request.0))
        .col_expr(Column::MessageId, Expr::value(said.map(|m| m.0)))
        .filter(Column::Id.is_in(ids.iter().map(|i| i.0)))
        .filter(Column::UploaderId.eq(by))
        .filter(Column::RequestId.is_null())
        .filter(Column::Status.eq(status::STORED))
        .exec(c)
        .await?
        .rows_affected)
}

/// Takes out files that were brought and not used since a time; gives the keys whose bytes must be deleted.
///
/// # Errors
/// [`StoreError`].
pub async fn take_loose(c: &impl Conn, before: Instant, limit: u64) -> Result<Vec<String>, StoreError> {
    let loose = Condition::all().add(Column::UploaderId.is_not_null()).add(Column::RequestId.is_null());
    let rows = Entity::find().filter(loose.clone()).filter(Column::At.lt(before)).order_by(Column::At, Order::Asc).limit(limit).all(c).await?;
    let mut keys = Vec::new();
    for row in rows {
        // Joined to a request in this very moment: it stays.
        if Entity::delete_many().filter(Column::Id.eq(row.id)).filter(loose.clone()).exec(c).await?.rows_affected == 1 {
            keys.extend(row.store_key);
        }
    }
    Ok(keys)
}

/// Forgets the files of a conversation, also those that belong to no request, and what a resident brought; returns the keys whose bytes must be
/// deleted.
///
/// # Errors
/// [`StoreError`].
pub async fn erase_person(c: &impl Conn, resident: ResidentId, talks: &[ConversationId]) -> Result<Vec<String>, StoreError> {
    let theirs = Condition::any().add(Column::UploaderId.eq(resident.0)).add(Column::ConversationId.is_in(talks.iter().map(|t| t.0)));
    erase(c, theirs).await
}

/// Forgets single files; returns the keys whose bytes must be deleted.
///
/// # Errors
/// [`StoreError`].
pub async fn forget(c: &impl Conn, ids: &[AttachmentId]) -> Result<Vec<String>, StoreError> {
    let mut keys = Vec::new();
    for part in ids.chunks(500) {
        keys.extend(erase(c, Condition::all().add(Column::Id.is_in(part.iter().map(|i| i.0)))).await?);
    }
    Ok(keys)
}

async fn erase(c: &impl Conn, which: Condition) -> Result<Vec<String>, StoreError> {
    // Of a file that was being fetched, bytes may lie there already.
    let tried = |a: &Model| (a.status == status::WAITING && a.attempts > 0).then(|| key_of(a));
    let keys = Entity::find().filter(which.clone()).all(c).await?.into_iter().filter_map(|a| a.store_key.clone().or_else(|| tried(&a))).collect();
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(status::ERASED))
        .col_expr(Column::FileId, Expr::value(Option::<String>::None))
        .col_expr(Column::StoreKey, Expr::value(Option::<String>::None))
        .col_expr(Column::Sha256, Expr::value(Option::<String>::None))
        .filter(which)
        .exec(c)
        .await?;
    Ok(keys)
}
