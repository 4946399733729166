//! The second factor: time-based one-time codes (RFC 6238: SHA-1, six digits, thirty seconds), as every authenticator application makes them.

use super::time::Instant;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

/// Length of one step, seconds.
pub const STEP: i64 = 30;
/// Length of a secret, bytes: what RFC 4226 recommends.
pub const SECRET: usize = 20;
/// Steps before and after the present one whose codes are taken: clocks of telephones go wrong.
const DRIFT: i64 = 1;

/// The step a moment lies in.
#[must_use]
pub fn step_of(at: Instant) -> i64 {
    at.timestamp().div_euclid(STEP)
}

/// The code of a step.
#[must_use]
pub fn code(secret: &[u8], step: i64) -> String {
    // HMAC takes keys of any length: the error arm cannot be reached, and an empty code fits nothing.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else { return String::new() };
    mac.update(&step.to_be_bytes());
    let tag = mac.finalize().into_bytes();
    let at = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
    let bytes = tag.iter().skip(at).take(4).fold(0u32, |n, b| n << 8 | u32::from(*b));
    format!("{:06}", (bytes & 0x7fff_ffff) % 1_000_000)
}

/// The step whose code was typed, among those that are taken now. Whoever takes it must refuse this step and earlier ones from then on.
#[must_use]
pub fn fits(secret: &[u8], typed: &str, at: Instant) -> Option<i64> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let now = step_of(at);
    // Every step is compared, so that the time it takes tells nothing.
    let mut found = None;
    for step in now - DRIFT..=now + DRIFT {
        if bool::from(code(secret, step).as_bytes().ct_eq(typed.as_bytes())) {
            found = Some(step);
        }
    }
    found
}

/// The secret in Base32, as it is typed into an application.
#[must_use]
pub fn base32(secret: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut out = String::with_capacity(secret.len().div_ceil(5) * 8);
    for chunk in secret.chunks(5) {
        let word = chunk.iter().chain([0u8; 5].iter()).take(5).fold(0u64, |n, b| n << 8 | u64::from(*b));
        let digits = (chunk.len() * 8).div_ceil(5);
        for i in 0..digits {
            let index = usize::try_from(word >> (35 - 5 * i) & 31).unwrap_or(0);
            out.push(LETTERS.get(index).map_or('A', |l| char::from(*l)));
        }
    }
    out
}

/// The address that a QR code carries into an application. `login` and `issuer` are plain words.
#[must_use]
pub fn address(secret: &[u8], login: &str, issuer: &str) -> String {
    format!("otpauth://totp/{issuer}:{login}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP}", base32(secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Duration};
    use proptest::prelude::*;

    const RFC: &[u8] = b"12345678901234567890";

    #[test]
    fn the_vectors_of_the_rfcs() {
        // RFC 6238, appendix B, the last six of eight digits; RFC 4226, appendix D.
        for (secs, want) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"), (2_000_000_000, "279037")]
        {
            assert_eq!(code(RFC, secs / STEP), want);
        }
        for (counter, want) in (0..).zip(["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]) {
            assert_eq!(code(RFC, counter), want);
        }
        // RFC 4648, section 10, without its padding.
        for (bytes, want) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(bytes.as_bytes()), want);
        }
    }

    #[test]
    fn a_code_fits_its_step_and_the_neighbours() {
        let at = |secs: i64| DateTime::from_timestamp(1_800_000_000 + secs, 0).unwrap();
        let now = step_of(at(0));
        let typed = code(RFC, now);
        for (secs, want) in [(0, true), (29, true), (30, true), (59, true), (60, false), (-1, true), (-30, true), (-31, false), (3600, false)] {
            assert_eq!(fits(RFC, &typed, at(secs)).is_some(), want, "{secs}");
        }
        assert_eq!(fits(RFC, &format!(" {} {}", &typed[..3], &typed[3..]), at(0)), Some(now));
        for none in ["", "12345", "1234567", "abcdef", "０１２３４５"] {
            assert_eq!(fits(RFC, none, at(0)), None);
        }
        assert_eq!(fits(b"another secret of them", &typed, at(0)), None);
    }

    proptest! {
        #[test]
        fn every_code_is_six_digits(secret in proptest::collection::vec(any::<u8>(), 0..40), secs in 0i64..4_000_000_000) {
            let at = DateTime::from_timestamp(secs, 0).unwrap();
            let c = code(&secret, step_of(at));
            prop_assert!(c.len() == 6 && c.bytes().all(|b| b.is_ascii_digit()));
            prop_assert!(fits(&secret, &c, at + Duration::seconds(1)).is_some());
            prop_assert!(base32(&secret).len() == (secret.len() * 8).div_ceil(5));
        }
    }
}
