//! The call centre's figures as tables.

use crate::reports::calls::{Bucket, Figures, Load};
use crate::reports::sheet::{Cell, Row, Sheet};

fn count(n: u64) -> Cell {
    Cell::Count(i64::try_from(n).unwrap_or(i64::MAX))
}

fn share(part: u64, whole: u64) -> Cell {
    Cell::Share(i64::try_from(part).unwrap_or(i64::MAX), i64::try_from(whole).unwrap_or(i64::MAX))
}

/// A mean in seconds, to hundredths.
fn mean(sum_us: i64, n: u64) -> Cell {
    let n = i64::try_from(n).unwrap_or(0);
    Cell::Hundredths((n > 0).then(|| (sum_us / 10_000 * 2 + n) / (2 * n)))
}

const COLUMNS: [&str; 9] = ["queue", "calls", "offered", "answered", "missed_calls", "service_level", "abandonment", "asa", "aht"];

fn bucket(name: Cell, b: &Bucket) -> Row {
    let lost = b.abandoned + b.missed + b.busy;
    Row::plain(vec![
        name,
        count(b.calls),
        count(b.offered()),
        count(b.answered),
        count(lost),
        share(b.answered_in_time, b.offered() - b.short_abandoned),
        share(b.abandoned - b.short_abandoned, b.offered()),
        mean(b.wait_us, b.answered),
        mean(b.talk_us, b.answered),
    ])
}

fn loads(name: &'static str, column: &'static str, loads: &[Load], label: &dyn Fn(usize) -> Cell) -> Sheet {
    let mut s = Sheet::new(name, &[column, "answered", "missed_calls"]);
    s.rows = loads.iter().enumerate().map(|(i, l)| Row::plain(vec![label(i), count(l.answered), count(l.missed)])).collect();
    s
}

/// All of them.
#[must_use]
pub fn sheets(f: &Figures) -> Vec<Sheet> {
    let mut queues = Sheet::new("call_queues", &COLUMNS);
    queues.rows = f.sums.queues.iter().map(|(queue, b)| bucket(Cell::Text(queue.clone().unwrap_or_default()), b)).collect();
    queues.total = Some(bucket(Cell::Code("figure", None), &f.sums.total));

    let mut repeats = Sheet::new("call_repeats", &["figure", "count", "share"]);
    let r = &f.sums.repeats;
    let c = &f.callbacks;
    for (name, n, whole) in [
        ("repeated_calls", r.repeated, r.calls),
        ("first_contact", r.resolved, r.resolved + r.unresolved),
        ("became_requests", f.sums.total.requests, f.sums.total.answered),
        ("callbacks_in_time", c.done_in_time, c.done_in_time + c.done_late + c.broken),
        ("callbacks_late", c.done_late, c.done_in_time + c.done_late + c.broken),
        ("callbacks_broken", c.broken, c.done_in_time + c.done_late + c.broken),
    ] {
        repeats.rows.push(Row::plain(vec![Cell::code("figure", name), count(n), share(n, whole)]));
    }

    let mut agents = Sheet::new("call_agents", &["agent", "answered", "called", "aht", "requests"]);
    for (agent, w) in &f.sums.agents {
        agents.rows.push(Row::plain(vec![
            Cell::Text(agent.clone()),
            count(w.answered),
            count(w.called),
            mean(w.talk_us, w.answered + w.called),
            count(w.requests),
        ]));
    }
    let hours = loads("call_hours", "hour", &f.sums.hours, &|i| Cell::Text(format!("{i:02}:00")));
    let weekdays = loads("call_weekdays", "weekday", &f.sums.weekdays, &|i| Cell::code("weekday", WEEKDAYS.get(i).copied().unwrap_or("mon")));
    vec![queues, repeats, hours, weekdays, agents]
}

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
