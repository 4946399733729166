//! Requests over time, beside the same dates of the year before.

use super::facts::counts;
use crate::domain::Instant;
use crate::domain::calendar::Day;
use crate::domain::report::{Filter, Period, Step};
use crate::store::{Db, StoreError};

/// One part of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    pub period: Period,
    pub n: i64,
    /// In the same dates a year before.
    pub last_year: i64,
}

impl Point {
    /// Its first local day.
    #[must_use]
    pub fn begins(&self) -> Day {
        self.period.first_day()
    }
}

/// Requests received in each day, week or month of a period. The first and the last part are cut where the period begins and ends.
///
/// # Errors
/// The store's.
pub async fn of(db: &Db, f: &Filter, period: Period, step: Step, now: Instant) -> Result<Vec<Point>, StoreError> {
    let parts = period.steps(step);
    let before: Vec<Period> = parts.iter().map(Period::last_year).collect();
    let (these, those) = (counts(db, f, &parts, now).await?, counts(db, f, &before, now).await?);
    Ok(parts.into_iter().zip(these).zip(those).map(|((period, n), last_year)| Point { period, n, last_year }).collect())
}
