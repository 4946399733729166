//! A wire that only remembers: for tests, demos, and channels whose provider has no contract yet (SMS).

use crate::channel::{Channel, FetchError, Fetched, Message, SendError, Sent, Sink};
use async_trait::async_trait;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::AsyncWriteExt;

/// Remembers what it was asked to do; clones share one memory.
#[derive(Debug, Clone)]
pub struct StubChannel {
    name: &'static str,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    sent: Vec<Letter>,
    /// Never goes back, so that handles stay unique after [`StubChannel::take`].
    count: u64,
    acknowledged: Vec<String>,
    failures: VecDeque<SendError>,
    files: BTreeMap<String, Vec<u8>>,
    sick: bool,
}

/// One message as it was asked to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub chat: String,
    pub message: Message,
}

impl StubChannel {
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, state: Arc::default() }
    }

    /// Everything sent with success so far, oldest first.
    #[must_use]
    pub fn sent(&self) -> Vec<Letter> {
        self.lock().sent.clone()
    }

    /// The same, and forgets it: the next call shows only what came after.
    #[must_use]
    pub fn take(&self) -> Vec<Letter> {
        std::mem::take(&mut self.lock().sent)
    }

    /// Button presses that were acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> Vec<String> {
        self.lock().acknowledged.clone()
    }

    /// The next `times` sends or acknowledgements fail with this error; calls add up.
    pub fn fail_next(&self, times: usize, error: &SendError) {
        self.lock().failures.extend(std::iter::repeat_n(error.clone(), times));
    }

    /// Puts a file where [`Channel::fetch`] finds it.
    pub fn put_file(&self, file_id: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.lock().files.insert(file_id.into(), bytes.into());
    }

    /// Says what [`Channel::healthy`] answers from now on.
    pub fn set_healthy(&self, healthy: bool) {
        self.lock().sick = !healthy;
    }

    // A panic in another test thread must not take this memory with it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Channel for StubChannel {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn send(&self, chat: &str, message: &Message) -> Result<Sent, SendError> {
        let mut state = self.lock();
        if let Some(error) = state.failures.pop_front() {
            return Err(error);
        }
        state.sent.push(Letter { chat: chat.to_owned(), message: message.clone() });
        state.count += 1;
        Ok(Sent { provider_id: format!("{}-{}", self.name, state.count) })
    }

    async fn fetch(&self, file_id: &str, limit: u64, into: &mut Sink<'_>) -> Result<Fetched, FetchError> {
        let bytes = self.lock().files.get(file_id).cloned().ok_or(FetchError::Gone)?;
        let size = bytes.len() as u64;
        if size > limit {
            return Err(FetchError::TooLarge);
        }
        into.write_all(&bytes).await.map_err(|_| FetchError::Transient("the file cannot be kept".to_owned()))?;
        Ok(Fetched { size, mime: None, name: None })
    }

    async fn acknowledge(&self, ack: &str) -> Result<(), SendError> {
        let mut state = self.lock();
        if let Some(error) = state.failures.pop_front() {
            return Err(error);
        }
        state.acknowledged.push(ack.to_owned());
        Ok(())
    }

    async fn healthy(&self) -> bool {
        !self.lock().sick
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn remembers_and_fails_on_demand() {
        let stub = StubChannel::new("sms");
        let twin = stub.clone();
        stub.fail_next(1, &SendError::Blocked);
        stub.fail_next(1, &SendError::Transient("line".into()));

        let hello = Message::text("Сәлем");
        assert_eq!(twin.send("7", &hello).await, Err(SendError::Blocked));
        assert_eq!(twin.send("7", &hello).await, Err(SendError::Transient("line".into())));
        let sent = twin.send("7", &hello).await.unwrap();

        assert_eq!(sent.provider_id, "sms-1");
        assert_eq!(stub.take(), vec![Letter { chat: "7".into(), message: hello }]);
        assert!(stub.sent().is_empty());
        assert_eq!(twin.send("7", &Message::text("2")).await.unwrap().provider_id, "sms-2");
    }

    #[tokio::test]
    async fn gives_files_within_the_limit() {
        let stub = StubChannel::new("sms");
        stub.put_file("f1", [1, 2, 3]);
        let mut bytes = Vec::new();
        assert_eq!(stub.fetch("f1", 3, &mut bytes).await.unwrap().size, 3);
        assert_eq!(bytes, [1, 2, 3]);
        assert_eq!(stub.fetch("f1", 2, &mut bytes).await, Err(FetchError::TooLarge));
        assert_eq!(stub.fetch("f2", 3, &mut bytes).await, Err(FetchError::Gone));
    }

    #[tokio::test]
    async fn acknowledges_and_may_be_sick() {
        let stub = StubChannel::new("sms");
        stub.acknowledge("press").await.unwrap();
        assert_eq!(stub.acknowledged(), vec!["press".to_owned()]);
        assert!(stub.healthy().await);
        stub.set_healthy(false);
        assert!(!stub.healthy().await);
    }
}
