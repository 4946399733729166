//! Sessions, tokens and the limits against guessing.

use serde::{Deserialize, Serialize};

/// How long one stays signed in, and how often one may try.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Life of a console session.
    pub session_hours: u64,
    /// Life of a bearer token.
    pub token_days: u64,
    /// Life of a one-time code.
    pub otp_ttl_secs: u64,
    /// Wrong tries after which a code is void.
    pub otp_attempts: u32,
    pub otp_per_phone_per_hour: u32,
    pub otp_per_address_per_hour: u32,
    /// Requests through the public form from one address.
    pub form_per_address_per_hour: u32,
    /// Wrong passwords after which an account waits.
    pub login_attempts: u32,
}
