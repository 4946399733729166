//! PostgreSQL as the bench uses it: databases made and dropped, statements by hand, pgbench.

use super::Res;
use super::stats::median;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, PgConnection};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Tables in which one registered request leaves rows.
pub const TABLES: [&str; 9] =
    ["raw_event", "resident", "conversation", "request", "request_journal", "request_place", "message", "sla_timer", "outbox"];

/// One server.
pub struct Pg {
    /// The address without a database.
    base: String,
    host: String,
    port: String,
    user: String,
    pgbench: PathBuf,
}

impl Pg {
    /// Reads `postgres://user:password@host:port/database`.
    pub fn new(url: &str, pgbench: PathBuf) -> Res<Self> {
        let odd = || format!("an address like postgres://user:password@host:port/database is needed, not {url}");
        let (base, _) = url.rsplit_once('/').ok_or_else(odd)?;
        let (who, place) = base.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).ok_or_else(odd)?;
        let (host, port) = place.split_once(':').ok_or_else(odd)?;
        let user = who.split(':').next().unwrap_or(who);
        Ok(Self { base: base.to_owned(), host: host.to_owned(), port: port.to_owned(), user: user.to_owned(), pgbench })
    }

    pub fn url(&self, database: &str) -> String {
        format!("{}/{database}", self.base)
    }

    pub async fn open(&self, database: &str) -> Res<PgConnection> {
        Ok(PgConnection::connect(&self.url(database)).await?)
    }

    /// A fresh database, as a copy of another or empty.
    pub async fn create(&self, name: &str, template: Option<&str>) -> Res<()> {
        self.drop_database(name).await?;
        let from = template.map_or_else(String::new, |t| format!(" TEMPLATE \"{t}\" STRATEGY file_copy"));
        execute(&mut self.open("postgres").await?, &format!("CREATE DATABASE \"{name}\"{from}")).await
    }

    /// A fresh database with the service's schema.
    pub async fn migrated(&self, name: &str) -> Res<()> {
        self.create(name, None).await?;
        let db = jambyl109::store::Db::connect(&self.url(name), 2).await?;
        db.migrate().await?;
        Ok(db.close().await?)
    }

    pub async fn drop_database(&self, name: &str) -> Res<()> {
        execute(&mut self.open("postgres").await?, &format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)")).await
    }

    /// Runs a script of pgbench with prepared statements; transactions a second.
    pub async fn pgbench(&self, database: &str, script: &Path, clients: usize, seconds: u64, defines: &[(&str, String)]) -> Res<f64> {
        let mut command = Command::new(&self.pgbench);
        command.args(["-n", "-M", "prepared", "-h", &self.host, "-p", &self.port, "-U", &self.user, "-f"]).arg(script);
        command.args(["-c", &clients.to_string(), "-j", &clients.min(2).to_string(), "-T", &seconds.max(1).to_string()]);
        for (name, value) in defines {
            command.args(["-D", &format!("{name}={value}")]);
        }
        command.arg(database);
        let out = tokio::task::spawn_blocking(move || command.output()).await??;
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        let tps = said.lines().find_map(|l| l.strip_prefix("tps = ")?.split(' ').next()?.parse::<f64>().ok());
        match tps {
            Some(tps) if out.status.success() => Ok(tps),
            _ => Err(format!("pgbench failed: {}", String::from_utf8_lossy(&out.stderr)).into()),
        }
    }
}

/// One statement, or several without parameters.
pub async fn execute(c: &mut PgConnection, sql: &str) -> Res<()> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(c).await?;
    Ok(())
}

/// One whole number.
pub async fn number(c: &mut PgConnection, sql: &str) -> Res<i64> {
    Ok(sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(c).await?)
}

/// Rows and bytes that one request leaves, so that a reader sees both sides write the same. Counted over what was made since the service began.
pub async fn footprint(c: &mut PgConnection) -> Res<(f64, f64)> {
    let requests = number(c, "SELECT count(*) FROM request").await?.max(1) as f64;
    let (mut rows, mut bytes) = (0.0, 0.0);
    for table in TABLES {
        // What the sender writes into the outbox afterwards is not intake's.
        let unsent = if table == "outbox" { " WHERE status = 'pending'" } else { "" };
        let n = number(c, &format!("SELECT count(*) FROM {table}")).await? as f64;
        let mean = number(c, &format!("SELECT coalesce(avg(pg_column_size(t.*)), 0)::bigint FROM {table} t{unsent}")).await? as f64;
        rows += n / requests;
        bytes += n / requests * mean;
    }
    Ok((rows, bytes))
}

/// Waits until the server has nothing left of the last run to write, so that no run pays for another's pages.
pub async fn settle(c: &mut PgConnection) -> Res<()> {
    execute(c, "CHECKPOINT").await
}

/// The most costly statements since the last reset, as text; the counts are kept by `pg_stat_statements`.
pub async fn costly(c: &mut PgConnection, database: &str, per: f64) -> Res<String> {
    let sql = format!(
        "SELECT s.calls, s.total_exec_time, s.rows, left(regexp_replace(s.query, '\\s+', ' ', 'g'), 110) \
         FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = '{database}' ORDER BY s.total_exec_time DESC LIMIT 24"
    );
    let rows: Vec<(i64, f64, i64, String)> = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(c).await?;
    let mut text = format!("{:>9} {:>9} {:>9} {:>8}  statement (per request: divided by {per:.0})\n", "calls", "per req", "ms", "ms each");
    for (calls, ms, _, query) in &rows {
        let calls = *calls as f64;
        text.push_str(&format!("{calls:>9.0} {:>9.3} {ms:>9.0} {:>8.3}  {query}\n", calls / per.max(1.0), ms / calls.max(1.0)));
    }
    Ok(text)
}

/// Begins to count statements anew.
pub async fn count_statements(c: &mut PgConnection) -> Res<()> {
    execute(c, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT pg_stat_statements_reset()").await
}

/// How long the disk takes to keep one small commit, in microseconds: the middle of fifty.
pub async fn commit_micros(c: &mut PgConnection) -> Res<f64> {
    execute(c, "CREATE TABLE IF NOT EXISTS bench_commit (n bigint)").await?;
    let mut took = Vec::new();
    for _ in 0..50 {
        let began = std::time::Instant::now();
        execute(c, "INSERT INTO bench_commit VALUES (1)").await?;
        took.push(began.elapsed().as_secs_f64() * 1e6);
    }
    execute(c, "DROP TABLE bench_commit").await?;
    Ok(median(&took))
}
