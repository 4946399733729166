//! Figures out of the database: past days from their kept sums, the rest from the rows.

use super::{Facts, Key, Part};
use crate::domain::Instant;
use crate::domain::calendar::{Day, begins, day_of};
use crate::domain::report::{Filter, Period, Step, after};
use crate::store::reports::{days, rows};
use crate::store::{Conn, Db, StoreError, journal};
use chrono::{Datelike, Duration, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};

/// The place of the journal before the first: no kept day can be trusted yet.
const NOTHING_KEPT: i64 = -1;

/// The figures of a period, of the part of the work that the filter names, as it stands now.
///
/// # Errors
/// The store's.
pub async fn gather(db: &Db, f: &Filter, period: Period, now: Instant) -> Result<Facts, StoreError> {
    let c = db.read();
    let mut kept = kept_days(c, f, &period, now).await?;
    let mut facts = Facts::empty(period);
    // Before the first request of all there is nothing to ask about.
    if let Some(begun) = days::first_received(c).await? {
        for gap in gaps(&period, &kept) {
            for part in gap.steps(Step::Day).into_iter().filter(|p| p.to > begun) {
                facts.take_in(live(c, f, part).await?);
            }
        }
    }
    let months = whole_months(&kept, &days::marked(c, LEAST_MONTH, -1).await?);
    for month in &months {
        for day in of_month(*month) {
            kept.remove(&day);
        }
    }
    for sums in [months, kept] {
        for (first, last) in runs(&sums) {
            for row in days::read(c, f, first, last).await? {
                add_row(&mut facts, row)?;
            }
        }
    }
    Ok(facts)
}

fn add_row(facts: &mut Facts, row: days::DayRow) -> Result<(), StoreError> {
    let part: Part = serde_json::from_str(&row.facts).map_err(|e| StoreError::corrupt("report_day.facts", e))?;
    let key = Key { queue: row.queue, service: row.service, district: row.district, class: row.class, channel: row.channel };
    facts.add(key, &part);
    Ok(())
}

/// The number under which the sums of a month are kept: below zero, where no day is.
fn month_of(day: i32) -> i32 {
    let date = Day::from_number(i64::from(day)).0;
    -(date.year() * 12 + date.month0().cast_signed())
}

/// No month has a smaller number.
const LEAST_MONTH: i32 = -12 * 10_000;

/// The days of a month that is named so.
fn of_month(month: i32) -> std::ops::Range<i32> {
    let months = -month;
    let first = NaiveDate::from_ymd_opt(months / 12, (months % 12).unsigned_abs() + 1, 1).unwrap_or_default();
    let whole = Period::month(Day(first));
    number(whole.first_day())..number(day_of(whole.to))
}

/// The months of which sums are kept and each day is true: they stand for their days.
fn whole_months(days: &BTreeSet<i32>, kept: &BTreeSet<i32>) -> BTreeSet<i32> {
    kept.iter().copied().filter(|m| of_month(*m).all(|day| days.contains(&day))).collect()
}

/// Numbers as stretches without gaps: what is not asked for is not read.
fn runs(numbers: &BTreeSet<i32>) -> Vec<(i32, i32)> {
    let mut out: Vec<(i32, i32)> = Vec::new();
    for n in numbers {
        match out.last_mut().filter(|(_, last)| *last + 1 == *n) {
            Some((_, last)) => *last = *n,
            None => out.push((*n, *n)),
        }
    }
    out
}

/// The figures of a period from the rows alone.
///
/// # Errors
/// The store's.
pub async fn live(c: &impl Conn, f: &Filter, period: Period) -> Result<Facts, StoreError> {
    let mut facts = Facts::empty(period);
    for row in rows::requests(c, f, &period).await? {
        facts.parts.entry(Key::of_row(&row)).or_default().add(&row);
    }
    for row in rows::clocks(c, f, &period).await? {
        // A request that moved to another key between the two reads is counted there next time.
        if let Some(part) = facts.parts.get_mut(&Key::of_clock(&row)) {
            part.clock(&row);
        }
    }
    Ok(facts)
}

