//! A member of staff.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "staff")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub login: String,
    pub name: String,
    pub role: String,
    #[sea_orm(column_type = "Text")]
    pub queues: String,
    pub crew: Option<String>,
    pub lang: String,
    pub password_hash: String,
    pub disabled: bool,
    pub created_at: DateTimeUtc,
    #[sea_orm(column_type = "Text")]
    pub districts: String,
    /// Sealed; null: no second factor.
    #[sea_orm(column_type = "Text", nullable)]
    pub totp_secret: Option<String>,
    /// Sealed; shown, not yet confirmed by a code.
    #[sea_orm(column_type = "Text", nullable)]
    pub totp_pending: Option<String>,
    /// The step of the last code that was taken.
    pub totp_step: Option<i64>,
    pub totp_since: Option<DateTimeUtc>,
    pub password_at: Option<DateTimeUtc>,
    pub password_given: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
