//! The catalogue: services, districts, queues and crews. All of it is data (`config/catalog.toml`); these are its types and its checks.

use super::class::words;
use super::ids::{CrewCode, DistrictCode, QueueCode, ServiceCode};
use super::lang::Lang;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A name in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    pub kk: String,
    pub ru: String,
}

impl Named {
    /// One of the languages has no name.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.kk.trim().is_empty() || self.ru.trim().is_empty()
    }

    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Kk => &self.kk,
            Lang::Ru => &self.ru,
        }
    }
}

words! {
    /// What a queue is for.
    QueueKind {
        /// A utility company's own dispatchers.
        Utility = "utility",
        /// A district's or the city's administration.
        District = "district",
        /// The centre's consultants.
        Desk = "desk",
        /// The centre's control of complaints: never the organisation complained of.
        Control = "control",
        /// The oblast's akimat.
        Akimat = "akimat",
        /// A person looks first.
        Triage = "triage",
        /// Noted and closed: thanks.
        Noted = "noted",
    }
}

/// A service residents write about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    pub code: ServiceCode,
    pub name: Named,
    /// Set: nothing new is about it any more, but about this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<ServiceCode>,
}

/// A district of the oblast, or the city of Taraz.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct District {
    pub code: DistrictCode,
    pub name: Named,
}

/// A queue of work with its owner's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    pub code: QueueCode,
    pub name: Named,
    pub kind: QueueKind,
    /// Set: nothing new comes here any more, but there. What is open stays until it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<QueueCode>,
    /// What comes in is given at once to the crew on duty that has the least to do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub auto_assign: bool,
}

/// A crew on the road. It works for one queue's organisation and may be given work of the queues in `also`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crew {
    pub code: CrewCode,
    pub name: Named,
    pub queue: QueueCode,
    #[serde(default)]
    pub also: Vec<QueueCode>,
    /// Gets no new work.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
}

impl Crew {
    #[must_use]
    pub fn serves(&self, queue: &QueueCode) -> bool {
        &self.queue == queue || self.also.contains(queue)
    }
}

/// Everything a request can be about and go to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    #[serde(rename = "service")]
    pub services: Vec<Service>,
    #[serde(rename = "district")]
    pub districts: Vec<District>,
    #[serde(rename = "queue")]
    pub queues: Vec<Queue>,
    #[serde(rename = "crew", default)]
    pub crews: Vec<Crew>,
}

impl Catalog {
    #[must_use]
    pub fn service(&self, code: &str) -> Option<&Service> {
        self.services.iter().find(|s| s.code.as_str() == code)
    }
    #[must_use]
    pub fn district(&self, code: &str) -> Option<&District> {
        self.districts.iter().find(|d| d.code.as_str() == code)
    }
    #[must_use]
    pub fn queue(&self, code: &str) -> Option<&Queue> {
        self.queues.iter().find(|q| q.code.as_str() == code)
    }
    /// The queue that takes new work meant for this one: itself, or whoever came after it.
    #[must_use]
    pub fn open_queue(&self, code: &str) -> Option<&Queue> {
        let mut at = self.queue(code)?;
        // As many steps as there are queues: a circle ends.
        for _ in &self.queues {
            match &at.successor {
                None => return Some(at),
                Some(next) => at = self.queue(next.as_str())?,
            }
        }
        None
    }
    /// The service under which new work of this one is registered.
    #[must_use]
    pub fn open_service(&self, code: &str) -> Option<&Service> {
        let mut at = self.service(code)?;
        for _ in &self.services {
            match &at.successor {
                None => return Some(at),
                Some(next) => at = self.service(next.as_str())?,
            }
        }
        None
    }
    /// Crews that may be given work of a queue.
    pub fn crews_of<'a>(&'a self, queue: &'a QueueCode) -> impl Iterator<Item = &'a Crew> {
        self.crews.iter().filter(move |c| !c.closed && c.serves(queue))
    }
    #[must_use]
    pub fn crew(&self, code: &str) -> Option<&Crew> {
        self.crews.iter().find(|c| c.code.as_str() == code)
    }
    #[must_use]
    pub fn first_of(&self, kind: QueueKind) -> Option<&Queue> {
        self.queues.iter().find(|q| q.kind == kind && q.successor.is_none())
    }

    /// Everything wrong with the catalogue, in words an administrator can act on.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut names: Vec<(String, &Named)> = Vec::new();
        names.extend(self.services.iter().map(|s| (format!("service '{}'", s.code), &s.name)));
        names.extend(self.districts.iter().map(|d| (format!("district '{}'", d.code), &d.name)));
        names.extend(self.queues.iter().map(|q| (format!("queue '{}'", q.code), &q.name)));
        names.extend(self.crews.iter().map(|c| (format!("crew '{}'", c.code), &c.name)));
        let mut seen = BTreeSet::new();
        for (what, name) in names {
            if name.kk.trim().is_empty() {
                out.push(format!("{what} has no Kazakh name"));
            }
            if name.ru.trim().is_empty() {
                out.push(format!("{what} has no Russian name"));
            }
            if !seen.insert(what.clone()) {
                out.push(format!("{what} stands twice"));
            }
        }
        for s in self.services.iter().filter(|s| s.successor.is_some() && self.open_service(s.code.as_str()).is_none()) {
            out.push(format!("service '{}' is closed and its successor leads to no open service", s.code));
        }
        for q in self.queues.iter().filter(|q| q.successor.is_some() && self.open_queue(q.code.as_str()).is_none()) {
            out.push(format!("queue '{}' is closed and its successor leads to no open queue", q.code));
        }
        for kind in [QueueKind::Triage, QueueKind::Control, QueueKind::Noted] {
            if !self.queues.iter().any(|q| q.kind == kind && q.successor.is_none()) {
                out.push(format!("no queue of kind '{kind}'"));
            }
        }
        for c in &self.crews {
            for q in std::iter::once(&c.queue).chain(&c.also) {
                if self.queue(q.as_str()).is_none() {
                    out.push(format!("crew '{}' works for unknown queue '{q}'", c.code));
                }
            }
        }
        out
    }
}
