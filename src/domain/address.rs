//! An address as a resident typed it, taken apart.

use serde::{Deserialize, Serialize};

/// What a text says of street and house. Each part is as typed; nothing is looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The whole of it, as typed.
    pub typed: String,
    /// The microdistrict: a number ("15") or a name ("Салтанат").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub microdistrict: Option<String>,
    /// The name of the street, without the word for a street.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// The house with its letter or fraction: "21к", "39/40".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub house: Option<String>,
    /// The block of a house ("корпус").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<String>,
    /// The entrance ("подъезд").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrance: Option<String>,
    /// The flat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flat: Option<String>,
}
