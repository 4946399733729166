//! One clock of one request.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sla_timer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub request_id: Uuid,
    pub stage: String,
    pub round: i32,
    pub state: String,
    pub started_at: DateTimeUtc,
    pub due_at: DateTimeUtc,
    pub remaining_us: Option<i64>,
    pub ended_at: Option<DateTimeUtc>,
    pub run: Option<String>,
    /// When its ladder is to be looked at next.
    pub alarm_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
