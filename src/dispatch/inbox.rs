//! The durable door: raw events of all webhook calls that arrive together share one commit, and each call is answered only after it.

use super::{Core, DispatchError};
use crate::bus::Hint;
use crate::store::raw_events::{self, NewRawEvent};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Calls that may wait for the writer; more are told to come again.
const WAITING_CALLS: usize = 4096;
/// Most events in one statement: below the parameter limit of both databases.
const BATCH: usize = 500;

struct Call {
    events: Vec<NewRawEvent>,
    done: oneshot::Sender<Result<u64, DispatchError>>,
}

/// Where doors hand their events in.
#[derive(Clone)]
pub struct Inbox(mpsc::Sender<Call>);

/// The one writer behind an [`Inbox`].
pub struct InboxWriter(mpsc::Receiver<Call>);

impl Inbox {
    #[must_use]
    pub fn open() -> (Self, InboxWriter) {
        let (tx, rx) = mpsc::channel(WAITING_CALLS);
        (Self(tx), InboxWriter(rx))
    }

    /// Stores events durably. Returns how many were new.
    ///
    /// # Errors
    /// When nothing was stored: the sender must send again.
    pub async fn store(&self, events: Vec<NewRawEvent>) -> Result<u64, DispatchError> {
        let (done, answer) = oneshot::channel();
        let gone = || DispatchError::Internal("the inbox is closed".into());
        self.0.try_send(Call { events, done }).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => DispatchError::Busy,
            mpsc::error::TrySendError::Closed(_) => gone(),
        })?;
        answer.await.map_err(|_| gone())?
    }
}

impl InboxWriter {
    /// Writes until every door is gone: a call that is still in a handler when the service stops is stored too.
    pub async fn run(mut self, core: Arc<Core>) {
        while let Some(first) = self.0.recv().await {
            let mut size = first.events.len();
            let mut calls = vec![first];
            while size < BATCH {
                let Ok(more) = self.0.try_recv() else { break };
                size += more.events.len();
                calls.push(more);
            }
            write(&core, calls).await;
        }
    }
}

/// Intake may lag this far before the door slows down, in milliseconds.
const LAG_ALLOWED: u64 = 400;
/// The longest that an answer is held back for it.
const LONGEST_HOLD: Duration = Duration::from_millis(250);

/// Everything is stored at once; only the answer waits a little while intake lags, so that senders who wait for it send no faster than is worked on.
async fn hold_back(core: &Core) {
    let lag = core.lag_ms.load(Ordering::Relaxed);
    if lag > LAG_ALLOWED {
        tokio::time::sleep(Duration::from_millis(lag / 4).min(LONGEST_HOLD)).await;
    }
}

async fn write(core: &Core, calls: Vec<Call>) {
    if let [_] = calls.as_slice() {
        for call in calls {
            let slots = slots_of(&call.events);
            let result = insert(core, call.events).await;
            core.bus.publish(Hint::Inbox(slots));
            hold_back(core).await;
            let _ = call.done.send(result);
        }
    } else {
        let all: Vec<NewRawEvent> = calls.iter().flat_map(|c| c.events.iter().cloned()).collect();
        let slots = slots_of(&all);
        match insert(core, all).await {
            Ok(_) => {
                core.bus.publish(Hint::Inbox(slots));
                hold_back(core).await;
                for call in calls {
                    let n = call.events.len() as u64;
                    let _ = call.done.send(Ok(n));
                }
            }
            Err(e) => {
                tracing::debug!(error = %e, "a shared commit of raw events failed; each call is tried alone");
                for call in calls {
                    let result = insert(core, call.events).await;
                    let _ = call.done.send(result);
                }
                core.bus.publish(Hint::Inbox(slots));
            }
        }
    }
}

/// A bit for each slot that these events are in.
fn slots_of(events: &[NewRawEvent]) -> u16 {
    events.iter().fold(0, |all, e| all | 1 << raw_events::slot_of(&e.conversation_key))
}

async fn insert(core: &Core, events: Vec<NewRawEvent>) -> Result<u64, DispatchError> {
    let mut stored = 0;
    // One statement is one transaction; a call with more than a statement holds is stored in several, and repeated safely by its sender.
    for part in events.chunks(BATCH) {
        stored += raw_events::insert(core.db.write(), part.to_vec()).await?;
    }
    Ok(stored)
}
