//! Figures out of the database: past days from their kept sums, the rest from the calls, page by page, in the order they began.

use super::{CallBack, Count, Figures, Sums, Terms, days};
use crate::domain::Instant;
use crate::domain::callback::Outcome;
use crate::domain::report::Period;
use crate::reports::facts::gaps;
use crate::store::reports::calls::{self, CallRow};
use crate::store::{Conn, StoreError, callbacks};

/// Calls held at once.
const PAGE: u64 = 5_000;
/// The only part of a period that is counted in one.
const WHOLE: i32 = 0;

/// The figures of `from..to`, judged at `now`.
///
/// # Errors
/// The store's.
pub async fn gather(c: &impl Conn, terms: Terms, from: Instant, to: Instant, now: Instant) -> Result<Figures, StoreError> {
    let mut figures = Figures::new(terms, from, to);
    let kept = days::kept(c, &terms, &Period { from, to }, now).await?;
    for gap in gaps(&Period { from, to }, &kept.keys().copied().collect()) {
        figures.sums.take_in(&live(c, terms, gap, now).await?);
    }
    kept.values().for_each(|day| figures.sums.take_in(day));
    for task in callbacks::owed(c, from, to).await? {
        let done_at = task.closed_at.filter(|_| task.outcome.is_some_and(Outcome::is_kept));
        figures.add_callback(CallBack { due_at: task.due_at, done_at }, now);
    }
    Ok(figures)
}

/// The sums of a period from the calls alone.
async fn live(c: &impl Conn, terms: Terms, period: Period, now: Instant) -> Result<Sums, StoreError> {
    let mut count = Count::new(terms);
    feed(c, &terms, &period, |call, within| count.add(call, within.then_some(WHOLE))).await?;
    Ok(count.finish(now).remove(&WHOLE).unwrap_or_default())
}

/// Gives the calls of a period and of the window around it, each with whether it belongs to the period.
pub(super) async fn feed(c: &impl Conn, terms: &Terms, period: &Period, mut each: impl FnMut(&CallRow, bool)) -> Result<(), StoreError> {
    let from = period.from.checked_sub_signed(terms.window()).unwrap_or(period.from);
    let to = period.to.checked_add_signed(terms.window()).unwrap_or(period.to);
    let whole = Period { from, to };
    let mut last = None;
    loop {
        let mut page = calls::page(c, &whole, period, last.as_ref(), PAGE).await?;
        page.iter().for_each(|call| each(call, call.at >= period.from && call.at < period.to));
        if (page.len() as u64) < PAGE {
            return Ok(());
        }
        last = page.pop();
    }
}
