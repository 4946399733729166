//! A file of a request, out of our own store. Its type was named by a stranger: only harmless ones are shown in place, the rest is downloaded.

use crate::dispatch::acts::actor_of;
use crate::domain::access::Scope;
use crate::domain::{AttachmentId, RequestNumber};
use crate::store::{access_log, attachments, requests};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::HttpResponse;
use object_store::path::Path;
use object_store::{Error, ObjectStoreExt};

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

/// The file as an answer. Written to the access log before the first byte goes out.
///
/// # Errors
/// `not_found` also for another request's file and for one that is not fetched yet, lost or erased.
pub async fn answer(state: &WebState, scope: &Scope, number: &RequestNumber, id: &str) -> Result<HttpResponse, ApiError> {
    let none = || ApiError::new("not_found");
    let id: AttachmentId = id.parse().map_err(|_| none())?;
    let db = state.core.db.read();
    let stored = requests::by_number_scoped(db, number, scope).await?.ok_or_else(none)?;
    let request = stored.request.id;
    let file = attachments::load(db, id).await?.filter(|a| a.request_id == Some(request.0)).ok_or_else(none)?;
    let key = file.store_key.filter(|_| file.status == attachments::status::STORED).ok_or_else(none)?;
    let actor = actor_of(scope).to_string();
    access_log::note(state.core.db.write(), state.core.wall(), &actor, "attachment", Some(request), None).await?;
    let found = match state.media.get(&Path::from(key.as_str())).await {
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
    Ok(HttpResponse::Ok()
        .content_type(mime)
        .insert_header(("content-disposition", format!("{disposition}; filename=\"{id}\"")))
        .insert_header(("cache-control", "private, no-store"))
        .no_chunking(found.meta.size)
        .streaming(found.into_stream()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
