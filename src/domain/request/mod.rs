//! A service request: its state, the events that change it, the acts that people and clocks perform on it, and the chain that proves it.

mod act;
mod chain;
mod event;
mod state;
#[cfg(test)]
mod tests;

pub use act::{Act, ActError, ActKind, Ground, decide};
pub use chain::{ChainKey, GENESIS, Link, RowHash, link};
pub use event::{CloseReason, Event, EventKind};
pub use state::{Priority, Registration, Request, Status, fold};