fn number(day: Day) -> i32 {
    i32::try_from(day.number()).unwrap_or(i32::MAX)
}

/// The days that lie wholly in the period and whose kept sums are true now. Today is never kept.
pub(in crate::reports) async fn kept_days(c: &impl Conn, f: &Filter, period: &Period, now: Instant) -> Result<BTreeSet<i32>, StoreError> {
    let first = if begins(period.first_day()) == period.from { period.first_day() } else { after(period.first_day(), 1) };
    let end = day_of(period.to).min(day_of(now));
    if !days::keeps(f) || first >= end {
        return Ok(BTreeSet::new());
    }
    let Some(state) = days::state(c).await?.filter(|s| s.position > NOTHING_KEPT) else { return Ok(BTreeSet::new()) };
    // Below zero are the numbers of months.
    let mut kept = days::marked(c, number(first).max(0), number(end) - 1).await?;
    if !kept.is_empty() {
        for at in days::changed(c, state.position, None, begins(first), begins(end)).await? {
            kept.remove(&number(day_of(at)));
        }
    }
    Ok(kept)
}

/// What of a period does not lie in the kept days.
pub(in crate::reports) fn gaps(period: &Period, kept: &BTreeSet<i32>) -> Vec<Period> {
    let mut out = Vec::new();
    let mut at = period.from;
    for day in kept {
        let whole = Period::day(Day::from_number(i64::from(*day)));
        if at < whole.from {
            out.push(Period { from: at, to: whole.from });
        }
        at = whole.to;
    }
    if at < period.to {
        out.push(Period { from: at, to: period.to });
    }
    out
}

/// Adds up the days that have ended and are not added up yet, or changed since, and the months that they make up. Returns how many days. Safe to run
/// twice at once: sums are replaced as a whole, and only by whoever began where the kept ones still are true to.
///
/// The kept days are true up to a place of the journal. A place is drawn before its transaction commits, so only what was the journal's end a while
/// ago (`settled`, by the wall clock) is taken for complete; before that nothing is done.
///
/// # Errors
/// The store's.
pub async fn roll(db: &Db, now: Instant, wall: Instant, settled: Duration) -> Result<usize, StoreError> {
    let c = db.read();
    let end = journal::last_position(c).await?;
    let Some(state) = days::state(c).await? else {
        days::set_state(db.write(), NOTHING_KEPT, end, wall).await?;
        return Ok(0);
    };
    let Some(first) = days::first_received(c).await?.filter(|_| wall - state.noted_at >= settled) else { return Ok(0) };
    let (first, today) = (day_of(first), day_of(now));
    let marked = days::marked(c, number(first), number(today)).await?;
    let mut due: BTreeSet<i32> = (number(first)..number(today)).filter(|d| !marked.contains(d)).collect();
    if state.position > NOTHING_KEPT {
        let changed = days::changed(c, state.position, Some(state.next_position), begins(first), begins(today)).await?;
        due.extend(changed.into_iter().map(|at| number(day_of(at))));
    }
    // The newest first: they are asked for most.
    for (done, day) in due.iter().rev().enumerate() {
        if !write_day(db, &state, *day).await? {
            return Ok(done);
        }
    }
    let kept = days::marked(c, LEAST_MONTH, -1).await?;
    let changed: BTreeSet<i32> = due.iter().copied().map(month_of).collect();
    let all: BTreeSet<i32> = (number(first)..number(today)).map(month_of).collect();
    for month in all.into_iter().filter(|m| of_month(*m).end <= number(today) && (changed.contains(m) || !kept.contains(m))) {
        if !write_month(db, &state, month).await? {
            return Ok(due.len());
        }
    }
    days::go_on(db.write(), &state, end, wall).await?;
    Ok(due.len())
}

/// Forgets what is added up, so that all of it is added up anew.
///
/// # Errors
/// The store's.
pub async fn forget(db: &Db) -> Result<(), StoreError> {
    days::forget(db).await
}

