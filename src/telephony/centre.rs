//! The exchanges and doors of an installation, as its configuration names them.

use super::profile::Profile;
use super::source::Source;
use super::zone::Zone;
use crate::config::{CallDoor, CallFormat, CallSource, Calls, Config};
use crate::domain::caller::Area;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What can be known of calls besides the database.
#[derive(Debug, Clone)]
pub struct Centre {
    pub sources: BTreeMap<String, Source>,
    pub doors: BTreeMap<String, Door>,
    /// The folder of recordings.
    pub recordings: Option<PathBuf>,
    pub settings: Calls,
}

/// One path `/webhooks/calls/{name}`.
#[derive(Debug, Clone)]
pub struct Door {
    pub profile: Profile,
    pub source: String,
    settings: CallDoor,
}

/// A setting of the call centre that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("calls.sources.{source_name}: {why}")]
pub struct BadSource {
    pub source_name: String,
    pub why: String,
}

impl Door {
    /// Whether an `Authorization` header opens the door. Compared in constant time.
    #[must_use]
    pub fn opens(&self, header: Option<&str>) -> bool {
        use base64::Engine as _;
        use subtle::ConstantTimeEq;
        let (scheme, value) = header.unwrap_or("").split_once(' ').unwrap_or(("", ""));
        let same = |a: &str, b: &str| bool::from(a.as_bytes().ct_eq(b.as_bytes()));
        let s = &self.settings;
        if scheme.eq_ignore_ascii_case("bearer") {
            return !s.token.is_empty() && same(value.trim(), s.token.expose());
        }
        if !scheme.eq_ignore_ascii_case("basic") || s.user.is_empty() || s.password.is_empty() {
            return false;
        }
        let given = base64::engine::general_purpose::STANDARD.decode(value.trim()).ok().and_then(|b| String::from_utf8(b).ok());
        given.is_some_and(|g| same(&g, &format!("{}:{}", s.user, s.password.expose())))
    }
}

fn source(name: &str, s: &CallSource) -> Result<Source, BadSource> {
    let zone = Zone::parse(&s.timezone).map_err(|e| BadSource { source_name: name.to_owned(), why: e.to_string() })?;
    let district = Some(s.district_code.clone()).filter(|d| !d.is_empty());
    let queues = s.queues.iter().filter_map(|q| q.split_once('=')).map(|(n, q)| (n.trim().to_owned(), q.trim().to_owned()));
    Ok(Source { area: Area { city: s.city_code.clone(), district }, closed: s.closed.clone(), queues: queues.collect(), ..Source::new(name, zone) })
}

impl Centre {
    /// # Errors
    /// [`BadSource`]; `check-config` finds it beforehand.
    pub fn of(config: &Config) -> Result<Self, BadSource> {
        let c = &config.calls;
        let door = |d: &CallDoor| Door {
            profile: match d.format {
                CallFormat::FreeswitchJson => Profile::FreeswitchJson,
                CallFormat::Events => Profile::Events,
            },
            source: d.source.clone(),
            settings: d.clone(),
        };
        Ok(Self {
            sources: c.sources.iter().map(|(n, s)| Ok((n.clone(), source(n, s)?))).collect::<Result<_, BadSource>>()?,
            doors: c.doors.iter().filter(|(_, d)| d.is_open()).map(|(n, d)| (n.clone(), door(d))).collect(),
            recordings: (!c.recordings.is_empty()).then(|| PathBuf::from(&c.recordings)),
            settings: c.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    #[test]
    fn a_door_opens_to_its_own_secrets_only() {
        let settings = CallDoor {
            format: CallFormat::Events,
            source: "main".into(),
            user: "pbx".into(),
            password: Secret::new("p:w"),
            token: Secret::new("tok"),
        };
        let door = Door { profile: Profile::Events, source: "main".into(), settings: settings.clone() };
        for good in ["Bearer tok", "bearer tok", "Basic cGJ4OnA6dw=="] {
            assert!(door.opens(Some(good)), "{good}");
        }
        for bad in ["", "Bearer", "Bearer ", "Bearer to", "Bearer tok2", "Basic", "Basic x", "Basic cGJ4OnA6", "Basic Og==", "tok"] {
            assert!(!door.opens(Some(bad)), "{bad}");
        }
        assert!(!door.opens(None));
        let bare = Door { settings: CallDoor { user: String::new(), password: Secret::default(), token: Secret::default(), ..settings }, ..door };
        for bad in ["Bearer ", "Basic Og==", "Basic "] {
            assert!(!bare.opens(Some(bad)), "an empty secret opens nothing: {bad}");
        }
    }
}
