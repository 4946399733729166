//! Figures over what happened: one definition, whoever asks for them.

pub mod calls;
pub mod summary;
pub mod table;

pub use summary::Summary;
pub use table::Table;
