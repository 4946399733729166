//! How chats came to their residents.

use super::db::Conn;
use super::entity::{request, resident_join};
use super::error::StoreError;
use crate::domain::identity::Proof;
use crate::domain::{ConversationId, Instant, JoinId, RequestId, ResidentId, StaffId};
use resident_join::Column as J;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

/// One chat that went from one resident to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    pub id: JoinId,
    pub conversation: ConversationId,
    pub from: ResidentId,
    pub to: ResidentId,
    pub proof: Proof,
    pub at: Instant,
    pub undone_at: Option<Instant>,
    pub undone_by: Option<StaffId>,
}

impl TryFrom<resident_join::Model> for Join {
    type Error = StoreError;
    fn try_from(m: resident_join::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: JoinId(m.id),
            conversation: ConversationId(m.conversation_id),
            from: ResidentId(m.from_resident),
            to: ResidentId(m.to_resident),
            proof: Proof::parse(&m.proof).ok_or_else(|| StoreError::corrupt("resident_join.proof", &m.proof))?,
            at: m.at,
            undone_at: m.undone_at,
            undone_by: m.undone_by.map(StaffId),
        })
    }
}

/// # Errors
/// [`StoreError`].
pub async fn insert(c: &impl Conn, join: &Join) -> Result<(), StoreError> {
    let row = resident_join::ActiveModel {
        id: Set(join.id.0),
        conversation_id: Set(join.conversation.0),
        from_resident: Set(join.from.0),
        to_resident: Set(join.to.0),
        proof: Set(join.proof.as_str().to_owned()),
        at: Set(join.at),
        undone_at: Set(join.undone_at),
        undone_by: Set(join.undone_by.map(|s| s.0)),
    };
    resident_join::Entity::insert(row).exec_without_returning(c).await?;
    Ok(())
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, id: JoinId) -> Result<Option<Join>, StoreError> {
    resident_join::Entity::find_by_id(id.0).one(c).await?.map(Join::try_from).transpose()
}

/// How a chat came to its resident, the newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn of_chat(c: &impl Conn, chat: ConversationId, limit: u64) -> Result<Vec<Join>, StoreError> {
    let rows = resident_join::Entity::find().filter(J::ConversationId.eq(chat.0)).order_by(J::At, Order::Desc).limit(limit).all(c).await?;
    rows.into_iter().map(Join::try_from).collect()
}

/// Marks a join as undone; false when it was already.
///
/// # Errors
/// [`StoreError`].
pub async fn undo(c: &impl Conn, id: JoinId, by: StaffId, at: Instant) -> Result<bool, StoreError> {
    let done = resident_join::Entity::update_many()
        .col_expr(J::UndoneAt, Expr::value(at))
        .col_expr(J::UndoneBy, Expr::value(by.0))
        .filter(J::Id.eq(id.0))
        .filter(J::UndoneAt.is_null())
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Requests that a resident made from a chat.
///
/// # Errors
/// [`StoreError`].
pub async fn requests_of(c: &impl Conn, chat: ConversationId, resident: ResidentId) -> Result<Vec<RequestId>, StoreError> {
    let rows: Vec<uuid::Uuid> = request::Entity::find()
        .select_only()
        .column(request::Column::Id)
        .filter(request::Column::ConversationId.eq(chat.0))
        .filter(request::Column::ResidentId.eq(resident.0))
        .order_by(request::Column::Id, Order::Asc)
        .into_tuple()
        .all(c)
        .await?;
    Ok(rows.into_iter().map(RequestId).collect())
}
