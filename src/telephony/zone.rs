//! Wall-clock stamps to UTC, and the proof of the zone they were written in.

use crate::domain::Instant;
use crate::domain::call::Flag;
use chrono::{DateTime, Duration, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use std::fmt;

/// The zone of a source: a name of the zone database, or one offset for ever (an exchange with stale zone data).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    Named(Tz),
    Fixed(FixedOffset),
}

/// Neither a zone's name nor an offset.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a time zone: write a name like Asia/Almaty, UTC, or an offset like +06:00")]
pub struct BadZone;

/// A record begins within these seconds of the moment its identifier names.
const SLACK: std::ops::RangeInclusive<i64> = -2..=5;

impl Zone {
    /// Reads `Asia/Almaty`, `UTC` or `+06:00`.
    ///
    /// # Errors
    /// [`BadZone`].
    pub fn parse(text: &str) -> Result<Self, BadZone> {
        let text = text.trim();
        if let Ok(tz) = text.parse::<Tz>() {
            return Ok(Self::Named(tz));
        }
        offset(text).and_then(FixedOffset::east_opt).map(Self::Fixed).ok_or(BadZone)
    }

    /// The zone of the oblast.
    #[must_use]
    pub fn almaty() -> Self {
        Self::Named(Tz::Asia__Almaty)
    }

    #[must_use]
    pub fn utc() -> Self {
        Self::Named(Tz::UTC)
    }

    /// Seconds east of UTC at that moment.
    #[must_use]
    pub fn offset_at(self, at: Instant) -> i64 {
        match self {
            Self::Named(tz) => i64::from(tz.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()),
            Self::Fixed(o) => i64::from(o.local_minus_utc()),
        }
    }

    /// The moments the wall clock showed this stamp: none, one or two, earlier first.
    fn candidates(self, local: NaiveDateTime) -> (Option<Instant>, Option<Instant>) {
        let both = |m: MappedLocalTime<Instant>| match m {
            MappedLocalTime::Single(a) => (Some(a), None),
            MappedLocalTime::Ambiguous(a, b) => (Some(a.min(b)), Some(a.max(b))),
            MappedLocalTime::None => (None, None),
        };
        match self {
            Self::Named(tz) => both(tz.from_local_datetime(&local).map(|t| t.with_timezone(&Utc))),
            Self::Fixed(o) => both(o.from_local_datetime(&local).map(|t| t.with_timezone(&Utc))),
        }
    }

    /// The moment of a stamp. `proof`: the epoch of the record's identifier; it decides the hour that the wall clock showed twice, and a stamp
    /// that differs from it by whole hours was written in another zone than declared: then the epoch is believed.
    #[must_use]
    pub fn resolve(self, local: NaiveDateTime, proof: Option<i64>) -> Resolved {
        let anchor = proof.and_then(|p| Utc.timestamp_opt(p, 0).single());
        let (mut at, mut flag) = match (self.candidates(local), anchor) {
            ((Some(a), Some(b)), Some(near)) => {
                // The clock went on: the first candidate not before the anchor.
                let fits = |c: Instant| c >= near - Duration::seconds(2);
                (if fits(a) { a } else { b }, (!fits(a) && !fits(b)).then_some(Flag::AmbiguousHour))
            }
            ((Some(a), Some(_)), None) => (a, Some(Flag::AmbiguousHour)),
            ((Some(a), None), _) => (a, None),
            // Skipped by the clock: read it with the offset before the jump.
            ((None, _), _) => {
                let guess = local.and_utc();
                let before = self.offset_at(guess - Duration::days(1));
                (guess.checked_sub_signed(Duration::seconds(before)).unwrap_or(guess), Some(Flag::ImpossibleHour))
            }
        };
        let Some(proof) = proof else { return Resolved { at, flag, found: None } };
        let apart = at.timestamp() - proof;
        // Whole hours by which the declared zone is wrong.
        let off = if apart < *SLACK.start() || (apart > 3600 + SLACK.start() && SLACK.contains(&((apart + 2).rem_euclid(3600) - 2))) {
            (apart + 2).div_euclid(3600)
        } else {
            0
        };
        let found = (off.abs() <= 15 && SLACK.contains(&(apart - off * 3600))).then(|| local.and_utc().timestamp() - (apart - off * 3600) - proof);
        if off != 0 && off.abs() <= 15 {
            at = at.checked_sub_signed(Duration::hours(off)).unwrap_or(at);
            flag = Some(Flag::ZoneContradicted);
        }
        Resolved { at, flag, found }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(tz) => f.write_str(tz.name()),
            Self::Fixed(o) => o.fmt(f),
        }
    }
}

