//! Settings and shipped data: what an operator may set, where each value came from, and what is wrong with it.
//!
//! Settings come in four layers, the later over the earlier: the embedded `config/default.toml`, a file, variables `JAMBYL__SECTION__KEY`, and files named
//! by `JAMBYL__SECTION__KEY_FILE`. The data (catalogue, routing, clocks, calendar, texts) is a [`Book`]. This room knows the domain's types and nothing else.

mod data;
mod errors;
mod layers;
mod messages;
mod origin;
mod overlay;
mod present;
mod problems;
mod secret;
mod sections;
mod short;
mod sound;
#[cfg(test)]
mod tests;

pub use data::{Book, data_text};
pub use errors::ConfigErrors;
pub use layers::load;
pub use messages::Messages;
pub use overlay::{Overlay, Text};
pub use present::{local_date_time, local_time};
pub use secret::{Secret, ServiceUrl};
pub use sections::*;

/// The base layer and the manual of every key.
pub const DEFAULT_TOML: &str = include_str!("../../config/default.toml");
