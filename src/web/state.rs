//! What handlers share.

use crate::dispatch::Core;
use crate::dispatch::inbox::Inbox;
use crate::domain::Instant;
use crate::telephony::centre::Centre;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// One permit of the room for photos, in bytes.
pub const PIECE_OF_ROOM: usize = 1024 * 1024;
/// Permits of one process.
pub const ROOM: usize = 192;

/// Shared by all handlers of one process.
pub struct WebState {
    pub core: Arc<Core>,
    /// The durable door for webhooks.
    pub inbox: Inbox,
    /// Secret of each Telegram bot, by its name in the path.
    pub telegram: BTreeMap<String, String>,
    /// The door of WhatsApp, Instagram and the Facebook page, when it is open.
    pub meta: Option<crate::channels::meta::Door>,
    /// Doors of SMS gateways, by their name in the path.
    pub sms: BTreeMap<String, crate::channels::sms::Door>,
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
    /// The largest file taken, in bytes.
    pub largest_file: u64,
    /// Bytes of a file held at once, and the size of its parts in the store.
    pub media_part: usize,
    /// Room for photos that are held whole while they are cleaned.
    pub photos: Semaphore,
    /// Exchanges, their doors, the folder of recordings.
    pub centre: Arc<Centre>,
    /// Cancelled when the process is to end: open streams end with it.
    pub ending: CancellationToken,
    /// Folders of ours whose disks are watched, by the name they have in the metrics.
    pub folders: Vec<(&'static str, std::path::PathBuf)>,
    /// `api`, `worker` or `all`.
    pub role: &'static str,
    pub started_at: Instant,
}
