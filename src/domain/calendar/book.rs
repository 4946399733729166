//! Calendars as data: days of rest, moved days, and the hours of each named calendar. `config/calendar.toml`.

use super::{Day, Span, Weekday};
use crate::domain::catalog::{Catalog, Named};
use crate::domain::ids::QueueCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A day of rest, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    pub date: Day,
    pub name: Named,
    /// The holiday whose rest was moved here, when it fell on a weekend.
    pub moved_from: Option<Day>,
}

/// A day of rest that was made a working one, with the hours of another weekday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkingDay {
    pub date: Day,
    /// Whose hours it has; unset: Monday's.
    #[serde(default = "monday")]
    pub like: Weekday,
}

const fn monday() -> Weekday {
    Weekday::Mon
}

/// The hours of a week, in force for a time. A weekday without intervals is a day of rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The first day; unset: since ever.
    pub valid_from: Option<Day>,
    /// The last day; unset: until the next hours begin.
    pub valid_until: Option<Day>,
    #[serde(default)]
    pub mon: Vec<Span>,
    #[serde(default)]
    pub tue: Vec<Span>,
    #[serde(default)]
    pub wed: Vec<Span>,
    #[serde(default)]
    pub thu: Vec<Span>,
    #[serde(default)]
    pub fri: Vec<Span>,
    #[serde(default)]
    pub sat: Vec<Span>,
    #[serde(default)]
    pub sun: Vec<Span>,
}

impl Hours {
    #[must_use]
    pub fn of(&self, day: Weekday) -> &[Span] {
        match day {
            Weekday::Mon => &self.mon,
            Weekday::Tue => &self.tue,
            Weekday::Wed => &self.wed,
            Weekday::Thu => &self.thu,
            Weekday::Fri => &self.fri,
            Weekday::Sat => &self.sat,
            Weekday::Sun => &self.sun,
        }
    }
}

/// A day on which one calendar has hours of its own, whatever the week and the holidays say. No intervals: a day of rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnDay {
    pub date: Day,
    #[serde(default)]
    pub hours: Vec<Span>,
    pub name: Named,
}

/// One named calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    pub code: String,
    pub name: Named,
    /// Name in the time zone database; unset: the book's.
    pub timezone: Option<String>,
    /// Whether the book's holidays and moved days hold here. Around-the-clock services say no.
    #[serde(default = "yes")]
    pub holidays: bool,
    /// Whose calendar it is: targets that run by the owner's calendar take it for these queues.
    #[serde(default)]
    pub queues: Vec<QueueCode>,
    /// In the order of time.
    pub hours: Vec<Hours>,
    #[serde(rename = "day", default)]
    pub days: Vec<OwnDay>,
}

const fn yes() -> bool {
    true
}

/// All calendars with the days of rest they share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendars {
    /// Name in the time zone database.
    pub timezone: String,
    /// The list of holidays is known for these days and no others.
    pub valid_from: Day,
    pub valid_until: Day,
    /// Saturdays and Sundays that the government made working days, with Monday's hours.
    #[serde(default)]
    pub working_saturdays: Vec<Day>,
    /// The same with the hours of a stated weekday.
    #[serde(rename = "working_day", default)]
    pub working_days: Vec<WorkingDay>,
    #[serde(rename = "holiday", default)]
    pub holidays: Vec<Holiday>,
    #[serde(rename = "calendar", default)]
    pub calendars: Vec<Calendar>,
}

impl Calendars {
    /// The calendar that needs no data: every minute of every day.
    pub const ALWAYS: &'static str = "always";
    /// Not a calendar but a rule: the one of the queue that holds the request.
    pub const OF_QUEUE: &'static str = "queue";

    /// Nothing but [`Self::ALWAYS`], in UTC.
    #[must_use]
    pub fn none() -> Self {
        Self {
            timezone: "UTC".into(),
            valid_from: Day::from_number(0),
            valid_until: Day::from_number(0),
            working_saturdays: Vec::new(),
            working_days: Vec::new(),
            holidays: Vec::new(),
            calendars: Vec::new(),
        }
    }

    #[must_use]
    pub fn calendar(&self, code: &str) -> Option<&Calendar> {
        self.calendars.iter().find(|c| c.code == code)
    }

    /// Days of rest made working, with whose hours.
    pub(super) fn moved(&self) -> impl Iterator<Item = (Day, Weekday)> {
        self.working_saturdays.iter().map(|d| (*d, Weekday::Mon)).chain(self.working_days.iter().map(|w| (w.date, w.like)))
    }

    /// Whether offices work on this day; `None` where the list of holidays does not reach.
    #[must_use]
    pub fn is_working_day(&self, day: NaiveDate) -> Option<bool> {
        let day = Day(day);
        if !(self.valid_from..=self.valid_until).contains(&day) {
            return None;
        }
        let off = day.weekday().is_weekend() || self.holidays.iter().any(|h| h.date == day);
        Some(!off || self.moved().any(|(d, _)| d == day))
    }

