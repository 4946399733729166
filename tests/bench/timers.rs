//! Clocks that run out, out of a large number that wait: how late each fires with its rows written, against a loop that only claims.

use super::ground::{Ground, now_us};
use super::report::{Aim, Figure, Report, short};
use super::service::{Service, Setup, prefix};
use super::standin::StandIn;
use super::stats::Spread;
use super::{Plan, Res, pg, queue, seed, storm};
use jambyl109::domain::TimerId;
use jambyl109::timers::{RedisIndex, TimerIndex};
use sea_orm::sqlx::{self, AssertSqlSafe, PgConnection};
use std::time::Duration;
use uuid::Uuid;

pub const DATABASE: &str = "bench_timers";
/// The bare loop looks this often.
pub const POLL: Duration = Duration::from_millis(5);
/// The bare claim: takes what is due out of the set.
pub const CLAIM: &str = "local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2]) \
                         if #due > 0 then redis.call('ZREM', KEYS[1], unpack(due)) end return due";

/// Everything that runs on this ground share.
pub struct Stage<'a> {
    pub ground: &'a Ground,
    pub service: Service,
    pub db: PgConnection,
    pub index: RedisIndex,
    pub redis: redis::aio::MultiplexedConnection,
    /// The bare side's own set.
    pub bare_set: String,
    /// The next request whose clock has not been used.
    pub next: u64,
    pub requests: u64,
}

impl Stage<'_> {
    /// Requests whose clocks were not used yet.
    pub fn take(&mut self, count: u64) -> Res<u64> {
        let first = self.next;
        self.next += count;
        if self.next > self.requests { Err("no clocks are left: take fewer pairs".into()) } else { Ok(first) }
    }

    /// Puts clocks into the service's index, as a commit of its own would.
    pub async fn schedule(&self, clocks: &[(Uuid, i64)]) -> Res<()> {
        let at = |us: i64| chrono::DateTime::from_timestamp_micros(us).unwrap_or_default();
        let entries: Vec<_> = clocks.iter().map(|(id, us)| (TimerId(*id), at(*us))).collect();
        Ok(self.index.schedule(&entries).await?)
    }

    /// Puts clocks into the bare side's set.
    pub async fn schedule_bare(&mut self, clocks: &[(Uuid, i64)]) -> Res<()> {
        for part in clocks.chunks(2000) {
            let mut command = redis::cmd("ZADD");
            command.arg(&self.bare_set);
            for (id, us) in part {
                command.arg(us).arg(id.to_string());
            }
            command.query_async::<()>(&mut self.redis).await?;
        }
        Ok(())
    }

    /// Writes deadlines of unused clocks of the service into rows and index before the first of them comes; returns the first request and that moment.
    pub async fn make_due(&mut self, count: u64, step_us: f64) -> Res<(u64, i64)> {
        let mut ahead = 700_000 + i64::try_from(count)? * 100;
        for _ in 0..5 {
            let first = self.take(count)?;
            let start = now_us() + ahead;
            let clocks = seed::make_due(&mut self.db, first, count, start, step_us).await?;
            self.schedule(&clocks).await?;
            if now_us() < start {
                return Ok((first, start));
            }
            ahead *= 3;
        }
        Err("the deadlines could not be written in time: the disk is too slow now".into())
    }

    /// From the deadline to the commit of its consequences, for each fired clock of these requests. Every row is found by its key.
    pub async fn lags(&mut self, first: u64, count: u64) -> Res<Vec<i64>> {
        let sql = format!(
            "SELECT (extract(epoch FROM pg_xact_commit_timestamp(j.xmin) - t.due_at) * 1000000)::bigint \
             FROM generate_series({first}::bigint, {first}::bigint + {count} - 1) k \
             JOIN sla_timer t ON t.id = lpad(to_hex(k * 2 + 1), 32, '0')::uuid AND t.state = 'breached' \
             JOIN request_journal j ON j.request_id = t.request_id AND j.kind = 'breached'"
        );
        Ok(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut self.db).await?)
    }

    /// The end of the journal.
    async fn end_of_journal(&mut self) -> Res<i64> {
        pg::number(&mut self.db, "SELECT coalesce(max(id), 0) FROM request_journal").await
    }

    /// Waits until all of these have fired, at most for `limit`; those that have not are put far off, so that the next run begins clean.
    pub async fn fired(&mut self, first: u64, count: u64, limit: Duration) -> Res<Vec<i64>> {
        let until = now_us() + i64::try_from(limit.as_micros())?;
        let mut end = self.end_of_journal().await?;
        loop {
            // While the journal grows there is work to be done, and looking at all of it would take from it.
            tokio::time::sleep(Duration::from_millis(300)).await;
            let grown = self.end_of_journal().await?;
            if std::mem::replace(&mut end, grown) != grown && now_us() < until {
                continue;
            }
            let lags = self.lags(first, count).await?;
            if lags.len() as u64 == count || now_us() >= until {
                if (lags.len() as u64) < count {
                    let far = now_us() + 30 * 86_400_000_000;
                    let sql = format!(
                        "UPDATE sla_timer SET due_at = to_timestamp(0) + {far} * interval '1 microsecond' WHERE state = 'running' AND stage = 'restore' \
                         AND request_id BETWEEN lpad(to_hex({first}), 32, '0')::uuid AND lpad(to_hex({first} + {count} - 1), 32, '0')::uuid"
                    );
                    pg::execute(&mut self.db, &sql).await?;
                    tokio::time::sleep(Duration::from_secs(3)).await;
                }
                return Ok(lags);
            }
        }
    }
}

