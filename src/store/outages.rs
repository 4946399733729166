//! Outages that residents are told of.

use super::db::Conn;
use super::entity::outage::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::catalog::Named;
use crate::domain::outage::Outage;
use crate::domain::{DistrictCode, Instant, OutageId, ServiceCode, StaffId};
use chrono::Duration;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

/// How long before it begins residents are told of planned work.
const TOLD_BEFORE: Duration = Duration::days(7);

impl TryFrom<Model> for Outage {
    type Error = StoreError;
    fn try_from(m: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: OutageId(m.id),
            service: ServiceCode::new(m.service).map_err(|e| StoreError::corrupt("outage.service", e))?,
            district: m.district.map(DistrictCode::new).transpose().map_err(|e| StoreError::corrupt("outage.district", e))?,
            place: Named { kk: m.place_kk, ru: m.place_ru },
            planned: m.planned,
            starts_at: m.starts_at,
            expected_until: m.expected_until,
            ended_at: m.ended_at,
            made_by: StaffId(m.made_by),
            made_at: m.made_at,
        })
    }
}

fn read(rows: Vec<Model>) -> Result<Vec<Outage>, StoreError> {
    rows.into_iter().map(Outage::try_from).collect()
}

/// # Errors
/// [`StoreError`].
pub async fn insert(c: &impl Conn, o: &Outage) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(o.id.0),
        service: Set(o.service.to_string()),
        district: Set(o.district.as_ref().map(ToString::to_string)),
        place_kk: Set(o.place.kk.clone()),
        place_ru: Set(o.place.ru.clone()),
        planned: Set(o.planned),
        starts_at: Set(o.starts_at),
        expected_until: Set(o.expected_until),
        ended_at: Set(o.ended_at),
        made_by: Set(o.made_by.0),
        made_at: Set(o.made_at),
        ended_by: Set(None),
    };
    Entity::insert(row).exec_without_returning(c).await?;
    Ok(())
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, id: OutageId) -> Result<Option<Outage>, StoreError> {
    Entity::find_by_id(id.0).one(c).await?.map(Outage::try_from).transpose()
}

/// What residents are told now: what goes on until a person says that it is over, and planned work of the next days. The earliest first.
///
/// # Errors
/// [`StoreError`].
pub async fn current(c: &impl Conn, now: Instant, limit: u64) -> Result<Vec<Outage>, StoreError> {
    let q = Entity::find().filter(Column::EndedAt.is_null()).filter(Column::StartsAt.lte(now + TOLD_BEFORE));
    read(q.order_by(Column::StartsAt, Order::Asc).order_by(Column::Id, Order::Asc).limit(limit).all(c).await?)
}

/// Where a page goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutageCursor {
    pub at: Instant,
    pub id: OutageId,
}

impl OutageCursor {
    #[must_use]
    pub fn after(o: &Outage) -> Self {
        Self { at: o.made_at, id: o.id }
    }
}

/// All that were ever told of, the newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn list(c: &impl Conn, after: Option<&OutageCursor>, limit: u64) -> Result<Vec<Outage>, StoreError> {
    let mut q = Entity::find();
    if let Some(k) = after {
        let key = Expr::tuple([Column::MadeAt, Column::Id].map(|c| Expr::col((Entity, c))));
        q = q.filter(key.lt(Expr::tuple([Expr::value(k.at), Expr::value(k.id.0)])));
    }
    read(q.order_by(Column::MadeAt, Order::Desc).order_by(Column::Id, Order::Desc).limit(limit).all(c).await?)
}

/// It is over. False when it was already.
///
/// # Errors
/// [`StoreError`].
pub async fn end(c: &impl Conn, id: OutageId, by: StaffId, at: Instant) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(at))
        .col_expr(Column::EndedBy, Expr::value(by.0))
        .filter(Column::Id.eq(id.0))
        .filter(Column::EndedAt.is_null())
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// It lasts until another time than promised. False when it is over.
///
/// # Errors
/// [`StoreError`].
pub async fn prolong(c: &impl Conn, id: OutageId, until: Option<Instant>) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::ExpectedUntil, Expr::value(until))
        .filter(Column::Id.eq(id.0))
        .filter(Column::EndedAt.is_null())
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}
