//! A digest as it was made for one reader and one day.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "digest_letter")]
pub struct Model {
    /// The key of its outbox row: one for a reader and a day.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// `2026-11-23`.
    pub day: String,
    pub address: String,
    pub subject: String,
    #[sea_orm(column_type = "Text")]
    pub text: String,
    #[sea_orm(column_type = "Text")]
    pub html: String,
    pub made_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
