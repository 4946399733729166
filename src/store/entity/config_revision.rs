//! One change of the configuration by an administrator.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "config_revision")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    pub area: String,
    pub key: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub was: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub value: Option<String>,
    pub author: String,
    #[sea_orm(column_type = "Text")]
    pub note: String,
    pub made_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
