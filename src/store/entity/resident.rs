//! A person who writes or calls. Phone and name are erasable.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "resident")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Proved to be theirs.
    pub phone: Option<String>,
    pub name: Option<String>,
    pub lang: String,
    pub created_at: DateTimeUtc,
    pub erased_at: Option<DateTimeUtc>,
    pub phone_verified_at: Option<DateTimeUtc>,
    /// Only said to be theirs: by a call, a short message, another person.
    pub claimed_phone: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
