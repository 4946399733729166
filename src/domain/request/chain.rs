//! The hash chain of a request's journal.
//!
//! Each row's hash is `HMAC-SHA256(key, previous hash || stored bytes)`. Without the key nobody can alter, drop or insert a row unnoticed; the
//! request row keeps the last `seq` and hash, so a cut tail is found too.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A link of the chain.
pub type RowHash = [u8; 32];

/// What stands before the first row.
pub const GENESIS: RowHash = [0; 32];

/// The secret of the chain.
#[derive(Clone)]
pub struct ChainKey(Vec<u8>);

impl ChainKey {
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// A key for something else, from which this one cannot be found.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut out = [0; 32];
        // HMAC takes keys of any length: the error arm cannot be reached.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) {
            mac.update(b"jambyl109 key for ");
            mac.update(purpose.as_bytes());
            out.copy_from_slice(&mac.finalize().into_bytes());
        }
        out
    }
}

impl std::fmt::Debug for ChainKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChainKey(hidden)")
    }
}

/// What one row's hash covers besides its predecessor.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    pub request: &'a str,
    pub seq: i64,
    /// Microseconds since 1970.
    pub at_micros: i64,
    pub actor: &'a str,
    pub kind: &'a str,
    /// The payload as stored.
    pub payload: &'a str,
}

impl Link<'_> {
    /// Every field is length-prefixed, so that no two different rows have the same bytes.
    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + self.payload.len());
        let (seq, at) = (self.seq.to_string(), self.at_micros.to_string());
        for field in [self.request, &seq, &at, self.actor, self.kind, self.payload] {
            out.extend_from_slice(&(field.len() as u64).to_be_bytes());
            out.extend_from_slice(field.as_bytes());
        }
        out
    }
}

/// The hash of a row.
#[must_use]
pub fn link(key: &ChainKey, previous: &RowHash, row: &Link<'_>) -> RowHash {
    let mut out = GENESIS;
    // HMAC takes keys of any length: the error arm cannot be reached, and a zero hash would be found by verification.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key.0) {
        mac.update(previous);
        mac.update(&row.bytes());
        out.copy_from_slice(&mac.finalize().into_bytes());
    }
    out
}
