//! Who did it: the author of every journal row.

use super::access::Role;
use super::ids::{CrewCode, ResidentId, StaffId};
use std::fmt;

/// The author of a change. Written as `staff:<id>`, `resident:<id>`, `system:<part>`: an identifier, never a name or a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    Resident(ResidentId),
    /// A dispatcher, manager or administrator.
    Staff {
        staff: StaffId,
        role: Role,
    },
    /// A member of a crew, through the bot or the console.
    Crew {
        staff: StaffId,
        crew: CrewCode,
    },
    /// A part of the program: `intake`, `sweeper`, `silence`.
    System(&'static str),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resident(id) => write!(f, "resident:{id}"),
            Self::Staff { staff, .. } => write!(f, "staff:{staff}"),
            Self::Crew { staff, .. } => write!(f, "crew:{staff}"),
            Self::System(part) => write!(f, "system:{part}"),
        }
    }
}
