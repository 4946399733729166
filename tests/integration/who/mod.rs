//! Who is who: second factors, sessions, tokens of programs, and what an attacker tries against them.

pub mod factor;
mod foreign;
mod given;
mod guessing;
mod rights;
mod sessions;

use crate::harness::{Options, PASSWORD};
use jambyl109::dispatch::staff_accounts::NewStaff;
use jambyl109::domain::Lang;
use jambyl109::domain::access::Role;

fn behind_a_proxy() -> Options {
    Options::with("HTTP__TRUSTED_PROXIES", "127.0.0.1")
}

fn account(login: &str, role: Role) -> NewStaff {
    NewStaff {
        login: login.to_owned(),
        name: format!("Қызметкер {login}"),
        role,
        queues: Vec::new(),
        districts: Vec::new(),
        crew: None,
        lang: Lang::Kk,
        password: PASSWORD.to_owned(),
    }
}
