//! One chat in one channel, with the state of its dialogue.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "conversation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub channel: String,
    pub account: String,
    pub chat: String,
    pub resident_id: Uuid,
    pub staff_id: Option<Uuid>,
    pub lang: String,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    pub silence_at: Option<DateTimeUtc>,
    pub last_inbound_at: Option<DateTimeUtc>,
    pub blocked_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    /// Something waits until the resident writes again, since then.
    pub held_at: Option<DateTimeUtc>,
    /// The number that the wire or a shared contact proved to be the writer's.
    pub proved_phone: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
