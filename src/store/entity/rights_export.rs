//! A ticket for one export of a resident's data: good once, for whoever asked. The data themselves are put together when it is used.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "rights_export")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub resident_id: Uuid,
    pub staff_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    pub made_at: DateTimeUtc,
    pub ends_at: DateTimeUtc,
    pub taken_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
