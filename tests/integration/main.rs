//! The service as people meet it: a real server, real HTTP, a database of its own for every story, each story on both backends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop where it stands")]

mod acts;
mod clocks;
mod delivery;
mod erasure;
mod evidence;
mod harness;
mod health;
mod hostile;
mod intake;
mod layers;
mod poison;
mod polling;
mod questions;
mod restart;
mod roles;
mod the_loop;
