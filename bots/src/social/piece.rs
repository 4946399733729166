//! A webhook body cut into events that can be stored and read alone.
//!
//! Events come in three shapes: `entry[].messaging[]` (and `standby[]`), `entry[].changes[]`, and `field` with `value` in the entry itself. What
//! is present decides, not the `object`. Each event is put back into an envelope of its own, so that a piece is read like a whole body; a
//! message with several files gives one piece for each, told apart by `part`.

use super::incoming::{Incoming, Kind, Platform};
use super::read::envelope::{self, Envelope, Event, Slot};
use crate::channel::ReceiptStage;
use crate::meta::piece::{NO_CHAT, Piece, Wire, bounded_id, items, sha256_id, unreadable};
use crate::raw::Object;
use serde_json::value::RawValue;

/// Most files of one message, and most messages of one receipt, that become pieces of their own.
const MOST_PARTS: usize = 50;

/// Cuts a body whose `object` is `instagram` or `page`. Total: an entry of an unknown shape becomes one piece, and a body that is no envelope
/// becomes one unreadable piece.
#[must_use]
pub fn pieces(body: &[u8]) -> Vec<Piece> {
    let Some(top) = Object::of_body(body) else { return vec![unreadable(Wire::Unknown, "unknown", body)] };
    let Some(platform) = envelope::platform(&top) else { return vec![unreadable(Wire::Unknown, "unknown", body)] };
    let Some(entries) = items(top.raw("entry")) else { return vec![unreadable(wire(platform), "unknown", body)] };
    let part = top.get::<usize>("part");
    let mut out = Vec::new();
    for raw in entries {
        let entry = Object::of(raw).unwrap_or_default();
        let events = envelope::events(&entry);
        if events.is_empty() {
            // Kept whole; reading makes nothing of it.
            let body = format!(r#"{{"object":"{}","entry":[{}]}}"#, platform.object(), raw.get());
            out.push(unreadable(wire(platform), "unknown", body.as_bytes()));
        }
        for event in events {
            let parts = parts(&event);
            // A piece that is cut again stays the piece it is.
            let wanted = part.map_or_else(|| (0..parts).collect(), |n| vec![n]);
            out.extend(wanted.into_iter().map(|n| piece(platform, &entry, &event, (parts > 1 || part.is_some()).then_some(n))));
        }
    }
    out
}

/// How many pieces an event makes.
fn parts(event: &Event<'_>) -> usize {
    if !event.is_thread() {
        return 1;
    }
    let list = |object: Option<Object<'_>>, key: &str| object.and_then(|o| items(o.raw(key)).map(|list| list.len())).unwrap_or(0);
    list(event.item.object("message"), "attachments").max(list(event.item.object("delivery"), "mids")).clamp(1, MOST_PARTS)
}

fn piece(platform: Platform, entry: &Object<'_>, event: &Event<'_>, part: Option<usize>) -> Piece {
    let text = |key: &str| entry.raw(key).map_or("null", RawValue::get);
    let numbered = part.map_or_else(String::new, |n| format!(r#""part":{n},"#));
    let inner = match event.slot {
        Slot::Messaging | Slot::Standby => event.raw.get().to_owned(),
        Slot::Changes => {
            // A list stands for several values, so that one of them which is a list itself needs another around it.
            let (open, close) = if event.raw.get().starts_with('[') { ("[", "]") } else { ("", "") };
            format!(r#"{{"field":{},"value":{open}{}{close}}}"#, serde_json::Value::from(event.field.as_str()), event.raw.get())
        }
    };
    let body = format!(
        r#"{{"object":"{}",{numbered}"entry":[{{"id":{},"time":{},"{}":[{inner}]}}]}}"#,
        platform.object(),
        text("id"),
        text("time"),
        event.slot.key(),
    );
    let part = part.unwrap_or(0);
    let incoming = super::read::meaning(&Envelope::of(platform, entry, part), event);
    Piece {
        wire: wire(platform),
        external_id: bounded_id(Some(name(&incoming, &inner, text("time"), part)), body.as_bytes()),
        account: incoming.account,
        chat: incoming.chat.unwrap_or_else(|| NO_CHAT.to_owned()),
        kind: incoming.kind.word().to_owned(),
        body: body.into_bytes(),
        readable: true,
    }
}

const fn wire(platform: Platform) -> Wire {
    match platform {
        Platform::Instagram => Wire::Instagram,
        Platform::Facebook => Wire::Page,
    }
}

/// The name under which the same event is known when it comes again. `event` is its raw text, `told` the raw time of its delivery.
fn name(incoming: &Incoming, event: &str, told: &str, part: usize) -> String {
    let hash = || sha256_id(event.as_bytes());
    if let Some(place) = &incoming.place {
        let verb = match &incoming.kind {
            // Words may be changed back and forth, a comment hidden and shown again: each time is another event.
            Kind::Edited { .. } => format!("edited:{}", hash()),
            Kind::Unsent { .. } => format!("unsent:{told}"),
            Kind::Shown { .. } => format!("shown:{told}"),
            Kind::Other { kind } => format!("{kind}:{}", hash()),
            _ => "add".to_owned(),
        };
        return format!("comment:{}:{verb}", place.comment);
    }
    let tail = if part == 0 { String::new() } else { format!("#{part}") };
    match (&incoming.kind, &incoming.message_id) {
        (Kind::Receipt { provider_id, stage: ReceiptStage::Read }, _) => format!("read:{provider_id}"),
        (Kind::Receipt { provider_id, .. }, _) => format!("delivered:{provider_id}"),
        (Kind::Own { .. }, Some(mid)) => format!("echo:{mid}{tail}"),
        (Kind::Unsent { of }, _) => format!("unsent:{of}"),
        // These name another message, not themselves.
        (Kind::Edited { .. } | Kind::Reaction { .. } | Kind::ReceiptUntil { .. } | Kind::Other { .. }, _) | (_, None) => hash(),
        (_, Some(mid)) => format!("{mid}{tail}"),
    }
}