/// A stamp in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    pub at: Instant,
    pub flag: Option<Flag>,
    /// Seconds east of UTC in which the stamp was written, where it could be proven.
    pub found: Option<i64>,
}

/// A stamp as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    pub local: NaiveDateTime,
    /// Written with seconds.
    pub seconds: bool,
    /// Seconds east of UTC, where the stamp names them.
    pub offset: Option<i64>,
}

impl Stamp {
    /// Reads `2024-02-29 23:10:05`, a fraction behind it, `T` between, `Z` or an offset at the end, `2020/2/10 22:41` and
    /// `10.02.2020 22:41[:05]`. `None` for anything else; `2/10/2020` too, whose month nobody can tell from its day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let cut = text.find([' ', 'T'])?;
        let (date, time) = (text.get(..cut)?, text.get(cut + 1..)?.trim_start());
        let sep = date.chars().find(|c| !c.is_ascii_digit())?;
        let mut parts = date.split(sep);
        let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
        let date = match (a.len(), sep, c.len(), parts.next()) {
            (4, '-' | '/' | '.', 1..=2, None) => NaiveDate::from_ymd_opt(digits(a)?.try_into().ok()?, digits(b)?, digits(c)?)?,
            (1..=2, '.', 4, None) => NaiveDate::from_ymd_opt(digits(c)?.try_into().ok()?, digits(b)?, digits(a)?)?,
            _ => return None,
        };
        let cut = time.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.' || c == ',')).unwrap_or(time.len());
        let (clock, tail) = (time.get(..cut)?, time.get(cut..)?.trim());
        let offset = match tail {
            "" => None,
            "Z" | "z" | "UTC" | "GMT" => Some(0),
            t => Some(i64::from(offset(t)?)),
        };
        let mut parts = clock.split(':');
        let (h, m) = (digits(parts.next()?)?, digits(parts.next()?)?);
        let (s, us) = match parts.next() {
            Some(s) => {
                let (whole, fraction) = s.split_once(['.', ',']).unwrap_or((s, ""));
                (Some(digits(whole)?), micros_of_fraction(fraction)?)
            }
            None => (None, 0),
        };
        if parts.next().is_some() {
            return None;
        }
        Some(Self { local: date.and_hms_micro_opt(h, m, s.unwrap_or(0), us)?, seconds: s.is_some(), offset })
    }
}

fn digits(text: &str) -> Option<u32> {
    if text.is_empty() || text.len() > 4 || !text.bytes().all(|b| b.is_ascii_digit()) { None } else { text.parse().ok() }
}

/// `123` of `.123` is 123000 microseconds; digits beyond the sixth are dropped.
pub(super) fn micros_of_fraction(fraction: &str) -> Option<u32> {
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let six: String = fraction.chars().chain("000000".chars()).take(6).collect();
    six.parse().ok()
}

/// `+06:00`, `+0600`, `-03` in seconds.
fn offset(text: &str) -> Option<i32> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, text.get(1..)?),
        b'-' => (-1, text.get(1..)?),
        _ => return None,
    };
    let compact = rest.replace(':', "");
    let (h, m) = match compact.len() {
        2 => (digits(&compact)?, 0),
        4 => (digits(compact.get(..2)?)?, digits(compact.get(2..)?)?),
        _ => return None,
    };
    (h <= 15 && m < 60).then(|| sign * i32::try_from(h * 3600 + m * 60).unwrap_or(0))
}

/// The UTC epoch inside an Asterisk `uniqueid`: `1706420300.12`, `pbx01-1706420300.0`.
#[must_use]
pub fn epoch_of_uniqueid(id: &str) -> Option<i64> {
    let tail = id.rsplit('-').next()?;
    let (epoch, count) = tail.split_once('.')?;
    let all_digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(count) || !all_digits(epoch) || !(9..=10).contains(&epoch.len()) {
        return None;
    }
    epoch.parse().ok()
}

/// Gathers proofs over a file: what zone its stamps were written in.
#[derive(Debug, Clone)]
pub struct ZoneCheck {
    declared: Zone,
    /// Found offset in seconds: how many, first line, first and last moment.
    found: BTreeMap<i64, Seen>,
}

