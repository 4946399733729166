//! Secrets that must be read again are stored sealed (XChaCha20-Poly1305): a stolen table without the service's key gives nothing.

use super::{Core, DispatchError};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use rand::RngCore;

const NONCE: usize = 24;

fn cipher(core: &Core) -> Result<XChaCha20Poly1305, DispatchError> {
    XChaCha20Poly1305::new_from_slice(&core.chain.derive("sealed columns")).map_err(|_| DispatchError::Internal("the key has a wrong length".into()))
}

/// Seals bytes for one owner: moved to another row they cannot be opened.
///
/// # Errors
/// `Internal`, which does not happen for short secrets.
pub fn seal(core: &Core, owner: &str, secret: &[u8]) -> Result<String, DispatchError> {
    let mut nonce = [0u8; NONCE];
    rand::rng().fill_bytes(&mut nonce);
    let sealed = cipher(core)?
        .encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: owner.as_bytes() })
        .map_err(|_| DispatchError::Internal("a secret cannot be sealed".into()))?;
    Ok(hex::encode([nonce.as_slice(), &sealed].concat()))
}

/// # Errors
/// `Internal` for what was sealed with another key or for another owner.
pub fn open(core: &Core, owner: &str, sealed: &str) -> Result<Vec<u8>, DispatchError> {
    let broken = || DispatchError::Internal("a sealed secret cannot be opened: has journal.key changed?".into());
    let bytes = hex::decode(sealed).map_err(|_| broken())?;
    let (nonce, body) = bytes.split_first_chunk::<NONCE>().ok_or_else(broken)?;
    cipher(core)?.decrypt(&XNonce::from(*nonce), Payload { msg: body, aad: owner.as_bytes() }).map_err(|_| broken())
}
