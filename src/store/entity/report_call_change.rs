//! A day of which a call changed, written with the change.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "report_call_change")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Days since 1970-01-01, by the local calendar.
    pub day: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
