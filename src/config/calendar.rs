//! The calendar as data: time zone history, days off, working Saturdays. Parsed and checked; the clocks do not read it yet.

use crate::domain::catalog::Named;
use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;

/// A date written in TOML as `2026-01-07` or `"2026-01-07"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub NaiveDate);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Date(toml::value::Datetime),
            Text(String),
        }
        let text = match Written::deserialize(d)? {
            Written::Date(date) => date.to_string(),
            Written::Text(text) => text,
        };
        text.parse().map(Day).map_err(|_| serde::de::Error::custom(format!("'{text}' is not a date: write year-month-day, as in 2026-03-21")))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.0)
    }
}

/// The clock of the oblast over a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneSpan {
    /// The first day; unset: since ever.
    pub from: Option<Day>,
    /// Hours ahead of UTC.
    pub utc_offset_hours: i8,
}

/// A day off on a working day of the week, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    pub date: Day,
    pub name: Named,
    /// The holiday whose rest was moved here, when it fell on a weekend.
    pub moved_from: Option<Day>,
}

/// Working days and days off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Name in the time zone database.
    pub timezone: String,
    /// The list of holidays is known for these days and no others.
    pub valid_from: Day,
    pub valid_until: Day,
    /// Days of rest that the government made working ones, in return for days off elsewhere.
    pub working_saturdays: Vec<Day>,
    #[serde(rename = "zone")]
    pub zones: Vec<ZoneSpan>,
    #[serde(rename = "holiday")]
    pub holidays: Vec<Holiday>,
}

impl Calendar {
    /// What an administrator must mend.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut out = Vec::new();
        if self.timezone.parse::<chrono_tz::Tz>().is_err() {
            out.push(format!("calendar: '{}' is not a time zone: write a name such as Asia/Almaty", self.timezone));
        }
        if self.valid_from > self.valid_until {
            out.push("calendar: valid_from is later than valid_until".into());
        }
        let covered = |d: &Day| (self.valid_from..=self.valid_until).contains(d);
        let mut seen = BTreeSet::new();
        for h in &self.holidays {
            let date = h.date.0;
            if !seen.insert(h.date) {
                out.push(format!("calendar: holiday {date} stands twice"));
            }
            if !covered(&h.date) {
                out.push(format!("calendar: holiday {date} lies outside of valid_from and valid_until"));
            }
            if h.name.kk.trim().is_empty() || h.name.ru.trim().is_empty() {
                out.push(format!("calendar: holiday {date} needs a name in both languages"));
            }
            if h.moved_from.is_some_and(|from| from >= h.date) {
                out.push(format!("calendar: holiday {date} is moved from a later day"));
            }
        }
        for d in &self.working_saturdays {
            if seen.contains(d) {
                out.push(format!("calendar: {} is both a holiday and a working day", d.0));
            }
            if !is_weekend(d.0) {
                out.push(format!("calendar: {} is not a Saturday or Sunday, so it need not stand among the working ones", d.0));
            }
            if !covered(d) {
                out.push(format!("calendar: working day {} lies outside of valid_from and valid_until", d.0));
            }
        }
        if self.zones.first().is_none_or(|z| z.from.is_some()) || self.zones.iter().skip(1).any(|z| z.from.is_none()) {
            out.push("calendar: the first zone, and only the first, has no 'from'".into());
        }
        if !self.zones.iter().map(|z| z.from).is_sorted() {
            out.push("calendar: the zones must stand in the order of time".into());
        }
        if self.zones.iter().any(|z| !(-12..=14).contains(&z.utc_offset_hours)) {
            out.push("calendar: utc_offset_hours must lie between -12 and 14".into());
        }
        out
    }

    /// Whether offices work on this day; `None` where the calendar does not reach.
    #[must_use]
    pub fn is_working_day(&self, day: NaiveDate) -> Option<bool> {
        let day = Day(day);
        if !(self.valid_from..=self.valid_until).contains(&day) {
            return None;
        }
        let off = is_weekend(day.0) || self.holidays.iter().any(|h| h.date == day);
        Some(!off || self.working_saturdays.contains(&day))
    }
}

fn is_weekend(day: NaiveDate) -> bool {
    use chrono::{Datelike, Weekday};
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}
