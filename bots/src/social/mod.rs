//! An Instagram account and a Facebook page: direct messages and what people write in public.
//!
//! | module | what it owns |
//! |---|---|
//! | [`incoming`] | what one event means to us |
//! | [`piece`] | a webhook body cut into events, each with its own name |
//! | [`read`](mod@read) | from one event's bytes to its meaning |
//! | [`client`] | sending and answering under posts |
//! | `files` | where files may be asked for |
//! | `failure` | what the provider's refusals mean here |
//! | `limits` | how long things may be |
//! | `mention` | where somebody named us under a post of another account |

pub mod client;
mod failure;
mod files;
pub mod incoming;
mod limits;
mod mention;
pub mod piece;
pub mod read;

pub use client::SocialChannel;
pub use incoming::{Incoming, Kind, Media, MediaKind, Person, Place, Platform, ReplyTo};
pub use piece::pieces;
pub use read::read;
