//! Administration without a programmer: every page changes one part of the configuration, shows what would come of it, and what was changed before.

pub(super) mod catalog;
pub(super) mod history;
pub(super) mod index;
mod ladders;
pub(super) mod norms;
pub(super) mod readers;
pub(super) mod roster;
pub(super) mod routing;
mod shifts;
pub(super) mod templates;
pub(super) mod texts;

use super::people::Choice;
use super::shell::Shell;
use super::words::Words;
use crate::dispatch::acts::actor_of;
use crate::dispatch::settings::{self, Change, Refused};
use crate::dispatch::{DispatchError, export as files};
use crate::domain::setting::{Area, Fault};
use crate::web::auth::Session;
use crate::web::error::{ApiError, title};
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

/// The surroundings of a page of administration; after a change it says so.
pub(super) fn shell<'a>(state: &'a WebState, req: &HttpRequest, session: &Session) -> Shell<'a> {
    let s = Shell::of(state, peer::language(req), session, "admin");
    if req.query_string().split('&').any(|p| p == "saved=1") {
        let text = s.w.t("admin.saved").to_owned();
        return s.noticed(true, text);
    }
    s
}

/// A reason against a change in the reader's language.
pub(super) fn reason(w: &Words<'_>, fault: &Fault) -> String {
    w.book.render(w.lang, &format!("fault.{}", fault.key), &fault.params)
}

/// What was wrong with a change, as sentences; what is no refusal stays an error.
pub(super) fn reasons(state: &WebState, w: &Words<'_>, refused: Refused) -> Result<Vec<String>, ApiError> {
    match refused {
        Refused::Faults(list) => Ok(list.iter().map(|f| reason(w, f)).collect()),
        Refused::Late => Ok(vec![title(&state.core.book, w.lang, "unavailable")]),
        Refused::Other(e @ DispatchError::Invalid { .. }) => Ok(vec![title(&state.core.book, w.lang, e.code())]),
        Refused::Other(e) => Err(e.into()),
    }
}

/// What came of a form: done, or why not.
pub(super) async fn put(
    state: &WebState,
    session: &Session,
    area: Area,
    key: &str,
    value: Option<&str>,
    note: &str,
    expected: Option<i64>,
) -> Result<(), Refused> {
    let change = Change { area, key, value, note, expected };
    settings::change(&state.core, &actor_of(&session.scope), &change).await.map(drop)
}

/// The pages of administration, the present one marked.
pub(in crate::web::console) fn tabs(w: &Words<'_>, here: &str) -> Vec<Choice> {
    const PAGES: [&str; 13] = [
        "texts",
        "queues",
        "services",
        "districts",
        "routing",
        "crews",
        "policies",
        "ladders",
        "calendars",
        "duties",
        "readers",
        "templates",
        "history",
    ];
    let first = Choice::new("/console/admin", w.t("admin.overview"), here == "overview");
    let pages = PAGES.iter().map(|p| Choice::new(&format!("/console/admin/{p}"), w.of("admin", p), *p == here));
    let keeping = [("rights", "keep.menu_rights"), ("retention", "keep.menu")]
        .map(|(page, name)| Choice::new(&format!("/console/admin/{page}"), w.t(name), page == here));
    std::iter::once(first).chain(pages).chain(keeping).collect()
}

/// Things to choose one of, or none.
pub(super) fn choices<T: ToString>(list: impl Iterator<Item = (T, String)>, chosen: &str) -> Vec<Choice> {
    let rest = list.map(|(code, name)| {
        let code = code.to_string();
        Choice { chosen: code == chosen, code, name }
    });
    std::iter::once(Choice::new("", "—", chosen.is_empty())).chain(rest).collect()
}

/// The HTTP status of a page that shows why a change was not made.
pub(super) fn status(faults: &[String]) -> StatusCode {
    if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

/// `GET /console/admin/export`: the whole configuration as an archive of files.
///
/// # Errors
/// Failures of the database.
pub async fn export(state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    let body = files::archive(&state.core, &session.scope).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/x-tar")
        .insert_header(("content-disposition", "attachment; filename=\"jambyl109-config.tar\""))
        .insert_header(("cache-control", "no-store"))
        .body(body))
}
