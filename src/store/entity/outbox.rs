//! One outgoing message.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub channel: String,
    pub account: String,
    pub chat: String,
    pub lang: String,
    pub rank: i16,
    pub conversation_id: Option<Uuid>,
    pub request_id: Option<Uuid>,
    pub template: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub params: String,
    pub message_id: Option<Uuid>,
    #[sea_orm(column_type = "Text")]
    pub keyboard: String,
    #[sea_orm(column_type = "Text")]
    pub condition: String,
    pub status: String,
    pub attempts: i32,
    pub next_attempt_at: DateTimeUtc,
    pub lease_owner: Option<String>,
    pub lease_until: Option<DateTimeUtc>,
    pub dedupe: Option<String>,
    pub created_at: DateTimeUtc,
    pub sent_at: Option<DateTimeUtc>,
    pub provider_id: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub sent_text: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
    /// See `domain::delivery::stage`.
    pub stage: i16,
    /// Why it did not arrive, or has to go as a template: a word of `Failure`.
    pub reason: Option<String>,
    pub delivered_at: Option<DateTimeUtc>,
    pub read_at: Option<DateTimeUtc>,
    pub failed_at: Option<DateTimeUtc>,
    /// The first of the messages that stand in for one another.
    pub origin_id: Option<i64>,
    /// The approved template as which it went out.
    pub approved: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
