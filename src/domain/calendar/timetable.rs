//! The compiled calendar: exact working time, in microseconds, without walking through the minutes.
//!
//! The working time of whole weeks is multiplied; only days that differ from their week (holidays, moved days, changes of offset or of hours) are listed,
//! with running sums. A measurement costs a few binary searches however far apart its ends lie.

use super::span::{DAY, Span, union, without_next};
use super::zone::Zone;
use super::{Calendar, Calendars, Day, Hours, Weekday};
use crate::domain::catalog::Named;
use crate::domain::ids::QueueCode;
use crate::domain::time::{Instant, never};
use chrono::DateTime;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const MINUTE: i64 = 60_000_000;
const DAY_US: i64 = 1440 * MINUTE;
/// 1970-01-01 and 2200-01-01, as day numbers: outside nothing is worked, so that no input can make a search long.
const FIRST: i64 = 0;
const LAST: i64 = 84_006;

/// The hours of a week in force from a day on; `None`: no hours at all.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Era {
    from: i64,
    week: Option<[Vec<Span>; 7]>,
    /// Working microseconds and working days of Monday, of Monday and Tuesday, ... of the whole week.
    sums: [(i64, i64); 7],
}

/// A day that differs from its week: running sums of the differences up to and with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Odd {
    day: i64,
    us: i64,
    days: i64,
}

/// A day of rest inside a stretch of time, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Off {
    pub date: Day,
    pub name: Named,
}

/// A calendar ready to measure with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    zone: Option<Zone>,
    eras: Vec<Era>,
    special: BTreeMap<i64, Vec<Span>>,
    names: BTreeMap<i64, Named>,
    odd: Vec<Odd>,
}

impl Timetable {
    /// Every minute of every day.
    #[must_use]
    pub fn always() -> Self {
        Self { zone: None, eras: Vec::new(), special: BTreeMap::new(), names: BTreeMap::new(), odd: Vec::new() }
    }

    /// Compiles a calendar of a book. A zone that does not exist counts as UTC: the book's problems name it.
    #[must_use]
    pub fn of(book: &Calendars, calendar: &Calendar) -> Self {
        let tz = calendar.timezone.as_ref().unwrap_or(&book.timezone).parse().unwrap_or(chrono_tz::Tz::UTC);
        let mut t = Self { zone: Some(Zone::of(tz)), eras: eras(&calendar.hours), special: BTreeMap::new(), names: BTreeMap::new(), odd: Vec::new() };
        if calendar.holidays {
            for h in &book.holidays {
                t.special.insert(h.date.number(), Vec::new());
                t.names.insert(h.date.number(), h.name.clone());
            }
            for (day, like) in book.moved() {
                let hours = t.week(day.number()).and_then(|w| w.get(like as usize)).cloned().unwrap_or_default();
                t.special.insert(day.number(), hours);
                t.names.remove(&day.number());
            }
        }
        for d in &calendar.days {
            t.special.insert(d.date.number(), union(&d.hours));
            if d.hours.is_empty() {
                t.names.insert(d.date.number(), d.name.clone());
            } else {
                t.names.remove(&d.date.number());
            }
        }
        t.list_odd_days();
        t
    }

    fn list_odd_days(&mut self) {
        let mut days: BTreeSet<i64> = BTreeSet::new();
        days.extend(self.special.keys().flat_map(|d| [d - 1, *d]));
        days.extend(self.eras.iter().skip(1).map(|e| e.from - 1));
        if let Some(zone) = &self.zone {
            for (at, old, new) in zone.changes() {
                let (a, b) = ((at + old).div_euclid(DAY_US), (at + new).div_euclid(DAY_US));
                days.extend(a.min(b) - 2..=a.max(b) + 1);
            }
        }
        let (mut us, mut count) = (0, 0);
        for day in days.into_iter().filter(|d| (FIRST..LAST).contains(d)) {
            let (plain_us, plain_days) = self.plain(day);
            let (real_us, real_days) = self.real(day);
            us += real_us - plain_us;
            count += real_days - plain_days;
            self.odd.push(Odd { day, us, days: count });
        }
    }

    fn era(&self, day: i64) -> Option<&Era> {
        let n = self.eras.partition_point(|e| e.from <= day);
        n.checked_sub(1).and_then(|i| self.eras.get(i))
    }

    fn week(&self, day: i64) -> Option<&[Vec<Span>; 7]> {
        self.era(day)?.week.as_ref()
    }

    fn spans(&self, day: i64) -> &[Span] {
        if let Some(own) = self.special.get(&day) {
            return own;
        }
        self.week(day).and_then(|w| w.get(Weekday::of_number(day) as usize)).map_or(&[], Vec::as_slice)
    }

