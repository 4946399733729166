//! The timer index of a single process: an ordered set in memory.

use super::{Claimed, IndexError, TimerIndex, moment, score, score_after};
use crate::domain::TimerId;
use crate::domain::time::Instant;
use async_trait::async_trait;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Timers of one process; empty after every start.
#[derive(Debug, Default)]
pub struct MemoryIndex(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    by_score: BTreeSet<(i64, TimerId)>,
    scores: HashMap<TimerId, i64>,
    epoch: Option<String>,
}

impl Inner {
    fn put(&mut self, id: TimerId, score: i64) {
        if let Some(old) = self.scores.insert(id, score) {
            self.by_score.remove(&(old, id));
        }
        self.by_score.insert((score, id));
    }

    fn take(&mut self, id: TimerId) {
        if let Some(old) = self.scores.remove(&id) {
            self.by_score.remove(&(old, id));
        }
    }
}

impl MemoryIndex {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets everything, the epoch too: what a flush does to Redis.
    pub fn flush(&self) {
        *self.inner() = Inner::default();
    }

    /// A panic elsewhere leaves at worst one timer half moved, which the reconciler repairs; so a poisoned lock is used on.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl TimerIndex for MemoryIndex {
    async fn schedule(&self, entries: &[(TimerId, Instant)]) -> Result<(), IndexError> {
        let mut inner = self.inner();
        for &(id, at) in entries {
            inner.put(id, score(at));
        }
        Ok(())
    }

    async fn remove_if_unchanged(&self, entries: &[Claimed]) -> Result<usize, IndexError> {
        let mut inner = self.inner();
        let mut removed = 0;
        for claimed in entries {
            if inner.scores.get(&claimed.id) == Some(&score(claimed.lease_until)) {
                inner.take(claimed.id);
                removed += 1;
            }
        }
        Ok(removed)
    }

    async fn forget(&self, ids: &[TimerId]) -> Result<(), IndexError> {
        let mut inner = self.inner();
        for &id in ids {
            inner.take(id);
        }
        Ok(())
    }

    async fn claim_due(&self, now: Instant, lease: Duration, limit: usize) -> Result<Vec<Claimed>, IndexError> {
        let (now_score, lease_score) = (score(now), score_after(now, lease));
        let mut inner = self.inner();
        let due: Vec<(i64, TimerId)> = inner.by_score.iter().copied().take_while(|(at, _)| *at <= now_score).take(limit).collect();
        for &(_, id) in &due {
            inner.put(id, lease_score);
        }
        Ok(due.into_iter().map(|(at, id)| Claimed { id, due_at: moment(at), lease_until: moment(lease_score) }).collect())
    }

    async fn next_due(&self) -> Result<Option<Instant>, IndexError> {
        Ok(self.inner().by_score.first().map(|(at, _)| moment(*at)))
    }

    async fn len(&self) -> Result<usize, IndexError> {
        Ok(self.inner().scores.len())
    }

    async fn epoch(&self) -> Result<Option<String>, IndexError> {
        Ok(self.inner().epoch.clone())
    }

    async fn set_epoch(&self, epoch: &str) -> Result<(), IndexError> {
        self.inner().epoch = Some(epoch.to_owned());
        Ok(())
    }

    async fn ping(&self) -> Result<(), IndexError> {
        Ok(())
    }
}
