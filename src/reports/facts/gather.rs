//! Figures out of the database: past days from their kept sums, the rest from the rows.

use super::{Facts, Key, Part};
use crate::domain::Instant;
use crate::domain::calendar::{Day, begins, day_of};
use crate::domain::report::{Filter, Period, Step, after};
use crate::store::reports::{days, rows};
use crate::store::{Conn, Db, StoreError, journal};
use chrono::Duration;
use std::collections::{BTreeMap, BTreeSet};

/// The place of the journal before the first: no kept day can be trusted yet.
const NOTHING_KEPT: i64 = -1;

/// The figures of a period, of the part of the work that the filter names, as it stands now.
///
/// # Errors
/// The store's.
pub async fn gather(db: &Db, f: &Filter, period: Period, now: Instant) -> Result<Facts, StoreError> {
    let c = db.read();
    let kept = kept_days(c, f, &period, now).await?;
    let mut facts = Facts::empty(period);
    for gap in gaps(&period, &kept) {
        for part in gap.steps(Step::Day) {
            facts.take_in(live(c, f, part).await?);
        }
    }
    if let (Some(first), Some(last)) = (kept.first(), kept.last()) {
        for row in days::read(c, f, *first, *last).await?.into_iter().filter(|r| kept.contains(&r.day)) {
            let part: Part = serde_json::from_str(&row.facts).map_err(|e| StoreError::corrupt("report_day.facts", e))?;
            let key = Key { queue: row.queue, service: row.service, district: row.district, class: row.class, channel: row.channel };
            facts.add(key, &part);
        }
    }
    Ok(facts)
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
    let mut kept = days::marked(c, number(first), number(end) - 1).await?;
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

/// Adds up the days that have ended and are not added up yet, or changed since. Returns how many. Safe to run twice at once: a day is replaced as a whole.
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
    for day in due.iter().rev() {
        write_day(db, *day).await?;
    }
    days::set_state(db.write(), state.next_position, end, wall).await?;
    Ok(due.len())
}

/// Forgets what is added up, so that all of it is added up anew.
///
/// # Errors
/// The store's.
pub async fn forget(db: &Db) -> Result<(), StoreError> {
    days::forget(db).await
}

async fn write_day(db: &Db, day: i32) -> Result<(), StoreError> {
    let facts = live(db.read(), &Filter::default(), Period::day(Day::from_number(i64::from(day)))).await?;
    let rows: Result<Vec<_>, StoreError> = facts.parts.iter().map(|(key, part)| row(day, key, part)).collect();
    days::write(db, day, rows?).await
}

fn row(day: i32, key: &Key, part: &Part) -> Result<days::DayRow, StoreError> {
    let Key { queue, service, district, class, channel } = key.clone();
    let facts = serde_json::to_string(part).map_err(|e| StoreError::corrupt("report_day.facts", e))?;
    Ok(days::DayRow { day, queue, service, district, class, channel, n: part.received(), facts })
}

/// How many requests each of some parts of time brought.
///
/// # Errors
/// The store's.
pub(in crate::reports) async fn counts(db: &Db, f: &Filter, parts: &[Period], now: Instant) -> Result<Vec<i64>, StoreError> {
    let c = db.read();
    let Some(whole) = parts.first().zip(parts.last()).map(|(a, b)| Period { from: a.from, to: b.to }) else { return Ok(Vec::new()) };
    let kept = kept_days(c, f, &whole, now).await?;
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
        for gap in gaps(part, &inside) {
            n += rows::count(c, f, &gap).await?;
        }
        out.push(n);
    }
    Ok(out)
}
