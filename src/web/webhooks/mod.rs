//! Webhooks: verify, store durably, answer. What is in a body is found out later.

pub mod calls;
pub mod meta;
pub mod sms;
pub mod telegram;

use super::error::ApiError;
use super::state::WebState;
use crate::metrics::InboundOutcome;
use crate::store::raw_events::NewRawEvent;
use actix_web::http::header::HeaderName;
use actix_web::{HttpRequest, HttpResponse};
use std::collections::BTreeMap;

/// Stores all that one call brought, and answers 200 only after that.
///
/// # Errors
/// `unavailable` when nothing could be stored: the platform sends again.
async fn take_in(state: &WebState, door: &'static str, events: Vec<NewRawEvent>) -> Result<HttpResponse, ApiError> {
    let mut counts: BTreeMap<(String, bool), u64> = BTreeMap::new();
    for e in &events {
        *counts.entry((e.channel.clone(), e.readable)).or_default() += 1;
    }
    if events.is_empty() {
        return Ok(HttpResponse::Ok().finish());
    }
    match state.inbox.store(events).await {
        Ok(mut new) => {
            for ((channel, readable), n) in counts {
                for _ in 0..n {
                    // Which of a body's parts were known already is not told: the first ones count as new.
                    let outcome = match (readable, new) {
                        (false, _) => InboundOutcome::Unreadable,
                        (true, 0) => InboundOutcome::Duplicate,
                        (true, _) => InboundOutcome::Accepted,
                    };
                    new = new.saturating_sub(1);
                    state.core.metrics.inbound(&channel, outcome);
                }
            }
            Ok(HttpResponse::Ok().finish())
        }
        Err(e) => {
            state.core.metrics.inbound(door, InboundOutcome::Failed);
            tracing::error!(error = %e, door, "a webhook call could not be stored; the platform will send it again");
            Err(ApiError::new("unavailable"))
        }
    }
}

/// A header as it came.
fn header<'a>(req: &'a HttpRequest, name: &str) -> Option<&'a [u8]> {
    let name: HeaderName = name.parse().ok()?;
    req.headers().get(name).map(actix_web::http::header::HeaderValue::as_bytes)
}
