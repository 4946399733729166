//! `/console`.

use super::error::ApiError;
use super::state::WebState;
use crate::domain::Lang;
use actix_web::HttpResponse;
use actix_web::web::ServiceConfig;

/// Routes of the console.
pub fn configure(_c: &mut ServiceConfig) {}

/// A page for an error, instead of a problem document.
#[must_use]
pub fn error_page(_state: &WebState, _lang: Lang, e: &ApiError, title: &str, _request_id: &str) -> HttpResponse {
    HttpResponse::build(e.status()).content_type("text/plain; charset=utf-8").body(title.to_owned())
}
