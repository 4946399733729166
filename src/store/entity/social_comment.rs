//! What somebody wrote under a post, whether it calls for an answer, and what became of it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "social_comment")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub channel: String,
    pub account: String,
    pub comment: String,
    pub post: String,
    pub parent: Option<String>,
    pub author: Option<String>,
    pub need: String,
    pub request_id: Option<Uuid>,
    pub message_id: Option<Uuid>,
    pub posted_at: DateTimeUtc,
    pub received_at: DateTimeUtc,
    pub answered_at: Option<DateTimeUtc>,
    pub removed_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
