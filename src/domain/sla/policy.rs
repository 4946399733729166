//! Policies: the first that matches gives a request its targets.

use crate::domain::catalog::{Catalog, Named};
use crate::domain::class::Class;
use crate::domain::ids::ServiceCode;
use crate::domain::request::Request;
use serde::{Deserialize, Serialize};

/// Targets in seconds, around the clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Targets {
    pub accept_secs: Option<i64>,
    pub restore_secs: Option<i64>,
}

/// One policy. An empty list matches anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub name: String,
    #[serde(default)]
    pub class: Vec<Class>,
    #[serde(default)]
    pub service: Vec<ServiceCode>,
    /// Only requests with a hazard, or only those without; unset: both.
    pub hazard: Option<bool>,
    /// Minutes from receipt until the owner accepts; unset: no such clock.
    pub accept_minutes: Option<i64>,
    /// Minutes from receipt until restored or answered; unset: no such clock.
    pub restore_minutes: Option<i64>,
    /// On what law or order it stands, shown to people.
    pub basis: Option<Named>,
}

/// All policies, in order, and the silence after which a resolved request closes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlaBook {
    /// Minutes of silence after resolution until the request closes by itself.
    pub silence_minutes: i64,
    #[serde(rename = "policy")]
    pub policies: Vec<Policy>,
}

impl SlaBook {
    /// The policy of a request in its present classification.
    #[must_use]
    pub fn policy_for(&self, request: &Request) -> Option<&Policy> {
        self.policies.iter().find(|p| {
            let class = p.class.is_empty() || request.class.is_some_and(|c| p.class.contains(&c));
            let service = p.service.is_empty() || request.service.as_ref().is_some_and(|s| p.service.contains(s));
            let hazard = p.hazard.is_none_or(|h| h == request.hazard.is_some());
            class && service && hazard
        })
    }

    #[must_use]
    pub fn targets_for(&self, request: &Request) -> Targets {
        self.policy_for(request).map_or_else(Targets::default, |p| Targets {
            accept_secs: p.accept_minutes.map(|m| m.saturating_mul(60)),
            restore_secs: p.restore_minutes.map(|m| m.saturating_mul(60)),
        })
    }

    /// What an administrator must mend.
    #[must_use]
    pub fn problems(&self, catalog: &Catalog) -> Vec<String> {
        let mut out = Vec::new();
        if self.silence_minutes <= 0 {
            out.push("sla: silence_minutes must be positive".into());
        }
        for p in &self.policies {
            for s in &p.service {
                if catalog.service(s.as_str()).is_none() {
                    out.push(format!("sla policy '{}' names unknown service '{s}'", p.name));
                }
            }
            for (what, minutes) in [("accept_minutes", p.accept_minutes), ("restore_minutes", p.restore_minutes)] {
                if minutes.is_some_and(|m| m <= 0) {
                    out.push(format!("sla policy '{}': {what} must be positive", p.name));
                }
            }
        }
        for class in Class::ALL.iter().filter(|c| **c != Class::Thanks) {
            if !self.policies.iter().any(|p| (p.class.is_empty() || p.class.contains(class)) && p.service.is_empty() && p.hazard.is_none()) {
                out.push(format!("sla: no general policy for class '{class}'"));
            }
        }
        out
    }
}