pub async fn run(ground: &Ground, plan: Plan, report: &mut Report) -> Res<()> {
    let server = ground.pg()?;
    let requests = plan.size(1_000_000, 100_000);
    let a_second = plan.size(5_000, 2_000);
    seed::copy(ground, DATABASE, requests, false).await?;
    let mut redis = redis::Client::open(ground.redis()?)?.get_multiplexed_async_connection().await?;
    let empty = used(&mut redis).await?;
    let standin = StandIn::open().await?;
    let service = Service::start(ground, &Setup::named(ground, "timers")?.servers(ground, DATABASE)?.bot(&standin)).await?;
    let built = queue::index_built(ground, DATABASE).await?;
    let each = (used(&mut redis).await? - empty) / requests as f64;
    report.add(Figure::one("index built anew", "s", vec![built.as_secs_f64()], Aim::None).note(format!("{requests} clocks")));
    report.add(Figure::one("Redis memory per clock", "bytes", vec![each], Aim::AtMost(167.0)).note("1.5 times 111"));

    let bare_set = "bench-bare-timers".to_owned();
    let index = RedisIndex::open(ground.redis()?, &prefix(DATABASE))?;
    let mut stage = Stage { ground, service, db: server.open(DATABASE).await?, index, redis, bare_set, next: 1, requests };
    let far = now_us() + 30 * 86_400_000_000;
    let waiting: Vec<(Uuid, i64)> = (1..=requests).map(|k| (seed::clock(k), far + i64::try_from(k).unwrap_or(0))).collect();
    stage.schedule_bare(&waiting).await?;
    drop(waiting);

    // What the service does the first time, it does unmeasured.
    ours(&mut stage, a_second / 10, a_second).await?;
    let (mut late, mut late_bare, mut middle, mut besides, mut missing) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), 0);
    let count = (a_second as f64 * plan.span.as_secs_f64()) as u64;
    for _ in 0..plan.pairs {
        pg::settle(&mut stage.db).await?;
        let (lags, work) = ours(&mut stage, count, a_second).await?;
        missing += count - lags.len() as u64;
        let lag = Spread::of_micros(lags.into_iter());
        stage.service.pause()?;
        let bare = bare(&mut stage, count, a_second).await;
        stage.service.resume()?;
        let (bare, rest) = bare?;
        eprintln!(
            "   lag p99: ours {} ms ({} of {count} fired), bare {} ms, others {:.2}",
            short(lag.p99),
            lag.count,
            short(bare.p99),
            work.max(rest)
        );
        late.push(lag.p99);
        middle.push(lag.p50);
        late_bare.push(bare.p99);
        besides.push(work.max(rest));
    }
    let name = |what: &str| format!("{what}, {a_second} due a second of {requests}");
    let note = if missing == 0 { "to the commit of the journal row".to_owned() } else { format!("{missing} had not fired 30 s after the end") };
    report.add(Figure::one(&name("firing lag p99"), "ms", late.clone(), Aim::AtMost(100.0)).besides(&besides).counts(missing == 0).note(note));
    report.add(
        Figure::pair(&name("firing lag p99"), "ms", late, late_bare, Aim::RatioAtMost(10.0))
            .besides(&besides)
            .counts(missing == 0)
            .note("bare claims only"),
    );
    report.add(Figure::one(&name("firing lag p50"), "ms", middle, Aim::None).besides(&besides));

    one_second(&mut stage, plan, report).await?;
    storm::run(&mut stage, plan, report).await?;
    stage.service.stop().await?;
    server.drop_database(DATABASE).await
}

