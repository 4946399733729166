//! Forgetting.

use crate::dispatch::erase;
use crate::web::api::access::Own;
use crate::web::error::ApiError;
use crate::web::gone;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};

/// `DELETE /me`: everything personal goes, the token too; the bytes of files and recordings follow.
///
/// # Errors
/// The store's; then nothing was erased.
pub async fn erase(who: Own, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    let erased = erase::resident(&state.core, who.resident).await?;
    gone::delete(&state, erased).await;
    Ok(HttpResponse::NoContent().finish())
}
