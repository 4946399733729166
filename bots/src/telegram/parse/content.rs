//! What a private message says: words, a command, a place, a card, a file, or something we cannot use.

use super::super::update::{Kind, Media, MediaKind, Sender};
use crate::raw::{Object, tidy};
use serde_json::value::RawValue;
use teloxide::types::{FileMeta, Message};

/// Content that a person sends on purpose and that we have no use for.
const UNSUPPORTED: [&str; 12] =
    ["sticker", "dice", "story", "poll", "game", "checklist", "paid_media", "invoice", "giveaway", "web_app_data", "passport_data", "gift"];

/// Notes that Telegram writes into a chat by itself, or as a by-product of something else.
const SERVICE: [&str; 17] = [
    "pinned_message",
    "message_auto_delete_timer_changed",
    "write_access_allowed",
    "connected_website",
    "chat_background_set",
    "boost_added",
    "successful_payment",
    "refunded_payment",
    "users_shared",
    "chat_shared",
    "new_chat_title",
    "new_chat_photo",
    "proximity_alert_triggered",
    "unique_gift",
    "giveaway_completed",
    "checklist_tasks_done",
    "checklist_tasks_added",
];

/// Content that we do read; named when it came broken.
const READ: [&str; 9] = ["location", "contact", "photo", "voice", "video", "video_note", "animation", "audio", "document"];

/// Everything that stands around the content.
const ENVELOPE: [&str; 37] = [
    "author_signature",
    "business_connection_id",
    "caption",
    "caption_entities",
    "chat",
    "date",
    "direct_messages_topic",
    "edit_date",
    "effect_id",
    "entities",
    "external_reply",
    "forward_date",
    "forward_from",
    "forward_from_chat",
    "forward_from_message_id",
    "forward_origin",
    "forward_sender_name",
    "from",
    "has_media_spoiler",
    "has_protected_content",
    "is_automatic_forward",
    "is_from_offline",
    "is_paid_post",
    "is_topic_message",
    "link_preview_options",
    "media_group_id",
    "message_id",
    "message_thread_id",
    "paid_star_count",
    "quote",
    "reply_markup",
    "reply_to_message",
    "reply_to_story",
    "sender_boost_count",
    "sender_chat",
    "show_caption_above_media",
    "via_bot",
];

/// Reads a new message. `raw` is the text of the same object, for teloxide.
pub fn of_message(message: &Object<'_>, raw: Option<&RawValue>, sender: Option<&Sender>) -> Kind {
    if let Some(text) = message.get::<String>("text") {
        return match command(&text) {
            Some((name, arg)) => Kind::Command { name, arg },
            None => Kind::Text { text },
        };
    }
    let typed = raw.and_then(|raw| serde_json::from_str::<Message>(raw.get()).ok());
    typed
        .and_then(|typed| place(&typed).or_else(|| card(&typed, sender)).or_else(|| media(&typed).map(Kind::Media)))
        .unwrap_or_else(|| unread(message))
}

/// Reads a changed message: only its new words matter. The stream of points of a live location arrives here too and is not news.
pub fn of_edit(message: &Object<'_>) -> Kind {
    let text = message.get("text").or_else(|| message.get("caption"));
    match (message.get("message_id"), text) {
        (Some(message_id), Some(text)) => Kind::Edited { message_id, text },
        _ if message.has("location") => Kind::Other { kind: "live_location".to_owned() },
        _ => Kind::Other { kind: "edited_message".to_owned() },
    }
}

/// `/name`, `/name arg`, `/name@bot arg`. A slash before digits or Cyrillic letters is ordinary writing ("/5 үй").
fn command(text: &str) -> Option<(String, String)> {
    let rest = text.strip_prefix('/')?;
    let (head, arg) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (name, bot) = head.split_once('@').unwrap_or((head, "x"));
    let word = |s: &str| (1..=32).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let begins_with_letter = name.starts_with(|c: char| c.is_ascii_alphabetic());
    (begins_with_letter && word(name) && word(bot)).then(|| (name.to_ascii_lowercase(), arg.trim().to_owned()))
}

