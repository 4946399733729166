//! Requests as JSON. What stands here holds no words, names or phones of a person.

use crate::config::Book;
use crate::dispatch::problems::Registered;
use crate::dispatch::record::Subject;
use crate::domain::catalog::Named;
use crate::domain::inbound::ChannelKind;
use crate::domain::request::{Priority, Status};
use crate::domain::sla::{PauseReason, Stage, Timer, TimerState};
use crate::domain::time::never;
use crate::domain::{Class, CrewCode, DistrictCode, Hazard, Instant, Lang, QueueCode, ServiceCode};
use crate::store::listed::Listed;
use crate::store::requests::Stored;
use chrono::{Datelike, Offset, SecondsFormat, Timelike};
use chrono_tz::Asia::Almaty;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

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

/// A moment that writes itself, for lists.
#[derive(Debug, Clone, Copy)]
pub struct At(pub Instant);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let local = self.0.with_timezone(&Almaty);
        let offset = local.offset().fix().local_minus_utc();
        let (sign, away) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
        let fraction = local.timestamp_subsec_micros();
        let (y, mo, d, h, mi, sec) = (local.year(), local.month(), local.day(), local.hour(), local.minute(), local.second());
        let zone = format_args!("{sign}{:02}:{:02}", away / 3600, away / 60 % 60);
        match fraction {
            0 => s.collect_str(&format_args!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{sec:02}{zone}")),
            _ if fraction.is_multiple_of(1000) => {
                s.collect_str(&format_args!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{sec:02}.{:03}{zone}", fraction / 1000))
            }
            _ => s.collect_str(&format_args!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{sec:02}.{fraction:06}{zone}")),
        }
    }
}

/// The present state of a request, for staff. Fields that are `None` twice are left out.
#[derive(Debug, Serialize)]
pub struct State<'a> {
    number: String,
    status: Status,
    version: i64,
    class: Option<Class>,
    service: Option<&'a ServiceCode>,
    district: Option<&'a DistrictCode>,
    queue: Option<&'a QueueCode>,
    crew: Option<&'a CrewCode>,
    hazard: Option<Hazard>,
    vulnerable: bool,
    priority: Priority,
    /// While on hold: why.
    held_why: Option<PauseReason>,
    /// A pause that somebody asks for.
    pause_asked: Option<PauseReason>,
    channel: ChannelKind,
    language: Lang,
    overdue: bool,
    /// The next live target.
    due_at: Option<At>,
    reported_at: At,
    received_at: At,
    accepted_at: Option<At>,
    arrived_at: Option<At>,
    resolved_at: Option<At>,
    closed_at: Option<At>,
    updated_at: At,
    reopened: u32,
    refused: u32,
    breaches: u32,
    rating: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accept_due: Option<Option<At>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restore_due: Option<Option<At>>,
    /// The covered beginning of the resident's words, in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Option<String>>,
}

impl<'a> State<'a> {
    fn bare(s: &'a Stored) -> Self {
        let r = &s.request;
        Self {
            number: r.number.to_string(),
            status: r.status,
            version: r.version,
            class: r.class,
            service: r.service.as_ref(),
            district: r.district.as_ref(),
            queue: r.queue.as_ref(),
            crew: r.crew.as_ref(),
            hazard: r.hazard,
            vulnerable: r.vulnerable,
            priority: r.priority,
            held_why: r.held_why,
            pause_asked: r.pause_asked,
            channel: r.channel,
            language: r.lang,
            overdue: s.overdue,
            due_at: (s.sort_due < never()).then_some(At(s.sort_due)),
            reported_at: At(r.reported_at),
            received_at: At(r.received_at),
            accepted_at: r.accepted_at.map(At),
            arrived_at: r.arrived_at.map(At),
            resolved_at: r.resolved_at.map(At),
            closed_at: r.closed_at.map(At),
            updated_at: At(r.updated_at),
            reopened: r.reopened,
            refused: r.refused,
            breaches: r.breaches,
            rating: r.rating,
            accept_due: None,
            restore_due: None,
            text: None,
        }
    }

    /// With both due times; `timers` are the clocks of this request.
    fn of<'t>(s: &'a Stored, timers: impl Iterator<Item = &'t Timer> + Clone) -> Self {
        // Null when it is reached, paused or not there.
        let due = |stage| timers.clone().find(|t| t.stage == stage && t.is_live() && t.state != TimerState::Paused).map(|t| At(t.due_at));
        Self { accept_due: Some(due(Stage::Accept)), restore_due: Some(due(Stage::Restore)), ..Self::bare(s) }
    }

    /// As a list shows it, with the covered beginning of the resident's words.
    #[must_use]
    pub fn listed(row: &'a Listed, text: Option<String>) -> Self {
        Self { accept_due: Some(row.accept_due.map(At)), restore_due: Some(row.restore_due.map(At)), text: Some(text), ..Self::bare(&row.stored) }
    }

    fn value(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }
}

/// The present state, for conflict answers.
#[must_use]
pub fn present(s: &Stored) -> Value {
    State::bare(s).value()
}

/// The present state with both due times, for staff. `timers` may hold clocks of other requests too.
#[must_use]
pub fn state_of(s: &Stored, timers: &[Timer]) -> Value {
    State::of(s, timers.iter().filter(|t| t.request == s.request.id)).value()
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

/// What a registration answers: the leading request as `one` shows it, `linked` with the others that the same text made, and `safety`, what to do
/// first when there is danger, in the language of the request.
#[must_use]
pub fn made(book: &Book, made: &Registered, one: impl Fn(&Subject) -> Value) -> Value {
    let mut answer = one(&made.leading);
    let lang = made.leading.stored.request.lang;
    let hazards: BTreeSet<Hazard> = made.all().filter_map(|s| s.stored.request.hazard).collect();
    let safety: Vec<&str> = hazards.iter().filter_map(|h| book.messages.get(lang, &format!("safety.{h}"))).collect();
    if let Some(map) = answer.as_object_mut() {
        map.insert("linked".into(), made.linked.iter().map(one).collect());
        map.insert("safety".into(), if safety.is_empty() { Value::Null } else { safety.join("\n").into() });
    }
    answer
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
#[derive(Debug, Serialize)]
pub struct Page<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

#[must_use]
pub fn list<T: Serialize>(items: Vec<T>, next_cursor: Option<String>) -> Page<T> {
    Page { items, next_cursor }
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
    fn a_moment_writes_itself_the_same_way() {
        for t in ["2026-03-20T19:00:00Z", "2024-02-01T00:00:00.5Z", "2024-02-29T18:59:59.000001Z", "2026-11-21T00:00:00.123456Z"] {
            let at: Instant = t.parse().unwrap();
            assert_eq!(json!(At(at)), json!(when(at)));
        }
    }

    #[test]
    fn a_resident_sees_nothing_inner() {
        let full = json!({"number": "26-4817-0355", "crew": "c1", "version": 7, "priority": 1, "breaches": 2, "status": "queued"});
        assert_eq!(for_resident(full), json!({"number": "26-4817-0355", "status": "queued"}));
    }
}
