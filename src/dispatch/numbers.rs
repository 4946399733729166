//! Fresh public numbers, checked against the taken ones in one query for a whole batch.

use super::{DispatchError, secrets};
use crate::domain::{Instant, RequestNumber};
use crate::store::{Conn, requests};
use chrono::Datelike;
use chrono_tz::Asia::Almaty;
use std::collections::BTreeSet;

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

    /// Takes one.
    ///
    /// # Errors
    /// [`DispatchError::Internal`] when more are wanted than were drawn.
    pub fn take(&mut self) -> Result<RequestNumber, DispatchError> {
        self.0.pop().ok_or_else(|| DispatchError::Internal("no free request number was drawn".into()))
    }
}
