//! One revision of policies and calendars.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "book_revision")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    #[sea_orm(column_type = "Text")]
    pub sla: String,
    #[sea_orm(column_type = "Text")]
    pub calendar: String,
    pub author: String,
    #[sea_orm(column_type = "Text")]
    pub note: String,
    #[sea_orm(column_type = "Text")]
    pub diff: String,
    pub made_at: DateTimeUtc,
    pub effective_at: DateTimeUtc,
    pub apply_state: String,
    pub apply_after: Option<Uuid>,
    pub applied: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
