//! Jambyl 109: the single dispatch service of the Zhambyl oblast.
//!
//! The map: `domain`, `triage` and `dialogue` decide and know nothing of the world; `store` is the only room that names the database's library;
//! `dispatch` holds the use cases, one transaction each; `channels` is the seam to the wires of the `bots` crate; `workers` and `web` are the doors
//! through which time and people come in; `app` puts it all together; `cli` is what a person starts. Arrows point down, and a test checks it.

pub mod app;
pub mod bus;
pub mod channels;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dialogue;
pub mod dispatch;
pub mod domain;
pub mod lifecycle;
pub mod metrics;
pub mod reports;
pub mod store;
pub mod telemetry;
pub mod telephony;
pub mod timers;
pub mod triage;
pub mod web;
pub mod workers;
