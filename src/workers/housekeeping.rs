//! Drops what has run out: the short-lived kinds of `[retention]` (tokens, sessions, codes, kept answers, drafts), devices of ended sign-ins, rate windows,
//! files that were brought and never used. Deletes the bytes of files that were erased. Sums up the counts of open requests.

use super::pause;
use crate::dispatch::{Core, DispatchError, receipts, retention, uploads};
use crate::domain::retention::Kind;
use crate::store::retention as rows;
use crate::store::{StoreError, board, devices, doomed, rates, tally};
use chrono::Duration;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Between two rounds of summing up.
const FOLD: std::time::Duration = std::time::Duration::from_secs(5);
/// So many of those rounds stand between two of dropping: ten minutes.
const ROUNDS: u32 = 120;

/// The worker.
pub struct Housekeeper {
    pub core: Arc<Core>,
    pub media: Arc<dyn ObjectStore>,
}

impl Housekeeper {
    /// Until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut round = 0;
        while pause(&stop, FOLD).await {
            round = (round + 1) % ROUNDS;
            if let Err(e) = self.fold().await {
                tracing::warn!(error = %e, "counts were not summed up");
            }
            if round == 0
                && let Err(e) = self.tick().await
            {
                tracing::warn!(error = %e, "old rows were not dropped");
            }
        }
    }

    /// Sums up what has changed in the counts.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn fold(&self) -> Result<(), StoreError> {
        while tally::fold(&self.core.db).await? > 0 {}
        Ok(())
    }

    /// One round; returns how many rows went. What fails keeps nothing else, least of all the deleting of erased files.
    ///
    /// # Errors
    /// The first failure, after the round.
    pub async fn tick(&self) -> Result<u64, DispatchError> {
        let wall = self.core.wall();
        let c = self.core.db.write();
        let mut done = Vec::new();
        for kind in Kind::ALL.iter().copied().filter(|k| k.is_short()) {
            let swept = retention::sweep(&self.core, kind).await;
            let error = swept.as_ref().err().map(DispatchError::code);
            rows::note(c, kind, swept.as_ref().map_or(0, |s| s.rows), error, wall).await?;
            done.push(swept.map(|s| s.rows));
        }
        done.push(devices::purge(c).await.map_err(DispatchError::from));
        done.push(uploads::clear(&self.core).await);
        done.push(self.delete_files().await.map_err(DispatchError::from));
        done.push(rates::purge(c, wall - Duration::hours(25)).await.map_err(DispatchError::from));
        done.push(receipts::forget_unknown(&self.core).await.map_err(DispatchError::from));
        done.push(board::purge(c, wall - Duration::minutes(10)).await.map_err(DispatchError::from));
        done.into_iter().sum()
    }

    /// Deletes bytes that nothing points at any more. What cannot be deleted now stays noted.
    async fn delete_files(&self) -> Result<u64, StoreError> {
        let mut n = 0;
        for key in doomed::some(self.core.db.read(), 500).await? {
            match self.media.delete(&Path::from(key.as_str())).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {
                    doomed::done(self.core.db.write(), &key).await?;
                    n += 1;
                }
                Err(e) => {
                    tracing::error!(media.key = key, error = %e, "an erased file could not be deleted; it will be tried again");
                    break;
                }
            }
        }
        Ok(n)
    }
}
