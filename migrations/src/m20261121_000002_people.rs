//! Residents and their conversations, staff and their sessions.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    boolean, integer, pk_auto, pk_uuid, string, string_null, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
    uuid_null,
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
                .table("resident")
                .col(pk_uuid("id"))
                .col(string_null("phone"))
                .col(string_null("name"))
                .col(string("lang"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone_null("erased_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("ux_resident_phone").table("resident").col("phone").unique().to_owned()).await?;

        m.create_table(
            Table::create()
                .table("conversation")
                .col(pk_uuid("id"))
                .col(string("channel"))
                .col(string("account"))
                .col(string("chat"))
                .col(uuid("resident_id"))
                .col(uuid_null("staff_id"))
                .col(string("lang"))
                .col(text("state"))
                .col(timestamp_with_time_zone_null("silence_at"))
                .col(timestamp_with_time_zone_null("last_inbound_at"))
                .col(timestamp_with_time_zone_null("blocked_at"))
                .col(timestamp_with_time_zone("created_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(
            Index::create().name("ux_conversation_chat").table("conversation").col("channel").col("account").col("chat").unique().to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("ix_conversation_resident").table("conversation").col("resident_id").to_owned()).await?;
        m.create_index(Index::create().name("ix_conversation_silence").table("conversation").col("silence_at").to_owned()).await?;
        m.create_index(Index::create().name("ix_conversation_staff").table("conversation").col("staff_id").to_owned()).await?;

        m.create_table(
            Table::create()
                .table("staff")
                .col(pk_uuid("id"))
                .col(string("login").unique_key())
                .col(string("name"))
                .col(string("role"))
                .col(text("queues"))
                .col(string_null("crew"))
                .col(string("lang"))
                .col(string("password_hash"))
                .col(boolean("disabled"))
                .col(timestamp_with_time_zone("created_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("ix_staff_crew").table("staff").col("crew").to_owned()).await?;

        m.create_table(
            Table::create()
                .table("token")
                .col(string("hash").primary_key())
                .col(string("kind"))
                .col(uuid("subject_id"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone("expires_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("ix_token_subject").table("token").col("subject_id").to_owned()).await?;

        m.create_table(
            Table::create()
                .table("otp")
                .col(pk_uuid("id"))
                .col(string("purpose"))
                .col(string("subject"))
                .col(string("code_hash"))
                .col(integer("attempts"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone("expires_at"))
                .col(timestamp_with_time_zone_null("used_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("ix_otp_subject").table("otp").col("purpose").col("subject").col("created_at").to_owned()).await?;

        m.create_table(
            Table::create()
                .table("access_log")
                .col(pk_auto("id").big_integer())
                .col(timestamp_with_time_zone("at"))
                .col(string("actor"))
                .col(string("what"))
                .col(uuid_null("request_id"))
                .col(text_null("reason"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("ix_access_log_request").table("access_log").col("request_id").col("id").to_owned()).await?;
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for t in ["access_log", "otp", "token", "staff", "conversation", "resident"] {
            m.drop_table(Table::drop().table(t).to_owned()).await?;
        }
        Ok(())
    }
}
