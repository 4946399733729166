//! How the process lives and ends: every long task is started here, watched, asked to stop, and waited for.
//!
//! A loop that ends before it was asked to takes the whole process down with an error: a service manager restarts a dead process, but
//! nobody notices one that answers health checks while its outbox stands still.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Why the process ends with an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LifecycleError {
    #[error("the task '{0}' ended although nobody asked it to")]
    Ended(&'static str),
    #[error("the task '{0}' panicked")]
    Panicked(&'static str),
    #[error("the task '{0}' failed: {1}")]
    Failed(&'static str, String),
    #[error("still at work after {0:?}: {1}")]
    DrainTimedOut(Duration, String),
}

/// The handle on the life of one process (or of one service in a test). Clones are the same life.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    token: CancellationToken,
    tracker: TaskTracker,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// The first thing that went wrong; later ones are mostly its consequences.
    failure: Option<LifecycleError>,
    /// Tasks at work, by name.
    running: BTreeMap<&'static str, usize>,
}

impl Lifecycle {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when the process is to end.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Asks everything to end in good order.
    pub fn shutdown(&self) {
        self.token.cancel();
    }

    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Starts a loop that is to run until the token is cancelled. If it ends or panics before, the process stops with an error.
    pub fn supervise<F, Fut>(&self, name: &'static str, start: F)
    where
        F: FnOnce(CancellationToken) -> Fut,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let work = start(self.token());
        self.supervise_fallible(name, move |_| async move {
            work.await;
            Ok::<(), std::convert::Infallible>(())
        });
    }

    /// As [`Self::supervise`], for a loop that may say why it failed, such as a server.
    pub fn supervise_fallible<F, Fut, E>(&self, name: &'static str, start: F)
    where
        F: FnOnce(CancellationToken) -> Fut,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        let task = tokio::spawn(start(self.token()));
        let life = self.clone();
        life.started(name);
        self.tracker.spawn(async move {
            let ended = task.await;
            life.ended(name);
            match ended {
                Ok(Ok(())) if life.is_stopping() => tracing::debug!(task = name, "stopped"),
                Ok(Ok(())) => life.fail(LifecycleError::Ended(name)),
                Ok(Err(e)) => life.fail(LifecycleError::Failed(name, e.to_string())),
                Err(_) => life.fail(LifecycleError::Panicked(name)),
            }
        });
    }

    /// Starts a piece of work that ends by itself and that a shutdown waits for. A panic in it is logged and harms nothing else.
    pub fn spawn<Fut>(&self, name: &'static str, work: Fut) -> JoinHandle<Option<Fut::Output>>
    where
        Fut: Future + Send + 'static,
        Fut::Output: Send + 'static,
    {
        let task = tokio::spawn(work);
        let life = self.clone();
        life.started(name);
        self.tracker.spawn(async move {
            let ended = task.await;
            life.ended(name);
            ended.inspect_err(|_| tracing::error!(task = name, "a short task panicked")).ok()
        })
    }

    /// Waits until the end is asked for, by a signal, by a failure or by [`Self::shutdown`], then drains.
    ///
    /// # Errors
    /// The first failure of a supervised loop, else [`LifecycleError::DrainTimedOut`].
    pub async fn run_until_stopped(&self, deadline: Duration) -> Result<(), LifecycleError> {
        self.token.cancelled().await;
        self.drain(deadline).await
    }

    /// Asks everything to end and waits for it, at most `deadline`.
    ///
    /// # Errors
    /// The first failure of a supervised loop, else [`LifecycleError::DrainTimedOut`] with the names of what is still at work.
    pub async fn drain(&self, deadline: Duration) -> Result<(), LifecycleError> {
        self.shutdown();
        self.tracker.close();
        let in_time = tokio::time::timeout(deadline, self.tracker.wait()).await.is_ok();
        let shared = self.shared();
        if let Some(failure) = &shared.failure {
            return Err(failure.clone());
        }
        if in_time {
            return Ok(());
        }
        let names: Vec<String> = shared.running.iter().map(|(name, n)| if *n > 1 { format!("{name} x{n}") } else { (*name).to_owned() }).collect();
        Err(LifecycleError::DrainTimedOut(deadline, names.join(", ")))
    }

    /// From now on SIGTERM and SIGINT (Ctrl-C) end the process in good order, and a second one at once.
    ///
    /// # Errors
    /// When the system does not let us listen.
    pub fn listen_for_signals(&self) -> std::io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let life = self.clone();
        // Not tracked: it waits for a second signal as long as the process lives.
        tokio::spawn(async move {
            loop {
                let code = tokio::select! {
                    _ = terminate.recv() => 143,
                    _ = interrupt.recv() => 130,
                };
                if life.is_stopping() {
                    tracing::warn!("told to stop again: ending at once");
                    std::process::exit(code);
                }
                tracing::info!("told to stop: finishing what is at hand");
                life.shutdown();
            }
        });
        Ok(())
    }

    fn fail(&self, failure: LifecycleError) {
        tracing::error!(error = %failure, "the process will stop");
        self.shared().failure.get_or_insert(failure);
        self.shutdown();
    }

    fn started(&self, name: &'static str) {
        *self.shared().running.entry(name).or_default() += 1;
    }

    fn ended(&self, name: &'static str) {
        let mut shared = self.shared();
        if let Some(n) = shared.running.get_mut(name) {
            *n -= 1;
            if *n == 0 {
                shared.running.remove(name);
            }
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts something that nobody waits for and nothing depends on.
pub fn detach(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_loop_that_stops_when_asked_is_no_failure() {
        let life = Lifecycle::new();
        life.supervise("outbox", |stop| async move { stop.cancelled().await });
        life.supervise_fallible("server", |stop| async move {
            stop.cancelled().await;
            Ok::<(), std::io::Error>(())
        });
        life.shutdown();
        assert_eq!(life.run_until_stopped(SHORT).await, Ok(()));
    }

    #[tokio::test]
    async fn a_loop_that_ends_by_itself_takes_the_process_down() {
        let life = Lifecycle::new();
        let others = life.clone();
        others.supervise("inbox", |stop| async move { stop.cancelled().await });
        life.supervise("outbox", |_| async {});
        assert_eq!(life.run_until_stopped(SHORT).await, Err(LifecycleError::Ended("outbox")));
    }

    #[tokio::test]
    async fn a_panic_takes_the_process_down_and_its_name_is_told() {
        let life = Lifecycle::new();
        life.supervise("timers", |_| async { panic!("on purpose") });
        assert_eq!(life.run_until_stopped(SHORT).await, Err(LifecycleError::Panicked("timers")));
    }

    #[tokio::test]
    async fn the_reason_of_a_failure_is_kept_and_the_first_one_counts() {
        let life = Lifecycle::new();
        life.supervise_fallible("server", |_| async { Err("port in use") });
        life.supervise_fallible("late", |stop| async move {
            stop.cancelled().await;
            Err("a consequence")
        });
        assert_eq!(life.run_until_stopped(SHORT).await, Err(LifecycleError::Failed("server", "port in use".into())));
    }

    #[tokio::test]
    async fn draining_waits_for_short_work_but_not_for_ever() {
        let life = Lifecycle::new();
        let done = life.spawn("photo", async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            7
        });
        assert_eq!(life.drain(SHORT).await, Ok(()));
        assert_eq!(done.await.unwrap(), Some(7));

        let life = Lifecycle::new();
        for _ in 0..2 {
            drop(life.spawn("photo", std::future::pending::<()>()));
        }
        let brief = Duration::from_millis(30);
        assert_eq!(life.drain(brief).await, Err(LifecycleError::DrainTimedOut(brief, "photo x2".into())));
    }

    #[tokio::test]
    async fn a_panic_in_short_work_harms_nothing_else() {
        let life = Lifecycle::new();
        let done = life.spawn("photo", async { panic!("on purpose") });
        assert_eq!(done.await.unwrap(), None::<()>);
        assert!(!life.is_stopping());
        assert_eq!(life.drain(SHORT).await, Ok(()));
    }
}
