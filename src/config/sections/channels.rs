//! The doors residents come through.

use crate::config::secret::Secret;
use crate::domain::class::words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

impl Channels {
    /// One of the channels that Meta carries is on.
    #[must_use]
    pub fn any_meta(&self) -> bool {
        self.whatsapp.is_on() || self.instagram.is_on() || self.facebook.is_on()
    }
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
        /// Through the gateway that [`Sms::gateway`] names.
        Http = "http",
    }
}

/// Short messages.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    pub transport: SmsTransport,
    /// The gateway that carries what goes out.
    pub gateway: String,
    pub gateways: BTreeMap<String, SmsGateway>,
}

/// One gateway: how it is spoken to stands in a file of its own, who may bring messages from it stands here.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsGateway {
    /// The file that describes its requests and answers. Empty: there is no such gateway.
    pub file: String,
    /// Values for the places of that file.
    pub login: String,
    pub password: Secret,
    pub key: Secret,
    pub sender: String,
    /// Who may bring messages, by HTTP basic.
    pub inbound_user: String,
    pub inbound_password: Secret,
    /// The same by bearer.
    pub inbound_token: Secret,
    /// The same by a last part of the path, for gateways that can do neither.
    pub inbound_path: Secret,
}

impl SmsGateway {
    /// Somebody may bring messages.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let basic = !self.inbound_user.is_empty() && !self.inbound_password.is_empty();
        !self.file.is_empty() && (basic || !self.inbound_token.is_empty() || !self.inbound_path.is_empty())
    }
}

/// What the three Meta channels share.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// Signs every webhook call. Empty: the door is closed.
    pub app_secret: Secret,
    /// The word of the handshake.
    pub verify_token: Secret,
    pub graph_url: String,
    pub graph_version: String,
}

/// WhatsApp Cloud API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whatsapp {
    /// Meta's number of our telephone number. Empty: the channel is off.
    pub phone_number_id: String,
    pub token: Secret,
}

impl Whatsapp {
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.phone_number_id.is_empty() && !self.token.is_empty()
    }
}

/// The Instagram account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instagram {
    /// Meta's number of our account. Empty: the channel is off.
    pub account_id: String,
    pub token: Secret,
    /// Signs webhook calls of apps with Instagram's own login. Empty: [`Meta::app_secret`] does.
    pub app_secret: Secret,
    /// Where this account's calls go. Empty: [`Meta::graph_url`].
    pub graph_url: String,
}

impl Instagram {
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.account_id.is_empty() && !self.token.is_empty()
    }
}

/// The Facebook page.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facebook {
    /// Meta's number of our page. Empty: the channel is off.
    pub page_id: String,
    pub token: Secret,
}

impl Facebook {
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.page_id.is_empty() && !self.token.is_empty()
    }
}
