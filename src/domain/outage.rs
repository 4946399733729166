//! An outage of which residents are told: where, since when, and until when it is promised to last.

use super::catalog::Named;
use super::class::words;
use super::ids::{DistrictCode, OutageId, ServiceCode, StaffId};
use super::time::Instant;
use chrono::Duration;

/// Longest description of a place, in characters of one language.
pub const LONGEST_PLACE: usize = 300;
/// How far ahead something planned may be told of.
pub const AHEAD: Duration = Duration::days(90);
/// How far back one may begin that is told of only now.
pub const BACK: Duration = Duration::days(7);

words! {
    /// How things stand.
    State {
        /// Told of beforehand; it has not begun.
        Planned = "planned",
        Now = "now",
        /// The promised time has passed and nobody has said that it is over.
        Late = "late",
        /// A member of staff said that it is over.
        Ended = "ended",
    }
}

/// An outage as staff told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    pub id: OutageId,
    pub service: ServiceCode,
    /// None: the whole oblast.
    pub district: Option<DistrictCode>,
    /// Streets or villages, in words.
    pub place: Named,
    /// Work that was announced; otherwise something broke.
    pub planned: bool,
    pub starts_at: Instant,
    /// When it is promised to be over; none: nobody knows yet.
    pub expected_until: Option<Instant>,
    pub ended_at: Option<Instant>,
    pub made_by: StaffId,
    pub made_at: Instant,
}

impl Outage {
    /// How things stand at a moment. That the promised time has passed does not end it: only a person does.
    #[must_use]
    pub fn state(&self, now: Instant) -> State {
        if self.ended_at.is_some() {
            State::Ended
        } else if now < self.starts_at {
            State::Planned
        } else if self.expected_until.is_some_and(|until| until <= now) {
            State::Late
        } else {
            State::Now
        }
    }

    /// What is wrong with it, as the name of the field and why.
    ///
    /// # Errors
    /// The first thing that residents could not be told.
    pub fn check(&self, now: Instant) -> Result<(), (&'static str, &'static str)> {
        for text in [&self.place.kk, &self.place.ru] {
            if text.trim().is_empty() {
                return Err(("place", "is needed in both languages"));
            }
            if text.chars().count() > LONGEST_PLACE {
                return Err(("place", "is too long"));
            }
        }
        if self.starts_at > now + AHEAD || self.starts_at < now - BACK {
            return Err(("from", "is too far away"));
        }
        if !self.planned && self.starts_at > now {
            return Err(("from", "what has not begun is planned"));
        }
        self.check_until(now)
    }

    /// Whether the promised end can be told.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn check_until(&self, now: Instant) -> Result<(), (&'static str, &'static str)> {
        match self.expected_until {
            Some(until) if until <= self.starts_at || until <= now => Err(("expected_until", "has passed already")),
            Some(until) if until > now + AHEAD + AHEAD => Err(("expected_until", "is too far away")),
            None if self.planned => Err(("expected_until", "is needed for planned work")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn at(hour: i64) -> Instant {
        DateTime::from_timestamp(1_795_000_000 + hour * 3600, 0).unwrap()
    }

    fn outage(planned: bool, from: i64, until: Option<i64>) -> Outage {
        Outage {
            id: OutageId::fresh(),
            service: ServiceCode::new("water").unwrap(),
            district: None,
            place: Named { kk: "Абай көшесі".into(), ru: "улица Абая".into() },
            planned,
            starts_at: at(from),
            expected_until: until.map(at),
            ended_at: None,
            made_by: StaffId::fresh(),
            made_at: at(0),
        }
    }

    #[test]
    fn only_a_person_ends_it() {
        let o = outage(true, 2, Some(5));
        for (hour, want) in [(0, State::Planned), (2, State::Now), (4, State::Now), (5, State::Late), (500, State::Late)] {
            assert_eq!(o.state(at(hour)), want, "{hour}");
        }
        assert_eq!(outage(false, 0, None).state(at(900)), State::Now, "nobody promised anything");
        assert_eq!(Outage { ended_at: Some(at(3)), ..o }.state(at(4)), State::Ended);
    }

    #[test]
    fn what_cannot_be_told() {
        for (o, want) in [
            (outage(false, 0, None), Ok(())),
            (outage(false, -1, Some(3)), Ok(())),
            (outage(true, 24, Some(30)), Ok(())),
            (outage(true, 24, None), Err("expected_until")),
            (outage(false, 1, None), Err("from")),
            (outage(false, -24 * 8, None), Err("from")),
            (outage(true, 24 * 91, Some(24 * 92)), Err("from")),
            (outage(false, 0, Some(0)), Err("expected_until")),
            (outage(true, 5, Some(5)), Err("expected_until")),
            (outage(false, 0, Some(24 * 400)), Err("expected_until")),
            (Outage { place: Named { kk: " ".into(), ru: "x".into() }, ..outage(false, 0, None) }, Err("place")),
            (Outage { place: Named { kk: "ә".repeat(301), ru: "x".into() }, ..outage(false, 0, None) }, Err("place")),
        ] {
            assert_eq!(o.check(at(0)).map_err(|(field, _)| field), want, "{o:?}");
        }
    }
}
