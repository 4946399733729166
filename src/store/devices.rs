//! Telephones that take push messages. An outgoing row names a device by its identifier; the provider's token is looked up when it is sent.

use super::db::Conn;
use super::entity::device::{ActiveModel, Column, Entity, Model};
use super::entity::token;
use super::error::StoreError;
use crate::domain::device::Platform;
use crate::domain::{Instant, Lang, ResidentId};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder};
use uuid::Uuid;

/// A telephone of a resident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    pub id: Uuid,
    pub resident: ResidentId,
    /// The sign-in that it belongs to: it ends with it.
    pub family: Uuid,
    /// What the push provider knows it by.
    pub token: String,
    pub platform: Platform,
    pub lang: Lang,
}

impl TryFrom<Model> for Device {
    type Error = StoreError;
    fn try_from(m: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: m.id,
            resident: ResidentId(m.resident_id),
            family: m.family,
            token: m.token,
            platform: Platform::parse(&m.platform).ok_or_else(|| StoreError::corrupt("device.platform", &m.platform))?,
            lang: Lang::parse(&m.lang).ok_or_else(|| StoreError::corrupt("device.lang", &m.lang))?,
        })
    }
}

/// Notes a device. One that is known by its token goes over to this resident and sign-in: the telephone has changed hands. A sign-in has one
/// device: another of the same sign-in was the same telephone under an older token.
///
/// # Errors
/// [`StoreError`].
pub async fn put(c: &impl Conn, device: &Device, token_hash: &str, wall: Instant) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::Family.eq(device.family)).filter(Column::TokenHash.ne(token_hash)).exec(c).await?;
    let row = ActiveModel {
        id: Set(device.id),
        resident_id: Set(device.resident.0),
        family: Set(device.family),
        token: Set(device.token.clone()),
        token_hash: Set(token_hash.to_owned()),
        platform: Set(device.platform.as_str().to_owned()),
        lang: Set(device.lang.as_str().to_owned()),
        created_at: Set(wall),
        seen_at: Set(wall),
    };
    // The identifier changes too when the owner does: what waits for the former owner must not reach the new one.
    let all = [Column::Id, Column::ResidentId, Column::Family, Column::Platform, Column::Lang, Column::CreatedAt, Column::SeenAt];
    let same = [Column::Family, Column::Platform, Column::Lang, Column::SeenAt];
    let known = Entity::find().filter(Column::TokenHash.eq(token_hash)).one(c).await?;
    let set: &[Column] = if known.is_some_and(|k| k.resident_id == device.resident.0) { &same } else { &all };
    let conflict = OnConflict::column(Column::TokenHash).update_columns(set.iter().copied()).to_owned();
    Entity::insert(row).on_conflict(conflict).exec_without_returning(c).await?;
    Ok(())
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, id: Uuid) -> Result<Option<Device>, StoreError> {
    Entity::find_by_id(id).one(c).await?.map(Device::try_from).transpose()
}

/// The telephones of a resident, the one seen last first.
///
/// # Errors
/// [`StoreError`].
pub async fn of_resident(c: &impl Conn, resident: ResidentId) -> Result<Vec<Device>, StoreError> {
    let rows = Entity::find().filter(Column::ResidentId.eq(resident.0)).order_by(Column::SeenAt, Order::Desc).all(c).await?;
    rows.into_iter().map(Device::try_from).collect()
}

/// Forgets a device: its provider says that it is gone.
///
/// # Errors
/// [`StoreError`].
pub async fn remove(c: &impl Conn, id: Uuid) -> Result<(), StoreError> {
    Entity::delete_by_id(id).exec(c).await?;
    Ok(())
}

/// Forgets the device of a sign-in.
///
/// # Errors
/// [`StoreError`].
pub async fn remove_family(c: &impl Conn, family: Uuid) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::Family.eq(family)).exec(c).await?;
    Ok(())
}

/// Forgets every device of a resident; gives their identifiers.
///
/// # Errors
/// [`StoreError`].
pub async fn erase(c: &impl Conn, resident: ResidentId) -> Result<Vec<Uuid>, StoreError> {
    let ids = of_resident(c, resident).await?.into_iter().map(|d| d.id).collect();
    Entity::delete_many().filter(Column::ResidentId.eq(resident.0)).exec(c).await?;
    Ok(ids)
}

/// Forgets devices whose sign-in has run out.
///
/// # Errors
/// [`StoreError`].
pub async fn purge(c: &impl Conn) -> Result<u64, StoreError> {
    let living = Query::select()
        .expr(Expr::value(1))
        .from(token::Entity)
        .and_where(Expr::col((token::Entity, token::Column::Family)).equals((Entity, Column::Family)))
        .to_owned();
    Ok(Entity::delete_many().filter(Expr::exists(living).not()).exec(c).await?.rows_affected)
}
