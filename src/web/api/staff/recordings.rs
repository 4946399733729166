//! Recordings of calls out of the configured folder, and of nowhere else.

use super::calls;
use crate::dispatch::acts::actor_of;
use crate::store::access_log;
use crate::telephony::recording;
use crate::web::api::access::Granted;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;
use std::io::SeekFrom;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// Bytes sent at once.
const CHUNK: u64 = 64 * 1024;

/// The type of a sound file by its name.
fn kind(key: &str) -> &'static str {
    match key.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).as_deref() {
        Some("wav" | "wav49") => "audio/wav",
        Some("mp3") => "audio/mpeg",
        Some("ogg" | "opus") => "audio/ogg",
        Some("m4a") => "audio/mp4",
        Some("flac") => "audio/flac",
        _ => "application/octet-stream",
    }
}

/// What part of the file is asked for. `Some(Err)`: no such part. Several ranges are answered with the whole, as RFC 9110 allows.
fn range(header: Option<&str>, size: u64) -> Option<Result<(u64, u64), ()>> {
    let spec = header?.trim().strip_prefix("bytes=")?;
    if spec.contains(',') {
        return None;
    }
    let (first, last) = spec.trim().split_once('-')?;
    let number = |s: &str| if s.is_empty() { Some(None) } else { s.parse::<u64>().ok().map(Some) };
    let (first, last) = (number(first)?, number(last)?);
    let end = size.checked_sub(1);
    Some(match (first, last, end) {
        (None, None, _) => return None,
        (_, _, None) => Err(()),
        (Some(a), Some(b), _) if b < a => return None,
        (Some(a), b, Some(end)) if a <= end => Ok((a, b.unwrap_or(end).min(end))),
        (None, Some(n), Some(end)) if n > 0 => Ok((size.saturating_sub(n), end)),
        _ => Err(()),
    })
}

/// `GET /staff/calls/{id}/recording`. Written to the access log before the first byte goes out.
///
/// # Errors
/// `not_found` also when the file is missing or lies elsewhere; `unavailable`.
pub async fn show(req: HttpRequest, who: Granted, state: web::Data<WebState>, path: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let none = || ApiError::new("not_found");
    let call = calls::found(&state, &path).await?;
    let (Some(root), Some(key)) = (state.centre.recordings.clone(), call.call.recording) else { return Err(none()) };
    let mime = kind(&key);
    let file = web::block(move || recording::inside(&root, &key)).await.map_err(|_| ApiError::new("unavailable"))?.ok_or_else(none)?;
    let actor = actor_of(&who.scope).to_string();
    let object = format!("call:{}", call.id);
    let entry = access_log::Entry { actor: &actor, what: "recording", object: Some(&object), ..Default::default() };
    access_log::write(state.core.db.write(), state.core.wall(), &entry).await?;
    let broken = |_| ApiError::new("unavailable");
    let mut file = File::open(&file).await.map_err(broken)?;
    let size = file.metadata().await.map_err(broken)?.len();
    let asked = range(req.headers().get("range").and_then(|v| v.to_str().ok()), size);
    let mut answer = HttpResponse::Ok();
    answer
        .content_type(mime)
        .insert_header(("accept-ranges", "bytes"))
        .insert_header(("content-disposition", format!("inline; filename=\"{}\"", call.id)))
        .insert_header(("cache-control", "private, no-store"));
    let (first, left) = match asked {
        None => (0, size),
        Some(Ok((first, last))) => {
            answer.status(StatusCode::PARTIAL_CONTENT).insert_header(("content-range", format!("bytes {first}-{last}/{size}")));
            (first, last - first + 1)
        }
        Some(Err(())) => {
            return Ok(answer.status(StatusCode::RANGE_NOT_SATISFIABLE).insert_header(("content-range", format!("bytes */{size}"))).finish());
        }
    };
    file.seek(SeekFrom::Start(first)).await.map_err(broken)?;
    let body = stream::try_unfold((file, left), |(mut file, left)| async move {
        if left == 0 {
            return Ok::<_, std::io::Error>(None);
        }
        let mut part = Vec::new();
        let n = (&mut file).take(left.min(CHUNK)).read_to_end(&mut part).await? as u64;
        if n == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some((Bytes::from(part), (file, left - n))))
    });
    Ok(answer.no_chunking(left).streaming(Box::pin(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (header, want) in [
            (None, None),
            (Some("bytes=0-"), Some(Ok((0, 9)))),
            (Some("bytes=2-4"), Some(Ok((2, 4)))),
            (Some("bytes=2-99"), Some(Ok((2, 9)))),
            (Some("bytes=-3"), Some(Ok((7, 9)))),
            (Some("bytes=-99"), Some(Ok((0, 9)))),
            (Some("bytes=10-"), Some(Err(()))),
            (Some("bytes=-0"), Some(Err(()))),
            (Some("bytes=4-2"), None),
            (Some("bytes=0-1,3-4"), None),
            (Some("items=0-1"), None),
            (Some("bytes=x-y"), None),
            (Some("bytes=99999999999999999999-"), None),
        ] {
            assert_eq!(range(header, 10), want, "{header:?}");
        }
        assert_eq!(range(Some("bytes=0-"), 0), Some(Err(())));
    }
}
