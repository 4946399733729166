//! Files that residents bring: one to a call, told by its bytes, photos without their metadata, never held whole in memory unless it is a photo.

use crate::dispatch::{limits, uploads};
use crate::domain::upload::{self, FileType, HEAD};
use crate::store::attachments::Upload;
use crate::web::api::access::Own;
use crate::web::error::ApiError;
use crate::web::peer;
use crate::web::state::{PIECE_OF_ROOM, WebState};
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream::Fuse;
use futures_util::{StreamExt, TryStreamExt};
use object_store::ObjectStoreExt;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// A photo is held whole while it is cleaned, so it may not be larger than this, in bytes.
const LARGEST_PHOTO: u64 = 12 * 1024 * 1024;
/// The longest that a file may take; networks of villages are slow.
const PATIENCE: Duration = Duration::from_secs(600);

/// The bytes of a part.
type Body = Fuse<Field>;

/// `POST /media`: `multipart/form-data` with one part called `file`. 201 with what a request or a message names it by.
///
/// # Errors
/// `bad_media`, `too_large`, `bad_request`, `rate_limited`, `unavailable`.
pub async fn put(req: HttpRequest, who: Own, state: web::Data<WebState>, form: Multipart) -> Result<HttpResponse, ApiError> {
    limits::upload(&state.core, who.resident, &peer::address(&req, &state)).await?;
    let late = || ApiError::detail("bad_request", "the file did not come in time");
    tokio::time::timeout(PATIENCE, take(&state, who, form)).await.unwrap_or_else(|_| Err(late()))
}

async fn take(state: &WebState, who: Own, mut form: Multipart) -> Result<HttpResponse, ApiError> {
    let none = || ApiError::detail("bad_request", "a part called 'file' is needed, and nothing else");
    let field = form.try_next().await.map_err(garbled)?.ok_or_else(none)?;
    if field.name() != Some("file") {
        return Err(none());
    }
    // Asked for more after its end, a field panics.
    let mut field = field.fuse();
    let head = head(&mut field).await?;
    let kind = upload::sniff(&head).ok_or_else(|| ApiError::new("bad_media"))?;
    let upload = if kind.is_photo() { photo(state, who, kind, head, field).await? } else { stream(state, who, kind, head, field).await? };
    // What follows is read too, so that the answer reaches a client that writes everything before it listens.
    if form.try_next().await.map_err(garbled)?.is_some() {
        uploads::failed(&state.core, &upload.0).await?;
        return Err(none());
    }
    let (upload, size) = upload;
    Ok(HttpResponse::Created().json(json!({"id": upload.id, "kind": upload.kind, "mime": upload.mime, "size": size})))
}

/// The beginning, as much as decides what it is, or all there is; a piece may be longer.
async fn head(field: &mut Body) -> Result<Vec<u8>, ApiError> {
    let mut head = Vec::new();
    while head.len() < HEAD {
        let Some(piece) = field.try_next().await.map_err(garbled)? else { break };
        head.extend_from_slice(&piece);
    }
    Ok(head)
}

fn garbled(e: MultipartError) -> ApiError {
    // Its text may repeat what was sent.
    match e {
        MultipartError::Payload(actix_web::error::PayloadError::Overflow) => ApiError::new("too_large"),
        _ => ApiError::detail("bad_request", "the form cannot be read to its end"),
    }
}

/// A photo: whole, cleaned, then stored.
async fn photo(state: &WebState, who: Own, kind: FileType, head: Vec<u8>, mut field: Body) -> Result<(Upload, u64), ApiError> {
    // Room is taken as the photo comes, so that slow ones keep little of it from others. Whoever finds none comes again in a moment.
    let room = || state.photos.try_acquire().map_err(|_| ApiError::new("unavailable"));
    let mut held = room()?;
    let limit = LARGEST_PHOTO.min(state.largest_file);
    let mut bytes = head;
    while let Some(piece) = field.try_next().await.map_err(garbled)? {
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > limit {
            return Err(ApiError::new("too_large"));
        }
        while held.num_permits() * PIECE_OF_ROOM < bytes.len() {
            held.merge(room()?);
        }
    }
    let clean = web::block(move || upload::clean(kind, &bytes)).await.map_err(|_| ApiError::new("unavailable"))?;
    let refused = |why: String| ApiError::detail("bad_media", why);
    let clean = clean.ok_or_else(|| refused("not a photo".into()))?.map_err(|e| refused(e.to_string()))?;
    let upload = uploads::begin(&state.core, who.resident, kind).await?;
    let (size, hash) = (clean.len() as u64, hex::encode(Sha256::digest(&clean)));
    if let Err(e) = state.media.put(&Path::from(upload.key.as_str()), clean.into()).await {
        return Err(lost(state, &upload, &e).await);
    }
    uploads::arrived(&state.core, &upload, &hash, size).await?;
    Ok((upload, size))
}

/// Sound and pictures that move: stored as they come.
async fn stream(state: &WebState, who: Own, kind: FileType, head: Vec<u8>, mut field: Body) -> Result<(Upload, u64), ApiError> {
    let upload = uploads::begin(&state.core, who.resident, kind).await?;
    let mut file = BufWriter::with_capacity(state.media.clone(), Path::from(upload.key.as_str()), state.media_part).with_max_concurrency(1);
    let mut hash = Sha256::new();
    let mut size = 0;
    let mut piece = web::Bytes::from(head);
    let ended = loop {
        size += piece.len() as u64;
        if size > state.largest_file {
            break Err(ApiError::new("too_large"));
        }
        hash.update(&piece);
        if let Err(e) = file.write_all(&piece).await {
            break Err(broken(&upload, &e));
        }
        match field.try_next().await {
            Ok(Some(next)) => piece = next,
            Ok(None) => break Ok(()),
            Err(e) => break Err(garbled(e)),
        }
    };
    let ended = match ended {
        Ok(()) => file.shutdown().await.map_err(|e| broken(&upload, &e)),
        Err(e) => {
            if let Err(e) = file.abort().await {
                tracing::warn!(attachment.id = %upload.id, error = %e, "parts of a file that did not come whole may be left in the media store");
            }
            Err(e)
        }
    };
    if let Err(e) = ended {
        uploads::failed(&state.core, &upload).await?;
        return Err(e);
    }
    uploads::arrived(&state.core, &upload, &hex::encode(hash.finalize()), size).await?;
    Ok((upload, size))
}

fn broken(upload: &Upload, e: &dyn std::fmt::Display) -> ApiError {
    tracing::error!(attachment.id = %upload.id, error = %e, "a file cannot be stored");
    ApiError::new("unavailable")
}

async fn lost(state: &WebState, upload: &Upload, e: &object_store::Error) -> ApiError {
    let answer = broken(upload, e);
    match uploads::failed(&state.core, upload).await {
        Ok(()) => answer,
        Err(e) => e.into(),
    }
}
