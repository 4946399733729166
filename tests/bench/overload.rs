//! Ten times as much as the service can carry: it must slow down, say so, lose nothing it took, keep its memory, and recover.

use super::ground::{Ground, now_us};
use super::intake::ours;
use super::ledger::Ledger;
use super::load::{Planned, Target};
use super::report::{Aim, Figure, Report, short};
use super::service::{Service, Setup};
use super::standin::StandIn;
use super::stats::Spread;
use super::{Plan, Res};
use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const DATABASE: &str = "bench_overload";
/// Calls that are in the air at most.
const CONNECTIONS: usize = 512;

pub async fn run(ground: &Ground, plan: Plan, report: &mut Report) -> Res<()> {
    let server = ground.pg()?;
    server.migrated(DATABASE).await?;
    let standin = StandIn::open().await?;
    let service = Service::start(ground, &Setup::named(ground, "overload")?.servers(ground, DATABASE)?.bot(&standin)).await?;
    let target = Target::new(service.addr);
    let mut ledger = Ledger::Pg(server.open(DATABASE).await?);
    ours(&target, &mut ledger, 16, Duration::from_secs(1)).await?;
    let carries = ours(&target, &mut ledger, 64, plan.span).await?.rate;
    let before = ledger.requests().await?;

    let seconds = plan.span.as_secs_f64() * 2.0;
    let count = (carries * 10.0 * seconds) as u64;
    let first = target.next.fetch_add(count, Ordering::Relaxed);
    let moments = (0..count).map(|i| Planned { update: first + i, after: Duration::from_secs_f64(seconds * i as f64 / count as f64) }).collect();
    let meter = ground.meter();
    let flood = target.clone();
    let load = tokio::spawn(async move { flood.open_loop(moments, CONNECTIONS, 0).await });
    let began = Instant::now();
    let mut most = 0.0f64;
    while !load.is_finished() {
        most = most.max(service.pss_mib()?);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let took = began.elapsed().as_secs_f64();
    let besides = [meter.besides()];
    let sent = load.await??;
    let recovered = recovery(&target, &mut ledger).await?;
    ledger.drained(Duration::from_secs(300)).await?.ok_or("the backlog was not worked off in five minutes")?;

    let taken: HashSet<u64> = sent.iter().filter(|s| s.status == 200).map(|s| s.update).collect();
    let commits = ledger.commits(0).await?;
    let lost = taken.iter().filter(|u| !commits.contains_key(u)).count();
    let of = |status: u16| sent.iter().filter(|s| s.status == status).count();
    let answer = Spread::of_micros(sent.iter().map(|s| s.took_us));
    let one = |name: &str, unit, value: f64, aim| Figure::one(name, unit, vec![value], aim).besides(&besides);
    let other = sent.len() - of(200) - of(503);
    report.add(
        one("offered", "/s", count as f64 / seconds, Aim::None).note(format!("ten times the {} /s it carries, for {seconds:.0} s", short(carries))),
    );
    report
        .add(one("taken and answered 200", "/s", of(200) as f64 / took, Aim::None).note(format!("{} answers 503, {other} others or none", of(503))));
    report.add(one("taken and lost", "", lost as f64, Aim::Exactly(0.0)).note(format!("{} requests made", ledger.requests().await? - before)));
    report.add(one("answer p99", "ms", answer.p99, Aim::None).note(format!("from the intended moment, p50 {} ms", short(answer.p50))));
    report.add(one("memory at most", "MiB", most, Aim::AtMost(100.0)));
    report.add(one("recovered after", "s", recovered.as_secs_f64(), Aim::AtMost(5.0)).note("a new message is committed within a second again"));
    service.stop().await?;
    server.drop_database(DATABASE).await
}

/// How long until a message that is sent now is committed within a second.
async fn recovery(target: &Target, ledger: &mut Ledger) -> Res<Duration> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(300) {
        let sent = target.closed_loop(1, Duration::from_millis(1)).await?;
        let asked_us = now_us();
        let Some(last) = sent.iter().rfind(|s| s.status == 200) else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        while now_us() - asked_us < 1_000_000 {
            if ledger.committed(last.update).await? {
                return Ok(began.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    Err("no message was committed within a second for five minutes".into())
}
