//! Messages and delivery reports that the gateway brings, by the fields of its description.
//!
//! A call brings one thing as a form or in its query, or one or several as JSON. Each becomes a piece that can be stored and read alone, even
//! when the description has changed since: what was understood, and beside it the fields as they came.

use super::answer::{of_fate, text, tidy};
use super::gateway::{Fate, Gateway, InboundMap, ReceiptMap, Stage, TextIs};
use crate::channel::{Receipt, ReceiptStage};
use crate::meta::piece::{NO_CHAT, bounded_id, fit, sha256_id};
use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Whole numbers from here on are milliseconds.
const FIRST_MILLISECOND: i64 = 100_000_000_000;

/// One call of the gateway.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Without the question mark.
    pub query: &'a str,
    pub content_type: Option<&'a str>,
    pub body: &'a [u8],
}

/// One thing that the gateway brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The same thing brought again carries the same, if the gateway gives handles or moments; otherwise it is made up, since a repeated short
    /// answer of a person must not be taken for a duplicate.
    pub external_id: String,
    /// Whom it came from as the gateway writes them, for keeping one person's messages in order.
    pub chat: String,
    /// A word for metrics: `message`, `receipt`, `unknown`.
    pub kind: &'static str,
    pub body: Vec<u8>,
    pub readable: bool,
}

/// What a piece means.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    Message(Short),
    Receipt(Receipt),
    /// A report whose word says nothing of how far the message got.
    Other,
}

/// A message of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Short {
    pub id: Option<String>,
    /// As the gateway writes it: a number with or without a plus, or the name of a sender.
    pub from: String,
    pub to: Option<String>,
    pub text: String,
    /// When it was sent, by the gateway's clock.
    pub at: Option<DateTime<Utc>>,
}

/// Cuts a call. Total: what is neither a message nor a report becomes one unreadable piece.
#[must_use]
pub fn pieces(gateway: &Gateway, call: &Call<'_>) -> Vec<Piece> {
    let whole = value(call);
    let mut out = Vec::new();
    if let Some(whole) = &whole {
        let receipts = items(whole, &gateway.receipt.list);
        out.extend(receipts.iter().filter_map(|item| receipt_piece(gateway, item)));
        // A report may carry a number and a text too.
        let messages = items(whole, &gateway.inbound.list).into_iter().filter(|item| report(&gateway.receipt, item).is_none());
        out.extend(messages.filter_map(|item| message_piece(gateway, item)));
    }
    if out.is_empty() {
        let body = if call.body.is_empty() { call.query.as_bytes() } else { call.body };
        out.push(Piece {
            external_id: sha256_id(&[call.query.as_bytes(), b"\n", call.body].concat()),
            chat: NO_CHAT.to_owned(),
            kind: "unknown",
            body: body.to_vec(),
            readable: false,
        });
    }
    out
}

/// Reads one piece. `None` when it is none.
#[must_use]
pub fn read(piece: &[u8]) -> Option<Incoming> {
    let kept: Kept = serde_json::from_slice(piece).ok()?;
    match (kept.message, kept.report) {
        (Some(short), _) => Some(Incoming::Message(short)),
        (None, Some(report)) => Some(report.receipt().map_or(Incoming::Other, Incoming::Receipt)),
        (None, None) => None,
    }
}

/// A piece as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Short>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Report>,
    /// As they came.
    fields: Value,
}

/// A delivery report, understood as far as the description goes.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    id: String,
    /// In lower case.
    status: String,
    stage: Option<Stage>,
    /// By the code of the failure.
    fate: Option<Fate>,
    code: Option<String>,
    at: Option<DateTime<Utc>>,
}

