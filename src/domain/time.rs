//! Time as the service stores it: UTC, whole microseconds.

use chrono::{DateTime, Duration, TimeZone, Utc};

/// A moment in UTC. Always truncated to microseconds before it is stored, so that every backend gives back what it was given.
pub type Instant = DateTime<Utc>;

/// Drops what is finer than a microsecond.
#[must_use]
pub fn truncate(at: Instant) -> Instant {
    Utc.timestamp_micros(at.timestamp_micros()).single().unwrap_or(at)
}

/// A moment later than any deadline: the sort key of a request without a running clock.
#[must_use]
pub fn never() -> Instant {
    // 9999-12-31T00:00:00Z
    Utc.timestamp_opt(253_402_214_400, 0).single().unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Adds whole seconds, staying at [`never`] instead of overflowing.
#[must_use]
pub fn plus_secs(at: Instant, secs: i64) -> Instant {
    at.checked_add_signed(Duration::try_seconds(secs).unwrap_or(Duration::MAX)).unwrap_or_else(never)
}
