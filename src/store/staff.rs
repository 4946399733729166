//! Staff accounts.

use super::db::Conn;
use super::entity::staff::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::access::{Reach, Role, Scope};
use crate::domain::{CrewCode, Instant, Lang, QueueCode, StaffId};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder};

/// A member of staff.
#[derive(Debug, Clone, PartialEq)]
pub struct Staff {
    pub id: StaffId,
    pub login: String,
    pub name: String,
    pub role: Role,
    /// Empty: every queue.
    pub queues: Vec<QueueCode>,
    pub crew: Option<CrewCode>,
    pub lang: Lang,
    pub password_hash: String,
    pub disabled: bool,
    pub created_at: Instant,
}

impl Staff {
    /// What this member may reach. A crew account without a crew reaches nothing.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let reach = match (self.role, &self.crew) {
            (Role::Crew, Some(crew)) => Reach::Crew(crew.clone()),
            (Role::Crew, None) => Reach::Queues(Vec::new()),
            (Role::Admin | Role::Manager, _) => Reach::All,
            (Role::Dispatcher, _) if self.queues.is_empty() => Reach::All,
            (Role::Dispatcher, _) => Reach::Queues(self.queues.clone()),
        };
        Scope { staff: self.id, role: self.role, reach }
    }
}

impl TryFrom<Model> for Staff {
    type Error = StoreError;
    fn try_from(m: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: StaffId(m.id),
            login: m.login,
            name: m.name,
            role: Role::parse(&m.role).ok_or_else(|| StoreError::corrupt("staff.role", &m.role))?,
            queues: serde_json::from_str(&m.queues).map_err(|e| StoreError::corrupt("staff.queues", e))?,
            crew: m.crew.map(CrewCode::new).transpose().map_err(|e| StoreError::corrupt("staff.crew", e))?,
            lang: Lang::parse(&m.lang).ok_or_else(|| StoreError::corrupt("staff.lang", &m.lang))?,
            password_hash: m.password_hash,
            disabled: m.disabled,
            created_at: m.created_at,
        })
    }
}

/// Whose living token of this kind it is, in one look.
///
/// # Errors
/// [`StoreError`].
pub async fn by_token(c: &impl Conn, hash: &str, kind: &str, wall: Instant) -> Result<Option<Staff>, StoreError> {
    use super::entity::token::{Column as T, Entity as Token};
    let subject = Query::select()
        .column(T::SubjectId)
        .from(Token)
        .and_where(T::Hash.eq(hash))
        .and_where(T::Kind.eq(kind))
        .and_where(T::ExpiresAt.gt(wall))
        .to_owned();
    Entity::find().filter(Column::Id.in_subquery(subject)).one(c).await?.map(Staff::try_from).transpose()
}

/// # Errors
/// [`StoreError::Duplicate`] when the login is taken.
pub async fn insert(c: &impl Conn, s: &Staff) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(s.id.0),
        login: Set(s.login.clone()),
        name: Set(s.name.clone()),
        role: Set(s.role.as_str().to_owned()),
        queues: Set(serde_json::to_string(&s.queues).map_err(|e| StoreError::corrupt("staff.queues", e))?),
        crew: Set(s.crew.clone().map(String::from)),
        lang: Set(s.lang.as_str().to_owned()),
        password_hash: Set(s.password_hash.clone()),
        disabled: Set(s.disabled),
        created_at: Set(s.created_at),
    };
    Entity::insert(row).exec_without_returning(c).await?;
    Ok(())
}

/// # Errors
/// [`StoreError`].
pub async fn load(c: &impl Conn, id: StaffId) -> Result<Option<Staff>, StoreError> {
    Entity::find_by_id(id.0).one(c).await?.map(Staff::try_from).transpose()
}

/// # Errors
/// [`StoreError`].
pub async fn by_login(c: &impl Conn, login: &str) -> Result<Option<Staff>, StoreError> {
    Entity::find().filter(Column::Login.eq(login)).one(c).await?.map(Staff::try_from).transpose()
}

/// # Errors
/// [`StoreError`].
pub async fn all(c: &impl Conn) -> Result<Vec<Staff>, StoreError> {
    Entity::find().order_by(Column::Login, Order::Asc).all(c).await?.into_iter().map(Staff::try_from).collect()
}

/// The working members of a crew.
///
/// # Errors
/// [`StoreError`].
pub async fn of_crew(c: &impl Conn, crew: &CrewCode) -> Result<Vec<Staff>, StoreError> {
    let rows = Entity::find().filter(Column::Crew.eq(crew.as_str())).filter(Column::Disabled.eq(false)).all(c).await?;
    rows.into_iter().map(Staff::try_from).collect()
}

/// # Errors
/// [`StoreError`].
pub async fn set_disabled(c: &impl Conn, login: &str, disabled: bool) -> Result<bool, StoreError> {
    let done = Entity::update_many().col_expr(Column::Disabled, Expr::value(disabled)).filter(Column::Login.eq(login)).exec(c).await?;
    Ok(done.rows_affected == 1)
}

/// # Errors
/// [`StoreError`].
pub async fn set_password(c: &impl Conn, login: &str, hash: &str) -> Result<bool, StoreError> {
    let done = Entity::update_many().col_expr(Column::PasswordHash, Expr::value(hash)).filter(Column::Login.eq(login)).exec(c).await?;
    Ok(done.rows_affected == 1)
}
