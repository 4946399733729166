//! Letters: which belong to which thread, what we sent under which name, whole letters that are too long for the inbox; the morning digest and its
//! readers.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, binary, boolean, string, string_null, text, timestamp_with_time_zone};

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
                .table("mail_letter")
                .col(string("account"))
                .col(string("letter"))
                .col(string("chat"))
                .col(string("address"))
                .col(string_null("subject"))
                .col(big_integer_null("outbox_id"))
                .col(timestamp_with_time_zone("at"))
                .primary_key(Index::create().col("account").col("letter"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("ux_mail_letter_outbox").table("mail_letter").col("outbox_id").unique().to_owned()).await?;
        m.create_index(Index::create().name("ix_mail_letter_chat").table("mail_letter").col("account").col("chat").col("at").to_owned()).await?;
        m.create_index(Index::create().name("ix_mail_letter_address").table("mail_letter").col("account").col("address").col("at").to_owned())
            .await?;
        m.create_table(
            Table::create()
                .table("mail_whole")
                .col(string("account"))
                .col(string("external_id"))
                .col(string("chat"))
                .col(binary("body"))
                .col(timestamp_with_time_zone("at"))
                .primary_key(Index::create().col("account").col("external_id"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("ix_mail_whole_chat").table("mail_whole").col("account").col("chat").to_owned()).await?;
        m.create_index(Index::create().name("ix_mail_whole_at").table("mail_whole").col("at").to_owned()).await?;
        m.create_table(
            Table::create()
                .table("digest_letter")
                .col(string("key").primary_key())
                .col(string("day"))
                .col(string("address"))
                .col(string("subject"))
                .col(text("text"))
                .col(text("html"))
                .col(timestamp_with_time_zone("made_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("ix_digest_letter_made").table("digest_letter").col("made_at").to_owned()).await?;
        m.create_table(
            Table::create()
                .table("digest_reader")
                .col(string("address").primary_key())
                .col(string("lang"))
                .col(string("scope"))
                .col(boolean("active"))
                .col(timestamp_with_time_zone("changed_at"))
                .to_owned(),
        )
        .await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for t in ["digest_reader", "digest_letter", "mail_whole", "mail_letter"] {
            m.drop_table(Table::drop().table(t).to_owned()).await?;
        }
        Ok(())
    }
}
