//! Errors as clients see them: `application/problem+json` with a stable code. Causes go to the log, never to the client.

use crate::dispatch::DispatchError;
use crate::domain::Lang;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Value, json};

/// An error of the API or of a page.
#[derive(Debug, thiserror::Error)]
#[error("{code}")]
pub struct ApiError {
    /// Stable; its texts for people are `error.<code>`.
    pub code: &'static str,
    /// What exactly was wrong, in English, for developers. Never personal data.
    pub detail: Option<String>,
    /// The present state of the request, for 409.
    pub present: Option<Value>,
    /// Seconds after which it is worth trying again, for 429 and 503.
    pub retry_after: Option<u64>,
    #[source]
    cause: Option<std::sync::Arc<DispatchError>>,
}

impl ApiError {
    #[must_use]
    pub fn new(code: &'static str) -> Self {
        Self { code, detail: None, present: None, retry_after: None, cause: None }
    }

    #[must_use]
    pub fn detail(code: &'static str, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..Self::new(code) }
    }

    /// The one table of codes and their HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.code {
            "bad_request" | "bad_phone" | "bad_number" => StatusCode::BAD_REQUEST,
            "unauthorized" | "bad_login" => StatusCode::UNAUTHORIZED,
            "forbidden" | "second_factor_needed" | "password_change_needed" => StatusCode::FORBIDDEN,
            "not_found" => StatusCode::NOT_FOUND,
            "conflict" | "login_taken" | "stale_version" | "not_now" | "idempotency_running" => StatusCode::CONFLICT,
            "too_large" => StatusCode::PAYLOAD_TOO_LARGE,
            "bad_media" => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "rate_limited" => StatusCode::TOO_MANY_REQUESTS,
            "unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            "internal" => StatusCode::INTERNAL_SERVER_ERROR,
            // not_oneself, password_*, bad_code, bad_score, bad_queue, bad_crew, crew_off_duty, config_breaks, empty_text, unprocessable, idempotency_mismatch
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    /// The problem document.
    #[must_use]
    pub fn problem(&self, title: &str, request_id: &str) -> Value {
        let mut body = json!({
            "type": format!("/api/docs#error-{}", self.code),
            "title": title,
            "status": self.status().as_u16(),
            "code": self.code,
            "request_id": request_id,
        });
        if let Some(map) = body.as_object_mut() {
            if let Some(d) = &self.detail {
                map.insert("detail".into(), json!(d));
            }
            if let Some(p) = &self.present {
                map.insert("request".into(), p.clone());
            }
        }
        body
    }

    /// The same error once more, for the layer that words the answer.
    #[must_use]
    pub fn clone_for_answer(&self) -> Self {
        Self { code: self.code, detail: self.detail.clone(), present: self.present.clone(), retry_after: self.retry_after, cause: self.cause.clone() }
    }

    /// Writes the cause to the log, once, at the boundary.
    pub fn log(&self, request_id: &str) {
        if let (true, Some(cause)) = (self.status().is_server_error(), &self.cause) {
            let cause: &dyn std::error::Error = cause.as_ref();
            let mut chain = cause.to_string();
            let mut next = cause.source();
            while let Some(e) = next {
                chain.push_str(": ");
                chain.push_str(&e.to_string());
                next = e.source();
            }
            tracing::error!(http.request_id = request_id, code = self.code, error = chain, "a request failed");
        }
    }
}

impl From<DispatchError> for ApiError {
    fn from(e: DispatchError) -> Self {
        let code = e.code();
        let (detail, present) = match &e {
            DispatchError::Stale(s) => (None, Some(super::api::view::present(s))),
            DispatchError::NotNow(why, s) => (Some(why.to_string()), Some(super::api::view::present(s))),
            DispatchError::Invalid { detail, .. } => (Some(detail.clone()), None),
            _ => (None, None),
        };
        // Only whoever was too late is shown what stands now.
        let present = present.filter(|_| Self::new(code).status() == StatusCode::CONFLICT);
        let retry_after = if let DispatchError::RateLimited { seconds } = e { Some(seconds) } else { None };
        Self { code, detail, present, retry_after, cause: Some(std::sync::Arc::new(e)) }
    }
}

impl From<crate::store::StoreError> for ApiError {
    fn from(e: crate::store::StoreError) -> Self {
        DispatchError::from(e).into()
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// The layer around all handlers replaces this by a document with the request's identifier and the reader's language.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status()).content_type("application/problem+json").json(self.problem(self.code, ""))
    }
}

/// The title of a problem in the reader's language.
#[must_use]
pub fn title(book: &crate::config::Book, lang: Lang, code: &str) -> String {
    let key = format!("error.{code}");
    book.messages.get(lang, &key).or_else(|| book.messages.get(lang, "error.internal")).unwrap_or(code).to_owned()
}
