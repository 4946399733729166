//! The WhatsApp Cloud API.
//!
//! | module | what it owns |
//! |---|---|
//! | [`incoming`] | what one piece means to us |
//! | [`pieces`] | cutting a webhook body of WhatsApp |
//! | [`read`] | the way from a piece to its meaning: who, when |
//! | `content` | and what |
//! | `compose` | a message in the provider's words, within its limits |
//! | `person` | who a piece is about |
//! | `text` | cutting and dividing texts by characters |
//! | [`client`] | sending, downloading, marks |
//! | `hashing` | the hash of a file as it comes |
//!
//! A person is known by a business-scoped id; their number may be absent. A send that was taken is only accepted: what becomes of it is told later,
//! by receipts.

pub mod client;
mod compose;
mod content;
mod hashing;
pub mod incoming;
mod person;
mod pieces;
mod read;
mod text;

pub use client::WhatsappChannel;
pub use incoming::{Card, Incoming, Kind, Media, MediaKind, Sender};
pub use pieces::pieces;
pub use read::{ReadError, read};

/// What stands under `object` in every webhook body of WhatsApp.
pub const OBJECT: &str = "whatsapp_business_account";
