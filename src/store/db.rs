//! Connections: one writer and a pool of readers on SQLite, two pools on PostgreSQL.

use super::error::StoreError;
use migrations::Migrator;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Anything a store function can run on: a connection or a transaction.
pub use sea_orm::ConnectionTrait as Conn;

/// An open transaction. Dropped without `commit()`, it rolls back.
pub type Tx = DatabaseTransaction;

/// The longest wait for a free connection. Whoever waits longer is told to come again: a person has left by then, and a platform sends again.
const PATIENCE: Duration = Duration::from_secs(1);
/// The same where everybody who writes waits for one connection.
const PATIENCE_SQLITE: Duration = Duration::from_secs(2);

/// Sees every statement after it has run.
pub type Watch = Arc<dyn Fn(&Statement) + Send + Sync>;

/// Which database stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// The database of the service.
#[derive(Clone, Debug)]
pub struct Db {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    backend: Backend,
}

impl Db {
    /// Connects. A SQLite file is made when it does not exist (WAL, full synchronisation, one writer, several readers).
    ///
    /// # Errors
    /// [`StoreError`] when the URL cannot be used or nobody answers.
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            if let Some(dir) = sqlite_path(url).and_then(|p| Path::new(p).parent()).filter(|d| !d.as_os_str().is_empty()) {
                std::fs::create_dir_all(dir).map_err(|e| StoreError::corrupt("database.url", format!("folder cannot be made: {e}")))?;
            }
            let writer = Database::connect(sqlite_options(url, 1)).await?;
            let reader = Database::connect(sqlite_options(url, max_connections.clamp(1, 8))).await?;
            return Ok(Self { writer, reader, backend: Backend::Sqlite });
        }
        let half = max_connections.max(4).div_ceil(2);
        // What writes goes by keys and is planned once. What lists and counts is planned anew each time, which costs microseconds: a plan made while a
        // table was empty, or for another status, would scan it.
        let writer = Database::connect(postgres_options(url, half, "auto")).await?;
        let reader = Database::connect(postgres_options(url, max_connections.max(4) - half, "force_custom_plan")).await?;
        Ok(Self { writer, reader, backend: Backend::Postgres })
    }

    /// Shows every statement to `watch`: before the database is shared, for tests that look at what is really asked.
    pub fn watch(&mut self, watch: &Watch) {
        for c in [&mut self.writer, &mut self.reader] {
            let watch = watch.clone();
            c.set_metric_callback(move |info| watch(info.statement));
        }
    }

    #[must_use]
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// For reading outside a transaction.
    #[must_use]
    pub fn read(&self) -> &impl Conn {
        &self.reader
    }

    /// For one statement that changes one thing by itself (a lease, a hit of a rate window). State changes go through [`Db::begin`].
    #[must_use]
    pub fn write(&self) -> &impl Conn {
        &self.writer
    }

    /// Begins a transaction; on SQLite an immediate one, so that reading and then writing never fails on a lock.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no connection can be had.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let options = match self.backend {
            Backend::Sqlite => TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() },
            Backend::Postgres => TransactionOptions::default(),
        };
        Ok(self.writer.begin_with_options(options).await?)
    }

    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.reader.ping().await?)
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// [`StoreError`] when a migration fails; it is rolled back.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        Ok(Migrator::up(&self.writer, None).await?)
    }

    /// Names of migrations that have not run.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        Ok(Migrator::get_pending_migrations(&self.writer).await?.iter().map(|m| m.name().to_owned()).collect())
    }

    /// Names of migrations that have run, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub async fn applied_migrations(&self) -> Result<Vec<String>, StoreError> {
        Ok(Migrator::get_applied_migrations(&self.writer).await?.iter().map(|m| m.name().to_owned()).collect())
    }

    /// # Errors
    /// [`StoreError`] when the pool does not close cleanly.
    pub async fn close(self) -> Result<(), StoreError> {
        let Self { writer, reader, .. } = self;
        reader.close().await?;
        Ok(writer.close().await?)
    }
}

fn sqlite_path(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))?;
    rest.split('?').next()
}

fn postgres_options(url: &str, connections: u32, plans: &'static str) -> ConnectOptions {
    let mut o = ConnectOptions::new(url);
    o.max_connections(connections)
        .min_connections(1)
        .acquire_timeout(PATIENCE)
        .connect_timeout(PATIENCE)
        .sqlx_logging(false)
        // A server that restarted leaves dead connections in the pool: one that was idle is asked first, a busy one is not.
        .test_before_acquire_if_idle_for(Duration::from_secs(2))
        // What is worked on lies in memory, where a page taken by index costs no more than the next page of a scan: said so, the planner takes the
        // index from the first row of a young table on.
        .map_sqlx_postgres_opts(move |o| o.options([("plan_cache_mode", plans), ("random_page_cost", "1.0")]));
    o
}

fn sqlite_options(url: &str, connections: u32) -> ConnectOptions {
    let mut o = ConnectOptions::new(url);
    o.max_connections(connections)
        .min_connections(1)
        .acquire_timeout(PATIENCE_SQLITE)
        .sqlx_logging(false)
        .test_before_acquire(false)
        .map_sqlx_sqlite_opts(|s| {
            s.create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(20))
                .statement_cache_capacity(256)
        });
    o
}
