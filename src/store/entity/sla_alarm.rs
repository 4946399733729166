//! A step of a ladder that was taken: its key is what makes it happen once.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sla_alarm")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub timer_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub rung: i32,
    pub request_id: Uuid,
    pub due_at: DateTimeUtc,
    pub raised_at: DateTimeUtc,
    pub told: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
