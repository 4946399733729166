//! The one door of WhatsApp, Instagram and the Facebook page: who may come in, and a body as rows of the inbox.

use super::{MAIN, social, whatsapp};
use crate::config::Channels;
use crate::domain::Instant;
use crate::domain::inbound::ChannelKind;
use crate::store::raw_events::{NewRawEvent, RawEventRow};
use bots::meta::{self as wire, Wire};

/// The header that carries the signature of a body.
pub const SIGNATURE_HEADER: &str = wire::SIGNATURE_HEADER;

/// What stands for the channel of a body that names none of ours.
pub const UNKNOWN: &str = "meta";

/// Who may come in. It has no `Debug`: it holds secrets.
#[derive(Clone)]
pub struct Door {
    secrets: Vec<String>,
    verify_token: String,
    /// The provider's number of our WhatsApp account; empty: not said.
    own_number: String,
}

impl Door {
    /// The door, when a secret is set: without one anybody could speak for Meta.
    #[must_use]
    pub fn of(config: &Channels) -> Option<Self> {
        let secrets: Vec<String> =
            [&config.meta.app_secret, &config.instagram.app_secret].into_iter().filter(|s| !s.is_empty()).map(|s| s.expose().to_owned()).collect();
        let own_number = config.whatsapp.phone_number_id.clone();
        (!secrets.is_empty()).then(|| Self { secrets, verify_token: config.meta.verify_token.expose().to_owned(), own_number })
    }

    /// Everything that a body holds, as rows of the inbox.
    #[must_use]
    pub fn raw_events(&self, body: &[u8], received_at: Instant) -> Vec<NewRawEvent> {
        raw_events(&self.own_number, body, received_at)
    }

    /// A kept row by the settings as they are now: a whole body is cut once more; what came to another number may be ours after all.
    #[must_use]
    pub fn again(&self, row: &RawEventRow) -> Vec<NewRawEvent> {
        if row.channel != ChannelKind::Whatsapp.as_str() || whatsapp::inbound(MAIN, &row.body).is_err() {
            return self.raw_events(&row.body, row.received_at);
        }
        let kept: serde_json::Value = serde_json::from_slice(&row.body).unwrap_or_default();
        let number = kept.pointer("/metadata/phone_number_id").and_then(serde_json::Value::as_str).unwrap_or_default();
        let readable = ours(&self.own_number, Wire::Whatsapp, number);
        vec![NewRawEvent {
            channel: row.channel.clone(),
            account: row.account.clone(),
            external_id: row.external_id.clone(),
            conversation_key: row.conversation_key.clone(),
            body: row.body.clone(),
            received_at: row.received_at,
            readable,
        }]
    }

    /// Does the header sign these very bytes? Compared in constant time.
    #[must_use]
    pub fn authentic(&self, header: Option<&[u8]>, body: &[u8]) -> bool {
        // Every secret is tried, so that the time does not tell which one it was.
        self.secrets.iter().fold(false, |found, secret| wire::signed(header, secret, body) | found)
    }

    /// What the handshake is answered with; `None` for who does not know the word.
    #[must_use]
    pub fn challenge<'a>(&self, mode: Option<&str>, token: Option<&str>, challenge: Option<&'a str>) -> Option<&'a str> {
        wire::challenge(mode, token, challenge, &self.verify_token)
    }
}

/// The channel that a piece belongs to.
const fn channel(wire: Wire) -> Option<ChannelKind> {
    match wire {
        Wire::Whatsapp => Some(ChannelKind::Whatsapp),
        Wire::Instagram => Some(ChannelKind::Instagram),
        Wire::Page => Some(ChannelKind::Facebook),
        Wire::Unknown => None,
    }
}

/// Of WhatsApp, one application may serve several numbers. A page's or account's own number differs from view to view and decides nothing.
fn ours(own: &str, wire: Wire, account: &str) -> bool {
    wire != Wire::Whatsapp || own.is_empty() || account.is_empty() || own == account
}

/// What is said under a post goes the way of its author's messages: a conversation is never in two hands.
fn lane(channel: &str, piece: &wire::Piece) -> String {
    let public = piece.chat.starts_with("comment:");
    let author = ChannelKind::parse(channel).filter(|_| public).and_then(|kind| social::inbound(kind, MAIN, &piece.body).ok());
    author.map_or_else(|| piece.chat.clone(), |i| i.chat)
}

/// Everything that a body holds, one row each. What cannot be told apart or read is kept as it came, and so is what came to another number of the same
/// application than `own`: it is not ours to answer.
#[must_use]
pub fn raw_events(own: &str, body: &[u8], received_at: Instant) -> Vec<NewRawEvent> {
    wire::pieces(body)
        .into_iter()
        .map(|piece| {
            let channel = channel(piece.wire).map_or(UNKNOWN, ChannelKind::as_str);
            let conversation_key = format!("{channel}:{MAIN}:{}", lane(channel, &piece));
            NewRawEvent {
                channel: channel.to_owned(),
                account: MAIN.to_owned(),
                external_id: piece.external_id,
                conversation_key,
                body: piece.body,
                received_at,
                readable: piece.readable && channel != UNKNOWN && ours(own, piece.wire, &piece.account),
            }
        })
        .collect()
}
