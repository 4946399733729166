//! `GET /staff/events`.

use crate::web::api::access::Granted;
use crate::web::error::ApiError;
use crate::web::events::{self, Reader};
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};

/// `GET /staff/events`: server-sent events; goes on after `Last-Event-ID`.
///
/// # Errors
/// The store's, before the stream begins.
pub async fn stream(req: HttpRequest, who: Granted, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    // A word that is no place of ours is a place we do not know: the reader is told to look anew.
    let last = req.headers().get("last-event-id").map(|v| v.to_str().ok().and_then(|t| t.trim().parse::<i64>().ok()).unwrap_or(-1));
    let reader = Reader { scope: who.scope.clone(), token: who.token.clone(), session: false };
    let body = events::open(state, reader, last).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("cache-control", "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(Box::pin(body)))
}
