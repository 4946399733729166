//! Figures over what happened: one definition, whoever asks for them.

pub mod calls;
pub mod corrections;
pub mod deliveries;
pub mod digest;
pub mod export;
pub mod facts;
pub mod plot;
pub mod present;
pub mod report;
pub mod series;
pub mod sheet;
pub mod summary;
pub mod table;

pub use facts::Facts;
pub use table::Table;
