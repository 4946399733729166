//! Figures out of the database: calls in the order they began, page by page.

use super::{CallBack, Figures, Terms};
use crate::domain::Instant;
use crate::domain::callback::Outcome;
use crate::store::calls::links;
use crate::store::calls::list::{self, CallCursor, Filter};
use crate::store::{Conn, StoreError, callbacks};
use chrono::Duration;
use std::collections::BTreeSet;

/// Calls held at once.
const PAGE: u64 = 1000;

/// The figures of `from..to`, judged at `now`.
///
/// # Errors
/// The store's.
pub async fn gather(c: &impl Conn, terms: Terms, from: Instant, to: Instant, now: Instant) -> Result<Figures, StoreError> {
    let mut figures = Figures::new(terms, from, to);
    let around = Duration::days(i64::from(terms.repeat_days));
    let filter = Filter { from: from.checked_sub_signed(around), to: to.checked_add_signed(around), ..Filter::default() };
    let mut after = None;
    loop {
        let page = list::oldest(c, &filter, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(CallCursor::after(last));
        let ids: Vec<_> = page.iter().map(|s| s.id).collect();
        let registered: BTreeSet<_> = links::of_calls(c, &ids).await?.into_iter().map(|l| l.call).collect();
        page.iter().for_each(|s| figures.add(&s.call, registered.contains(&s.id)));
    }
    figures.finish(now);
    for task in callbacks::made(c, from, to).await? {
        // Who asked to be forgotten is owed nothing; a task made by a message is no missed call.
        if task.outcome == Some(Outcome::Erased) || task.missed == 0 {
            continue;
        }
        let done_at = task.closed_at.filter(|_| task.outcome.is_some_and(Outcome::is_kept));
        figures.add_callback(CallBack { due_at: task.due_at, done_at }, now);
    }
    Ok(figures)
}
