//! Direct messages: what people write, press, take back and read.

use super::super::incoming::{Incoming, Kind, Media, MediaKind, ReplyTo};
use super::envelope::{Envelope, Event, Slot, id, moment};
use super::{blank, other, person, text};
use crate::channel::ReceiptStage;
use crate::meta::piece::items;
use crate::raw::{Object, tidy};

/// Keys of what is no message of a person, in the order in which they are looked for.
const KNOWN: [&str; 7] = ["message", "message_edit", "reaction", "postback", "read", "delivery", "referral"];

pub(super) fn meaning(envelope: &Envelope, event: &Event<'_>) -> Incoming {
    let item = &event.item;
    let sender = person(item, "sender").or_else(|| person(item, "from"));
    let recipient = person(item, "recipient");
    // Our own words come back with the roles changed; of a self-test both are us.
    let own = sender.as_ref().is_some_and(|s| s.id == envelope.account) && !envelope.account.is_empty();
    let other_side = if own { recipient } else { sender.clone() };
    let mut incoming = blank(envelope, Kind::Other { kind: String::new() });
    incoming.chat = other_side.map(|person| person.id);
    incoming.sender = sender;
    incoming.at = moment(item, "timestamp");
    incoming.standby = event.slot == Slot::Standby || event.field == "standby";
    let of_self = item.get("is_self").unwrap_or(false);
    let own = own || of_self;

    let key = KNOWN.into_iter().find(|key| item.object(key).is_some());
    let bare = bare_key(event);
    let Some((key, inner)) = key.and_then(|key| Some((key, item.object(key)?))).or_else(|| Some((bare?, Object::of(event.raw)?))) else {
        incoming.kind = other(item.keys().find(|key| !matches!(*key, "sender" | "recipient" | "timestamp")).unwrap_or("empty"));
        return incoming;
    };
    incoming.message_id = id(&inner, "mid");
    incoming.kind = match key {
        "message" => message(&inner, own, envelope.part),
        "message_edit" => match (id(&inner, "mid"), text(&inner, "text")) {
            (Some(of), Some(text)) if !own => Kind::Edited { of, text },
            _ => other(key),
        },
        "reaction" if own => other(key),
        "reaction" => reaction(&inner),
        "postback" if own => Kind::Own { text: None },
        "postback" => postback(&inner),
        "read" => receipt(&inner, "mid", ReceiptStage::Read),
        "delivery" => delivery(&inner, envelope.part),
        _ => other(key),
    };
    incoming
}

