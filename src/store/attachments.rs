//! Photos, voice notes and documents: noted at once, fetched later, erasable.

use super::bulk::{Bulk, Conflict};
use super::db::Conn;
use super::entity::attachment::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::inbound::MediaRef;
use crate::domain::{AttachmentId, ConversationId, Instant, RequestId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

pub use super::entity::attachment::Model as AttachmentRow;

/// Where a file stands.
pub mod status {
    /// Still at the provider.
    pub const WAITING: &str = "waiting";
    pub const STORED: &str = "stored";
    /// The provider no longer has it, or it is too large.
    pub const LOST: &str = "lost";
    pub const ERASED: &str = "erased";
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
    });
    bulk.add(models.collect(), &Conflict::Fail)
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
    Entity::update_many().col_expr(Column::Status, Expr::value(status::LOST)).filter(Column::Id.eq(id.0)).exec(c).await?;
    Ok(())
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
    let keys = of_request(c, id).await?.into_iter().filter_map(|a| a.store_key).collect();
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(status::ERASED))
        .col_expr(Column::FileId, Expr::value(Option::<String>::None))
        .col_expr(Column::StoreKey, Expr::value(Option::<String>::None))
        .col_expr(Column::Sha256, Expr::value(Option::<String>::None))
        .filter(Column::RequestId.eq(id.0))
        .exec(c)
        .await?;
    Ok(keys)
}
