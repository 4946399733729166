//! Very many clocks that run out at one instant: how long until the last has its rows written, against claims and one statement for many.

use super::ground::now_us;
use super::report::{Aim, Figure, Report, short};
use super::timers::{CLAIM, Stage, sleep_until};
use super::{Plan, Res, pg, seed};
use sea_orm::sqlx::{self, AssertSqlSafe};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Clocks of one commit of the bare side.
const TOGETHER: usize = 250;

pub async fn run(stage: &mut Stage<'_>, plan: Plan, report: &mut Report) -> Res<()> {
    let count = plan.size(50_000, 5_000);
    let sql = stage.ground.sql("storm-bare.sql", &[("ids", &TOGETHER.to_string())])?;
    let (mut took, mut took_bare, mut besides, mut missing) = (Vec::new(), Vec::new(), Vec::new(), 0);
    // Each pair uses up twice so many clocks, and a slow service is not waited for again and again.
    let began = Instant::now();
    for _ in 0..plan.pairs {
        if began.elapsed() > Duration::from_secs(plan.size(300, 6)) || stage.next + 2 * count > stage.requests {
            break;
        }
        pg::settle(&mut stage.db).await?;
        let meter = stage.ground.meter();
        let (first, at) = stage.make_due(count, 0.0).await?;
        sleep_until(at).await;
        let lags = stage.fired(first, count, Duration::from_secs(plan.size(180, 30))).await?;
        missing += count - lags.len() as u64;
        let ours = lags.iter().copied().max().unwrap_or(0) as f64 / 1e6;

        stage.service.pause()?;
        let bare = bare(stage, &sql, count).await;
        stage.service.resume()?;
        let bare = bare?;
        eprintln!("   storm of {count}: ours {} s, bare {} s", short(ours), short(bare));
        took.push(ours);
        took_bare.push(bare);
        besides.push(meter.besides());
    }
    let note = if missing == 0 { format!("bare commits {TOGETHER} at a time on one connection") } else { format!("{missing} had not fired in time") };
    let name = format!("{count} due at one instant, drained");
    report.add(Figure::pair(&name, "s", took, took_bare, Aim::RatioAtMost(5.0)).besides(&besides).counts(missing == 0).note(note));
    Ok(())
}

/// Claims from Redis and writes the same rows, as fast as one connection goes; seconds.
async fn bare(stage: &mut Stage<'_>, sql: &str, count: u64) -> Res<f64> {
    let first = stage.take(count)?;
    let at = now_us() + 10_000;
    let clocks = seed::make_due(&mut stage.db, first, count, at, 0.0).await?;
    stage.schedule_bare(&clocks).await?;
    let claim = redis::Script::new(CLAIM);
    let began = Instant::now();
    let mut done = 0;
    while done < count {
        let members: Vec<String> = claim.key(&stage.bare_set).arg(now_us()).arg(500).invoke_async(&mut stage.redis).await?;
        if members.is_empty() {
            return Err("the bare side lost clocks".into());
        }
        for part in members.chunks(TOGETHER) {
            let ids: Vec<Uuid> = part.iter().filter_map(|m| m.parse().ok()).collect();
            let written = sqlx::query(AssertSqlSafe(sql.to_owned())).bind(&ids).execute(&mut stage.db).await?.rows_affected();
            done += written;
            if written != part.len() as u64 {
                return Err(format!("the bare side wrote {written} rows for {} clocks", part.len()).into());
            }
        }
    }
    Ok(began.elapsed().as_secs_f64())
}
