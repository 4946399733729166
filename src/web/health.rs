//! Probes and metrics.

use super::state::WebState;
use crate::dispatch::Core;
use crate::domain::sla::Stage;
use crate::metrics::{OpenRow, OutboxRow};
use crate::store::{StoreError, outbox, stats, timers};
use actix_web::{HttpResponse, web};
use serde_json::json;
use std::sync::atomic::Ordering;

/// `GET /health/live`: the process answers.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// `GET /health/ready`: 200 when work can be done here; else 503 with the part that is missing. Redis may be away: only latency suffers.
pub async fn ready(state: web::Data<WebState>) -> HttpResponse {
    let database = state.core.db.ping().await.is_ok();
    let index = state.core.timers.ping().await.is_ok();
    let stopping = state.stopping.load(Ordering::Relaxed);
    let body = json!({
        "status": if database && !stopping { "ok" } else { "unavailable" },
        "role": state.role,
        "database": if database { "ok" } else { "unreachable" },
        "timer_index": if index { "ok" } else { "unreachable" },
        "stopping": stopping,
    });
    if database && !stopping { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}

/// `GET /metrics`.
pub async fn metrics(state: web::Data<WebState>) -> HttpResponse {
    if let Err(e) = gather(&state.core).await {
        tracing::warn!(error = %e, "gauges that come from the database are not up to date");
    }
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(state.core.metrics.encode())
}

async fn gather(core: &Core) -> Result<(), StoreError> {
    let open = stats::open_by_queue(core.db.read()).await?;
    let rows: Vec<OpenRow> =
        open.into_iter().map(|(queue, status, count)| OpenRow { queue: queue.unwrap_or_else(|| "none".into()), status, count }).collect();
    core.metrics.set_open(&rows);
    let mut clocks = Vec::new();
    for stage in Stage::ALL {
        let n = timers::pending(core.db.read(), *stage).await?;
        clocks.push((stage.as_str().to_owned(), i64::try_from(n).unwrap_or(i64::MAX)));
    }
    core.metrics.set_timers(&clocks);
    let now = core.now();
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
    Ok(())
}
