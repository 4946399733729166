//! What comes in before anything is understood, and what keeps several processes out of each other's way.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, integer, pk_auto, small_integer, string, string_null, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

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
                .table("raw_event")
                .col(pk_auto("id").big_integer())
                .col(string("channel"))
                .col(string("account"))
                .col(string("external_id"))
                .col(string("conversation_key"))
                .col(small_integer("slot"))
                .col(binary("body"))
                .col(string("status"))
                .col(integer("attempts"))
                .col(timestamp_with_time_zone("received_at"))
                .col(timestamp_with_time_zone("next_attempt_at"))
                .col(timestamp_with_time_zone_null("processed_at"))
                .col(string_null("outcome"))
                .col(text_null("error"))
                .to_owned(),
        )
        .await?;
        m.create_index(
            Index::create().name("ux_raw_event_source").table("raw_event").col("channel").col("account").col("external_id").unique().to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("ix_raw_event_waiting").table("raw_event").col("status").col("id").to_owned()).await?;
        m.create_index(
            Index::create().name("ix_raw_event_conversation").table("raw_event").col("conversation_key").col("status").col("id").to_owned(),
        )
        .await?;

        m.create_table(
            Table::create().table("lease").col(string("name").primary_key()).col(string("owner")).col(timestamp_with_time_zone("until")).to_owned(),
        )
        .await?;
        m.create_table(
            Table::create().table("worker_node").col(string("owner").primary_key()).col(timestamp_with_time_zone("seen_until")).to_owned(),
        )
        .await?;
        m.create_table(Table::create().table("poll_offset").col(string("bot").primary_key()).col(big_integer("next")).to_owned()).await?;
        m.create_table(
            Table::create()
                .table("idempotency")
                .col(string("scope"))
                .col(string("key"))
                .col(string("body_hash"))
                .col(small_integer("status"))
                .col(text_null("answer"))
                .col(timestamp_with_time_zone("created_at"))
                .primary_key(Index::create().col("scope").col("key"))
                .to_owned(),
        )
        .await?;
        m.create_table(
            Table::create()
                .table("rate_window")
                .col(string("bucket"))
                .col(timestamp_with_time_zone("starts_at"))
                .col(integer("hits"))
                .primary_key(Index::create().col("bucket").col("starts_at"))
                .to_owned(),
        )
        .await?;
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for t in ["rate_window", "idempotency", "poll_offset", "worker_node", "lease", "raw_event"] {
            m.drop_table(Table::drop().table(t).to_owned()).await?;
        }
        Ok(())
    }
}
