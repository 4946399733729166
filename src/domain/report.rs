//! What figures are asked about: a period of local days, a part of the work, and how far the asker's sight reaches.

use super::access::{Reach, Scope};
use super::calendar::{Day, begins, day_of};
use super::class::{Class, words};
use super::ids::{CrewCode, DistrictCode, QueueCode, ServiceCode};
use super::inbound::ChannelKind;
use super::time::Instant;
use chrono::{Datelike, Months, NaiveDate};
use std::collections::BTreeSet;

/// From a moment until before another. What was received in it is counted in it, whatever became of it later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: Instant,
    pub to: Instant,
}

/// The day `n` days later.
#[must_use]
pub fn after(day: Day, n: i64) -> Day {
    Day::from_number(day.number().saturating_add(n))
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// The day that began a year before; the 1st of March for the 29th of February, which the year before did not have.
fn year_before(day: Day) -> Day {
    let same = day.0.checked_sub_months(Months::new(12)).unwrap_or(day.0);
    if same.day() == day.0.day() { Day(same) } else { after(Day(same), 1) }
}

impl Period {
    /// `None` when it ends before it begins.
    #[must_use]
    pub fn new(from: Instant, to: Instant) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// Whole local days, from the first until before the last.
    #[must_use]
    pub fn days(first: Day, end: Day) -> Self {
        Self { from: begins(first), to: begins(end.max(first)) }
    }

    #[must_use]
    pub fn day(day: Day) -> Self {
        Self::days(day, after(day, 1))
    }

    /// The week of a day, Monday first.
    #[must_use]
    pub fn week(day: Day) -> Self {
        let monday = after(day, -i64::from(day.0.weekday().num_days_from_monday()));
        Self::days(monday, after(monday, 7))
    }

    #[must_use]
    pub fn month(day: Day) -> Self {
        let first = first_of_month(day.0);
        Self::days(Day(first), Day(first.checked_add_months(Months::new(1)).unwrap_or(first)))
    }

    #[must_use]
    pub fn year(year: i32) -> Self {
        let first = |y: i32| Day(NaiveDate::from_ymd_opt(y, 1, 1).unwrap_or_default());
        Self::days(first(year), first(year.saturating_add(1)))
    }

    /// The local day of its first moment.
    #[must_use]
    pub fn first_day(&self) -> Day {
        day_of(self.from)
    }

    /// The local day before which it ends, or within which it ends.
    #[must_use]
    pub fn last_day(&self) -> Day {
        if self.to <= self.from { self.first_day() } else { day_of(self.to - chrono::Duration::microseconds(1)) }
    }

    /// The same dates and times of day a year before. The 29th of February has none: what began then and what ended then meet at its place.
    #[must_use]
    pub fn last_year(&self) -> Self {
        let back = |at: Instant| {
            let day = day_of(at);
            let before = year_before(day);
            let into = if before.0.day() == day.0.day() { at - begins(day) } else { chrono::Duration::zero() };
            begins(before) + into
        };
        Self { from: back(self.from), to: back(self.to) }
    }

    /// As long a time just before it: as many days where it is whole days, whatever their hours.
    #[must_use]
    pub fn before(&self) -> Self {
        let (first, end) = (day_of(self.from), day_of(self.to));
        if begins(first) == self.from && begins(end) == self.to {
            return Self::days(after(first, first.number() - end.number()), first);
        }
        Self { from: self.from - (self.to - self.from), to: self.from }
    }

    /// Its parts by local day, week or month, the first and the last cut where it begins and ends.
    #[must_use]
    pub fn steps(&self, step: Step) -> Vec<Self> {
        let mut out = Vec::new();
        let mut at = self.from;
        while at < self.to {
            let whole = step.around(day_of(at));
            let to = whole.to.min(self.to);
            if to <= at {
                break;
            }
            out.push(Self { from: at, to });
            at = to;
        }
        out
    }
}

words! {
    /// How finely time is divided.
    Step { Day = "day", Week = "week", Month = "month" }
}

impl Step {
    /// The day, week or month of a day.
    #[must_use]
    pub fn around(self, day: Day) -> Period {
        match self {
            Self::Day => Period::day(day),
            Self::Week => Period::week(day),
            Self::Month => Period::month(day),
        }
    }

    /// The division in which a period has a number of parts that the eye can read.
    #[must_use]
    pub fn fit(period: &Period) -> Self {
        match (period.to - period.from).num_days() {
            ..=62 => Self::Day,
            63..=400 => Self::Week,
            _ => Self::Month,
        }
    }
}

/// How far a reader's sight reaches: nothing beyond it is ever counted for them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bounds {
    /// `None`: every queue, and what has none.
    pub queues: Option<BTreeSet<QueueCode>>,
    /// Empty: every district. A request without a known district is seen by whoever reaches its queue.
    pub districts: BTreeSet<DistrictCode>,
    /// The jobs of one crew and no others.
    pub crew: Option<CrewCode>,
}

impl Bounds {
    #[must_use]
    pub fn everything() -> Self {
        Self::default()
    }

    /// The same as [`Scope::sees`].
    #[must_use]
    pub fn of(scope: &Scope) -> Self {
        let districts = || scope.districts.iter().cloned().collect();
        match &scope.reach {
            Reach::All => Self { queues: None, districts: districts(), crew: None },
            Reach::Queues(queues) => Self { queues: Some(queues.iter().cloned().collect()), districts: districts(), crew: None },
            Reach::Crew(crew) => Self { queues: None, districts: BTreeSet::new(), crew: Some(crew.clone()) },
        }
    }

