//! Days of the service's own zone, Asia/Almaty, for figures: a day is the time in which its date stands on the wall clock, however many hours that are.

use super::day::Day;
use super::zone::Zone;
use crate::domain::time::Instant;
use chrono::DateTime;
use std::sync::LazyLock;

const MINUTE_US: i64 = 60_000_000;
const DAY_US: i64 = 1440 * MINUTE_US;

static ALMATY: LazyLock<Zone> = LazyLock::new(|| Zone::of(chrono_tz::Asia::Almaty));

fn local(at: Instant) -> i64 {
    let us = at.timestamp_micros();
    us.saturating_add(ALMATY.offset(us))
}

/// The local day of a moment.
#[must_use]
pub fn day_of(at: Instant) -> Day {
    Day::from_number(local(at).div_euclid(DAY_US))
}

/// The local hour of a moment, 0 to 23.
#[must_use]
pub fn hour_of(at: Instant) -> usize {
    usize::try_from(local(at).rem_euclid(DAY_US) / (60 * MINUTE_US)).unwrap_or(0)
}

/// The first moment of a local day. It ends where the next one begins.
#[must_use]
pub fn begins(day: Day) -> Instant {
    let midnight = day.number().saturating_mul(DAY_US);
    let mut spans = Vec::new();
    ALMATY.instants(midnight, midnight.saturating_add(DAY_US), &mut spans);
    spans.first().and_then(|(from, _)| DateTime::from_timestamp_micros(*from)).unwrap_or(DateTime::<chrono::Utc>::MIN_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        Day(text.parse().unwrap())
    }

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn the_day_that_had_twenty_five_hours() {
        assert_eq!(begins(day("2024-02-29")), at("2024-02-28T18:00:00Z"));
        assert_eq!(begins(day("2024-03-01")), at("2024-02-29T19:00:00Z"));
        // The hour before midnight came twice.
        for moment in ["2024-02-29T17:30:00Z", "2024-02-29T18:30:00Z"] {
            assert_eq!((day_of(at(moment)), hour_of(at(moment))), (day("2024-02-29"), 23), "{moment}");
        }
        assert_eq!((day_of(at("2026-11-20T19:00:00Z")), hour_of(at("2026-11-20T19:00:00Z"))), (day("2026-11-21"), 0));
        assert_eq!(begins(day("2026-11-21")), at("2026-11-20T19:00:00Z"));
    }

    proptest! {
        #[test]
        fn every_moment_lies_in_its_day(secs in 0i64..4_000_000_000) {
            let moment = DateTime::from_timestamp(secs, 0).unwrap();
            let d = day_of(moment);
            prop_assert!(begins(d) <= moment && moment < begins(Day::from_number(d.number() + 1)));
        }
    }
}
