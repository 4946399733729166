//! Calendars as data: days of rest, moved days, and the hours of each named calendar. `config/calendar.toml`.

use super::{Day, Span, Weekday};
use crate::domain::catalog::{Catalog, Named};
use crate::domain::ids::QueueCode;
use crate::domain::setting::Fault;
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

    /// What an administrator must mend, as `check-config` words it.
    #[must_use]
    pub fn problems(&self, catalog: &Catalog) -> Vec<String> {
        self.faults(catalog).into_iter().map(|f| f.plain).collect()
    }

    /// What an administrator must mend, with the reasons for people.
    #[must_use]
    pub fn faults(&self, catalog: &Catalog) -> Vec<Fault> {
        let mut out = Vec::new();
        zone_fault("calendar", &self.timezone, &mut out);
        self.shared_faults(&mut out);
        let (mut codes, mut owned) = (BTreeSet::new(), BTreeSet::new());
        for c in &self.calendars {
            let (what, name) = (format!("calendar '{}'", c.code), format!("@calendar.{}", c.code));
            if c.code == Self::ALWAYS || c.code == Self::OF_QUEUE || c.code.trim().is_empty() {
                out.push(Fault::new("name_taken", format!("{what}: this name is taken; choose another"), &[("name", &c.code)]));
            }
            if !codes.insert(&c.code) {
                out.push(Fault::new("twice", format!("{what} stands twice"), &[("what", "@admin.part_calendar"), ("name", &name)]));
            }
            if let Some(tz) = &c.timezone {
                zone_fault(&what, tz, &mut out);
            }
            for q in &c.queues {
                let params = [("name", name.as_str()), ("code", q.as_str())];
                if catalog.queue(q.as_str()).is_none() {
                    out.push(Fault::new("names_queue", format!("{what} names unknown queue '{q}'"), &params));
                }
                if !owned.insert(q) {
                    out.push(Fault::new("queue_has_calendar", format!("{what}: queue '{q}' has another calendar already"), &params));
                }
            }
            c.faults(&what, &name, &mut out);
        }
        out
    }

    fn shared_faults(&self, out: &mut Vec<Fault>) {
        let mut say = |key, plain: String, what: &str, date: &str| out.push(Fault::new(key, plain, &[("what", what), ("name", date)]));
        if self.valid_from > self.valid_until {
            say("ends_first", "calendar: valid_from is later than valid_until".into(), "", "@admin.part_valid");
        }
        let covered = |d: &Day| (self.valid_from..=self.valid_until).contains(d);
        let mut seen = BTreeSet::new();
        let rest = "@admin.part_holiday";
        for h in &self.holidays {
            let date = h.date;
            let day = date.to_string();
            if !seen.insert(date) {
                say("twice", format!("calendar: holiday {date} stands twice"), rest, &day);
            }
            if !covered(&date) {
                say("outside", format!("calendar: holiday {date} lies outside of valid_from and valid_until"), rest, &day);
            }
            if h.name.is_blank() {
                say("both_names", format!("calendar: holiday {date} needs a name in both languages"), rest, &day);
            }
            if h.moved_from.is_some_and(|from| from >= date) {
                say("moved_later", format!("calendar: holiday {date} is moved from a later day"), rest, &day);
            }
        }
        let mut moved = BTreeSet::new();
        let work = "@admin.part_working_day";
        for (d, _) in self.moved() {
            let day = d.to_string();
            if seen.contains(&d) {
                say("rest_and_work", format!("calendar: {d} is both a holiday and a working day"), work, &day);
            }
            if !moved.insert(d) {
                say("twice", format!("calendar: working day {d} stands twice"), work, &day);
            }
            if !d.weekday().is_weekend() {
                let plain = format!("calendar: {d} is not a Saturday or Sunday, so it need not stand among the working ones");
                say("works_anyway", plain, work, &day);
            }
            if !covered(&d) {
                say("outside", format!("calendar: working day {d} lies outside of valid_from and valid_until"), work, &day);
            }
        }
    }
}

impl Calendar {
    fn faults(&self, what: &str, name: &str, out: &mut Vec<Fault>) {
        let named = ("name", name);
        let mut say = |key, plain: &str| out.push(Fault::new(key, format!("{what}{plain}"), &[named]));
        if self.name.is_blank() {
            say("both_names", " needs a name in both languages");
        }
        if self.hours.iter().all(|h| Weekday::ALL.iter().all(|d| h.of(*d).is_empty())) {
            say("no_hours", " has no working hours at all");
        }
        for (n, h) in self.hours.iter().enumerate() {
            if h.valid_from.zip(h.valid_until).is_some_and(|(a, b)| a > b) {
                say("hours_order", ": hours begin after they end");
            }
            if n > 0 && h.valid_from.is_none() {
                say("hours_order", ": only the first hours may have no valid_from");
            }
        }
        for (a, b) in self.hours.iter().zip(self.hours.iter().skip(1)) {
            if a.valid_from >= b.valid_from {
                say("hours_order", ": the hours must stand in the order of time");
            }
            if a.valid_until.is_some_and(|end| b.valid_from.is_some_and(|from| end.number() + 1 != from.number())) {
                say("hours_order", ": between one set of hours and the next lies a gap or an overlap");
            }
        }
        for h in &self.hours {
            for day in Weekday::ALL {
                overlap(&format!("{what}, {day}"), name, &format!("@duty.day_{day}"), h.of(*day), out);
            }
        }
        let mut seen = BTreeSet::new();
        for d in &self.days {
            let day = d.date.to_string();
            if !seen.insert(d.date) {
                let plain = format!("{what}: day {} stands twice", d.date);
                out.push(Fault::new("twice", plain, &[("what", name), ("name", &day)]));
            }
            if d.name.is_blank() {
                out.push(Fault::new("both_names", format!("{what}: day {} needs a name in both languages", d.date), &[("name", &day)]));
            }
            overlap(&format!("{what}, {}", d.date), name, &day, &d.hours, out);
        }
    }
}

fn overlap(what: &str, name: &str, day: &str, spans: &[Span], out: &mut Vec<Fault>) {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    if let Some((a, b)) = sorted.iter().zip(sorted.iter().skip(1)).find(|(a, b)| b.from < a.to) {
        let plain = format!("{what}: {a} and {b} overlap");
        out.push(Fault::new("overlap", plain, &[("name", name), ("day", day), ("a", &a.to_string()), ("b", &b.to_string())]));
    }
}

fn zone_fault(what: &str, tz: &str, out: &mut Vec<Fault>) {
    if tz.parse::<chrono_tz::Tz>().is_err() {
        let plain = format!("{what}: '{tz}' is not a time zone: write a name such as Asia/Almaty");
        out.push(Fault::new("zone", plain, &[("code", tz)]));
    }
}
