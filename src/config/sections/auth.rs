//! Sessions, tokens and the limits against guessing.

use serde::{Deserialize, Serialize};

/// How long one stays signed in, and how often one may try.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Longest life of a console session.
    pub session_hours: u64,
    /// A console session that nobody used for so long is over.
    pub session_idle_minutes: u64,
    /// Life of a bearer token of staff.
    pub token_days: u64,
    /// Life of a resident's bearer token.
    pub access_minutes: u64,
    /// Life of what renews it, counted from the last renewal.
    pub refresh_days: u64,
    /// Life of a one-time code.
    pub otp_ttl_secs: u64,
    /// Wrong tries after which a code is void.
    pub otp_attempts: u32,
    pub otp_per_phone_per_hour: u32,
    pub otp_per_address_per_hour: u32,
    /// Requests through the public form from one address.
    pub form_per_address_per_hour: u32,
    /// Requests through the public form that name one phone.
    pub form_per_phone_per_hour: u32,
    /// Files that one resident brings.
    pub media_per_resident_per_hour: u32,
    /// Files that come from one address.
    pub media_per_address_per_hour: u32,
    /// Wrong passwords in a quarter of an hour, from one place for one account, after which that place waits.
    pub login_attempts: u32,
    /// Wrong passwords in an hour for one account from places where it never signed in, after which such places wait.
    pub login_strangers_per_hour: u32,
    /// Wrong passwords in a quarter of an hour from one address, whatever the account.
    pub login_per_address: u32,
    /// Wrong second factors in an hour, after the right password.
    pub second_factor_per_hour: u32,
}
