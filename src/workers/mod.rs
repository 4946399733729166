//! What goes on by itself. Each worker has a `tick()`, which tests call, and a loop that calls it: on a hint, and also by the clock, so that a lost
//! hint costs latency only.

pub mod health;
pub mod housekeeping;
pub mod intake;
pub mod media;
pub mod outbox;
pub mod poller;
pub mod reconciler;
pub mod silence;
pub mod sweeper;

use crate::bus::Hint;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

/// Waits until a wanted hint comes or `pause` has passed. False when told to stop.
async fn wait(stop: &CancellationToken, hints: &mut broadcast::Receiver<Hint>, wanted: &Hint, pause: Duration) -> bool {
    let until = tokio::time::Instant::now() + pause;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return false,
            () = tokio::time::sleep_until(until) => return true,
            hint = hints.recv() => match hint {
                Ok(h) if &h == wanted => return true,
                Ok(_) => {}
                // Some were missed: one of them may have been ours.
                Err(RecvError::Lagged(_)) => return true,
                Err(RecvError::Closed) => {
                    tokio::select! {
                        () = stop.cancelled() => return false,
                        () = tokio::time::sleep_until(until) => return true,
                    }
                }
            },
        }
    }
}

/// Sleeps, or not when told to stop: then false.
async fn pause(stop: &CancellationToken, span: Duration) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        () = tokio::time::sleep(span) => true,
    }
}

/// A name for this process that no other has.
#[must_use]
pub fn owner() -> String {
    format!("{}-{}", std::process::id(), uuid::Uuid::now_v7().simple())
}

/// Exponential back-off with jitter: between half and the whole of `base * 2^attempt`, at most `max`.
#[must_use]
pub fn backoff(base: Duration, attempt: i32, max: Duration) -> Duration {
    let doubled = base.saturating_mul(1u32.checked_shl(attempt.clamp(0, 20).unsigned_abs()).unwrap_or(u32::MAX)).min(max);
    doubled.mul_f64(rand::Rng::random_range(&mut rand::rng(), 0.5..=1.0))
}
