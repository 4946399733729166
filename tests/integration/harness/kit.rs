//! A backend for one test: its own SQLite file, or its own PostgreSQL database and Redis prefix.

use sea_orm::{ConnectionTrait, Database};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

/// Which database stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

static SERVER: std::sync::LazyLock<Arc<RwLock<()>>> = std::sync::LazyLock::new(Arc::default);

/// The server's own lock: whoever restarts it waits until nobody else uses it.
#[must_use]
pub fn server_lock() -> Arc<RwLock<()>> {
    SERVER.clone()
}

/// What a test stands on; gone when it ends.
pub struct Kit {
    pub backend: Backend,
    pub dir: TempDir,
    pub database: String,
    /// Address and prefix.
    pub redis: Option<(String, String)>,
    /// Server and name of a database to drop.
    made: Option<(String, String)>,
    _shared: Option<OwnedRwLockReadGuard<()>>,
}

impl Kit {
    pub async fn sqlite() -> Option<Self> {
        let dir = TempDir::new().unwrap();
        let database = format!("sqlite://{}/data/jambyl109.db", dir.path().display());
        Some(Self { backend: Backend::Sqlite, dir, database, redis: None, made: None, _shared: None })
    }

    /// `None` without servers; in CI that is a failure.
    pub async fn postgres() -> Option<Self> {
        let guard = server_lock().read_owned().await;
        Self::postgres_alone(Some(guard)).await
    }

    /// The same for a test that holds the server's lock itself.
    pub async fn postgres_alone(shared: Option<OwnedRwLockReadGuard<()>>) -> Option<Self> {
        let (Ok(server), Ok(redis)) = (std::env::var("TEST_DATABASE_URL"), std::env::var("TEST_REDIS_URL")) else {
            assert!(std::env::var("CI").is_err(), "in CI both backends are tested: set TEST_DATABASE_URL and TEST_REDIS_URL");
            eprintln!("skipped: TEST_DATABASE_URL and TEST_REDIS_URL are not set");
            return None;
        };
        let name = format!("t_{}", uuid::Uuid::new_v4().simple());
        let c = Database::connect(&server).await.unwrap();
        c.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        c.close().await.unwrap();
        let (head, query) = server.split_once('?').map_or((server.as_str(), ""), |(h, q)| (h, q));
        let (base, _) = head.rsplit_once('/').unwrap();
        let database = if query.is_empty() { format!("{base}/{name}") } else { format!("{base}/{name}?{query}") };
        let redis = Some((redis, format!("test:{name}:")));
        Some(Self { backend: Backend::Postgres, dir: TempDir::new().unwrap(), database, redis, made: Some((server, name)), _shared: shared })
    }

    /// Drops what was made on servers.
    pub async fn clear(&mut self) {
        if let Some((url, prefix)) = &self.redis {
            let client = redis::Client::open(url.as_str()).unwrap();
            if let Ok(mut c) = client.get_multiplexed_async_connection().await {
                let keys: Vec<String> = redis::cmd("KEYS").arg(format!("{prefix}*")).query_async(&mut c).await.unwrap_or_default();
                for key in keys {
                    let _: Result<i64, _> = redis::cmd("DEL").arg(key).query_async(&mut c).await;
                }
            }
        }
        if let Some((server, name)) = self.made.take() {
            let c = Database::connect(&server).await.unwrap();
            c.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.unwrap();
            c.close().await.unwrap();
        }
    }

    /// Forgets every key of this test in Redis, as a flush would.
    pub async fn flush_redis(&self) {
        let Some((url, prefix)) = &self.redis else { return };
        let mut c = redis::Client::open(url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap();
        let keys: Vec<String> = redis::cmd("KEYS").arg(format!("{prefix}*")).query_async(&mut c).await.unwrap();
        assert!(!keys.is_empty(), "nothing stood in Redis: the flush would prove nothing");
        for key in keys {
            let _: i64 = redis::cmd("DEL").arg(key).query_async(&mut c).await.unwrap();
        }
    }
}
