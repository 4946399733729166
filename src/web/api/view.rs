//! Requests as JSON. What stands here holds no words, names or phones of a person.

use crate::dispatch::record::Subject;
use crate::domain::Instant;
use crate::domain::catalog::Named;
use crate::domain::sla::{Stage, Timer, TimerState};
use crate::domain::time::never;
use crate::store::requests::Stored;
use chrono::SecondsFormat;
use chrono_tz::Asia::Almaty;
use serde_json::{Map, Value, json};

/// A moment as RFC 3339 with the oblast's offset.
#[must_use]
pub fn when(at: Instant) -> String {
    at.with_timezone(&Almaty).to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// The same, or null.
#[must_use]
pub fn when_any(at: Option<Instant>) -> Value {
    at.map_or(Value::Null, |at| json!(when(at)))
}

/// A name in both languages.
#[must_use]
pub fn name(n: &Named) -> Value {
    json!({"kk": n.kk, "ru": n.ru})
}

/// The present state, for staff and for conflict answers. `due_at` is the next live target, null without one.
#[must_use]
pub fn present(s: &Stored) -> Value {
    let r = &s.request;
    json!({
        "number": r.number.to_string(),
        "status": r.status,
        "version": r.version,
        "class": r.class,
        "service": r.service,
        "district": r.district,
        "queue": r.queue,
        "crew": r.crew,
        "hazard": r.hazard,
        "priority": r.priority,
        "channel": r.channel,
        "language": r.lang,
        "overdue": s.overdue,
        "due_at": if s.sort_due >= never() { Value::Null } else { json!(when(s.sort_due)) },
        "reported_at": when(r.reported_at),
        "received_at": when(r.received_at),
        "accepted_at": when_any(r.accepted_at),
        "arrived_at": when_any(r.arrived_at),
        "resolved_at": when_any(r.resolved_at),
        "closed_at": when_any(r.closed_at),
        "updated_at": when(r.updated_at),
        "reopened": r.reopened,
        "refused": r.refused,
        "breaches": r.breaches,
        "rating": r.rating,
    })
}

/// When a live clock runs out: null when it is reached, paused or not there.
fn due(s: &Stored, timers: &[Timer], stage: Stage) -> Value {
    let own = timers.iter().filter(|t| t.request == s.request.id && t.stage == stage);
    when_any(own.into_iter().find(|t| t.is_live() && t.state != TimerState::Paused).map(|t| t.due_at))
}

/// The present state with both due times, for staff. `timers` may hold clocks of other requests too.
#[must_use]
pub fn state_of(s: &Stored, timers: &[Timer]) -> Value {
    let mut state = present(s);
    if let Some(map) = state.as_object_mut() {
        map.insert("accept_due".into(), due(s, timers, Stage::Accept));
        map.insert("restore_due".into(), due(s, timers, Stage::Restore));
    }
    state
}

/// The same of a request with its clocks.
#[must_use]
pub fn state(s: &Subject) -> Value {
    state_of(&s.stored, &s.timers)
}

/// What a resident sees of an own request: nothing of the inner work.
const OWN: [&str; 19] = [
    "number",
    "status",
    "class",
    "service",
    "district",
    "queue",
    "hazard",
    "language",
    "overdue",
    "accept_due",
    "restore_due",
    "reported_at",
    "received_at",
    "accepted_at",
    "resolved_at",
    "closed_at",
    "updated_at",
    "reopened",
    "rating",
];

/// An own request, for its resident.
#[must_use]
pub fn own(s: &Subject) -> Value {
    for_resident(state(s))
}

/// The same with the request's clocks among those of others.
#[must_use]
pub fn own_of(s: &Stored, timers: &[Timer]) -> Value {
    for_resident(state_of(s, timers))
}

/// A state without what is inner.
#[must_use]
pub fn for_resident(state: Value) -> Value {
    match state {
        Value::Object(map) => Value::Object(map.into_iter().filter(|(k, _)| OWN.contains(&k.as_str())).collect::<Map<_, _>>()),
        other => other,
    }
}

/// A clock.
#[must_use]
pub fn clock(t: &Timer) -> Value {
    json!({
        "stage": t.stage,
        "round": t.round,
        "state": t.state,
        "started_at": when(t.started_at),
        "due_at": when(t.due_at),
        "remaining_seconds": t.remaining_us.map(|us| us / 1_000_000),
        "ended_at": when_any(t.ended_at),
    })
}

/// A page of a list.
#[must_use]
pub fn list(items: Vec<Value>, next: Option<String>) -> Value {
    json!({"items": items, "next_cursor": next})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_carry_the_offset_of_their_day() {
        let at = |t: &str| when(t.parse().unwrap());
        assert_eq!(at("2026-03-20T19:00:00Z"), "2026-03-21T00:00:00+05:00");
        // Until the end of February 2024 the oblast lived at +06:00.
        assert_eq!(at("2024-02-01T00:00:00.5Z"), "2024-02-01T06:00:00.500+06:00");
    }

    #[test]
    fn a_resident_sees_nothing_inner() {
        let full = json!({"number": "26-4817-0355", "crew": "c1", "version": 7, "priority": 1, "breaches": 2, "status": "queued"});
        assert_eq!(for_resident(full), json!({"number": "26-4817-0355", "status": "queued"}));
    }
}
