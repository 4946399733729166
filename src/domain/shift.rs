//! Shifts of crews: who is on duty when. A weekly pattern with exceptions, in local time. The plans are data (`config/shifts.toml`).

use super::calendar::{Calendar, Calendars, Hours, OwnDay, Timetable, Weekday};
use super::catalog::{Catalog, Crew, Named};
use super::ids::{CrewCode, QueueCode};
use super::setting::Fault;
use super::time::{Instant, truncate};
use chrono::Duration;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How far back the end of a shift is looked for.
const LOOK_BACK: i64 = 14;

/// When one crew works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    pub crew: CrewCode,
    /// Whether the calendar's holidays are days of rest for it.
    #[serde(default)]
    pub holidays: bool,
    /// In the order of time.
    pub hours: Vec<Hours>,
    /// Days with hours of their own; without intervals: off.
    #[serde(rename = "day", default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<OwnDay>,
}

/// All plans.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shifts {
    #[serde(rename = "shift", default)]
    pub shifts: Vec<Shift>,
}

/// Whether a crew works at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duty {
    /// By its plan.
    On,
    /// It has no plan: it may be given work at any time.
    Unplanned,
    /// By its plan, since then; unset: for longer than is looked back.
    Off(Option<Instant>),
}

impl Duty {
    /// May be given work now.
    #[must_use]
    pub const fn works(self) -> bool {
        !matches!(self, Self::Off(_))
    }
}

impl Shift {
    fn calendar(&self) -> Calendar {
        let name = Named { kk: self.crew.to_string(), ru: self.crew.to_string() };
        Calendar {
            code: self.crew.to_string(),
            name,
            timezone: None,
            holidays: self.holidays,
            queues: Vec::new(),
            hours: self.hours.clone(),
            days: self.days.clone(),
        }
    }

    /// The plan ready to ask.
    #[must_use]
    pub fn timetable(&self, book: &Calendars) -> Timetable {
        Timetable::of(book, &self.calendar())
    }
}

fn on(table: &Timetable, at: Instant) -> bool {
    table.worked(at, at + Duration::microseconds(1)) > 0
}

/// The end of the last shift before `at`, at which none is.
fn ended(table: &Timetable, at: Instant) -> Option<Instant> {
    let (mut early, mut late) = (at - Duration::days(LOOK_BACK), at);
    if table.worked(early, at) == 0 {
        return None;
    }
    while late - early > Duration::microseconds(1) {
        let middle = early + (late - early) / 2;
        if table.worked(middle, at) == 0 {
            late = middle;
        } else {
            early = middle;
        }
    }
    Some(truncate(late))
}

impl Shifts {
    #[must_use]
    pub fn of(&self, crew: &CrewCode) -> Option<&Shift> {
        self.shifts.iter().find(|s| s.crew == *crew)
    }

    /// Whether a crew works at a moment.
    #[must_use]
    pub fn duty(&self, crew: &CrewCode, book: &Calendars, at: Instant) -> Duty {
        let Some(plan) = self.of(crew) else { return Duty::Unplanned };
        let table = plan.timetable(book);
        if on(&table, at) { Duty::On } else { Duty::Off(ended(&table, at)) }
    }

