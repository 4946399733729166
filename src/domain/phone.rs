//! Telephone numbers of Kazakhstan (and of neighbours) in E.164.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A number in E.164, `+77012345678`. `Debug` masks it, so that it cannot slip into a log; [`Phone::e164`] gives it away on purpose.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

/// The text is not a telephone number we can call or write to.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a telephone number: write it as +7 7xx xxx xx xx")]
pub struct BadPhone;

impl Phone {
    /// Reads `8 7..`, `+7 7..`, `7..`, ten digits, and foreign numbers that begin with `+`.
    ///
    /// # Errors
    /// [`BadPhone`] when the digits do not make a number.
    pub fn parse(text: &str) -> Result<Self, BadPhone> {
        let text = text.trim();
        let plus = text.starts_with('+');
        let mut digits = String::with_capacity(15);
        for c in text.chars() {
            match c {
                '0'..='9' => digits.push(c),
                '+' | ' ' | '\u{a0}' | '-' | '(' | ')' | '.' => {}
                _ => return Err(BadPhone),
            }
        }
        let national = match (plus, digits.len()) {
            (_, 11) if digits.starts_with('7') => digits.get(1..),
            (false, 11) if digits.starts_with('8') => digits.get(1..),
            (false, 10) => Some(digits.as_str()),
            (true, 8..=15) if !digits.starts_with(['7', '0']) => return Ok(Self(format!("+{digits}"))),
            _ => None,
        };
        match national {
            // +7 6xx and 7xx are Kazakhstan, 9xx, 8xx, 4xx, 3xx are Russia; 0, 1, 2, 5 do not exist there.
            Some(n) if n.starts_with(['3', '4', '6', '7', '8', '9']) => Ok(Self(format!("+7{n}"))),
            _ => Err(BadPhone),
        }
    }

    #[must_use]
    pub fn e164(&self) -> &str {
        &self.0
    }

    /// Without plus and, at home, without the country's seven: what all ways of writing the number have in common.
    #[must_use]
    pub fn national(&self) -> &str {
        self.0.strip_prefix("+7").or_else(|| self.0.strip_prefix('+')).unwrap_or(&self.0)
    }

    /// `+7 701 ••• •• 78`: enough to recognise, not enough to call.
    #[must_use]
    pub fn masked(&self) -> String {
        let head = self.0.get(0..5).unwrap_or("+");
        let tail = self.0.get(self.0.len().saturating_sub(2)..).unwrap_or("");
        format!("{head} ••• •• {tail}")
    }
}

impl Phone {
    /// A number that short messages reach: in Kazakhstan 70x, 74x to 77x; landlines are 71x and 72x.
    #[must_use]
    pub fn takes_sms(&self) -> bool {
        self.e164().strip_prefix("+77").is_some_and(|rest| rest.starts_with(['0', '4', '5', '6', '7']))
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl TryFrom<String> for Phone {
    type Error = BadPhone;
    fn try_from(s: String) -> Result<Self, BadPhone> {
        Self::parse(&s)
    }
}

impl From<Phone> for String {
    fn from(p: Phone) -> String {
        p.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, e164) in [
            ("8 701 234 56 78", "+77012345678"),
            ("+7 (701) 234-56-78", "+77012345678"),
            ("77012345678", "+77012345678"),
            ("7012345678", "+77012345678"),
            ("+79161234567", "+79161234567"),
            ("8 (7262) 45-67-89", "+77262456789"),
            ("+998 90 123 45 67", "+998901234567"),
        ] {
            assert_eq!(Phone::parse(text).map(|p| p.e164().to_owned()), Ok(e164.to_owned()), "{text}");
        }
        for text in ["", "109", "anonymous", "+7", "8", "+0000000000", "45-67-89", "+7 123 456 78 90"] {
            assert_eq!(Phone::parse(text), Err(BadPhone), "{text}");
        }
    }

    #[test]
    fn short_messages_go_to_mobile_numbers() {
        for (phone, want) in
            [("+77012345678", true), ("+77477777777", true), ("+77262456789", false), ("+77172123456", false), ("+79161234567", false)]
        {
            assert_eq!(Phone::parse(phone).unwrap().takes_sms(), want, "{phone}");
        }
    }

    #[test]
    fn debug_does_not_tell() {
        let shown = format!("{:?}", Phone::parse("+77012345678").unwrap());
        assert!(!shown.contains("23456"), "{shown}");
    }
}
