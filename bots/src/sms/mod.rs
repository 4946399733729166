//! Short messages through any HTTP gateway that can be described in a configuration file.
//!
//! | module | what it owns |
//! |---|---|
//! | [`gateway`] | the description: how to ask, how to read the answer, which fields mean what |
//! | [`parts`] | how many parts a text takes, by the alphabets of GSM |
//! | [`client`] | sending |
//! | [`inbound`] | messages and delivery reports that the gateway brings |
//! | `compiled` | a request of the description, ready to be filled |
//! | `answer` | what the gateway's answer to a sending means |
//! | `template` | places in texts and what is put there |

mod answer;
pub mod client;
mod compiled;
pub mod gateway;
pub mod inbound;
pub mod parts;
mod template;

pub use crate::http::Timeouts;
pub use client::SmsChannel;
pub use gateway::{Gateway, GatewayError};
pub use inbound::{Call, Incoming, Piece, Short, pieces, read};
