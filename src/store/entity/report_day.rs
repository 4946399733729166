//! What one day, or one whole month, brought to one part of the work, added up.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "report_day")]
pub struct Model {
    /// Days since 1970-01-01, by the local calendar. Below zero a month: its year times twelve and its months since January, negated.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: i32,
    /// Empty, here and below: not known.
    #[sea_orm(primary_key, auto_increment = false)]
    pub queue: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub service: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub class: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    /// Requests of a day; 0 in months.
    pub n: i64,
    /// The figures, as JSON.
    #[sea_orm(column_type = "Text")]
    pub facts: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
