//! The seam to the wires: a payload becomes a `domain::Inbound`, an outbox row becomes words in the reader's language.

pub mod mail;
pub mod registry;
pub mod render;
pub mod telegram;

pub use registry::Registry;
