//! The service as people meet it: a real server, real HTTP, a database of its own for every story, each story on both backends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop where it stands")]

mod acts;
mod alarms;
mod books;
mod call_centre;
mod call_files;
mod clocks;
mod cluster;
mod counts;
mod crowded;
mod delivery;
mod erasure;
mod evidence;
mod files;
mod harness;
mod health;
mod hostile;
mod intake;
mod layers;
mod looks;
mod plans;
mod poison;
mod polling;
mod questions;
mod restart;
mod roles;
mod the_loop;
mod understanding;
