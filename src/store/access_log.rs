//! Who looked at unmasked personal data. Changes stand in the journal; lists are masked and not logged.

use super::db::Conn;
use super::entity::access_log::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::{Instant, RequestId};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder,
};

/// # Errors
/// [`StoreError`]: then nothing may be shown.
pub async fn note(c: &impl Conn, at: Instant, actor: &str, what: &str, request: Option<RequestId>, reason: Option<&str>) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: NotSet,
        at: Set(at),
        actor: Set(actor.to_owned()),
        what: Set(what.to_owned()),
        request_id: Set(request.map(|r| r.0)),
        reason: Set(reason.map(str::to_owned)),
    };
    Entity::insert(row).exec_without_returning(c).await?;
    Ok(())
}

/// # Errors
/// [`StoreError`].
pub async fn of_request(c: &impl Conn, id: RequestId) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find().filter(Column::RequestId.eq(id.0)).order_by(Column::Id, Order::Asc).all(c).await?)
}
