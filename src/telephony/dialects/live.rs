//! Live events: the documented JSON of `POST /webhooks/calls/generic`.
//!
//! `{"event": "ringing" | "answered" | "ended", "call_id": "...", "at": "2024-03-01T10:00:00+05:00" or seconds since 1970, "caller": "...",
//! "dialled": "...", "queue": "...", "agent": "...", "outcome": "answered" | "no_answer" | "cancelled" | "busy" | "congestion" | "failed",
//! "recording": "..."}`; `event`, `call_id` and `at` are needed. An array of such objects is read too.

use super::freeswitch_json::unwrap_body;
use crate::domain::Instant;
use crate::domain::call::Flag;
use crate::telephony::fields::text_of;
use crate::telephony::record::{BadField, Ending, Fact, LiveEvent, LiveKind, Reading, Record, RecordKey};
use crate::telephony::recording;
use crate::telephony::source::Source;
use crate::telephony::zone::{self, Stamp};
use chrono::Duration;
use serde_json::Value;

fn bad(name: &str, expected: &str) -> BadField {
    BadField::new(0, name, expected)
}

/// Reads a body: one event or an array of them.
///
/// # Errors
/// [`BadField`] of the first event that is none; nothing of the body is then taken.
pub fn body(bytes: &[u8], source: &Source) -> Result<Vec<Record>, BadField> {
    let bytes = bytes.trim_ascii();
    let list = if bytes.starts_with(b"[") {
        let (text, _) = text_of(bytes);
        serde_json::from_str::<Vec<Value>>(&text).map_err(|_| bad("document", "a JSON object or array"))?
    } else {
        let (text, _) = text_of(&unwrap_body(bytes)?);
        vec![serde_json::from_str(&text).map_err(|_| bad("document", "a JSON object or array"))?]
    };
    list.iter().map(|v| event(v, source)).collect()
}

/// Reads one document of a file.
pub fn document(bytes: &[u8], source: &Source) -> Reading {
    let (text, _) = text_of(bytes);
    let value: Value = serde_json::from_str(&text).map_err(|_| bad("document", "a JSON object"))?;
    event(&value, source).map(Some)
}

fn event(value: &Value, source: &Source) -> Result<Record, BadField> {
    let text = |name: &str| match value.get(name) {
        Some(Value::String(s)) => Some(s.trim().to_owned()).filter(|s| !s.is_empty()),
        Some(Value::Number(n)) => Some(n.to_string()),
        _ => None,
    };
    let kind = match text("event").as_deref() {
        Some("ringing") => LiveKind::Ringing,
        Some("answered") => LiveKind::Answered,
        Some("ended") => LiveKind::Ended,
        _ => return Err(bad("event", "ringing, answered or ended")),
    };
    let call_id = text("call_id").filter(|id| id.len() <= 200).ok_or_else(|| bad("call_id", "the call's identifier, at most 200 characters"))?;
    let at =
        text("at").as_deref().and_then(|t| moment(t, source)).ok_or_else(|| bad("at", "a date and time with its offset, or seconds since 1970"))?;
    let ending = match text("outcome").as_deref() {
        None => None,
        Some("answered") => Some(Ending::Answered),
        Some("no_answer") => Some(Ending::NoAnswer),
        Some("cancelled") => Some(Ending::Cancelled),
        Some("busy") => Some(Ending::Busy),
        Some("congestion") => Some(Ending::Congestion),
        Some("failed") => Some(Ending::Failed),
        Some(_) => return Err(bad("outcome", "answered, no_answer, cancelled, busy, congestion or failed")),
    };
    let mut flags = std::collections::BTreeSet::new();
    let recording = text("recording").and_then(|r| recording::key(&r).map_err(|_| flags.insert(Flag::BadRecording)).ok());
    let word = format!("{kind:?}");
    let micros = at.timestamp_micros().to_string();
    let of = |t: Option<String>| t.unwrap_or_default();
    let parts = [word, call_id.clone(), micros, of(text("caller")), of(text("dialled")), of(text("queue")), of(text("agent")), of(text("outcome"))];
    let key = RecordKey::of(source, "events", parts.iter().map(String::as_str));
    let fact = LiveEvent {
        call_id: call_id.clone(),
        kind,
        caller: text("caller"),
        dialled: text("dialled"),
        queue: text("queue"),
        agent: text("agent"),
        recording,
        ending,
    };
    Ok(Record::new(key, &call_id, vec![call_id.clone()], at, flags, Fact::Live(fact)))
}

fn moment(text: &str, source: &Source) -> Option<Instant> {
    if let Some(at) = zone::epoch(text) {
        return Some(at);
    }
    let stamp = Stamp::parse(text)?;
    Some(match stamp.offset {
        Some(o) => stamp.local.and_utc() - Duration::seconds(o),
        None => source.zone.resolve(stamp.local, None).at,
    })
}
