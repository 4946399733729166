//! The Telegram Bot API.
//!
//! | module | what it owns |
//! |---|---|
//! | [`update`] | what one incoming update means to us |
//! | [`parse`] | the way from raw bytes to that meaning |
//! | [`client`] | sending and downloading |
//! | [`poll`] | long polling that keeps the raw bytes |
//! | [`setup`] | the webhook and the bot's own name |
//! | `failure` | what the provider's errors mean |
//! | `text` | the limit of a message's length |
//!
//! Types of messages and the calls come from teloxide; its dispatcher, its webhook server and its throttling are not used, because they keep
//! updates in memory only.

pub mod client;
mod failure;
pub mod parse;
pub mod poll;
pub mod setup;
mod text;
pub mod update;

pub use client::{ConfigError, TelegramChannel, Timeouts};
pub use parse::{ParseError, chat_key, split, update_id};
pub use poll::{PollError, Raw};
pub use update::{ChatType, Incoming, Kind, Media, MediaKind, Sender};

/// The updates we ask for, by webhook and by polling alike; everything else is not sent to us at all.
pub const ALLOWED_UPDATES: [&str; 4] = ["message", "edited_message", "callback_query", "my_chat_member"];
