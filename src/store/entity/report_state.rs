//! How far the days that are added up are true: of requests in the journal, of calls in the list of changed days. A row for each.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "report_state")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Every change up to here is in the days that are added up.
    pub position: i64,
    /// The end of the journal or list at `noted_at`, by the wall clock.
    pub next_position: i64,
    pub noted_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
