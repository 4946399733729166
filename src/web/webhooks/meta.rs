//! The one door of WhatsApp, Instagram and the Facebook page.

use super::{header, take_in};
use crate::channels::meta::{SIGNATURE_HEADER, UNKNOWN};
use crate::metrics::InboundOutcome;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

/// Largest body that Meta sends, in bytes, with something to spare: three megabytes are documented.
pub const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// The question of the handshake.
#[derive(Deserialize)]
pub struct Handshake {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.verify_token")]
    token: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
}

/// `GET /webhooks/meta`: the challenge comes back to who knows our word.
///
/// # Errors
/// `forbidden` for everybody else; `not_found` while no secret is set.
pub async fn handshake(state: web::Data<WebState>, asked: web::Query<Handshake>) -> Result<HttpResponse, ApiError> {
    let door = state.meta.as_ref().ok_or_else(|| ApiError::new("not_found"))?;
    let answer = door.challenge(asked.mode.as_deref(), asked.token.as_deref(), asked.challenge.as_deref());
    let answer = answer.ok_or_else(|| ApiError::new("forbidden"))?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(answer.to_owned()))
}

/// `POST /webhooks/meta`. 200 only after everything in the body is stored; 401 without a signature over these very bytes; 503 when nothing could be
/// stored. What we do not understand is stored too: Meta repeats for days what is not answered with 200.
///
/// # Errors
/// As above; `not_found` while no secret is set.
pub async fn events(req: HttpRequest, state: web::Data<WebState>, body: web::Bytes) -> Result<HttpResponse, ApiError> {
    let door = state.meta.as_ref().ok_or_else(|| ApiError::new("not_found"))?;
    if !door.authentic(header(&req, SIGNATURE_HEADER), &body) {
        state.core.metrics.inbound(UNKNOWN, InboundOutcome::Rejected);
        return Err(ApiError::new("unauthorized"));
    }
    take_in(&state, UNKNOWN, door.raw_events(&body, state.core.now())).await
}
