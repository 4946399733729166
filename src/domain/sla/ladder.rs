//! Warnings and escalations: who is told what, when, by which way, and what else follows.

use crate::domain::catalog::{Catalog, Named};
use crate::domain::class::words;
use crate::domain::ids::QueueCode;
use crate::domain::lang::Lang;
use crate::domain::setting::Fault;
use serde::{Deserialize, Serialize};

words! {
    /// Who is told, by role and duty: whoever has it at that hour.
    Duty {
        /// The leader of the crew the work is given to.
        CrewLead = "crew_lead",
        /// The dispatcher on duty of the owner's queue.
        Dispatcher = "dispatcher",
        /// The head of the owner's organisation.
        Head = "head",
        /// The akimat's officer on duty.
        Akimat = "akimat",
    }
}

words! {
    /// By which way.
    Way { Messenger = "messenger", Mail = "mail", Screen = "screen" }
}

/// When, measured by the clock's own calendar, so that a pause or a night moves it with the deadline. Exactly one is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Of the target's time, 1 and more; 100 is the deadline.
    pub percent: Option<u16>,
    pub minutes_before: Option<i64>,
    /// 0 is the deadline.
    pub minutes_after: Option<i64>,
}

impl When {
    /// The working microseconds after the clock's start, of a target that allows `need_us`. `None` when it lies at or before the start, or is not well
    /// formed.
    #[must_use]
    pub fn spent_us(&self, need_us: i64) -> Option<i64> {
        let minutes = |m: i64| m.saturating_mul(60_000_000);
        let at = match (self.percent, self.minutes_before, self.minutes_after) {
            (Some(p), None, None) => i64::try_from(i128::from(need_us) * i128::from(p) / 100).ok()?,
            (None, Some(m), None) => need_us.checked_sub(minutes(m))?,
            (None, None, Some(m)) => need_us.checked_add(minutes(m))?,
            _ => return None,
        };
        (at > 0).then_some(at)
    }

    fn is_well_formed(&self) -> bool {
        match (self.percent, self.minutes_before, self.minutes_after) {
            (Some(p), None, None) => (1..=1000).contains(&p),
            (None, Some(m), None) => (1..=525_600).contains(&m),
            (None, None, Some(m)) => (0..=525_600).contains(&m),
            _ => false,
        }
    }
}

/// One step of a ladder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    pub when: When,
    #[serde(default)]
    pub to: Vec<Duty>,
    #[serde(default)]
    pub by: Vec<Way>,
    /// Waits for nobody's morning.
    #[serde(default)]
    pub wakes: bool,
    #[serde(default)]
    pub raise_priority: bool,
    pub move_to: Option<QueueCode>,
    /// Who sees the request on their screen from now on.
    #[serde(default)]
    pub watch: Vec<Duty>,
}

/// A ladder that targets name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    pub code: String,
    /// Shown to people; unset: the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Named>,
    #[serde(rename = "rung")]
    pub rungs: Vec<Rung>,
}

/// Hours of the night, in minutes of the local day, in which only steps that wake are sent by messenger; the others wait for `until`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// As an interval: `22:00-07:00`.
    pub hours: crate::domain::calendar::Span,
}

impl Quiet {
    /// Whether a minute of the day (0-1439) is quiet.
    #[must_use]
    pub fn covers(&self, minute: u16) -> bool {
        self.hours.covers(minute)
    }

    /// Minutes until the quiet ends, at a minute of the day (0-1439); `None` when it is not quiet then.
    #[must_use]
    pub fn rest(&self, minute: u16) -> Option<u16> {
        (1..=1440).find(|m| !self.covers((minute + m) % 1440)).filter(|_| self.covers(minute))
    }
}

impl Ladder {
    /// Its name for people.
    #[must_use]
    pub fn shown(&self, lang: Lang) -> &str {
        self.title.as_ref().map_or(self.code.as_str(), |t| t.get(lang))
    }

    pub(super) fn faults(&self, catalog: &Catalog, out: &mut Vec<Fault>) {
        let (what, name) = (format!("sla ladder '{}'", self.code), format!("@ladder.{}", self.code));
        if self.code.trim().is_empty() || self.title.as_ref().is_some_and(Named::is_blank) {
            out.push(Fault::new("both_names", format!("{what} needs a name in both languages"), &[("name", &name)]));
        }
        if self.rungs.is_empty() {
            out.push(Fault::new("ladder_empty", format!("{what} has no rungs"), &[("name", &name)]));
        }
        for (n, r) in self.rungs.iter().enumerate() {
            let n = (n + 1).to_string();
            let what = format!("{what}, rung {n}");
            let mut say = |key, plain: String| out.push(Fault::new(key, plain, &[("name", &name), ("n", &n)]));
            if !r.when.is_well_formed() {
                say("rung_when", format!("{what}: give exactly one of percent (1-1000), minutes_before (1 and more) and minutes_after (0 and more)"));
            }
            if r.to.is_empty() != r.by.is_empty() {
                say("rung_ways", format!("{what}: 'to' and 'by' belong together"));
            }
            if r.to.is_empty() && !r.raise_priority && r.move_to.is_none() && r.watch.is_empty() {
                say("rung_idle", format!("{what} does nothing"));
            }
            if let Some(q) = &r.move_to
                && catalog.queue(q.as_str()).is_none()
            {
                out.push(Fault::new("names_queue", format!("{what} names unknown queue '{q}'"), &[("name", &name), ("code", q.as_str())]));
            }
        }
    }
}
