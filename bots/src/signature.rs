//! Proof that a webhook call comes from the provider: secrets compared in constant time.

use subtle::ConstantTimeEq;

/// Header in which Telegram repeats the secret given at webhook setup.
pub const TELEGRAM_HEADER: &str = "X-Telegram-Bot-Api-Secret-Token";

/// Longest secret that Telegram takes, in characters.
const LONGEST: usize = 256;

/// Whether the header holds our secret. A missing header and an unset secret never match.
///
/// The time taken depends on the lengths only, not on where the bytes differ.
#[must_use]
pub fn secret_matches(header: Option<&[u8]>, secret: &str) -> bool {
    match header {
        Some(given) if !secret.is_empty() => given.ct_eq(secret.as_bytes()).into(),
        _ => false,
    }
}

/// Whether Telegram will take this secret: 1 to 256 Latin letters, digits, `_` and `-`.
#[must_use]
pub fn acceptable_secret(secret: &str) -> bool {
    (1..=LONGEST).contains(&secret.len()) && secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_secret_matches() {
        let secret = "kUn-2031_taraz";
        let table: &[(Option<&[u8]>, bool)] = &[
            (Some(b"kUn-2031_taraz"), true),
            (Some(b"kUn-2031_taraZ"), false),
            (Some(b"kUn-2031_tara"), false),
            (Some(b"kUn-2031_taraz "), false),
            (Some(b""), false),
            (Some(b"\xff\xfe"), false),
            (None, false),
        ];
        for (given, expected) in table {
            assert_eq!(secret_matches(*given, secret), *expected, "{given:?}");
        }
    }

    #[test]
    fn an_unset_secret_opens_nothing() {
        assert!(!secret_matches(Some(b""), ""));
        assert!(!secret_matches(None, ""));
    }

    #[test]
    fn telegram_takes_a_narrow_alphabet() {
        assert!(acceptable_secret("a"));
        assert!(acceptable_secret(&"Z9_-".repeat(64)));
        for bad in ["", "a b", "құпия", "a/b", "a\n"] {
            assert!(!acceptable_secret(bad), "{bad:?}");
        }
        assert!(!acceptable_secret(&"x".repeat(257)));
    }
}
