//! The doors of staff: dispatchers, crews, managers and administrators, and programs that act for them.

pub mod acts;
pub mod attachments;
pub mod audit;
pub mod books;
pub mod call_report;
pub mod callbacks;
pub mod calls;
pub mod clocks;
pub mod crews;
pub mod delivery;
pub mod detail;
pub mod drafts;
pub mod events;
pub mod mail;
pub mod outages;
pub mod people;
pub mod queues;
pub mod recordings;
pub mod reports;
pub mod requests;
pub mod residents;
pub mod rights;
pub mod session;
pub mod settings;
pub mod social;
mod verdict;
