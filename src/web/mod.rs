//! The doors of HTTP: webhooks, the JSON API, the console, the public page, probes. The only room (besides the demo) that names actix.
//!
//! A handler extracts, calls one use case and shapes the answer. Nothing is decided here.

pub mod api;
pub mod auth;
pub mod console;
pub mod docs;
pub mod error;
pub mod events;
mod files;
mod gone;
pub mod health;
mod layers;
mod mask;
mod outlook;
pub mod peer;
mod photos;
pub mod public;
pub mod routes;
mod sent;
pub mod server;
mod small;
pub mod state;
pub mod webhooks;

pub use server::{Served, serve};
