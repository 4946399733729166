//! Forgetting.

use crate::dispatch::erase;
use crate::store::doomed;
use crate::telephony::recording;
use crate::web::api::access::Own;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use object_store::path::Path;
use object_store::{Error, ObjectStoreExt};

/// `DELETE /me`: everything personal goes, the token too. Files follow at once after the commit; those that cannot be deleted now are noted, and
/// deleted later. Recordings lie in the exchange's folder: one that we may not delete is named in the log for the administrator.
///
/// # Errors
/// The store's; then nothing was erased.
pub async fn erase(who: Own, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    let gone = erase::resident(&state.core, who.resident).await?;
    for key in gone.files {
        match state.media.delete(&Path::from(key.as_str())).await {
            Ok(()) | Err(Error::NotFound { .. }) => {
                if let Err(e) = doomed::done(state.core.db.write(), &key).await {
                    tracing::debug!(error = %e, "a deleted file stays noted; the housekeeper looks for it once more");
                }
            }
            Err(e) => tracing::warn!(media.key = key, error = %e, "an erased resident's file could not be deleted now; it will be tried again"),
        }
    }
    let root = state.centre.recordings.clone();
    let left = web::block(move || gone.recordings.iter().filter(|key| !recording::delete(root.as_deref(), key)).count()).await;
    match left {
        Ok(0) => {}
        Ok(n) => tracing::error!(
            recordings = n,
            "recordings of an erased resident could not be deleted: nobody reaches them by us, delete them at the exchange"
        ),
        Err(_) => tracing::error!("recordings of an erased resident were not deleted: delete them at the exchange"),
    }
    Ok(HttpResponse::NoContent().finish())
}
