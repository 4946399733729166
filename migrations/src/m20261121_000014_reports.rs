//! Figures of past days, kept so that a year is added up and not counted; and indexes by which a period is found.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, string, text, timestamp_with_time_zone};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// A list of a period is filtered inside the index and fetches only what it shows.
const RECEIVED: &str = "CREATE INDEX ix_request_received ON request (received_at, id, queue, district, service, class, channel, status)";

/// Messages are stored in the order they are made: a summary of ranges finds a period and costs nothing to keep. SQLite has no such index.
const POSTGRES: &str = "CREATE INDEX ix_outbox_created ON outbox USING brin (created_at)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.create_table(
            Table::create()
                .table("report_day")
                .col(integer("day"))
                .col(string("queue"))
                .col(string("service"))
                .col(string("district"))
                .col(string("class"))
                .col(string("channel"))
                .col(big_integer("n"))
                .col(text("facts"))
                .primary_key(Index::create().col("day").col("queue").col("service").col("district").col("class").col("channel"))
                .to_owned(),
        )
        .await?;
        // A day that has been added up, also one on which nothing came.
        m.create_table(Table::create().table("report_mark").col(integer("day").primary_key()).to_owned()).await?;
        m.create_table(
            Table::create()
                .table("report_state")
                .col(integer("id").primary_key())
                .col(big_integer("position"))
                .col(big_integer("next_position"))
                .col(timestamp_with_time_zone("noted_at"))
                .to_owned(),
        )
        .await?;
        let c = m.get_connection();
        c.execute_unprepared("DROP INDEX ix_request_received").await?;
        c.execute_unprepared(RECEIVED).await?;
        if m.get_database_backend() == DbBackend::Postgres {
            c.execute_unprepared(POSTGRES).await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = m.get_connection();
        if m.get_database_backend() == DbBackend::Postgres {
            c.execute_unprepared("DROP INDEX ix_outbox_created").await?;
        }
        c.execute_unprepared("DROP INDEX ix_request_received").await?;
        c.execute_unprepared("CREATE INDEX ix_request_received ON request (received_at)").await?;
        for t in ["report_state", "report_mark", "report_day"] {
            m.drop_table(Table::drop().table(t).to_owned()).await?;
        }
        Ok(())
    }
}
