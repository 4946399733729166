//! Sessions and bearer tokens of staff, by the SHA-256 of what opens them: a stolen table opens no door. Wall time is passed in.

use super::db::Conn;
use super::entity::staff_session::{ActiveModel, Column, Entity, Model};
use super::entity::{known_peer, staff as staff_entity};
use super::error::StoreError;
use super::staff::Staff;
use crate::domain::class::words;
use crate::domain::{Instant, StaffId};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

words! {
    /// Where a session is used.
    SessionKind {
        /// The console's cookie.
        Console = "console",
        /// A person's bearer token.
        Api = "api",
        /// A bearer token of another program.
        Integration = "integration",
    }
}

words! {
    /// How far signing in has come.
    Stage {
        Full = "full",
        /// The password was right; the second factor is awaited.
        Code = "code",
        /// The password was right; the role asks for a second factor that is not set up yet.
        Enrol = "enrol",
        /// Everything was right, but the password was given by somebody else and has to be changed first.
        Password = "password",
    }
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: Uuid,
    pub staff: StaffId,
    pub kind: SessionKind,
    pub stage: Stage,
    /// The name of an integration.
    pub label: Option<String>,
    /// Names of the permissions an integration has.
    pub scopes: Option<Vec<String>>,
    pub made_by: Option<StaffId>,
    /// What the browser or program calls itself.
    pub device: String,
    pub address: String,
    pub created_at: Instant,
    pub seen_at: Instant,
    pub ends_at: Instant,
}

impl TryFrom<Model> for Session {
    type Error = StoreError;
    fn try_from(m: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: m.id,
            staff: StaffId(m.staff_id),
            kind: SessionKind::parse(&m.kind).ok_or_else(|| StoreError::corrupt("staff_session.kind", &m.kind))?,
            stage: Stage::parse(&m.stage).ok_or_else(|| StoreError::corrupt("staff_session.stage", &m.stage))?,
            label: m.label,
            scopes: m.scopes.as_deref().map(serde_json::from_str).transpose().map_err(|e| StoreError::corrupt("staff_session.scopes", e))?,
            made_by: m.made_by.map(StaffId),
            device: m.device,
            address: m.address,
            created_at: m.created_at,
            seen_at: m.seen_at,
            ends_at: m.ends_at,
        })
    }
}

/// # Errors
/// [`StoreError`].
pub async fn insert(c: &impl Conn, hash: &str, s: &Session) -> Result<(), StoreError> {
    let scopes = s.scopes.as_ref().map(serde_json::to_string).transpose().map_err(|e| StoreError::corrupt("staff_session.scopes", e))?;
    let row = ActiveModel {
        id: Set(s.id),
        hash: Set(hash.to_owned()),
        staff_id: Set(s.staff.0),
        kind: Set(s.kind.as_str().to_owned()),
        stage: Set(s.stage.as_str().to_owned()),
        label: Set(s.label.clone()),
        scopes: Set(scopes),
        made_by: Set(s.made_by.map(|m| m.0)),
        device: Set(s.device.clone()),
        address: Set(s.address.clone()),
        created_at: Set(s.created_at),
        seen_at: Set(s.seen_at),
        ends_at: Set(s.ends_at),
    };
    Entity::insert(row).exec_without_returning(c).await?;
    Ok(())
}

/// The living session behind a hash and whose it is, in one look. A console session that was last used before `idle` is over.
///
/// # Errors
/// [`StoreError`].
pub async fn by_hash(c: &impl Conn, hash: &str, idle: Instant, wall: Instant) -> Result<Option<(Session, Staff)>, StoreError> {
    let found = Entity::find().filter(Column::Hash.eq(hash)).filter(Column::EndsAt.gt(wall)).find_also_related(staff_entity::Entity).one(c).await?;
    let Some((session, Some(staff))) = found else { return Ok(None) };
    let session = Session::try_from(session)?;
    if session.kind == SessionKind::Console && session.seen_at <= idle {
        return Ok(None);
    }
    Ok(Some((session, staff.try_into()?)))
}

