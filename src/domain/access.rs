//! Who may see and do what. Denied by default: a role has exactly what is listed here.

use super::class::words;
use super::ids::{CrewCode, QueueCode, StaffId};
use super::request::ActKind;

words! {
    /// A role of staff, first version.
    Role {
        /// Works queues: sees requests of its queues whole, does every act on them.
        Dispatcher = "dispatcher",
        /// On the road: sees the jobs of its own crew only.
        Crew = "crew",
        /// Sees everything, changes nothing but notes.
        Manager = "manager",
        Admin = "admin",
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
    /// Policies, calendars and who has which duty.
    ReadBooks,
    ManageBooks,
}

impl Role {
    #[must_use]
    pub fn may(self, what: Permission) -> bool {
        use ActKind as A;
        use Permission as P;
        match self {
            Self::Admin => true,
            Self::Dispatcher => !matches!(what, P::ManageOutbox | P::HearRecordings | P::ManageBooks | P::Act(A::Retime | A::Escalate)),
            Self::Manager => matches!(
                what,
                P::ListQueues
                    | P::ReadQueue
                    | P::ReadRequest
                    | P::ReadPersonal
                    | P::ListCrews
                    | P::ReadJobs
                    | P::ReadReports
                    | P::Act(A::Note)
                    | P::ReadCalls
                    | P::HearRecordings
                    | P::ReadBooks
            ),
            Self::Crew => matches!(
                what,
                P::ReadRequest
                    | P::ReadPersonal
                    | P::ReadJobs
                    | P::Act(A::Accept | A::Start | A::Arrive | A::Hold | A::Resume | A::Resolve | A::Note)
            ),
        }
    }
}

/// What one signed-in member of staff may reach. Every reading function of the store takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub staff: StaffId,
    pub role: Role,
    pub reach: Reach,
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
    pub fn covers(&self, queue: &QueueCode, crew: Option<&CrewCode>) -> bool {
        match &self.reach {
            Reach::All => true,
            Reach::Queues(qs) => qs.contains(queue),
            Reach::Crew(c) => crew == Some(c),
        }
    }
}
