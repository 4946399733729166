//! Randomness and hashes: tokens, codes, salts. Everything secret is stored only as a hash.

use rand::{Rng, RngCore};
use sha2::{Digest, Sha256};

/// A token of 256 random bits, as 64 hex digits.
#[must_use]
pub fn token() -> String {
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    hex::encode(bytes)
}

/// Salt for the digest of one text.
#[must_use]
pub fn salt() -> Vec<u8> {
    let mut bytes = vec![0u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// A code of six digits.
#[must_use]
pub fn code() -> String {
    format!("{:06}", rand::rng().random_range(0..1_000_000u32))
}

/// A random number for a request's public number.
#[must_use]
pub fn draw() -> u64 {
    rand::rng().random_range(0..10_000_000u64)
}

/// Hex of SHA-256.
#[must_use]
pub fn sha256(parts: &[&str]) -> String {
    let mut h = Sha256::new();
    for p in parts {
        h.update((p.len() as u64).to_be_bytes());
        h.update(p.as_bytes());
    }
    hex::encode(h.finalize())
}