/// Notes that a session was used; writes at most once for everything after `before`.
///
/// # Errors
/// [`StoreError`].
pub async fn touch(c: &impl Conn, id: Uuid, before: Instant, wall: Instant) -> Result<(), StoreError> {
    Entity::update_many().col_expr(Column::SeenAt, Expr::value(wall)).filter(Column::Id.eq(id)).filter(Column::SeenAt.lt(before)).exec(c).await?;
    Ok(())
}

/// Living sessions of a person, the newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn of_staff(c: &impl Conn, staff: StaffId, wall: Instant) -> Result<Vec<Session>, StoreError> {
    let rows = Entity::find()
        .filter(Column::StaffId.eq(staff.0))
        .filter(Column::EndsAt.gt(wall))
        .order_by(Column::CreatedAt, Order::Desc)
        .limit(200)
        .all(c)
        .await?;
    rows.into_iter().map(Session::try_from).collect()
}

/// Living tokens of integrations, the newest first.
///
/// # Errors
/// [`StoreError`].
pub async fn integrations(c: &impl Conn, wall: Instant) -> Result<Vec<Session>, StoreError> {
    let rows = Entity::find()
        .filter(Column::Kind.eq(SessionKind::Integration.as_str()))
        .filter(Column::EndsAt.gt(wall))
        .order_by(Column::CreatedAt, Order::Desc)
        .limit(500)
        .all(c)
        .await?;
    rows.into_iter().map(Session::try_from).collect()
}

/// Ends one session of a person. False when it is not theirs or over already.
///
/// # Errors
/// [`StoreError`].
pub async fn end(c: &impl Conn, id: Uuid, staff: StaffId) -> Result<bool, StoreError> {
    let done = Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::StaffId.eq(staff.0)).exec(c).await?;
    Ok(done.rows_affected == 1)
}

/// Ends a person's sessions but `except`. Tokens of integrations stay unless `all`.
///
/// # Errors
/// [`StoreError`].
pub async fn end_of_staff(c: &impl Conn, staff: StaffId, except: Option<Uuid>, all: bool) -> Result<u64, StoreError> {
    let mut q = Entity::delete_many().filter(Column::StaffId.eq(staff.0));
    if let Some(id) = except {
        q = q.filter(Column::Id.ne(id));
    }
    if !all {
        q = q.filter(Column::Kind.ne(SessionKind::Integration.as_str()));
    }
    Ok(q.exec(c).await?.rows_affected)
}

/// Notes that a person signed in from these places.
///
/// # Errors
/// [`StoreError`].
pub async fn know(c: &impl Conn, staff: StaffId, peers: &[String], wall: Instant) -> Result<(), StoreError> {
    use known_peer::{ActiveModel as Peer, Column as P, Entity as Peers};
    let rows = peers.iter().map(|hash| Peer { hash: Set(hash.clone()), staff_id: Set(staff.0), seen_at: Set(wall) });
    Peers::insert_many(rows).on_conflict(OnConflict::column(P::Hash).update_column(P::SeenAt).to_owned()).exec_without_returning(c).await?;
    Ok(())
}

/// Whether anybody signed in from this place before.
///
/// # Errors
/// [`StoreError`].
pub async fn is_known(c: &impl Conn, peer: &str) -> Result<bool, StoreError> {
    Ok(known_peer::Entity::find_by_id(peer.to_owned()).count(c).await? > 0)
}

/// Forgets places from which a person signed in: all of them, or with nobody named those not seen since `before`.
///
/// # Errors
/// [`StoreError`].
pub async fn forget_peers(c: &impl Conn, staff: Option<StaffId>, before: Instant) -> Result<u64, StoreError> {
    use known_peer::{Column as P, Entity as Peers};
    let q = Peers::delete_many();
    let q = match staff {
        Some(s) => q.filter(P::StaffId.eq(s.0)),
        None => q.filter(P::SeenAt.lt(before)),
    };
    Ok(q.exec(c).await?.rows_affected)
}
