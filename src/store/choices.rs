//! What was offered or asked last, so that an answer can be understood.

use super::db::Conn;
use super::entity::message;
use super::entity::outbox::{Column, Entity};
use super::error::StoreError;
use super::messages::direction;
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::Keyboard;
use crate::domain::{Instant, RequestId};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

/// How many of the last messages are looked at.
const LAST: u64 = 5;

/// The data of the keys under the newest message of a chat that has any, not older than `since`. Messages that never went out offer nothing.
///
/// # Errors
/// [`StoreError`].
pub async fn last(c: &impl Conn, channel: ChannelKind, account: &str, chat: &str, since: Instant) -> Result<Vec<String>, StoreError> {
    let rows: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Keyboard)
        .filter(Column::Channel.eq(channel.as_str()))
        .filter(Column::Account.eq(account))
        .filter(Column::Chat.eq(chat))
        .filter(Column::CreatedAt.gte(since))
        .filter(Column::Status.is_in(["sent", "sending", "pending"]))
        .order_by(Column::Id, Order::Desc)
        .limit(LAST)
        .into_tuple()
        .all(c)
        .await?;
    let keys = rows.iter().find_map(|k| match serde_json::from_str(k) {
        Ok(Keyboard::Inline(rows)) => Some(rows.concat().into_iter().map(|k| k.data).collect()),
        _ => None,
    });
    Ok(keys.unwrap_or_default())
}

/// Are the newest words about a request those of staff to the resident?
///
/// # Errors
/// [`StoreError`].
pub async fn staff_wrote_last(c: &impl Conn, id: RequestId) -> Result<bool, StoreError> {
    use message::Column as M;
    let newest: Option<String> = message::Entity::find()
        .select_only()
        .column(M::Direction)
        .filter(M::RequestId.eq(id.0))
        .filter(M::Direction.is_in([direction::IN, direction::OUT]))
        .order_by(M::At, Order::Desc)
        .order_by(M::Id, Order::Desc)
        .into_tuple()
        .one(c)
        .await?;
    Ok(newest.as_deref() == Some(direction::OUT))
}