/// Some changes bring the inner value without its shell.
fn bare_key(event: &Event<'_>) -> Option<&'static str> {
    if !event.item.has("mid") {
        return None;
    }
    match event.field.as_str() {
        "message_edit" | "message_edits" => Some("message_edit"),
        "message_reactions" => Some("reaction"),
        "messages" => Some("message"),
        "messaging_postbacks" => Some("postback"),
        "messaging_seen" | "message_reads" => Some("read"),
        _ => None,
    }
}

fn message(message: &Object<'_>, own: bool, part: usize) -> Kind {
    let flag = |key: &str| message.get::<bool>(key).unwrap_or(false);
    let words = text(message, "text");
    if flag("is_deleted") {
        return id(message, "mid").map_or_else(|| other("message"), |of| Kind::Unsent { of });
    }
    if own || flag("is_echo") || flag("is_self") {
        return Kind::Own { text: words };
    }
    if let Some(data) = message.object("quick_reply").and_then(|reply| text(&reply, "payload")) {
        return if is_number(&data) { Kind::Phone { number: data } } else { Kind::Button { data } };
    }
    let files = items(message.raw("attachments")).unwrap_or_default();
    let file = files.get(part).and_then(|raw| Object::of(raw));
    let group = (files.len() > 1).then(|| id(message, "mid")).flatten();
    let caption = words.clone().filter(|_| part == 0);
    match (file.and_then(|file| attachment(&file, caption, group)), words) {
        // Beside words a link or a passed-on post is an ornament.
        (None | Some(Kind::Shared { .. } | Kind::Unsupported { .. } | Kind::Other { .. }), Some(text)) if part == 0 => {
            Kind::Text { text, reply: reply_to(message) }
        }
        (Some(kind), _) => kind,
        (None, _) => Kind::Unsupported { kind: "message".to_owned() },
    }
}

fn attachment(file: &Object<'_>, caption: Option<String>, group: Option<String>) -> Option<Kind> {
    let kind = file.get::<String>("type")?;
    let payload = file.object("payload").unwrap_or_default();
    let url = || text(&payload, "url").or_else(|| text(file, "url"));
    let media = |kind| url().map(|url| Kind::Media(Media { kind, url, caption, group }));
    match kind.as_str() {
        // A thumb or another drawn sign of the provider's own.
        "image" if payload.has("sticker_id") => Some(other("sticker")),
        "image" => media(MediaKind::Photo),
        "video" => media(MediaKind::Video),
        "audio" => media(MediaKind::Audio),
        "file" => media(MediaKind::Document),
        "location" => location(&payload),
        "story_mention" => Some(Kind::StoryMention { url: url() }),
        "share" | "ig_reel" | "reel" | "ig_post" | "post" | "ig_story" | "fallback" | "template" => {
            Some(Kind::Shared { url: url(), title: text(&payload, "title").or_else(|| text(file, "title")) })
        }
        _ => None,
    }
    .or_else(|| Some(Kind::Unsupported { kind: tidy(&kind) }))
}

fn location(payload: &Object<'_>) -> Option<Kind> {
    let place = payload.object("coordinates")?;
    let (lat, lon) = (place.get::<f64>("lat")?, place.get::<f64>("long")?);
    ((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)).then_some(Kind::Location { lat, lon })
}

fn reply_to(message: &Object<'_>) -> Option<ReplyTo> {
    let to = message.object("reply_to")?;
    match to.object("story") {
        Some(story) => Some(ReplyTo::Story(id(&story, "id"))),
        None => id(&to, "mid").map(ReplyTo::Message),
    }
}

fn reaction(reaction: &Object<'_>) -> Kind {
    let Some(of) = id(reaction, "mid") else { return other("reaction") };
    let taken_away = reaction.get::<String>("action").as_deref() == Some("unreact");
    let emoji = text(reaction, "emoji").or_else(|| text(reaction, "reaction")).filter(|_| !taken_away);
    Kind::Reaction { of, emoji }
}

fn postback(postback: &Object<'_>) -> Kind {
    match (text(postback, "payload"), text(postback, "title")) {
        (Some(data), _) => Kind::Button { data },
        (None, Some(text)) => Kind::Text { text, reply: None },
        (None, None) => other("postback"),
    }
}

fn delivery(delivery: &Object<'_>, part: usize) -> Kind {
    let mids = items(delivery.raw("mids")).unwrap_or_default();
    let mid = mids.get(part).and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    match mid.filter(|mid| crate::meta::piece::fit(mid)) {
        Some(provider_id) => Kind::Receipt { provider_id, stage: ReceiptStage::Delivered },
        None => receipt(delivery, "mid", ReceiptStage::Delivered),
    }
}

fn receipt(inner: &Object<'_>, key: &str, stage: ReceiptStage) -> Kind {
    match (id(inner, key), moment(inner, "watermark")) {
        (Some(provider_id), _) => Kind::Receipt { provider_id, stage },
        (None, Some(until)) => Kind::ReceiptUntil { until, stage },
        (None, None) => other("receipt"),
    }
}

/// A number picked from the profile comes back as the payload of its key. Data of our own buttons never looks like this.
fn is_number(data: &str) -> bool {
    let digits = data.bytes().filter(u8::is_ascii_digit).count();
    (10..=15).contains(&digits) && data.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '(' | ')' | '-'))
}
