//! The index of running clocks: which timer is due, found without asking the database.
//!
//! The database is the truth; everything here can be lost and rebuilt. Claiming a due timer moves it to the end of a lease instead of
//! removing it, so that a worker that dies between the claim and its commit leaves the timer to be claimed again.

pub mod memory;
pub mod redis;
#[cfg(test)]
mod suite;

pub use memory::MemoryIndex;
pub use redis::RedisIndex;

use crate::domain::TimerId;
use crate::domain::time::Instant;
use async_trait::async_trait;
use std::time::Duration;

/// A timer that a worker holds until `lease_until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claimed {
    pub id: TimerId,
    /// When the index thought it due. The truth is in the row; after a crash this is the end of the former lease.
    pub due_at: Instant,
    /// Until when nobody else is given this timer.
    pub lease_until: Instant,
}

/// The index did not do what was asked. The caller goes on without it: the due rows can be read from the database.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Not reachable, or the connection broke.
    #[error("the timer index cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No answer within the time allowed.
    #[error("the timer index did not answer within {0:?}")]
    TimedOut(Duration),
    /// Reached, and it refused: wrong password, out of memory, read-only replica.
    #[error("the timer index refused the command")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The address cannot be understood. The address itself is not repeated here: it may hold a password.
    #[error("the address of the timer index is not a redis:// or rediss:// URL")]
    BadAddress(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Running timers by due time. Every operation may be repeated without harm.
#[async_trait]
pub trait TimerIndex: Send + Sync {
    /// Puts timers in, or moves those that are in; a lease on a moved timer ends.
    async fn schedule(&self, entries: &[(TimerId, Instant)]) -> Result<(), IndexError>;

    /// After the commit: takes out those that still stand at the end of their lease, and leaves alone what was scheduled anew since.
    /// Gives the number taken out.
    async fn remove_if_unchanged(&self, entries: &[Claimed]) -> Result<usize, IndexError>;

    /// Takes out timers wherever they stand.
    async fn forget(&self, ids: &[TimerId]) -> Result<(), IndexError>;

    /// Takes at most `limit` timers due at `now` or before, earliest first, and moves each to `now + lease`.
    async fn claim_due(&self, now: Instant, lease: Duration, limit: usize) -> Result<Vec<Claimed>, IndexError>;

    /// The earliest moment that stands in the index, be it a deadline or the end of a lease.
    async fn next_due(&self) -> Result<Option<Instant>, IndexError>;

    /// Timers in the index, claimed ones included.
    async fn len(&self) -> Result<usize, IndexError>;

    /// No timers at all?
    async fn is_empty(&self) -> Result<bool, IndexError> {
        Ok(self.len().await? == 0)
    }

    /// The mark set after the last full rebuild; `None` when there was none or the index lost its data.
    async fn epoch(&self) -> Result<Option<String>, IndexError>;

    /// Says that a full rebuild has ended.
    async fn set_epoch(&self, epoch: &str) -> Result<(), IndexError>;

    /// Is the index there?
    async fn ping(&self) -> Result<(), IndexError>;
}

/// Beyond this, in microseconds, a score is no longer exact in a sorted set (the year 2255).
const SCORE_LIMIT: i64 = 1 << 53;

/// A moment as the index keeps it: microseconds since 1970, held within the range that a double holds exactly.
fn score(at: Instant) -> i64 {
    at.timestamp_micros().clamp(-SCORE_LIMIT, SCORE_LIMIT)
}

fn moment(score: i64) -> Instant {
    Instant::from_timestamp_micros(score).unwrap_or_else(crate::domain::time::never)
}

/// The score of `at + span`.
fn score_after(at: Instant, span: Duration) -> i64 {
    let span = i64::try_from(span.as_micros()).unwrap_or(SCORE_LIMIT);
    score(at).saturating_add(span).min(SCORE_LIMIT)
}
