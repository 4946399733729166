//! `/api/v1`: the JSON doors. Here stands their whole table: method, path, who may come in, handler.
//!
//! [`access`] reads the table before any handler runs, so a path that is not listed does not exist and a listed one cannot be reached without what
//! its row asks for. The OpenAPI file is compared with this table by a test.

pub mod access;
pub(super) mod cursor;
pub(super) mod input;
mod resident;
mod staff;
#[cfg(test)]
mod tests;
pub mod view;

use crate::domain::access::Permission as P;
use crate::domain::request::ActKind as K;
use access::Access::{self, May, Open, Person, Resident, SignedIn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{guard, middleware};
use staff::acts;
pub(super) use staff::audit as staff_audit;
pub(super) use staff::calls as staff_calls;
pub(super) use staff::rights as staff_rights;

/// Where every path of the table begins.
pub const BASE: &str = "/api/v1";

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// `GET`, `PUT`, `POST`, `DELETE`.
    pub method: &'static str,
    /// Below [`BASE`].
    pub path: &'static str,
    pub access: Access,
}

macro_rules! table {
    ($($method:ident $path:literal $access:expr => $handler:expr;)*) => {
        /// Every path of the API.
        pub const ROUTES: &[Route] = &[$(Route { method: stringify!($method), path: $path, access: $access }),*];

        /// Routes of the API.
        pub fn configure(c: &mut ServiceConfig) {
            $(c.service(
                web::resource(concat!("/api/v1", $path))
                    .guard(table!(@guard $method))
                    .app_data::<Access>($access)
                    .wrap(middleware::from_fn(access::admit))
                    .route(web::route().to($handler)),
            );)*
        }
    };
    (@guard GET) => { guard::Get() };
    (@guard PUT) => { guard::Put() };
    (@guard POST) => { guard::Post() };
    (@guard DELETE) => { guard::Delete() };
}

