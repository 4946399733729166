//! The shell of events: whose they are, when they were told, and in which of the shapes they came.

use super::super::incoming::Platform;
use crate::meta::piece::{fit, items};
use crate::raw::Object;
use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

/// Whole numbers from here on are milliseconds: as seconds they would lie beyond the year 5000.
const FIRST_MILLISECOND: i64 = 100_000_000_000;

/// Names of subscriptions whose events belong to a thread although they come as changes.
const THREAD_FIELDS: [&str; 13] = [
    "message_deliveries",
    "message_echoes",
    "message_edit",
    "message_edits",
    "message_reactions",
    "message_reads",
    "messages",
    "messaging_optins",
    "messaging_postbacks",
    "messaging_referral",
    "messaging_referrals",
    "messaging_seen",
    "standby",
];

/// What an entry says of all its events.
pub struct Envelope {
    pub platform: Platform,
    pub account: String,
    /// When the provider told us.
    pub told: Option<DateTime<Utc>>,
    /// Which file of a message, or which message of a receipt.
    pub part: usize,
}

impl Envelope {
    pub fn of(platform: Platform, entry: &Object<'_>, part: usize) -> Self {
        Self { platform, account: id(entry, "id").unwrap_or_default(), told: moment(entry, "time"), part }
    }
}

/// Where an event lies in its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    Messaging,
    /// Of a thread that another application holds.
    Standby,
    Changes,
}

impl Slot {
    pub const fn key(self) -> &'static str {
        match self {
            Self::Messaging => "messaging",
            Self::Standby => "standby",
            Self::Changes => "changes",
        }
    }
}

/// One event, not yet understood. Its value may be no object at all; then `item` is empty.
pub struct Event<'a> {
    pub slot: Slot,
    /// Of a change; empty elsewhere.
    pub field: String,
    pub item: Object<'a>,
    pub raw: &'a RawValue,
}

impl<'a> Event<'a> {
    fn new(slot: Slot, field: String, raw: &'a RawValue) -> Self {
        Self { slot, field, item: Object::of(raw).unwrap_or_default(), raw }
    }

    /// Direct messages and what belongs to them, against what stands in public.
    pub fn is_thread(&self) -> bool {
        self.slot != Slot::Changes || THREAD_FIELDS.contains(&self.field.as_str())
    }
}

/// Whose body it is, by its `object`.
pub fn platform(top: &Object<'_>) -> Option<Platform> {
    let object: String = top.get("object")?;
    [Platform::Instagram, Platform::Facebook].into_iter().find(|p| p.object() == object)
}

/// All events of an entry, whatever their shape.
pub fn events<'a>(entry: &Object<'a>) -> Vec<Event<'a>> {
    let mut out = Vec::new();
    for slot in [Slot::Messaging, Slot::Standby] {
        out.extend(items(entry.raw(slot.key())).into_iter().flatten().map(|raw| Event::new(slot, String::new(), raw)));
    }
    for change in items(entry.raw(Slot::Changes.key())).into_iter().flatten() {
        match Object::of(change) {
            Some(object) => changed(&object, change, &mut out),
            None => out.push(Event::new(Slot::Changes, String::new(), change)),
        }
    }
    if entry.has("field") {
        changed(entry, RawValue::NULL, &mut out);
    }
    out
}

/// One change; its value may be a list of several.
fn changed<'a>(change: &Object<'a>, whole: &'a RawValue, out: &mut Vec<Event<'a>>) {
    let field: String = change.get("field").unwrap_or_default();
    let value = change.raw("value").unwrap_or(whole);
    match items(Some(value)) {
        Some(list) => out.extend(list.into_iter().map(|raw| Event::new(Slot::Changes, field.clone(), raw))),
        None => out.push(Event::new(Slot::Changes, field, value)),
    }
}

/// An identifier, written as text or as a number, and fit to be a key.
pub fn id(object: &Object<'_>, key: &str) -> Option<String> {
    let text = object.get::<String>(key).or_else(|| object.get::<u64>(key).map(|n| n.to_string()))?;
    fit(&text).then_some(text)
}

/// A moment in seconds, in milliseconds or in words.
pub fn moment(object: &Object<'_>, key: &str) -> Option<DateTime<Utc>> {
    let number = |n: i64| {
        if n <= 0 {
            None
        } else if n < FIRST_MILLISECOND {
            DateTime::from_timestamp(n, 0)
        } else {
            DateTime::from_timestamp_millis(n)
        }
    };
    if let Some(n) = object.get::<i64>(key) {
        return number(n);
    }
    let text: String = object.get(key)?;
    let zoned = || DateTime::parse_from_rfc3339(&text).or_else(|_| DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%z")).ok();
    text.parse().ok().and_then(number).or_else(|| zoned().map(|at| at.with_timezone(&Utc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_in_every_unit() {
        let body = br#"{"s":1795000000,"ms":1795000000123,"t":"1795000000","iso":"2026-11-18T11:06:40+0000","z":"2026-11-18T11:06:40Z",
            "zero":0,"minus":-5,"huge":9223372036854775807,"float":1.5,"word":"now","none":null}"#;
        let object = Object::of_body(body).unwrap();
        for key in ["s", "t", "iso", "z"] {
            assert_eq!(moment(&object, key).map(|at| at.timestamp()), Some(1_795_000_000), "{key}");
        }
        assert_eq!(moment(&object, "ms").map(|at| at.timestamp_millis()), Some(1_795_000_000_123));
        for key in ["zero", "minus", "huge", "float", "word", "none", "absent"] {
            assert_eq!(moment(&object, key), None, "{key}");
        }
    }

    #[test]
    fn identifiers_are_text_or_numbers() {
        let long = "7".repeat(500);
        let body = format!(r#"{{"t":"17841","n":17841405309211844,"e":"","s":"a b","l":"{long}","m":-1,"o":{{}}}}"#);
        let object = Object::of_body(body.as_bytes()).unwrap();
        assert_eq!(id(&object, "t").as_deref(), Some("17841"));
        assert_eq!(id(&object, "n").as_deref(), Some("17841405309211844"));
        for key in ["e", "s", "l", "m", "o", "absent"] {
            assert_eq!(id(&object, key), None, "{key}");
        }
    }
}
