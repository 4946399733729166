//! The public number of a request: `26-4817-0355`.
//!
//! Two digits of the year, seven random digits, one check digit by Damm's algorithm, which finds every single wrong digit and every swap of
//! neighbours: the two slips people make when they read a number over the telephone.

use serde::{Deserialize, Serialize};
use std::fmt;

const DAMM: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/// Ten digits, stored without dashes, shown as `YY-DDDD-DDDC`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestNumber(String);

/// Why a text is not a request number.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadNumber {
    #[error("a request number has ten digits, like 26-4817-0355")]
    Shape,
    #[error("the last digit does not agree with the others: one of them is mistyped")]
    Check,
}

fn damm(digits: &str) -> u8 {
    digits.bytes().fold(0, |interim, b| {
        let column = usize::from(b.wrapping_sub(b'0'));
        DAMM.get(usize::from(interim)).and_then(|row| row.get(column)).copied().unwrap_or(0)
    })
}

impl RequestNumber {
    /// Builds a number from the year and a random value; only the lowest seven decimal digits of `random` count.
    #[must_use]
    pub fn compose(year: i32, random: u64) -> Self {
        let body = format!("{:02}{:07}", year.rem_euclid(100), random % 10_000_000);
        let check = damm(&body);
        Self(format!("{body}{check}"))
    }

    /// Reads a number as a person types it: spaces, dashes, `№` and `#` are tolerated.
    ///
    /// # Errors
    /// [`BadNumber`] when it is not ten digits or the check digit is wrong.
    pub fn parse(text: &str) -> Result<Self, BadNumber> {
        let mut digits = String::with_capacity(10);
        for c in text.trim().chars() {
            match c {
                '0'..='9' => digits.push(c),
                ' ' | '\u{a0}' | '-' | '–' | '—' | '‑' | '№' | '#' => {}
                _ => return Err(BadNumber::Shape),
            }
        }
        if digits.len() != 10 {
            return Err(BadNumber::Shape);
        }
        if damm(&digits) != 0 {
            return Err(BadNumber::Check);
        }
        Ok(Self(digits))
    }

    /// The ten bare digits.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.get(0..2), self.0.get(2..6), self.0.get(6..)) {
            (Some(a), Some(b), Some(c)) => write!(f, "{a}-{b}-{c}"),
            _ => f.write_str(&self.0),
        }
    }
}

impl TryFrom<String> for RequestNumber {
    type Error = BadNumber;
    fn try_from(s: String) -> Result<Self, BadNumber> {
        Self::parse(&s)
    }
}

impl From<RequestNumber> for String {
    fn from(n: RequestNumber) -> String {
        n.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tolerates_how_people_type() {
        let n = RequestNumber::compose(2026, 4_817_035);
        let shown = n.to_string();
        assert_eq!(shown, "26-4817-0355");
        for typed in ["26 4817 0355", "2648170355", " №26-4817-0355 ", "26–4817–0355"] {
            assert_eq!(RequestNumber::parse(typed), Ok(n.clone()));
        }
    }

    proptest! {
        #[test]
        fn every_slip_is_found(random in 0u64..10_000_000, place in 0usize..10, by in 1u8..10) {
            let n = RequestNumber::compose(2026, random);
            let mut wrong = n.digits().as_bytes().to_vec();
            wrong[place] = b'0' + (wrong[place] - b'0' + by) % 10;
            prop_assert_eq!(RequestNumber::parse(std::str::from_utf8(&wrong).unwrap()), Err(BadNumber::Check));
            let mut swapped = n.digits().as_bytes().to_vec();
            if place < 9 && swapped[place] != swapped[place + 1] {
                swapped.swap(place, place + 1);
                prop_assert_eq!(RequestNumber::parse(std::str::from_utf8(&swapped).unwrap()), Err(BadNumber::Check));
            }
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,40}") {
            let _ = RequestNumber::parse(&text);
        }
    }
}
