//! A file of a request, out of our own store, never held whole in memory. Its type was named by a stranger: only harmless ones are shown in place, the rest is downloaded.

use crate::dispatch::acts::actor_of;
use crate::domain::access::Scope;
use crate::domain::{AttachmentId, RequestNumber};
use crate::store::attachments::AttachmentRow;
use crate::store::{access_log, attachments, requests};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Header;
use object_store::path::Path;
use object_store::{Error, GetOptions, GetRange};
use std::ops::Range;

/// Types that a browser shows without running anything.
const SHOWN: [&str; 12] = [
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "audio/ogg",
    "audio/mpeg",
    "audio/mp4",
    "audio/aac",
    "audio/wav",
    "video/mp4",
    "video/webm",
    "video/quicktime",
];

/// The type to answer with, and whether to show it in place.
fn kind(mime: Option<&str>) -> (&'static str, &'static str) {
    let essence = mime.unwrap_or("").split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    match SHOWN.iter().find(|s| **s == essence) {
        Some(shown) => (shown, "inline"),
        None if essence == "application/pdf" => ("application/pdf", "attachment"),
        None => ("application/octet-stream", "attachment"),
    }
}

/// What a player asks a file for.
pub type Asked = Option<Header<header::Range>>;

/// A part of a file that is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// Also for several parts at once, as HTTP allows.
    Whole,
    Bytes(Range<u64>),
    /// Beyond the end.
    Nothing,
}

fn part(asked: Option<&header::Range>, size: u64) -> Part {
    let Some(header::Range::Bytes(specs)) = asked else { return Part::Whole };
    let [one] = specs.as_slice() else { return Part::Whole };
    one.to_satisfiable_range(size).map_or(Part::Nothing, |(from, to)| Part::Bytes(from..to.saturating_add(1)))
}

/// The file, or the part that is asked for, as an answer. Written to the access log before the first byte goes out.
///
/// # Errors
/// `not_found` also for another request's file and for one that is not fetched yet, lost or erased.
pub async fn answer(state: &WebState, scope: &Scope, number: &RequestNumber, id: &str, asked: &Asked) -> Result<HttpResponse, ApiError> {
    let none = || ApiError::new("not_found");
    let id: AttachmentId = id.parse().map_err(|_| none())?;
    let db = state.core.db.read();
    let stored = requests::by_number_scoped(db, number, scope).await?.ok_or_else(none)?;
    let request = stored.request.id;
    let file = attachments::load(db, id).await?.filter(|a| a.request_id == Some(request.0)).ok_or_else(none)?;
    if !is_here(&file) {
        return Err(none());
    }
    let actor = actor_of(scope).to_string();
    access_log::note(state.core.db.write(), state.core.wall(), &actor, "attachment", Some(request), None).await?;
    send(state, file, asked).await
}

fn is_here(file: &AttachmentRow) -> bool {
    file.status == attachments::status::STORED && file.store_key.is_some()
}

/// A stored file, or the part of it that is asked for.
///
/// # Errors
/// `not_found` for one that is not fetched yet, lost or erased; `unavailable`.
pub async fn send(state: &WebState, file: AttachmentRow, asked: &Asked) -> Result<HttpResponse, ApiError> {
    let none = || ApiError::new("not_found");
    let id = file.id;
    let key = file.store_key.filter(|_| file.status == attachments::status::STORED).ok_or_else(none)?;
    let path = Path::from(key.as_str());
    let part = match file.size.and_then(|s| u64::try_from(s).ok()) {
        Some(size) => part(asked.as_ref().map(|h| &h.0), size),
        None => Part::Whole,
    };
    let options = match &part {
        Part::Whole => GetOptions::default(),
        Part::Bytes(range) => GetOptions { range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() },
        Part::Nothing => {
            let whole = format!("bytes */{}", file.size.unwrap_or(0));
            return Ok(HttpResponse::RangeNotSatisfiable().insert_header((header::CONTENT_RANGE, whole)).finish());
        }
    };
    let found = match state.media.get_opts(&path, options).await {
        Ok(found) => found,
        Err(Error::NotFound { .. }) => {
            tracing::error!(attachment.id = %id, "a stored file is missing from the media store");
            return Err(none());
        }
        Err(e) => {
            tracing::error!(attachment.id = %id, error = %e, "the media store does not answer");
            return Err(ApiError::new("unavailable"));
        }
    };
    let (mime, disposition) = kind(file.mime.as_deref());
    let mut answer = match part {
        Part::Bytes(_) => HttpResponse::PartialContent(),
        _ => HttpResponse::Ok(),
    };
    if matches!(part, Part::Bytes(_)) {
        let (from, to) = (found.range.start, found.range.end.saturating_sub(1));
        answer.insert_header((header::CONTENT_RANGE, format!("bytes {from}-{to}/{}", found.meta.size)));
    }
    let length = found.range.end.saturating_sub(found.range.start);
    Ok(answer
        .content_type(mime)
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header(("content-disposition", format!("{disposition}; filename=\"{id}\"")))
        .insert_header(("cache-control", "private, no-store"))
        .no_chunking(length)
        .streaming(found.into_stream()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_file() {
        for (asked, want) in [
            ("bytes=0-9", Part::Bytes(0..10)),
            ("bytes=90-", Part::Bytes(90..100)),
            ("bytes=-5", Part::Bytes(95..100)),
            ("bytes=10-4000000000", Part::Bytes(10..100)),
            ("bytes=-4000", Part::Bytes(0..100)),
            ("bytes=100-", Part::Nothing),
            ("bytes=0-1,5-6", Part::Whole),
            ("lines=1-2", Part::Whole),
        ] {
            assert_eq!(part(asked.parse().ok().as_ref(), 100), want, "{asked}");
        }
        assert_eq!(part(None, 100), Part::Whole);
    }

    #[test]
    fn strangers_types_run_nothing() {
        for (mime, want) in [
            (Some("image/jpeg"), ("image/jpeg", "inline")),
            (Some("Audio/OGG; codecs=opus"), ("audio/ogg", "inline")),
            (Some("application/pdf"), ("application/pdf", "attachment")),
            (Some("text/html"), ("application/octet-stream", "attachment")),
            (Some("image/svg+xml"), ("application/octet-stream", "attachment")),
            (Some("image/jpeg\r\nx: y"), ("application/octet-stream", "attachment")),
            (None, ("application/octet-stream", "attachment")),
        ] {
            assert_eq!(kind(mime), want, "{mime:?}");
        }
    }
}
