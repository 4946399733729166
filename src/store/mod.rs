//! The only room that names the ORM: entities, and functions over a connection or a transaction.
//!
//! Reading functions take the caller's scope where people are behind them. Only dispatch, telephony and workers begin transactions, through [`Db`].

pub mod access_log;
pub mod alarms;
mod among;
pub mod attachments;
pub mod audit;
pub mod board;
pub mod books;
mod bulk;
pub mod callbacks;
pub mod calls;
pub mod choices;
pub mod codes;
pub mod consents;
pub mod conversations;
pub mod corrections;
mod db;
pub mod deliveries;
pub mod devices;
pub mod doomed;
pub mod drafts;
pub mod duties;
pub mod entity;
pub mod errands;
mod error;
pub mod houses;
pub mod idempotency;
pub mod joined;
pub mod joins;
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
pub mod search;
pub mod second_factor;
pub mod sessions;
pub mod social;
pub mod staff;
pub mod stats;
pub mod tally;
pub mod timers;
pub mod tokens;
pub mod watchers;
pub mod wires;

pub use bulk::Bulk;
pub use db::{Backend, Conn, Db, Tx, Watch};
pub use error::StoreError;
