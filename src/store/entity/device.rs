//! A telephone that takes push messages for one resident. Its push token is personal: it is shown to nobody and goes with the resident.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "device")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub resident_id: Uuid,
    pub family: Uuid,
    #[sea_orm(column_type = "Text")]
    pub token: String,
    pub token_hash: String,
    pub platform: String,
    pub lang: String,
    pub created_at: DateTimeUtc,
    pub seen_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
