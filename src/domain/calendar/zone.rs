//! A time zone as the list of its offsets, for exact conversion of local intervals.

use chrono::{NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

const SECOND: i64 = 1_000_000;
/// Offsets are looked up from 1970-01-01 to 2101-01-01; outside, the nearest one holds. In seconds.
const RANGE: (i64, i64) = (0, 4_133_980_800);
/// No zone changed its offset twice within this time. In seconds.
const STEP: i64 = 5 * 86_400;

/// Where an offset begins to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Era {
    /// Microseconds of UTC; the first era begins before all.
    from: i64,
    /// Microseconds ahead of UTC.
    offset: i64,
}

/// All offsets of a zone in the order of time. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Zone {
    first: Era,
    later: Vec<Era>,
}

fn offset_at(tz: Tz, secs: i64) -> i64 {
    let at = chrono::DateTime::from_timestamp(secs, 0).map_or(NaiveDateTime::MIN, |d| d.naive_utc());
    i64::from(tz.offset_from_utc_datetime(&at).fix().local_minus_utc()) * SECOND
}

impl Zone {
    pub(super) fn of(tz: Tz) -> Self {
        let first = Era { from: i64::MIN, offset: offset_at(tz, RANGE.0) };
        let mut later = Vec::new();
        let (mut at, mut offset) = (RANGE.0, first.offset);
        while at < RANGE.1 {
            let next = at + STEP;
            let there = offset_at(tz, next);
            if there != offset {
                let (mut low, mut high) = (at, next);
                while high - low > 1 {
                    let middle = low + (high - low) / 2;
                    if offset_at(tz, middle) == offset { low = middle } else { high = middle }
                }
                later.push(Era { from: high * SECOND, offset: there });
                offset = there;
            }
            at = next;
        }
        Self { first, later }
    }

    pub(super) fn offset(&self, at: i64) -> i64 {
        let n = self.later.partition_point(|e| e.from <= at);
        n.checked_sub(1).and_then(|i| self.later.get(i)).map_or(self.first.offset, |e| e.offset)
    }

    /// The instants whose local time lies in `[from, to)`, in microseconds of wall-clock time since 1970, as UTC intervals in the order of time.
    pub(super) fn instants(&self, from: i64, to: i64, out: &mut Vec<(i64, i64)>) {
        const REACH: i64 = 26 * 3600 * SECOND;
        let (low, high) = (from - REACH, to + REACH);
        let begin = self.later.partition_point(|e| e.from <= low);
        let before = begin.checked_sub(1).and_then(|i| self.later.get(i)).unwrap_or(&self.first);
        let mut eras = std::iter::once(before).chain(self.later.iter().skip(begin).take_while(|e| e.from < high)).peekable();
        while let Some(era) = eras.next() {
            let end = eras.peek().map_or(i64::MAX, |e| e.from);
            let (a, b) = ((from - era.offset).max(era.from), (to - era.offset).min(end));
            if a < b {
                out.push((a, b));
            }
        }
    }

    /// Where offsets change, in microseconds of UTC, with the offsets before and after.
    pub(super) fn changes(&self) -> impl Iterator<Item = (i64, i64, i64)> {
        let before = std::iter::once(self.first.offset).chain(self.later.iter().map(|e| e.offset));
        self.later.iter().zip(before).map(|(e, old)| (e.from, old, e.offset))
    }
}
