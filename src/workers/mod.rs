//! What goes on by itself. Each worker has a `tick()`, which tests call, and a loop that calls it: on a hint, and also by the clock, so that a lost
//! hint costs latency only.

pub mod alarms;
pub mod bookkeeper;
pub mod calls;
pub mod deliveries;
pub mod digest;
pub mod figures;
pub mod health;
pub mod housekeeping;
pub mod indexer;
pub mod intake;
pub mod learner;
pub mod mail;
pub mod mailbox;
pub mod media;
pub mod models;
pub mod outbox;
pub mod poller;
pub mod reconciler;
pub mod replay;
pub mod retention;
mod sender;
pub mod silence;
pub mod sweeper;
pub mod wires;

use crate::bus::Hint;
use crate::dispatch::DispatchError;
use futures_util::FutureExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio_util::sync::CancellationToken;

/// Waits until a wanted hint comes or `pause` has passed. False when told to stop.
async fn wait(stop: &CancellationToken, hints: &mut broadcast::Receiver<Hint>, wanted: impl Fn(&Hint) -> bool, pause: Duration) -> bool {
    let until = tokio::time::Instant::now() + pause;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return false,
            () = tokio::time::sleep_until(until) => return true,
            hint = hints.recv() => match hint {
                Ok(h) if wanted(&h) => {
                    drain(hints);
                    return true;
                }
                Ok(_) => {}
                // Some were missed: one of them may have been ours.
                Err(RecvError::Lagged(_)) => {
                    drain(hints);
                    return true;
                }
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

/// Forgets the hints that have come so far. The look that follows is for all of them: what they tell of was committed before they were given.
fn drain(hints: &mut broadcast::Receiver<Hint>) {
    while matches!(hints.try_recv(), Ok(_) | Err(TryRecvError::Lagged(_))) {}
}

/// A defect of ours that one piece of work brings to light fails this piece. The loop would end with it, and the process with the loop; and whoever
/// starts the process again would meet the same piece first.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, DispatchError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| panicked())
}

/// The same for work that waits, in a box: it is large. A transaction that it had begun is rolled back.
async fn guarded_work<T>(work: impl Future<Output = Result<T, DispatchError>> + Unpin) -> Result<T, DispatchError> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(panicked()))
}

fn panicked() -> DispatchError {
    DispatchError::Internal("a defect of the program: the log says where".into())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::{EventBus, MemoryBus};

    #[tokio::test]
    #[allow(clippy::panic, reason = "what is guarded against")]
    async fn a_panic_is_a_failure_of_one_piece_of_work() {
        assert_eq!(guarded(|| 7).unwrap(), 7);
        assert!(matches!(guarded(|| -> u8 { panic!("a defect") }), Err(DispatchError::Internal(_))));
        let work = async {
            tokio::task::yield_now().await;
            if true { panic!("a defect") } else { Ok(1) }
        };
        assert!(matches!(guarded_work(Box::pin(work)).await, Err(DispatchError::Internal(_))));
        assert_eq!(guarded_work(Box::pin(async { Ok(1) })).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_burst_of_hints_is_one_look_and_none_is_missed() {
        let (bus, stop) = (MemoryBus::new(), CancellationToken::new());
        let mut hints = bus.subscribe();
        let long = Duration::from_millis(400);
        let outbox = |h: &Hint| matches!(h, Hint::Outbox);
        for _ in 0..500 {
            bus.publish(Hint::Timers);
            bus.publish(Hint::Outbox);
        }
        let began = tokio::time::Instant::now();
        assert!(wait(&stop, &mut hints, outbox, long).await);
        assert!(began.elapsed() < long / 2, "a hint is followed at once");
        // A commit during the look brings a hint of its own.
        bus.publish(Hint::Outbox);
        assert!(wait(&stop, &mut hints, outbox, long).await);
        assert!(began.elapsed() < long / 2);
        // And nothing is left of the burst.
        bus.publish(Hint::Timers);
        assert!(wait(&stop, &mut hints, outbox, long).await);
        assert!(began.elapsed() >= long, "the burst was looked at twice");
        stop.cancel();
        assert!(!wait(&stop, &mut hints, outbox, long).await);
    }
}
