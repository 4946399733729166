//! What administrators change while the service runs, each change a row; work that a crew left behind at the end of its shift.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, pk_uuid, string, text, text_null, timestamp_with_time_zone};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.create_table(
            Table::create()
                .table("config_revision")
                .col(big_integer("number").primary_key())
                .col(string("area"))
                .col(string("key"))
                .col(text_null("was"))
                .col(text_null("value"))
                .col(string("author"))
                .col(text("note"))
                .col(timestamp_with_time_zone("made_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("ix_config_revision_key").table("config_revision").col("area").col("key").col("number").to_owned())
            .await?;
        m.create_table(
            Table::create()
                .table("shift_gap")
                .col(pk_uuid("request_id"))
                .col(string("crew"))
                .col(timestamp_with_time_zone("off_at"))
                .col(timestamp_with_time_zone("flagged_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("ix_shift_gap_off_at").table("shift_gap").col("off_at").col("request_id").to_owned()).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for t in ["shift_gap", "config_revision"] {
            m.drop_table(Table::drop().table(t).to_owned()).await?;
        }
        Ok(())
    }
}
