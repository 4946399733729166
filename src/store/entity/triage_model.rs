//! A fitted model and how it scored.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "triage_model")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub version: String,
    pub state: String,
    /// The version that was in use when it was made.
    pub base: String,
    /// How many corrections it learned from.
    pub corrections: i64,
    /// The newest correction that stood when it was made.
    pub last_correction: i64,
    /// Its scores on the frozen part, and those of `base`, as JSON.
    #[sea_orm(column_type = "Text")]
    pub scores: String,
    /// Emptied when it can no longer come back.
    #[sea_orm(column_type = "VarBinary(StringLen::None)", nullable)]
    pub model: Option<Vec<u8>>,
    pub created_by: String,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
