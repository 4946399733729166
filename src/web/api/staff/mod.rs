//! The doors of staff: dispatchers, crews, managers and administrators, and programs that act for them.

pub mod acts;
pub mod attachments;
pub mod books;
pub mod call_report;
pub mod callbacks;
pub mod calls;
pub mod clocks;
pub mod crews;
pub mod detail;
pub mod drafts;
pub mod events;
pub mod mail;
pub mod queues;
pub mod recordings;
pub mod reports;
pub mod requests;
pub mod session;
mod verdict;
