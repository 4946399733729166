//! The surge of a bad night: an open loop with repeats and a spike. What counts is that nothing is lost, nothing doubled, nobody waits.

use super::ground::Ground;
use super::ledger::Ledger;
use super::load::{Planned, Sent, Target};
use super::report::{Aim, Figure, Report};
use super::service::{Service, Setup};
use super::standin::StandIn;
use super::stats::Spread;
use super::{Plan, Res};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

const DATABASE: &str = "bench_surge";
/// Of the messages, how many come twice.
const REPEATS: f64 = 0.05;
/// The spike: its length in seconds, and how many times as many come.
const SPIKE: (f64, f64) = (10.0, 10.0);

/// Moments of all messages: even but for chance, ten times as dense in the spike, which begins at half of the time.
fn schedule(messages: u64, seconds: f64, draw: &mut StdRng) -> Vec<Planned> {
    let base = messages as f64 / (seconds - SPIKE.0 + SPIKE.0 * SPIKE.1);
    let spike = seconds / 2.0..seconds / 2.0 + SPIKE.0;
    let (mut at, mut next) = (0.0, 1u64);
    let mut plan: Vec<Planned> = Vec::new();
    while (plan.len() as u64) < messages {
        let rate = if spike.contains(&at) { base * SPIKE.1 } else { base };
        at += -(1.0 - draw.random::<f64>()).ln() / rate;
        let earlier = plan.len().checked_sub(draw.random_range(1..=200)).and_then(|i| plan.get(i));
        let update = match earlier {
            Some(e) if draw.random_bool(REPEATS) => e.update,
            _ => {
                next += 1;
                next
            }
        };
        plan.push(Planned { update, after: Duration::from_secs_f64(at) });
    }
    plan
}

pub async fn run(ground: &Ground, plan: Plan, report: &mut Report) -> Res<()> {
    let server = ground.pg()?;
    server.migrated(DATABASE).await?;
    let standin = StandIn::open().await?;
    let service = Service::start(ground, &Setup::named(ground, "surge")?.servers(ground, DATABASE)?.bot(&standin)).await?;
    let mut ledger = Ledger::Pg(server.open(DATABASE).await?);
    let (messages, seconds) = (plan.size(50_000, 5_000), if plan.quick { 60.0 } else { 600.0 });
    let moments = schedule(messages, seconds, &mut StdRng::seed_from_u64(109));
    let distinct: HashSet<u64> = moments.iter().map(|p| p.update).collect();

    let meter = ground.meter();
    let sent = Target::new(service.addr).open_loop(moments, 128, 5).await?;
    let besides = [meter.besides()];
    let drained = ledger.drained(Duration::from_secs(120)).await?.ok_or("the backlog was not worked off in two minutes")?;

    let commits = ledger.commits(0).await?;
    let (requests, doubled, parked) = (ledger.requests().await?, ledger.doubled().await?, ledger.parked().await?);
    let lost = distinct.iter().filter(|u| !commits.contains_key(u)).count();
    let firsts = first_answers(&sent);
    let refused = sent.iter().filter(|s| s.status != 200).count();
    let answer = Spread::of_micros(firsts.values().flatten().map(|s| s.took_us));
    let commit = Spread::of_micros(firsts.iter().filter_map(|(u, s)| Some(commits.get(u)? - s.first()?.at_us)));

    let one = |name: &str, unit, value: f64, aim| Figure::one(name, unit, vec![value], aim).besides(&besides);
    let repeats = messages - distinct.len() as u64;
    report.add(
        one("updates lost", "", lost as f64, Aim::Exactly(0.0))
            .note(format!("{messages} messages, {repeats} of them repeats, in {seconds:.0} s; {parked} set aside")),
    );
    let extra = (requests - i64::try_from(distinct.len())?).max(0) + doubled;
    report.add(one("requests doubled", "", extra as f64, Aim::Exactly(0.0)).note(format!("{requests} requests of {} updates", distinct.len())));
    report.add(one("webhook answer p50", "ms", answer.p50, Aim::None).note("from the intended moment"));
    report.add(one("webhook answer p99", "ms", answer.p99, Aim::AtMost(50.0)).note(format!("most {:.0} ms; {refused} calls refused", answer.max)));
    report.add(one("sending to commit p50", "ms", commit.p50, Aim::None));
    report.add(one("sending to commit p99", "ms", commit.p99, Aim::AtMost(1000.0)).note(format!("most {:.0} ms", commit.max)));
    report.add(one("left behind at the end", "s", drained.as_secs_f64(), Aim::None).note(format!("the stand-in took {} answers", standin.sent())));
    service.stop().await?;
    server.drop_database(DATABASE).await
}

/// The answers to each update, a resent one's first answer only: a repeat is an answer of its own.
fn first_answers(sent: &[Sent]) -> HashMap<u64, Vec<Sent>> {
    let mut by_update: HashMap<u64, Vec<Sent>> = HashMap::new();
    for s in sent {
        let of = by_update.entry(s.update).or_default();
        match of.iter_mut().find(|o| o.at_us == s.at_us) {
            Some(known) if s.took_us < known.took_us => *known = *s,
            Some(_) => {}
            None => of.push(*s),
        }
    }
    for of in by_update.values_mut() {
        of.sort_unstable_by_key(|s| s.at_us);
    }
    by_update
}
