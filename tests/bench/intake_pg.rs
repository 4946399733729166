//! Intake on PostgreSQL and Redis, against pgbench committing the same rows one request at a time on the same server.

use super::ground::Ground;
use super::intake::{LEVELS, Level, ours};
use super::ledger::Ledger;
use super::load::Target;
use super::report::Report;
use super::service::{Service, Setup};
use super::standin::StandIn;
use super::{Plan, Res, pg};
use std::path::Path;
use std::time::Duration;

const OURS: &str = "bench_intake_ours";
const BARE: &str = "bench_intake_bare";

/// pgbench on a database of its own; each run writes keys of its own.
pub struct BareIntake<'a> {
    pg: &'a pg::Pg,
    script: &'a Path,
    runs: u64,
}

impl<'a> BareIntake<'a> {
    pub async fn open(pg: &'a pg::Pg, script: &'a Path) -> Res<Self> {
        pg.migrated(BARE).await?;
        Ok(Self { pg, script, runs: 0 })
    }

    /// Requests a second.
    pub async fn run(&mut self, connections: usize, seconds: u64) -> Res<f64> {
        self.runs += 1;
        let base = (self.runs * 100_000_000).to_string();
        self.pg.pgbench(BARE, self.script, connections, seconds, &[("base", base), ("n", "0".into())]).await
    }
}

pub async fn run(ground: &Ground, plan: Plan, report: &mut Report) -> Res<()> {
    let server = ground.pg()?;
    let script = ground.script("intake-pg.sql", &[])?;
    let mut bare = BareIntake::open(server, &script).await?;
    server.migrated(OURS).await?;
    let standin = StandIn::open().await?;
    let service = Service::start(ground, &Setup::named(ground, "intake-pg")?.servers(ground, OURS)?.bot(&standin)).await?;
    let target = Target::new(service.addr);
    let mut ledger = Ledger::Pg(server.open(OURS).await?);
    let mut admin = server.open(OURS).await?;

    // The first statements are prepared, the first pages read, the pools filled.
    ours(&target, &mut ledger, 16, Duration::from_secs(1)).await?;
    service.pause()?;
    bare.run(16, 1).await?;
    service.resume()?;
    if plan.statements {
        pg::count_statements(&mut admin).await?;
    }
    let counted_from = ledger.requests().await?;
    let disk_before = pg::commit_micros(&mut admin).await?;

    let mut levels: Vec<Level> = LEVELS.iter().map(|_| Level::default()).collect();
    for _ in 0..plan.pairs {
        for ((connections, _), level) in LEVELS.iter().zip(&mut levels) {
            pg::settle(&mut admin).await?;
            let meter = ground.meter();
            let run = ours(&target, &mut ledger, *connections, plan.span).await?;
            let first = meter.besides();
            service.pause()?;
            pg::settle(&mut admin).await?;
            let meter = ground.meter();
            let rate = bare.run(*connections, plan.whole_seconds()).await;
            service.resume()?;
            level.push(*connections, run, rate?, meter.besides().max(first));
        }
    }
    for ((connections, aim), level) in LEVELS.iter().zip(levels) {
        level.report(report, *connections, *aim);
    }

    let disk_after = pg::commit_micros(&mut admin).await?;
    report.note(&format!("One small commit took {disk_before:.0} microseconds before the runs and {disk_after:.0} after them."));
    let ours_rows = pg::footprint(&mut admin).await?;
    let bare_rows = pg::footprint(&mut server.open(BARE).await?).await?;
    report.note(&format!(
        "Each request leaves {:.1} rows of {:.0} bytes on our side, {:.1} rows of {:.0} bytes on the bare side. Telegram's stand-in took {} answers meanwhile.",
        ours_rows.0, ours_rows.1, bare_rows.0, bare_rows.1, standin.sent()
    ));
    if plan.statements {
        let made = (ledger.requests().await? - counted_from) as f64;
        report.note(&pg::costly(&mut admin, OURS, made).await?);
    }
    service.stop().await?;
    server.drop_database(OURS).await?;
    server.drop_database(BARE).await
}
