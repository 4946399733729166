//! The managers' rooms: the wall of today, the reports of any period, and the requests behind every figure.

mod asked;
mod labels;
mod listed;
mod page;
#[cfg(test)]
mod tests;
mod wall;

pub(in crate::web) use asked::{LONGEST_DAYS, sent};
pub use listed::show as listed;
pub use page::show;
pub use wall::show as wall;
