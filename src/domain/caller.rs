//! Who is calling, as an exchange writes it: a number of any kind, an extension, or nobody.

use super::phone::Phone;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The area codes that numbers without one belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Code before six local digits: `7262` is Taraz.
    pub city: String,
    /// Code before five local digits, `726xx`; without it five digits are an extension.
    pub district: Option<String>,
}

impl Default for Area {
    fn default() -> Self {
        Self { city: "7262".into(), district: None }
    }
}

/// The caller of a call.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Caller {
    /// A number that can be called from anywhere.
    Phone(Phone),
    /// A phone inside the exchange, or a short number such as 112: digits.
    Extension(String),
    /// The number was withheld.
    Anonymous,
    /// Something that is not a number; kept as it came, at most 64 characters.
    Garbage(String),
}

/// Digits an extension or short number may have.
const EXTENSION: std::ops::RangeInclusive<usize> = 2..=5;
const WITHHELD: [&str; 13] =
    ["", "s", "anonymous", "unknown", "<unknown>", "restricted", "private", "unavailable", "withheld", "asterisk", "freeswitch", "0", "0000000000"];

impl Caller {
    /// Reads a caller number: local five and six digits, `8 7..`, `+7 7..`, a leading `9` for an outside line, `810..`, `"Name" <number>`,
    /// `sip:number@host`.
    #[must_use]
    pub fn read(text: &str, area: &Area) -> Self {
        let bare = number_in(text);
        if WITHHELD.iter().any(|w| bare.eq_ignore_ascii_case(w)) {
            return Self::Anonymous;
        }
        let punctuation = |c: char| matches!(c, ' ' | '\u{a0}' | '-' | '(' | ')' | '.');
        let plus = bare.starts_with('+');
        let digits: String = bare.strip_prefix('+').unwrap_or(bare).chars().filter(|c| !punctuation(*c)).collect();
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Self::Garbage(text.trim().chars().take(64).collect());
        }
        match whole(&digits, plus).or_else(|| local(&digits, plus, area)) {
            Some(phone) => Self::Phone(phone),
            None if !plus && EXTENSION.contains(&digits.len()) => Self::Extension(digits),
            None => Self::Garbage(text.trim().chars().take(64).collect()),
        }
    }

    /// The number that can be called back, if there is one.
    #[must_use]
    pub fn phone(&self) -> Option<&Phone> {
        match self {
            Self::Phone(p) => Some(p),
            _ => None,
        }
    }

    /// A phone inside the exchange.
    #[must_use]
    pub fn is_extension(&self) -> bool {
        matches!(self, Self::Extension(_))
    }

    /// The word for the kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Phone(_) => "phone",
            Self::Extension(_) => "extension",
            Self::Anonymous => "anonymous",
            Self::Garbage(_) => "garbage",
        }
    }

    /// What may be shown in a list.
    #[must_use]
    pub fn masked(&self) -> String {
        match self {
            Self::Phone(p) => p.masked(),
            Self::Extension(e) => e.clone(),
            Self::Anonymous => String::new(),
            Self::Garbage(_) => "•".into(),
        }
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.kind(), self.masked())
    }
}

/// The number inside `"Name" <number>`, `sip:number@host;user=phone` or `tel:number`.
fn number_in(text: &str) -> &str {
    let mut t = text.trim();
    if let (Some(open), Some(close)) = (t.rfind('<'), t.rfind('>')) {
        // `<unknown>` alone says the same with or without its brackets.
        t = t.get(open + 1..close).map_or(t, str::trim);
    }
    for scheme in ["sip:", "sips:", "tel:"] {
        t = t.get(..scheme.len()).filter(|head| head.eq_ignore_ascii_case(scheme)).and_then(|_| t.get(scheme.len()..)).unwrap_or(t);
    }
    let end = t.find(['@', ';']).unwrap_or(t.len());
    t.get(..end).unwrap_or(t).trim().trim_matches('"')
}

