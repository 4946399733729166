//! The seam to the wires: a payload becomes a `domain::Inbound`, an outbox row becomes words in the reader's language.

pub mod mail;
pub mod registry;
pub mod render;
pub mod telegram;

pub use registry::Registry;

/// The wires' own faces, for those who carry messages: this room is the only one that names the `bots` crate.
pub mod wire {
    pub use bots::channel::{FetchError, SendError};
    pub use bots::telegram::{PollError, TelegramChannel};
}
