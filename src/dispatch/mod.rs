//! The core of the service: use cases, one transaction each.
//!
//! A use case reads what it needs, lets `domain` and `dialogue` decide, collects all consequences in [`effects::Effects`], writes them in one
//! transaction and gives signals after the commit. Nothing here talks to a network.

pub mod accounts;
pub mod acts;
pub mod alarm;
pub mod app_session;
mod apply;
pub mod articles;
pub mod audit;
pub mod books;
pub mod call_desk;
mod cascade;
mod colleagues;
mod comments;
mod conversation;
pub mod crew_desk;
pub mod deadline;
pub mod desk;
pub mod devices;
pub mod digest_readers;
pub mod duty;
pub mod editions;
pub mod effects;
pub mod erase;
pub mod error;
pub mod export;
pub mod held;
pub mod identities;
pub mod inbox;
pub mod intake;
pub mod ladder;
pub mod learning;
pub mod ledger;
mod letters;
pub mod limits;
pub mod notices;
mod notify;
pub mod numbers;
pub mod outages;
mod passwords;
pub mod places;
pub mod problems;
mod proving;
mod push;
pub mod reach;
mod reader;
pub mod receipts;
pub mod record;
pub mod register;
pub mod resident_desk;
pub mod retention;
pub mod rights;
pub mod road;
mod seal;
pub mod search;
pub mod second_factor;
pub mod secrets;
pub mod settings;
mod short;
pub mod sign_in;
pub mod staff_accounts;
pub mod staff_sessions;
pub mod undo;
mod unsent;
pub mod uploads;
pub mod verify;
mod wishes;

mod core;

pub use core::{Core, Settings};
pub use error::DispatchError;
pub use reader::Reader;
