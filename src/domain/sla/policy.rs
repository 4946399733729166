//! Policies: the most specific that fits a request gives it its targets.

use super::target::Target;
use super::{Reopen, Stage};
use crate::domain::calendar::Day;
use crate::domain::catalog::Named;
use crate::domain::class::{Class, Hazard};
use crate::domain::ids::{DistrictCode, QueueCode, ServiceCode};
use crate::domain::inbound::ChannelKind;
use crate::domain::lang::Lang;
use crate::domain::request::{Priority, Request};
use serde::{Deserialize, Serialize};

/// What a policy is chosen by.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub class: Option<Class>,
    pub service: Option<&'a ServiceCode>,
    pub priority: Priority,
    pub district: Option<&'a DistrictCode>,
    pub queue: Option<&'a QueueCode>,
    pub hazard: Option<Hazard>,
    pub channel: ChannelKind,
    /// The resident is old, ill, disabled or with small children, as far as we were told.
    pub vulnerable: bool,
}

impl<'a> Facts<'a> {
    #[must_use]
    pub fn of(r: &'a Request) -> Self {
        Self {
            class: r.class,
            service: r.service.as_ref(),
            priority: r.priority,
            district: r.district.as_ref(),
            queue: r.queue.as_ref(),
            hazard: r.hazard,
            channel: r.channel,
            vulnerable: r.vulnerable,
        }
    }
}

/// A condition on danger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum HazardIs {
    /// Any danger, or none.
    Stated(bool),
    /// One of these.
    OneOf(Vec<Hazard>),
}

impl HazardIs {
    fn fits(&self, hazard: Option<Hazard>) -> bool {
        match self {
            Self::Stated(want) => *want == hazard.is_some(),
            Self::OneOf(list) => hazard.is_some_and(|h| list.contains(&h)),
        }
    }

    fn meets(&self, other: &Self) -> bool {
        std::iter::once(None).chain(Hazard::ALL.iter().copied().map(Some)).any(|h| self.fits(h) && other.fits(h))
    }
}

/// One policy. An empty list and an unset value match anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// By which journals and clocks name it: it stays.
    pub name: String,
    /// Shown to people; unset: the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Named>,
    #[serde(default)]
    pub class: Vec<Class>,
    #[serde(default)]
    pub service: Vec<ServiceCode>,
    #[serde(default)]
    pub priority: Vec<Priority>,
    #[serde(default)]
    pub district: Vec<DistrictCode>,
    #[serde(default)]
    pub queue: Vec<QueueCode>,
    #[serde(default)]
    pub channel: Vec<ChannelKind>,
    pub hazard: Option<HazardIs>,
    pub vulnerable: Option<bool>,
    /// The first and the last day (local) on which requests received fall under it.
    pub valid_from: Option<Day>,
    pub valid_until: Option<Day>,
    /// Until the request is understood and routed.
    pub register: Option<Target>,
    /// Until the owner takes the work. Each new owner has this time anew.
    pub accept: Option<Target>,
    /// Until the crew is on the spot.
    pub arrive: Option<Target>,
    /// Until the fault is gone, or the question answered.
    pub restore: Option<Target>,
    /// From the resolution until the request is closed.
    pub close: Option<Target>,
    /// What a reopening does to the restore clock; unset: the book's.
    pub reopen: Option<Reopen>,
    /// On what law or order it stands, shown to people.
    pub basis: Option<Named>,
}

/// How specific a policy is; the greater wins. A policy for dangers goes before all others; then the one with more conditions; then the one whose
/// conditions rank higher: kinds of danger, danger, vulnerability, queue, district, service, channel, priority, class. So two policies are equally
/// specific only when they name exactly the same conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Specificity {
    danger: bool,
    named: u32,
    ranks: u16,
}

impl Policy {
    /// Its name for people.
    #[must_use]
    pub fn shown(&self, lang: Lang) -> &str {
        self.title.as_ref().map_or(self.name.as_str(), |t| t.get(lang))
    }

    #[must_use]
    pub fn specificity(&self) -> Specificity {
        let kinds = matches!(self.hazard, Some(HazardIs::OneOf(_)));
        let conditions = [
            !self.class.is_empty(),
            !self.priority.is_empty(),
            !self.channel.is_empty(),
            !self.service.is_empty(),
            !self.district.is_empty(),
            !self.queue.is_empty(),
            self.vulnerable.is_some(),
            self.hazard.is_some(),
            kinds,
        ];
        let ranks = conditions.iter().enumerate().fold(0, |sum, (n, on)| sum | (u16::from(*on) << n));
        Specificity { danger: kinds || self.hazard == Some(HazardIs::Stated(true)), named: ranks.count_ones(), ranks }
    }

    /// Whether a request received on `day` with these facts falls under it.
    #[must_use]
    pub fn fits(&self, f: &Facts<'_>, day: Day) -> bool {
        fn among<T: PartialEq>(list: &[T], value: Option<&T>) -> bool {
            list.is_empty() || value.is_some_and(|v| list.contains(v))
        }
        among(&self.class, f.class.as_ref())
            && among(&self.service, f.service)
            && among(&self.priority, Some(&f.priority))
            && among(&self.district, f.district)
            && among(&self.queue, f.queue)
            && among(&self.channel, Some(&f.channel))
            && self.hazard.as_ref().is_none_or(|h| h.fits(f.hazard))
            && self.vulnerable.is_none_or(|v| v == f.vulnerable)
            && self.valid_from.is_none_or(|from| from <= day)
            && self.valid_until.is_none_or(|until| day <= until)
    }

    /// Whether one request could fall under both, with nothing to choose between them.
    #[must_use]
    pub fn is_ambiguous_with(&self, other: &Self) -> bool {
        fn meet<T: PartialEq>(a: &[T], b: &[T]) -> bool {
            a.is_empty() || b.is_empty() || a.iter().any(|x| b.contains(x))
        }
        let from = self.valid_from.max(other.valid_from);
        let until = [self.valid_until, other.valid_until].into_iter().flatten().min();
        self.specificity() == other.specificity()
            && meet(&self.class, &other.class)
            && meet(&self.service, &other.service)
            && meet(&self.priority, &other.priority)
            && meet(&self.district, &other.district)
            && meet(&self.queue, &other.queue)
            && meet(&self.channel, &other.channel)
            && self.hazard.as_ref().zip(other.hazard.as_ref()).is_none_or(|(a, b)| a.meets(b))
            && self.vulnerable.zip(other.vulnerable).is_none_or(|(a, b)| a == b)
            && from.zip(until).is_none_or(|(from, until)| from <= until)
    }

    #[must_use]
    pub const fn target(&self, stage: Stage) -> Option<&Target> {
        match stage {
            Stage::Register => self.register.as_ref(),
            Stage::Accept => self.accept.as_ref(),
            Stage::Arrive => self.arrive.as_ref(),
            Stage::Restore => self.restore.as_ref(),
            Stage::Close => self.close.as_ref(),
            Stage::Arbitrate | Stage::Silence | Stage::Resume => None,
        }
    }

    /// The same to be changed; none for a stage that no policy has a target for.
    pub const fn target_mut(&mut self, stage: Stage) -> Option<&mut Option<Target>> {
        match stage {
            Stage::Register => Some(&mut self.register),
            Stage::Accept => Some(&mut self.accept),
            Stage::Arrive => Some(&mut self.arrive),
            Stage::Restore => Some(&mut self.restore),
            Stage::Close => Some(&mut self.close),
            Stage::Arbitrate | Stage::Silence | Stage::Resume => None,
        }
    }
}
