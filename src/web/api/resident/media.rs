//! Files that residents bring: one to a call, told by its bytes, photos without their metadata, never held whole in memory unless it is a photo.

use crate::dispatch::{limits, uploads};
use crate::domain::inbound::ChannelKind;
use crate::domain::upload::{self, FileType};
use crate::store::attachments::Upload;
use crate::web::api::access::Own;
use crate::web::error::ApiError;
use crate::web::peer;
use crate::web::photos::{self, Body, PATIENCE, broken, garbled, head};
use crate::web::state::WebState;
use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::{StreamExt, TryStreamExt};
use object_store::buffered::BufWriter;
use object_store::path::Path;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

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
    let upload = if kind.is_photo() {
        photos::store(state, who.resident.0, ChannelKind::App, kind, head, field).await?
    } else {
        stream(state, who, kind, head, field).await?
    };
    // What follows is read too, so that the answer reaches a client that writes everything before it listens.
    if form.try_next().await.map_err(garbled)?.is_some() {
        uploads::failed(&state.core, &upload.0).await?;
        return Err(none());
    }
    let (upload, size) = upload;
    Ok(HttpResponse::Created().json(json!({"id": upload.id, "kind": upload.kind, "mime": upload.mime, "size": size})))
}

/// Sound and pictures that move: stored as they come.
async fn stream(state: &WebState, who: Own, kind: FileType, head: Vec<u8>, mut field: Body) -> Result<(Upload, u64), ApiError> {
    let upload = uploads::begin(&state.core, who.resident.0, ChannelKind::App, kind).await?;
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
