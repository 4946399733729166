//! Where somebody named us under a post of another account: how such a place is called, asked for and answered.

use super::failure;
use crate::channel::{FetchError, Mentioned, MentionedFile, OutKind, SendError};
use crate::meta::Graph;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Begins the name of such a place: the provider's numbers begin with a digit.
const MARK: char = 'm';

/// The name of a place, which says all that an answer needs.
pub fn name(media: &str, comment: Option<&str>) -> String {
    comment.map_or_else(|| format!("{MARK}{media}"), |comment| format!("{MARK}{media}_{comment}"))
}

/// The post, and the comment under it, that a name stands for; `None` for what is no such name.
pub fn parts(name: &str) -> Option<(&str, Option<&str>)> {
    let rest = name.strip_prefix(MARK)?;
    Some(rest.split_once('_').map_or((rest, None), |(media, comment)| (media, Some(comment))))
}

/// The numbers become a part of a query in the provider's own language.
fn plain(id: &str) -> bool {
    (1..=100).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The body that answers at such a place.
pub fn answer(media: &str, comment: Option<&str>, text: &str) -> Value {
    match comment {
        Some(comment) => json!({"media_id": media, "comment_id": comment, "message": text}),
        None => json!({"media_id": media, "message": text}),
    }
}

/// Asks what was said there.
pub async fn ask(graph: &Graph, account: &str, media: &str, comment: Option<&str>) -> Result<Mentioned, FetchError> {
    if !plain(media) || !comment.is_none_or(plain) {
        return Err(FetchError::Gone);
    }
    let (field, asked) = match comment {
        Some(id) => ("mentioned_comment", format!("mentioned_comment.comment_id({id}){{id,text,timestamp}}")),
        None => ("mentioned_media", format!("mentioned_media.media_id({media}){{id,caption,media_type,media_url,timestamp,username}}")),
    };
    let told = graph.get(account, &[("fields", &asked)]).await.map_err(|error| match failure::of(&error) {
        SendError::Rejected(_) | SendError::Unreachable(_) | SendError::Blocked | SendError::WindowClosed | SendError::TemplateRefused(_) => {
            FetchError::Gone
        }
        later => FetchError::Transient(later.to_string()),
    })?;
    told.get(field).filter(|found| found.is_object()).map(read).ok_or(FetchError::Gone)
}

fn read(found: &Value) -> Mentioned {
    let words = |key: &str| found.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let kind = match found.get("media_type").and_then(Value::as_str) {
        Some("VIDEO") => Some(OutKind::Video),
        Some("IMAGE" | "CAROUSEL_ALBUM") => Some(OutKind::Photo),
        _ => None,
    };
    Mentioned {
        text: words("text").or_else(|| words("caption")),
        by: words("username"),
        at: words("timestamp").and_then(|at| moment(&at)),
        file: kind.zip(words("media_url")).map(|(kind, url)| MentionedFile { kind, url }),
    }
}

/// The provider writes the offset without a colon.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z")).ok().map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_an_answer_needs() {
        for (media, comment, want) in [("179", None, "m179"), ("179", Some("180"), "m179_180")] {
            assert_eq!(name(media, comment), want);
            assert_eq!(parts(want), Some((media, comment)));
        }
        for other in ["179", "1_2", "", "comment"] {
            assert_eq!(parts(other), None, "{other}");
        }
    }

    #[test]
    fn whatever_is_told_is_read() {
        let whole = json!({"id": "1", "caption": " су жоқ ", "media_type": "VIDEO", "media_url": "https://x/1.mp4", "timestamp": "2026-11-18T11:06:40+0000",
            "username": "aigul"});
        let got = read(&whole);
        assert_eq!((got.text.as_deref(), got.by.as_deref()), (Some("су жоқ"), Some("aigul")));
        assert_eq!(got.at.map(|at| at.timestamp()), Some(1_795_000_000));
        assert_eq!(got.file, Some(MentionedFile { kind: OutKind::Video, url: "https://x/1.mp4".into() }));
        for odd in
            [json!({}), json!({"text": 7, "timestamp": "then", "media_type": "AUDIO", "media_url": "x"}), json!({"text": " ", "media_type": "IMAGE"})]
        {
            assert_eq!(read(&odd), Mentioned::default(), "{odd}");
        }
    }
}