/// A point, also that of a shared venue. A point that is not on Earth is no place.
fn place(message: &Message) -> Option<Kind> {
    let point = message.location().or_else(|| message.venue().map(|venue| &venue.location))?;
    let (lat, lon) = (point.latitude, point.longitude);
    let on_earth = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
    on_earth.then_some(Kind::Location { lat, lon, live: point.live_period.is_some() })
}

fn card(message: &Message, sender: Option<&Sender>) -> Option<Kind> {
    let contact = message.contact()?;
    let of = contact.user_id.and_then(|id| i64::try_from(id.0).ok());
    let own = of.is_some() && of == sender.map(|s| s.id);
    Some(Kind::Contact { phone: contact.phone_number.clone(), own })
}

fn media(message: &Message) -> Option<Media> {
    let (kind, file, mime, name) = if let Some(sizes) = message.photo() {
        let largest = sizes.iter().max_by_key(|p| (u64::from(p.width) * u64::from(p.height), known_size(&p.file)))?;
        (MediaKind::Photo, &largest.file, None, None)
    } else if let Some(voice) = message.voice() {
        (MediaKind::Voice, &voice.file, voice.mime_type.as_ref(), None)
    } else if let Some(video) = message.video() {
        (MediaKind::Video, &video.file, video.mime_type.as_ref(), video.file_name.clone())
    } else if let Some(note) = message.video_note() {
        (MediaKind::Video, &note.file, None, None)
    } else if let Some(animation) = message.animation() {
        (MediaKind::Video, &animation.file, animation.mime_type.as_ref(), animation.file_name.clone())
    } else if let Some(audio) = message.audio() {
        (MediaKind::Audio, &audio.file, audio.mime_type.as_ref(), audio.file_name.clone())
    } else {
        let document = message.document()?;
        (MediaKind::Document, &document.file, document.mime_type.as_ref(), document.file_name.clone())
    };
    Some(Media {
        kind,
        file_id: file.id.0.clone(),
        size: known_size(file),
        mime: mime.map(ToString::to_string),
        name,
        caption: message.caption().map(str::to_owned),
        group: message.media_group_id().map(|group| group.0.clone()),
    })
}

/// teloxide writes the largest number where Telegram did not say the size.
pub fn known_size(file: &FileMeta) -> Option<u64> {
    (file.size != u32::MAX).then(|| u64::from(file.size))
}

/// Names what we could not read, so that the answer and the metrics can tell one kind from another.
fn unread(message: &Object<'_>) -> Kind {
    let first_of = |names: &[&'static str]| names.iter().copied().find(|name| message.has(name));
    if let Some(kind) = first_of(&UNSUPPORTED).or_else(|| first_of(&READ)) {
        return Kind::Unsupported { kind: kind.to_owned() };
    }
    if let Some(kind) = first_of(&SERVICE) {
        return Kind::Other { kind: kind.to_owned() };
    }
    let stranger = message.keys().find(|key| !ENVELOPE.contains(key));
    Kind::Unsupported { kind: stranger.map_or_else(|| "empty".to_owned(), tidy) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_what_only_looks_like_one() {
        let table = [
            ("/start", Some(("start", ""))),
            ("/start@Jambyl109Bot  T-26-77 ", Some(("start", "T-26-77"))),
            ("/Menu\nекінші жол", Some(("menu", "екінші жол"))),
            ("/my_requests", Some(("my_requests", ""))),
            ("/5 үй, 2 подъезд", None),
            ("/үй", None),
            ("/", None),
            ("/@bot", None),
            ("/start@", None),
            ("/start@bad-name", None),
            ("су жоқ /start", None),
            (" /start", None),
        ];
        for (text, expected) in table {
            let got = command(text);
            assert_eq!(got.as_ref().map(|(n, a)| (n.as_str(), a.as_str())), expected, "{text:?}");
        }
        assert_eq!(command(&format!("/{}", "a".repeat(33))), None);
    }
}
