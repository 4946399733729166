//! Outages that the service knows of: told to residents before they ask.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, string, string_null, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null};

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
                .table("outage")
                .col(uuid("id").primary_key())
                .col(string("service"))
                // None: the whole oblast.
                .col(string_null("district"))
                .col(text("place_kk"))
                .col(text("place_ru"))
                .col(boolean("planned"))
                .col(timestamp_with_time_zone("starts_at"))
                .col(timestamp_with_time_zone_null("expected_until"))
                .col(timestamp_with_time_zone_null("ended_at"))
                .col(uuid("made_by"))
                .col(timestamp_with_time_zone("made_at"))
                .col(uuid_null("ended_by"))
                .to_owned(),
        )
        .await?;
        // What goes on lies in an index of its own: the public page asks for it all the time, and there is little of it.
        m.get_connection().execute_unprepared("CREATE INDEX ix_outage_open ON outage (starts_at, id) WHERE ended_at IS NULL").await?;
        m.create_index(Index::create().name("ix_outage_made").table("outage").col("made_at").col("id").to_owned()).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_table(Table::drop().table("outage").to_owned()).await
    }
}