    /// What the week alone gives to a day: microseconds, and 1 if it is worked.
    fn plain(&self, day: i64) -> (i64, i64) {
        let Some(era) = self.era(day) else { return (0, 0) };
        let n = Weekday::of_number(day) as usize;
        let upto = |n: usize| era.sums.get(n).copied().unwrap_or_default();
        let before = n.checked_sub(1).map_or((0, 0), upto);
        (upto(n).0 - before.0, upto(n).1 - before.1)
    }

    fn real(&self, day: i64) -> (i64, i64) {
        let mut pieces = Vec::new();
        self.pieces(day, &mut pieces);
        (pieces.iter().map(|(a, b)| b - a).sum(), i64::from(!pieces.is_empty()))
    }

    /// The working time that begins on a day, as UTC intervals.
    fn pieces(&self, day: i64, out: &mut Vec<(i64, i64)>) {
        let Some(zone) = &self.zone else { return };
        if !(FIRST..LAST).contains(&day) {
            return;
        }
        let midnight = day * DAY_US;
        for s in without_next(self.spans(day), self.spans(day + 1)) {
            zone.instants(midnight + i64::from(s.from) * MINUTE, midnight + i64::from(s.to) * MINUTE, out);
        }
    }

    /// Working microseconds and working days of all days before `day`.
    fn before(&self, day: i64) -> (i64, i64) {
        let day = day.clamp(FIRST, LAST);
        let (mut us, mut days) = (0, 0);
        for (n, era) in self.eras.iter().enumerate() {
            let from = era.from.max(FIRST);
            let to = self.eras.get(n + 1).map_or(LAST, |e| e.from).min(day);
            if from < to {
                let (a, b) = (through(era, from), through(era, to));
                us += b.0 - a.0;
                days += b.1 - a.1;
            }
        }
        let n = self.odd.partition_point(|o| o.day < day);
        let odd = n.checked_sub(1).and_then(|i| self.odd.get(i));
        (us + odd.map_or(0, |o| o.us), days + odd.map_or(0, |o| o.days))
    }

    fn local_day(&self, at: i64) -> i64 {
        let offset = self.zone.as_ref().map_or(0, |z| z.offset(at));
        at.saturating_add(offset).div_euclid(DAY_US)
    }

    /// The intervals that begin on the days around `day`, in the order of time; those of earlier days have all ended before the day after `day` begins.
    fn around(&self, day: i64) -> Vec<(i64, i64)> {
        let mut out = Vec::new();
        for d in day - 2..=day + 2 {
            self.pieces(d, &mut out);
        }
        out.sort_unstable();
        out
    }

    /// All working time before an instant.
    fn until(&self, at: i64) -> i64 {
        let day = self.local_day(at);
        let done: i64 = self.around(day).into_iter().map(|(a, b)| (b.min(at) - a).max(0)).sum();
        self.before(day - 2).0 + done
    }

    /// Working microseconds between two instants; 0 when the second is not later.
    #[must_use]
    pub fn worked(&self, from: Instant, to: Instant) -> i64 {
        let (a, b) = (from.timestamp_micros(), to.timestamp_micros());
        if b <= a {
            return 0;
        }
        if self.zone.is_none() {
            return b.saturating_sub(a);
        }
        self.until(b) - self.until(a)
    }

    /// The first instant at which `us` working microseconds have passed since `from`; `from` itself for none, and [`never`] when they never will.
    #[must_use]
    pub fn after(&self, from: Instant, us: i64) -> Instant {
        let at = from.timestamp_micros();
        if us <= 0 {
            return from;
        }
        if self.zone.is_none() {
            return instant(at.saturating_add(us));
        }
        let Some(goal) = self.until(at).checked_add(us) else { return never() };
        // The first day whose end reaches the goal; the intervals of its neighbours settle what offsets and nights do.
        let day = first_day(|d| self.before(d + 1).0 >= goal);
        let Some(day) = day else { return never() };
        let mut done = self.before(day - 2).0;
        for (a, b) in self.around(day) {
            if done + (b - a) >= goal {
                return instant(a + (goal - done)).max(from);
            }
            done += b - a;
        }
        never()
    }

    /// The end of the `n`th working day after the day of `from`, as the law counts: the day itself does not count, and the last day counts to the end of
    /// its hours. [`never`] when there are not that many.
    #[must_use]
    pub fn days_after(&self, from: Instant, n: u32) -> Instant {
        let at = from.timestamp_micros();
        if self.zone.is_none() {
            let day = at.div_euclid(DAY_US) + 1 + i64::from(n);
            return instant(day.saturating_mul(DAY_US));
        }
        let goal = self.before(self.local_day(at) + 1).1 + i64::from(n);
        let Some(day) = first_day(|d| self.before(d + 1).1 >= goal) else { return never() };
        let mut ends = Vec::new();
        self.pieces(day, &mut ends);
        ends.into_iter().map(|(_, b)| b).max().map_or_else(|| from, |b| instant(b).max(from))
    }

