//! WhatsApp's pieces as ours.

use super::receipts::{failure, receipt};
use super::{ReadError, phone_of};
use crate::domain::inbound::{ChannelKind, Content, Failure, Inbound, MediaKind, MediaRef, SenderPhone};
use bots::whatsapp::{self as wire, Card, Kind};

/// What stands for the chat of a piece that belongs to none.
const NO_CHAT: &str = "-";

/// Reads a piece.
///
/// # Errors
/// [`ReadError`].
pub fn inbound(account: &str, body: &[u8]) -> Result<Inbound, ReadError> {
    let incoming = wire::read(body).map_err(|e| ReadError::Wire(e.to_string()))?;
    // The provider has proved that the sender holds this number.
    let phone = incoming.sender.phone.as_deref().and_then(phone_of).map(|phone| SenderPhone { phone, verified: true });
    let content = content(incoming.kind, phone.as_ref());
    let chat = match (incoming.chat, &content) {
        (Some(chat), _) => chat,
        (None, Content::Ignored { .. } | Content::Receipt(_) | Content::WireDown(_)) => NO_CHAT.to_owned(),
        (None, _) => return Err(ReadError::NoChat),
    };
    let from = incoming.sender;
    Ok(Inbound {
        channel: ChannelKind::Whatsapp,
        account: account.to_owned(),
        sender: from.user_id.or(from.phone).unwrap_or_else(|| chat.clone()),
        chat,
        sender_name: from.name.or(from.username).filter(|n| !n.trim().is_empty()),
        phone,
        comment: None,
        lang_hint: None,
        message_ref: incoming.message_id,
        sent_at: incoming.at,
        content,
    })
}

fn content(kind: Kind, from: Option<&SenderPhone>) -> Content {
    match kind {
        Kind::Text { text } => Content::Text(text),
        Kind::Button { data, .. } => Content::Button { data, ack: String::new() },
        Kind::Location { lat, lon, .. } => Content::Location { lat, lon },
        Kind::Contacts(cards) => contact(&cards, from),
        Kind::Media(m) => match media_kind(m.kind) {
            Some(kind) => Content::Media { media: MediaRef { kind, file_id: m.file_id, mime: m.mime, size: None }, caption: m.caption, group: None },
            None => Content::Unsupported { kind: "sticker".into() },
        },
        Kind::Reaction { of, emoji } => Content::Reaction { of, emoji },
        Kind::Edited { of, now } => match *now {
            Kind::Text { text } => Content::Edited { of, text },
            Kind::Media(wire::Media { caption: Some(text), .. }) => Content::Edited { of, text },
            _ => Content::Ignored { kind: "edit".into() },
        },
        Kind::Revoked { of } => Content::Unsent { of },
        Kind::Renamed { chat, phone, .. } => Content::Renamed { chat, phone: phone.as_deref().and_then(phone_of) },
        Kind::Receipt(r) => Content::Receipt(receipt(r)),
        Kind::Echo(kind) => match *kind {
            Kind::Text { text } => Content::Own { text: Some(text) },
            _ => Content::Own { text: None },
        },
        Kind::Trouble(told) => {
            let worst = told.iter().map(failure).find(|f| matches!(f, Failure::Stopped | Failure::Unauthorized));
            worst.map_or_else(|| Content::Ignored { kind: "trouble".into() }, Content::WireDown)
        }
        Kind::Unsupported { kind } => Content::Unsupported { kind },
        Kind::Other { kind } => Content::Ignored { kind },
    }
}

/// A shared card. It is the sender's own when the person answered our question, or when it holds the very number that the provider proved.
fn contact(cards: &[Card], from: Option<&SenderPhone>) -> Content {
    let numbers = || cards.iter().flat_map(|c| c.phones.iter().map(move |p| (c.own, p)));
    let own = numbers().filter_map(|(own, p)| phone_of(p).filter(|phone| own || from.is_some_and(|f| f.verified && f.phone == *phone))).next();
    match own {
        Some(phone) => Content::Contact { phone: Some(phone), own: true },
        None => Content::Contact { phone: numbers().find_map(|(_, p)| phone_of(p)), own: false },
    }
}

const fn media_kind(kind: wire::MediaKind) -> Option<MediaKind> {
    match kind {
        wire::MediaKind::Photo => Some(MediaKind::Photo),
        wire::MediaKind::Voice => Some(MediaKind::Voice),
        wire::MediaKind::Video => Some(MediaKind::Video),
        wire::MediaKind::Audio => Some(MediaKind::Audio),
        wire::MediaKind::Document => Some(MediaKind::Document),
        wire::MediaKind::Sticker => None,
    }
}
