//! One call, computed from its records; the topic is an operator's.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "call")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub source: String,
    pub key: String,
    pub direction: String,
    pub caller_kind: String,
    pub caller: Option<String>,
    pub caller_name: Option<String>,
    pub phone: Option<String>,
    pub dialled: Option<String>,
    pub queue: Option<String>,
    pub agent: Option<String>,
    pub staff_id: Option<Uuid>,
    pub started_at: DateTimeUtc,
    pub answered_at: Option<DateTimeUtc>,
    pub ended_at: Option<DateTimeUtc>,
    pub ivr_us: i64,
    pub wait_us: i64,
    pub talk_us: i64,
    pub hold_us: i64,
    pub transfers: i32,
    pub outcome: String,
    pub recording: Option<String>,
    pub flags: String,
    pub callback_at: Option<DateTimeUtc>,
    pub callback_made: bool,
    pub imported_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub topic: Option<String>,
    pub topic_by: Option<String>,
    pub topic_at: Option<DateTimeUtc>,
    pub before_days: Option<i16>,
    pub after_days: Option<i16>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
