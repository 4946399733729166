//! Photos out of forms: told by their bytes, held whole while they are cleaned of metadata, then stored.

use super::error::ApiError;
use super::state::{PIECE_OF_ROOM, WebState};
use crate::dispatch::uploads;
use crate::domain::inbound::ChannelKind;
use crate::domain::upload::{self, FileType, HEAD};
use crate::store::attachments::Upload;
use actix_multipart::{Field, MultipartError};
use actix_web::web;
use futures_util::TryStreamExt;
use futures_util::stream::Fuse;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use sha2::{Digest, Sha256};
use std::time::Duration;
use uuid::Uuid;

/// A photo is held whole while it is cleaned, so it may not be larger than this, in bytes.
const LARGEST_PHOTO: u64 = 12 * 1024 * 1024;
/// The longest that a file may take; networks of villages are slow.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// The bytes of a part. Asked for more after its end, a bare field panics.
pub type Body = Fuse<Field>;

/// The beginning, as much as decides what it is, or all there is; a piece may be longer.
///
/// # Errors
/// `too_large`, `bad_request`.
pub async fn head(field: &mut Body) -> Result<Vec<u8>, ApiError> {
    let mut head = Vec::new();
    while head.len() < HEAD {
        let Some(piece) = field.try_next().await.map_err(garbled)? else { break };
        head.extend_from_slice(&piece);
    }
    Ok(head)
}

/// What was wrong with a form.
#[must_use]
pub fn garbled(e: MultipartError) -> ApiError {
    // Its text may repeat what was sent.
    match e {
        MultipartError::Payload(actix_web::error::PayloadError::Overflow) => ApiError::new("too_large"),
        _ => ApiError::detail("bad_request", "the form cannot be read to its end"),
    }
}

/// A photo: whole, cleaned, then stored under a random key, and noted as brought by `by`.
///
/// # Errors
/// `bad_media`, `too_large`, `bad_request`, `unavailable`.
pub async fn store(
    state: &WebState,
    by: Uuid,
    channel: ChannelKind,
    kind: FileType,
    head: Vec<u8>,
    mut field: Body,
) -> Result<(Upload, u64), ApiError> {
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
    let upload = uploads::begin(&state.core, by, channel, kind).await?;
    let (size, hash) = (clean.len() as u64, hex::encode(Sha256::digest(&clean)));
    if let Err(e) = state.media.put(&Path::from(upload.key.as_str()), clean.into()).await {
        return Err(lost(state, &upload, &e).await);
    }
    uploads::arrived(&state.core, &upload, &hash, size).await?;
    Ok((upload, size))
}

/// What is told when the media store does not take a file.
pub fn broken(upload: &Upload, e: &dyn std::fmt::Display) -> ApiError {
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
