//! Clocks: which targets a request has, and how acts start, stop, pause and move them. Targets are data (`config/sla.toml`).

mod clocks;
mod policy;

pub use clocks::{Timer, TimerChange, TimerState, apply_change, changes, sort_due};
pub use policy::{Policy, SlaBook, Targets};

use super::class::words;

words! {
    /// Which clock.
    Stage {
        /// The owner takes the work.
        Accept = "accept",
        /// The fault is gone, or the question answered.
        Restore = "restore",
        /// After resolution: how long the resident's silence is waited for. Not a target of anybody.
        Silence = "silence",
    }
}