/// False: another has gone on meanwhile, and what was counted here may be older than what stands.
async fn write_day(db: &Db, from: &days::State, day: i32) -> Result<bool, StoreError> {
    let facts = live(db.read(), &Filter::default(), Period::day(Day::from_number(i64::from(day)))).await?;
    days::write(db, from, day, rows_of(day, &facts, Part::received)?).await
}

/// A month is the sum of its days.
async fn write_month(db: &Db, from: &days::State, month: i32) -> Result<bool, StoreError> {
    let own = of_month(month);
    let mut facts = Facts::empty(Period::month(Day::from_number(i64::from(own.start))));
    for row in days::read(db.read(), &Filter::default(), own.start, own.end - 1).await? {
        add_row(&mut facts, row)?;
    }
    // The number of requests stands with the days: who adds it up meets each request once.
    days::write(db, from, month, rows_of(month, &facts, |_| 0)?).await
}

fn rows_of(number: i32, facts: &Facts, n: impl Fn(&Part) -> i64) -> Result<Vec<days::DayRow>, StoreError> {
    let row = |(key, part): (&Key, &Part)| {
        let Key { queue, service, district, class, channel } = key.clone();
        let facts = serde_json::to_string(part).map_err(|e| StoreError::corrupt("report_day.facts", e))?;
        Ok(days::DayRow { day: number, queue, service, district, class, channel, n: n(part), facts })
    };
    facts.parts.iter().map(row).collect()
}

/// How many requests each of some parts of time brought.
///
/// # Errors
/// The store's.
pub(in crate::reports) async fn counts(db: &Db, f: &Filter, parts: &[Period], now: Instant) -> Result<Vec<i64>, StoreError> {
    let c = db.read();
    let Some(whole) = parts.first().zip(parts.last()).map(|(a, b)| Period { from: a.from, to: b.to }) else { return Ok(Vec::new()) };
    let kept = kept_days(c, f, &whole, now).await?;
    let begun = days::first_received(c).await?;
    let by_day: BTreeMap<i32, i64> = match (kept.first(), kept.last()) {
        (Some(a), Some(b)) => days::counts(c, f, *a, *b).await?,
        _ => BTreeMap::new(),
    };
    let mut out = Vec::with_capacity(parts.len());
    for part in parts {
        let inside: BTreeSet<i32> = kept
            .iter()
            .copied()
            .filter(|d| {
                let day = Period::day(Day::from_number(i64::from(*d)));
                part.from <= day.from && day.to <= part.to
            })
            .collect();
        let mut n: i64 = inside.iter().filter_map(|d| by_day.get(d)).sum();
        for gap in gaps(part, &inside).into_iter().filter(|g| begun.is_some_and(|b| g.to > b)) {
            n += rows::count(c, f, &gap).await?;
        }
        out.push(n);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_have_numbers_of_their_own_and_know_their_days() {
        for (date, length) in [("2024-02-29", 29), ("2026-01-01", 31), ("2026-12-31", 31), ("1970-01-01", 31)] {
            let day = number(Day(date.parse().unwrap()));
            let month = month_of(day);
            assert!((LEAST_MONTH..0).contains(&month), "{date}: {month}");
            let days = of_month(month);
            assert!(days.contains(&day), "{date}");
            assert_eq!(days.len(), length, "{date}");
            assert!(days.map(month_of).all(|m| m == month), "{date}");
        }
        assert_eq!(month_of(number(Day("2026-01-31".parse().unwrap()))) - month_of(number(Day("2026-02-01".parse().unwrap()))), 1);
    }

    #[test]
    fn a_month_stands_for_its_days_only_while_all_are_true() {
        let january = month_of(number(Day("2026-01-15".parse().unwrap())));
        let mut days: BTreeSet<i32> = of_month(january).collect();
        let kept = BTreeSet::from([january]);
        assert_eq!(whole_months(&days, &kept), kept);
        days.remove(&(of_month(january).start + 9));
        assert!(whole_months(&days, &kept).is_empty(), "a day has changed since");
        assert_eq!(runs(&BTreeSet::from([1, 2, 3, 7, 9, 10])), [(1, 3), (7, 7), (9, 10)]);
        assert!(runs(&BTreeSet::new()).is_empty());
    }
}
