//! Wires of the messengers: how their payloads look, how they are signed and how to answer them.
//!
//! | module | what it owns |
//! |---|---|
//! | [`channel`] | the face every wire shows to a sender: messages, keyboards, files and what may go wrong |
//! | [`signature`] | proof that a webhook call comes from the provider |
//! | [`telegram`] | the Telegram Bot API: reading updates, sending, polling, webhook setup |
//! | [`meta`] | what the three wires of Meta share: signature, handshake, cutting a webhook body, the Graph client |
//! | [`whatsapp`] | the WhatsApp Cloud API: reading pieces, sending, files |
//! | [`social`] | an Instagram account and a Facebook page: messages, comments, answers under posts |
//! | [`sms`] | short messages through any HTTP gateway: templated requests, inbound, delivery reports, counting of parts |
//! | [`fcm`] | push messages to the mobile application |
//! | [`mail`] | letters: reading them, telling machines from people, the mailbox over IMAP |
//! | [`http`] | what the HTTP wires share |
//! | [`stub`] | a wire that only remembers; for tests, demos and channels without a contract yet |
//!
//! The crate knows nothing of requests, queues or languages. It logs no tokens, no phones and no message text.

pub mod channel;
pub mod fcm;
pub mod http;
pub mod mail;
pub mod meta;
mod raw;
pub mod signature;
pub mod sms;
pub mod social;
pub mod stub;
pub mod telegram;
mod text;
pub mod whatsapp;
