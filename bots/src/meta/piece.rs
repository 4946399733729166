//! One webhook body cut into pieces that can be stored and read alone.
//!
//! A body holds up to a thousand things of many people. Cutting never fails: what has an unknown shape becomes a piece of its own, and a body that
//! is no envelope at all becomes one unreadable piece.

use crate::raw::{Object, tidy};
use crate::{social, whatsapp};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// Longest identifier that is kept as it came, in bytes; a longer one is replaced by a hash.
const LONGEST_ID: usize = 400;

/// What stands for a chat where there is none.
pub const NO_CHAT: &str = "-";

/// Whose webhook it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wire {
    Whatsapp,
    Instagram,
    /// A Facebook page.
    Page,
    /// None that we know.
    Unknown,
}

/// One thing of a body: a message, a status, a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub wire: Wire,
    /// Our account as the provider numbers it; empty when not said.
    pub account: String,
    /// The same thing delivered again carries the same: the provider's own id, or a hash of the piece.
    pub external_id: String,
    /// For keeping one chat's pieces in order; [`NO_CHAT`] when it belongs to none.
    pub chat: String,
    /// A word for metrics, from a small set.
    pub kind: String,
    /// JSON that can be read alone; the whole body when it is no envelope.
    pub body: Vec<u8>,
    /// Whether reading can make anything of it.
    pub readable: bool,
}

/// Cuts a webhook body. Empty only when the envelope is whole and holds nothing.
#[must_use]
pub fn pieces(body: &[u8]) -> Vec<Piece> {
    match wire(body) {
        Wire::Whatsapp => whatsapp::pieces(body),
        Wire::Instagram | Wire::Page => social::pieces(body),
        Wire::Unknown => vec![unreadable(Wire::Unknown, "unknown", body)],
    }
}

/// Whose webhook a body is, by its `object`.
#[must_use]
pub fn wire(body: &[u8]) -> Wire {
    let object = Object::of_body(body).and_then(|top| top.get::<String>("object"));
    match object.as_deref() {
        Some(whatsapp::OBJECT) => Wire::Whatsapp,
        Some("instagram") => Wire::Instagram,
        Some("page") => Wire::Page,
        _ => Wire::Unknown,
    }
}

/// A piece that is only kept: the bytes as they came.
pub(crate) fn unreadable(wire: Wire, kind: &str, body: &[u8]) -> Piece {
    Piece {
        wire,
        account: String::new(),
        external_id: sha256_id(body),
        chat: NO_CHAT.to_owned(),
        kind: tidy(kind),
        body: body.to_vec(),
        readable: false,
    }
}

/// An id for what has none of its own.
pub(crate) fn sha256_id(bytes: &[u8]) -> String {
    format!("sha256:{}", super::to_hex(&Sha256::digest(bytes)))
}

/// The provider's id when it is fit to be a key, else a hash of `body`.
pub(crate) fn bounded_id(id: Option<String>, body: &[u8]) -> String {
    id.filter(|id| fit(id)).unwrap_or_else(|| sha256_id(body))
}

/// Whether a word from outside can be a key: neither empty nor long, and printable.
pub(crate) fn fit(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len()) && !id.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// The items of a JSON array one by one, each as raw text; `None` when it is no array.
pub(crate) fn items(raw: Option<&RawValue>) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw?.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_names_the_wire() {
        let table = [
            (r#"{"object":"whatsapp_business_account","entry":[]}"#, Wire::Whatsapp),
            (r#"{"object":"instagram"}"#, Wire::Instagram),
            (r#"{"object":"page","entry":7}"#, Wire::Page),
            (r#"{"object":"permissions"}"#, Wire::Unknown),
            (r#"{"object":["page"]}"#, Wire::Unknown),
            ("{}", Wire::Unknown),
            ("[]", Wire::Unknown),
            ("", Wire::Unknown),
        ];
        for (body, expected) in table {
            assert_eq!(wire(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn a_body_that_is_no_envelope_is_kept_whole() {
        for body in [&b""[..], b"not json", b"\xff\x00", b"[1]", b"null", br#"{"object":"user","entry":[{}]}"#] {
            let got = pieces(body);
            assert_eq!(got.len(), 1);
            assert!(!got[0].readable && got[0].body == body && got[0].wire == Wire::Unknown && got[0].external_id.starts_with("sha256:"));
        }
    }

    #[test]
    fn keys_are_bounded() {
        assert_eq!(bounded_id(Some("wamid.A==".into()), b""), "wamid.A==");
        for bad in [String::new(), "a b".into(), "a\u{0}".into(), "x".repeat(LONGEST_ID + 1)] {
            assert_eq!(bounded_id(Some(bad), b"7"), sha256_id(b"7"));
        }
        assert_eq!(bounded_id(None, b"7").len(), 7 + 64);
    }
}
