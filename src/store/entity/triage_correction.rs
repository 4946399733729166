//! What a person made of a request that triage had read otherwise. Holds no words: they stay in the erasable message.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "triage_correction")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub request_id: Uuid,
    pub message_id: Option<Uuid>,
    pub version: String,
    /// The verdict as JSON.
    #[sea_orm(column_type = "Text")]
    pub thought: String,
    /// What was changed, with commas between.
    pub heads: String,
    pub class: Option<String>,
    pub service: Option<String>,
    pub district: Option<String>,
    pub hazard: Option<String>,
    pub actor: String,
    pub at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::message::Entity", from = "Column::MessageId", to = "super::message::Column::Id")]
    Message,
}

impl Related<super::message::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Message.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
