//! Webhooks: verify, store durably, answer. What is in the body is found out later.

use super::error::ApiError;
use super::state::WebState;
use crate::channels;
use crate::metrics::InboundOutcome;
use crate::telephony::inbox as call_inbox;
use actix_web::{HttpRequest, HttpResponse, web};

/// `POST /webhooks/telegram/{bot}`. 200 only after the update is stored; 401 without the secret; 503 when nothing could be stored.
///
/// # Errors
/// As above, and `not_found` for a bot that is not configured.
pub async fn telegram(req: HttpRequest, state: web::Data<WebState>, bot: web::Path<String>, body: web::Bytes) -> Result<HttpResponse, ApiError> {
    let secret = state.telegram.get(bot.as_str()).ok_or_else(|| ApiError::new("not_found"))?;
    let header = req.headers().get(channels::telegram::SECRET_HEADER).map(actix_web::http::header::HeaderValue::as_bytes);
    if !channels::telegram::authentic(header, secret) {
        state.core.metrics.inbound("telegram", InboundOutcome::Rejected);
        return Err(ApiError::new("unauthorized"));
    }
    let event = channels::telegram::raw_event(bot.as_str(), &body, state.core.now());
    let readable = event.readable;
    match state.inbox.store(vec![event]).await {
        Ok(new) => {
            let outcome = match (readable, new) {
                (false, _) => InboundOutcome::Unreadable,
                (true, 0) => InboundOutcome::Duplicate,
                (true, _) => InboundOutcome::Accepted,
            };
            state.core.metrics.inbound("telegram", outcome);
            Ok(HttpResponse::Ok().finish())
        }
        Err(e) => {
            state.core.metrics.inbound("telegram", InboundOutcome::Failed);
            tracing::error!(error = %e, "a webhook call could not be stored; the platform will send it again");
            Err(ApiError::new("unavailable"))
        }
    }
}

/// Largest body about calls, in bytes; the documents of FreeSWITCH are some tens of kilobytes.
const LARGEST_CALL_BODY: usize = 1024 * 1024;

/// `POST /webhooks/calls/{source}`. 200 only after the body is stored; what it says is found out later. 401 without the door's secret; 503 when it
/// could not be stored.
///
/// # Errors
/// As above; `not_found` for a door that is not open; `too_large`.
pub async fn calls(req: HttpRequest, state: web::Data<WebState>, source: web::Path<String>, body: web::Bytes) -> Result<HttpResponse, ApiError> {
    let count = |outcome| state.core.metrics.inbound("phone", outcome);
    let door = state.centre.doors.get(source.as_str()).ok_or_else(|| ApiError::new("not_found"))?;
    if !door.opens(req.headers().get("authorization").and_then(|h| h.to_str().ok())) {
        count(InboundOutcome::Rejected);
        return Err(ApiError::new("unauthorized"));
    }
    if body.len() > LARGEST_CALL_BODY {
        count(InboundOutcome::Rejected);
        return Err(ApiError::new("too_large"));
    }
    match call_inbox::take_in(&state.core, &source, &body).await {
        Ok(new) => {
            count(if new { InboundOutcome::Accepted } else { InboundOutcome::Duplicate });
            Ok(HttpResponse::Ok().finish())
        }
        Err(e) => {
            count(InboundOutcome::Failed);
            tracing::error!(error = %e, "a body about calls could not be stored; the exchange must send it again");
            Err(ApiError::new("unavailable"))
        }
    }
}