    /// What an administrator must mend.
    #[must_use]
    pub fn problems(&self, catalog: &Catalog) -> Vec<String> {
        let mut out = Vec::new();
        zone_problem("calendar", &self.timezone, &mut out);
        self.shared_problems(&mut out);
        let (mut codes, mut owned) = (BTreeSet::new(), BTreeSet::new());
        for c in &self.calendars {
            let what = format!("calendar '{}'", c.code);
            if c.code == Self::ALWAYS || c.code == Self::OF_QUEUE || c.code.trim().is_empty() {
                out.push(format!("{what}: this name is taken; choose another"));
            }
            if !codes.insert(&c.code) {
                out.push(format!("{what} stands twice"));
            }
            if let Some(tz) = &c.timezone {
                zone_problem(&what, tz, &mut out);
            }
            for q in &c.queues {
                if catalog.queue(q.as_str()).is_none() {
                    out.push(format!("{what} names unknown queue '{q}'"));
                }
                if !owned.insert(q) {
                    out.push(format!("{what}: queue '{q}' has another calendar already"));
                }
            }
            c.problems(&what, &mut out);
        }
        out
    }

    fn shared_problems(&self, out: &mut Vec<String>) {
        if self.valid_from > self.valid_until {
            out.push("calendar: valid_from is later than valid_until".into());
        }
        let covered = |d: &Day| (self.valid_from..=self.valid_until).contains(d);
        let mut seen = BTreeSet::new();
        for h in &self.holidays {
            let date = h.date;
            if !seen.insert(date) {
                out.push(format!("calendar: holiday {date} stands twice"));
            }
            if !covered(&date) {
                out.push(format!("calendar: holiday {date} lies outside of valid_from and valid_until"));
            }
            if unnamed(&h.name) {
                out.push(format!("calendar: holiday {date} needs a name in both languages"));
            }
            if h.moved_from.is_some_and(|from| from >= date) {
                out.push(format!("calendar: holiday {date} is moved from a later day"));
            }
        }
        let mut moved = BTreeSet::new();
        for (d, _) in self.moved() {
            if seen.contains(&d) {
                out.push(format!("calendar: {d} is both a holiday and a working day"));
            }
            if !moved.insert(d) {
                out.push(format!("calendar: working day {d} stands twice"));
            }
            if !d.weekday().is_weekend() {
                out.push(format!("calendar: {d} is not a Saturday or Sunday, so it need not stand among the working ones"));
            }
            if !covered(&d) {
                out.push(format!("calendar: working day {d} lies outside of valid_from and valid_until"));
            }
        }
    }
}

impl Calendar {
    fn problems(&self, what: &str, out: &mut Vec<String>) {
        if unnamed(&self.name) {
            out.push(format!("{what} needs a name in both languages"));
        }
        if self.hours.iter().all(|h| Weekday::ALL.iter().all(|d| h.of(*d).is_empty())) {
            out.push(format!("{what} has no working hours at all"));
        }
        for (n, h) in self.hours.iter().enumerate() {
            if h.valid_from.zip(h.valid_until).is_some_and(|(a, b)| a > b) {
                out.push(format!("{what}: hours begin after they end"));
            }
            if n > 0 && h.valid_from.is_none() {
                out.push(format!("{what}: only the first hours may have no valid_from"));
            }
            for day in Weekday::ALL {
                overlap(&format!("{what}, {day}"), h.of(*day), out);
            }
        }
        for (a, b) in self.hours.iter().zip(self.hours.iter().skip(1)) {
            if a.valid_from >= b.valid_from {
                out.push(format!("{what}: the hours must stand in the order of time"));
            }
            if a.valid_until.is_some_and(|end| b.valid_from.is_some_and(|from| end.number() + 1 != from.number())) {
                out.push(format!("{what}: between one set of hours and the next lies a gap or an overlap"));
            }
        }
        let mut seen = BTreeSet::new();
        for d in &self.days {
            if !seen.insert(d.date) {
                out.push(format!("{what}: day {} stands twice", d.date));
            }
            if unnamed(&d.name) {
                out.push(format!("{what}: day {} needs a name in both languages", d.date));
            }
            overlap(&format!("{what}, {}", d.date), &d.hours, out);
        }
    }
}

fn overlap(what: &str, spans: &[Span], out: &mut Vec<String>) {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    if let Some((a, b)) = sorted.iter().zip(sorted.iter().skip(1)).find(|(a, b)| b.from < a.to) {
        out.push(format!("{what}: {a} and {b} overlap"));
    }
}

fn unnamed(name: &Named) -> bool {
    name.kk.trim().is_empty() || name.ru.trim().is_empty()
}

fn zone_problem(what: &str, tz: &str, out: &mut Vec<String>) {
    if tz.parse::<chrono_tz::Tz>().is_err() {
        out.push(format!("{what}: '{tz}' is not a time zone: write a name such as Asia/Almaty"));
    }
}
