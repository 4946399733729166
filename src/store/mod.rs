//! The only room that names the ORM: entities, and functions over a connection or a transaction.
//!
//! Reading functions take the caller's scope where people are behind them. Only dispatch, telephony and workers begin transactions, through [`Db`].

pub mod access_log;
pub mod attachments;
pub mod audit;
mod bulk;
pub mod codes;
pub mod conversations;
mod db;
pub mod entity;
mod error;
pub mod idempotency;
pub mod journal;
pub mod leases;
pub mod listed;
pub mod messages;
pub mod outbox;
pub mod rates;
pub mod raw_events;
pub mod requests;
pub mod residents;
pub mod staff;
pub mod stats;
pub mod timers;
pub mod tokens;

pub use bulk::Bulk;
pub use db::{Backend, Conn, Db, Tx};
pub use error::StoreError;
