//! The morning digest: who reads it, of which part of the work, and which day is due when.

use super::calendar::{Day, begins, day_of};
use super::ids::{DistrictCode, QueueCode, ServiceCode};
use super::lang::Lang;
use super::report::{Bounds, Filter, after};
use super::time::Instant;
use chrono::{NaiveTime, Timelike};
use std::fmt;

/// The part of the work that a reader is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    All,
    District(DistrictCode),
    Service(ServiceCode),
    Queue(QueueCode),
}

impl Part {
    /// Reads `all`, `district:taraz`, `service:water` or `queue:water_taraz`.
    ///
    /// # Errors
    /// What was wanted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no part of the work: write all, district:CODE, service:CODE or queue:CODE");
        match text.split_once(':') {
            None if text == "all" => Ok(Self::All),
            Some(("district", code)) => code.parse().map(Self::District).map_err(|_| wrong()),
            Some(("service", code)) => code.parse().map(Self::Service).map_err(|_| wrong()),
            Some(("queue", code)) => code.parse().map(Self::Queue).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }

    /// What figures are asked with.
    #[must_use]
    pub fn filter(&self) -> Filter {
        let mut f = Filter::within(Bounds::everything());
        match self {
            Self::All => {}
            Self::District(code) => f.district = Some(code.clone()),
            Self::Service(code) => f.service = Some(code.clone()),
            Self::Queue(code) => f.queue = Some(code.clone()),
        }
        f
    }

    /// The text key that names it; none for the whole.
    #[must_use]
    pub fn label(&self) -> Option<String> {
        match self {
            Self::All => None,
            Self::District(code) => Some(format!("@district.{code}")),
            Self::Service(code) => Some(format!("@service.{code}")),
            Self::Queue(code) => Some(format!("@queue.{code}")),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::District(code) => write!(f, "district:{code}"),
            Self::Service(code) => write!(f, "service:{code}"),
            Self::Queue(code) => write!(f, "queue:{code}"),
        }
    }
}

/// Somebody who gets the digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// In lower case.
    pub address: String,
    pub lang: Lang,
    pub part: Part,
}

impl Reader {
    /// Reads `address language part`.
    ///
    /// # Errors
    /// What was wanted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let (Some(address), Some(lang), Some(part), None) = (words.next(), words.next(), words.next(), words.next()) else {
            return Err("write an address, a language (kk or ru) and a part (all, district:CODE ...), with spaces between".into());
        };
        Ok(Self {
            address: mail_address(address)?,
            lang: Lang::parse(lang).ok_or_else(|| format!("'{lang}' is not kk or ru"))?,
            part: Part::parse(part)?,
        })
    }
}

/// An address in lower case.
///
/// # Errors
/// When it is none.
pub fn mail_address(text: &str) -> Result<String, String> {
    let sane = text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"' | '#'));
    match text.rsplit_once('@') {
        Some((local, domain)) if sane && !local.is_empty() && !domain.is_empty() && !local.contains('@') => Ok(text.to_lowercase()),
        _ => Err(format!("'{text}' is not a mail address")),
    }
}

/// The day that a digest tells of at this moment: yesterday, from `at` of this morning on, for so many hours. Of several missed mornings the last.
#[must_use]
pub fn due(now: Instant, at: NaiveTime, late_hours: u32) -> Option<Day> {
    let today = day_of(now);
    let open = |morning: Day| {
        let from = begins(morning) + chrono::Duration::seconds(i64::from(at.num_seconds_from_midnight()));
        from <= now && now < from + chrono::Duration::hours(i64::from(late_hours.max(1)))
    };
    // Shortly after midnight the morning before may still be open.
    [today, after(today, -1)].into_iter().find(|morning| open(*morning)).map(|morning| after(morning, -1))
}

/// The name of a reader's digest of a day: there is one.
#[must_use]
pub fn key(day: Day, address: &str) -> String {
    format!("digest:{day}:{address}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_read() {
        let r = Reader::parse(" Akim@Example.KZ kk all ").unwrap();
        assert_eq!((r.address.as_str(), r.lang, r.part.clone()), ("akim@example.kz", Lang::Kk, Part::All));
        for part in ["all", "district:taraz", "service:water", "queue:water_taraz"] {
            assert_eq!(Part::parse(part).unwrap().to_string(), part);
        }
        assert_eq!(Part::parse("district:taraz").unwrap().filter().district.unwrap().as_str(), "taraz");
        for bad in [
            "",
            "a@b.kz",
            "a@b.kz kk",
            "a@b.kz en all",
            "a.kz kk all",
            "a@b.kz kk everything",
            "a@b.kz kk district:Тараз",
            "a@b.kz kk all more",
            "a\u{7f}@b.kz kk all",
        ] {
            assert!(Reader::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_missed_morning_is_made_up_for_and_an_old_one_is_not() {
        let at = NaiveTime::from_hms_opt(8, 0, 0).unwrap();
        let day = |t: &str, late| due(t.parse().unwrap(), at, late).map(|d| d.to_string());
        // Five hours before UTC.
        assert_eq!(day("2026-11-23T02:59:59Z", 15), None);
        assert_eq!(day("2026-11-23T03:00:00Z", 15).as_deref(), Some("2026-11-22"));
        assert_eq!(day("2026-11-23T17:59:59Z", 15).as_deref(), Some("2026-11-22"));
        assert_eq!(day("2026-11-23T18:00:00Z", 15), None);
        // Past midnight it is still yesterday's morning.
        assert_eq!(day("2026-11-23T20:00:00Z", 20).as_deref(), Some("2026-11-22"));
        assert_eq!(day("2026-11-24T02:59:59Z", 24).as_deref(), Some("2026-11-22"));
        assert_eq!(day("2026-11-24T03:00:00Z", 24).as_deref(), Some("2026-11-23"));
    }
}
