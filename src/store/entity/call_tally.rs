//! How many calls ended how, and how many of them the metrics were told.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "call_tally")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub outcome: String,
    pub counted: i64,
    pub told: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
