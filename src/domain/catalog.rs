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
    #[must_use]
    pub fn crew(&self, code: &str) -> Option<&Crew> {
        self.crews.iter().find(|c| c.code.as_str() == code)
    }
    #[must_use]
    pub fn first_of(&self, kind: QueueKind) -> Option<&Queue> {
        self.queues.iter().find(|q| q.kind == kind)
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
        for kind in [QueueKind::Triage, QueueKind::Control, QueueKind::Noted] {
            if self.first_of(kind).is_none() {
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
