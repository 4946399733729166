//! Counts of open requests that are kept with every change, and indexes that hold what waits instead of all that ever was.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, pk_auto, string};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The same on both backends. What an event or a message is looked for by lies in partial indexes: they hold what waits, not all that ever was.
const BOTH: [&str; 12] = [
    "INSERT INTO open_count (queue, status, overdue, n) SELECT COALESCE(queue, ''), status, overdue, COUNT(*) FROM request \
     WHERE is_open = TRUE GROUP BY COALESCE(queue, ''), status, overdue",
    // Was for counting.
    "DROP INDEX ix_request_open",
    "DROP INDEX ix_raw_event_waiting",
    "CREATE INDEX ix_raw_event_waiting ON raw_event (id) WHERE status = 'waiting'",
    "CREATE INDEX ix_raw_event_failed ON raw_event (status, id) WHERE status = 'parked' OR status = 'unreadable'",
    "DROP INDEX ix_outbox_due",
    "CREATE INDEX ix_outbox_unsent ON outbox (rank, id, next_attempt_at) WHERE status IN ('pending', 'sending')",
    "CREATE INDEX ix_outbox_list ON outbox (status, id) WHERE status = 'dead' OR status = 'expired' OR status = 'parked' OR status = 'pending' \
     OR status = 'sending'",
    // A page that is filtered by class or district is chosen inside the index and fetches only what it shows.
    "DROP INDEX ix_request_queue",
    "CREATE INDEX ix_request_queue ON request (queue, is_open, priority, sort_due, id, class, district)",
    "DROP INDEX ix_request_queue_status",
    "CREATE INDEX ix_request_queue_status ON request (queue, status, priority, sort_due, id, class, district)",
];

/// Clocks are stored in the order they start: a summary of ranges finds a period and costs nothing to keep. SQLite has no such index and is small.
const POSTGRES: &str = "CREATE INDEX ix_sla_timer_started ON sla_timer USING brin (started_at)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.create_table(
            Table::create()
                .table("open_count")
                .col(string("queue"))
                .col(string("status"))
                .col(boolean("overdue"))
                .col(big_integer("n"))
                .primary_key(Index::create().col("queue").col("status").col("overdue"))
                .to_owned(),
        )
        .await?;
        m.create_table(
            Table::create()
                .table("open_delta")
                .col(pk_auto("id").big_integer())
                .col(string("queue"))
                .col(string("status"))
                .col(boolean("overdue"))
                .col(big_integer("n"))
                .to_owned(),
        )
        .await?;
        let c = m.get_connection();
        for sql in BOTH {
            c.execute_unprepared(sql).await?;
        }
        if m.get_database_backend() == DbBackend::Postgres {
            c.execute_unprepared(POSTGRES).await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let c = m.get_connection();
        if m.get_database_backend() == DbBackend::Postgres {
            c.execute_unprepared("DROP INDEX ix_sla_timer_started").await?;
        }
        let new =
            ["ix_outbox_list", "ix_outbox_unsent", "ix_raw_event_failed", "ix_raw_event_waiting", "ix_request_queue", "ix_request_queue_status"];
        for index in new {
            c.execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        c.execute_unprepared("CREATE INDEX ix_request_queue ON request (queue, is_open, priority, sort_due, id)").await?;
        c.execute_unprepared("CREATE INDEX ix_request_queue_status ON request (queue, status, priority, sort_due, id)").await?;
        c.execute_unprepared("CREATE INDEX ix_outbox_due ON outbox (status, next_attempt_at)").await?;
        c.execute_unprepared("CREATE INDEX ix_raw_event_waiting ON raw_event (status, id)").await?;
        c.execute_unprepared("CREATE INDEX ix_request_open ON request (is_open, queue, status)").await?;
        for t in ["open_delta", "open_count"] {
            m.drop_table(Table::drop().table(t).to_owned()).await?;
        }
        Ok(())
    }
}