impl Report {
    fn receipt(self) -> Option<Receipt> {
        let mut told = format!("status {}", tidy(&self.status));
        if let Some(code) = &self.code {
            told = format!("{told}, code {}", tidy(code));
        }
        let why = |usual: Fate| of_fate(self.fate.unwrap_or(usual), &told, None);
        let (stage, error) = match self.stage? {
            Stage::Ignored => return None,
            Stage::Sent => (ReceiptStage::Sent, None),
            Stage::Delivered => (ReceiptStage::Delivered, None),
            Stage::Read => (ReceiptStage::Read, None),
            Stage::Failed => (ReceiptStage::Failed, Some(why(Fate::Unreachable))),
            Stage::Rejected => (ReceiptStage::Failed, Some(why(Fate::Rejected))),
        };
        Some(Receipt { provider_id: self.id, tag: None, stage, at: self.at, error })
    }
}

/// The fields of a call, however they came.
fn value(call: &Call<'_>) -> Option<Value> {
    let said = call.content_type.unwrap_or_default().to_ascii_lowercase();
    let first = call.body.iter().find(|byte| !byte.is_ascii_whitespace());
    if said.contains("json") || (matches!(first, Some(b'{' | b'[')) && !said.contains("form")) {
        return serde_json::from_slice(call.body).ok();
    }
    let pairs = url::form_urlencoded::parse(call.query.as_bytes()).chain(url::form_urlencoded::parse(call.body));
    let fields: Map<String, Value> = pairs.map(|(key, value)| (key.into_owned(), Value::String(value.into_owned()))).collect();
    (!fields.is_empty()).then_some(Value::Object(fields))
}

/// The things under this name, or the whole when it names none.
fn items<'a>(whole: &'a Value, list: &str) -> Vec<&'a Value> {
    let found = if list.is_empty() { Some(whole) } else { field(whole, list) };
    match found {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(item) => vec![item],
        None => Vec::new(),
    }
}

fn field<'a>(item: &'a Value, name: &str) -> Option<&'a Value> {
    if name.starts_with('/') { item.pointer(name) } else { item.get(name) }
}

/// A field's value as text; `None` when it is unnamed, absent, or no single value.
fn word(item: &Value, name: &str) -> Option<String> {
    if name.is_empty() { None } else { field(item, name).and_then(text) }
}

fn key(item: &Value, name: &str) -> Option<String> {
    word(item, name).filter(|id| fit(id))
}

fn message_piece(gateway: &Gateway, item: &Value) -> Option<Piece> {
    let short = message(&gateway.inbound, item)?;
    let external_id = match (&short.id, short.at) {
        (Some(id), _) => id.clone(),
        (None, Some(at)) => sha256_id(format!("{}\n{at}\n{}", short.from, short.text).as_bytes()),
        (None, None) => format!("made:{}", uuid::Uuid::new_v4().simple()),
    };
    let chat = if fit(&short.from) { short.from.clone() } else { sha256_id(short.from.as_bytes()) };
    let body = serde_json::to_vec(&Kept { message: Some(short), report: None, fields: item.clone() }).ok()?;
    Some(Piece { external_id, chat, kind: "message", body, readable: true })
}

fn receipt_piece(gateway: &Gateway, item: &Value) -> Option<Piece> {
    let report = report(&gateway.receipt, item)?;
    let (chat, name) = (report.id.clone(), format!("receipt:{}:{}", report.id, report.status));
    let body = serde_json::to_vec(&Kept { message: None, report: Some(report), fields: item.clone() }).ok()?;
    Some(Piece { external_id: bounded_id(Some(name), &body), chat, kind: "receipt", body, readable: true })
}

fn message(map: &InboundMap, item: &Value) -> Option<Short> {
    let from = word(item, &map.from).filter(|from| !from.is_empty())?;
    let raw = field(item, &map.text).filter(|_| !map.text.is_empty())?;
    let text = match (raw, map.text_is) {
        (Value::String(text), TextIs::Plain) => text.clone(),
        (Value::String(text), TextIs::Ucs2Hex) => utf16(text).unwrap_or_else(|| text.clone()),
        (other, _) => text(other)?,
    };
    let at = word(item, &map.at).and_then(|at| moment(&at, &map.at_format, map.at_offset));
    Some(Short { id: key(item, &map.id), from, to: word(item, &map.to), text, at })
}

