//! Who may see and do what. Denied by default: a role has exactly what the table of roles lists for it.

use super::class::words;
use super::ids::{CrewCode, DistrictCode, QueueCode, StaffId};
use super::request::{ActKind, Request};

words! {
    /// A role of staff. What each may do is data: [`super::roles::Roles`].
    Role {
        /// Works queues: sees requests of its queues whole, does every act on them.
        Dispatcher = "dispatcher",
        /// Besides, hears recordings, mends what was not delivered and reads the audit.
        SeniorDispatcher = "senior_dispatcher",
        /// Answers calls and takes requests down.
        Operator = "operator",
        /// On the road: sees the jobs of its own crew only.
        Crew = "crew",
        /// Sees everything, changes nothing but notes.
        Manager = "manager",
        Admin = "admin",
        /// Looks at who looked: audit and figures, no personal data.
        Auditor = "auditor",
    }
}

/// What a route or an act asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    ListQueues,
    ReadQueue,
    ReadRequest,
    /// Text, phone and address unmasked; every use is written to the access log.
    ReadPersonal,
    CreateForCaller,
    ListCrews,
    ReadJobs,
    Act(ActKind),
    ReadReports,
    ManageOutbox,
    /// Calls and call-backs with masked numbers; whole ones are written to the access log.
    ReadCalls,
    /// Join, part and settle calls, call back.
    WorkCalls,
    /// Listen to recordings; every use is written to the access log.
    HearRecordings,
    /// Undo a join of residents, take a number from one; every use is written to the access log.
    PartResidents,
    /// Hand a resident what is held about them, or forget it; every use is written to the access log.
    ManageRights,
    /// How long data are kept, and what went.
    KeepData,
    /// Policies, calendars and who has which duty.
    ReadBooks,
    ManageBooks,
    /// Tell residents of outages.
    ManageOutages,
    /// Texts, queues, services, routing, templates, crews and their shifts.
    ManageCatalog,
    /// Accounts of staff: roles, reach, sessions, tokens of integrations.
    ManageStaff,
    /// Who saw and changed what.
    ReadAudit,
}

impl Permission {
    /// Every permission that is no act, by its name in `roles.toml` and in the scopes of tokens.
    const NAMED: &[(&str, Self)] = &[
        ("list_queues", Self::ListQueues),
        ("read_queue", Self::ReadQueue),
        ("read_request", Self::ReadRequest),
        ("read_personal", Self::ReadPersonal),
        ("create_for_caller", Self::CreateForCaller),
        ("list_crews", Self::ListCrews),
        ("read_jobs", Self::ReadJobs),
        ("read_reports", Self::ReadReports),
        ("manage_outbox", Self::ManageOutbox),
        ("read_calls", Self::ReadCalls),
        ("work_calls", Self::WorkCalls),
        ("hear_recordings", Self::HearRecordings),
        ("part_residents", Self::PartResidents),
        ("manage_rights", Self::ManageRights),
        ("keep_data", Self::KeepData),
        ("read_books", Self::ReadBooks),
        ("manage_books", Self::ManageBooks),
        ("manage_outages", Self::ManageOutages),
        ("manage_catalog", Self::ManageCatalog),
        ("manage_staff", Self::ManageStaff),
        ("read_audit", Self::ReadAudit),
    ];

    /// All there are: those that are no acts, then `act:accept`, `act:assign` and so on.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::NAMED.iter().map(|(_, p)| *p).chain(ActKind::ALL.iter().map(|k| Self::Act(*k)))
    }

    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Act(kind) => format!("act:{kind}"),
            plain => Self::NAMED.iter().find(|(_, p)| *p == plain).map_or_else(String::new, |(n, _)| (*n).to_owned()),
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name.strip_prefix("act:") {
            Some(kind) => ActKind::parse(kind).map(Self::Act),
            None => Self::NAMED.iter().find(|(n, _)| *n == name).map(|(_, p)| *p),
        }
    }

    fn bit(self) -> u64 {
        Self::all().position(|p| p == self).map_or(0, |at| 1u64.checked_shl(u32::try_from(at).unwrap_or(64)).unwrap_or(0))
    }
}

/// A set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Grants(u64);

impl Grants {
    /// Everything.
    #[must_use]
    pub fn everything() -> Self {
        Permission::all().collect()
    }

    #[must_use]
    pub fn has(self, what: Permission) -> bool {
        self.0 & what.bit() != 0
    }

    /// What stands in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What stands in either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its permissions in their fixed order.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::all().filter(move |p| self.has(*p))
    }
}

impl FromIterator<Permission> for Grants {
    fn from_iter<I: IntoIterator<Item = Permission>>(list: I) -> Self {
        Self(list.into_iter().fold(0, |bits, p| bits | p.bit()))
    }
}

/// What one signed-in member of staff may reach. Every reading function of the store takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub staff: StaffId,
    pub role: Role,
    /// What the role gives; with a token of narrower scope less.
    pub grants: Grants,
    pub reach: Reach,
    /// Districts whose requests are within reach; empty: all. A request without a known district is seen by whoever reaches its queue.
    pub districts: Vec<DistrictCode>,
}

/// The part of the work a scope covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    All,
    Queues(Vec<QueueCode>),
    /// The jobs of one crew.
    Crew(CrewCode),
}

impl Scope {
    #[must_use]
    pub fn may(&self, what: Permission) -> bool {
        self.grants.has(what)
    }

    /// Whether anything of a queue is within reach. What stands in it may still lie in another district: [`Self::sees`].
    #[must_use]
    pub fn covers(&self, queue: &QueueCode, crew: Option<&CrewCode>) -> bool {
        match &self.reach {
            Reach::All => true,
            Reach::Queues(qs) => qs.contains(queue),
            Reach::Crew(c) => crew == Some(c),
        }
    }

    /// Nothing lies out of reach.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.reach == Reach::All && self.districts.is_empty()
    }

    /// Whether a request is within reach.
    #[must_use]
    pub fn sees(&self, r: &Request) -> bool {
        let here = match (&r.queue, &self.reach) {
            (_, Reach::All) => true,
            (Some(q), _) => self.covers(q, r.crew.as_ref()),
            (None, _) => false,
        };
        // A crew goes where it is sent.
        let own = matches!(self.reach, Reach::Crew(_));
        here && (own || self.districts.is_empty() || r.district.as_ref().is_none_or(|d| self.districts.contains(d)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_permission_has_a_name_and_a_bit_of_its_own() {
        let all: Vec<Permission> = Permission::all().collect();
        assert!(all.len() <= 64, "the set is one word of 64 bits");
        for p in &all {
            assert_eq!(Permission::parse(&p.name()), Some(*p), "{p:?}");
            let alone: Grants = [*p].into_iter().collect();
            assert_eq!(all.iter().filter(|q| alone.has(**q)).count(), 1, "{p:?}");
        }
        for none in ["", "act:", "act:fly", "ReadQueue", "*"] {
            assert_eq!(Permission::parse(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn sets_meet_as_sets_do(a in proptest::collection::vec(0usize..40, 0..20), b in proptest::collection::vec(0usize..40, 0..20)) {
            let all: Vec<Permission> = Permission::all().collect();
            let set = |v: &[usize]| v.iter().filter_map(|i| all.get(*i).copied()).collect::<Grants>();
            let (x, y) = (set(&a), set(&b));
            for p in &all {
                prop_assert_eq!(x.and(y).has(*p), x.has(*p) && y.has(*p));
                prop_assert_eq!(x.or(y).has(*p), x.has(*p) || y.has(*p));
            }
            prop_assert_eq!(x.iter().collect::<Grants>(), x);
        }
    }
}
