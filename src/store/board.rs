//! The board: open requests of many queues in one list, most urgent first; and what stands beside each row.

use super::db::Conn;
use super::entity::request::{Column, Entity};
use super::entity::{presence, staff_seen, staff_view};
use super::error::StoreError;
use super::requests::{QueueCursor, Stored, paged, scoped};
use crate::domain::access::Scope;
use crate::domain::request::{Priority, Status};
use crate::domain::{Class, CrewCode, DistrictCode, Instant, QueueCode, RequestId, ServiceCode, StaffId};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoardFilter {
    pub queue: Option<QueueCode>,
    /// Without a status: all open ones. One that is not open is listed for a single queue only.
    pub status: Option<Status>,
    pub class: Option<Class>,
    pub service: Option<ServiceCode>,
    pub district: Option<DistrictCode>,
    pub crew: Option<CrewCode>,
    pub overdue: bool,
    pub danger: bool,
}

fn filtered(scope: &Scope, f: &BoardFilter) -> Select<Entity> {
    let mut q = scoped(Entity::find(), scope);
    let open = f.status.is_none_or(Status::is_open);
    if open || f.queue.is_none() {
        // Written out, so that the index of open requests is used.
        q = q.filter(Expr::cust("is_open = TRUE"));
    }
    if let Some(code) = &f.queue {
        q = q.filter(Column::Queue.eq(code.as_str()));
    }
    if let Some(s) = f.status {
        q = q.filter(Column::Status.eq(s.as_str()));
    }
    if let Some(x) = f.class {
        q = q.filter(Column::Class.eq(x.as_str()));
    }
    if let Some(x) = &f.service {
        q = q.filter(Column::Service.eq(x.as_str()));
    }
    if let Some(x) = &f.district {
        q = q.filter(Column::District.eq(x.as_str()));
    }
    if let Some(x) = &f.crew {
        q = q.filter(Column::Crew.eq(x.as_str()));
    }
    if f.overdue {
        q = q.filter(Column::Overdue.eq(true));
    }
    if f.danger {
        q = q.filter(Column::Priority.eq(i16::from(Priority::DANGER.0)));
    }
    q
}

/// A page of the board.
///
/// # Errors
/// [`StoreError`].
pub async fn page(c: &impl Conn, scope: &Scope, f: &BoardFilter, cursor: Option<&QueueCursor>, limit: u64) -> Result<Vec<Stored>, StoreError> {
    paged(filtered(scope, f), cursor, limit).all(c).await?.into_iter().map(Stored::try_from).collect()
}

/// Open requests by district: `(district, danger, overdue, how many)`.
///
/// # Errors
/// [`StoreError`].
pub async fn by_district(c: &impl Conn, scope: &Scope) -> Result<Vec<(Option<String>, bool, bool, i64)>, StoreError> {
    let rows: Vec<(Option<String>, i16, bool, i64)> = scoped(Entity::find(), scope)
        .select_only()
        .column(Column::District)
        .column(Column::Priority)
        .column(Column::Overdue)
        .column_as(Column::Id.count(), "n")
        .filter(Expr::cust("is_open = TRUE"))
        .group_by(Column::District)
        .group_by(Column::Priority)
        .group_by(Column::Overdue)
        .into_tuple()
        .all(c)
        .await?;
    Ok(rows.into_iter().map(|(d, p, late, n)| (d, p == i16::from(Priority::DANGER.0), late, n)).collect())
}

/// A request was opened by a member of staff.
///
/// # Errors
/// [`StoreError`].
pub async fn saw(c: &impl Conn, staff: StaffId, request: RequestId, now: Instant) -> Result<(), StoreError> {
    use staff_seen::Column as S;
    let row = staff_seen::ActiveModel { staff_id: Set(staff.0), request_id: Set(request.0), at: Set(now) };
    let again = OnConflict::columns([S::StaffId, S::RequestId]).update_column(S::At).to_owned();
    staff_seen::Entity::insert(row).on_conflict(again).exec_without_returning(c).await?;
    Ok(())
}

