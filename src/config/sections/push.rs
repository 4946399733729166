//! Push messages to the mobile application.

use crate::config::secret::Secret;
use crate::domain::class::words;
use serde::{Deserialize, Serialize};

words! {
    /// How push messages leave.
    PushTransport {
        /// None are made: the application asks for news itself.
        Off = "off",
        /// They are kept and shown, and go nowhere.
        Stub = "stub",
        /// By Firebase Cloud Messaging, HTTP v1.
        Fcm = "fcm",
    }
}

/// `[push]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    pub transport: PushTransport,
    /// The provider's identifier of the project.
    pub project: String,
    /// Stands over every message.
    pub title: String,
    /// The JSON of the service account's key file.
    pub service_account: Secret,
    /// Where access tokens are had without a key: a metadata server near us. Empty: by the service account.
    pub token_url: String,
    pub api_url: String,
}

impl Push {
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.transport != PushTransport::Off
    }
}
