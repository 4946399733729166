//! Probes and metrics.

use super::state::WebState;
use crate::dispatch::Core;
use crate::metrics::{OpenRow, OutboxRow};
use crate::store::{StoreError, outbox, shift_gaps, stats, timers, upkeep, wires};
use actix_web::{HttpResponse, web};
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// `GET /health/live`: the process answers.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// A clock that ran out longer ago than this and was not fired makes a process that fires clocks unready.
const LATEST: Duration = Duration::from_secs(60);

/// `GET /health/ready`: 200 when work can be done here; else 503 with the part that is missing. Redis may be away: only latency suffers. Late clocks are
/// told everywhere, and make unready what fires them: the doors of an `api` process stay open, or nobody could report while workers are down.
pub async fn ready(state: web::Data<WebState>) -> HttpResponse {
    let database = state.core.db.ping().await.is_ok();
    let index = state.core.timers.ping().await.is_ok();
    let stopping = state.stopping.load(Ordering::Relaxed);
    let late = late(&state.core).await.unwrap_or_default();
    let on_time = late <= LATEST;
    let ok = database && !stopping && (on_time || state.role == "api");
    let body = json!({
        "status": if ok { "ok" } else { "unavailable" },
        "role": state.role,
        "database": if database { "ok" } else { "unreachable" },
        "timer_index": if index { "ok" } else { "unreachable" },
        "clocks": if on_time { "ok" } else { "late" },
        "clocks_late_secs": late.as_secs(),
        "stopping": stopping,
    });
    if ok { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}

/// How long ago, in real time, the oldest clock ran out that nobody has fired yet.
async fn late(core: &Core) -> Result<Duration, StoreError> {
    let first = timers::first_due(core.db.read()).await?;
    let late = first.and_then(|due| core.now().signed_duration_since(due).to_std().ok()).unwrap_or_default();
    Ok(core.clocks.business.real(late))
}

/// `GET /metrics`.
pub async fn metrics(state: web::Data<WebState>) -> HttpResponse {
    if let Err(e) = gather(&state).await {
        tracing::warn!(error = %e, "gauges that come from the database are not up to date");
    }
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(state.core.metrics.encode())
}

/// How long a part took to answer; none when it did not, or not within the patience.
async fn asked<E>(part: impl Future<Output = Result<(), E>>) -> Option<Duration> {
    let began = std::time::Instant::now();
    let answer = tokio::time::timeout(Duration::from_secs(3), part).await;
    answer.is_ok_and(|a| a.is_ok()).then(|| began.elapsed())
}

/// Bytes that may still be written on the disk of a folder.
fn free(folder: &std::path::Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

async fn gather(state: &WebState) -> Result<(), StoreError> {
    let (core, role) = (&*state.core, state.role);
    core.metrics.set_parts([asked(core.db.ping()).await, asked(core.timers.ping()).await]);
    for (name, folder) in &state.folders {
        if let Some(bytes) = free(folder) {
            core.metrics.set_free(name, bytes);
        }
    }
    let done = upkeep::all(core.db.read()).await?;
    let at = |name: &str| done.get(name).map_or(0.0, |at| at.timestamp() as f64);
    // Made is not sent: a mail server that is down for days must not look like a digest every morning.
    let digest = crate::store::digests::last_sent(core.db.read()).await?.map_or(0.0, |at| at.timestamp() as f64);
    core.metrics.set_upkeep([at(upkeep::BACKUP), at(upkeep::RETENTION), digest]);
    let open = stats::open_by_queue(core.db.read()).await?;
    let rows: Vec<OpenRow> =
        open.into_iter().map(|(queue, status, count)| OpenRow { queue: queue.unwrap_or_else(|| "none".into()), status, count }).collect();
    core.metrics.set_open(&rows);
    core.metrics.set_shift_gaps(shift_gaps::count(core.db.read()).await?);
    let now = core.now();
    core.metrics.set_timers(&timers::pending(core.db.read(), None).await?);
    core.metrics.set_due(&timers::pending(core.db.read(), Some(now)).await?);
    core.metrics.set_oldest_due(late(core).await?.as_secs_f64());
    let backlog = outbox::backlog(core.db.read()).await?;
    let rows: Vec<OutboxRow> = backlog
        .into_iter()
        .map(|(channel, pending, oldest)| OutboxRow {
            channel,
            pending,
            oldest_seconds: now.signed_duration_since(oldest).to_std().map_or(0.0, |d| d.as_secs_f64()),
        })
        .collect();
    core.metrics.set_outbox(&rows);
    for wire in wires::all(core.db.read()).await? {
        // What any process saw fail is down everywhere; a process that sends nothing itself also takes the good news from the others.
        if !wire.up || role == "api" {
            core.metrics.set_channel_up(&wire.channel, wire.up);
        }
    }
    Ok(())
}
