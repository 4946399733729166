//! What the mobile application needs: families of tokens that renew one another, telephones that take push messages, files that residents bring
//! themselves, and the keys of stored bytes that are still to be deleted.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{pk_uuid, string, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

fn index(name: &'static str, table: &'static str, col: &'static str) -> IndexCreateStatement {
    Index::create().name(name).table(table).col(col).to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.alter_table(Table::alter().table("token").add_column(uuid_null("family")).to_owned()).await?;
        m.alter_table(Table::alter().table("token").add_column(timestamp_with_time_zone_null("spent_at")).to_owned()).await?;
        m.create_index(index("ix_token_family", "token", "family")).await?;

        m.create_table(
            Table::create()
                .table("device")
                .col(pk_uuid("id"))
                .col(uuid("resident_id"))
                .col(uuid("family"))
                .col(text("token"))
                .col(string("token_hash").unique_key())
                .col(string("platform"))
                .col(string("lang"))
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone("seen_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(index("ix_device_resident", "device", "resident_id")).await?;
        m.create_index(index("ix_device_family", "device", "family")).await?;

        m.alter_table(Table::alter().table("attachment").add_column(uuid_null("uploader_id")).to_owned()).await?;
        m.alter_table(Table::alter().table("attachment").add_column(uuid_null("message_id")).to_owned()).await?;
        m.create_index(index("ix_attachment_uploader", "attachment", "uploader_id")).await?;
        m.create_index(index("ix_attachment_conversation", "attachment", "conversation_id")).await?;
        // Only what was brought and never used: a handful of rows, looked for every ten minutes.
        m.get_connection()
            .execute_unprepared("CREATE INDEX ix_attachment_loose ON attachment (at) WHERE uploader_id IS NOT NULL AND request_id IS NULL")
            .await?;

        m.create_table(Table::create().table("doomed_file").col(string("key").primary_key()).col(timestamp_with_time_zone("at")).to_owned()).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_table(Table::drop().table("doomed_file").to_owned()).await?;
        for name in ["ix_attachment_loose", "ix_attachment_conversation", "ix_attachment_uploader"] {
            m.drop_index(Index::drop().name(name).table("attachment").to_owned()).await?;
        }
        m.alter_table(Table::alter().table("attachment").drop_column("message_id").to_owned()).await?;
        m.alter_table(Table::alter().table("attachment").drop_column("uploader_id").to_owned()).await?;
        m.drop_table(Table::drop().table("device").to_owned()).await?;
        m.drop_index(Index::drop().name("ix_token_family").table("token").to_owned()).await?;
        m.alter_table(Table::alter().table("token").drop_column("spent_at").to_owned()).await?;
        m.alter_table(Table::alter().table("token").drop_column("family").to_owned()).await
    }
}
