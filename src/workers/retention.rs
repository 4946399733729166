//! Lets go of what has served its time, once a day, whichever process is first. Short-lived things go with the housekeeper, every few minutes.

use super::pause;
use crate::dispatch::{Core, DispatchError, retention};
use crate::domain::Instant;
use crate::domain::retention::{Kind, Swept};
use crate::store::retention as rows;
use crate::store::{StoreError, calls, leases, upkeep};
use crate::telephony::recording;
use chrono::Duration;
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Between two looks whether a round is due.
const LOOK: std::time::Duration = std::time::Duration::from_secs(15 * 60);
/// The first look after the start: whoever restarts often still lets go.
const FIRST: std::time::Duration = std::time::Duration::from_secs(120);
/// A round is due when the last whole one began longer ago. Less than a day, so that the hour does not creep.
const DUE: Duration = Duration::hours(20);
/// The right to a round, longer than any round of bounded batches takes.
const LEASE: Duration = Duration::minutes(30);
/// Recordings deleted at once.
const SOUNDS: u64 = 100;

/// The worker.
pub struct RetentionWorker {
    pub core: Arc<Core>,
    pub owner: String,
    /// The folder of recordings, when we may reach it.
    pub recordings: Option<PathBuf>,
}

impl RetentionWorker {
    /// Until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut rest = FIRST;
        while pause(&stop, rest).await {
            rest = LOOK;
            match self.is_due().await {
                Ok(false) => {}
                Ok(true) => match self.tick().await {
                    Ok(n) if n > 0 => tracing::info!(rows = n, "what has served its time was let go"),
                    Ok(_) => {}
                    Err(e) => tracing::error!(error = %e, "a round of letting go failed; it is tried again"),
                },
                Err(e) => tracing::warn!(error = %e, "nobody knows whether a round of letting go is due"),
            }
        }
    }

    async fn is_due(&self) -> Result<bool, StoreError> {
        let last = upkeep::all(self.core.db.read()).await?.get(upkeep::RETENTION).copied();
        Ok(last.is_none_or(|at| self.core.wall() - at >= DUE))
    }

    /// One round about every kind that is not short-lived; gives how many rows went. Another process at work: none. A kind that fails does not keep the others.
    ///
    /// # Errors
    /// The first failure, after the round.
    pub async fn tick(&self) -> Result<u64, DispatchError> {
        let wall = self.core.wall();
        if !leases::take(self.core.db.write(), "retention", &self.owner, wall, LEASE).await? {
            return Ok(0);
        }
        let (mut rows, mut whole, mut failed) = (0, true, None);
        for kind in Kind::ALL.iter().copied().filter(|k| !k.is_short()) {
            let done = match kind {
                Kind::CallRecordings => self.recordings().await,
                kind => retention::sweep(&self.core, kind).await,
            };
            match done {
                Ok(swept) => {
                    rows += swept.rows;
                    whole &= swept.whole;
                    rows::note(self.core.db.write(), kind, swept.rows, None, wall).await?;
                }
                Err(e) => {
                    // The kind of failure, never what stood in the row.
                    rows::note(self.core.db.write(), kind, 0, Some(e.code()), wall).await?;
                    tracing::error!(kind = kind.as_str(), error = %e, "what has served its time could not be let go");
                    failed = failed.or(Some(e));
                }
            }
        }
        leases::release(self.core.db.write(), "retention", &self.owner).await?;
        match failed {
            Some(e) => Err(e),
            None => {
                if whole {
                    upkeep::done(self.core.db.write(), upkeep::RETENTION, wall).await?;
                }
                Ok(rows)
            }
        }
    }

    /// The file goes first: were we stopped in between, the row would point at nothing and be found again. A file that cannot be deleted keeps its row.
    async fn recordings(&self) -> Result<Swept, DispatchError> {
        let mut swept = Swept { kind: Kind::CallRecordings, rows: 0, whole: true };
        let (Some(cut), Some(root)) = (retention::cut(&self.core, Kind::CallRecordings), self.recordings.clone()) else { return Ok(swept) };
        let (mut from, mut left) = (Instant::UNIX_EPOCH, 0u64);
        loop {
            let page = rows::recordings(self.core.db.read(), cut.before, from, SOUNDS).await?;
            let Some((.., last)) = page.last() else { break };
            let (full, stuck) = (page.len() as u64 >= SOUNDS, *last == from);
            from = *last;
            let root = root.clone();
            let gone = tokio::task::spawn_blocking(move || {
                let (gone, kept): (Vec<_>, Vec<_>) = page.into_iter().partition(|(_, key, _)| recording::delete(Some(&root), key));
                (gone.into_iter().map(|(id, ..)| id).collect::<Vec<_>>(), kept.len() as u64)
            });
            let (gone, kept) = gone.await.map_err(|e| DispatchError::Internal(e.to_string()))?;
            calls::take_recordings(self.core.db.write(), &gone).await?;
            self.core.metrics.retention_deleted(Kind::CallRecordings.as_str(), gone.len() as u64);
            swept.rows += gone.len() as u64;
            left += kept;
            if !full || (stuck && gone.is_empty()) {
                break;
            }
        }
        if left > 0 {
            tracing::error!(recordings = left, "recordings that have served their time could not be deleted: look at the rights of calls.recordings");
            return Err(DispatchError::Internal("recordings cannot be deleted".into()));
        }
        Ok(swept)
    }
}
