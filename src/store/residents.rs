//! Residents. Phone and name can be erased; the row and its identifier stay, so that histories stay whole.

use super::bulk::{Bulk, Conflict};
use super::db::Conn;
use super::entity::resident::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::phone::Phone;
use crate::domain::{Instant, Lang, ResidentId};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

/// A person who writes or calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Resident {
    pub id: ResidentId,
    /// Proved to be theirs.
    pub phone: Option<Phone>,
    /// Only said to be theirs: it opens nothing and joins nothing.
    pub claimed: Option<Phone>,
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
            claimed: m.claimed_phone.map(|p| Phone::parse(&p)).transpose().map_err(|e| StoreError::corrupt("resident.claimed_phone", e))?,
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
        phone_verified_at: Set(r.phone.as_ref().map(|_| r.created_at)),
        claimed_phone: Set(r.claimed.as_ref().map(|p| p.e164().to_owned())),
    });
    bulk.add(models.collect(), &Conflict::Fail)
}

/// Who may be behind a number: whoever proved it, then whoever called with it before. A number is a claim: it opens nothing that a scope does not.
///
/// # Errors
/// [`StoreError`].
pub async fn behind(c: &impl Conn, phone: &Phone) -> Result<Vec<Resident>, StoreError> {
    Ok(by_phone(c, phone).await?.into_iter().chain(by_claim(c, phone).await?).collect())
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, id: ResidentId) -> Result<Option<Resident>, StoreError> {
    Entity::find_by_id(id.0).one(c).await?.map(Resident::try_from).transpose()
}

impl Resident {
    /// A person of whom nothing is known yet.
    #[must_use]
    pub fn fresh(lang: Lang, now: Instant) -> Self {
        Self { id: ResidentId::fresh(), phone: None, claimed: None, name: None, lang, created_at: now }
    }

    /// The number to show: with true when it is proved.
    #[must_use]
    pub fn number(&self) -> Option<(&Phone, bool)> {
        self.phone.as_ref().map(|p| (p, true)).or_else(|| self.claimed.as_ref().map(|p| (p, false)))
    }
}

/// The resident whose number this was proved to be.
///
/// # Errors
/// [`StoreError`].
pub async fn by_phone(c: &impl Conn, phone: &Phone) -> Result<Option<Resident>, StoreError> {
    Entity::find().filter(Column::Phone.eq(phone.e164())).one(c).await?.map(Resident::try_from).transpose()
}

/// The resident who only ever was a voice with this number: made when there is none. Whoever writes in a chat or signs in with a proved number is
/// somebody else, until that is proved.
///
/// # Errors
/// [`StoreError`].
pub async fn of_claim(c: &impl Conn, phone: &Phone, lang: Lang, now: Instant) -> Result<Resident, StoreError> {
    if let Some(found) = by_claim(c, phone).await? {
        return Ok(found);
    }
    let new = Resident { claimed: Some(phone.clone()), ..Resident::fresh(lang, now) };
    let mut bulk = Bulk::on(c);
    insert(&mut bulk, std::slice::from_ref(&new))?;
    bulk.run(c).await?;
    Ok(new)
}

/// The same, when there is one.
///
/// # Errors
/// [`StoreError`].
pub async fn by_claim(c: &impl Conn, phone: &Phone) -> Result<Option<Resident>, StoreError> {
    use super::entity::conversation;
    let chats = conversation::Entity::find().select_only().column(conversation::Column::ResidentId);
    let chats = chats.filter(Expr::col((conversation::Entity, conversation::Column::ResidentId)).equals((Entity, Column::Id)));
    let found = Entity::find()
        .filter(Column::ClaimedPhone.eq(phone.e164()))
        .filter(Column::Phone.is_null())
        .filter(Expr::exists(chats.into_query()).not())
        .order_by(Column::CreatedAt, Order::Asc)
        .one(c)
        .await?;
    found.map(Resident::try_from).transpose()
}

/// The resident of a phone that was just proved, made when unknown. Two callers at once get the same one.
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
        phone_verified_at: Set(Some(now)),
        claimed_phone: Set(None),
    };
    if let Some(found) = by_phone(c, phone).await? {
        return Ok(found);
    }
    Entity::insert(row).on_conflict(OnConflict::column(Column::Phone).do_nothing().to_owned()).exec_without_returning(c).await?;
    by_phone(c, phone).await?.ok_or_else(|| StoreError::corrupt("resident.phone", "row vanished"))
}

/// Notes the proved phone of a resident.
///
/// # Errors
/// [`StoreError::Duplicate`] when the phone belongs to another resident.
pub async fn set_phone(c: &impl Conn, id: ResidentId, phone: &Phone, now: Instant) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::Phone, Expr::value(phone.e164()))
        .col_expr(Column::PhoneVerifiedAt, Expr::value(now))
        .filter(Column::Id.eq(id.0))
        .exec(c)
        .await?;
    Ok(())
}

/// The number is no longer this resident's: somebody else has it now. True when it was.
///
/// # Errors
/// [`StoreError`].
pub async fn release_phone(c: &impl Conn, id: ResidentId) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::Phone, Expr::value(Option::<String>::None))
        .col_expr(Column::PhoneVerifiedAt, Expr::value(Option::<Instant>::None))
        .filter(Column::Id.eq(id.0))
        .filter(Column::Phone.is_not_null())
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Forgets who said that a number is theirs.
///
/// # Errors
/// [`StoreError`].
pub async fn erase_claims(c: &impl Conn, phone: &Phone) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::ClaimedPhone, Expr::value(Option::<String>::None))
        .filter(Column::ClaimedPhone.eq(phone.e164()))
        .exec(c)
        .await?;
    Ok(())
}

/// Forgets phone and name.
///
/// # Errors
/// [`StoreError`].
pub async fn erase(c: &impl Conn, id: ResidentId, now: Instant) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::Phone, Expr::value(Option::<String>::None))
        .col_expr(Column::ClaimedPhone, Expr::value(Option::<String>::None))
        .col_expr(Column::Name, Expr::value(Option::<String>::None))
        .col_expr(Column::ErasedAt, Expr::value(now))
        .filter(Column::Id.eq(id.0))
        .exec(c)
        .await?;
    Ok(())
}
