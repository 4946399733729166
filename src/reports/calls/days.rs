//! Days that are added up: those that ended longer ago than the window in which their callers may call again, so nothing of them is undecided.

use super::gather::feed;
use super::{Count, Sums, Terms};
use crate::domain::Instant;
use crate::domain::calendar::{Day, begins, day_of};
use crate::domain::report::{Period, after};
use crate::store::reports::calls::{self, DayRow};
use crate::store::{Conn, Db, StoreError};
use chrono::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// The place of the list of changed days before the first: no kept day can be trusted yet.
const NOTHING_KEPT: i64 = -1;
/// Days counted in one pass over their calls.
const TOGETHER: usize = 31;

fn number(day: Day) -> i32 {
    i32::try_from(day.number()).unwrap_or(i32::MAX)
}

fn day(number: i32) -> Day {
    Day::from_number(i64::from(number))
}

/// The last day of which everything is decided.
fn last_decided(terms: &Terms, now: Instant) -> i32 {
    number(day_of(now.checked_sub_signed(terms.window()).unwrap_or(now))) - 1
}

/// The days whose figures a change on one day may change: a call is a repeat, or is followed by one, within the window.
fn touched(terms: &Terms, n: i32) -> RangeInclusive<i32> {
    let (from, to) = (begins(day(n)), begins(after(day(n), 1)) - Duration::microseconds(1));
    let first = from.checked_sub_signed(terms.window()).map_or(n, |at| number(day_of(at)));
    let last = to.checked_add_signed(terms.window()).map_or(n, |at| number(day_of(at)));
    first..=last
}

/// The days that lie wholly in the period and whose kept sums are true now.
pub(super) async fn kept(c: &impl Conn, terms: &Terms, period: &Period, now: Instant) -> Result<BTreeMap<i32, Sums>, StoreError> {
    let begun = day_of(period.from);
    let first = number(if begins(begun) == period.from { begun } else { after(begun, 1) });
    let last = (number(day_of(period.to)) - 1).min(last_decided(terms, now));
    let Some(state) = calls::state(c).await?.filter(|s| s.position > NOTHING_KEPT && first <= last) else { return Ok(BTreeMap::new()) };
    let mut rows: BTreeMap<i32, String> = calls::read(c, &terms.key(), first, last).await?.into_iter().map(|r| (r.day, r.facts)).collect();
    // Asked after the sums were read: what is added up anew in between was noted as changed before.
    for changed in calls::changed(c, state.position, None).await? {
        touched(terms, changed).for_each(|n| drop(rows.remove(&n)));
    }
    let parse = |(n, facts): (i32, String)| -> Result<(i32, Sums), StoreError> {
        Ok((n, serde_json::from_str(&facts).map_err(|e| StoreError::corrupt("report_call_day.facts", e))?))
    };
    rows.into_iter().map(parse).collect()
}

/// Adds up the days that are decided and not added up yet, or changed since. Returns how many.
///
/// The kept days are true up to a place in the list of changed days. A place is drawn before its transaction commits, so only what was the list's end a
/// while ago (`settled`, by the wall clock) is taken for complete; before that nothing is done. Of several who do this at once one goes on, the others leave
/// what they counted.
///
/// # Errors
/// The store's.
pub async fn roll(db: &Db, terms: Terms, now: Instant, wall: Instant, settled: Duration) -> Result<usize, StoreError> {
    let c = db.read();
    let end = calls::last_change(c).await?.unwrap_or(0);
    let Some(state) = calls::state(c).await? else {
        // What is kept without it was true nobody knows when.
        calls::forget(db).await?;
        calls::begin(db.write(), NOTHING_KEPT, end, wall).await?;
        return Ok(0);
    };
    if wall - state.noted_at < settled {
        return Ok(0);
    }
    let last = last_decided(&terms, now);
    let first = calls::first(c).await?.map_or(last + 1, |at| number(day_of(at)));
    let mut due: BTreeSet<i32> = (first..=last).collect();
    if state.position > NOTHING_KEPT {
        for n in calls::marked(c, &terms.key(), first, last).await? {
            due.remove(&n);
        }
        // Also before the first call: what is the first now may not have been it.
        for changed in calls::changed(c, state.position, Some(state.next_position)).await? {
            due.extend(touched(&terms, changed).filter(|n| *n <= last));
        }
    }
    let mut done = 0;
    // The newest first: they are asked for most.
    for run in runs(&due).into_iter().rev() {
        let rows = count(c, &terms, &run, now).await?;
        if !calls::write(db, &state, rows).await? {
            return Ok(done);
        }
        done += run.len();
    }
    // Places only grow: the list may be empty by now.
    calls::advance(db, &state, &terms.key(), end.max(state.next_position), wall).await?;
    Ok(done)
}

/// Days that follow each other, some at a time.
fn runs(days: &BTreeSet<i32>) -> Vec<Vec<i32>> {
    let mut out: Vec<Vec<i32>> = Vec::new();
    for n in days {
        match out.last_mut().filter(|run| run.len() < TOGETHER && run.last() == Some(&(n - 1))) {
            Some(run) => run.push(*n),
            None => out.push(vec![*n]),
        }
    }
    out
}

/// The sums of days that follow each other.
async fn count(c: &impl Conn, terms: &Terms, days: &[i32], now: Instant) -> Result<Vec<DayRow>, StoreError> {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Ok(Vec::new()) };
    let period = Period { from: begins(day(*first)), to: begins(after(day(*last), 1)) };
    let mut count = Count::new(*terms);
    feed(c, terms, &period, |call, within| count.add(call, within.then(|| number(day_of(call.at))))).await?;
    let mut sums = count.finish(now);
    let row = |n: &i32| -> Result<DayRow, StoreError> {
        let facts = serde_json::to_string(&sums.remove(n).unwrap_or_default()).map_err(|e| StoreError::corrupt("report_call_day.facts", e))?;
        Ok(DayRow { day: *n, terms: terms.key(), facts })
    };
    days.iter().map(row).collect()
}

/// Forgets what is added up, so that all of it is added up anew.
///
/// # Errors
/// The store's.
pub async fn forget(db: &Db) -> Result<(), StoreError> {
    calls::forget(db).await
}
