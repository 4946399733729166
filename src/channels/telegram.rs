//! Telegram's updates as ours.

use super::{ReadError, phone_of};
use crate::domain::Instant;
use crate::domain::inbound::{ChannelKind, Content, Inbound, MediaKind, MediaRef};
use crate::domain::lang::Lang;
use crate::store::raw_events::NewRawEvent;
use bots::telegram::{self as wire, Kind};
use sha2::{Digest, Sha256};

/// An update as a row of the inbox. A body without an update number is kept under its own hash and marked unreadable.
#[must_use]
pub fn raw_event(bot: &str, body: &[u8], received_at: Instant) -> NewRawEvent {
    let update = wire::update_id(body);
    let external_id = update.map_or_else(|| format!("sha256:{}", hex::encode(Sha256::digest(body))), |id| id.to_string());
    let chat = wire::chat_key(body).unwrap_or_else(|| "-".to_owned());
    NewRawEvent {
        channel: ChannelKind::Telegram.as_str().to_owned(),
        account: bot.to_owned(),
        external_id,
        conversation_key: format!("{}:{bot}:{chat}", ChannelKind::Telegram),
        body: body.to_vec(),
        received_at,
        readable: update.is_some(),
    }
}

/// The header in which Telegram repeats the secret of a webhook.
pub const SECRET_HEADER: &str = bots::signature::TELEGRAM_HEADER;

/// Does a webhook call know the secret? Compared in constant time.
#[must_use]
pub fn authentic(header: Option<&[u8]>, secret: &str) -> bool {
    bots::signature::secret_matches(header, secret)
}

/// Reads an update. `skip_labels` are the words of the "skip" key in every language: that key comes back as plain text.
///
/// # Errors
/// [`ReadError`].
pub fn inbound(bot: &str, body: &[u8], skip_labels: &[&str]) -> Result<Inbound, ReadError> {
    let incoming = wire::split(body).map_err(|e| ReadError::Wire(format!("not an update: {e}")))?;
    let content = match incoming.kind {
        Kind::Text { text } if skip_labels.contains(&text.trim()) => Content::Button { data: "ds:skip".into(), ack: String::new() },
        Kind::Text { text } => Content::Text(text),
        Kind::Command { name, arg } => Content::Command { name, arg },
        Kind::Button { data, callback_id } => Content::Button { data, ack: callback_id },
        Kind::Location { lat, lon, .. } => Content::Location { lat, lon },
        Kind::Contact { phone, own } => Content::Contact { phone: phone_of(&phone), own },
        Kind::Media(m) => Content::Media {
            media: MediaRef { kind: media_kind(m.kind), file_id: m.file_id, mime: m.mime, size: m.size },
            caption: m.caption,
            group: m.group,
        },
        Kind::Edited { message_id, text } => Content::Edited { of: message_id.to_string(), text },
        Kind::Blocked => Content::Blocked,
        Kind::Unblocked => Content::Unblocked,
        Kind::Unsupported { kind } => Content::Unsupported { kind },
        Kind::Other { kind } => Content::Ignored { kind },
    };
    let chat = match (incoming.chat, &content) {
        (Some(id), _) => id.to_string(),
        (None, Content::Ignored { .. }) => "-".to_owned(),
        (None, _) => return Err(ReadError::NoChat),
    };
    let sender = incoming.sender.unwrap_or_default();
    let name = [sender.first_name, sender.last_name].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Ok(Inbound {
        channel: ChannelKind::Telegram,
        account: bot.to_owned(),
        chat,
        sender: sender.id.to_string(),
        sender_name: (!name.trim().is_empty()).then_some(name),
        phone: None,
        comment: None,
        lang_hint: sender.language_code.as_deref().and_then(|c| c.get(0..2)).and_then(Lang::parse),
        message_ref: incoming.message_id.map(|id| id.to_string()),
        sent_at: incoming.date,
        content,
    })
}

fn media_kind(kind: wire::MediaKind) -> MediaKind {
    match kind {
        wire::MediaKind::Photo => MediaKind::Photo,
        wire::MediaKind::Voice => MediaKind::Voice,
        wire::MediaKind::Video => MediaKind::Video,
        wire::MediaKind::Audio => MediaKind::Audio,
        wire::MediaKind::Document => MediaKind::Document,
    }
}
