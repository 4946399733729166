//! How far a message of ours got, as one order: whatever comes in whatever order, the furthest word stands.

use super::inbound::{Failure, ReceiptStage};
use super::time::Instant;

/// Nothing is known yet; the provider took it; then what receipts tell. A failure stands above "sent on" and below "delivered": it counts only while
/// nothing was delivered.
pub mod stage {
    pub const NONE: i16 = 0;
    pub const ACCEPTED: i16 = 1;
    pub const SENT_ON: i16 = 2;
    pub const FAILED: i16 = 3;
    pub const DELIVERED: i16 = 4;
    pub const READ: i16 = 5;
    pub const PLAYED: i16 = 6;
}

/// Where a receipt stands in the order.
#[must_use]
pub const fn rank(stage: ReceiptStage) -> i16 {
    match stage {
        ReceiptStage::Sent => stage::SENT_ON,
        ReceiptStage::Failed => stage::FAILED,
        ReceiptStage::Delivered => stage::DELIVERED,
        ReceiptStage::Read => stage::READ,
        ReceiptStage::Played => stage::PLAYED,
    }
}

/// What is known of one message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Track {
    pub stage: i16,
    pub delivered_at: Option<Instant>,
    pub read_at: Option<Instant>,
    pub failed_at: Option<Instant>,
    /// Why it failed, while it stands as failed.
    pub failure: Option<Failure>,
}

impl Track {
    /// It reached the person's device, whatever else was told.
    #[must_use]
    pub const fn arrived(&self) -> bool {
        self.stage >= stage::DELIVERED
    }

    /// The provider gave it up, and nothing says that it arrived.
    #[must_use]
    pub const fn failed(&self) -> bool {
        self.stage == stage::FAILED
    }

    /// Takes one receipt in. The order in which receipts come does not matter, nor how often one comes.
    #[must_use]
    pub fn with(mut self, what: ReceiptStage, at: Instant, failure: Option<Failure>) -> Self {
        let earliest = |known: Option<Instant>| Some(known.map_or(at, |k| k.min(at)));
        match what {
            ReceiptStage::Sent => {}
            ReceiptStage::Failed => self.failed_at = earliest(self.failed_at),
            ReceiptStage::Delivered => self.delivered_at = earliest(self.delivered_at),
            // A read message was delivered, also when nobody said so: an open chat reports only the reading.
            ReceiptStage::Read | ReceiptStage::Played => self.read_at = earliest(self.read_at),
        }
        self.stage = self.stage.max(rank(what));
        self.failure = match (self.failed(), what) {
            (true, ReceiptStage::Failed) => self.failure.max(failure),
            (true, _) => self.failure,
            (false, _) => None,
        };
        self
    }
}

/// How a message stands, in one word for people: of its place in the outbox and of what receipts tell.
#[must_use]
pub fn shown(status: &str, at: i16) -> &str {
    match (status, at) {
        ("sent", stage::DELIVERED) => "delivered",
        ("sent", stage::READ) => "read",
        ("sent", stage::PLAYED) => "played",
        ("sent", stage::FAILED) => "failed",
        ("sent", stage::SENT_ON) => "sent_on",
        ("sent", _) => "accepted",
        (other, _) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn at(second: i64) -> Instant {
        DateTime::from_timestamp(1_795_000_000 + second, 0).unwrap()
    }

    fn after(list: &[(ReceiptStage, i64, Option<Failure>)]) -> Track {
        list.iter().fold(Track { stage: stage::ACCEPTED, ..Track::default() }, |t, (what, s, why)| t.with(*what, at(*s), *why))
    }

    #[test]
    fn late_and_repeated_words_change_nothing() {
        use ReceiptStage::{Delivered, Failed, Played, Read, Sent};
        let gone = Some(Failure::Unreachable);
        for (list, want, why) in [
            (vec![(Sent, 1, None), (Delivered, 2, None), (Read, 3, None)], stage::READ, None),
            (vec![(Read, 3, None), (Delivered, 2, None), (Sent, 1, None), (Read, 3, None)], stage::READ, None),
            (vec![(Sent, 1, None), (Failed, 2, gone)], stage::FAILED, gone),
            (vec![(Failed, 2, gone), (Sent, 1, None)], stage::FAILED, gone),
            (vec![(Failed, 2, gone), (Delivered, 9, None)], stage::DELIVERED, None),
            (vec![(Delivered, 9, None), (Failed, 10, gone)], stage::DELIVERED, None),
            (vec![(Played, 4, None)], stage::PLAYED, None),
        ] {
            let t = after(&list);
            assert_eq!((t.stage, t.failure), (want, why), "{list:?}");
        }
    }

    proptest! {
        #[test]
        fn any_order_any_number_of_times_ends_alike(
            list in proptest::collection::vec((0..ReceiptStage::ALL.len(), 0i64..100, 0..Failure::ALL.len()), 1..12),
            shuffle in any::<u64>(),
        ) {
            let list: Vec<_> = list.into_iter().map(|(s, t, f)| {
                let what = ReceiptStage::ALL[s];
                (what, t, (what == ReceiptStage::Failed).then_some(Failure::ALL[f]))
            }).collect();
            let mut other = list.clone();
            let n = other.len();
            for i in (1..n).rev() {
                other.swap(i, usize::try_from(shuffle.rotate_left(u32::try_from(i * 7).unwrap()) % (i as u64 + 1)).unwrap());
            }
            other.extend(list.clone());
            prop_assert_eq!(after(&list), after(&other));
            prop_assert!(after(&list).stage >= stage::ACCEPTED);
        }
    }
}
