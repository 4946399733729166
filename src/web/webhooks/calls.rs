//! What exchanges tell of calls.

use super::header;
use crate::metrics::InboundOutcome;
use crate::telephony::inbox as call_inbox;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};

/// Largest body about calls, in bytes; the documents of FreeSWITCH are some tens of kilobytes.
const LARGEST_CALL_BODY: usize = 1024 * 1024;

/// `POST /webhooks/calls/{source}`. 200 only after the body is stored; what it says is found out later. 401 without the door's secret; 503 when it
/// could not be stored.
///
/// # Errors
/// As above; `not_found` for a door that is not open; `too_large`.
pub async fn record(req: HttpRequest, state: web::Data<WebState>, source: web::Path<String>, body: web::Bytes) -> Result<HttpResponse, ApiError> {
    let count = |outcome| state.core.metrics.inbound("phone", outcome);
    let door = state.centre.doors.get(source.as_str()).ok_or_else(|| ApiError::new("not_found"))?;
    if !door.opens(header(&req, "authorization").and_then(|h| std::str::from_utf8(h).ok())) {
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