/// When a member of staff last opened each of these.
///
/// # Errors
/// [`StoreError`].
pub async fn seen(c: &impl Conn, staff: StaffId, ids: &[RequestId]) -> Result<BTreeMap<RequestId, Instant>, StoreError> {
    use staff_seen::Column as S;
    let rows = staff_seen::Entity::find().filter(S::StaffId.eq(staff.0)).filter(S::RequestId.is_in(ids.iter().map(|i| i.0))).all(c).await?;
    Ok(rows.into_iter().map(|m| (RequestId(m.request_id), m.at)).collect())
}

/// Somebody is at a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    pub request: RequestId,
    pub staff: StaffId,
    pub writing: bool,
}

/// Notes that a member of staff has a request open, or writes.
///
/// # Errors
/// [`StoreError`].
pub async fn be_there(c: &impl Conn, p: &Present, now: Instant) -> Result<(), StoreError> {
    use presence::Column as P;
    let row = presence::ActiveModel { request_id: Set(p.request.0), staff_id: Set(p.staff.0), writing: Set(p.writing), at: Set(now) };
    let again = OnConflict::columns([P::RequestId, P::StaffId]).update_columns([P::Writing, P::At]).to_owned();
    presence::Entity::insert(row).on_conflict(again).exec_without_returning(c).await?;
    Ok(())
}

/// Who is at these requests since then.
///
/// # Errors
/// [`StoreError`].
pub async fn present(c: &impl Conn, ids: &[RequestId], since: Instant) -> Result<Vec<Present>, StoreError> {
    use presence::Column as P;
    let rows = presence::Entity::find().filter(P::RequestId.is_in(ids.iter().map(|i| i.0))).filter(P::At.gte(since)).all(c).await?;
    Ok(rows.into_iter().map(|m| Present { request: RequestId(m.request_id), staff: StaffId(m.staff_id), writing: m.writing }).collect())
}

/// A list that a member of staff has named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub id: Uuid,
    pub name: String,
    pub query: String,
}

/// The named lists of a member of staff, by name.
///
/// # Errors
/// [`StoreError`].
pub async fn views(c: &impl Conn, staff: StaffId) -> Result<Vec<View>, StoreError> {
    use staff_view::Column as V;
    let rows = staff_view::Entity::find().filter(V::StaffId.eq(staff.0)).order_by(V::Name, Order::Asc).all(c).await?;
    Ok(rows.into_iter().map(|m| View { id: m.id, name: m.name, query: m.query }).collect())
}

/// Keeps a list under a name, over one of the same name. False when there are `most` already.
///
/// # Errors
/// [`StoreError`].
pub async fn keep_view(c: &impl Conn, staff: StaffId, name: &str, query: &str, most: u64, now: Instant) -> Result<bool, StoreError> {
    use staff_view::Column as V;
    if staff_view::Entity::find().filter(V::StaffId.eq(staff.0)).filter(V::Name.ne(name)).count(c).await? >= most {
        return Ok(false);
    }
    let row = staff_view::ActiveModel {
        id: Set(Uuid::now_v7()),
        staff_id: Set(staff.0),
        name: Set(name.to_owned()),
        query: Set(query.to_owned()),
        created_at: Set(now),
    };
    let over = OnConflict::columns([V::StaffId, V::Name]).update_column(V::Query).to_owned();
    staff_view::Entity::insert(row).on_conflict(over).exec_without_returning(c).await?;
    Ok(true)
}

/// Takes a named list away. Only the own.
///
/// # Errors
/// [`StoreError`].
pub async fn drop_view(c: &impl Conn, staff: StaffId, id: Uuid) -> Result<bool, StoreError> {
    use staff_view::Column as V;
    Ok(staff_view::Entity::delete_many().filter(V::Id.eq(id)).filter(V::StaffId.eq(staff.0)).exec(c).await?.rows_affected == 1)
}

/// Forgets who was where.
///
/// # Errors
/// [`StoreError`].
pub async fn purge(c: &impl Conn, before: Instant) -> Result<u64, StoreError> {
    Ok(presence::Entity::delete_many().filter(presence::Column::At.lt(before)).exec(c).await?.rows_affected)
}
