//! What a message says: words, a press, a place, cards, a file, a change of an earlier message, or something we cannot use.

use super::incoming::{Card, Kind, Media, MediaKind};
use crate::meta::{hex, piece, to_hex};
use crate::raw::{Object, tidy};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Stands between a file's id and its hash.
pub const HASH_MARK: char = '#';

/// Kinds whose value stands under their own name, for messages that do not say their type.
const NAMED: [&str; 14] = [
    "text",
    "image",
    "video",
    "audio",
    "voice",
    "document",
    "sticker",
    "location",
    "contacts",
    "reaction",
    "interactive",
    "button",
    "edit",
    "revoke",
];

/// Kinds that the wire makes by itself.
const SERVICE: [&str; 4] = ["request_welcome", "ephemeral", "pin", "message_history"];

/// Reads a message; a change is read with what the message says now.
pub fn of(message: &Object<'_>) -> Kind {
    let kind = kind_of(message);
    let Some(inner) = message.object(&kind) else { return outside(&kind, message) };
    let of_another = |key: &str| inner.get::<String>(key).filter(|id| piece::fit(id));
    match kind.as_str() {
        "edit" => match (of_another("original_message_id"), inner.object("message")) {
            (Some(of), Some(now)) => Kind::Edited { of, now: Box::new(plain(&now)) },
            _ => unsupported("edit"),
        },
        "revoke" => match of_another("original_message_id") {
            Some(of) => Kind::Revoked { of },
            None => Kind::Other { kind },
        },
        "reaction" => match of_another("message_id") {
            Some(of) => Kind::Reaction { of, emoji: inner.get::<String>("emoji").filter(|emoji| !emoji.is_empty()) },
            None => Kind::Other { kind },
        },
        _ => plain(message),
    }
}

/// Everything but changes of other messages: an edit holds no edit.
fn plain(message: &Object<'_>) -> Kind {
    let kind = kind_of(message);
    let Some(inner) = message.object(&kind) else { return outside(&kind, message) };
    let read = match kind.as_str() {
        "text" => inner.words("body").filter(|text| !text.trim().is_empty()).map(|text| Kind::Text { text }),
        "image" => media(MediaKind::Photo, &inner),
        "video" => media(MediaKind::Video, &inner),
        "audio" if inner.get("voice") == Some(true) => media(MediaKind::Voice, &inner),
        "audio" => media(MediaKind::Audio, &inner),
        "voice" => media(MediaKind::Voice, &inner),
        "document" => media(MediaKind::Document, &inner),
        "sticker" => media(MediaKind::Sticker, &inner),
        "location" => place(&inner),
        "interactive" => choice(&inner),
        "button" => quick_reply(&inner),
        "unsupported" => inner.get::<String>("type").map(|what| unsupported(&what)),
        _ => None,
    };
    read.unwrap_or_else(|| unread(&kind))
}

/// Kinds without a value of their own name, or with one that is a list.
fn outside(kind: &str, message: &Object<'_>) -> Kind {
    if kind == "contacts" {
        return cards(message).unwrap_or_else(|| unsupported(kind));
    }
    unread(kind)
}

fn kind_of(message: &Object<'_>) -> String {
    let said = message.get::<String>("type");
    said.or_else(|| NAMED.into_iter().find(|name| message.has(name)).map(str::to_owned)).unwrap_or_else(|| "empty".to_owned())
}

/// Names what could not be read; notes that the wire makes by itself deserve no answer.
fn unread(kind: &str) -> Kind {
    if SERVICE.contains(&kind) { Kind::Other { kind: kind.to_owned() } } else { unsupported(kind) }
}

fn unsupported(kind: &str) -> Kind {
    Kind::Unsupported { kind: tidy(kind) }
}

fn media(kind: MediaKind, file: &Object<'_>) -> Option<Kind> {
    let id = file.get::<String>("id").filter(|id| piece::fit(id) && !id.contains(HASH_MARK))?;
    let said = |key| file.words(key).filter(|text| !text.trim().is_empty());
    let hash = said("sha256").and_then(|hash| digest(&hash));
    let file_id = hash.map_or_else(|| id.clone(), |hash| format!("{id}{HASH_MARK}{}", to_hex(&hash)));
    Some(Kind::Media(Media { kind, file_id, mime: said("mime_type"), name: said("filename"), caption: said("caption") }))
}

/// A SHA-256 in one of the writings that the provider uses; a cut one proves nothing and counts as none.
pub fn digest(text: &str) -> Option<[u8; 32]> {
    let base64 = || STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()?.try_into().ok();
    hex(text).or_else(base64)
}

/// A point on Earth.
fn place(inner: &Object<'_>) -> Option<Kind> {
    let (lat, lon): (f64, f64) = (inner.get("latitude")?, inner.get("longitude")?);
    let on_earth = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
    on_earth.then(|| Kind::Location { lat, lon, name: inner.words("name"), address: inner.words("address") })
}

fn choice(inner: &Object<'_>) -> Option<Kind> {
    let kind: String = inner.get("type")?;
    let reply = match kind.as_str() {
        "button_reply" | "list_reply" => inner.object(&kind)?,
        _ => return Some(unsupported(&kind)),
    };
    Some(Kind::Button { data: reply.get("id")?, title: reply.words("title").unwrap_or_default() })
}

/// A quick reply of a template. Where the template was sent without data of ours, the data repeats the label: then it is simply what was said.
fn quick_reply(inner: &Object<'_>) -> Option<Kind> {
    let text = inner.words("text");
    match (inner.words("payload"), text) {
        (Some(data), Some(title)) if data != title => Some(Kind::Button { data, title }),
        (Some(data), None) => Some(Kind::Button { data, title: String::new() }),
        (_, text) => text.filter(|text| !text.trim().is_empty()).map(|text| Kind::Text { text }),
    }
}

fn cards(message: &Object<'_>) -> Option<Kind> {
    let cards: Vec<Card> = piece::items(message.raw("contacts"))?.into_iter().filter_map(Object::of).map(|card| read_card(&card)).collect();
    (!cards.is_empty()).then_some(Kind::Contacts(cards))
}

fn read_card(card: &Object<'_>) -> Card {
    // Only a card that the provider itself calls an answer to our request is the sender's own; everything else in a card is what somebody typed.
    let own = card.get::<String>("origin").as_deref() == Some("contact_request");
    let number = |phone: &Object<'_>| {
        let (proved, typed) = (phone.get::<String>("wa_id"), phone.get::<String>("phone"));
        let number = if own { proved.or(typed) } else { typed.or(proved) };
        number.filter(|number| !number.trim().is_empty())
    };
    let phones = piece::items(card.raw("phones")).unwrap_or_default();
    Card {
        name: card.object("name").and_then(|name| name.words("formatted_name")),
        phones: phones.into_iter().filter_map(Object::of).filter_map(|phone| number(&phone)).collect(),
        own,
    }
}
