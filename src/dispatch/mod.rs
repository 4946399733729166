//! The core of the service: use cases, one transaction each.
//!
//! A use case reads what it needs, lets `domain` and `dialogue` decide, collects all consequences in [`effects::Effects`], writes them in one
//! transaction and gives signals after the commit. Nothing here talks to a network.

pub mod accounts;
pub mod acts;
pub mod alarm;
mod apply;
pub mod books;
pub mod call_desk;
mod conversation;
pub mod crew_desk;
pub mod deadline;
pub mod effects;
pub mod erase;
pub mod error;
pub mod inbox;
pub mod intake;
pub mod learning;
pub mod ledger;
pub mod notices;
mod notify;
pub mod numbers;
pub mod problems;
mod reader;
pub mod record;
pub mod register;
pub mod resident_desk;
pub mod secrets;
pub mod verify;

mod core;

pub use core::{Core, Settings};
pub use error::DispatchError;
pub use reader::Reader;
