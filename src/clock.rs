//! Where the present moment comes from. Business time (deadlines, calendars, silence of a dialogue) may be moved by a test or
//! sped up by the demo; wall time (leases of tables, tokens, back-off, rate limits) never is.

use crate::domain::time::{Instant, truncate};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A source of the present moment, in whole microseconds.
pub trait Clock: Send + Sync {
    /// The present moment on this clock.
    fn now(&self) -> Instant;

    /// How long one really waits until `span` has passed on this clock. A loop that sleeps until a deadline asks here.
    fn real(&self, span: Duration) -> Duration {
        span
    }
}

/// The two times of the service.
#[derive(Clone)]
pub struct Clocks {
    /// Deadlines, working hours, reports, the silence of a dialogue.
    pub business: Arc<dyn Clock>,
    /// Sessions, tokens, rate limits, leases of rows, back-off.
    pub wall: Arc<dyn Clock>,
}

impl Clocks {
    /// Both times from the machine's clock: how the service runs in earnest.
    #[must_use]
    pub fn system() -> Self {
        Self::both(Arc::new(SystemClock))
    }

    /// One clock for both times, which is what most tests want.
    #[must_use]
    pub fn both(clock: Arc<dyn Clock>) -> Self {
        Self { business: Arc::clone(&clock), wall: clock }
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now(&self) -> Instant {
        truncate(chrono::Utc::now())
    }
}

/// A clock that moves only when told.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at `at`.
    #[must_use]
    pub fn at(at: Instant) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(at.timestamp_micros())))
    }

    /// Moves to `at`, forwards or backwards.
    pub fn set(&self, at: Instant) {
        self.0.store(at.timestamp_micros(), Ordering::SeqCst);
    }

    /// Moves forward.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        chrono::DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap_or(Instant::MAX_UTC)
    }
}

/// A clock that runs faster than the world: the demo shows a day in a minute. The change of speed makes no jump.
#[derive(Debug)]
pub struct ScaledClock(Mutex<Segment>);

/// A stretch of even speed.
#[derive(Debug, Clone, Copy)]
struct Segment {
    start: Instant,
    real_start: std::time::Instant,
    speed: f64,
}

impl Segment {
    fn at(&self, real: std::time::Instant) -> Instant {
        let passed = real.saturating_duration_since(self.real_start).as_secs_f64() * self.speed;
        let span = Duration::try_from_secs_f64(passed).ok().and_then(|span| chrono::Duration::from_std(span).ok());
        span.and_then(|span| self.start.checked_add_signed(span)).map_or(Instant::MAX_UTC, truncate)
    }
}

/// Business seconds per real second; nonsense counts as the world's own speed.
fn sane(speed: f64) -> f64 {
    if speed.is_finite() && speed > 0.0 { speed } else { 1.0 }
}

impl ScaledClock {
    /// Starts at `start` and runs at `speed` business seconds per real second.
    #[must_use]
    pub fn starting(start: Instant, speed: f64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Segment { start: truncate(start), real_start: std::time::Instant::now(), speed: sane(speed) })))
    }

    /// Goes on from the present moment at another speed.
    pub fn set_speed(&self, speed: f64) {
        let mut segment = self.segment();
        let real = std::time::Instant::now();
        *segment = Segment { start: segment.at(real), real_start: real, speed: sane(speed) };
    }

    /// Business seconds per real second.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.segment().speed
    }

    fn segment(&self) -> MutexGuard<'_, Segment> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ScaledClock {
    fn now(&self) -> Instant {
        self.segment().at(std::time::Instant::now())
    }

    fn real(&self, span: Duration) -> Duration {
        Duration::try_from_secs_f64(span.as_secs_f64() / self.speed()).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn start() -> Instant {
        chrono::Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap()
    }

    #[test]
    fn the_system_clock_has_no_finer_part_than_a_microsecond() {
        let now = SystemClock.now();
        assert_eq!(now, truncate(now));
        assert!(now > start() - chrono::Duration::days(365));
    }

    #[test]
    fn the_manual_clock_stands_until_told() {
        let clock = ManualClock::at(start());
        assert_eq!(clock.now(), start());
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now(), start() + chrono::Duration::milliseconds(1500));
        clock.set(start());
        assert_eq!(clock.now(), start());
        assert_eq!(clock.real(Duration::from_secs(9)), Duration::from_secs(9));
    }

    #[test]
    fn a_segment_scales_the_time_that_passed() {
        let real = std::time::Instant::now();
        let segment = Segment { start: start(), real_start: real, speed: 1440.0 };
        assert_eq!(segment.at(real), start());
        assert_eq!(segment.at(real + Duration::from_secs(60)), start() + chrono::Duration::days(1));
        assert_eq!(segment.at(real + Duration::from_millis(500)), start() + chrono::Duration::minutes(12));
    }

    #[test]
    fn a_change_of_speed_makes_no_jump_and_time_never_runs_back() {
        let clock = ScaledClock::starting(start(), 1_000_000.0);
        assert_eq!(clock.real(Duration::from_secs(2_000_000)), Duration::from_secs(2));
        let mut last = clock.now();
        for speed in [1_000_000.0, 3.0, 1.0, 0.25, 500.0, 1.0] {
            clock.set_speed(speed);
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
        clock.set_speed(1.0);
        let before = clock.now();
        assert!(clock.now() - before < chrono::Duration::minutes(1));
    }

    #[test]
    fn a_speed_that_means_nothing_is_one() {
        for speed in [0.0, -3.0, f64::NAN, f64::INFINITY] {
            let clock = ScaledClock::starting(start(), speed);
            assert!((clock.speed() - 1.0).abs() < f64::EPSILON);
        }
    }
}
