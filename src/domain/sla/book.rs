//! All policies with what they share: `config/sla.toml`; and its revisions over time.

use super::ladder::{Ladder, Quiet};
use super::pause::{PauseReason, PauseRule};
use super::policy::{Facts, Policy};
use super::target::Target;
use super::{Reopen, Stage};
use crate::domain::access::Role;
use crate::domain::calendar::{Calendars, Day, Timetables};
use crate::domain::catalog::{Catalog, Named};
use crate::domain::class::Class;
use crate::domain::ids::QueueCode;
use crate::domain::request::Request;
use crate::domain::setting::Fault;
use crate::domain::time::Instant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Who decides when owners send a request back and forth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arbitration {
    pub queue: QueueCode,
    /// The refusal with this number goes to arbitration, and each after it.
    pub after_refusals: u32,
    /// Until the arbiter names the owner.
    pub decide: Target,
}

/// All policies and the rules they share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlaBook {
    /// Minutes of silence after resolution until the request closes by itself.
    pub silence_minutes: i64,
    /// What a reopening does to the restore clock where the policy does not say.
    #[serde(default)]
    pub reopen: Reopen,
    pub arbitration: Option<Arbitration>,
    pub quiet: Option<Quiet>,
    /// Alarms to one person within this many seconds become one message with a list.
    #[serde(default = "half_a_minute")]
    pub group_secs: u32,
    #[serde(rename = "policy")]
    pub policies: Vec<Policy>,
    #[serde(rename = "pause", default)]
    pub pauses: Vec<PauseRule>,
    #[serde(rename = "ladder", default)]
    pub ladders: Vec<Ladder>,
}

const fn half_a_minute() -> u32 {
    30
}

impl SlaBook {
    /// The most specific policy for these facts of a request received on `day`.
    #[must_use]
    pub fn choose(&self, facts: &Facts<'_>, day: Day) -> Option<&Policy> {
        // Of equally specific ones, which check-config refuses, the first in the file.
        self.policies.iter().rev().filter(|p| p.fits(facts, day)).max_by_key(|p| p.specificity())
    }

    /// The rule of a reason; without one dispatchers may pause, and crews and managers may not.
    #[must_use]
    pub fn pause(&self, reason: PauseReason) -> PauseRule {
        self.pauses.iter().find(|p| p.reason == reason).cloned().unwrap_or_else(|| PauseRule {
            reason,
            roles: vec![Role::Dispatcher, Role::Crew],
            may_ask: Vec::new(),
            max_minutes: None,
            until_answer: reason == PauseReason::Resident,
        })
    }

    #[must_use]
    pub fn ladder(&self, code: &str) -> Option<&Ladder> {
        self.ladders.iter().find(|l| l.code == code)
    }

    /// What an administrator must mend, as `check-config` words it.
    #[must_use]
    pub fn problems(&self, catalog: &Catalog, calendars: &Calendars) -> Vec<String> {
        self.faults(catalog, calendars).into_iter().map(|f| f.plain).collect()
    }

    /// What an administrator must mend, with the reasons for people.
    #[must_use]
    pub fn faults(&self, catalog: &Catalog, calendars: &Calendars) -> Vec<Fault> {
        let mut out = Vec::new();
        if self.silence_minutes <= 0 {
            out.push(Fault::new("sla_silence", "sla: silence_minutes must be positive", &[]));
        }
        let mut names = BTreeSet::new();
        for (n, p) in self.policies.iter().enumerate() {
            if !names.insert(&p.name) {
                out.push(twice(format!("sla policy '{}' stands twice", p.name), "@admin.part_policy", &p.name));
            }
            self.policy_faults(p, catalog, calendars, &mut out);
            for other in self.policies.iter().skip(n + 1).filter(|o| p.is_ambiguous_with(o)) {
                out.push(Fault::new(
                    "policies_alike",
                    format!("sla policies '{}' and '{}' are equally specific and can fit one request: add a condition to one", p.name, other.name),
                    &[("name", &named(p)), ("other", &named(other))],
                ));
            }
        }
        for class in Class::ALL.iter().filter(|c| **c != Class::Thanks) {
            let general = |p: &Policy| {
                (p.class.is_empty() || p.class == [*class] || p.class.contains(class))
                    && p.service.is_empty()
                    && p.priority.is_empty()
                    && p.district.is_empty()
                    && p.queue.is_empty()
                    && p.channel.is_empty()
                    && p.hazard.is_none()
                    && p.vulnerable.is_none()
                    && p.valid_until.is_none()
            };
            if !self.policies.iter().any(general) {
                let plain = format!("sla: no general policy for class '{class}'");
                out.push(Fault::new("policy_general", plain, &[("class", &format!("@class.{class}"))]));
            }
        }
        self.pause_faults(&mut out);
        let mut ladders = BTreeSet::new();
        for l in &self.ladders {
            if !ladders.insert(&l.code) {
                out.push(twice(format!("sla ladder '{}' stands twice", l.code), "@admin.part_ladder", &l.code));
            }
            l.faults(catalog, &mut out);
        }
        if let Some(a) = &self.arbitration {
            let name = ("name", "@admin.part_arbitration");
            if catalog.queue(a.queue.as_str()).is_none() {
                let plain = format!("sla arbitration names unknown queue '{}'", a.queue);
                out.push(Fault::new("names_queue", plain, &[name, ("code", a.queue.as_str())]));
            }
            if a.after_refusals == 0 {
                out.push(Fault::new("refusals", "sla arbitration: after_refusals must be at least 1", &[]));
            }
            a.decide.faults("sla arbitration", [name, ("stage", "@stage.arbitrate")], calendars, &self.ladders, &mut out);
        }
        out
    }

