//! Pages of a queue through the API, from a small and from a large store, against the bare statement.

use super::ground::{Ground, now_us};
use super::http::{self, Conn};
use super::report::{Aim, Figure, Report};
use super::service::{Service, Setup, prefix};
use super::stats::Spread;
use super::{Plan, Res, pg, seed};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows of a page.
const PAGE: usize = 50;
/// Queues that are looked at in turns.
const LOOKED_AT: usize = 4;

/// One store with the service in front of it, and the requests for its pages.
struct Side {
    service: Service,
    first: Arc<Vec<Vec<u8>>>,
    deep: Arc<Vec<Vec<u8>>>,
}

impl Side {
    async fn open(ground: &Ground, name: &str, requests: u64) -> Res<Self> {
        seed::copy(ground, name, requests, false).await?;
        let setup = Setup::named(ground, name)?.servers(ground, name)?;
        setup.command(ground, &["user", "add", "bench", "--role", "admin"], "bench-password")?;
        let service = Service::start(ground, &setup).await?;
        index_built(ground, name).await?;
        let mut conn = Conn::open(service.addr).await?;
        let token = sign_in(&mut conn).await?;
        let in_each = usize::try_from(requests)? / seed::QUEUES;
        let (mut first, mut deep) = (Vec::new(), Vec::new());
        for queue in seed::queues()?.iter().take(LOOKED_AT) {
            let path = format!("/api/v1/staff/queues/{queue}/requests?limit={PAGE}");
            first.push(http::get(&path, &token));
            // Half-way down, by the cursors that the list itself gives out.
            let mut at = path.clone();
            for _ in 0..(in_each / PAGE / 2).max(1) {
                let cursor = next_page(&mut conn, &at, &token).await?;
                at = format!("{path}&cursor={cursor}");
            }
            deep.push(http::get(&at, &token));
        }
        Ok(Self { service, first: Arc::new(first), deep: Arc::new(deep) })
    }
}

/// Waits until the timer index of a large store is built, which has nothing to do with pages.
pub async fn index_built(ground: &Ground, name: &str) -> Res<Duration> {
    let mut redis = redis::Client::open(ground.redis()?)?.get_multiplexed_async_connection().await?;
    let began = Instant::now();
    loop {
        let there: bool = redis::cmd("EXISTS").arg(format!("{}timers:epoch", prefix(name))).query_async(&mut redis).await?;
        if there {
            return Ok(began.elapsed());
        }
        if began.elapsed() > Duration::from_secs(300) {
            return Err("the timer index was not built in five minutes".into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Signs the account in that scenarios make.
pub async fn sign_in(conn: &mut Conn) -> Res<String> {
    let call = http::post("/api/v1/staff/login", "", r#"{"login":"bench","password":"bench-password"}"#);
    let answer: Value = body(conn, &call).await?;
    Ok(answer.get("token").and_then(Value::as_str).ok_or("no token at sign-in")?.to_owned())
}

async fn next_page(conn: &mut Conn, path: &str, token: &str) -> Res<String> {
    let page = body(conn, &http::get(path, token)).await?;
    Ok(page.get("next_cursor").and_then(Value::as_str).ok_or("the list ended before its middle")?.to_owned())
}

async fn body(conn: &mut Conn, call: &[u8]) -> Res<Value> {
    let answer = conn.call(call).await?;
    if answer.status >= 300 {
        return Err(format!("status {}: {}", answer.status, String::from_utf8_lossy(answer.body)).into());
    }
    Ok(serde_json::from_slice(answer.body)?)
}

/// Asks for pages in a closed loop; each time in microseconds.
async fn pages(addr: SocketAddr, calls: &Arc<Vec<Vec<u8>>>, connections: usize, span: Duration) -> Res<(Spread, f64)> {
    let began = Instant::now();
    let until = began + span;
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let calls = calls.clone();
        tasks.push(tokio::spawn(async move {
            let mut conn = Conn::open(addr).await?;
            let mut took = Vec::new();
            for call in calls.iter().cycle() {
                if Instant::now() >= until {
                    break;
                }
                let at = now_us();
                let answer = conn.call(call).await?;
                if answer.status != 200 || answer.body.len() < PAGE * 20 {
                    return Err(format!("status {} with {} bytes where a page was expected", answer.status, answer.body.len()).into());
                }
                took.push(now_us() - at);
            }
            Res::Ok(took)
        }));
    }
    let mut all: Vec<i64> = Vec::new();
    for task in tasks {
        all.extend(task.await??);
    }
    let rate = all.len() as f64 / began.elapsed().as_secs_f64();
    Ok((Spread::of_micros(all.into_iter()), rate))
}

#[derive(Default)]
struct Times {
    first: Vec<f64>,
    deep: Vec<f64>,
}

pub async fn run(ground: &Ground, plan: Plan, report: &mut Report) -> Res<()> {
    let (small_size, large_size) = (10_000, plan.size(1_000_000, 100_000));
    let (small_name, large_name) = ("bench_queue_small", "bench_queue_large");
    let small = Side::open(ground, small_name, small_size).await?;
    let large = Side::open(ground, large_name, large_size).await?;
    let server = ground.pg()?;
    let list: Vec<String> = seed::queues()?.iter().map(|q| format!("'{q}'")).collect();
    let script = ground.script("page-first.sql", &[("queues", &list.join(","))])?;
    let mut admin = server.open(large_name).await?;
    if plan.statements {
        pg::count_statements(&mut admin).await?;
    }

    let part = plan.span / 2;
    let (mut few, mut many) = (Times::default(), Times::default());
    let (mut rate, mut deep_rate, mut bare, mut besides) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.pairs {
        let meter = ground.meter();
        few.first.push(pages(small.service.addr, &small.first, 1, part).await?.0.p50);
        many.first.push(pages(large.service.addr, &large.first, 1, part).await?.0.p50);
        few.deep.push(pages(small.service.addr, &small.deep, 1, part).await?.0.p50);
        many.deep.push(pages(large.service.addr, &large.deep, 1, part).await?.0.p50);
        rate.push(pages(large.service.addr, &large.first, 16, plan.span).await?.1);
        deep_rate.push(pages(large.service.addr, &large.deep, 16, part).await?.1);
        let seconds = plan.whole_seconds();
        bare.push(server.pgbench(large_name, &script, 16, seconds, &[("queues", seed::QUEUES.to_string())]).await?);
        besides.push(meter.besides());
    }
    let name = |what: &str| format!("{what}, {} open against {}", large_size, small_size);
    report.add(
        Figure::pair(&name("first page p50"), "ms", many.first, few.first, Aim::RatioAtMost(1.5)).besides(&besides).note("bare = the small store"),
    );
    report
        .add(Figure::pair(&name("deep page p50"), "ms", many.deep, few.deep, Aim::RatioAtMost(1.5)).besides(&besides).note("bare = the small store"));
    report.add(Figure::pair("first pages, 16 conn.", "/s", rate, bare.clone(), Aim::RatioAtLeast(0.25)).besides(&besides));
    report.add(Figure::pair("deep pages, 16 conn.", "/s", deep_rate, bare, Aim::None).besides(&besides).note("bare = the first page's statement"));
    if plan.statements {
        report.note(&pg::costly(&mut admin, large_name, 1.0).await?);
    }
    for side in [small, large] {
        side.service.stop().await?;
    }
    server.drop_database(small_name).await?;
    server.drop_database(large_name).await
}
