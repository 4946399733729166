//! The names by which exchanges know members of staff.

use crate::domain::StaffId;
use crate::store::db::Conn;
use crate::store::entity::staff_agent::{ActiveModel, Column, Entity};
use crate::store::error::StoreError;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};
use std::collections::BTreeMap;

/// Every name, as it was set: lower case.
///
/// # Errors
/// [`StoreError`].
pub async fn all(c: &impl Conn) -> Result<BTreeMap<String, StaffId>, StoreError> {
    Ok(Entity::find().all(c).await?.into_iter().map(|m| (m.agent, StaffId(m.staff_id))).collect())
}

/// Gives a name to a member of staff, also one that was another's.
///
/// # Errors
/// [`StoreError`].
pub async fn set(c: &impl Conn, agent: &str, staff: StaffId) -> Result<(), StoreError> {
    let row = ActiveModel { agent: Set(agent.to_owned()), staff_id: Set(staff.0) };
    Entity::insert(row).on_conflict(OnConflict::column(Column::Agent).update_column(Column::StaffId).to_owned()).exec_without_returning(c).await?;
    Ok(())
}
