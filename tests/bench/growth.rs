//! Whether a message costs the same when the store has grown: intake into an empty store and into a large one, in turns.

use super::ground::Ground;
use super::intake::{Run, ours};
use super::ledger::Ledger;
use super::load::Target;
use super::report::{Aim, Figure, Report, short};
use super::service::{Service, Setup};
use super::standin::StandIn;
use super::{Plan, Res, pg, queue, seed};
use std::time::Duration;

const EMPTY: &str = "bench_growth_empty";
const LARGE: &str = "bench_growth_large";
const CONNECTIONS: usize = 16;

struct Side {
    service: Service,
    target: Target,
    ledger: Ledger,
}

impl Side {
    async fn open(ground: &Ground, name: &str, standin: &StandIn) -> Res<Self> {
        let service = Service::start(ground, &Setup::named(ground, name)?.servers(ground, name)?.bot(standin)).await?;
        queue::index_built(ground, name).await?;
        let mut it = Self { target: Target::new(service.addr), service, ledger: Ledger::Pg(ground.pg()?.open(name).await?) };
        ours(&it.target, &mut it.ledger, CONNECTIONS, Duration::from_secs(1)).await?;
        it.service.pause()?;
        Ok(it)
    }

    async fn run(&mut self, plan: Plan) -> Res<Run> {
        self.service.resume()?;
        let run = ours(&self.target, &mut self.ledger, CONNECTIONS, plan.span).await;
        self.service.pause()?;
        run
    }
}

pub async fn run(ground: &Ground, plan: Plan, report: &mut Report) -> Res<()> {
    let server = ground.pg()?;
    let requests = plan.size(1_000_000, 100_000);
    server.migrated(EMPTY).await?;
    seed::copy(ground, LARGE, requests, true).await?;
    let standin = StandIn::open().await?;
    let mut large = Side::open(ground, LARGE, &standin).await?;
    let mut empty = Side::open(ground, EMPTY, &standin).await?;
    let mut admin = server.open(LARGE).await?;
    let (mut grown, mut fresh, mut besides, mut counts) = (Vec::new(), Vec::new(), Vec::new(), true);
    for _ in 0..plan.pairs {
        pg::settle(&mut admin).await?;
        let meter = ground.meter();
        let a = large.run(plan).await?;
        pg::settle(&mut admin).await?;
        let b = empty.run(plan).await?;
        besides.push(meter.besides());
        eprintln!("   large {} /s, empty {} /s", short(a.rate), short(b.rate));
        counts &= a.backlog < 1.0 && b.backlog < 1.0;
        grown.push(a.rate);
        fresh.push(b.rate);
    }
    let name = format!("committed requests, {requests} open against none, {CONNECTIONS} conn.");
    report.add(Figure::pair(&name, "/s", grown, fresh, Aim::RatioAtLeast(0.8)).besides(&besides).counts(counts).note("bare = the empty store"));
    for side in [large, empty] {
        side.service.stop().await?;
    }
    server.drop_database(EMPTY).await?;
    server.drop_database(LARGE).await
}
