//! Figures of calls of past days, kept so that a year is added up and not counted; days of which calls changed; and, of callers who are forgotten, only how
//! far their calls lay from each other.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, pk_auto, small_integer_null, string, text};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.create_table(Table::create().table("report_call_day").col(integer("day").primary_key()).col(string("terms")).col(text("facts")).to_owned())
            .await?;
        m.create_table(Table::create().table("report_call_change").col(pk_auto("id").big_integer()).col(integer("day")).to_owned()).await?;
        m.alter_table(Table::alter().table("call").add_column(small_integer_null("before_days")).to_owned()).await?;
        m.alter_table(Table::alter().table("call").add_column(small_integer_null("after_days")).to_owned()).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.alter_table(Table::alter().table("call").drop_column("after_days").to_owned()).await?;
        m.alter_table(Table::alter().table("call").drop_column("before_days").to_owned()).await?;
        for t in ["report_call_change", "report_call_day"] {
            m.drop_table(Table::drop().table(t).to_owned()).await?;
        }
        Ok(())
    }
}
