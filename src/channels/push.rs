//! Push messages: an outbox row names a device, the provider its token. A token that the provider no longer knows is forgotten here, so that nobody
//! writes to a telephone that is gone.

use super::Registry;
use crate::clock::Clock;
use crate::config::{Push, PushTransport};
use crate::domain::inbound::ChannelKind;
use crate::store::{Db, devices};
use async_trait::async_trait;
use bots::channel::{Channel, FetchError, Fetched, Message, SendError, Sent, Sink};
use bots::fcm::{Credentials, FcmChannel, FcmConfig, ServiceAccount, Timeouts};
use bots::stub::StubChannel;
use std::sync::Arc;

/// Our own wire around the provider's.
pub struct PushChannel {
    db: Db,
    wire: Arc<dyn Channel>,
}

impl PushChannel {
    #[must_use]
    pub fn new(db: Db, wire: Arc<dyn Channel>) -> Self {
        Self { db, wire }
    }
}

/// Adds the wire that the configuration names. `clock` is the wall's: access tokens live by it.
///
/// # Errors
/// What is wrong with the configuration, in words an operator can act on.
pub fn open(config: &Push, db: &Db, clock: &Arc<dyn Clock>, wires: &mut Registry) -> Result<(), String> {
    let wire: Arc<dyn Channel> = match config.transport {
        PushTransport::Off => return Ok(()),
        PushTransport::Stub => {
            let stub = StubChannel::new("push");
            wires.push = Some(stub.clone());
            Arc::new(stub)
        }
        PushTransport::Fcm => Arc::new(fcm(config, clock)?),
    };
    wires.add(ChannelKind::Push, "main", Arc::new(PushChannel::new(db.clone(), wire)));
    Ok(())
}

/// The provider's wire.
///
/// # Errors
/// As [`open`].
pub fn fcm(config: &Push, clock: &Arc<dyn Clock>) -> Result<FcmChannel, String> {
    let credentials = if config.token_url.is_empty() {
        let account = ServiceAccount::from_json(config.service_account.expose()).map_err(|e| format!("push.service_account: {e}"))?;
        Credentials::ServiceAccount(account)
    } else {
        Credentials::Endpoint(config.token_url.parse().map_err(|e| format!("push.token_url: {e}"))?)
    };
    let api_url = config.api_url.parse().map_err(|e| format!("push.api_url: {e}"))?;
    let settings = FcmConfig { project: config.project.clone(), api_url, title: config.title.clone(), credentials, timeouts: Timeouts::default() };
    let clock = clock.clone();
    FcmChannel::new(settings, Arc::new(move || clock.now())).map_err(|e| format!("push: {e}"))
}

/// The provider will never reach this telephone again.
fn is_gone(error: &SendError) -> bool {
    matches!(error, SendError::Blocked | SendError::Unreachable(_))
}

#[async_trait]
impl Channel for PushChannel {
    fn name(&self) -> &'static str {
        "push"
    }

    async fn send(&self, chat: &str, message: &Message) -> Result<Sent, SendError> {
        let id = chat.parse().map_err(|_| SendError::Rejected("not a device".into()))?;
        let found = devices::load(self.db.read(), id).await.map_err(|_| SendError::Transient("the database".into()))?;
        // Signed out, erased or replaced since the message was written.
        let device = found.ok_or_else(|| SendError::Unreachable("the device signed out".into()))?;
        let sent = self.wire.send(&device.token, message).await;
        if sent.as_ref().is_err_and(is_gone)
            && let Err(e) = devices::remove(self.db.write(), id).await
        {
            tracing::warn!(device.id = %id, error = %e, "a device that is gone was not forgotten; the next message to it tries again");
        }
        sent
    }

    async fn fetch(&self, _: &str, _: u64, _: &mut Sink<'_>) -> Result<Fetched, FetchError> {
        Err(FetchError::Gone)
    }

    async fn acknowledge(&self, _: &str) -> Result<(), SendError> {
        Ok(())
    }

    async fn healthy(&self) -> bool {
        self.wire.healthy().await
    }
}
