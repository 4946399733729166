//! Changes of the configuration: who changed what, when and why, and what stood there before. A row is never altered; the newest of a key holds.

use super::db::Conn;
use super::entity::config_revision::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::Instant;
use crate::domain::setting::Area;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Changes are numbered through, whatever they are of.
    pub number: i64,
    pub area: Area,
    pub key: String,
    /// What stood there before; unset: what the files have.
    pub was: Option<String>,
    /// What holds from now on, as JSON; unset: what the files have.
    pub value: Option<String>,
    pub author: String,
    pub note: String,
    pub made_at: Instant,
}

impl TryFrom<Model> for Revision {
    type Error = StoreError;
    fn try_from(m: Model) -> Result<Self, StoreError> {
        let area = Area::parse(&m.area).ok_or_else(|| StoreError::corrupt("config_revision.area", &m.area))?;
        Ok(Self { number: m.number, area, key: m.key, was: m.was, value: m.value, author: m.author, note: m.note, made_at: m.made_at })
    }
}

/// # Errors
/// [`StoreError::Duplicate`] when the number is taken: another was faster.
pub async fn insert(c: &impl Conn, r: &Revision) -> Result<(), StoreError> {
    let row = ActiveModel {
        number: Set(r.number),
        area: Set(r.area.as_str().to_owned()),
        key: Set(r.key.clone()),
        was: Set(r.was.clone()),
        value: Set(r.value.clone()),
        author: Set(r.author.clone()),
        note: Set(r.note.clone()),
        made_at: Set(r.made_at),
    };
    Entity::insert(row).exec_without_returning(c).await?;
    Ok(())
}

/// All changes after a number, in their order, and the last number of all. One of an area that this program does not know is passed over: a newer version
/// wrote it.
///
/// # Errors
/// [`StoreError`].
pub async fn after(c: &impl Conn, number: i64) -> Result<(Vec<Revision>, i64), StoreError> {
    let rows = Entity::find().filter(Column::Number.gt(number)).order_by(Column::Number, Order::Asc).all(c).await?;
    let last = rows.last().map_or(number, |m| m.number);
    Ok((rows.into_iter().filter_map(|m| Revision::try_from(m).ok()).collect(), last))
}

/// The number of the newest change; 0 before the first.
///
/// # Errors
/// [`StoreError`].
pub async fn newest(c: &impl Conn) -> Result<i64, StoreError> {
    let q = Entity::find().select_only().column(Column::Number).order_by(Column::Number, Order::Desc).limit(1);
    Ok(q.into_tuple::<i64>().one(c).await?.unwrap_or(0))
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, number: i64) -> Result<Option<Revision>, StoreError> {
    Entity::find_by_id(number).one(c).await?.map(Revision::try_from).transpose()
}

/// The changes of one key, the newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn of_key(c: &impl Conn, area: Area, key: &str, limit: u64) -> Result<Vec<Revision>, StoreError> {
    let q = Entity::find().filter(Column::Area.eq(area.as_str())).filter(Column::Key.eq(key));
    q.order_by(Column::Number, Order::Desc).limit(limit).all(c).await?.into_iter().map(Revision::try_from).collect()
}

/// Changes of an area, or of all, the newest first, before a number.
///
/// # Errors
/// [`StoreError`].
pub async fn list(c: &impl Conn, area: Option<Area>, before: Option<i64>, limit: u64) -> Result<Vec<Revision>, StoreError> {
    let mut q = Entity::find();
    if let Some(area) = area {
        q = q.filter(Column::Area.eq(area.as_str()));
    }
    if let Some(number) = before {
        q = q.filter(Column::Number.lt(number));
    }
    let rows = q.order_by(Column::Number, Order::Desc).limit(limit).all(c).await?;
    Ok(rows.into_iter().filter_map(|m| Revision::try_from(m).ok()).collect())
}
