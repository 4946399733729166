//! A form as a browser sends it, with a photo behind its fields or without: `multipart/form-data` and the plain kind are read alike.

use super::error::ApiError;
use super::photos::{self, Body, PATIENCE, garbled};
use super::state::WebState;
use crate::domain::inbound::ChannelKind;
use crate::domain::upload;
use crate::store::attachments::Upload;
use actix_multipart::Multipart;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::{StreamExt, TryStreamExt};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Fields that a form may have, and the bytes of one.
const MOST_FIELDS: usize = 24;
const LONGEST_FIELD: usize = 32 * 1024;

/// A form whose fields were read. The photo, which stands last, has not been touched: whether it is wanted is decided by the fields.
pub struct Sent {
    fields: BTreeMap<String, String>,
    /// The form that the photo is still to be read from, and its part.
    rest: Option<(Multipart, Body)>,
}

impl Sent {
    /// Reads the fields.
    ///
    /// # Errors
    /// `bad_request` for what is no form or has not come whole in time, `too_large`.
    pub async fn read(req: &HttpRequest, payload: web::Payload) -> Result<Self, ApiError> {
        let late = |_| Err(ApiError::detail("bad_request", "the form did not come in time"));
        tokio::time::timeout(PATIENCE, fields(req, payload)).await.unwrap_or_else(late)
    }

    /// A field, trimmed; empty when there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |v| v.trim())
    }

    /// Cleans and stores the photo, if one was taken.
    ///
    /// # Errors
    /// `bad_media`, `too_large`, `bad_request`, `unavailable`.
    pub async fn photo(&mut self, state: &WebState, by: Uuid, channel: ChannelKind) -> Result<Option<Upload>, ApiError> {
        let Some((form, part)) = self.rest.take() else { return Ok(None) };
        let late = |_| Err(ApiError::detail("bad_request", "the photo did not come in time"));
        tokio::time::timeout(PATIENCE, photo(state, by, channel, form, part)).await.unwrap_or_else(late)
    }

    /// Reads what was not wanted, and keeps nothing of it.
    pub async fn skip(&mut self) {
        if let Some((form, part)) = self.rest.take() {
            // Whoever does not end is cut off.
            let _ = tokio::time::timeout(PATIENCE, rest(form, part)).await;
        }
    }
}

async fn fields(req: &HttpRequest, payload: web::Payload) -> Result<Sent, ApiError> {
    let kind = req.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or("");
    if !kind.to_ascii_lowercase().starts_with("multipart/form-data") {
        let read = web::Form::<BTreeMap<String, String>>::from_request(req, &mut payload.into_inner()).await;
        let fields = read.map_err(|_| ApiError::detail("bad_request", "the form cannot be read"))?.into_inner();
        return Ok(Sent { fields, rest: None });
    }
    let mut form = Multipart::new(req.headers(), payload);
    let mut fields = BTreeMap::new();
    while let Some(part) = form.try_next().await.map_err(garbled)? {
        let name = part.name().unwrap_or("").to_owned();
        // Asked for more after its end, a part panics.
        let mut part = part.fuse();
        if name == "photo" {
            return Ok(Sent { fields, rest: Some((form, part)) });
        }
        let mut value = Vec::new();
        while let Some(piece) = part.try_next().await.map_err(garbled)? {
            value.extend_from_slice(&piece);
            if value.len() > LONGEST_FIELD {
                return Err(ApiError::new("too_large"));
            }
        }
        let value = String::from_utf8(value).map_err(|_| ApiError::detail("bad_request", "a field is no text"))?;
        fields.insert(name, value);
        if fields.len() > MOST_FIELDS {
            return Err(ApiError::detail("bad_request", "too many fields"));
        }
    }
    Ok(Sent { fields, rest: None })
}

async fn photo(state: &WebState, by: Uuid, channel: ChannelKind, form: Multipart, mut part: Body) -> Result<Option<Upload>, ApiError> {
    let head = photos::head(&mut part).await?;
    // A browser sends an empty part when no photo was chosen.
    if head.is_empty() {
        rest(form, part).await;
        return Ok(None);
    }
    let Some(kind) = upload::sniff(&head).filter(|k| k.is_photo()) else {
        rest(form, part).await;
        return Err(ApiError::new("bad_media"));
    };
    let stored = photos::store(state, by, channel, kind, head, part).await;
    drain(form).await;
    Ok(Some(stored?.0))
}

/// What follows is read too, so that the answer reaches a client that writes everything before it listens. The form waits for the part to be let go.
async fn rest(form: Multipart, part: Body) {
    drop(part);
    drain(form).await;
}

async fn drain(mut form: Multipart) {
    while form.try_next().await.is_ok_and(|p| p.is_some()) {}
}
