//! What comes from the Instagram account and from the Facebook page, as ours.

use super::receipts::stage;
use super::{ReadError, phone_of};
use crate::domain::inbound::{ChannelKind, CommentPlace, Content, Inbound, MediaKind, MediaRef, Receipt};
use bots::channel::{Mentioned, MentionedFile, OutKind};
use bots::social::{self as wire, Kind};

/// Files of one message that are looked for when it is taken back.
const MOST_FILES: usize = 30;

/// Reads an event.
///
/// # Errors
/// [`ReadError`].
pub fn inbound(channel: ChannelKind, account: &str, body: &[u8]) -> Result<Inbound, ReadError> {
    let incoming = wire::read(body).ok_or_else(|| ReadError::Wire("no event of Instagram or of a page".into()))?;
    let standby =
        incoming.standby && !matches!(incoming.kind, Kind::Unsent { .. } | Kind::Receipt { .. } | Kind::ReceiptUntil { .. } | Kind::Own { .. });
    // Somebody else answers there.
    let elsewhere = matches!(incoming.kind, Kind::Mention { .. });
    let content = if standby { Content::Ignored { kind: "standby".into() } } else { content(incoming.kind) };
    let comment = incoming.place.map(|p| CommentPlace { comment: p.comment, post: p.post, parent: p.parent, live: p.live, elsewhere });
    let author = incoming.sender.as_ref().map(|p| p.id.clone()).filter(|id| !id.is_empty());
    let chat = match (&comment, author.clone(), incoming.chat) {
        // What is said under a post is answered there once; everything else goes where its author writes to us.
        (Some(_), Some(author), _) => author,
        (_, _, Some(chat)) => chat,
        (Some(place), None, None) => format!("comment:{}", place.comment),
        (None, Some(author), None) => author,
        (None, None, None) => match content {
            Content::Ignored { .. } | Content::Receipt(_) | Content::Own { .. } => "-".to_owned(),
            _ => return Err(ReadError::NoChat),
        },
    };
    Ok(Inbound {
        channel,
        account: account.to_owned(),
        sender: author.unwrap_or_else(|| chat.clone()),
        chat,
        sender_name: incoming.sender.and_then(|p| p.name).filter(|n| !n.trim().is_empty()),
        phone: None,
        comment,
        lang_hint: None,
        message_ref: incoming.message_id,
        sent_at: incoming.at,
        content,
    })
}

fn content(kind: Kind) -> Content {
    match kind {
        Kind::Text { text, .. } => Content::Text(text),
        Kind::Button { data } => Content::Button { data, ack: String::new() },
        // Taken from a profile: nobody has proved it.
        Kind::Phone { number } => Content::Contact { phone: phone_of(&number), own: false },
        Kind::Media(m) => Content::Media { media: file(media_kind(m.kind), m.url), caption: m.caption, group: m.group },
        Kind::StoryMention { url: Some(url) } => Content::Media { media: file(MediaKind::Photo, url), caption: None, group: None },
        Kind::StoryMention { url: None } => Content::Unsupported { kind: "story_mention".into() },
        Kind::Location { lat, lon } => Content::Location { lat, lon },
        Kind::Shared { .. } => Content::Unsupported { kind: "share".into() },
        Kind::Edited { of, text } => Content::Edited { of, text },
        Kind::Unsent { of } => Content::Unsent { of },
        Kind::Shown { of } => Content::Shown { of },
        Kind::Reaction { of, emoji } => Content::Reaction { of, emoji },
        Kind::Receipt { provider_id, stage: s } => Content::Receipt(Receipt { provider_id, tag: None, stage: stage(s), at: None, failure: None }),
        Kind::ReceiptUntil { until, stage: s } => Content::ReceiptUntil { until, stage: stage(s) },
        Kind::Own { text } => Content::Own { text },
        Kind::Mention { media, comment } => Content::Mention { media, comment },
        Kind::Unsupported { kind } => Content::Unsupported { kind },
        Kind::Other { kind } => Content::Ignored { kind },
    }
}

/// What was said where somebody named us, once the provider has told it; `None` when it told no words and showed nothing.
#[must_use]
pub fn mentioned(told: &Mentioned) -> Option<Content> {
    let kind = |file: &MentionedFile| if file.kind == OutKind::Video { MediaKind::Video } else { MediaKind::Photo };
    match (&told.file, &told.text) {
        (Some(f), caption) => Some(Content::Media { media: file(kind(f), f.url.clone()), caption: caption.clone(), group: None }),
        (None, Some(text)) => Some(Content::Text(text.clone())),
        (None, None) => None,
    }
}

/// A message with several files stands in the inbox once for each; a comment under its own name.
pub(super) fn names_of(handle: &str) -> Vec<String> {
    let parts = (1..MOST_FILES).map(|n| format!("{handle}#{n}"));
    [handle.to_owned(), format!("comment:{handle}:add")].into_iter().chain(parts).collect()
}

/// The provider tells neither type nor size; the address is the handle.
fn file(kind: MediaKind, url: String) -> MediaRef {
    MediaRef { kind, file_id: url, mime: None, size: None }
}

const fn media_kind(kind: wire::MediaKind) -> MediaKind {
    match kind {
        wire::MediaKind::Photo => MediaKind::Photo,
        wire::MediaKind::Video => MediaKind::Video,
        wire::MediaKind::Audio => MediaKind::Audio,
        wire::MediaKind::Document => MediaKind::Document,
    }
}
