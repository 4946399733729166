//! What follows an erasure: bytes of files go at once, those that cannot be deleted now are noted and deleted later. Recordings lie in the exchange's
//! folder: one that we may not delete is named in the log for the administrator.

use super::state::WebState;
use crate::dispatch::erase::Erased;
use crate::store::doomed;
use crate::telephony::recording;
use actix_web::web;
use object_store::path::Path;
use object_store::{Error, ObjectStoreExt};

/// Deletes what an erasure left to be deleted; gives how many recordings are still there.
pub async fn delete(state: &WebState, gone: Erased) -> usize {
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
    let all = gone.recordings.len();
    let left = web::block(move || gone.recordings.iter().filter(|key| !recording::delete(root.as_deref(), key)).count()).await.unwrap_or(all);
    if left > 0 {
        tracing::error!(
            recordings = left,
            "recordings of an erased resident could not be deleted: nobody reaches them by us, delete them at the exchange"
        );
    }
    left
}
