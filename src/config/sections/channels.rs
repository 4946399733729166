//! The doors residents come through.

use crate::config::secret::Secret;
use crate::domain::class::words;
use serde::{Deserialize, Serialize};

/// All channels. One without a token is off.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channels {
    pub telegram: Telegram,
    pub sms: Sms,
    pub meta: Meta,
    pub whatsapp: Whatsapp,
    pub instagram: Instagram,
    pub facebook: Facebook,
}

words! {
    /// How updates come from Telegram.
    TelegramMode {
        /// The service asks for them.
        Polling = "polling",
        /// Telegram brings them to `/webhooks/telegram/{name}`.
        Webhook = "webhook",
    }
}

/// The Telegram bot.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telegram {
    /// Empty: the bot is off.
    pub token: Secret,
    /// What Telegram repeats in the header of every webhook call.
    pub secret: Secret,
    pub api_url: String,
    pub mode: TelegramMode,
    /// Stands in the webhook's path and marks the account in the database.
    pub name: String,
}

impl Telegram {
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.token.is_empty()
    }
}

words! {
    /// How SMS leave.
    SmsTransport {
        /// They are kept and shown, and go nowhere.
        Stub = "stub",
    }
}

/// Short messages.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    pub transport: SmsTransport,
}

/// What the three Meta channels share. Accepted, not used yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    pub app_secret: Secret,
    pub verify_token: Secret,
    pub graph_url: String,
    pub graph_version: String,
}

/// WhatsApp Cloud API. Accepted, not used yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whatsapp {
    pub phone_number_id: String,
    pub token: Secret,
}

/// Instagram. Accepted, not used yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instagram {
    pub account_id: String,
    pub token: Secret,
    pub app_secret: Secret,
}

/// The Facebook page. Accepted, not used yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facebook {
    pub page_id: String,
    pub token: Secret,
}