/// Ten thousand that run out within one second.
async fn one_second(stage: &mut Stage<'_>, plan: Plan, report: &mut Report) -> Res<()> {
    let count = plan.size(10_000, 2_000);
    let (mut late, mut besides, mut missing) = (Vec::new(), Vec::new(), 0);
    for _ in 0..plan.pairs {
        if stage.next + count > stage.requests {
            break;
        }
        pg::settle(&mut stage.db).await?;
        let (lags, work) = ours(stage, count, count).await?;
        missing += count - lags.len() as u64;
        let lag = Spread::of_micros(lags.into_iter());
        eprintln!("   {count} in one second: lag p99 {} ms, {} fired, others {work:.2}", short(lag.p99), lag.count);
        late.push(lag.p99);
        besides.push(work);
    }
    let note = if missing == 0 { "to the commit of the journal row".to_owned() } else { format!("{missing} had not fired 30 s after the end") };
    let name = format!("firing lag p99, {count} due in one second of {}", stage.requests);
    report.add(Figure::one(&name, "ms", late, Aim::AtMost(1000.0)).besides(&besides).counts(missing == 0).note(note));
    Ok(())
}

async fn used(redis: &mut redis::aio::MultiplexedConnection) -> Res<f64> {
    let info: String = redis::cmd("INFO").arg("memory").query_async(redis).await?;
    Ok(info.lines().find_map(|l| l.strip_prefix("used_memory:")?.trim().parse::<f64>().ok()).ok_or("INFO has no used_memory")?)
}

async fn ours(stage: &mut Stage<'_>, count: u64, a_second: u64) -> Res<(Vec<i64>, f64)> {
    let (first, start) = stage.make_due(count, 1e6 / a_second as f64).await?;
    sleep_until(start - 200_000).await;
    let meter = stage.ground.meter();
    sleep_until(start + i64::try_from(count * 1_000_000 / a_second)?).await;
    let besides = meter.besides();
    Ok((stage.fired(first, count, Duration::from_secs(30)).await?, besides))
}

async fn bare(stage: &mut Stage<'_>, count: u64, a_second: u64) -> Res<(Spread, f64)> {
    let start = now_us() + 500_000 + i64::try_from(count)? * 10;
    let clocks: Vec<(Uuid, i64)> = (0..count).map(|i| (Uuid::new_v4(), start + (i * 1_000_000 / a_second) as i64)).collect();
    stage.schedule_bare(&clocks).await?;
    let due: std::collections::HashMap<String, i64> = clocks.iter().map(|(id, at)| (id.to_string(), *at)).collect();
    let claim = redis::Script::new(CLAIM);
    let meter = stage.ground.meter();
    let mut lags = Vec::new();
    let end = start + i64::try_from(count * 1_000_000 / a_second)? + 10_000_000;
    while (lags.len() as u64) < count && now_us() < end {
        let members: Vec<String> = claim.key(&stage.bare_set).arg(now_us()).arg(500).invoke_async(&mut stage.redis).await?;
        let now = now_us();
        lags.extend(members.iter().filter_map(|m| Some(now - due.get(m)?)));
        if members.len() < 500 {
            tokio::time::sleep(POLL).await;
        }
    }
    Ok((Spread::of_micros(lags.into_iter()), meter.besides()))
}

pub async fn sleep_until(moment_us: i64) {
    let left = u64::try_from(moment_us - now_us()).unwrap_or(0);
    tokio::time::sleep(Duration::from_micros(left)).await;
}
