//! One interval of a working day, in local wall-clock minutes, and sets of them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Minutes of a day.
pub(super) const DAY: u16 = 24 * 60;

/// Working time from a minute of a day (0-1439) to a later one. An end past 1440 lies in the next day: `22:00-06:00` is 1320 to 1800 and belongs to the
/// day it begins on. `00:00-24:00` is the whole day. At most 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span {
    pub(super) from: u16,
    pub(super) to: u16,
}

/// What is not an interval.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an interval: write hours and minutes, as in 09:00-18:30, 22:00-06:00 or 00:00-24:00")]
pub struct BadSpan(pub String);

impl Span {
    /// The whole day.
    pub const WHOLE: Self = Self { from: 0, to: DAY };

    /// # Errors
    /// [`BadSpan`] when the text is not `hh:mm-hh:mm`, or the interval is empty.
    pub fn parse(text: &str) -> Result<Self, BadSpan> {
        let bad = || BadSpan(text.chars().take(40).collect());
        let (a, b) = text.split_once('-').ok_or_else(bad)?;
        let (from, to) = (clock(a.trim()).ok_or_else(bad)?, clock(b.trim()).ok_or_else(bad)?);
        if from == to || from == DAY {
            return Err(bad());
        }
        Ok(Self { from, to: if to < from { to + DAY } else { to } })
    }

    /// Whether a minute of the day (0-1439) lies in it, of this day or of the one before.
    #[must_use]
    pub const fn covers(self, minute: u16) -> bool {
        (self.from <= minute && minute < self.to) || minute + DAY < self.to
    }
}

fn clock(s: &str) -> Option<u16> {
    let (h, m) = s.split_once(':')?;
    let number = |s: &str, len: std::ops::RangeInclusive<usize>| {
        (len.contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse::<u16>().ok()).flatten()
    };
    let (h, m) = (number(h, 1..=2)?, number(m, 2..=2)?);
    (m < 60 && (h < 24 || (h == 24 && m == 0))).then_some(h * 60 + m)
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = if self.to > DAY { self.to - DAY } else { self.to };
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, to / 60, to % 60)
    }
}

impl TryFrom<String> for Span {
    type Error = BadSpan;
    fn try_from(s: String) -> Result<Self, BadSpan> {
        Self::parse(&s)
    }
}

impl From<Span> for String {
    fn from(s: Span) -> Self {
        s.to_string()
    }
}

/// Sorted and merged, so that time named twice counts once.
pub(super) fn union(spans: &[Span]) -> Vec<Span> {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    let mut out: Vec<Span> = Vec::with_capacity(sorted.len());
    for s in sorted {
        match out.last_mut() {
            Some(last) if s.from <= last.to => last.to = last.to.max(s.to),
            _ => out.push(s),
        }
    }
    out
}

/// What `spans` of a day cover and the next day's own `next` does not: each minute belongs to one day. Both are unions.
pub(super) fn without_next(spans: &[Span], next: &[Span]) -> Vec<Span> {
    let mut out = Vec::with_capacity(spans.len());
    for s in spans {
        let mut from = s.from;
        for n in next {
            let (a, b) = (n.from + DAY, n.to + DAY);
            if b <= from || a >= s.to {
                continue;
            }
            if a > from {
                out.push(Span { from, to: a });
            }
            from = from.max(b);
        }
        if from < s.to {
            out.push(Span { from, to: s.to });
        }
    }
    out
}
