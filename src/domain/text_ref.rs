//! How a journal row points at words without holding them.
//!
//! The journal can never be changed, and a person may ask to be forgotten. So the journal keeps the identifier of an erasable row and a digest of
//! its text salted with a secret that lies in that same row: after erasure nothing can be guessed back, and the hash chain stays whole.

use super::ids::MessageId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A reference to an erasable text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextRef {
    /// The row that holds (or held) the text.
    pub message: MessageId,
    /// Hex of SHA-256 over salt and text.
    pub digest: String,
}

/// Digest of `text` under `salt`.
#[must_use]
pub fn salted_digest(salt: &[u8], text: &str) -> String {
    let mut h = Sha256::new();
    h.update(salt);
    h.update([0]);
    h.update(text.as_bytes());
    hex::encode(h.finalize())
}
