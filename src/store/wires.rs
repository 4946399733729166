//! Whether each wire works, as any process last saw it.

use super::db::Conn;
use super::entity::wire_state::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::Instant;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait, Order, QueryOrder};

pub use super::entity::wire_state::Model as WireRow;

/// All wires: few.
///
/// # Errors
/// [`StoreError`].
pub async fn all(c: &impl Conn) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find().order_by(Column::Channel, Order::Asc).order_by(Column::Account, Order::Asc).all(c).await?)
}

/// Notes how a wire was seen. While nothing changes, `since` stays.
///
/// # Errors
/// [`StoreError`].
pub async fn note(c: &impl Conn, channel: &str, account: &str, down: Option<&str>, now: Instant) -> Result<(), StoreError> {
    let seen = Entity::find_by_id((channel.to_owned(), account.to_owned())).one(c).await?;
    let since = seen.filter(|r| r.up == down.is_none()).map_or(now, |r| r.since);
    let row = ActiveModel {
        channel: Set(channel.to_owned()),
        account: Set(account.to_owned()),
        up: Set(down.is_none()),
        reason: Set(down.map(str::to_owned)),
        since: Set(since),
        seen_at: Set(now),
    };
    let over = OnConflict::columns([Column::Channel, Column::Account])
        .update_columns([Column::Up, Column::Reason, Column::Since, Column::SeenAt])
        .to_owned();
    Entity::insert(row).on_conflict(over).exec_without_returning(c).await?;
    Ok(())
}
