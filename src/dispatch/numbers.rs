//! Fresh public numbers, checked against the taken ones in one query for a whole batch.

use super::{DispatchError, secrets};
use crate::domain::{Instant, RequestNumber};
use crate::store::{Conn, requests};
use chrono::Datelike;
use chrono_tz::Asia::Almaty;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Checked numbers kept for the next batches, so that most batches need not ask the database. Another process may have taken one meanwhile: the unique
/// key refuses it, and the batch is tried again with others.
#[derive(Debug, Default)]
pub struct Spare(Mutex<(i32, Vec<RequestNumber>)>);

/// How many are drawn at once for later.
const AHEAD: usize = 256;

impl Spare {
    /// `count` numbers of the present year.
    ///
    /// # Errors
    /// The store's.
    pub async fn take(&self, c: &impl Conn, count: usize, now: Instant) -> Result<Numbers, DispatchError> {
        let year = now.with_timezone(&Almaty).year();
        if let Some(numbers) = self.cut(year, count) {
            return Ok(numbers);
        }
        self.put_back(Numbers::draw(c, count + AHEAD, now).await?, now);
        match self.cut(year, count) {
            Some(numbers) => Ok(numbers),
            // Others were faster.
            None => Numbers::draw(c, count, now).await,
        }
    }

    /// Gives back what was not used.
    pub fn put_back(&self, numbers: Numbers, now: Instant) {
        let year = now.with_timezone(&Almaty).year();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 != year {
            *kept = (year, Vec::new());
        }
        kept.1.extend(numbers.0);
    }

    fn cut(&self, year: i32, count: usize) -> Option<Numbers> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 != year {
            return None;
        }
        let at = kept.1.len().checked_sub(count)?;
        Some(Numbers(kept.1.split_off(at)))
    }
}

/// Numbers that were free a moment ago. The unique key of the table decides in the end.
#[derive(Debug, Default)]
pub struct Numbers(Vec<RequestNumber>);

impl Numbers {
    /// Draws `count` free numbers of the present year.
    ///
    /// # Errors
    /// The store's.
    pub async fn draw(c: &impl Conn, count: usize, now: Instant) -> Result<Self, DispatchError> {
        let year = now.with_timezone(&Almaty).year();
        let mut free: BTreeSet<RequestNumber> = BTreeSet::new();
        // Even with half of the year's numbers taken, a few rounds are enough.
        for _ in 0..64 {
            if free.len() >= count {
                break;
            }
            let drawn: BTreeSet<RequestNumber> = (free.len()..count).map(|_| RequestNumber::compose(year, secrets::draw())).collect();
            let taken = requests::taken(c, &drawn).await?;
            free.extend(drawn.into_iter().filter(|n| !taken.contains(n)));
        }
        Ok(Self(free.into_iter().collect()))
    }

    /// Takes one; draws more when a message turns out to need them.
    ///
    /// # Errors
    /// The store's.
    pub async fn take(&mut self, c: &impl Conn, now: Instant) -> Result<RequestNumber, DispatchError> {
        if self.0.is_empty() {
            *self = Self::draw(c, 4, now).await?;
        }
        self.0.pop().ok_or_else(|| DispatchError::Internal("no free request number was drawn".into()))
    }
}