    fn pause_faults(&self, out: &mut Vec<Fault>) {
        let mut reasons = BTreeSet::new();
        for p in &self.pauses {
            let name = format!("@pause.{}", p.reason);
            if !reasons.insert(p.reason) {
                out.push(twice(format!("sla pause '{}' stands twice", p.reason), "@admin.part_pause", &name));
            }
            if p.roles.is_empty() {
                let plain = format!("sla pause '{}': nobody may pause; name roles", p.reason);
                out.push(Fault::new("pause_nobody", plain, &[("name", &name)]));
            }
            if p.max_minutes.is_some_and(|m| !(1..=525_600).contains(&m)) {
                let plain = format!("sla pause '{}': max_minutes must be between 1 and a year", p.reason);
                out.push(Fault::new("pause_minutes", plain, &[("name", &name)]));
            }
        }
    }

    fn policy_faults(&self, p: &Policy, catalog: &Catalog, calendars: &Calendars, out: &mut Vec<Fault>) {
        let (what, name) = (format!("sla policy '{}'", p.name), named(p));
        let mut say = |key, plain: String, code: &str| out.push(Fault::new(key, format!("{what}{plain}"), &[("name", &name), ("code", code)]));
        for s in p.service.iter().filter(|s| catalog.service(s.as_str()).is_none()) {
            say("names_service", format!(" names unknown service '{s}'"), s.as_str());
        }
        for d in p.district.iter().filter(|d| catalog.district(d.as_str()).is_none()) {
            say("names_district", format!(" names unknown district '{d}'"), d.as_str());
        }
        for q in p.queue.iter().filter(|q| catalog.queue(q.as_str()).is_none()) {
            say("names_queue", format!(" names unknown queue '{q}'"), q.as_str());
        }
        for n in p.priority.iter().filter(|n| n.0 > 3) {
            say("priority", format!(": priority {} is not one of 0-3", n.0), &n.0.to_string());
        }
        if p.valid_from.zip(p.valid_until).is_some_and(|(a, b)| a > b) {
            say("ends_first", " ends before it begins".into(), "");
        }
        if p.basis.as_ref().is_some_and(Named::is_blank) {
            say("basis", ": its basis needs both languages".into(), "");
        }
        if p.name.trim().is_empty() || p.title.as_ref().is_some_and(Named::is_blank) {
            say("both_names", " needs a name in both languages".into(), "");
        }
        for stage in Stage::ALL {
            if let Some(t) = p.target(*stage) {
                let shown = format!("@stage.{stage}");
                t.faults(&format!("{what}, {stage}"), [("name", &name), ("stage", &shown)], calendars, &self.ladders, out);
            }
        }
    }
}

fn named(p: &Policy) -> String {
    format!("@policy.{}", p.name)
}

fn twice(plain: String, what: &str, name: &str) -> Fault {
    Fault::new("twice", plain, &[("what", what), ("name", name)])
}

/// The data in force from a time on, ready to measure with. The first of a history holds since ever.
///
/// Whoever stores a new one gives it an `effective_at` later than every process can still be working with the old: then the journal alone says which
/// revision a clock was started by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    pub number: i64,
    pub effective_at: Instant,
    pub sla: SlaBook,
    pub tables: Timetables,
}

impl Revision {
    #[must_use]
    pub fn new(number: i64, effective_at: Instant, sla: SlaBook, calendars: &Calendars) -> Self {
        Self { number, effective_at, sla, tables: Timetables::of(calendars) }
    }

    /// The policy of a request as it stands.
    #[must_use]
    pub fn policy_for(&self, request: &Request) -> Option<&Policy> {
        self.sla.choose(&Facts::of(request), self.tables.day_of(request.received_at))
    }
}

/// All revisions. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Books {
    first: Revision,
    later: Vec<Revision>,
}

impl Books {
    #[must_use]
    pub const fn new(first: Revision) -> Self {
        Self { first, later: Vec::new() }
    }

    /// One revision, in force since ever.
    #[must_use]
    pub fn single(sla: SlaBook, calendars: &Calendars) -> Self {
        Self::new(Revision::new(0, Instant::UNIX_EPOCH, sla, calendars))
    }

    /// Adds a revision.
    pub fn add(&mut self, revision: Revision) {
        let n = self.later.partition_point(|r| (r.effective_at, r.number) <= (revision.effective_at, revision.number));
        self.later.insert(n, revision);
    }

    /// The one in force at a time.
    #[must_use]
    pub fn in_force(&self, at: Instant) -> &Revision {
        let n = self.later.partition_point(|r| r.effective_at <= at);
        n.checked_sub(1).and_then(|i| self.later.get(i)).unwrap_or(&self.first)
    }

    /// The one with this number; the first when it is not known.
    #[must_use]
    pub fn get(&self, number: i64) -> &Revision {
        self.later.iter().find(|r| r.number == number).unwrap_or(&self.first)
    }

    /// Whether a clock measured by this revision can be understood: the first stands for all numbers before its own.
    #[must_use]
    pub fn knows(&self, number: i64) -> bool {
        number <= self.last().number
    }

    /// The newest.
    #[must_use]
    pub fn last(&self) -> &Revision {
        self.later.last().unwrap_or(&self.first)
    }
}
