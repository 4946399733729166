//! Proof that a webhook call comes from Meta: HMAC-SHA256 over the bytes as they came, compared in constant time.
//!
//! Meta writes unusual letters as escapes, so a body that was read and written again no longer fits its signature.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header that carries the signature.
pub const HEADER: &str = "X-Hub-Signature-256";

/// What stands before the digest.
const SCHEME: &str = "sha256=";

/// Whether the header signs this raw body with the application's secret. A missing header and an unset secret never match.
#[must_use]
pub fn signed(header: Option<&[u8]>, secret: &str, body: &[u8]) -> bool {
    let Some(given) = header.and_then(digest) else { return false };
    if secret.is_empty() {
        return false;
    }
    keyed(secret, body).is_some_and(|mac| mac.verify_slice(&given).is_ok())
}

/// The header's value for a body: what a provider of one's own sends.
#[must_use]
pub fn sign(secret: &str, body: &[u8]) -> String {
    let digest = keyed(secret, body).map(|mac| mac.finalize().into_bytes()).unwrap_or_default();
    format!("{SCHEME}{}", super::to_hex(&digest))
}

fn keyed(secret: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    // Keys of any length are taken.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(body);
    Some(mac)
}

fn digest(header: &[u8]) -> Option<[u8; 32]> {
    let text = std::str::from_utf8(header).ok()?.strip_prefix(SCHEME)?;
    super::hex(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "a0b1c2d3e4f5";
    const BODY: &[u8] = br#"{"object":"page","text":"\u049b\u0430\u0439\u0434\u0430"}"#;

    #[test]
    fn a_published_vector() {
        // RFC 4231, case 2.
        let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(sign("Jefe", b"what do ya want for nothing?"), expected);
        assert!(signed(Some(expected.as_bytes()), "Jefe", b"what do ya want for nothing?"));
    }

    #[test]
    fn only_the_right_digest_opens() {
        let right = sign(SECRET, BODY);
        let (longer, spaced, another) = (format!("{right}0"), format!("{right} "), sign("another", BODY));
        let upper = right.to_uppercase().replace("SHA256", "sha256");
        let table: &[(Option<&[u8]>, bool)] = &[
            (Some(right.as_bytes()), true),
            (Some(upper.as_bytes()), true),
            (right.get(7..).map(str::as_bytes), false),
            (right.get(..70).map(str::as_bytes), false),
            (Some(longer.as_bytes()), false),
            (Some(spaced.as_bytes()), false),
            (Some(another.as_bytes()), false),
            (Some(b"sha256="), false),
            (Some(b"sha1=5bdcc146bf60754e6a042426089575c75a003f08"), false),
            (Some("sha256=қ".as_bytes()), false),
            (Some(b"\xff\xfe"), false),
            (Some(b""), false),
            (None, false),
        ];
        for (header, expected) in table {
            assert_eq!(signed(*header, SECRET, BODY), *expected, "{header:?}");
        }
        assert!(!signed(Some(sign("", BODY).as_bytes()), "", BODY));
    }

    proptest! {
        #[test]
        fn one_changed_byte_closes(body in proptest::collection::vec(any::<u8>(), 1..200), at in any::<prop::sample::Index>(), flip in 1u8..) {
            let header = sign(SECRET, &body);
            prop_assert!(signed(Some(header.as_bytes()), SECRET, &body));
            let mut other = body.clone();
            other[at.index(body.len())] ^= flip;
            prop_assert!(!signed(Some(header.as_bytes()), SECRET, &other));
        }

        #[test]
        fn odd_headers_never_panic(header in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(!signed(Some(&header), SECRET, BODY));
        }
    }
}
