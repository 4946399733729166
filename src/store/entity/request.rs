//! The present state of a request.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub number: String,
    pub status: String,
    pub is_open: bool,
    pub held_from: Option<String>,
    pub held_why: Option<String>,
    pub pause_asked: Option<String>,
    pub class: Option<String>,
    pub service: Option<String>,
    pub district: Option<String>,
    pub queue: Option<String>,
    pub crew: Option<String>,
    pub hazard: Option<String>,
    pub priority: i16,
    pub needs_utility: bool,
    pub vulnerable: bool,
    pub channel: String,
    pub lang: String,
    pub resident_id: Option<Uuid>,
    pub conversation_id: Option<Uuid>,
    pub parent_id: Option<Uuid>,
    pub reported_at: DateTimeUtc,
    pub received_at: DateTimeUtc,
    pub accepted_at: Option<DateTimeUtc>,
    pub arrived_at: Option<DateTimeUtc>,
    pub resolved_at: Option<DateTimeUtc>,
    pub closed_at: Option<DateTimeUtc>,
    pub updated_at: DateTimeUtc,
    pub reopened: i32,
    pub refused: i32,
    pub breaches: i32,
    pub rating: Option<i16>,
    pub sort_due: DateTimeUtc,
    pub overdue: bool,
    pub version: i64,
    #[sea_orm(column_type = "VarBinary(StringLen::None)")]
    pub last_hash: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
