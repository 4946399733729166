//! FreeSWITCH `mod_json_cdr`: one document per leg; values plain or percent-encoded; the body plain, a form, or base64 in a form.

use super::causes;
use super::cdr::micros;
use crate::domain::Instant;
use crate::domain::call::{Direction, Flag};
use crate::telephony::fields::text_of;
use crate::telephony::record::{BadField, Ending, Fact, Leg, Reading, Record, RecordKey, Side, Stay, System};
use crate::telephony::recording;
use crate::telephony::source::Source;
use crate::telephony::zone;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// With or without padding.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// The document inside a request's body, whichever way it is wrapped; told by its first bytes and not by its content type, which proxies change.
///
/// # Errors
/// [`BadField`]: not JSON in any of the wrappings.
pub fn unwrap_body(body: &[u8]) -> Result<Cow<'_, [u8]>, BadField> {
    let body = body.trim_ascii();
    let Some(value) = body.strip_prefix(b"cdr=") else {
        return if body.starts_with(b"{") { Ok(body.into()) } else { Err(not_json()) };
    };
    let value = value.split(|b| *b == b'&').next().unwrap_or_default();
    if value.starts_with(b"{") {
        // Sent as a form and not encoded.
        return Ok(value.into());
    }
    let spaced: Vec<u8> = value.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    let decoded: Vec<u8> = percent_encoding::percent_decode(&spaced).collect();
    if decoded.trim_ascii().starts_with(b"{") {
        return Ok(decoded.into());
    }
    // In base64 `+` is a digit and a form may have encoded it.
    let raw: Vec<u8> =
        percent_encoding::percent_decode(value).filter(|b| !b.is_ascii_whitespace()).map(|b| if b == b' ' { b'+' } else { b }).collect();
    let bytes = BASE64.decode(raw).map_err(|_| not_json())?;
    if bytes.trim_ascii().starts_with(b"{") { Ok(bytes.into()) } else { Err(not_json()) }
}

fn not_json() -> BadField {
    BadField::new(0, "document", "a JSON document of mod_json_cdr, plain, as form field cdr, or in base64")
}

fn bad(name: &str, expected: &str) -> BadField {
    BadField::new(0, name, expected)
}

/// Reads a body: [`unwrap_body`], then [`document`].
pub fn body(bytes: &[u8], source: &Source) -> Reading {
    document(&unwrap_body(bytes)?, source)
}

/// A value without its percent-encoding. A `%` that encodes nothing leaves the value as it is.
fn decoded(text: &str) -> Cow<'_, str> {
    let whole = text.match_indices('%').all(|(at, _)| text.as_bytes().get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)));
    if !whole || !text.contains('%') {
        return text.into();
    }
    let bytes: Vec<u8> = percent_decode_str(text).collect();
    let (text, _) = text_of(&bytes);
    text.into()
}

struct Doc<'a> {
    variables: &'a serde_json::Map<String, Value>,
    root: &'a Value,
}

