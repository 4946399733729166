//! Call records of telephone exchanges: their dialects, one call from many rows, and what follows from a call.
//!
//! Bytes are cut into lines ([`lines`]), lines into columns ([`fields`]), columns are read by a dialect ([`dialects`]) under a verified profile
//! ([`profile`], [`verify`]) into a [`record::Record`]; records that share an identifier are one call ([`join`]). All that does no I/O and asks no
//! clock. Files ([`files`]) and posted bodies ([`inbox`]) bring records into the database ([`ingest`]); missed calls are called back ([`callbacks`]).

pub mod agents;
mod apps;
pub mod callbacks;
pub mod centre;
pub mod dialects;
pub mod fields;
pub mod files;
pub mod inbox;
pub mod ingest;
pub mod join;
pub mod lines;
mod merge;
pub mod profile;
pub mod reader;
pub mod record;
pub mod recording;
pub mod source;
pub mod verify;
mod visits;
pub mod watch;
pub mod zone;

#[cfg(test)]
mod tests;
