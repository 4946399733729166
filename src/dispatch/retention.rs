//! Letting go of what has served its time, kind by kind, in transactions of a few hundred rows. Journals stay: what goes are the erasable rows that
//! they point at by salted digest, so every chain stays whole.

use super::{Core, DispatchError};
use crate::domain::Instant;
use crate::domain::retention::{Keep, Kind, Swept};
use crate::store::retention::{self, Cut, RunRow};
use crate::store::{StoreError, doomed};

/// Rows of one transaction.
const BATCH: u64 = 500;
/// Batches of one round: what is left then goes in the next one.
const MOST: u32 = 400;

/// What has served its time under the rule in force; none when it is kept for ever.
#[must_use]
pub fn cut(core: &Core, kind: Kind) -> Option<Cut> {
    let now = if kind.by_wall() { core.wall() } else { core.now() };
    core.settings.retention.of(kind).before(now).map(|before| Cut { before, now })
}

/// One round about one kind. Recordings of calls lie with the exchange: the worker lets them go by their files.
///
/// # Errors
/// The store's; batches before the failure stand.
pub async fn sweep(core: &Core, kind: Kind) -> Result<Swept, DispatchError> {
    let mut done = Swept { kind, rows: 0, whole: true };
    let Some(cut) = cut(core, kind).filter(|_| kind != Kind::CallRecordings) else { return Ok(done) };
    let mut start = Some(retention::start(core.db.read(), kind, cut.before).await?);
    for _ in 0..MOST {
        let Some(from) = start else { return Ok(done) };
        let tx = core.db.begin().await?;
        let batch = retention::batch(&tx, kind, cut, from, BATCH).await?;
        doomed::add(&tx, &batch.files, core.wall()).await?;
        tx.commit().await.map_err(StoreError::from)?;
        core.metrics.retention_deleted(kind.as_str(), batch.rows);
        done.rows += batch.rows;
        start = batch.next;
        // Everybody else who writes comes in between.
        tokio::task::yield_now().await;
    }
    done.whole = start.is_none();
    Ok(done)
}

/// What stands about one kind.
#[derive(Debug, Clone)]
pub struct Line {
    pub kind: Kind,
    pub keep: Keep,
    pub oldest: Option<Instant>,
    pub last: Option<RunRow>,
}

/// Rule, oldest row and last round of every kind.
///
/// # Errors
/// The store's.
pub async fn look(core: &Core) -> Result<Vec<Line>, DispatchError> {
    let c = core.db.read();
    let runs = retention::runs(c).await?;
    let mut out = Vec::new();
    for kind in Kind::ALL.iter().copied() {
        let last = runs.iter().find(|r| r.kind == kind.as_str()).cloned();
        out.push(Line { kind, keep: core.settings.retention.of(kind), oldest: retention::oldest(c, kind).await?, last });
    }
    Ok(out)
}

/// How many rows would go now; nothing is changed.
///
/// # Errors
/// The store's.
pub async fn ahead(core: &Core, kind: Kind) -> Result<u64, DispatchError> {
    match cut(core, kind) {
        None => Ok(0),
        Some(cut) => Ok(retention::would_go(core.db.read(), kind, cut.before).await?),
    }
}
