//! Lists of calls, in pages by keyset.

use super::StoredCall;
use crate::domain::call::Outcome;
use crate::domain::phone::Phone;
use crate::domain::{CallId, Instant, StaffId};
use crate::store::db::Conn;
use crate::store::entity::call::{Column, Entity};
use crate::store::error::StoreError;
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::{Deserialize, Serialize};

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Started at or after.
    pub from: Option<Instant>,
    /// Started before.
    pub to: Option<Instant>,
    pub outcome: Option<Outcome>,
    pub queue: Option<String>,
    pub agent: Option<String>,
    pub phone: Option<Phone>,
}

/// Where a page goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallCursor {
    pub at: Instant,
    pub id: CallId,
}

impl CallCursor {
    #[must_use]
    pub fn after(c: &StoredCall) -> Self {
        Self { at: c.call.started_at, id: c.id }
    }
}

fn filtered(f: &Filter) -> Select<Entity> {
    let mut q = Entity::find();
    if let Some(at) = f.from {
        q = q.filter(Column::StartedAt.gte(at));
    }
    if let Some(at) = f.to {
        q = q.filter(Column::StartedAt.lt(at));
    }
    if let Some(o) = f.outcome {
        q = q.filter(Column::Outcome.eq(o.as_str()));
    }
    if let Some(name) = &f.queue {
        q = q.filter(Column::Queue.eq(name.as_str()));
    }
    if let Some(name) = &f.agent {
        q = q.filter(Column::Agent.eq(name.as_str()));
    }
    if let Some(p) = &f.phone {
        q = q.filter(Column::Phone.eq(p.e164()));
    }
    q
}

/// A page, newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn newest(c: &impl Conn, f: &Filter, after: Option<&CallCursor>, limit: u64) -> Result<Vec<StoredCall>, StoreError> {
    let mut q = filtered(f);
    if let Some(k) = after {
        let same = Condition::all().add(Column::StartedAt.eq(k.at)).add(Column::Id.lt(k.id.0));
        // Said twice: an alternative bounds no index, and every page would begin again at the first.
        q = q.filter(Column::StartedAt.lte(k.at)).filter(Condition::any().add(Column::StartedAt.lt(k.at)).add(same));
    }
    let q = q.order_by(Column::StartedAt, Order::Desc).order_by(Column::Id, Order::Desc).limit(limit);
    q.all(c).await?.into_iter().map(StoredCall::try_from).collect()
}

/// Calls with these numbers, in or out, that a person answered, begun at or after `from`: number and start.
///
/// # Errors
/// [`StoreError`].
pub async fn answered_since(c: &impl Conn, phones: &[Phone], from: Instant) -> Result<Vec<(String, Instant)>, StoreError> {
    let mut out = Vec::new();
    for part in phones.chunks(super::BATCH) {
        let rows: Vec<(String, Instant)> = Entity::find()
            .select_only()
            .column(Column::Phone)
            .column(Column::StartedAt)
            .filter(Column::Phone.is_in(part.iter().map(Phone::e164)))
            .filter(Column::StartedAt.gte(from))
            .filter(Column::Outcome.eq(Outcome::Answered.as_str()))
            .into_tuple()
            .all(c)
            .await?;
        out.extend(rows);
    }
    Ok(out)
}

/// The call that a member of staff speaks on, or spoke on until after `since`: the newest.
///
/// # Errors
/// [`StoreError`].
pub async fn of_staff_at(c: &impl Conn, staff: StaffId, since: Instant, now: Instant) -> Result<Option<StoredCall>, StoreError> {
    // A conversation of more than half a day is a line that somebody forgot.
    let q = Entity::find()
        .filter(Column::StaffId.eq(staff.0))
        .filter(Column::StartedAt.gte(now - chrono::Duration::hours(12)))
        .filter(Column::StartedAt.lte(now))
        .filter(Column::AnsweredAt.lte(now))
        .filter(Condition::any().add(Column::EndedAt.is_null()).add(Column::EndedAt.gte(since)))
        .order_by(Column::StartedAt, Order::Desc)
        .limit(1);
    q.one(c).await?.map(StoredCall::try_from).transpose()
}

/// Calls that still last, begun at or after `from`, newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn ongoing(c: &impl Conn, from: Instant, limit: u64) -> Result<Vec<StoredCall>, StoreError> {
    let q = filtered(&Filter { from: Some(from), ..Filter::default() }).filter(Column::EndedAt.is_null());
    q.order_by(Column::StartedAt, Order::Desc).limit(limit).all(c).await?.into_iter().map(StoredCall::try_from).collect()
}
