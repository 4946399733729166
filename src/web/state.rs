//! What handlers share.

use crate::dispatch::Core;
use crate::dispatch::inbox::Inbox;
use crate::domain::Instant;
use crate::telephony::centre::Centre;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio_util::sync::CancellationToken;

/// Shared by all handlers of one process.
pub struct WebState {
    pub core: Arc<Core>,
    /// The durable door for webhooks.
    pub inbox: Inbox,
    /// Secret of each Telegram bot, by its name in the path.
    pub telegram: BTreeMap<String, String>,
    /// Links in pages; never ends in a slash.
    pub public_url: String,
    /// Cookies carry `Secure` when the service is reached over HTTPS.
    pub secure_cookies: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpAddr>,
    /// Set when the process begins to stop: `/health/ready` turns 503, so that no new work is sent here.
    pub stopping: AtomicBool,
    /// Photos, voice notes and documents that have been fetched.
    pub media: Arc<dyn object_store::ObjectStore>,
    /// Exchanges, their doors, the folder of recordings.
    pub centre: Arc<Centre>,
    /// Cancelled when the process is to end: open streams end with it.
    pub ending: CancellationToken,
    /// `api`, `worker` or `all`.
    pub role: &'static str,
    pub started_at: Instant,
}
