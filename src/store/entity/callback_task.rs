//! Somebody who is to be called back.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callback_task")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub phone: Option<String>,
    pub open_for: Option<String>,
    pub state: String,
    pub urgency: i16,
    pub missed: i32,
    pub attempts: i32,
    pub call_id: Option<Uuid>,
    pub first_missed_at: DateTimeUtc,
    pub last_missed_at: DateTimeUtc,
    pub due_at: DateTimeUtc,
    pub next_at: DateTimeUtc,
    pub taken_by: Option<Uuid>,
    pub taken_at: Option<DateTimeUtc>,
    pub promised_at: Option<DateTimeUtc>,
    pub outcome: Option<String>,
    pub closed_by: Option<String>,
    pub closed_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
