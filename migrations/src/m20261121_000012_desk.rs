//! The dispatcher's desk: the words of requests for searching, saved views, what each member of staff has seen, who looks at what right now.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, pk_uuid, string, text, timestamp_with_time_zone, uuid};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// What waits to be searchable and what is open lie in partial indexes: they hold what is at work, not all that ever was.
const BOTH: [&str; 4] = [
    "CREATE INDEX ix_message_unsearched ON message (id) WHERE searched = FALSE AND request_id IS NOT NULL",
    "CREATE INDEX ix_request_place_unsearched ON request_place (request_id) WHERE searched = FALSE",
    "CREATE INDEX ix_request_board ON request (priority, sort_due, id, queue, status, class, service, district, crew, overdue) WHERE is_open = TRUE",
    "CREATE INDEX ix_request_parent ON request (parent_id) WHERE parent_id IS NOT NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.alter_table(Table::alter().table("message").add_column(boolean("searched").default(false)).to_owned()).await?;
        m.alter_table(Table::alter().table("request_place").add_column(boolean("searched").default(false)).to_owned()).await?;
        // Words are compared byte by byte, whatever the language of the database: the beginning of a word is a range.
        let word = |name: &'static str| {
            let mut c = ColumnDef::new(name);
            c.string().not_null();
            if m.get_database_backend() == DbBackend::Postgres {
                c.extra("COLLATE \"C\"");
            }
            c
        };
        m.create_table(
            Table::create()
                .table("request_word")
                .col(word("word"))
                .col(uuid("request_id"))
                .primary_key(Index::create().col("word").col("request_id"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("ix_request_word_request").table("request_word").col("request_id").to_owned()).await?;
        m.create_table(
            Table::create().table("search_gram").col(word("gram")).col(word("word")).primary_key(Index::create().col("gram").col("word")).to_owned(),
        )
        .await?;
        m.create_table(
            Table::create()
                .table("staff_view")
                .col(pk_uuid("id"))
                .col(uuid("staff_id"))
                .col(string("name"))
                .col(text("query"))
                .col(timestamp_with_time_zone("created_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("ux_staff_view").table("staff_view").col("staff_id").col("name").unique().to_owned()).await?;
        m.create_table(
            Table::create()
                .table("staff_seen")
                .col(uuid("staff_id"))
                .col(uuid("request_id"))
                .col(timestamp_with_time_zone("at"))
                .primary_key(Index::create().col("staff_id").col("request_id"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("ix_staff_seen_at").table("staff_seen").col("at").to_owned()).await?;
        m.create_table(
            Table::create()
                .table("presence")
                .col(uuid("request_id"))
                .col(uuid("staff_id"))
                .col(boolean("writing"))
                .col(timestamp_with_time_zone("at"))
                .primary_key(Index::create().col("request_id").col("staff_id"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("ix_presence_at").table("presence").col("at").to_owned()).await?;
        for sql in BOTH {
            m.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for index in ["ix_request_parent", "ix_request_board", "ix_request_place_unsearched", "ix_message_unsearched"] {
            m.get_connection().execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        for t in ["presence", "staff_seen", "staff_view", "search_gram", "request_word"] {
            m.drop_table(Table::drop().table(t).to_owned()).await?;
        }
        m.alter_table(Table::alter().table("request_place").drop_column("searched").to_owned()).await?;
        m.alter_table(Table::alter().table("message").drop_column("searched").to_owned()).await
    }
}