/// Records whose stamps prove one offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub count: u64,
    /// The first line that disagrees with the declared zone, from 1.
    pub disagree_line: Option<u64>,
    pub disagree: u64,
    pub first: Instant,
    pub last: Instant,
}

/// What the proofs say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneVerdict {
    /// Nothing in the data tells its zone.
    Unproven,
    /// Every proof agrees with the declared zone.
    Proven { records: u64 },
    /// Stamps were written in another zone.
    Contradicted { line: u64, declared: i64, found: i64, records: u64, of: u64 },
    /// Stamps keep the offset the zone had before its last change: the exchange's zone data are stale.
    Stale { line: u64, declared: i64, found: i64, records: u64, of: u64 },
}

impl ZoneCheck {
    #[must_use]
    pub fn new(declared: Zone) -> Self {
        Self { declared, found: BTreeMap::new() }
    }

    /// One stamp: `found` as [`Resolved::found`] gives it.
    pub fn see(&mut self, line: u64, at: Instant, found: i64) {
        let disagrees = self.declared.offset_at(at) != found;
        let seen = self.found.entry(found).or_insert(Seen { count: 0, disagree_line: None, disagree: 0, first: at, last: at });
        seen.count += 1;
        seen.first = seen.first.min(at);
        seen.last = seen.last.max(at);
        if disagrees {
            seen.disagree += 1;
            seen.disagree_line = Some(seen.disagree_line.map_or(line, |l| l.min(line)));
        }
    }

    /// Found offsets and what proves them.
    #[must_use]
    pub fn found(&self) -> &BTreeMap<i64, Seen> {
        &self.found
    }

    /// The judgement. The commonest contradiction is named.
    #[must_use]
    pub fn verdict(&self) -> ZoneVerdict {
        let of: u64 = self.found.values().map(|s| s.count).sum();
        let worst = self.found.iter().filter(|(_, s)| s.disagree > 0).max_by_key(|(_, s)| s.disagree);
        match worst {
            None if of == 0 => ZoneVerdict::Unproven,
            None => ZoneVerdict::Proven { records: of },
            Some((found, seen)) => {
                let (line, declared) = (seen.disagree_line.unwrap_or(0), self.declared.offset_at(seen.last));
                // The same offset was right within the years before.
                let was = |days: i64| self.declared.offset_at(seen.last - Duration::days(days)) == *found;
                let stale = declared != *found && (0..40).any(|q| was(q * 90));
                let (found, records) = (*found, seen.disagree);
                if stale {
                    ZoneVerdict::Stale { line, declared, found, records, of }
                } else {
                    ZoneVerdict::Contradicted { line, declared, found, records, of }
                }
            }
        }
    }
}

impl fmt::Display for ZoneVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let o = |s: &i64| FixedOffset::east_opt(i32::try_from(*s).unwrap_or(0)).map(|o| o.to_string()).unwrap_or_default();
        match self {
            Self::Unproven => f.write_str("the data do not tell their time zone; the declared one is used"),
            Self::Proven { records } => write!(f, "the time zone is proven by {records} records"),
            Self::Contradicted { line, declared, found, records, of } => write!(
                f,
                "line {line}: stamps are written at {}, the declared zone is at {} ({records} of {of} records that can tell); the proven offset was used",
                o(found),
                o(declared)
            ),
            Self::Stale { line, declared, found, records, of } => write!(
                f,
                "line {line}: the exchange still writes {} where the zone has moved to {} ({records} of {of} records that can tell): its zone data are \
                 stale; the proven offset was used. Update its tzdata, or declare the zone as {}",
                o(found),
                o(declared),
                o(found)
            ),
        }
    }
}

/// Seconds since 1970, with a fraction or as microseconds; 0 and empty are `None`.
#[must_use]
pub fn epoch(text: &str) -> Option<Instant> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || whole.len() > 16 || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let n: i64 = whole.parse().ok()?;
    let micros = match whole.len() {
        16 => n,
        13 => n.checked_mul(1000)?,
        1..=11 => n.checked_mul(1_000_000)?.checked_add(i64::from(micros_of_fraction(fraction)?))?,
        _ => return None,
    };
    if micros == 0 { None } else { DateTime::from_timestamp_micros(micros) }
}
