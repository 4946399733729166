//! One person to be told of one alarm by one way.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "notice")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub dedupe: String,
    pub staff_id: Option<Uuid>,
    pub way: String,
    pub channel: String,
    pub account: String,
    pub chat: String,
    pub lang: String,
    pub request_id: Uuid,
    pub timer_id: Uuid,
    pub rung: i32,
    pub state: String,
    pub send_at: DateTimeUtc,
    pub created_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
