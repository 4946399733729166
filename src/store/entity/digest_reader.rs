//! A reader of the digest besides those of the configuration.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "digest_reader")]
pub struct Model {
    /// In lower case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub address: String,
    pub lang: String,
    /// `all`, or a part: `district:taraz`, `service:water`, `queue:water_taraz`.
    pub scope: String,
    /// False: not sent, also when the configuration names the address.
    pub active: bool,
    pub changed_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
