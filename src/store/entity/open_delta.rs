//! A change of the counts of open requests that is not summed up yet.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "open_delta")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Empty: no queue.
    pub queue: String,
    pub status: String,
    pub overdue: bool,
    pub n: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
