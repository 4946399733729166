//! What stands in public: comments under our posts, posts of visitors on our page, places where somebody named us.

use super::super::incoming::{Incoming, Kind, Media, MediaKind, Person, Place};
use super::envelope::{Envelope, Event, id, moment};
use super::{blank, other, person, text};
use crate::raw::Object;

pub(super) fn meaning(envelope: &Envelope, event: &Event<'_>) -> Incoming {
    match event.field.as_str() {
        "comments" => comment(envelope, &event.item, false),
        "live_comments" => comment(envelope, &event.item, true),
        "mentions" => mention(envelope, &event.item),
        "feed" => feed(envelope, &event.item),
        field => blank(envelope, other(field)),
    }
}

/// Puts an event where it stands.
fn placed(incoming: Incoming, place: Place, sender: Option<Person>) -> Incoming {
    Incoming { chat: Some(format!("comment:{}", place.comment)), message_id: Some(place.comment.clone()), place: Some(place), sender, ..incoming }
}

/// Somebody named us under a post of another account: only numbers are told.
fn mention(envelope: &Envelope, value: &Object<'_>) -> Incoming {
    let Some(media) = id(value, "media_id") else { return blank(envelope, other("mention")) };
    let comment = id(value, "comment_id");
    let place = Place { comment: super::super::mention::name(&media, comment.as_deref()), post: media.clone(), parent: None, live: false };
    let incoming = Incoming { at: envelope.told, ..blank(envelope, Kind::Mention { media, comment }) };
    placed(incoming, place, None)
}

/// A comment on Instagram. Only new ones are told.
fn comment(envelope: &Envelope, value: &Object<'_>, live: bool) -> Incoming {
    let from = value.object("from").unwrap_or_default();
    let sender = person(value, "from");
    // What the account itself wrote carries its own scoped number.
    let own = from.has("self_ig_scoped_id") || sender.as_ref().is_some_and(|s| s.id == envelope.account);
    let words = text(value, "text");
    let kind = match words {
        text if own => Kind::Own { text },
        Some(text) => Kind::Text { text, reply: None },
        // A picture or a sign alone states nothing.
        None => other("comment"),
    };
    let media = value.object("media").unwrap_or_default();
    let live = live || media.get::<String>("media_product_type").as_deref() == Some("LIVE");
    let incoming = Incoming {
        // A comment carries no time of its own, or does so by exception; the first telling comes nearest.
        at: moment(value, "created_time").or_else(|| moment(value, "timestamp")).or(envelope.told),
        ..blank(envelope, kind)
    };
    let Some(comment) = id(value, "id").or_else(|| id(value, "comment_id")) else {
        return Incoming { kind: other("comment"), ..incoming };
    };
    // Under a promoted post the medium is the advertisement's copy.
    let post = id(&media, "original_media_id").or_else(|| id(&media, "id")).unwrap_or_default();
    let parent = id(value, "parent_id").filter(|parent| *parent != post);
    placed(incoming, Place { comment, post, parent, live }, sender)
}

/// Something happened on the page.
fn feed(envelope: &Envelope, value: &Object<'_>) -> Incoming {
    let item: String = value.get("item").unwrap_or_default();
    let is_comment = item == "comment";
    let post = id(value, "post_id");
    let comment = if is_comment { id(value, "comment_id") } else { post.clone() };
    let is_post = matches!(item.as_str(), "post" | "status" | "photo" | "video" | "share" | "link" | "note");
    let incoming = Incoming { at: moment(value, "created_time").or(envelope.told), ..blank(envelope, other(&item)) };
    let (Some(comment), true) = (comment, is_comment || is_post) else { return incoming };

    let sender = person(value, "from")
        .or_else(|| Some(Person { id: id(value, "sender_id")?, name: text(value, "sender_name") }))
        .or_else(|| Some(Person { id: id(value, "from_id")?, name: None }));
    let own = sender.as_ref().is_some_and(|s| s.id == envelope.account);
    let verb: String = value.get("verb").unwrap_or_default();
    let kind = match verb.as_str() {
        "add" if own && is_comment => Kind::Own { text: text(value, "message") },
        // Our own posts are no answers and no requests.
        "add" | "edit" | "edited" if own => other(&item),
        "add" => said(value, &item),
        "edit" | "edited" => match text(value, "message") {
            Some(text) => Kind::Edited { of: comment.clone(), text },
            None => other(&item),
        },
        "remove" | "hide" | "block" => Kind::Unsent { of: comment.clone() },
        "unhide" | "unblock" => Kind::Shown { of: comment.clone() },
        _ => other(&item),
    };
    // A comment directly under a post names the post as its parent.
    let parent = id(value, "parent_id").filter(|parent| is_comment && Some(parent) != post.as_ref());
    let place = Place { post: post.unwrap_or_default(), comment, parent, live: false };
    placed(Incoming { kind, ..incoming }, place, sender)
}

/// What a new comment or a visitor's new post says: words, or a file with words.
fn said(value: &Object<'_>, item: &str) -> Kind {
    let words = text(value, "message");
    let file = |key: &str, kind| text(value, key).filter(|url| url.starts_with("https://")).map(|url| (url, kind));
    let file = match item {
        "photo" => file("link", MediaKind::Photo),
        "video" => file("link", MediaKind::Video),
        "comment" => file("photo", MediaKind::Photo).or_else(|| file("video", MediaKind::Video)),
        _ => None,
    };
    match (file, words) {
        (Some((url, kind)), caption) => Kind::Media(Media { kind, url, caption, group: None }),
        (None, Some(text)) => Kind::Text { text, reply: None },
        (None, None) => other(item),
    }
}
