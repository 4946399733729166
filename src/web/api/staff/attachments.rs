//! A file of a request, for API clients.

use crate::web::api::access::Granted;
use crate::web::api::input;
use crate::web::error::ApiError;
use crate::web::files;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};

/// `GET /staff/requests/{number}/attachments/{id}`.
///
/// # Errors
/// As [`files::answer`].
pub async fn show(
    who: Granted,
    state: web::Data<WebState>,
    path: web::Path<(String, String)>,
    asked: files::Asked,
) -> Result<HttpResponse, ApiError> {
    let (number, id) = path.into_inner();
    files::answer(&state, &who.scope, &input::number(&number)?, &id, &asked).await
}
