//! THE route table: every path of the program stands here, those of `/api/v1` in [`api::ROUTES`].

use super::error::ApiError;
use super::{api, console, docs, health, public, webhooks};
use actix_web::web::{self, ServiceConfig, get, post};
use actix_web::{HttpResponse, error};

/// Probes, and metrics unless they have a listener of their own.
pub fn probes(c: &mut ServiceConfig, metrics: bool) {
    c.route("/health/live", get().to(health::live)).route("/health/ready", get().to(health::ready));
    if metrics {
        c.route("/metrics", get().to(health::metrics));
    }
}

/// Everything else.
pub fn all(c: &mut ServiceConfig) {
    c.route("/webhooks/telegram/{bot}", post().to(webhooks::telegram::update));
    c.service(
        web::resource("/webhooks/meta")
            .app_data(web::PayloadConfig::new(webhooks::meta::LARGEST_BODY))
            .route(get().to(webhooks::meta::handshake))
            .route(post().to(webhooks::meta::events)),
    );
    c.route("/webhooks/calls/{source}", post().to(webhooks::calls::record));
    // Gateways that can carry no header give their secret as a part of the path.
    for path in ["/webhooks/sms/{gateway}", "/webhooks/sms/{gateway}/{secret}"] {
        c.service(web::resource(path).route(post().to(webhooks::sms::message)).route(get().to(webhooks::sms::message)));
    }
    c.route("/api/docs", get().to(docs::page)).route("/api/v1/openapi.json", get().to(docs::openapi));
    api::configure(c);
    console::configure(c);
    public::configure(c);
}

/// What nobody serves.
///
/// # Errors
/// Always `not_found`.
pub async fn nothing() -> Result<HttpResponse, ApiError> {
    Err(ApiError::new("not_found"))
}

/// Where a body stops being what was asked for. Its words are never repeated: they may be personal.
#[must_use]
pub fn bad_json(d: &serde_json::Error) -> ApiError {
    ApiError::detail("bad_request", format!("JSON: line {}, column {}: {:?} error", d.line(), d.column(), d.classify()))
}

/// JSON bodies: limited, and a wrong one is told by its place, never by its content.
#[must_use]
pub fn json_config(limit: usize) -> web::JsonConfig {
    web::JsonConfig::default().limit(limit).content_type_required(true).error_handler(|e, _| {
        let e = match e {
            error::JsonPayloadError::Overflow { .. } | error::JsonPayloadError::OverflowKnownLength { .. } => ApiError::new("too_large"),
            error::JsonPayloadError::ContentType => ApiError::detail("bad_request", "content-type must be application/json"),
            error::JsonPayloadError::Deserialize(d) => bad_json(&d),
            _ => ApiError::new("bad_request"),
        };
        e.into()
    })
}

/// Form bodies.
#[must_use]
pub fn form_config(limit: usize) -> web::FormConfig {
    web::FormConfig::default().limit(limit).error_handler(|_, _| ApiError::detail("bad_request", "the form cannot be read").into())
}
