//! The figures of a period: one definition of each, whoever shows it.
//!
//! A request belongs to the period in which it was received, and is counted as it stands now. [`gather`] reads whole past days from their kept sums and
//! the rest from the rows; both are made by [`Part::add`] and [`Part::clock`], so they cannot differ in what they mean.

mod gather;
mod part;
#[cfg(test)]
mod tests;
mod times;

pub(in crate::reports) use gather::{counts, gaps};
pub use gather::{forget, gather, live, roll};
pub use part::Part;
pub use times::{Times, grid};

use crate::domain::report::{Dim, Period, Reached};
use crate::domain::request::Status;
use crate::domain::sla::{Stage, TimerState};
use std::collections::BTreeMap;

/// Which requests a [`Part`] is of. Empty: not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub queue: String,
    pub service: String,
    pub district: String,
    pub class: String,
    pub channel: String,
}

/// How the clocks of one stage did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clocks {
    pub met: i64,
    /// Ran out, whether the stage was reached later or not.
    pub breached: i64,
    pub running: i64,
    pub paused: i64,
    /// No longer needed before they ended.
    pub cancelled: i64,
}

impl Clocks {
    /// Takes clocks in; a state that nobody knows is no success.
    pub fn add(&mut self, state: &str, n: i64) {
        match TimerState::parse(state) {
            Some(TimerState::Met) => self.met += n,
            Some(TimerState::Breached) => self.breached += n,
            Some(TimerState::Running) => self.running += n,
            Some(TimerState::Paused) => self.paused += n,
            Some(TimerState::Cancelled) | None => self.cancelled += n,
        }
    }

    /// How many were kept, of how many that are decided.
    #[must_use]
    pub fn kept(&self) -> (i64, i64) {
        (self.met, self.met + self.breached)
    }
}

/// One line of a count: what, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// `None`: not known.
    pub key: Option<String>,
    pub n: i64,
}

/// What residents thought of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stars {
    /// How many gave one star, two and so on.
    pub by: [i64; 5],
}

impl Stars {
    #[must_use]
    pub fn rated(&self) -> i64 {
        self.by.iter().sum()
    }

    /// The mean of all that were given, in hundredths of a star; `None` of none.
    #[must_use]
    pub fn mean(&self) -> Option<i64> {
        let sum: i64 = self.by.iter().zip(1..).map(|(n, stars)| n * stars).sum();
        let n = self.rated();
        (n > 0).then(|| (sum * 200 + n) / (2 * n))
    }
}

/// The figures of a period and a part of the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub period: Period,
    parts: BTreeMap<Key, Part>,
}

impl Facts {
    #[must_use]
    pub fn empty(period: Period) -> Self {
        Self { period, parts: BTreeMap::new() }
    }

    /// Adds what is known of some requests.
    pub fn add(&mut self, key: Key, part: &Part) {
        self.parts.entry(key).or_default().take_in(part);
    }

    /// Adds the figures of a further time.
    pub fn take_in(&mut self, other: Self) {
        for (key, part) in other.parts {
            self.add(key, &part);
        }
    }

    /// Its parts.
    pub fn parts(&self) -> impl Iterator<Item = (&Key, &Part)> {
        self.parts.iter()
    }

    fn sum(&self, of: impl Fn(&Part) -> i64) -> i64 {
        self.parts.values().map(of).sum()
    }

    /// Requests received.
    #[must_use]
    pub fn received(&self) -> i64 {
        self.sum(Part::received)
    }

    /// Of them, those that stand so now.
    #[must_use]
    pub fn in_status(&self, status: Status) -> i64 {
        self.sum(|p| p.statuses.get(status.as_str()).copied().unwrap_or(0))
    }

    /// Still open.
    #[must_use]
    pub fn open(&self) -> i64 {
        self.sum(Part::open)
    }

    /// Open and late now.
    #[must_use]
    pub fn overdue(&self) -> i64 {
        self.sum(|p| p.overdue)
    }

    /// Closed.
    #[must_use]
    pub fn closed(&self) -> i64 {
        self.in_status(Status::Closed)
    }

