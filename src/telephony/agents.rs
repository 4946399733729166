//! Who of the staff answered: the names by which exchanges know them.

use crate::domain::StaffId;
use crate::store::{Conn, StoreError, calls, staff};
use std::collections::BTreeMap;

/// The bare name of an agent: `PJSIP/101-0000002a`, `Agent/101`, `Local/101@from-queue/n` and `101` are `101`.
#[must_use]
pub fn bare(agent: &str) -> String {
    let a = agent.trim();
    let a = a.split_once('/').map_or(a, |(technology, rest)| {
        if ["pjsip", "sip", "agent", "local", "iax2", "dahdi", "user", "sofia"].iter().any(|t| t.eq_ignore_ascii_case(technology)) { rest } else { a }
    });
    let a = a.split(['@', ';']).next().unwrap_or(a);
    // The channel's own number behind the name.
    let a = match a.rsplit_once('-') {
        Some((name, tail)) if tail.len() == 8 && tail.bytes().all(|b| b.is_ascii_hexdigit()) => name,
        _ => a,
    };
    a.trim().to_lowercase()
}

/// Looks members of staff up by agent: by a name that was set, else by a login of the same name.
#[derive(Debug, Clone, Default)]
pub struct Agents(BTreeMap<String, StaffId>);

impl Agents {
    /// # Errors
    /// The store's.
    pub async fn load(c: &impl Conn) -> Result<Self, StoreError> {
        let mut names: BTreeMap<String, StaffId> = staff::all(c).await?.into_iter().map(|s| (s.login, s.id)).collect();
        names.extend(calls::agents::all(c).await?);
        Ok(Self(names))
    }

    #[must_use]
    pub fn find(&self, agent: Option<&str>) -> Option<StaffId> {
        self.0.get(&bare(agent?)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_names() {
        for (agent, want) in [
            ("PJSIP/101-0000002a", "101"),
            ("SIP/aigul", "aigul"),
            ("Local/101@from-queue/n", "101"),
            ("Agent/7", "7"),
            ("Aigul", "aigul"),
            ("101@pbx.local", "101"),
            ("anna-maria", "anna-maria"),
            ("", ""),
        ] {
            assert_eq!(bare(agent), want, "{agent}");
        }
    }
}
