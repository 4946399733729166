//! Corrections: what people made of requests that triage had read otherwise. The words stay in the messages and go with them.

use super::bulk::{Bulk, Conflict};
use super::db::Conn;
use super::entity::message;
use super::entity::triage_correction::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::verdict::Verdict;
use crate::domain::{Class, DistrictCode, Hazard, Instant, MessageId, RequestId, ServiceCode};
use sea_orm::{ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};

/// A correction to be written in the transaction that makes it.
#[derive(Debug, Clone)]
pub struct NewCorrection {
    pub request: RequestId,
    /// The message whose words were read.
    pub message: MessageId,
    pub thought: Verdict,
    /// What the person changed: `class`, `service`, `district`, `hazard`.
    pub heads: Vec<&'static str>,
    pub class: Option<Class>,
    pub service: Option<ServiceCode>,
    pub district: Option<DistrictCode>,
    pub hazard: Option<Hazard>,
    /// The actor, as the journal writes it.
    pub actor: String,
    pub at: Instant,
}

/// A correction whose words still stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    pub id: i64,
    pub request: RequestId,
    pub actor: String,
    pub text: String,
    pub class: Option<Class>,
    pub service: Option<ServiceCode>,
    pub district: Option<DistrictCode>,
    pub hazard: Option<Hazard>,
}

/// # Errors
/// [`StoreError`].
pub fn insert(bulk: &mut Bulk, rows: &[NewCorrection]) -> Result<(), StoreError> {
    let mut models = Vec::with_capacity(rows.len());
    for r in rows {
        models.push(ActiveModel {
            id: NotSet,
            request_id: Set(r.request.0),
            message_id: Set(Some(r.message.0)),
            version: Set(r.thought.version.clone()),
            thought: Set(serde_json::to_string(&r.thought).map_err(|e| StoreError::corrupt("triage_correction.thought", e))?),
            heads: Set(r.heads.join(",")),
            class: Set(r.class.map(|x| x.as_str().to_owned())),
            service: Set(r.service.clone().map(String::from)),
            district: Set(r.district.clone().map(String::from)),
            hazard: Set(r.hazard.map(|x| x.as_str().to_owned())),
            actor: Set(r.actor.clone()),
            at: Set(r.at),
        });
    }
    bulk.add(models, &Conflict::Fail)
}

/// The number of the newest correction; 0 before the first.
///
/// # Errors
/// [`StoreError`].
pub async fn newest(c: &impl Conn) -> Result<i64, StoreError> {
    let id: Option<i64> = Entity::find().select_only().column(Column::Id).order_by(Column::Id, Order::Desc).limit(1).into_tuple().one(c).await?;
    Ok(id.unwrap_or(0))
}

/// How many corrections are newer than a number.
///
/// # Errors
/// [`StoreError`].
pub async fn count_after(c: &impl Conn, after: i64) -> Result<u64, StoreError> {
    use sea_orm::PaginatorTrait;
    Ok(Entity::find().filter(Column::Id.gt(after)).count(c).await?)
}

/// A page of the corrections after `after`, oldest first, without those whose words were erased. The second value is where the next page goes on;
/// none at the end.
///
/// # Errors
/// [`StoreError`].
pub async fn page(c: &impl Conn, after: i64, limit: u64) -> Result<(Vec<Correction>, Option<i64>), StoreError> {
    let rows: Vec<(Model, Option<message::Model>)> =
        Entity::find().find_also_related(message::Entity).filter(Column::Id.gt(after)).order_by(Column::Id, Order::Asc).limit(limit).all(c).await?;
    let next = rows.last().map(|(r, _)| r.id).filter(|_| rows.len() as u64 == limit);
    let live = rows.into_iter().filter_map(|(r, m)| m.and_then(|m| m.text).map(|text| correction(r, text))).collect();
    Ok((live, next))
}

/// A word that is no longer known says nothing.
fn correction(m: Model, text: String) -> Correction {
    Correction {
        id: m.id,
        request: RequestId(m.request_id),
        actor: m.actor,
        text,
        class: m.class.as_deref().and_then(Class::parse),
        service: m.service.and_then(|s| ServiceCode::new(s).ok()),
        district: m.district.and_then(|s| DistrictCode::new(s).ok()),
        hazard: m.hazard.as_deref().and_then(Hazard::parse),
    }
}
