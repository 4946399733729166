//! Telegram's updates.

use super::{header, take_in};
use crate::channels;
use crate::metrics::InboundOutcome;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};

/// `POST /webhooks/telegram/{bot}`. 200 only after the update is stored; 401 without the secret; 503 when nothing could be stored.
///
/// # Errors
/// As above, and `not_found` for a bot that is not configured.
pub async fn update(req: HttpRequest, state: web::Data<WebState>, bot: web::Path<String>, body: web::Bytes) -> Result<HttpResponse, ApiError> {
    let secret = state.telegram.get(bot.as_str()).ok_or_else(|| ApiError::new("not_found"))?;
    if !channels::telegram::authentic(header(&req, channels::telegram::SECRET_HEADER), secret) {
        state.core.metrics.inbound("telegram", InboundOutcome::Rejected);
        return Err(ApiError::new("unauthorized"));
    }
    take_in(&state, "telegram", vec![channels::telegram::raw_event(bot.as_str(), &body, state.core.now())]).await
}
