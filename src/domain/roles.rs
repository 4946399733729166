//! The table of roles: `config/roles.toml`. What each role may do, how far it reaches, and whether it needs a second factor.

use super::access::{Grants, Permission, Role};
use super::class::words;
use serde::Deserialize;
use std::collections::BTreeMap;

words! {
    /// How far a role reaches.
    Breadth {
        /// Everything, whatever queues the account names.
        All = "all",
        /// The queues and districts of the account; all when it names none.
        Own = "own",
        /// The jobs of the account's crew.
        Crew = "crew",
    }
}

/// What one role is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleRule {
    pub grants: Grants,
    pub breadth: Breadth,
    /// Signing in without a second factor leads only to the page that sets one up.
    pub second_factor: bool,
}

/// All roles.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<Role, Written>")]
pub struct Roles(BTreeMap<Role, RoleRule>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Permissions by name; `*`: every one that is no act.
    may: Vec<String>,
    /// Acts by name; `*`: every one.
    #[serde(default)]
    acts: Vec<String>,
    reach: Breadth,
    #[serde(default)]
    second_factor: bool,
}

impl TryFrom<BTreeMap<Role, Written>> for Roles {
    type Error = String;
    fn try_from(written: BTreeMap<Role, Written>) -> Result<Self, String> {
        let mut out = BTreeMap::new();
        for (role, w) in written {
            let mut grants = Grants::default();
            for name in &w.may {
                let more: Grants = match name.as_str() {
                    "*" => Permission::all().filter(|p| !matches!(p, Permission::Act(_))).collect(),
                    name => {
                        let known = Permission::parse(name).filter(|p| !matches!(p, Permission::Act(_)));
                        [known.ok_or_else(|| format!("{role}.may: there is no permission '{name}'"))?].into_iter().collect()
                    }
                };
                grants = grants.or(more);
            }
            for name in &w.acts {
                let more: Grants = match name.as_str() {
                    "*" => Permission::all().filter(|p| matches!(p, Permission::Act(_))).collect(),
                    name => {
                        let known = Permission::parse(&format!("act:{name}"));
                        [known.ok_or_else(|| format!("{role}.acts: there is no act '{name}'"))?].into_iter().collect()
                    }
                };
                grants = grants.or(more);
            }
            out.insert(role, RoleRule { grants, breadth: w.reach, second_factor: w.second_factor });
        }
        Ok(Self(out))
    }
}

impl Roles {
    /// What a role is. One that the table does not list may do nothing.
    #[must_use]
    pub fn get(&self, role: Role) -> RoleRule {
        self.0.get(&role).copied().unwrap_or(RoleRule { grants: Grants::default(), breadth: Breadth::Own, second_factor: true })
    }

    #[must_use]
    pub fn may(&self, role: Role, what: Permission) -> bool {
        self.get(role).grants.has(what)
    }

    /// What must be mended before anybody may sign in by it.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut out = Vec::new();
        for role in Role::ALL {
            match self.0.get(role) {
                None => out.push(format!("roles.toml: [{role}] is missing: a role without permissions has may = []")),
                Some(r) if (*role == Role::Crew) != (r.breadth == Breadth::Crew) => {
                    out.push(format!("roles.toml: [{role}] reach = '{}': 'crew' belongs to the role 'crew' and to it alone", r.breadth));
                }
                Some(_) => {}
            }
        }
        if !self.may(Role::Admin, Permission::ManageStaff) {
            out.push("roles.toml: [admin] needs 'manage_staff': nobody else could ever give rights back".into());
        }
        out
    }
}
