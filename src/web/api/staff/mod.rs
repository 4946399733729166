//! The doors of staff: dispatchers, crews, managers and administrators, and programs that act for them.

pub mod acts;
pub mod attachments;
pub mod crews;
pub mod detail;
pub mod mail;
pub mod queues;
pub mod reports;
pub mod requests;
pub mod session;
