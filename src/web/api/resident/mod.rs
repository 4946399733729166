//! The doors of residents: the mobile application and integrations that act for one person.

pub mod articles;
pub mod auth;
pub mod catalog;
pub mod devices;
pub mod me;
pub mod media;
pub mod outages;
pub mod requests;
pub mod thread;
