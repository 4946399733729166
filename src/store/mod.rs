//! The only room that names the ORM: entities, and functions over a connection or a transaction.
//!
//! Reading functions take the caller's scope where people are behind them. Only dispatch, telephony and workers begin transactions, through [`Db`].

pub mod access_log;
pub mod alarms;
mod among;
pub mod attachments;
pub mod audit;
pub mod books;
mod bulk;
pub mod callbacks;
pub mod calls;
pub mod codes;
pub mod conversations;
pub mod corrections;
mod db;
pub mod drafts;
pub mod duties;
pub mod entity;
mod error;
pub mod houses;
pub mod idempotency;
pub mod journal;
pub mod leases;
pub mod listed;
pub mod messages;
pub mod models;
pub mod notices;
pub mod outbox;
pub mod rates;
pub mod raw_events;
pub mod requests;
pub mod residents;
pub mod staff;
pub mod stats;
pub mod tally;
pub mod timers;
pub mod tokens;
pub mod watchers;

pub use bulk::Bulk;
pub use db::{Backend, Conn, Db, Tx, Watch};
pub use error::StoreError;
