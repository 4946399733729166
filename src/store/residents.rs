//! Residents. Phone and name can be erased; the row and its identifier stay, so that histories stay whole.

use super::bulk::{Bulk, Conflict};
use super::db::Conn;
use super::entity::resident::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::phone::Phone;
use crate::domain::{Instant, Lang, ResidentId};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

/// A person who writes or calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Resident {
    pub id: ResidentId,
    pub phone: Option<Phone>,
    pub name: Option<String>,
    pub lang: Lang,
    pub created_at: Instant,
}

impl TryFrom<Model> for Resident {
    type Error = StoreError;
    fn try_from(m: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: ResidentId(m.id),
            phone: m.phone.map(|p| Phone::parse(&p)).transpose().map_err(|e| StoreError::corrupt("resident.phone", e))?,
            name: m.name,
            lang: Lang::parse(&m.lang).ok_or_else(|| StoreError::corrupt("resident.lang", &m.lang))?,
            created_at: m.created_at,
        })
    }
}

/// Stores new residents. A phone that is taken is a [`StoreError::Duplicate`] when the bulk is written.
///
/// # Errors
/// [`StoreError`] when a value cannot be written.
pub fn insert(bulk: &mut Bulk, rows: &[Resident]) -> Result<(), StoreError> {
    let models = rows.iter().map(|r| ActiveModel {
        id: Set(r.id.0),
        phone: Set(r.phone.as_ref().map(|p| p.e164().to_owned())),
        name: Set(r.name.clone()),
        lang: Set(r.lang.as_str().to_owned()),
        created_at: Set(r.created_at),
        erased_at: Set(None),
    });
    bulk.add(models.collect(), &Conflict::Fail)
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, id: ResidentId) -> Result<Option<Resident>, StoreError> {
    Entity::find_by_id(id.0).one(c).await?.map(Resident::try_from).transpose()
}

/// # Errors
/// [`StoreError`].
pub async fn by_phone(c: &impl Conn, phone: &Phone) -> Result<Option<Resident>, StoreError> {
    Entity::find().filter(Column::Phone.eq(phone.e164())).one(c).await?.map(Resident::try_from).transpose()
}

/// The resident of a phone, made when unknown. Two callers at once get the same one.
///
/// # Errors
/// [`StoreError`].
pub async fn of_phone(c: &impl Conn, phone: &Phone, lang: Lang, now: Instant) -> Result<Resident, StoreError> {
    let row = ActiveModel {
        id: Set(ResidentId::fresh().0),
        phone: Set(Some(phone.e164().to_owned())),
        name: Set(None),
        lang: Set(lang.as_str().to_owned()),
        created_at: Set(now),
        erased_at: Set(None),
    };
    if let Some(found) = by_phone(c, phone).await? {
        return Ok(found);
    }
    Entity::insert(row).on_conflict(OnConflict::column(Column::Phone).do_nothing().to_owned()).exec_without_returning(c).await?;
    by_phone(c, phone).await?.ok_or_else(|| StoreError::corrupt("resident.phone", "row vanished"))
}

/// Notes the phone of a resident.
///
/// # Errors
/// [`StoreError::Duplicate`] when the phone belongs to another resident.
pub async fn set_phone(c: &impl Conn, id: ResidentId, phone: &Phone) -> Result<(), StoreError> {
    Entity::update_many().col_expr(Column::Phone, Expr::value(phone.e164())).filter(Column::Id.eq(id.0)).exec(c).await?;
    Ok(())
}

/// Forgets phone and name.
///
/// # Errors
/// [`StoreError`].
pub async fn erase(c: &impl Conn, id: ResidentId, now: Instant) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::Phone, Expr::value(Option::<String>::None))
        .col_expr(Column::Name, Expr::value(Option::<String>::None))
        .col_expr(Column::ErasedAt, Expr::value(now))
        .filter(Column::Id.eq(id.0))
        .exec(c)
        .await?;
    Ok(())
}
