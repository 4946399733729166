//! What a stage must achieve: how much time, by which calendar, counted from where.

use crate::domain::calendar::{Calendars, Timetables};
use crate::domain::ids::QueueCode;
use crate::domain::setting::Fault;
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};

/// How much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// Around the clock.
    Minutes(i64),
    /// By the calendar.
    WorkingMinutes(i64),
    /// As the law counts: from the next day, to the end of the last working day.
    WorkingDays(u32),
}

/// Where a stage's time begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    /// When the request was received, or reopened.
    #[default]
    Received,
    /// When the stage before it was reached.
    Previous,
}

/// The target of one stage. Exactly one of the three amounts is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub minutes: Option<i64>,
    pub working_minutes: Option<i64>,
    pub working_days: Option<u32>,
    /// A calendar's code, or `queue` for that of whoever holds the request. Unset: `queue` for working time; around the clock has none.
    pub calendar: Option<String>,
    #[serde(default)]
    pub from: Base,
    /// The code of a ladder of warnings and escalations.
    pub ladder: Option<String>,
}

impl Target {
    /// A target around the clock.
    #[must_use]
    pub fn minutes(minutes: i64) -> Self {
        Self { minutes: Some(minutes), ..Self::default() }
    }

    /// The amount; `None` when not exactly one is given.
    #[must_use]
    pub const fn amount(&self) -> Option<Amount> {
        match (self.minutes, self.working_minutes, self.working_days) {
            (Some(m), None, None) => Some(Amount::Minutes(m)),
            (None, Some(m), None) => Some(Amount::WorkingMinutes(m)),
            (None, None, Some(d)) => Some(Amount::WorkingDays(d)),
            _ => None,
        }
    }

    /// The calendar's code when `owner` holds the request.
    #[must_use]
    pub fn calendar<'a>(&'a self, tables: &'a Timetables, owner: Option<&QueueCode>) -> &'a str {
        match (self.amount(), self.calendar.as_deref()) {
            (Some(Amount::Minutes(_)) | None, _) => Calendars::ALWAYS,
            (_, None | Some(Calendars::OF_QUEUE)) => tables.of_queue(owner),
            (_, Some(code)) => code,
        }
    }

    /// The working microseconds it allows when it starts at `from` with `owner`. Working days become the working time up to the end of the last of them.
    #[must_use]
    pub fn need_us(&self, tables: &Timetables, owner: Option<&QueueCode>, from: Instant) -> i64 {
        let minutes = |m: i64| m.saturating_mul(60_000_000);
        match self.amount() {
            Some(Amount::Minutes(m) | Amount::WorkingMinutes(m)) => minutes(m),
            Some(Amount::WorkingDays(n)) => {
                let table = tables.get(self.calendar(tables, owner));
                table.worked(from, table.days_after(from, n))
            }
            None => 0,
        }
    }

    /// What an administrator must mend. `what` names the policy and stage, `params` name them for people.
    pub(super) fn faults(&self, what: &str, params: [(&str, &str); 2], calendars: &Calendars, ladders: &[super::Ladder], out: &mut Vec<Fault>) {
        let mut say = |key, plain: &str, code: &str| {
            let [name, stage] = params;
            out.push(Fault::new(key, format!("{what}: {plain}"), &[name, stage, ("code", code)]));
        };
        match self.amount() {
            None => say("target_amount", "give exactly one of minutes, working_minutes and working_days", ""),
            Some(Amount::Minutes(m) | Amount::WorkingMinutes(m)) if !(1..=5_256_000).contains(&m) => {
                say("target_minutes", "the minutes must be between 1 and ten years", "");
            }
            Some(Amount::WorkingDays(n)) if !(1..=2_600).contains(&n) => say("target_days", "the working days must be between 1 and ten years", ""),
            Some(Amount::Minutes(_)) if self.calendar.is_some() => {
                say("target_clock", "minutes run around the clock; write working_minutes, or leave the calendar out", "");
            }
            Some(_) => {}
        }
        if let Some(code) = &self.calendar
            && code != Calendars::ALWAYS
            && code != Calendars::OF_QUEUE
            && calendars.calendar(code).is_none()
        {
            say("target_calendar", &format!("unknown calendar '{code}'"), code);
        }
        if let Some(code) = &self.ladder
            && !ladders.iter().any(|l| &l.code == code)
        {
            say("target_ladder", &format!("unknown ladder '{code}'"), code);
        }
    }
}
