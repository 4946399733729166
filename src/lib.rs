//! Jambyl 109: the single dispatch service of the Zhambyl oblast.
pub mod domain;
