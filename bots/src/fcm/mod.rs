//! Push messages to the mobile application through Firebase Cloud Messaging, HTTP v1.
//!
//! | module | what it owns |
//! |---|---|
//! | [`account`] | the service account: its key, and the assertion that is signed with it |
//! | [`client`] | sending |
//! | `token` | the access token: asked for, kept while it lives |
//! | `failure` | what refusals mean |
//!
//! A chat is a device's token. Anybody who holds the telephone reads what is pushed, and the provider does too: texts must name nobody.

pub mod account;
pub mod client;
mod failure;
mod token;

pub use crate::http::Timeouts;
pub use account::ServiceAccount;
pub use client::{Credentials, FcmChannel, FcmConfig};

use chrono::{DateTime, Utc};
use std::sync::Arc;
use thiserror::Error;

/// The clock of whoever builds the wire: assertions carry the time.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Why a client cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ConfigError {
    #[error("the service account's file is not the JSON that the provider gives")]
    Account,
    #[error("the service account's key is not an RSA key in PKCS #8")]
    Key,
    #[error("an address is not an http or https address")]
    Url,
    #[error("the project's identifier is empty or holds characters that identifiers never hold")]
    Project,
    #[error("the HTTP client could not be built")]
    Client,
}
