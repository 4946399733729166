//! What the calls of one day brought, added up.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "report_call_day")]
pub struct Model {
    /// Days since 1970-01-01, by the local calendar.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: i32,
    /// What it was measured by: sums by other terms are not taken.
    pub terms: String,
    /// The figures, as JSON.
    #[sea_orm(column_type = "Text")]
    pub facts: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
