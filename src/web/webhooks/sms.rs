//! What SMS gateways bring: messages and delivery reports.

use super::{header, take_in};
use crate::metrics::InboundOutcome;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

/// The steps of the path.
#[derive(Deserialize)]
pub struct Steps {
    gateway: String,
    secret: Option<String>,
}

/// `POST /webhooks/sms/{gateway}`, also by `GET`: many gateways put everything into the query. 200 only after it is stored; 401 without the door's
/// secret; 503 when it could not be stored.
///
/// # Errors
/// As above; `not_found` for a gateway that is not described or has no secret.
pub async fn message(req: HttpRequest, state: web::Data<WebState>, steps: web::Path<Steps>, body: web::Bytes) -> Result<HttpResponse, ApiError> {
    let door = state.sms.get(&steps.gateway).ok_or_else(|| ApiError::new("not_found"))?;
    let word = |name| header(&req, name).and_then(|h| std::str::from_utf8(h).ok());
    if !door.opens(word("authorization"), steps.secret.as_deref()) {
        state.core.metrics.inbound("sms", InboundOutcome::Rejected);
        return Err(ApiError::new("unauthorized"));
    }
    take_in(&state, "sms", door.raw_events(req.query_string(), word("content-type"), &body, state.core.now())).await?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(door.taken().to_owned()))
}
