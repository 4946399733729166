//! What the service's database says of what it was given: read by the bench itself, not asked of the service.

use super::Res;
use super::ground::now_us;
use sea_orm::sqlx::{self, Connection, PgConnection, SqliteConnection};
use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// A connection beside the service's own.
pub enum Ledger {
    Pg(PgConnection),
    Sqlite(SqliteConnection),
}

impl Ledger {
    pub async fn sqlite(file: &Path) -> Res<Self> {
        Ok(Self::Sqlite(SqliteConnection::connect(&format!("sqlite://{}?mode=ro", file.display())).await?))
    }

    async fn number(&mut self, sql: &'static str) -> Res<i64> {
        Ok(match self {
            Self::Pg(c) => sqlx::query_scalar(sql).fetch_one(c).await?,
            Self::Sqlite(c) => sqlx::query_scalar(sql).fetch_one(c).await?,
        })
    }

    /// Events that are stored and not yet worked on.
    pub async fn waiting(&mut self) -> Res<i64> {
        self.number("SELECT count(*) FROM raw_event WHERE status = 'waiting'").await
    }

    /// Events that were given up.
    pub async fn parked(&mut self) -> Res<i64> {
        self.number("SELECT count(*) FROM raw_event WHERE status NOT IN ('waiting', 'done')").await
    }

    pub async fn requests(&mut self) -> Res<i64> {
        self.number("SELECT count(*) FROM request").await
    }

    /// Events from which more than one request came.
    pub async fn doubled(&mut self) -> Res<i64> {
        self.number(
            "SELECT count(*) FROM (SELECT raw_event_id FROM message WHERE raw_event_id IS NOT NULL GROUP BY raw_event_id HAVING count(*) > 1) d",
        )
        .await
    }

    /// The row of the last event.
    pub async fn last_event(&mut self) -> Res<i64> {
        self.number("SELECT coalesce(max(id), 0) FROM raw_event").await
    }

    /// When the effects of each update after the row `after` were committed, in microseconds since 1970. On PostgreSQL by the commit's own time; on
    /// SQLite by the mark written just before the commit.
    pub async fn commits(&mut self, after: i64) -> Res<HashMap<u64, i64>> {
        let rows: Vec<(String, i64)> = match self {
            Self::Pg(c) => {
                let sql = "SELECT external_id, (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint FROM raw_event \
                           WHERE id > $1 AND status = 'done'";
                sqlx::query_as(sql).bind(after).fetch_all(c).await?
            }
            Self::Sqlite(c) => {
                let sql = "SELECT external_id, processed_at FROM raw_event WHERE id > ? AND status = 'done'";
                let rows: Vec<(String, String)> = sqlx::query_as(sql).bind(after).fetch_all(c).await?;
                let us = |text: &str| Ok::<i64, chrono::ParseError>(chrono::DateTime::parse_from_rfc3339(text)?.timestamp_micros());
                rows.into_iter().map(|(id, at)| Ok((id, us(&at)?))).collect::<Res<_>>()?
            }
        };
        Ok(rows.into_iter().filter_map(|(id, at)| Some((id.parse().ok()?, at))).collect())
    }

    /// Whether the effects of this update stand.
    pub async fn committed(&mut self, update: u64) -> Res<bool> {
        let id = update.to_string();
        let found: Option<String> = match self {
            Self::Pg(c) => {
                let sql = "SELECT status FROM raw_event WHERE channel = 'telegram' AND account = 'main' AND external_id = $1";
                sqlx::query_scalar(sql).bind(id).fetch_optional(c).await?
            }
            Self::Sqlite(c) => {
                let sql = "SELECT status FROM raw_event WHERE channel = 'telegram' AND account = 'main' AND external_id = ?";
                sqlx::query_scalar(sql).bind(id).fetch_optional(c).await?
            }
        };
        Ok(found.as_deref() == Some("done"))
    }

    /// Waits until nothing waits; returns how long that took, or none when it takes longer than `limit`.
    pub async fn drained(&mut self, limit: Duration) -> Res<Option<Duration>> {
        let (began, began_us) = (Instant::now(), now_us());
        while began.elapsed() < limit {
            if self.waiting().await? == 0 {
                return Ok(Some(Duration::from_micros(u64::try_from(now_us() - began_us).unwrap_or(0))));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(None)
    }
}
