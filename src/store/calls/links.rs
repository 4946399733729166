//! Which calls and requests speak of the same thing. A link taken away by hand stays as a mark, so that it is not made again by itself.

use super::{BATCH, changes};
use crate::domain::{CallId, Instant, RequestId, StaffId};
use crate::store::db::Conn;
use crate::store::entity::{call_intake, call_link};
use crate::store::error::StoreError;
use call_link::{ActiveModel, Column, Entity, Model};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder};

/// How a link came to be.
pub mod how {
    /// The operator registered the request while speaking.
    pub const TIME: &str = "agent_and_time";
    /// The operator named the call.
    pub const NAMED: &str = "named";
}

/// A link as read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub call: CallId,
    pub request: RequestId,
    pub how: String,
    pub actor: String,
    pub at: Instant,
}

impl From<Model> for Link {
    fn from(m: Model) -> Self {
        Self { call: CallId(m.call_id), request: RequestId(m.request_id), how: m.how, actor: m.actor, at: m.at }
    }
}

fn active(l: &Link) -> ActiveModel {
    ActiveModel {
        call_id: Set(l.call.0),
        request_id: Set(l.request.0),
        how: Set(l.how.clone()),
        actor: Set(l.actor.clone()),
        at: Set(l.at),
        removed_at: Set(None),
        removed_by: Set(None),
    }
}

/// Links that follow by themselves; what stands already, taken away or not, is left as it is.
///
/// # Errors
/// [`StoreError`].
pub async fn add(c: &impl Conn, rows: &[Link]) -> Result<(), StoreError> {
    changes::of_calls(c, &rows.iter().map(|l| l.call).collect::<Vec<_>>()).await?;
    for part in rows.chunks(BATCH) {
        let conflict = OnConflict::columns([Column::CallId, Column::RequestId]).do_nothing().to_owned();
        Entity::insert_many(part.iter().map(active)).on_conflict(conflict).exec_without_returning(c).await?;
    }
    Ok(())
}

/// Says that a request was taken down during that call and no other: links that followed by themselves elsewhere go, this one is made unless a
/// person took it away, or named a call.
///
/// # Errors
/// [`StoreError`].
pub async fn settle(c: &impl Conn, link: &Link) -> Result<(), StoreError> {
    // A person's word stands above what follows by itself.
    let stand = of_request(c, link.request).await?;
    if stand.iter().any(|l| l.how == how::NAMED) {
        return Ok(());
    }
    changes::of_calls(c, &stand.iter().map(|l| l.call).filter(|call| *call != link.call).collect::<Vec<_>>()).await?;
    Entity::delete_many()
        .filter(Column::RequestId.eq(link.request.0))
        .filter(Column::CallId.ne(link.call.0))
        .filter(Column::How.eq(how::TIME))
        .filter(Column::RemovedAt.is_null())
        .exec(c)
        .await?;
    add(c, std::slice::from_ref(link)).await
}

/// A link that a person makes, also where it was taken away.
///
/// # Errors
/// [`StoreError`].
pub async fn put(c: &impl Conn, link: &Link) -> Result<(), StoreError> {
    changes::of_calls(c, &[link.call]).await?;
    let columns = [Column::How, Column::Actor, Column::At, Column::RemovedAt, Column::RemovedBy];
    let conflict = OnConflict::columns([Column::CallId, Column::RequestId]).update_columns(columns).to_owned();
    Entity::insert(active(link)).on_conflict(conflict).exec_without_returning(c).await?;
    Ok(())
}

/// Takes a link away. False when there is none.
///
/// # Errors
/// [`StoreError`].
pub async fn take_away(c: &impl Conn, call: CallId, request: RequestId, by: &str, now: Instant) -> Result<bool, StoreError> {
    changes::of_calls(c, &[call]).await?;
    let done = Entity::update_many()
        .col_expr(Column::RemovedAt, Expr::value(now))
        .col_expr(Column::RemovedBy, Expr::value(by))
        .filter(Column::CallId.eq(call.0))
        .filter(Column::RequestId.eq(request.0))
        .filter(Column::RemovedAt.is_null())
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Links of calls that stand.
///
/// # Errors
/// [`StoreError`].
pub async fn of_calls(c: &impl Conn, calls: &[CallId]) -> Result<Vec<Link>, StoreError> {
    let mut out = Vec::new();
    for part in calls.chunks(BATCH) {
        let q = Entity::find().filter(Column::CallId.is_in(part.iter().map(|i| i.0))).filter(Column::RemovedAt.is_null());
        out.extend(q.order_by(Column::At, Order::Asc).all(c).await?.into_iter().map(Link::from));
    }
    Ok(out)
}

/// Links of a request that stand, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn of_request(c: &impl Conn, request: RequestId) -> Result<Vec<Link>, StoreError> {
    let q = Entity::find().filter(Column::RequestId.eq(request.0)).filter(Column::RemovedAt.is_null());
    Ok(q.order_by(Column::At, Order::Asc).all(c).await?.into_iter().map(Link::from).collect())
}

/// Links of a call that turned out to be part of another.
pub(super) async fn move_all(c: &impl Conn, from: CallId, to: CallId) -> Result<(), StoreError> {
    let rows = Entity::find().filter(Column::CallId.eq(from.0)).all(c).await?;
    if rows.is_empty() {
        return Ok(());
    }
    changes::of_calls(c, &[from, to]).await?;
    let moved = rows.into_iter().map(|m| ActiveModel {
        call_id: Set(to.0),
        request_id: Set(m.request_id),
        how: Set(m.how),
        actor: Set(m.actor),
        at: Set(m.at),
        removed_at: Set(m.removed_at),
        removed_by: Set(m.removed_by),
    });
    let conflict = OnConflict::columns([Column::CallId, Column::RequestId]).do_nothing().to_owned();
    Entity::insert_many(moved).on_conflict(conflict).exec_without_returning(c).await?;
    Entity::delete_many().filter(Column::CallId.eq(from.0)).exec(c).await?;
    Ok(())
}

/// Notes that a member of staff took a request down for a caller.
///
/// # Errors
/// [`StoreError`].
pub async fn took_down(c: &impl Conn, request: RequestId, staff: StaffId, at: Instant) -> Result<(), StoreError> {
    let row = call_intake::ActiveModel { request_id: Set(request.0), staff_id: Set(staff.0), at: Set(at) };
    call_intake::Entity::insert(row).exec_without_returning(c).await?;
    Ok(())
}

/// What these members of staff took down in a span of time.
///
/// # Errors
/// [`StoreError`].
pub async fn taken_down(c: &impl Conn, staff: &[StaffId], from: Instant, to: Instant) -> Result<Vec<(RequestId, StaffId, Instant)>, StoreError> {
    use call_intake::Column as I;
    if staff.is_empty() {
        return Ok(Vec::new());
    }
    let q = call_intake::Entity::find().filter(I::StaffId.is_in(staff.iter().map(|s| s.0))).filter(I::At.gte(from)).filter(I::At.lte(to));
    Ok(q.all(c).await?.into_iter().map(|m| (RequestId(m.request_id), StaffId(m.staff_id), m.at)).collect())
}