    /// In which a danger was stated.
    #[must_use]
    pub fn dangers(&self) -> i64 {
        self.sum(|p| p.dangers)
    }

    /// Opened again at least once.
    #[must_use]
    pub fn reopened(&self) -> i64 {
        self.sum(|p| p.reopened)
    }

    /// Of which an organisation said "not ours" at least once.
    #[must_use]
    pub fn refusals(&self) -> i64 {
        self.sum(|p| p.refusals)
    }

    #[must_use]
    pub fn stars(&self) -> Stars {
        self.parts.values().fold(Stars::default(), |mut sum, p| {
            sum.by.iter_mut().zip(p.stars).for_each(|(s, n)| *s += n);
            sum
        })
    }

    /// How long it took to get there, of those that got there.
    #[must_use]
    pub fn times(&self, to: Reached) -> Times {
        let mut all: BTreeMap<u32, i64> = BTreeMap::new();
        for (minutes, n) in self.parts.values().filter_map(|p| p.times.get(to.as_str())).flatten() {
            *all.entry(*minutes).or_default() += n;
        }
        Times::of(&all)
    }

    /// Clocks by stage, all stages that occur.
    #[must_use]
    pub fn clocks(&self) -> BTreeMap<Stage, Clocks> {
        let mut out: BTreeMap<Stage, Clocks> = BTreeMap::new();
        self.each_clock(|stage, _, state, n| out.entry(stage).or_default().add(state, n));
        out
    }

    /// Targets by the organisation whose clock it was, and by stage.
    #[must_use]
    pub fn owners(&self) -> BTreeMap<Option<String>, BTreeMap<Stage, Clocks>> {
        let mut out: BTreeMap<Option<String>, BTreeMap<Stage, Clocks>> = BTreeMap::new();
        self.each_clock(|stage, owner, state, n| {
            if stage.is_target() {
                out.entry(known(owner)).or_default().entry(stage).or_default().add(state, n);
            }
        });
        out
    }

    fn each_clock(&self, mut each: impl FnMut(Stage, &str, &str, i64)) {
        for (stage, owners) in self.parts.values().flat_map(|p| &p.clocks) {
            let Some(stage) = Stage::parse(stage) else { continue };
            for (owner, states) in owners {
                states.iter().for_each(|(state, n)| each(stage, owner, state, *n));
            }
        }
    }

    /// Requests by one of their properties, the most frequent first.
    #[must_use]
    pub fn by(&self, dim: Dim) -> Vec<Count> {
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        for (key, part) in &self.parts {
            let value = match dim {
                Dim::Class => &key.class,
                Dim::Channel => &key.channel,
                Dim::Service => &key.service,
                Dim::District => &key.district,
                Dim::Queue => &key.queue,
                Dim::Status => {
                    part.statuses.iter().for_each(|(status, n)| *sums.entry(status).or_default() += n);
                    continue;
                }
            };
            *sums.entry(value).or_default() += part.received();
        }
        let mut out: Vec<Count> = sums.into_iter().map(|(key, n)| Count { key: known(key), n }).collect();
        out.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| a.key.is_none().cmp(&b.key.is_none())).then_with(|| a.key.cmp(&b.key)));
        out
    }

    /// The figures of each queue, service, district, class or channel by itself.
    #[must_use]
    pub fn split(&self, dim: Dim) -> BTreeMap<Option<String>, Self> {
        let mut out: BTreeMap<Option<String>, Self> = BTreeMap::new();
        for (key, part) in &self.parts {
            let value = match dim {
                Dim::Class => &key.class,
                Dim::Channel => &key.channel,
                Dim::Service => &key.service,
                Dim::District => &key.district,
                Dim::Queue | Dim::Status => &key.queue,
            };
            out.entry(known(value)).or_insert_with(|| Self::empty(self.period)).add(key.clone(), part);
        }
        out
    }
}

fn known(code: &str) -> Option<String> {
    (!code.is_empty()).then(|| code.to_owned())
}
