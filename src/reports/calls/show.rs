//! The figures for people and programs: JSON, and flat rows for tables and CSV.

use super::{Bucket, Figures, Load, Terms};
use crate::domain::Instant;
use crate::reports::export::cell;
use serde_json::{Value, json};

/// One figure: what it is of, its name, its value.
pub type Row = [String; 3];

fn bucket(b: &Bucket) -> Value {
    json!({
        "calls": b.calls,
        "offered": b.offered(),
        "answered": b.answered,
        "answered_in_time": b.answered_in_time,
        "abandoned": b.abandoned,
        "short_abandoned": b.short_abandoned,
        "abandoned_in_ivr": b.abandoned_in_ivr,
        "missed": b.missed,
        "busy": b.busy,
        "failed": b.failed,
        "after_hours": b.after_hours,
        "ongoing": b.ongoing,
        "service_level": b.service_level(),
        "asa_seconds": b.asa_s(),
        "aht_seconds": b.aht_s(),
        "abandonment": b.abandonment(),
        "longest_wait_seconds": seconds(b.longest_wait_us),
        "became_requests": b.became_requests(),
    })
}

fn seconds(us: i64) -> i64 {
    us / 1_000_000
}

fn loads(loads: &[Load], name: &str, first: usize) -> Value {
    loads.iter().enumerate().map(|(i, l)| json!({name: i + first, "answered": l.answered, "missed": l.missed})).collect()
}

/// Everything as JSON. Shares are between 0 and 1; null where there is nothing to divide by.
#[must_use]
pub fn json(f: &Figures, when: &dyn Fn(Instant) -> String) -> Value {
    let Terms { threshold_s, short_abandon_s, repeat_days, zone } = f.terms;
    let queues: Vec<Value> = f.sums.queues.iter().map(|(queue, b)| with("queue", json!(queue), bucket(b))).collect();
    let agents: Vec<Value> = f
        .sums
        .agents
        .iter()
        .map(|(agent, w)| {
            json!({"agent": agent, "answered": w.answered, "called": w.called, "talk_seconds": seconds(w.talk_us), "hold_seconds": seconds(w.hold_us),
                "aht_seconds": w.aht_s(), "transfers": w.transfers, "requests": w.requests})
        })
        .collect();
    let (r, c) = (&f.sums.repeats, &f.callbacks);
    json!({
        "from": when(f.from),
        "to": when(f.to),
        "terms": {"answer_within_seconds": threshold_s, "short_abandon_seconds": short_abandon_s, "repeat_days": repeat_days,
            "zone": zone.name(), "service_level_formula": f.terms.formula()},
        "total": bucket(&f.sums.total),
        "by_queue": queues,
        "by_agent": agents,
        "by_hour": loads(&f.sums.hours, "hour", 0),
        "by_weekday": loads(&f.sums.weekdays, "weekday", 1),
        "repeats": {"calls": r.calls, "repeated": r.repeated, "repeat_rate": r.repeat_rate(), "resolved": r.resolved, "unresolved": r.unresolved,
            "undecided": r.undecided, "first_contact_resolution": r.fcr()},
        "callbacks": {"done_in_time": c.done_in_time, "done_late": c.done_late, "broken": c.broken, "open": c.open, "kept": c.kept()},
    })
}

fn with(name: &str, value: Value, mut object: Value) -> Value {
    if let Some(map) = object.as_object_mut() {
        map.insert(name.to_owned(), value);
    }
    object
}

/// The same as rows: of what, which figure, how much. An empty value: nothing to divide by.
#[must_use]
pub fn rows(f: &Figures) -> Vec<Row> {
    let whole = json(f, &|at| at.to_rfc3339());
    let mut out = Vec::new();
    let mut part = |of: &str, value: &Value, leave: &[&str]| {
        for (name, v) in value.as_object().into_iter().flatten().filter(|(n, _)| !leave.contains(&n.as_str())) {
            out.push([of.to_owned(), name.clone(), plain(v)]);
        }
    };
    for section in ["terms", "total", "repeats", "callbacks"] {
        part(section, whole.get(section).unwrap_or(&Value::Null), &[]);
    }
    for (list, key, kind) in
        [("by_queue", "queue", "queue"), ("by_agent", "agent", "agent"), ("by_hour", "hour", "hour"), ("by_weekday", "weekday", "weekday")]
    {
        for item in whole.get(list).and_then(Value::as_array).into_iter().flatten() {
            let of = format!("{kind} {}", item.get(key).map(plain).unwrap_or_default());
            part(of.trim(), item, &[key]);
        }
    }
    out
}

fn plain(v: &Value) -> String {
    match v {
        Value::Null => String::new(),
        Value::String(s) => s.clone(),
        Value::Number(n) if n.is_f64() => format!("{:.4}", n.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}

/// The rows as CSV with a header. A cell that a spreadsheet would take for a formula is made a text.
#[must_use]
pub fn csv(f: &Figures) -> String {
    let mut out = String::from("of,figure,value\r\n");
    for row in rows(f) {
        // Names of operators and queues come from the exchange.
        let cells: Vec<String> = row.iter().map(|c| cell(c)).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}