fn report(map: &ReceiptMap, item: &Value) -> Option<Report> {
    let id = key(item, &map.id)?;
    let status = word(item, &map.status).filter(|status| !status.is_empty())?.to_lowercase();
    let stage = if map.statuses.is_empty() { of_smpp(&status) } else { map.statuses.get(&status).copied() };
    let code = word(item, &map.error).filter(|code| !code.is_empty());
    let fate = code.as_ref().and_then(|code| map.codes.get(code)).copied();
    let at = word(item, &map.at).and_then(|at| moment(&at, &map.at_format, map.at_offset));
    Some(Report { id, status, stage, fate, code, at })
}

/// The states of SMPP, short and long.
fn of_smpp(status: &str) -> Option<Stage> {
    Some(match status {
        "delivrd" | "delivered" => Stage::Delivered,
        "acceptd" | "accepted" | "enroute" | "buffrd" | "buffered" | "sent" => Stage::Sent,
        "undeliv" | "undeliverable" | "undelivered" | "expired" | "deleted" | "failed" => Stage::Failed,
        "rejectd" | "rejected" => Stage::Rejected,
        _ => return None,
    })
}

/// Hexadecimal UTF-16, high bytes first.
fn utf16(hex: &str) -> Option<String> {
    let digits: Vec<u16> = hex.trim().chars().map(|c| c.to_digit(16).and_then(|d| u16::try_from(d).ok())).collect::<Option<_>>()?;
    if digits.is_empty() || !digits.len().is_multiple_of(4) {
        return None;
    }
    let units: Vec<u16> = digits.chunks(4).map(|four| four.iter().fold(0, |unit, digit| unit << 4 | digit)).collect();
    Some(String::from_utf16_lossy(&units))
}

fn moment(text: &str, format: &str, offset: i32) -> Option<DateTime<Utc>> {
    if format.is_empty() {
        return match text.parse::<i64>() {
            Ok(n) if n <= 0 => None,
            Ok(n) if n < FIRST_MILLISECOND => DateTime::from_timestamp(n, 0),
            Ok(n) => DateTime::from_timestamp_millis(n),
            Err(_) => DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()),
        };
    }
    if let Ok(zoned) = DateTime::parse_from_str(text, format) {
        return Some(zoned.to_utc());
    }
    let zone = FixedOffset::east_opt(offset.checked_mul(60)?)?;
    NaiveDateTime::parse_from_str(text, format).ok()?.and_local_timezone(zone).single().map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_by_the_description() {
        let at = |text: &str, format: &str, offset| moment(text, format, offset).map(|at| at.to_rfc3339());
        let same = Some("2026-11-18T20:26:40+00:00".to_owned());
        assert_eq!(at("1795033600", "", 0), same);
        assert_eq!(at("1795033600000", "", 0), same);
        assert_eq!(at("2026-11-19T01:26:40+05:00", "", 0), same);
        assert_eq!(at("19.11.2026 01:26:40", "%d.%m.%Y %H:%M:%S", 300), same);
        assert_eq!(at("2026-11-19 01:26:40 +0500", "%Y-%m-%d %H:%M:%S %z", 0), same);
        for (text, format, offset) in [
            ("", "", 0),
            ("0", "", 0),
            ("-1", "", 0),
            ("9223372036854775807", "", 0),
            ("x", "%d", 0),
            ("1", "%", 0),
            ("01.01.2026 00:00", "%d.%m.%Y %H:%M", i32::MAX),
        ] {
            assert_eq!(at(text, format, offset), None, "{text} {format}");
        }
    }

    #[test]
    fn texts_in_hexadecimal_digits() {
        assert_eq!(utf16("0421044300200436043E049B").as_deref(), Some("Су жоқ"));
        assert_eq!(utf16("d83ddeb0").as_deref(), Some("🚰"));
        assert_eq!(utf16("d83d").as_deref(), Some("\u{fffd}"));
        for bad in ["", "042", "Су", "04 21", "+421"] {
            assert_eq!(utf16(bad), None, "{bad}");
        }
    }
}
