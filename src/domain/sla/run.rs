//! What one clock has run: laps, each with its owner and calendar. Deadline and spent time follow from these alone.

use super::pause::PauseReason;
use crate::domain::calendar::{Calendars, Timetables};
use crate::domain::ids::QueueCode;
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// A stretch in which a clock ran, by one calendar, for one owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lap {
    /// The queue that held the request.
    pub owner: Option<QueueCode>,
    /// The calendar's code.
    pub calendar: String,
    pub from: Instant,
    /// Unset: it runs still.
    pub to: Option<Instant>,
    /// Working microseconds; 0 until the lap has ended.
    pub us: i64,
}

/// All laps of a clock and what they are measured against.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The policy's name; unset for clocks that no policy gives.
    pub policy: Option<String>,
    /// The revision of the books by which it is measured.
    pub revision: i64,
    /// Working microseconds allowed.
    pub need_us: i64,
    /// While it is paused: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<PauseReason>,
    pub laps: Vec<Lap>,
}

impl Run {
    /// A clock that starts.
    #[must_use]
    pub fn begin(policy: Option<String>, revision: i64, need_us: i64, calendar: &str, owner: Option<QueueCode>, from: Instant) -> Self {
        let lap = Lap { owner, calendar: calendar.to_owned(), from, to: None, us: 0 };
        Self { policy, revision, need_us, pause: None, laps: vec![lap] }
    }

    /// A clock that runs from one instant to another whatever the calendars say.
    #[must_use]
    pub fn around_the_clock(from: Instant, due: Instant) -> Self {
        let need = due.timestamp_micros().saturating_sub(from.timestamp_micros()).max(0);
        Self::begin(None, 0, need, Calendars::ALWAYS, None, from)
    }

    /// The same, standing still with `left_us` to go.
    #[must_use]
    pub fn paused_with(from: Instant, left_us: i64) -> Self {
        let lap = Lap { owner: None, calendar: Calendars::ALWAYS.to_owned(), from, to: Some(from), us: 0 };
        Self { policy: None, revision: 0, need_us: left_us.max(0), pause: Some(PauseReason::Other), laps: vec![lap] }
    }

    #[must_use]
    pub fn is_running(&self) -> bool {
        self.laps.last().is_some_and(|l| l.to.is_none())
    }

    /// Who holds it, or held it last.
    #[must_use]
    pub fn owner(&self) -> Option<&QueueCode> {
        self.laps.last().and_then(|l| l.owner.as_ref())
    }

    /// Working microseconds spent until `at`.
    #[must_use]
    pub fn spent_us(&self, tables: &Timetables, at: Instant) -> i64 {
        self.laps.iter().map(|l| l.spent_us(tables, at)).sum()
    }

    /// When `us` working microseconds were or will be spent, if it runs on from where it stands; its start for none.
    #[must_use]
    pub fn reach(&self, tables: &Timetables, us: i64) -> Option<Instant> {
        let mut left = us;
        let mut end = self.laps.first()?.from;
        for lap in &self.laps {
            match lap.to {
                Some(to) if lap.us < left => {
                    left -= lap.us;
                    end = to;
                }
                _ => return Some(tables.get(&lap.calendar).after(lap.from, left)),
            }
        }
        let calendar = self.laps.last().map_or(Calendars::ALWAYS, |l| l.calendar.as_str());
        Some(tables.get(calendar).after(end, left))
    }

    /// Stops at `at`.
    pub fn stop(&mut self, tables: &Timetables, at: Instant) {
        if let Some(lap) = self.laps.last_mut().filter(|l| l.to.is_none()) {
            lap.to = Some(at.max(lap.from));
            lap.us = tables.get(&lap.calendar).worked(lap.from, at);
        }
    }

    /// Runs again from `at`, for the same owner.
    pub fn go(&mut self, at: Instant) {
        self.pause = None;
        if let Some(last) = self.laps.last().filter(|l| l.to.is_some()) {
            let lap = Lap { owner: last.owner.clone(), calendar: last.calendar.clone(), from: last.to.unwrap_or(at).max(at), to: None, us: 0 };
            self.laps.push(lap);
        }
    }

    /// Passes to another owner, with all that was spent. A clock that stands still stays so.
    pub fn hand_over(&mut self, tables: &Timetables, at: Instant, owner: Option<&QueueCode>, calendar: &str) {
        let running = self.is_running();
        self.stop(tables, at);
        let from = self.laps.last().and_then(|l| l.to).unwrap_or(at).max(at);
        self.laps.push(Lap { owner: owner.cloned(), calendar: calendar.to_owned(), from, to: (!running).then_some(from), us: 0 });
    }

    /// Measures every lap anew by the calendar that `calendar_of` gives for its owner.
    pub fn measure_anew<'a>(&mut self, tables: &Timetables, calendar_of: impl Fn(Option<&QueueCode>) -> &'a str) {
        for lap in &mut self.laps {
            calendar_of(lap.owner.as_ref()).clone_into(&mut lap.calendar);
            lap.us = lap.to.map_or(0, |to| tables.get(&lap.calendar).worked(lap.from, to));
        }
    }

    /// Working microseconds by owner until `at`, in the order in which they first held it.
    #[must_use]
    pub fn by_owner(&self, tables: &Timetables, at: Instant) -> Vec<(Option<QueueCode>, i64)> {
        let mut out: Vec<(Option<QueueCode>, i64)> = Vec::new();
        for lap in &self.laps {
            let us = lap.spent_us(tables, at);
            match out.iter_mut().find(|(owner, _)| *owner == lap.owner) {
                Some((_, sum)) => *sum += us,
                None => out.push((lap.owner.clone(), us)),
            }
        }
        out
    }

    /// Who held it at an instant: the owner of the last lap that had begun.
    #[must_use]
    pub fn owner_at(&self, at: Instant) -> Option<&QueueCode> {
        // At the very instant of a transfer the time had been spent by the one before.
        self.laps.iter().rfind(|l| l.from < at).or(self.laps.first()).and_then(|l| l.owner.as_ref())
    }
}

impl Lap {
    fn spent_us(&self, tables: &Timetables, at: Instant) -> i64 {
        match self.to {
            Some(to) if to <= at => self.us,
            _ => tables.get(&self.calendar).worked(self.from, at),
        }
    }
}
