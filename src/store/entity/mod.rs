//! Rows as the database holds them: one file a table.

pub mod access_log;
pub mod attachment;
pub mod conversation;
pub mod idempotency;
pub mod lease;
pub mod message;
pub mod otp;
pub mod outbox;
pub mod poll_offset;
pub mod rate_window;
pub mod raw_event;
pub mod request;
pub mod request_journal;
pub mod request_place;
pub mod resident;
pub mod sla_timer;
pub mod staff;
pub mod token;
pub mod worker_node;
