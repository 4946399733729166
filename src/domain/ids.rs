//! Typed identifiers: a UUID of one kind never stands where another is meant, and codes are checked once, where they enter.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);
        impl $name {
            /// A new identifier, ordered by time of making (UUID version 7).
            #[must_use]
            pub fn fresh() -> Self { Self(Uuid::now_v7()) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> { Uuid::parse_str(s).map(Self) }
        }
    )*};
}

uuid_id! {
    /// A service request.
    RequestId,
    /// A person who writes or calls.
    ResidentId,
    /// One chat in one channel.
    ConversationId,
    /// One said thing: an erasable row of text.
    MessageId,
    /// A member of staff.
    StaffId,
    /// One clock of one request.
    TimerId,
    /// A photo, a voice note, a document.
    AttachmentId,
    /// One outgoing message.
    OutboxId,
    /// One telephone call.
    CallId,
    /// Somebody who is to be called back.
    CallbackId,
    /// A chat that came to another resident.
    JoinId,
    /// A place without water, light or the like, as staff tell of it.
    OutageId,
}

/// A code of the catalogue: 1-40 characters of `a-z`, `0-9`, `_`, `-`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is not a code: 1-40 characters of a-z, 0-9, '_' and '-' are allowed")]
pub struct BadCode(pub String);

macro_rules! code {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);
        impl $name {
            /// # Errors
            /// [`BadCode`] when the text is not a code.
            pub fn new(s: impl Into<String>) -> Result<Self, BadCode> {
                let s = s.into();
                let ok = !s.is_empty() && s.len() <= 40
                    && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
                if ok { Ok(Self(s)) } else { Err(BadCode(s)) }
            }
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl TryFrom<String> for $name {
            type Error = BadCode;
            fn try_from(s: String) -> Result<Self, BadCode> { Self::new(s) }
        }
        impl std::str::FromStr for $name {
            type Err = BadCode;
            fn from_str(s: &str) -> Result<Self, BadCode> { Self::new(s) }
        }
        impl From<$name> for String {
            fn from(c: $name) -> String { c.0 }
        }
    )*};
}

code! {
    /// A service of the catalogue: `water`, `roads` ...
    ServiceCode,
    /// A district of the oblast, or the city of Taraz: `taraz`, `shu` ...
    DistrictCode,
    /// A queue of work: `water_taraz`, `control`, `triage` ...
    QueueCode,
    /// A crew on the road.
    CrewCode,
}
