//! The one GET by which Meta checks that a webhook address is ours.

use subtle::ConstantTimeEq;

/// Longest challenge that is given back, in bytes; Meta sends a short number.
const LONGEST: usize = 256;

/// What to answer to `hub.mode`, `hub.verify_token` and `hub.challenge`: the challenge as it came, as plain text. `None` means 403.
///
/// An unset token of ours opens nothing. The token is compared in constant time.
#[must_use]
pub fn challenge<'a>(mode: Option<&str>, token: Option<&str>, challenge: Option<&'a str>, ours: &str) -> Option<&'a str> {
    let known: bool = token?.as_bytes().ct_eq(ours.as_bytes()).into();
    let fits = |c: &&str| (1..=LONGEST).contains(&c.len()) && c.bytes().all(|b| b.is_ascii_graphic());
    (known && !ours.is_empty() && mode == Some("subscribe")).then_some(challenge).flatten().filter(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_comes_back_to_who_knows_the_word() {
        let long = "1".repeat(LONGEST + 1);
        let table = [
            (Some("subscribe"), Some("taraz-1"), Some("0011584"), Some("0011584")),
            (Some("subscribe"), Some("taraz-2"), Some("1"), None),
            (Some("subscribe"), Some(""), Some("1"), None),
            (Some("subscribe"), None, Some("1"), None),
            (Some("unsubscribe"), Some("taraz-1"), Some("1"), None),
            (None, Some("taraz-1"), Some("1"), None),
            (Some("subscribe"), Some("taraz-1"), None, None),
            (Some("subscribe"), Some("taraz-1"), Some(""), None),
            (Some("subscribe"), Some("taraz-1"), Some("a\r\nb"), None),
            (Some("subscribe"), Some("taraz-1"), Some(long.as_str()), None),
        ];
        for (mode, token, given, expected) in table {
            assert_eq!(challenge(mode, token, given, "taraz-1"), expected, "{mode:?} {token:?} {given:?}");
        }
        assert_eq!(challenge(Some("subscribe"), Some(""), Some("1"), ""), None);
    }
}