    /// Crews that may be given work of a queue, each with whether it works now: those on duty first, then in the order of the catalogue.
    #[must_use]
    pub fn crews<'c>(&self, catalog: &'c Catalog, queue: &'c QueueCode, book: &Calendars, at: Instant) -> Vec<(&'c Crew, Duty)> {
        let mut out: Vec<_> = catalog.crews_of(queue).map(|c| (c, self.duty(&c.code, book, at))).collect();
        out.sort_by_key(|(_, duty)| *duty);
        out
    }

    /// The crew to which new work of a queue goes: of those on duty, else of those without a plan, the one with the least in hand. `busy`: open jobs.
    #[must_use]
    pub fn next<'c>(
        &self,
        catalog: &'c Catalog,
        queue: &'c QueueCode,
        book: &Calendars,
        at: Instant,
        busy: &BTreeMap<CrewCode, u64>,
        but: Option<&CrewCode>,
    ) -> Option<&'c Crew> {
        let works = self.crews(catalog, queue, book, at).into_iter().filter(|(c, duty)| duty.works() && Some(&c.code) != but);
        works.min_by_key(|(c, duty)| (*duty, busy.get(&c.code).copied().unwrap_or(0))).map(|(c, _)| c)
    }

    /// What an administrator must mend, as `check-config` words it.
    #[must_use]
    pub fn problems(&self, catalog: &Catalog, book: &Calendars) -> Vec<String> {
        self.faults(catalog, book).into_iter().map(|f| f.plain).collect()
    }

    /// What an administrator must mend, with the reasons for people.
    #[must_use]
    pub fn faults(&self, catalog: &Catalog, book: &Calendars) -> Vec<Fault> {
        let mut out = Vec::new();
        let mut seen = BTreeSet::new();
        for s in &self.shifts {
            let known = catalog.crew(s.crew.as_str()).is_some();
            let name = if known { format!("@crew.{}", s.crew) } else { s.crew.to_string() };
            if !known {
                out.push(Fault::new("no_crew", format!("shifts.toml: there is no crew '{}'", s.crew), &[("name", s.crew.as_str())]));
            }
            if !seen.insert(&s.crew) {
                let plain = format!("shifts.toml: the plan of crew '{}' stands twice", s.crew);
                out.push(Fault::new("twice", plain, &[("what", "@duty.plan"), ("name", &name)]));
            }
            if s.hours.iter().all(|h| Weekday::ALL.iter().all(|d| h.of(*d).is_empty())) && s.days.iter().all(|d| d.hours.is_empty()) {
                out.push(Fault::new("never_works", format!("shifts.toml: crew '{}' would never work", s.crew), &[("name", &name)]));
                continue;
            }
            // The same rules as for calendars.
            let alone = Calendars { calendars: vec![s.calendar()], ..book.clone() };
            let own = alone.faults(&Catalog::default()).into_iter().filter(|f| f.plain.contains(&format!("'{}'", s.crew)));
            out.extend(own.map(|mut f| {
                f.plain = format!("shifts.toml: {}", f.plain);
                // The plan is told by its crew, not by the calendar it is measured with.
                f.params.values_mut().filter(|v| v.starts_with("@calendar.")).for_each(|v| v.clone_from(&name));
                f
            }));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::Span;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn book() -> Calendars {
        toml::from_str(
            "timezone = \"Asia/Almaty\"\nvalid_from = 2026-01-01\nvalid_until = 2026-12-31\n[[holiday]]\ndate = 2026-12-16\nname = { kk = \"Т\", ru = \"Н\" }\n",
        )
        .unwrap()
    }

    fn plans() -> Shifts {
        toml::from_str(
            "[[shift]]\ncrew = \"day\"\nholidays = true\n[[shift.hours]]\nmon = [\"08:00-20:00\"]\nwed = [\"08:00-20:00\"]\n\
             [[shift]]\ncrew = \"night\"\n[[shift.hours]]\nmon = [\"20:00-08:00\"]\n[[shift.day]]\ndate = 2026-11-24\nhours = [\"20:00-24:00\"]\nname = { kk = \"а\", ru = \"з\" }\n",
        )
        .unwrap()
    }

    #[test]
    fn shifts_pass_midnight_and_know_their_exceptions() {
        let (plans, book) = (plans(), book());
        let duty = |crew: &str, t: &str| plans.duty(&CrewCode::new(crew).unwrap(), &book, at(t));
        // Monday the 23rd of November, local time is five hours ahead.
        for (crew, t, works) in [
            ("day", "2026-11-23T03:00:00Z", true),
            ("day", "2026-11-23T02:59:59Z", false),
            ("day", "2026-11-23T15:00:00Z", false),
            ("night", "2026-11-23T15:00:00Z", true),
            ("night", "2026-11-24T02:59:59Z", true),
            ("night", "2026-11-24T03:00:00Z", false),
            ("night", "2026-11-24T15:30:00Z", true),
            ("night", "2026-11-24T19:00:00Z", false),
            ("day", "2026-12-16T05:00:00Z", false),
            ("nobody", "2026-12-16T05:00:00Z", true),
        ] {
            assert_eq!(duty(crew, t).works(), works, "{crew} at {t}");
        }
        assert_eq!(duty("day", "2026-11-23T15:07:30Z"), Duty::Off(Some(at("2026-11-23T15:00:00Z"))), "since the end of the shift");
        assert_eq!(duty("nobody", "2026-11-23T15:07:30Z"), Duty::Unplanned);
        assert_eq!(duty("day", "2026-10-01T00:00:00Z"), Duty::Off(Some(at("2026-09-30T15:00:00Z"))));
    }

    #[test]
    fn the_idlest_on_duty_is_next_and_those_without_a_plan_come_after() {
        let (plans, book) = (plans(), book());
        let queue = QueueCode::new("water").unwrap();
        let crew = |code: &str, closed: bool| Crew {
            code: CrewCode::new(code).unwrap(),
            name: Named { kk: code.into(), ru: code.into() },
            queue: queue.clone(),
            also: Vec::new(),
            closed,
        };
        let catalog =
            Catalog { crews: vec![crew("free", false), crew("day", false), crew("night", false), crew("gone", true)], ..Catalog::default() };
        let next = |t: &str, busy: &[(&str, u64)], but: Option<&str>| {
            let busy = busy.iter().map(|(c, n)| (CrewCode::new(*c).unwrap(), *n)).collect();
            let but = but.map(|c| CrewCode::new(c).unwrap());
            plans.next(&catalog, &queue, &book, at(t), &busy, but.as_ref()).map(|c| c.code.to_string())
        };
        assert_eq!(next("2026-11-23T05:00:00Z", &[("day", 9)], None).as_deref(), Some("day"), "on duty by plan goes first, however busy");
        assert_eq!(next("2026-11-23T16:00:00Z", &[], None).as_deref(), Some("night"));
        assert_eq!(next("2026-11-23T16:00:00Z", &[], Some("night")).as_deref(), Some("free"));
        let order: Vec<_> =
            plans.crews(&catalog, &queue, &book, at("2026-11-23T16:00:00Z")).iter().map(|(c, d)| (c.code.to_string(), d.works())).collect();
        assert_eq!(order, [("night".to_owned(), true), ("free".to_owned(), true), ("day".to_owned(), false)]);
    }

    #[test]
    fn faults_of_plans_are_told() {
        let book = book();
        let catalog = Catalog::default();
        let unknown = plans().problems(&catalog, &book);
        assert!(unknown.iter().any(|p| p.contains("no crew 'day'")), "{unknown:?}");
        let mut empty = plans();
        empty.shifts.truncate(1);
        empty.shifts[0].hours = vec![Hours::default()];
        assert!(empty.problems(&catalog, &book).iter().any(|p| p.contains("never work")));
        let mut crossed = plans();
        crossed.shifts[0].hours[0].mon = vec![Span::parse("08:00-12:00").unwrap(), Span::parse("11:00-13:00").unwrap()];
        assert!(crossed.problems(&catalog, &book).iter().any(|p| p.contains("overlap")), "{:?}", crossed.problems(&catalog, &book));
    }
}
