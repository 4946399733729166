//! Forgetting.

use crate::dispatch::erase;
use crate::web::api::access::Own;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use object_store::path::Path;
use object_store::{Error, ObjectStoreExt};

/// `DELETE /me`: everything personal goes, the token too. Files follow after the commit; one that cannot be deleted now is named in the log for the
/// administrator, for nothing points at it any more.
///
/// # Errors
/// The store's; then nothing was erased.
pub async fn erase(who: Own, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    let keys = erase::resident(&state.core, who.0).await?;
    for key in keys {
        match state.media.delete(&Path::from(key.as_str())).await {
            Ok(()) | Err(Error::NotFound { .. }) => {}
            Err(e) => tracing::error!(media.key = key, error = %e, "an erased resident's file could not be deleted: delete it by hand"),
        }
    }
    Ok(HttpResponse::NoContent().finish())
}
