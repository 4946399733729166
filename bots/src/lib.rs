//! Wires of the messengers: how their payloads look, how they are signed and how to answer them.
//!
//! | module | what it owns |
//! |---|---|
//! | [`channel`] | the face every wire shows to a sender: messages, keyboards, files and what may go wrong |
//! | [`signature`] | proof that a webhook call comes from the provider |
//! | [`telegram`] | the Telegram Bot API: reading updates, sending, polling, webhook setup |
//! | [`stub`] | a wire that only remembers; for tests, demos and channels without a contract yet |
//!
//! The crate knows nothing of requests, queues or languages. It logs no tokens, no phones and no message text.

pub mod channel;
pub mod signature;
pub mod stub;
pub mod telegram;
