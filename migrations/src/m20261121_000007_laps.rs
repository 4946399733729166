//! What a clock has run (its laps, as JSON), why a request is on hold, and whether its resident is vulnerable.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, string_null, text_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.alter_table(Table::alter().table("sla_timer").add_column(text_null("run")).to_owned()).await?;
        m.alter_table(Table::alter().table("request").add_column(string_null("held_why")).to_owned()).await?;
        m.alter_table(Table::alter().table("request").add_column(boolean("vulnerable").default(false)).to_owned()).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.alter_table(Table::alter().table("request").drop_column("vulnerable").to_owned()).await?;
        m.alter_table(Table::alter().table("request").drop_column("held_why").to_owned()).await?;
        m.alter_table(Table::alter().table("sla_timer").drop_column("run").to_owned()).await
    }
}
