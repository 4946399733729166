//! The sections of the settings, one file per concern. Every key is explained in `config/default.toml`; here stand types and units.

mod auth;
mod calls;
mod channels;
mod delivery;
mod http;
mod loops;
mod mail;
mod push;
mod retention;
mod storage;

pub use auth::Auth;
pub use calls::{CallDoor, CallFormat, CallSource, Calls};
pub use channels::{Channels, Facebook, Instagram, Meta, Sms, SmsGateway, SmsTransport, Telegram, TelegramMode, Whatsapp};
pub use delivery::{Delivery, WindowHours};
pub use http::Http;
pub use loops::{Dialogue, Intake, Outbox, Shutdown, Timers, Triage};
pub use mail::{Digest, Mail, MailDoor, MailInbound, MailTransport};
pub use push::{Push, PushTransport};
pub use retention::Retention;
pub use storage::{DataDir, Database, Journal, Media, Redis};

use crate::domain::class::words;
use serde::{Deserialize, Serialize};

words! {
    /// How the service is set up.
    Deployment {
        /// One process with everything inside it.
        Single = "single",
        /// Several processes over PostgreSQL and Redis.
        Cluster = "cluster",
    }
}

words! {
    /// How log lines look.
    LogFormat {
        Text = "text",
        Json = "json",
    }
}

/// What is logged and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    /// A filter such as `info` or `info,jambyl109::workers=debug`.
    pub level: String,
}

/// All settings of one process.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub deployment: Deployment,
    pub http: Http,
    pub database: Database,
    pub redis: Redis,
    pub log: Log,
    pub channels: Channels,
    pub mail: Mail,
    pub digest: Digest,
    pub push: Push,
    pub media: Media,
    pub config: DataDir,
    pub journal: Journal,
    pub retention: Retention,
    pub intake: Intake,
    pub outbox: Outbox,
    pub delivery: Delivery,
    pub timers: Timers,
    pub dialogue: Dialogue,
    pub triage: Triage,
    pub auth: Auth,
    pub shutdown: Shutdown,
    pub calls: Calls,
}

impl Config {
    /// The settings as TOML with every secret hidden: what `check-config --print` shows.
    #[must_use]
    pub fn print(&self) -> String {
        // Every type here writes itself as TOML, so the error arm says so instead of hiding it.
        toml::to_string_pretty(self).unwrap_or_else(|e| format!("# the settings cannot be printed: {e}\n"))
    }
}
