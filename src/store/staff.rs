//! Staff accounts.

use super::db::Conn;
use super::entity::staff::{ActiveModel, Column, Entity, Model};
use super::error::StoreError;
use crate::domain::access::{Reach, Role, Scope};
use crate::domain::roles::{Breadth, Roles};
use crate::domain::{CrewCode, DistrictCode, Instant, Lang, QueueCode, StaffId};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use std::collections::BTreeMap;

/// A member of staff.
#[derive(Debug, Clone, PartialEq)]
pub struct Staff {
    pub id: StaffId,
    pub login: String,
    pub name: String,
    pub role: Role,
    /// Empty: every queue.
    pub queues: Vec<QueueCode>,
    /// Empty: every district.
    pub districts: Vec<DistrictCode>,
    pub crew: Option<CrewCode>,
    pub lang: Lang,
    pub password_hash: String,
    pub disabled: bool,
    pub created_at: Instant,
    /// A second factor is in force.
    pub second_factor: bool,
    /// When the password was last set; unset: with the account.
    pub password_at: Option<Instant>,
    /// Somebody else chose the password: its owner has to choose another before anything else.
    pub password_given: bool,
}

impl Staff {
    /// What this member may do and reach by the table of roles. A crew account without a crew reaches nothing.
    #[must_use]
    pub fn scope(&self, roles: &Roles) -> Scope {
        let rule = roles.get(self.role);
        let (reach, districts) = match (rule.breadth, &self.crew) {
            (Breadth::All, _) => (Reach::All, Vec::new()),
            (Breadth::Crew, Some(crew)) => (Reach::Crew(crew.clone()), Vec::new()),
            (Breadth::Crew, None) => (Reach::Queues(Vec::new()), Vec::new()),
            (Breadth::Own, _) if self.queues.is_empty() => (Reach::All, self.districts.clone()),
            (Breadth::Own, _) => (Reach::Queues(self.queues.clone()), self.districts.clone()),
        };
        Scope { staff: self.id, role: self.role, grants: rule.grants, reach, districts }
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
            districts: serde_json::from_str(&m.districts).map_err(|e| StoreError::corrupt("staff.districts", e))?,
            crew: m.crew.map(CrewCode::new).transpose().map_err(|e| StoreError::corrupt("staff.crew", e))?,
            lang: Lang::parse(&m.lang).ok_or_else(|| StoreError::corrupt("staff.lang", &m.lang))?,
            password_hash: m.password_hash,
            disabled: m.disabled,
            created_at: m.created_at,
            second_factor: m.totp_secret.is_some(),
            password_at: m.password_at,
            password_given: m.password_given,
        })
    }
}

/// # Errors
/// [`StoreError::Duplicate`] when the login is taken.
pub async fn insert(c: &impl Conn, s: &Staff) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(s.id.0),
        login: Set(s.login.clone()),
        name: Set(s.name.clone()),
        role: Set(s.role.as_str().to_owned()),
        queues: Set(codes("staff.queues", &s.queues)?),
        crew: Set(s.crew.clone().map(String::from)),
        lang: Set(s.lang.as_str().to_owned()),
        password_hash: Set(s.password_hash.clone()),
        disabled: Set(s.disabled),
        created_at: Set(s.created_at),
        districts: Set(codes("staff.districts", &s.districts)?),
        password_at: Set(s.password_at),
        password_given: Set(s.password_given),
        ..Default::default()
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
    // PostgreSQL takes no NUL, and no login has one.
    if login.contains('\0') {
        return Ok(None);
    }
    Entity::find().filter(Column::Login.eq(login)).one(c).await?.map(Staff::try_from).transpose()
}

/// # Errors
/// [`StoreError`].
pub async fn all(c: &impl Conn) -> Result<Vec<Staff>, StoreError> {
    Entity::find().order_by(Column::Login, Order::Asc).all(c).await?.into_iter().map(Staff::try_from).collect()
}

/// Names of these members of staff.
///
/// # Errors
/// [`StoreError`].
pub async fn named(c: &impl Conn, ids: &[StaffId]) -> Result<BTreeMap<StaffId, String>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(uuid::Uuid, String)> = Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::Name)
        .filter(Column::Id.is_in(ids.iter().map(|i| i.0)))
        .into_tuple()
        .all(c)
        .await?;
    Ok(rows.into_iter().map(|(id, name)| (StaffId(id), name)).collect())
}

/// The working members of a crew.
///
/// # Errors
/// [`StoreError`].
pub async fn of_crew(c: &impl Conn, crew: &CrewCode) -> Result<Vec<Staff>, StoreError> {
    let rows = Entity::find().filter(Column::Crew.eq(crew.as_str())).filter(Column::Disabled.eq(false)).all(c).await?;
    rows.into_iter().map(Staff::try_from).collect()
}

/// Writes name, role, reach and language.
///
/// # Errors
/// [`StoreError`].
pub async fn update(c: &impl Conn, s: &Staff) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::Name, Expr::value(s.name.clone()))
        .col_expr(Column::Role, Expr::value(s.role.as_str()))
        .col_expr(Column::Queues, Expr::value(codes("staff.queues", &s.queues)?))
        .col_expr(Column::Districts, Expr::value(codes("staff.districts", &s.districts)?))
        .col_expr(Column::Crew, Expr::value(s.crew.clone().map(String::from)))
        .col_expr(Column::Lang, Expr::value(s.lang.as_str()))
        .filter(Column::Id.eq(s.id.0))
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}

fn codes<T: serde::Serialize>(column: &'static str, list: &[T]) -> Result<String, StoreError> {
    serde_json::to_string(list).map_err(|e| StoreError::corrupt(column, e))
}

/// # Errors
/// [`StoreError`].
pub async fn set_disabled(c: &impl Conn, login: &str, disabled: bool) -> Result<bool, StoreError> {
    let done = Entity::update_many().col_expr(Column::Disabled, Expr::value(disabled)).filter(Column::Login.eq(login)).exec(c).await?;
    Ok(done.rows_affected == 1)
}

/// `given`: by somebody else than its owner.
///
/// # Errors
/// [`StoreError`].
pub async fn set_password(c: &impl Conn, id: StaffId, hash: &str, given: bool, wall: Instant) -> Result<bool, StoreError> {
    let done = Entity::update_many()
        .col_expr(Column::PasswordHash, Expr::value(hash))
        .col_expr(Column::PasswordAt, Expr::value(wall))
        .col_expr(Column::PasswordGiven, Expr::value(given))
        .filter(Column::Id.eq(id.0))
        .exec(c)
        .await?;
    Ok(done.rows_affected == 1)
}
