//! Large stores: a template database is filled once per start, and scenarios work on copies of it.

use super::Res;
use super::ground::Ground;
use super::pg::{Pg, execute, number};
use jambyl109::config::Book;
use jambyl109::domain::RequestNumber;
use sea_orm::sqlx::{self, AssertSqlSafe, PgConnection};
use std::time::Instant;

/// As many queues as the requests are spread over.
pub const QUEUES: usize = 40;

/// The queues of the catalogue, which the API knows, and as many others as are missing.
pub fn queues() -> Res<Vec<String>> {
    let book = Book::load(None)?;
    let known = book.catalog.queues.iter().map(|q| q.code.to_string());
    let others = (1..).map(|n| format!("bench_{n}"));
    Ok(known.take(QUEUES).chain(others).take(QUEUES).collect())
}

/// A copy, called `name`, of a store with so many open requests.
pub async fn copy(ground: &Ground, name: &str, requests: u64, past: bool) -> Res<()> {
    let pg = ground.pg()?;
    let template = format!("bench_seed_{requests}{}", if past { "_past" } else { "" });
    let there = number(&mut pg.open("postgres").await?, &format!("SELECT count(*) FROM pg_database WHERE datname = '{template}'")).await?;
    if there == 0 {
        fill(ground, pg, &template, requests, past).await?;
    }
    pg.create(name, Some(&template)).await
}

async fn fill(ground: &Ground, pg: &Pg, name: &str, requests: u64, past: bool) -> Res<()> {
    eprintln!("   filling a store with {requests} open requests");
    let began = Instant::now();
    pg.migrated(name).await?;
    let mut c = pg.open(name).await?;
    execute(&mut c, "SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SET work_mem = '64MB'").await?;
    let indexes = take_indexes(&mut c).await?;
    bring_numbers(&mut c, requests).await?;
    let list: Vec<String> = queues()?.iter().map(|q| format!("'{q}'")).collect();
    let (count, list) = (requests.to_string(), format!("ARRAY[{}]", list.join(",")));
    let values = [("requests", count.as_str()), ("queues", list.as_str())];
    execute(&mut c, &ground.sql("seed.sql", &values)?).await?;
    if past {
        execute(&mut c, &ground.sql("seed-past.sql", &values)?).await?;
    }
    for index in indexes {
        execute(&mut c, &index).await?;
    }
    execute(&mut c, "DROP TABLE bench_number").await?;
    execute(&mut c, "VACUUM (ANALYZE)").await?;
    execute(&mut c, "CHECKPOINT").await?;
    eprintln!("   filled in {:.0} s", began.elapsed().as_secs_f64());
    Ok(())
}

/// Drops every index that is not a key; returns how each is made again.
pub async fn take_indexes(c: &mut PgConnection) -> Res<Vec<String>> {
    let sql = "SELECT indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'seaql%' AND NOT EXISTS \
               (SELECT 1 FROM pg_constraint k WHERE k.conindid = format('%I.%I', schemaname, indexname)::regclass) ORDER BY 1";
    let found: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(&mut *c).await?;
    for (name, _) in &found {
        execute(c, &format!("DROP INDEX \"{name}\"")).await?;
    }
    Ok(found.into_iter().map(|(_, made)| made).collect())
}

/// Public numbers with their check digits, of a year that the service does not draw from.
async fn bring_numbers(c: &mut PgConnection, count: u64) -> Res<()> {
    execute(c, "CREATE UNLOGGED TABLE bench_number (k bigint, number text)").await?;
    let mut copy = c.copy_in_raw("COPY bench_number FROM STDIN").await?;
    let mut lines = String::new();
    for k in 1..=count {
        lines.push_str(&format!("{k}\t{}\n", RequestNumber::compose(24, k).digits()));
        if k % 20_000 == 0 || k == count {
            copy.send(std::mem::take(&mut lines).into_bytes()).await?;
        }
    }
    copy.finish().await?;
    Ok(())
}

/// The running clock of request `k`, as seed.sql makes it.
pub fn clock(k: u64) -> uuid::Uuid {
    uuid::Uuid::from_u128(u128::from(k) * 2 + 1)
}

/// Makes the running clocks of requests `first..first + count` due: the first at `start_us`, each next `step_us` microseconds later. Returns them.
pub async fn make_due(c: &mut PgConnection, first: u64, count: u64, start_us: i64, step_us: f64) -> Res<Vec<(uuid::Uuid, i64)>> {
    let sql = format!(
        "UPDATE sla_timer t SET due_at = to_timestamp(0) + ({start_us} + floor((k - {first}) * {step_us}::float8)::bigint) * interval '1 microsecond' \
         FROM generate_series({first}::bigint, {first}::bigint + {count} - 1) k WHERE t.id = lpad(to_hex(k * 2 + 1), 32, '0')::uuid"
    );
    sqlx::query(AssertSqlSafe(sql)).execute(c).await?;
    Ok((0..count).map(|i| (clock(first + i), start_us + (i as f64 * step_us).floor() as i64)).collect())
}
