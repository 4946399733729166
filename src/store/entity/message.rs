//! Something said, in either direction. Text and salt are erasable.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub request_id: Option<Uuid>,
    pub conversation_id: Option<Uuid>,
    pub direction: String,
    pub author: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub text: Option<String>,
    #[sea_orm(column_type = "VarBinary(StringLen::None)", nullable)]
    pub salt: Option<Vec<u8>>,
    pub raw_event_id: Option<i64>,
    pub at: DateTimeUtc,
    /// When its author took it back.
    pub unsent_at: Option<DateTimeUtc>,
    /// What may still be seen of it then.
    #[sea_orm(column_type = "Text", nullable)]
    pub shown: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
