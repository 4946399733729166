//! The pure core: what a request is, how it may change, what a clock is, who may do what.
//!
//! No I/O, no async, no ORM and no clock of its own: time is passed in. Nothing here names another room of ours.

pub mod access;
pub mod actor;
pub mod address;
pub mod articles;
pub mod calendar;
pub mod call;
pub mod callback;
pub mod caller;
pub mod catalog;
pub mod class;
pub mod delivery;
pub mod device;
pub mod digest;
pub mod door;
pub mod house;
pub mod identity;
pub mod ids;
pub mod inbound;
pub mod lang;
pub mod number;
pub mod outage;
pub mod outgoing;
pub mod outline;
pub mod password;
pub mod phone;
pub mod reach;
pub mod reading;
pub mod report;
pub mod request;
pub mod retention;
pub mod roles;
pub mod routing;
pub mod search;
pub mod setting;
pub mod shift;
pub mod sla;
pub mod templates;
pub mod text_ref;
pub mod time;
pub mod totp;
pub mod upload;
pub mod verdict;

pub use class::{Class, Hazard};
pub use ids::*;
pub use lang::Lang;
pub use number::RequestNumber;
pub use time::Instant;
