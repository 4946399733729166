//! Where a request goes: rules over class, service and district, the first hit wins. The rules are data (`config/routing.toml`).

use super::catalog::{Catalog, Named, QueueKind};
use super::class::Class;
use super::ids::{DistrictCode, QueueCode, ServiceCode};
use super::lang::Lang;
use serde::{Deserialize, Serialize};

/// One rule. An empty list matches anything that is known; `unclear = true` matches a request whose class or service is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// By which journals name it.
    pub name: String,
    /// Shown to people as the reason of the routing; unset: the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Named>,
    #[serde(default)]
    pub class: Vec<Class>,
    #[serde(default)]
    pub service: Vec<ServiceCode>,
    #[serde(default)]
    pub district: Vec<DistrictCode>,
    /// Only for consultations that cannot be answered without the utility.
    #[serde(default)]
    pub needs_utility: bool,
    #[serde(default)]
    pub unclear: bool,
    /// A queue code; `{service}` and `{district}` are replaced. A rule whose placeholder is unknown, or whose queue does not exist, does not match.
    pub queue: String,
}

/// All the rules, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Routing {
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
}

/// What routing looks at.
#[derive(Debug, Clone, Copy, Default)]
pub struct RouteKey<'a> {
    pub class: Option<Class>,
    pub service: Option<&'a ServiceCode>,
    pub district: Option<&'a DistrictCode>,
    pub needs_utility: bool,
}

/// The queue and the rule that chose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub queue: QueueCode,
    pub rule: String,
}

/// The rule of what no rule fits.
pub const NO_RULE: &str = "no rule: a person looks";

impl Rule {
    /// Its name for people.
    #[must_use]
    pub fn shown(&self, lang: Lang) -> &str {
        self.title.as_ref().map_or(self.name.as_str(), |t| t.get(lang))
    }

    fn matches(&self, key: &RouteKey<'_>) -> bool {
        let unclear = key.class.is_none() || key.service.is_none();
        if self.unclear != unclear {
            return false;
        }
        if self.needs_utility && !key.needs_utility {
            return false;
        }
        let class = self.class.is_empty() || key.class.is_some_and(|c| self.class.contains(&c));
        let service = self.service.is_empty() || key.service.is_some_and(|s| self.service.contains(s));
        let district = self.district.is_empty() || key.district.is_some_and(|d| self.district.contains(d));
        class && service && district
    }

    fn target(&self, key: &RouteKey<'_>, catalog: &Catalog) -> Option<QueueCode> {
        let mut code = self.queue.clone();
        if code.contains("{service}") {
            code = code.replace("{service}", key.service?.as_str());
        }
        if code.contains("{district}") {
            code = code.replace("{district}", key.district?.as_str());
        }
        catalog.open_queue(&code).map(|q| q.code.clone())
    }
}

impl Routing {
    /// The first rule that matches; without one, the triage queue, so that no request is ever without an owner.
    #[must_use]
    pub fn route(&self, key: &RouteKey<'_>, catalog: &Catalog) -> Option<Route> {
        self.rules
            .iter()
            .filter(|r| r.matches(key))
            .find_map(|r| r.target(key, catalog).map(|queue| Route { queue, rule: r.name.clone() }))
            .or_else(|| catalog.first_of(QueueKind::Triage).map(|q| Route { queue: q.code.clone(), rule: NO_RULE.into() }))
    }

    /// Rules that name what the catalogue does not hold, and complaints that would reach the organisation complained of.
    #[must_use]
    pub fn problems(&self, catalog: &Catalog) -> Vec<String> {
        let mut out = Vec::new();
        for r in &self.rules {
            if r.title.as_ref().is_some_and(Named::is_blank) {
                out.push(format!("routing rule '{}' needs a title in both languages, or none", r.name));
            }
            for s in &r.service {
                if catalog.service(s.as_str()).is_none() {
                    out.push(format!("routing rule '{}' names unknown service '{s}'", r.name));
                }
            }
            for d in &r.district {
                if catalog.district(d.as_str()).is_none() {
                    out.push(format!("routing rule '{}' names unknown district '{d}'", r.name));
                }
            }
            if !r.queue.contains('{') && catalog.queue(&r.queue).is_none() {
                out.push(format!("routing rule '{}' names unknown queue '{}'", r.name, r.queue));
            }
        }
        for s in &catalog.services {
            for d in catalog.districts.iter().map(Some).chain([None]) {
                let key = RouteKey { class: Some(Class::Complaint), service: Some(&s.code), district: d.map(|d| &d.code), needs_utility: false };
                let kind = self.route(&key, catalog).and_then(|r| catalog.queue(r.queue.as_str()).map(|q| q.kind));
                if kind != Some(QueueKind::Control) {
                    out.push(format!("a complaint about '{}' would not go to the control queue", s.code));
                    break;
                }
            }
        }
        out
    }
}
