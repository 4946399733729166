//! What became of the messages to residents and staff.

use crate::domain::delivery::stage;
use crate::domain::report::{Filter, Period};
use crate::store::reports::outgoing;
use crate::store::{Conn, StoreError, outbox::status};
use std::collections::BTreeMap;

/// Messages of one channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Messages made.
    pub made: i64,
    /// Taken by the provider and not reported as failed.
    pub sent: i64,
    /// Of them, those whose arrival the provider has told of.
    pub arrived: i64,
    pub read: i64,
    /// Given up, or reported as failed after they were taken.
    pub failed: i64,
    /// Did not pass here, another message stands in for them.
    pub moved: i64,
    /// No longer true when their turn came.
    pub expired: i64,
    /// Not yet sent.
    pub waiting: i64,
}

impl Delivered {
    /// Adds those of another channel.
    pub fn take_in(&mut self, other: &Self) {
        self.made += other.made;
        self.sent += other.sent;
        self.arrived += other.arrived;
        self.read += other.read;
        self.failed += other.failed;
        self.moved += other.moved;
        self.expired += other.expired;
        self.waiting += other.waiting;
    }

    fn take(&mut self, state: &str, step: i16, n: i64) {
        self.made += n;
        match state {
            status::SENT if step == stage::FAILED => self.failed += n,
            status::SENT => {
                self.sent += n;
                self.arrived += if step >= stage::DELIVERED { n } else { 0 };
                self.read += if step >= stage::READ { n } else { 0 };
            }
            status::DEAD => self.failed += n,
            status::MOVED => self.moved += n,
            status::EXPIRED => self.expired += n,
            _ => self.waiting += n,
        }
    }
}

/// Messages made in a period, by channel.
///
/// # Errors
/// The store's.
pub async fn of(c: &impl Conn, f: &Filter, p: &Period) -> Result<BTreeMap<String, Delivered>, StoreError> {
    let mut out: BTreeMap<String, Delivered> = BTreeMap::new();
    for row in outgoing::messages(c, f, p).await? {
        out.entry(row.channel).or_default().take(&row.status, row.stage, row.n);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_counted_once() {
        let mut d = Delivered::default();
        for (state, step) in [
            (status::SENT, stage::ACCEPTED),
            (status::SENT, stage::DELIVERED),
            (status::SENT, stage::READ),
            (status::SENT, stage::FAILED),
            (status::DEAD, stage::NONE),
            (status::MOVED, stage::FAILED),
            (status::EXPIRED, stage::NONE),
            (status::PARKED, stage::FAILED),
            (status::PENDING, stage::NONE),
            (status::SENDING, stage::NONE),
        ] {
            d.take(state, step, 1);
        }
        assert_eq!(d, Delivered { made: 10, sent: 3, arrived: 2, read: 1, failed: 2, moved: 1, expired: 1, waiting: 3 });
        assert_eq!(d.made, d.sent + d.failed + d.moved + d.expired + d.waiting);
    }
}
