//! What WhatsApp, Instagram and Facebook pages have in common: one webhook, one signature, one Graph API.
//!
//! | module | what it owns |
//! |---|---|
//! | [`signature`] | proof that a webhook call comes from Meta |
//! | [`handshake`] | the one GET by which Meta checks that the address is ours |
//! | [`piece`] | one webhook body cut into pieces that can be stored and read alone |
//! | [`graph`] | the HTTP client: calls, uploads, downloads |
//! | [`failure`] | what the provider's error codes mean |

pub mod failure;
pub mod graph;
pub mod handshake;
pub mod piece;
pub mod signature;

pub use failure::{ApiError, CallError};
pub use graph::{ConfigError, Graph, Timeouts};
pub use handshake::challenge;
pub use piece::{Piece, Wire, pieces};
pub use signature::{HEADER as SIGNATURE_HEADER, sign, signed};

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Thirty-two bytes from sixty-four hexadecimal digits of either case.
pub(crate) fn hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        let [high, low] = pair else { return None };
        let digit = |d: u8| char::from(d).to_digit(16).and_then(|d| u8::try_from(d).ok());
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}
