//! What stories are told with.

pub mod browser;
pub mod bucket;
pub mod doors;
pub mod http;
pub mod imap;
pub mod kit;
pub mod letters;
pub mod log;
pub mod meta;
pub mod openapi;
pub mod parts;
pub mod pbx;
pub mod people;
pub mod provider;
pub mod sms;
pub mod smtp;
pub mod telegram;
pub mod wire;
pub mod world;

pub use browser::{Browser, csrf_of, leads};
pub use doors::{Delivery, Door, Visitor};
pub use http::{Answer, Api, sane};
pub use imap::FakeImap;
pub use kit::{Backend, Kit};
pub use letters::Letter;
pub use meta::MetaFail;
pub use people::{AppResident, CrewMember, PASSWORD, Resident, Staff, deliver, number_in};
pub use sms::SmsFail;
pub use smtp::{FakeSmtp, SmtpFail};
pub use telegram::Fail;
pub use world::{Options, SECRET, World, text};

/// Makes each story a test on the embedded backend and one on PostgreSQL with Redis.
macro_rules! stories {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(kit) = crate::harness::Kit::sqlite().await {
                    super::$name(kit).await;
                }
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(kit) = crate::harness::Kit::postgres().await {
                    super::$name(kit).await;
                }
            })*
        }
    };
}
pub(crate) use stories;
