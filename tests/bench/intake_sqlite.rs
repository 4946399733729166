//! Intake on the embedded database, against a bare loop of commits of the same rows: both in WAL mode with full synchronisation.

use super::ground::{Ground, now_us};
use super::intake::{LEVELS, Level, ours};
use super::ledger::Ledger;
use super::load::Target;
use super::report::Report;
use super::service::{Service, Setup};
use super::standin::StandIn;
use super::{Plan, Res};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions, SqliteConnection};
use std::time::{Duration, Instant};

/// The loop of commits: one writer, as SQLite has it.
struct Bare {
    connection: SqliteConnection,
    next: u128,
}

impl Bare {
    async fn open(ground: &Ground) -> Res<Self> {
        let file = ground.folder("sqlite-bare")?.join("bare.db");
        let db = jambyl109::store::Db::connect(&format!("sqlite://{}", file.display()), 1).await?;
        db.migrate().await?;
        db.close().await?;
        let options = SqliteConnectOptions::new().filename(&file).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let mut connection = options.connect().await?;
        sqlx::raw_sql(AssertSqlSafe(ground.sql("intake-sqlite.sql", &[])?)).execute(&mut connection).await?;
        Ok(Self { connection, next: 1 })
    }

    /// Commits a second.
    async fn run(&mut self, span: Duration) -> Res<f64> {
        let began = Instant::now();
        let mut count = 0u32;
        while began.elapsed() < span {
            self.commit().await?;
            count += 1;
        }
        Ok(f64::from(count) / began.elapsed().as_secs_f64())
    }

    async fn commit(&mut self) -> Res<()> {
        let k = self.next;
        self.next += 1;
        let id = uuid::Uuid::from_u128(k);
        let at = chrono::DateTime::from_timestamp_micros(now_us()).unwrap_or_default();
        sqlx::query("INSERT INTO bench_request VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(i64::try_from(k)?)
            .bind(id.as_bytes().to_vec())
            .bind((k * 2).to_be_bytes().to_vec())
            .bind((k * 2 + 1).to_be_bytes().to_vec())
            .bind(id.to_string())
            .bind(at.to_rfc3339())
            .bind((at + chrono::Duration::minutes(20)).to_rfc3339())
            .bind(format!("{:010}", k * 7_919_317 % 10_000_000_000))
            .bind((7_000_000_000 + k).to_string())
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }
}

pub async fn run(ground: &Ground, plan: Plan, report: &mut Report) -> Res<()> {
    let mut bare = Bare::open(ground).await?;
    let standin = StandIn::open().await?;
    let setup = Setup::named(ground, "intake-sqlite")?.bot(&standin);
    let service = Service::start(ground, &setup).await?;
    let target = Target::new(service.addr);
    let mut ledger = Ledger::sqlite(&setup.folder.join("data/jambyl109.db")).await?;
    ours(&target, &mut ledger, 16, Duration::from_secs(1)).await?;
    service.pause()?;
    bare.run(Duration::from_millis(500)).await?;
    service.resume()?;

    let mut levels: Vec<Level> = LEVELS.iter().map(|_| Level::default()).collect();
    for _ in 0..plan.pairs {
        for ((connections, _), level) in LEVELS.iter().zip(&mut levels) {
            let meter = ground.meter();
            let run = ours(&target, &mut ledger, *connections, plan.span).await?;
            let first = meter.besides();
            service.pause()?;
            let meter = ground.meter();
            let rate = bare.run(plan.span).await;
            service.resume()?;
            level.push(*connections, run, rate?, meter.besides().max(first));
        }
    }
    for ((connections, aim), level) in LEVELS.iter().zip(levels) {
        level.report(report, *connections, *aim);
    }
    report.note(&format!(
        "The bare side has one writer whatever the number of connections. Its commits hold the same rows, as one statement. Stand-in: {} answers.",
        standin.sent()
    ));
    service.stop().await?;
    Ok(())
}
