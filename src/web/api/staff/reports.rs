//! Figures of a period.

use crate::domain::access::Reach;
use crate::domain::time::truncate;
use crate::domain::{Instant, QueueCode};
use crate::store::stats;
use crate::web::api::access::Granted;
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use chrono::TimeZone;
use chrono_tz::Asia::Almaty;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
pub struct Period {
    from: Option<String>,
    to: Option<String>,
}

/// The beginning of the day in Almaty.
pub(super) fn midnight(now: Instant) -> Instant {
    let day = now.with_timezone(&Almaty).date_naive();
    day.and_hms_opt(0, 0, 0).and_then(|m| Almaty.from_local_datetime(&m).earliest()).map_or(now, |m| m.to_utc())
}

/// `GET /staff/reports/summary?from=&to=`: requests received from `from` until before `to`; without them today so far. A dispatcher of some queues sees
/// those queues; clocks are counted for all queues together, so only those who reach all see them.
///
/// # Errors
/// `unprocessable` for what is no period.
pub async fn summary(who: Granted, state: web::Data<WebState>, q: web::Query<Period>) -> Result<HttpResponse, ApiError> {
    let now = truncate(state.core.now());
    let to = input::moment("to", q.to.as_deref())?.unwrap_or(now);
    let from = input::moment("from", q.from.as_deref())?.unwrap_or_else(|| midnight(now));
    if from > to {
        return Err(input::wrong("from, to", "from is later than to"));
    }
    let db = state.core.db.read();
    let rows = stats::received(db, from, to).await?;
    let within = |queue: Option<&String>| match &who.scope.reach {
        Reach::All => true,
        _ => queue.and_then(|q| QueueCode::new(q.as_str()).ok()).is_some_and(|q| who.scope.covers(&q, None)),
    };
    let rows: Vec<_> = rows.into_iter().filter(|(_, queue, ..)| within(queue.as_ref())).collect();
    let total: i64 = rows.iter().map(|(.., n)| n).sum();
    let clocks = if who.scope.is_whole() { clocks(stats::clocks(db, from, to).await?) } else { Value::Null };
    Ok(HttpResponse::Ok().json(json!({
        "from": view::when(from),
        "to": view::when(to),
        "received": total,
        "by_class": counted("class", rows.iter().map(|(class, .., n)| (class.clone(), *n))),
        "by_queue": counted("queue", rows.iter().map(|(_, queue, _, n)| (queue.clone(), *n))),
        "by_status": counted("status", rows.iter().map(|(.., status, n)| (Some(status.clone()), *n))),
        "clocks": clocks,
    })))
}

/// Sums by key, the largest first; what has no key yet is counted under null.
fn counted(key: &str, rows: impl Iterator<Item = (Option<String>, i64)>) -> Value {
    let mut sums: BTreeMap<Option<String>, i64> = BTreeMap::new();
    for (k, n) in rows {
        *sums.entry(k).or_default() += n;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    sums.into_iter().map(|(k, n)| json!({key: k, "count": n})).collect()
}

/// By stage, how many clocks that started in the period stand in each state.
fn clocks(rows: Vec<(String, String, i64)>) -> Value {
    let mut by_stage: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for (stage, state, n) in rows {
        *by_stage.entry(stage).or_default().entry(state).or_default() += n;
    }
    by_stage.into_iter().map(|(stage, states)| json!({"stage": stage, "states": states})).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums() {
        let rows = [(Some("incident".to_owned()), 2), (None, 1), (Some("incident".to_owned()), 3), (Some("thanks".to_owned()), 9)];
        assert_eq!(
            counted("class", rows.into_iter()),
            json!([{"class": "thanks", "count": 9}, {"class": "incident", "count": 5}, {"class": null, "count": 1}])
        );
    }

    #[test]
    fn the_day_begins_in_almaty() {
        let at = |t: &str| midnight(t.parse().unwrap()).to_rfc3339();
        assert_eq!(at("2026-11-21T18:59:59Z"), "2026-11-20T19:00:00+00:00");
        assert_eq!(at("2026-11-21T19:00:00Z"), "2026-11-21T19:00:00+00:00");
    }
}
