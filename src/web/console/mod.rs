//! `/console`: pages for dispatchers, crews and managers, rendered here, whole without a script.
//!
//! A handler reads through the store with the caller's scope, does one use case and renders one template. Every form carries the session's token.

mod acts;
pub(in crate::web) mod assets;
mod clocks;
mod create;
mod jobs;
mod material;
mod queues;
mod reading;
mod request;
pub(in crate::web) mod shell;
mod sign_in;
#[cfg(test)]
pub(in crate::web) mod tests;
mod thread;
pub(in crate::web) mod words;

use super::error::ApiError;
use super::state::WebState;
use crate::domain::Lang;
use actix_web::HttpResponse;
use actix_web::web::{ServiceConfig, get, post, resource};
use askama::Template;
use shell::{Shell, see};

/// Routes of the console.
pub fn configure(c: &mut ServiceConfig) {
    c.route("/console/assets/{file}", get().to(assets::file));
    c.route("/console", get().to(sign_in::home)).route("/console/", get().to(sign_in::home));
    c.service(resource("/console/sign-in").route(post().to(sign_in::sign_in)).route(get().to(sign_in::home)));
    c.route("/console/sign-out", post().to(sign_in::sign_out));
    c.route("/console/lang/{lang}", get().to(sign_in::lang));
    c.route("/console/queues", get().to(queues::overview));
    c.route("/console/queues/{code}", get().to(queues::list));
    c.route("/console/find", get().to(request::find));
    c.service(resource("/console/new").route(get().to(create::form)).route(post().to(create::create)));
    c.route("/console/requests/{number}", get().to(request::show));
    c.route("/console/requests/{number}/personal", post().to(request::personal));
    c.route("/console/requests/{number}/acts/{act}", post().to(request::do_act));
    c.route("/console/requests/{number}/files/{id}", get().to(request::open_file));
    c.route("/console/requests/{number}/ledger", get().to(clocks::account));
    c.route("/console/notices", get().to(clocks::screen));
    c.service(resource("/console/notices/{id}/seen").route(post().to(clocks::seen)).route(get().to(clocks::screen)));
    c.route("/console/requests/{number}/{rest:.*}", get().to(request::back));
    c.route("/console/jobs", get().to(jobs::list));
    c.service(resource("/console/link-code").route(post().to(jobs::link_code)).route(get().to(jobs::back)));
}

#[derive(Template)]
#[template(path = "console/error.html")]
struct ErrorPage<'a> {
    s: Shell<'a>,
    status: u16,
    text: String,
    request_id: String,
}

/// A page for an error, instead of a problem document. Who is not signed in is led to the sign-in form.
#[must_use]
pub fn error_page(state: &WebState, lang: Lang, e: &ApiError, title: &str, request_id: &str) -> HttpResponse {
    if e.code == "unauthorized" {
        return see("/console");
    }
    let template = ErrorPage {
        s: Shell::new(state, lang, None, "error"),
        status: e.status().as_u16(),
        text: title.to_owned(),
        request_id: request_id.to_owned(),
    };
    shell::page(e.status(), &template)
        .unwrap_or_else(|_| HttpResponse::build(e.status()).content_type("text/plain; charset=utf-8").body(title.to_owned()))
}
