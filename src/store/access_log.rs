//! Who looked at unmasked personal data, and who changed who may. Changes of requests stand in the journal; lists are masked and not logged.

use super::db::Conn;
use super::entity::access_log::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::{Instant, RequestId, StaffId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
};

/// One entry.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entry<'a> {
    /// An author as in the journal: `staff:<id>`, `crew:<id>`, `system:cli`.
    pub actor: &'a str,
    /// One word: what was done or seen.
    pub what: &'a str,
    pub request: Option<RequestId>,
    /// What it was about when it was no request: `call:<id>`, `staff:<id>`.
    pub object: Option<&'a str>,
    /// Why, in the person's words.
    pub reason: Option<&'a str>,
}

/// # Errors
/// [`StoreError`]: then nothing may be shown.
pub async fn write(c: &impl Conn, at: Instant, e: &Entry<'_>) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: NotSet,
        at: Set(at),
        actor: Set(e.actor.to_owned()),
        what: Set(e.what.to_owned()),
        request_id: Set(e.request.map(|r| r.0)),
        reason: Set(e.reason.map(str::to_owned)),
        object: Set(e.object.map(str::to_owned)),
    };
    Entity::insert(row).exec_without_returning(c).await?;
    Ok(())
}

/// A view of one request.
///
/// # Errors
/// [`StoreError`]: then nothing may be shown.
pub async fn note(c: &impl Conn, at: Instant, actor: &str, what: &str, request: Option<RequestId>, reason: Option<&str>) -> Result<(), StoreError> {
    write(c, at, &Entry { actor, what, request, object: None, reason }).await
}

/// What to look for. Everything left out matches.
#[derive(Debug, Clone, Default)]
pub struct Search {
    pub person: Option<StaffId>,
    pub request: Option<RequestId>,
    pub object: Option<String>,
    pub from: Option<Instant>,
    /// Before this.
    pub to: Option<Instant>,
    /// Entries older than the one with this moment and identifier: where the last page ended.
    pub before: Option<(Instant, i64)>,
}

/// Entries, the newest first, by the index of what is asked for: a person's, a request's, an object's or a period's.
///
/// # Errors
/// [`StoreError`].
pub async fn search(c: &impl Conn, s: &Search, limit: u64) -> Result<Vec<Model>, StoreError> {
    let Some(person) = s.person else { return page(c, s, None, limit).await };
    // A member of a crew may have worked at a desk before: both pages in the order of their index, merged.
    let mut both = page(c, s, Some(&format!("staff:{person}")), limit).await?;
    both.extend(page(c, s, Some(&format!("crew:{person}")), limit).await?);
    both.sort_by_key(|m| std::cmp::Reverse((m.at, m.id)));
    both.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(both)
}

async fn page(c: &impl Conn, s: &Search, actor: Option<&str>, limit: u64) -> Result<Vec<Model>, StoreError> {
    let mut q = Entity::find();
    if let Some(actor) = actor {
        q = q.filter(Column::Actor.eq(actor));
    }
    if let Some(r) = s.request {
        q = q.filter(Column::RequestId.eq(r.0));
    }
    if let Some(o) = &s.object {
        q = q.filter(Column::Object.eq(o.as_str()));
    }
    if let Some(from) = s.from {
        q = q.filter(Column::At.gte(from));
    }
    if let Some(to) = s.to {
        q = q.filter(Column::At.lt(to));
    }
    if let Some((at, id)) = s.before {
        let key = Expr::tuple([Column::At, Column::Id].map(|c| Expr::col((Entity, c))));
        q = q.filter(key.lt(Expr::tuple([Expr::value(at), Expr::value(id)])));
    }
    Ok(q.order_by(Column::At, Order::Desc).order_by(Column::Id, Order::Desc).limit(limit).all(c).await?)
}

/// # Errors
/// [`StoreError`].
pub async fn of_request(c: &impl Conn, id: RequestId) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find().filter(Column::RequestId.eq(id.0)).order_by(Column::Id, Order::Asc).all(c).await?)
}