    /// Nothing lies beyond.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.queues.is_none() && self.districts.is_empty() && self.crew.is_none()
    }
}

/// The part of the work a figure is about. What is left out matches everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    pub bounds: Bounds,
    pub class: Option<Class>,
    pub channel: Option<ChannelKind>,
    pub service: Option<ServiceCode>,
    pub district: Option<DistrictCode>,
    pub queue: Option<QueueCode>,
}

impl Filter {
    #[must_use]
    pub fn within(bounds: Bounds) -> Self {
        Self { bounds, ..Self::default() }
    }

    /// The parts that are set, as a query names them.
    #[must_use]
    pub fn named(&self) -> Vec<(&'static str, String)> {
        let parts = [
            ("class", self.class.map(|c| c.to_string())),
            ("channel", self.channel.map(|c| c.as_str().to_owned())),
            ("service", self.service.as_ref().map(ToString::to_string)),
            ("district", self.district.as_ref().map(ToString::to_string)),
            ("queue", self.queue.as_ref().map(ToString::to_string)),
        ];
        parts.into_iter().filter_map(|(name, value)| value.map(|v| (name, v))).collect()
    }
}

words! {
    /// What requests are counted by.
    Dim {
        Class = "class",
        Channel = "channel",
        Service = "service",
        District = "district",
        /// The organisation that has it.
        Queue = "queue",
        Status = "status",
    }
}

words! {
    /// A point of a request's way, for the time that it took to get there from its receipt.
    Reached { Accepted = "accept", Arrived = "arrive", Restored = "restore", Closed = "close" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day(text.parse().unwrap())
    }

    #[test]
    fn periods_of_the_calendar() {
        let d = day("2026-11-21");
        assert_eq!(Period::day(d), Period { from: "2026-11-20T19:00:00Z".parse().unwrap(), to: "2026-11-21T19:00:00Z".parse().unwrap() });
        assert_eq!((Period::week(d).first_day(), Period::week(d).last_day()), (day("2026-11-16"), day("2026-11-22")));
        assert_eq!((Period::month(d).first_day(), Period::month(d).last_day()), (day("2026-11-01"), day("2026-11-30")));
        assert_eq!((Period::year(2026).first_day(), Period::year(2026).last_day()), (day("2026-01-01"), day("2026-12-31")));
        assert_eq!(Period::day(d).before(), Period::day(day("2026-11-20")));
        // The 29th of February 2024 had twenty-five hours.
        assert_eq!(Period::day(day("2024-03-01")).before(), Period::day(day("2024-02-29")));
        assert_eq!(Period::week(day("2024-03-05")).before(), Period::week(day("2024-02-27")));
        assert!(Period::new(begins(d), begins(day("2026-11-20"))).is_none());
    }

    #[test]
    fn last_year_is_the_same_dates() {
        assert_eq!(Period::month(day("2026-02-10")).last_year(), Period::month(day("2025-02-10")));
        // The zone changed between the two.
        assert_eq!(Period::day(day("2024-06-01")).last_year(), Period::day(day("2023-06-01")));
        // Each day of a leap year is beside its own date; the day that was not there brought nothing.
        assert_eq!(Period::day(day("2024-02-28")).last_year(), Period::day(day("2023-02-28")));
        let leap = Period::day(day("2024-02-29")).last_year();
        assert_eq!((leap.from, leap.to), (begins(day("2023-03-01")), begins(day("2023-03-01"))));
        let noon = Period { from: begins(day("2024-02-29")) + chrono::Duration::hours(12), to: begins(day("2024-03-01")) }.last_year();
        assert_eq!((noon.from, noon.to), (leap.from, leap.to));
        assert_eq!(Period::day(day("2024-03-01")).last_year(), Period::day(day("2023-03-01")));
        assert_eq!(Period::month(day("2024-02-29")).last_year(), Period::month(day("2023-02-01")));
        assert_eq!(Period::month(day("2025-02-01")).last_year(), Period::month(day("2024-02-01")), "with its 29th");
        let half = Period { from: begins(day("2026-11-21")), to: begins(day("2026-11-21")) + chrono::Duration::hours(9) };
        assert_eq!(half.last_year().to - half.last_year().from, chrono::Duration::hours(9));
    }

    #[test]
    fn steps_make_up_the_whole() {
        let p = Period::days(day("2026-01-30"), day("2026-03-02"));
        for (step, n) in [(Step::Day, 31), (Step::Week, 5), (Step::Month, 3)] {
            let parts = p.steps(step);
            assert_eq!(parts.len(), n, "{step}");
            assert_eq!((parts[0].from, parts[n - 1].to), (p.from, p.to));
            assert!(parts.windows(2).all(|w| w[0].to == w[1].from));
        }
        assert!(Period { from: p.from, to: p.from }.steps(Step::Day).is_empty());
    }

    #[test]
    fn a_step_fits_its_period() {
        assert_eq!(Step::fit(&Period::month(day("2026-01-30"))), Step::Day);
        assert_eq!(Step::fit(&Period::year(2026)), Step::Week);
        assert_eq!(Step::fit(&Period::days(day("2024-01-01"), day("2026-01-01"))), Step::Month);
    }
}
