//! How long things took: the middle and the ninth of ten, from counts by minutes.

use std::collections::BTreeMap;

/// The time that was needed, by those who got there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// How many got there.
    pub n: i64,
    /// In minutes: at least half of them needed no longer.
    pub median: Option<u32>,
    /// In minutes: at least nine of ten needed no longer.
    pub p90: Option<u32>,
}

/// The step in which a length of time is counted: whole minutes up to a day, ten minutes up to ten days, hours beyond, always rounded down. So the sums
/// of a day stay small, and what is lost is below one part of a hundred.
#[must_use]
pub fn grid(seconds: i64) -> u32 {
    let minutes = u32::try_from(seconds.max(0) / 60).unwrap_or(u32::MAX);
    match minutes {
        0..1_440 => minutes,
        1_440..14_400 => minutes - minutes % 10,
        _ => minutes - minutes % 60,
    }
}

impl Times {
    /// From counts by minutes: the value at the nearest rank.
    #[must_use]
    pub fn of(counts: &BTreeMap<u32, i64>) -> Self {
        let n: i64 = counts.values().sum();
        let at = |tenths: i64| {
            let rank = (n * tenths + 9) / 10;
            let mut seen = 0;
            counts.iter().find_map(|(minutes, count)| {
                seen += count;
                (n > 0 && seen >= rank).then_some(*minutes)
            })
        };
        Self { n, median: at(5), p90: at(9) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_by_hand() {
        let of = |minutes: &[u32]| {
            let mut counts = BTreeMap::new();
            minutes.iter().for_each(|m| *counts.entry(*m).or_default() += 1);
            let t = Times::of(&counts);
            (t.n, t.median, t.p90)
        };
        assert_eq!(of(&[]), (0, None, None));
        assert_eq!(of(&[7]), (1, Some(7), Some(7)));
        assert_eq!(of(&[1, 2, 3, 4]), (4, Some(2), Some(4)));
        assert_eq!(of(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), (10, Some(5), Some(9)));
        assert_eq!(of(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), (11, Some(6), Some(10)));
    }

    #[test]
    fn the_grid_loses_less_than_a_hundredth() {
        assert_eq!([0, 59, 60, 86_399, 86_400, 87_059, 864_000, 867_599, -5].map(grid), [0, 0, 1, 1_439, 1_440, 1_450, 14_400, 14_400, 0]);
        for minutes in [1_441u32, 1_999, 14_401, 100_000] {
            let kept = grid(i64::from(minutes) * 60);
            assert!(kept <= minutes && (minutes - kept) * 100 < minutes, "{minutes}: {kept}");
        }
    }
}
