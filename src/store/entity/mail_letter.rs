//! The name of a letter, in either direction, and the thread it belongs to.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_letter")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account: String,
    /// The Message-ID without its brackets.
    #[sea_orm(primary_key, auto_increment = false)]
    pub letter: String,
    pub chat: String,
    pub address: String,
    /// Of letters that came.
    pub subject: Option<String>,
    /// Of letters that went out.
    pub outbox_id: Option<i64>,
    pub at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
