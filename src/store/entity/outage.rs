//! An outage that residents are told of.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "outage")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub service: String,
    pub district: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub place_kk: String,
    #[sea_orm(column_type = "Text")]
    pub place_ru: String,
    pub planned: bool,
    pub starts_at: DateTimeUtc,
    pub expected_until: Option<DateTimeUtc>,
    pub ended_at: Option<DateTimeUtc>,
    pub made_by: Uuid,
    pub made_at: DateTimeUtc,
    pub ended_by: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
