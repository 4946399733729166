//! `/console`: pages for dispatchers, crews and managers, rendered here, whole without a script.
//!
//! A handler reads through the store with the caller's scope, does one use case and renders one template. Every form carries the session's token.

mod account;
mod acts;
mod admin;
mod alive;
mod around;
pub(in crate::web) mod assets;
mod audit;
mod board;
mod bulk;
mod calls;
mod clocks;
mod create;
#[cfg(test)]
mod desk_tests;
mod duty;
mod find;
mod gate;
mod jobs;
mod keep;
mod letter;
mod lines;
mod map;
mod map_points;
mod material;
mod outages;
mod own_password;
mod people;
mod queues;
mod reading;
pub(in crate::web) mod reports;
mod request;
mod road;
pub(in crate::web) mod shell;
mod sign_in;
#[cfg(test)]
pub(in crate::web) mod tests;
mod thread;
#[cfg(test)]
mod who_tests;
pub(in crate::web) mod words;

use super::api::access::Access::{self, Half, May, Open, SignedIn};
use super::error::ApiError;
use super::state::WebState;
use crate::domain::Lang;
use crate::domain::access::Permission as P;
use crate::domain::request::ActKind;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, guard, middleware};
use askama::Template;
use shell::{Shell, see};

/// One row of the console's table.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// `GET` or `POST`.
    pub method: &'static str,
    pub path: &'static str,
    /// What it asks of the session. Every `POST` asks for the session's form token besides.
    pub access: Access,
}

macro_rules! table {
    ($($method:ident $path:literal $access:expr => $handler:expr;)*) => {
        /// Every path of the console. What is not listed does not exist; [`gate`] reads the row before the handler runs.
        pub const PAGES: &[Page] = &[$(Page { method: stringify!($method), path: $path, access: $access }),*];

        /// Routes of the console, in the order in which they are tried.
        pub fn configure(c: &mut ServiceConfig) {
            $(c.service(
                web::resource($path)
                    .guard(table!(@guard $method))
                    .app_data::<Access>($access)
                    .wrap(middleware::from_fn(gate::admit))
                    .route(web::route().to($handler)),
            );)*
        }
    };
    (@guard GET) => { guard::Get() };
    (@guard POST) => { guard::Post() };
}

