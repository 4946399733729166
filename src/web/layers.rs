//! Around every handler: a request identifier, a log line without personal data, the duration metric, security headers, problem documents.

use super::error::{ApiError, title};
use super::peer;
use super::state::WebState;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};

const ID: HeaderName = HeaderName::from_static("x-request-id");

/// Headers of every answer. The policy allows no inline script and nothing from elsewhere.
const SECURITY: [(&str, &str); 5] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("permissions-policy", "geolocation=(self), camera=(), microphone=()"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// The layer.
pub async fn around(req: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    // Start-up puts it in; without it there is no service to speak of.
    let state = req.app_data::<web::Data<WebState>>().cloned();
    let id = request_id(&req);
    let method = req.method().clone();
    let lang = peer::language(req.request());
    let wants_page = req.path().starts_with("/console") || matches!(req.path(), "/" | "/t") || req.path().starts_with("/t/");
    let began = std::time::Instant::now();
    let res = next.call(req).await?;
    let route = res.request().match_pattern().unwrap_or_else(|| "unmatched".into());
    let status = res.status();
    let took = began.elapsed();
    if let Some(s) = &state {
        s.core.metrics.http(&route, method.as_str(), status.as_u16(), took);
    }
    if status.is_server_error() {
        tracing::warn!(http.request_id = %id, http.route = %route, http.method = %method, http.status = status.as_u16(), took_ms = took.as_millis() as u64, "answered");
    } else {
        tracing::debug!(http.request_id = %id, http.route = %route, http.method = %method, http.status = status.as_u16(), took_ms = took.as_millis() as u64, "answered");
    }
    let mut wait = None;
    let secure = state.as_ref().is_some_and(|s| s.secure_cookies);
    let mut res = match (state, problem_of(&res)) {
        (Some(s), Some(e)) => {
            e.log(&id);
            wait = e.retry_after;
            let text = title(&s.core.book, lang, e.code);
            let body = if wants_page {
                super::console::error_page(&s, lang, &e, &text, &id)
            } else {
                HttpResponse::build(status).content_type("application/problem+json").body(e.problem(&text, &id).to_string())
            };
            let (request, _) = res.into_parts();
            ServiceResponse::new(request, body)
        }
        _ => res.map_into_boxed_body(),
    };
    let headers = res.headers_mut();
    if let Ok(v) = HeaderValue::from_str(&id) {
        headers.insert(ID, v);
    }
    if matches!(status.as_u16(), 429 | 503) && !headers.contains_key(header::RETRY_AFTER) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.unwrap_or(if status.as_u16() == 503 { 1 } else { 60 })));
    }
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    for (name, value) in SECURITY {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Ok(res)
}

/// The caller's own identifier when it is a plain word, else a new one.
fn request_id(req: &ServiceRequest) -> String {
    let given = req.headers().get(&ID).and_then(|v| v.to_str().ok());
    match given {
        Some(v) if !v.is_empty() && v.len() <= 64 && v.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') => v.to_owned(),
        _ => uuid::Uuid::now_v7().to_string(),
    }
}

/// The error behind an answer. Errors of actix itself (a body too large, a wrong path) become ours.
fn problem_of<B>(res: &ServiceResponse<B>) -> Option<ApiError> {
    let status = res.status();
    if let Some(error) = res.response().error() {
        if let Some(e) = error.as_error::<ApiError>() {
            return Some(e.clone_for_answer());
        }
        let code = match status.as_u16() {
            404 => "not_found",
            413 => "too_large",
            415 => "bad_media",
            500.. => "internal",
            _ => "bad_request",
        };
        // Its text may hold parts of the body: only the class of the error is told.
        return Some(ApiError::new(code));
    }
    let unanswered = res.response().headers().get("content-type").is_none();
    match status.as_u16() {
        404 if unanswered => Some(ApiError::new("not_found")),
        _ => None,
    }
}