table! {
    // Residents.
    POST "/auth/otp" Open => resident::auth::otp;
    POST "/auth/token" Open => resident::auth::token;
    POST "/auth/refresh" Open => resident::auth::refresh;
    POST "/auth/logout" Resident => resident::auth::logout;
    GET "/catalog" Open => resident::catalog::show;
    GET "/outages" Open => resident::outages::list;
    GET "/articles" Open => resident::articles::list;
    POST "/requests" Resident => resident::requests::create;
    GET "/requests" Resident => resident::requests::list;
    GET "/requests/{number}" Resident => resident::requests::show;
    GET "/requests/{number}/messages" Resident => resident::thread::list;
    GET "/requests/{number}/attachments/{id}" Resident => resident::thread::attachment;
    POST "/requests/{number}/messages" Resident => resident::requests::message;
    POST "/requests/{number}/rating" Resident => resident::requests::rating;
    POST "/requests/{number}/reopen" Resident => resident::requests::reopen;
    POST "/requests/{number}/confirm" Resident => resident::requests::confirm;
    POST "/media" Resident => resident::media::put;
    PUT "/devices" Resident => resident::devices::put;
    DELETE "/devices" Resident => resident::devices::remove;
    DELETE "/me" Resident => resident::me::erase;
    // Staff.
    POST "/staff/login" Open => staff::session::login;
    POST "/staff/totp" Open => staff::session::totp;
    POST "/staff/logout" SignedIn => staff::session::logout;
    GET "/staff/me" SignedIn => staff::session::me;
    POST "/staff/link-code" Person => staff::session::link_code;
    POST "/staff/password" Person => staff::session::password;
    GET "/staff/sessions" Person => staff::session::sessions;
    DELETE "/staff/sessions/{id}" Person => staff::session::end;
    GET "/staff/people" May(P::ManageStaff) => staff::people::list;
    POST "/staff/people" May(P::ManageStaff) => staff::people::add;
    GET "/staff/people/{login}" May(P::ManageStaff) => staff::people::show;
    PUT "/staff/people/{login}" May(P::ManageStaff) => staff::people::change;
    POST "/staff/people/{login}/{what}" May(P::ManageStaff) => staff::people::act;
    GET "/staff/tokens" May(P::ManageStaff) => staff::people::tokens;
    POST "/staff/tokens" May(P::ManageStaff) => staff::people::make_token;
    DELETE "/staff/tokens/{id}" May(P::ManageStaff) => staff::people::end_token;
    GET "/staff/audit" May(P::ReadAudit) => staff::audit::show;
    GET "/staff/queues" May(P::ListQueues) => staff::queues::list;
    GET "/staff/queues/{code}/requests" May(P::ReadQueue) => staff::queues::requests;
    POST "/staff/requests" May(P::CreateForCaller) => staff::requests::create;
    GET "/staff/requests/{number}" May(P::ReadRequest) => staff::detail::show;
    POST "/staff/requests/{number}/personal" May(P::ReadPersonal) => staff::detail::personal;
    GET "/staff/requests/{number}/attachments/{id}" May(P::ReadPersonal) => staff::attachments::show;
    POST "/staff/requests/{number}/accept" May(P::Act(K::Accept)) => acts::act::<acts::Accept>;
    POST "/staff/requests/{number}/assign" May(P::Act(K::Assign)) => acts::act::<acts::Assign>;
    POST "/staff/requests/{number}/start" May(P::Act(K::Start)) => acts::act::<acts::Start>;
    POST "/staff/requests/{number}/arrive" May(P::Act(K::Arrive)) => acts::act::<acts::Arrive>;
    POST "/staff/requests/{number}/hold" May(P::Act(K::Hold)) => acts::act::<acts::Hold>;
    POST "/staff/requests/{number}/decline-pause" May(P::Act(K::DeclinePause)) => acts::act::<acts::DeclinePause>;
    POST "/staff/requests/{number}/flag" May(P::Act(K::Flag)) => acts::act::<acts::Flag>;
    POST "/staff/requests/{number}/resume" May(P::Act(K::Resume)) => acts::act::<acts::Resume>;
    POST "/staff/requests/{number}/resolve" May(P::Act(K::Resolve)) => acts::act::<acts::Resolve>;
    POST "/staff/requests/{number}/close" May(P::Act(K::Close)) => acts::act::<acts::Close>;
    POST "/staff/requests/{number}/reopen" May(P::Act(K::Reopen)) => acts::act::<acts::Reopen>;
    POST "/staff/requests/{number}/refuse" May(P::Act(K::Refuse)) => acts::act::<acts::Refuse>;
    POST "/staff/requests/{number}/transfer" May(P::Act(K::Transfer)) => acts::act::<acts::Transfer>;
    POST "/staff/requests/{number}/reject" May(P::Act(K::Reject)) => acts::act::<acts::Reject>;
    POST "/staff/requests/{number}/reclassify" May(P::Act(K::Reclassify)) => acts::act::<acts::Reclassify>;
    POST "/staff/requests/{number}/reply" May(P::Act(K::Reply)) => acts::act::<acts::Reply>;
    POST "/staff/requests/{number}/note" May(P::Act(K::Note)) => acts::act::<acts::Note>;
    POST "/staff/requests/{number}/merge" May(P::Act(K::Merge)) => acts::act::<acts::Merge>;
    GET "/staff/requests/{number}/ledger" May(P::ReadRequest) => staff::clocks::account;
    GET "/staff/sla/preview" May(P::ReadBooks) => staff::clocks::preview;
    GET "/staff/notices" SignedIn => staff::clocks::screen;
    POST "/staff/notices/{id}/seen" SignedIn => staff::clocks::seen;
    GET "/staff/books" May(P::ReadBooks) => staff::books::list;
    POST "/staff/books" May(P::ManageBooks) => staff::books::change;
    POST "/staff/books/preview" May(P::ManageBooks) => staff::books::preview;
    POST "/staff/books/import" May(P::ManageBooks) => staff::books::import;
    GET "/staff/books/{number}" May(P::ReadBooks) => staff::books::show;
    GET "/staff/books/{number}/moves" May(P::ManageBooks) => staff::books::moves;
    POST "/staff/books/{number}/apply" May(P::ManageBooks) => staff::books::apply;
    GET "/staff/duties" May(P::ManageBooks) => staff::books::roster;
    POST "/staff/duties" May(P::ManageBooks) => staff::books::add_duty;
    DELETE "/staff/duties/{id}" May(P::ManageBooks) => staff::books::remove_duty;
    GET "/staff/outages" May(P::ListQueues) => staff::outages::list;
    POST "/staff/outages" May(P::ManageOutages) => staff::outages::tell;
    POST "/staff/outages/{id}/{act}" May(P::ManageOutages) => staff::outages::act;
    GET "/staff/settings/{what}" May(P::ManageCatalog) => staff::settings::list;
    GET "/staff/settings/{what}/{code}" May(P::ManageCatalog) => staff::settings::show;
    PUT "/staff/settings/{what}/{code}" May(P::ManageCatalog) => staff::settings::put;
    GET "/staff/settings-history" May(P::ManageCatalog) => staff::settings::history;
    POST "/staff/settings-history/{number}/restore" May(P::ManageCatalog) => staff::settings::restore;
    GET "/staff/crews" May(P::ListCrews) => staff::crews::list;
    GET "/staff/crews/{code}/jobs" May(P::ReadJobs) => staff::crews::jobs;
    GET "/staff/outbox" May(P::ManageOutbox) => staff::mail::outbox;
    POST "/staff/outbox/{id}/resend" May(P::ManageOutbox) => staff::mail::resend;
    GET "/staff/inbox" May(P::ManageOutbox) => staff::mail::inbox;
    GET "/staff/channels" May(P::ListQueues) => staff::delivery::channels;
    GET "/staff/reports/summary" May(P::ReadReports) => staff::reports::summary;
    GET "/staff/reports/calls" May(P::ReadReports) => staff::call_report::show;
    GET "/staff/reports/sla" May(P::ReadReports) => staff::reports::sla;
    GET "/staff/reports/queues" May(P::ReadReports) => staff::reports::queues;
    GET "/staff/reports/repeats" May(P::ReadReports) => staff::reports::repeats;
    GET "/staff/reports/social" May(P::ReadReports) => staff::social::show;
    // The call centre.
    GET "/staff/calls" May(P::ReadCalls) => staff::calls::list;
    GET "/staff/calls/{id}" May(P::ReadCalls) => staff::calls::card;
    GET "/staff/calls/{id}/recording" May(P::HearRecordings) => staff::recordings::show;
    POST "/staff/calls/{id}/join" May(P::WorkCalls) => staff::calls::join;
    POST "/staff/calls/{id}/part" May(P::WorkCalls) => staff::calls::part;
    POST "/staff/calls/{id}/consultation" May(P::WorkCalls) => staff::calls::consultation;
    GET "/staff/callbacks" May(P::ReadCalls) => staff::callbacks::list;
    POST "/staff/callbacks/{id}/take" May(P::WorkCalls) => staff::callbacks::take;
    POST "/staff/callbacks/{id}/outcome" May(P::WorkCalls) => staff::callbacks::outcome;
    // Who is who.
    POST "/staff/joins/{id}/undo" May(P::PartResidents) => staff::residents::undo;
    POST "/staff/residents/{id}/release-phone" May(P::PartResidents) => staff::residents::release;
    POST "/staff/rights/find" May(P::ManageRights) => staff::rights::find;
    GET "/staff/rights/exports/{id}" May(P::ManageRights) => staff::rights::export;
    POST "/staff/rights/{id}/export" May(P::ManageRights) => staff::rights::ask;
    POST "/staff/rights/{id}/erase" May(P::ManageRights) => staff::rights::erase;
    GET "/staff/drafts" SignedIn => staff::drafts::list;
    GET "/staff/drafts/{name}" SignedIn => staff::drafts::show;
    PUT "/staff/drafts/{name}" SignedIn => staff::drafts::put;
    DELETE "/staff/drafts/{name}" SignedIn => staff::drafts::remove;
    GET "/staff/events" SignedIn => staff::events::stream;
}