    /// The named days of rest between two instants on which the week alone would have worked, at most `most` of them.
    #[must_use]
    pub fn days_off(&self, from: Instant, to: Instant, most: usize) -> Vec<Off> {
        let (a, b) = (self.local_day(from.timestamp_micros()), self.local_day(to.timestamp_micros()));
        if a > b {
            return Vec::new();
        }
        self.names
            .range(a..=b)
            .filter(|(day, _)| self.plain(**day).1 > 0)
            .take(most)
            .map(|(day, name)| Off { date: Day::from_number(*day), name: name.clone() })
            .collect()
    }

    /// Whether an instant is working time.
    #[must_use]
    pub fn is_open(&self, at: Instant) -> bool {
        let at = at.timestamp_micros();
        self.zone.is_none() || self.around(self.local_day(at)).iter().any(|(a, b)| (*a..*b).contains(&at))
    }
}

fn instant(us: i64) -> Instant {
    DateTime::from_timestamp_micros(us).map_or_else(never, |at| at.min(never()))
}

/// The first day for which a growing condition holds.
fn first_day(holds: impl Fn(i64) -> bool) -> Option<i64> {
    let (mut low, mut high) = (FIRST, LAST);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    holds(low).then_some(low)
}

/// Sums of an era's week over all days before `day`, from a Monday long ago.
fn through(era: &Era, day: i64) -> (i64, i64) {
    let weeks = (day + 3).div_euclid(7);
    let whole = era.sums.last().copied().unwrap_or_default();
    let part = (Weekday::of_number(day) as usize).checked_sub(1).and_then(|i| era.sums.get(i)).copied().unwrap_or_default();
    (weeks * whole.0 + part.0, weeks * whole.1 + part.1)
}

fn eras(hours: &[Hours]) -> Vec<Era> {
    let mut out: Vec<Era> = Vec::new();
    for (n, h) in hours.iter().enumerate() {
        let from = h.valid_from.map_or(FIRST, Day::number);
        out.retain(|e| e.from < from);
        let week: [Vec<Span>; 7] = std::array::from_fn(|i| Weekday::ALL.get(i).map(|d| union(h.of(*d))).unwrap_or_default());
        let mut sums = [(0, 0); 7];
        let mut sum = (0, 0);
        for (i, slot) in sums.iter_mut().enumerate() {
            let (own, next) = (week.get(i), week.get((i + 1) % 7));
            if let (Some(own), Some(next)) = (own, next) {
                sum.0 += without_next(own, next).iter().map(|s| i64::from(s.to - s.from) * MINUTE).sum::<i64>();
                sum.1 += i64::from(!own.is_empty());
            }
            *slot = sum;
        }
        out.push(Era { from, week: Some(week), sums });
        let next = hours.get(n + 1).and_then(|h| h.valid_from).map(Day::number);
        if let Some(end) = h.valid_until.map(|d| d.number() + 1)
            && next.is_none_or(|next| end < next)
        {
            out.push(Era { from: end, week: None, sums: [(0, 0); 7] });
        }
    }
    debug_assert!(out.iter().flat_map(|e| e.week.iter().flatten().flatten()).all(|s| s.to <= 2 * DAY));
    out
}

/// All compiled calendars of a book, by name and by queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetables {
    always: Arc<Timetable>,
    named: BTreeMap<String, Arc<Timetable>>,
    queues: BTreeMap<QueueCode, String>,
    zone: Zone,
}

impl Timetables {
    #[must_use]
    pub fn of(book: &Calendars) -> Self {
        let queues = book.calendars.iter().flat_map(|c| c.queues.iter().map(|q| (q.clone(), c.code.clone()))).collect();
        Self {
            always: Arc::new(Timetable::always()),
            named: book.calendars.iter().map(|c| (c.code.clone(), Arc::new(Timetable::of(book, c)))).collect(),
            queues,
            zone: Zone::of(book.timezone.parse().unwrap_or(chrono_tz::Tz::UTC)),
        }
    }

    /// The calendar of this name; around the clock when there is none.
    #[must_use]
    pub fn get(&self, code: &str) -> &Timetable {
        self.named.get(code).unwrap_or(&self.always)
    }

    /// The name of a queue's own calendar; around the clock without one.
    #[must_use]
    pub fn of_queue(&self, queue: Option<&QueueCode>) -> &str {
        queue.and_then(|q| self.queues.get(q)).map_or(Calendars::ALWAYS, String::as_str)
    }

    /// The day of an instant in the book's zone: by it the validity of policies is judged.
    #[must_use]
    pub fn day_of(&self, at: Instant) -> Day {
        let us = at.timestamp_micros();
        Day::from_number(us.saturating_add(self.zone.offset(us)).div_euclid(DAY_US))
    }

    /// The minute of the day (0-1439) in the book's zone.
    #[must_use]
    pub fn minute_of(&self, at: Instant) -> u16 {
        let us = at.timestamp_micros();
        u16::try_from(us.saturating_add(self.zone.offset(us)).rem_euclid(DAY_US) / MINUTE).unwrap_or(0)
    }
}
