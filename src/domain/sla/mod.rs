//! Clocks: which targets a request has, how acts start, stop, pause and move them, and the account of every minute.
//!
//! Policies are data (`config/sla.toml`), so is working time (`config/calendar.toml`); [`Books`] holds both with their history. [`changes`] moves the
//! clocks of one request by one event; [`ledger`] does the same over the whole journal and tells what each event did, so the rows and the account cannot
//! differ.

mod alarm;
mod book;
mod clocks;
mod diff;
mod explain;
mod ladder;
mod ledger;
mod moves;
mod pause;
mod policy;
mod run;
mod target;
#[cfg(test)]
mod tests;
mod timer;

pub use alarm::{Alarm, alarms, awaited, first_alarm, still_true};
pub use book::{Arbitration, Books, Revision, SlaBook};
pub use clocks::changes;
pub use diff::{Change, Difference, differences};
pub use explain::{Preview, preview};
pub use ladder::{Duty, Ladder, Quiet, Rung, Way, When};
pub use ledger::{Account, Blame, Entry, Row, account, ledger};
pub use moves::{Move, what_would_move};
pub use pause::{Leave, PauseReason, PauseRule};
pub use policy::{Facts, HazardIs, Policy, Specificity};
pub use run::{Lap, Run};
pub use target::{Amount, Base, Target};
pub use timer::{Timer, TimerChange, TimerState, apply_change, sort_due};

use super::class::words;

words! {
    /// Which clock. The chain is register, accept, arrive, restore, close; the last three are not targets of the chain.
    Stage {
        /// The request is understood and has an owner.
        Register = "register",
        /// The owner takes the work.
        Accept = "accept",
        /// The crew is on the spot.
        Arrive = "arrive",
        /// The fault is gone, or the question answered.
        Restore = "restore",
        /// After the resolution: the request is closed.
        Close = "close",
        /// The arbiter names an owner.
        Arbitrate = "arbitrate",
        /// After resolution: how long the resident's silence is waited for. Not a target of anybody.
        Silence = "silence",
        /// The end of a pause. Not a target of anybody.
        Resume = "resume",
    }
}

impl Stage {
    /// The stages that policies give targets for, in the order of the chain.
    pub const CHAIN: [Self; 5] = [Self::Register, Self::Accept, Self::Arrive, Self::Restore, Self::Close];

    /// Somebody is late when it runs out.
    #[must_use]
    pub const fn is_target(self) -> bool {
        !matches!(self, Self::Silence | Self::Resume)
    }

    /// A pause stops it.
    #[must_use]
    pub const fn pauses(self) -> bool {
        matches!(self, Self::Arrive | Self::Restore)
    }
}

/// What a reopening does to the restore clock. The time between resolution and reopening never counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reopen {
    /// A new clock with the whole time.
    #[default]
    Restart,
    /// The old clock goes on where it stood.
    Continue,
}