table! {
    GET "/console/assets/{file}" Open => assets::file;
    // Who is who.
    GET "/console" Open => sign_in::home;
    GET "/console/" Open => sign_in::home;
    GET "/console/sign-in" Open => sign_in::home;
    POST "/console/sign-in" Open => sign_in::sign_in;
    GET "/console/second-factor" Half => sign_in::second_factor_form;
    POST "/console/second-factor" Half => sign_in::second_factor;
    GET "/console/own-password" Half => own_password::show;
    POST "/console/own-password" Half => own_password::choose;
    POST "/console/sign-out" Half => sign_in::sign_out;
    GET "/console/lang/{lang}" Open => sign_in::lang;
    GET "/console/account" SignedIn => account::show;
    POST "/console/account/language" SignedIn => account::language;
    GET "/console/account/password" SignedIn => account::show;
    POST "/console/account/password" SignedIn => account::password;
    GET "/console/account/second-factor" Half => account::second_factor::show;
    POST "/console/account/second-factor" Half => account::second_factor::confirm;
    POST "/console/account/second-factor/codes" SignedIn => account::second_factor::codes;
    POST "/console/account/second-factor/off" SignedIn => account::second_factor::off;
    GET "/console/account/second-factor/{rest}" SignedIn => account::back;
    POST "/console/account/sessions/{id}/end" SignedIn => account::end_session;
    POST "/console/account/sessions/end-others" SignedIn => account::end_others;
    GET "/console/people" May(P::ManageStaff) => people::list;
    POST "/console/people" May(P::ManageStaff) => people::add;
    GET "/console/people/{login}" May(P::ManageStaff) => people::show;
    POST "/console/people/{login}" May(P::ManageStaff) => people::change;
    POST "/console/people/{login}/{what}" May(P::ManageStaff) => people::act;
    GET "/console/people/{login}/{what}" May(P::ManageStaff) => people::back;
    GET "/console/audit" May(P::ReadAudit) => audit::show;
    GET "/console/admin/retention" May(P::KeepData) => keep::retention;
    GET "/console/admin/rights" May(P::ManageRights) => keep::form;
    POST "/console/admin/rights" May(P::ManageRights) => keep::find;
    GET "/console/admin/rights/exports/{id}" May(P::ManageRights) => keep::archive;
    POST "/console/admin/rights/{id}/export" May(P::ManageRights) => keep::ask;
    POST "/console/admin/rights/{id}/erase" May(P::ManageRights) => keep::erase;
    GET "/console/admin/rights/{id}/{act}" May(P::ManageRights) => keep::back;
    // Administration.
    GET "/console/admin" May(P::ManageCatalog) => admin::index::show;
    POST "/console/admin/resend" May(P::ManageCatalog) => admin::index::resend;
    POST "/console/admin/model" May(P::ManageCatalog) => admin::index::rollback;
    GET "/console/admin/texts" May(P::ManageCatalog) => admin::texts::list;
    GET "/console/admin/texts/{code}" May(P::ManageCatalog) => admin::texts::show;
    POST "/console/admin/texts/{code}" May(P::ManageCatalog) => admin::texts::save;
    GET "/console/admin/routing" May(P::ManageCatalog) => admin::routing::show;
    POST "/console/admin/routing" May(P::ManageCatalog) => admin::routing::save;
    GET "/console/admin/templates" May(P::ManageCatalog) => admin::templates::show;
    POST "/console/admin/templates" May(P::ManageCatalog) => admin::templates::save;
    GET "/console/admin/policies" May(P::ManageBooks) => admin::norms::policies;
    POST "/console/admin/policies" May(P::ManageBooks) => admin::norms::change;
    GET "/console/admin/ladders" May(P::ManageBooks) => admin::norms::ladders_page;
    POST "/console/admin/ladders" May(P::ManageBooks) => admin::norms::change_ladders;
    GET "/console/admin/calendars" May(P::ManageBooks) => admin::norms::calendars;
    POST "/console/admin/calendars" May(P::ManageBooks) => admin::norms::change_calendar;
    GET "/console/admin/duties" May(P::ManageBooks) => admin::roster::show;
    POST "/console/admin/duties" May(P::ManageBooks) => admin::roster::change;
    GET "/console/admin/readers" May(P::ManageCatalog) => admin::readers::show_all;
    POST "/console/admin/readers" May(P::ManageCatalog) => admin::readers::add;
    GET "/console/admin/readers/{id}" May(P::ManageCatalog) => admin::readers::show;
    POST "/console/admin/readers/{id}" May(P::ManageCatalog) => admin::readers::save;
    GET "/console/admin/history" May(P::ManageCatalog) => admin::history::show;
    POST "/console/admin/history" May(P::ManageCatalog) => admin::history::restore;
    GET "/console/admin/export" May(P::ManageCatalog) => admin::export;
    GET "/console/admin/{what}" May(P::ManageCatalog) => admin::catalog::list;
    GET "/console/admin/{what}/{code}" May(P::ManageCatalog) => admin::catalog::show;
    POST "/console/admin/{what}/{code}" May(P::ManageCatalog) => admin::catalog::save;
    GET "/console/duty" May(P::ListCrews) => duty::show;
    POST "/console/duty" May(P::Act(ActKind::HandOver)) => duty::hand_over;
    // Work.
    GET "/console/queues" May(P::ListQueues) => queues::overview;
    GET "/console/queues/{code}" May(P::ReadQueue) => queues::list;
    GET "/console/find" SignedIn => find::form;
    POST "/console/find" May(P::ReadRequest) => find::find;
    GET "/console/board" May(P::ReadQueue) => board::show;
    GET "/console/board/rows" May(P::ReadQueue) => board::fresh;
    GET "/console/views" May(P::ReadQueue) => board::back;
    POST "/console/views" May(P::ReadQueue) => board::keep;
    GET "/console/bulk" May(P::ReadQueue) => bulk::back;
    POST "/console/bulk" May(P::ReadQueue) => bulk::run;
    GET "/console/calls" May(P::ReadCalls) => calls::overview;
    GET "/console/calls/{id}" May(P::ReadCalls) => calls::show;
    POST "/console/calls/{id}/request" May(P::CreateForCaller) => calls::take_down;
    POST "/console/calls/{id}/draft" May(P::CreateForCaller) => calls::draft;
    POST "/console/calls/{id}/{act}" May(P::WorkCalls) => calls::settle;
    GET "/console/calls/{id}/{act}" May(P::ReadCalls) => calls::back;
    GET "/console/callbacks" May(P::ReadCalls) => calls::list_again;
    GET "/console/callbacks/{id}" May(P::WorkCalls) => calls::callback;
    POST "/console/callbacks/{id}/take" May(P::WorkCalls) => calls::take;
    POST "/console/callbacks/{id}/outcome" May(P::WorkCalls) => calls::outcome;
    GET "/console/callbacks/{id}/{act}" May(P::ReadCalls) => calls::list_again;
    GET "/console/outages" May(P::ListQueues) => outages::show;
    POST "/console/outages" May(P::ManageOutages) => outages::tell;
    POST "/console/outages/{id}/{act}" May(P::ManageOutages) => outages::act;
    GET "/console/outages/{id}/{act}" May(P::ListQueues) => outages::back;
    GET "/console/map" May(P::ReadQueue) => map::show;
    // Figures.
    GET "/console/wall" May(P::ReadReports) => reports::wall;
    GET "/console/reports" May(P::ReadReports) => reports::show;
    GET "/console/reports/requests" May(P::ReadReports) => reports::listed;
    GET "/console/reports/{name}" May(P::ReadReports) => reports::show;
    GET "/console/events" SignedIn => board::stream;
    GET "/console/alive" SignedIn => alive::alive;
    GET "/console/new" May(P::CreateForCaller) => create::form;
    POST "/console/new" May(P::CreateForCaller) => create::create;
    GET "/console/requests/{number}" May(P::ReadPersonal) => request::show;
    POST "/console/requests/{number}/personal" May(P::ReadPersonal) => request::personal;
    POST "/console/requests/{number}/undo" May(P::ReadPersonal) => request::take_back;
    POST "/console/requests/{number}/presence" May(P::ReadPersonal) => request::presence;
    POST "/console/requests/{number}/acts/{act}" May(P::ReadRequest) => request::do_act;
    GET "/console/requests/{number}/files/{id}" May(P::ReadPersonal) => request::open_file;
    GET "/console/requests/{number}/letters/{id}" May(P::ReadPersonal) => letter::show;
    GET "/console/requests/{number}/ledger" May(P::ReadRequest) => clocks::account;
    GET "/console/notices" SignedIn => clocks::screen;
    POST "/console/notices/{id}/seen" SignedIn => clocks::seen;
    GET "/console/notices/{id}/seen" SignedIn => clocks::screen;
    GET "/console/jobs" May(P::ReadJobs) => jobs::list;
    GET "/console/jobs/worker.js" Open => assets::worker;
    POST "/console/jobs/{number}/phone" May(P::ReadJobs) => road::phone;
    POST "/console/jobs/{number}/acts/{act}" May(P::ReadJobs) => road::act;
    GET "/console/jobs/{number}/{rest:.*}" SignedIn => jobs::back;
    POST "/console/link-code" May(P::ReadJobs) => jobs::link_code;
    GET "/console/link-code" SignedIn => jobs::back;
    GET "/console/requests/{number}/{rest:.*}" SignedIn => request::back;
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