impl Doc<'_> {
    fn var(&self, name: &str) -> Option<String> {
        scalar(self.variables.get(name)?)
    }

    fn epoch(&self, name: &str) -> Option<Instant> {
        let micro = self.var(&format!("{}uepoch", name.strip_suffix("epoch").unwrap_or(name)));
        micro.as_deref().and_then(zone::epoch).or_else(|| self.var(name).as_deref().and_then(zone::epoch))
    }

    /// The caller profile of the first leg of the call flow: the last in the list, which grows at its head.
    fn profile(&self, name: &str) -> Option<String> {
        let flows = self.root.get("callflow").or_else(|| self.root.get("callFlow"))?;
        let flow = match flows {
            Value::Array(list) => list.last()?,
            single => single,
        };
        scalar(flow.get("caller_profile")?.get(name)?)
    }

    fn channel(&self, name: &str) -> Option<String> {
        scalar(self.root.get("channel_data")?.get(name)?)
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(decoded(s).trim().to_owned()).filter(|s| !s.is_empty()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// Reads a document.
pub fn document(bytes: &[u8], source: &Source) -> Reading {
    let (text, flags) = text_of(bytes);
    let root: Value = serde_json::from_str(&text).map_err(|_| not_json())?;
    let Some(Value::Object(variables)) = root.get("variables") else {
        return Err(bad("variables", "an object of variables"));
    };
    leg(&Doc { variables, root: &root }, source, flags).map(Some)
}

fn leg(doc: &Doc<'_>, source: &Source, mut flags: BTreeSet<Flag>) -> Result<Record, BadField> {
    let id =
        doc.var("uuid").or_else(|| doc.profile("uuid")).or_else(|| doc.channel("uuid")).ok_or_else(|| bad("uuid", "the channel's identifier"))?;
    let started = doc.epoch("start_epoch").ok_or_else(|| bad("start_epoch", "seconds since 1970"))?;
    let answered = doc.epoch("answer_epoch");
    let ended = doc.epoch("end_epoch").ok_or_else(|| bad("end_epoch", "seconds since 1970"))?;
    let seconds =
        |name: &str| -> Result<Option<i64>, BadField> { doc.var(name).map(|t| micros(&t).ok_or_else(|| bad(name, "whole seconds"))).transpose() };
    let between = |a: Instant| (ended - a).num_microseconds().unwrap_or(0).max(0);
    let duration_us = seconds("duration")?.unwrap_or_else(|| between(started));
    let billed_us = seconds("billsec")?.unwrap_or_else(|| answered.map_or(0, between));
    let cause = doc.var("hangup_cause").ok_or_else(|| bad("hangup_cause", "a hangup cause such as NORMAL_CLEARING"))?;
    if !causes::known(&cause) {
        return Err(bad("hangup_cause", "a hangup cause such as NORMAL_CLEARING"));
    }
    if ended < started || answered.is_some_and(|a| a < started || a > ended) {
        flags.insert(Flag::TimesDisagree);
    }
    let way = doc.channel("direction").or_else(|| doc.var("direction")).or_else(|| doc.profile("direction"));
    let parent = ["originating_leg_uuid", "originator", "ent_originate_aleg_uuid", "cc_member_session_uuid"].iter().find_map(|n| doc.var(n));
    let side = match (way.as_deref(), &parent) {
        (_, Some(parent)) if *parent != id => Side::Called,
        (Some("inbound"), _) => Side::Caller,
        (Some("outbound"), _) => Side::Called,
        _ => Side::Unknown,
    };
    let link = doc.var("call_uuid");
    let bonds = ["bridge_uuid", "signal_bond", "last_bridge_to", "other_loopback_leg_uuid", "origination_uuid", "bleg_uuid", "cc_agent_session_uuid"];
    let others = bonds.iter().filter_map(|n| doc.var(n)).chain(parent.clone()).collect::<Vec<_>>();
    let named = ["record_file", "record_path", "cc_record_filename", "recording_file", "record_filename"].iter().find_map(|n| doc.var(n));
    let recording = named.filter(|n| recording::looks_like(n)).and_then(|n| recording::key(&n).map_err(|_| flags.insert(Flag::BadRecording)).ok());
    let ending = causes::ending(&cause, answered.is_some());
    let queue = doc.var("cc_queue");
    let stay = (queue.is_some() || doc.var("cc_queue_joined_epoch").is_some()).then(|| Stay {
        queue: queue.map(|q| q.split('@').next().unwrap_or(&q).to_owned()),
        joined: doc.epoch("cc_queue_joined_epoch"),
        answered: doc.epoch("cc_queue_answered_epoch"),
        left: doc.epoch("cc_queue_canceled_epoch").or_else(|| doc.epoch("cc_queue_terminated_epoch")),
    });
    let transferred = doc.var("endpoint_disposition").is_some_and(|d| d.ends_with("TRANSFER")) || cause.ends_with("_TRANSFER");
    let leg = Leg {
        id: Some(id.clone()),
        link: link.clone(),
        side,
        direction: match doc.var("call_direction").as_deref() {
            Some("inbound") => Some(Direction::Inbound),
            Some("outbound") => Some(Direction::Outbound),
            Some("local") => Some(Direction::Internal),
            _ => None,
        },
        src: doc.profile("caller_id_number").or_else(|| doc.var("caller_id_number")).or_else(|| doc.var("sip_from_user")),
        name: doc.profile("caller_id_name").or_else(|| doc.var("caller_id_name")),
        dst: doc.profile("destination_number").or_else(|| doc.var("destination_number")).or_else(|| doc.var("sip_to_user")),
        did: doc.var("sip_req_user").filter(|_| side == Side::Caller),
        context: doc.profile("context"),
        channel: doc.var("channel_name").or_else(|| doc.profile("chan_name")),
        peer: doc.var("bridge_channel").or_else(|| doc.var("bridge_uuid")).or_else(|| doc.var("last_bridge_to")),
        app: doc.var("last_app").or_else(|| doc.var("current_application")),
        app_data: doc.var("last_arg"),
        agent: doc.var("cc_agent").map(|a| a.split('@').next().unwrap_or(&a).to_owned()),
        answered,
        ended: Some(ended),
        duration_us,
        billed_us,
        ending: if answered.is_none() && billed_us > 0 { Ending::Answered } else { ending },
        stay,
        hold_us: seconds("hold_accum_seconds")?.unwrap_or(0),
        transfers: u32::from(transferred),
        recording,
        stamped: true,
        ..Leg::begun(System::Freeswitch, started)
    };
    // Over what was read and not over the text, so that the same leg is the same record in every encoding.
    let content = serde_json::to_string(&leg).unwrap_or_default();
    let key = RecordKey::of(source, "freeswitch-json", [content.as_str()]);
    let call = link.or(parent).unwrap_or_else(|| id.clone());
    let links = std::iter::once(id).chain(others).collect();
    Ok(Record::new(key, &call, links, started, flags, Fact::Leg(Box::new(leg))))
}