/// A number that carries its country or trunk code, with or without the way out of the exchange.
fn whole(digits: &str, plus: bool) -> Option<Phone> {
    if plus {
        return Phone::parse(&format!("+{digits}")).ok();
    }
    // `810` is the way abroad, `00` too on some exchanges.
    for way_out in ["810", "00"] {
        if let Some(rest) = digits.strip_prefix(way_out).filter(|r| r.len() >= 8) {
            return Phone::parse(&format!("+{rest}")).ok();
        }
    }
    // `9` asks for an outside line.
    if let Some(rest) = digits.strip_prefix('9')
        && (rest.len() == 11 && rest.starts_with(['7', '8']))
        && let Ok(phone) = Phone::parse(rest)
    {
        return Some(phone);
    }
    match digits.len() {
        10 | 11 => Phone::parse(digits).ok().or_else(|| (digits.len() == 11).then(|| Phone::parse(&format!("+{digits}")).ok()).flatten()),
        12..=15 => Phone::parse(&format!("+{digits}")).ok(),
        _ => None,
    }
}

/// Six digits of the city, five of a district, either behind a `9`.
fn local(digits: &str, plus: bool, area: &Area) -> Option<Phone> {
    if plus {
        return None;
    }
    let code = |rest: &str| match rest.len() {
        6 if !rest.starts_with(['0', '1']) => Some(format!("+7{}{rest}", area.city)),
        5 if !rest.starts_with(['0', '1']) => area.district.as_ref().map(|d| format!("+7{d}{rest}")),
        _ => None,
    };
    let found = match digits.len() {
        7 => digits.strip_prefix('9').filter(|rest| rest.len() == 6).and_then(code),
        _ => code(digits),
    };
    found.and_then(|n| Phone::parse(&n).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kz() -> Area {
        Area { city: "7262".into(), district: Some("72637".into()) }
    }

    #[test]
    fn reads_what_exchanges_write() {
        for (text, e164) in [
            ("456789", "+77262456789"),
            ("45-67-89", "+77262456789"),
            ("9456789", "+77262456789"),
            ("21234", "+77263721234"),
            ("8 (7262) 45-67-89", "+77262456789"),
            ("+7 701 234 56 78", "+77012345678"),
            ("87012345678", "+77012345678"),
            ("987012345678", "+77012345678"),
            ("7012345678", "+77012345678"),
            ("+79161234567", "+79161234567"),
            ("810998901234567", "+998901234567"),
            ("998901234567", "+998901234567"),
            ("8-726-37-2-12-34", "+77263721234"),
            ("\"Айгүл\" <+77012345678>", "+77012345678"),
            ("sip:+77012345678@10.0.0.1;user=phone", "+77012345678"),
            ("tel:87012345678", "+77012345678"),
        ] {
            assert_eq!(Caller::read(text, &kz()).phone().map(Phone::e164), Some(e164), "{text}");
        }
    }

    #[test]
    fn tells_extensions_nobody_and_garbage() {
        for text in ["", "  ", "anonymous", "Anonymous", "<unknown>", "Unknown", "\"Anonymous\" <anonymous>", "sip:anonymous@anonymous.invalid", "s"]
        {
            assert_eq!(Caller::read(text, &kz()), Caller::Anonymous, "{text}");
        }
        for text in ["101", "109", "2001", "12"] {
            assert_eq!(Caller::read(text, &kz()), Caller::Extension(text.into()), "{text}");
        }
        assert_eq!(Caller::read("21234", &Area::default()), Caller::Extension("21234".into()), "no district: five digits are an extension");
        for text in ["hello", "7%A5", "1", "123456789012345678", "+7", "+456789", "1234567"] {
            assert!(matches!(Caller::read(text, &kz()), Caller::Garbage(_)), "{text}: {:?}", Caller::read(text, &kz()));
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_debug_never_tells(text in "\\PC{0,40}") {
            let _ = format!("{:?}", Caller::read(&text, &kz()));
        }

        #[test]
        fn a_number_read_twice_is_the_same(n in "[2-9][0-9]{5,12}") {
            if let Caller::Phone(p) = Caller::read(&n, &kz()) {
                proptest::prop_assert_eq!(Caller::read(p.e164(), &kz()), Caller::Phone(p));
            }
        }
    }
}
