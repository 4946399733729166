//! How long data are kept, and a resident's rights: pages for those who may.

use super::admin::tabs;
use super::people::Choice;
use super::shell::{Shell, page, see};
use super::words::Words;
use crate::config::local_date_time;
use crate::dispatch::DispatchError;
use crate::dispatch::retention::{self, Line};
use crate::dispatch::rights::{self, By};
use crate::domain::ResidentId;
use crate::domain::retention::Keep;
use crate::store::residents::Resident;
use crate::store::rights as held;
use crate::store::upkeep;
use crate::web::api::staff_rights;
use crate::web::auth::Session;
use crate::web::error::{ApiError, title};
use crate::web::state::WebState;
use crate::web::{gone, mask, peer};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

/// The tabs of administration, for whoever may open them.
fn beside(s: &Shell<'_>, here: &str) -> Vec<Choice> {
    if s.who.as_ref().is_some_and(|w| w.admin) { tabs(&s.w, here) } else { Vec::new() }
}

/// One kind of data on the page.
#[derive(Debug, Clone)]
pub(super) struct KindLine {
    pub name: String,
    pub why: String,
    pub rule: String,
    pub oldest: Option<String>,
    pub ran: Option<String>,
    pub deleted: i64,
    pub total: i64,
    pub failed: bool,
}

#[derive(Template)]
#[template(path = "console/retention.html")]
pub(super) struct RetentionPage<'a> {
    pub s: Shell<'a>,
    pub tabs: Vec<Choice>,
    pub lines: Vec<KindLine>,
    /// When the last whole round began.
    pub last: Option<String>,
}

fn line(w: &Words<'_>, l: &Line) -> KindLine {
    KindLine {
        name: w.of("keep_kind", l.kind.as_str()),
        why: if l.kind.changes().is_some() { w.t("keep.changes").to_owned() } else { String::new() },
        rule: match l.keep {
            Keep::Forever => w.t("keep.forever").to_owned(),
            Keep::Days(0) => w.t("keep.at_once").to_owned(),
            Keep::Days(n) => w.with("keep.days", "count", &n.to_string()),
        },
        oldest: l.oldest.map(local_date_time),
        ran: l.last.as_ref().map(|r| local_date_time(r.ran_at)),
        deleted: l.last.as_ref().map_or(0, |r| r.deleted),
        total: l.last.as_ref().map_or(0, |r| r.total),
        failed: l.last.as_ref().is_some_and(|r| r.error.is_some()),
    }
}

/// `GET /console/admin/retention`.
///
/// # Errors
/// The store's.
pub async fn retention(req: HttpRequest, state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    let s = Shell::of(&state, peer::language(&req), &session, "retention");
    let lines = retention::look(&state.core).await?.iter().map(|l| line(&s.w, l)).collect();
    let last = upkeep::all(state.core.db.read()).await?.get(upkeep::RETENTION).copied().map(local_date_time);
    page(StatusCode::OK, &RetentionPage { tabs: beside(&s, "retention"), s, lines, last })
}

/// Who was found, masked, and how much is held.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub id: String,
    pub name: String,
    pub phone: String,
    pub amounts: Vec<(String, usize)>,
}

#[derive(Template)]
#[template(path = "console/rights.html")]
pub(super) struct RightsPage<'a> {
    pub s: Shell<'a>,
    pub tabs: Vec<Choice>,
    pub found: Option<Found>,
    /// A ticket that was just made: where the archive is.
    pub ticket: Option<String>,
}

impl<'a> RightsPage<'a> {
    fn new(s: Shell<'a>, found: Option<Found>, ticket: Option<String>) -> Self {
        Self { tabs: beside(&s, "rights"), s, found, ticket }
    }
}

fn found(w: &Words<'_>, r: &Resident, amounts: [usize; 4]) -> Found {
    let names = ["keep.requests", "keep.chats", "keep.files", "keep.calls"].map(|k| w.t(k).to_owned());
    let phone = r
        .number()
        .map_or_else(|| "—".to_owned(), |(p, proved)| if proved { p.masked() } else { format!("{} ({})", p.masked(), w.t("keep.claimed")) });
    let name = r.name.as_deref().map_or_else(|| "—".to_owned(), mask::name);
    Found { id: r.id.to_string(), name, phone, amounts: names.into_iter().zip(amounts).collect() }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    csrf: String,
    who: String,
    reason: String,
}

/// `GET /console/admin/rights`.
///
/// # Errors
/// None of its own.
pub async fn form(req: HttpRequest, state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    let s = Shell::of(&state, peer::language(&req), &session, "rights");
    page(StatusCode::OK, &RightsPage::new(s, None, None))
}

/// What was refused, told on the page; what is no refusal goes on as an error.
fn refused(state: &WebState, s: Shell<'_>, found: Option<Found>, e: DispatchError) -> Result<HttpResponse, ApiError> {
    match e {
        DispatchError::Invalid { .. } | DispatchError::NotFound => {
            let code = e.code();
            let text = if code == "not_found" { s.w.t("keep.nobody").to_owned() } else { title(&state.core.book, s.w.lang, code).to_owned() };
            page(ApiError::new(code).status(), &RightsPage::new(s.noticed(false, text), found, None))
        }
        e => Err(e.into()),
    }
}

async fn shown(state: &WebState, s: &Shell<'_>, id: ResidentId) -> Result<Found, DispatchError> {
    let r = rights::find(&state.core, &id.to_string()).await?;
    Ok(found(&s.w, &r, held::amounts(state.core.db.read(), id).await?))
}

/// `POST /console/admin/rights`: looks somebody up. A form, because a telephone number never stands in an address.
///
/// # Errors
/// `forbidden` without the form's token; the store's.
pub async fn find(req: HttpRequest, state: web::Data<WebState>, session: Session, form: web::Form<Asked>) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    let s = Shell::of(&state, peer::language(&req), &session, "rights");
    match rights::find(&state.core, &form.who).await {
        Ok(r) => {
            let found = Some(found(&s.w, &r, held::amounts(state.core.db.read(), r.id).await?));
            page(StatusCode::OK, &RightsPage::new(s, found, None))
        }
        Err(e) => refused(&state, s, None, e),
    }
}

fn resident(text: &str) -> Result<ResidentId, ApiError> {
    text.parse().map_err(|_| ApiError::new("not_found"))
}

/// `POST /console/admin/rights/{id}/export`: a ticket, with the link that it opens once.
///
/// # Errors
/// `forbidden` without the form's token; `not_found`; the store's.
pub async fn ask(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    path: web::Path<String>,
    form: web::Form<Asked>,
) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    let id = resident(&path)?;
    let s = Shell::of(&state, peer::language(&req), &session, "rights");
    let found = Some(shown(&state, &s, id).await?);
    match rights::ask(&state.core, &session.scope, id, &form.reason).await {
        Ok(ticket) => page(StatusCode::OK, &RightsPage::new(s, found, Some(ticket.id.to_string()))),
        Err(e) => refused(&state, s, found, e),
    }
}

/// `GET /console/admin/rights/exports/{id}`.
///
/// # Errors
/// `not_found` for a ticket that opens nothing any more.
pub async fn archive(state: web::Data<WebState>, session: Session, path: web::Path<String>) -> Result<HttpResponse, ApiError> {
    staff_rights::archive(&state, &session.scope, &path).await
}

/// `POST /console/admin/rights/{id}/erase`.
///
/// # Errors
/// `forbidden` without the form's token; `not_found`; the store's: then nothing was erased.
pub async fn erase(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    path: web::Path<String>,
    form: web::Form<Asked>,
) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    let id = resident(&path)?;
    let s = Shell::of(&state, peer::language(&req), &session, "rights");
    match rights::forget(&state.core, By::Staff(&session.scope), id, &form.reason).await {
        Ok(erased) => {
            let left = gone::delete(&state, erased).await;
            let s = if left == 0 {
                let text = s.w.t("keep.erased").to_owned();
                s.noticed(true, text)
            } else {
                let text = s.w.with("keep.recordings_left", "count", &left.to_string());
                s.noticed(false, text)
            };
            page(StatusCode::OK, &RightsPage::new(s, None, None))
        }
        Err(e) => {
            let found = shown(&state, &s, id).await.ok();
            refused(&state, s, found, e)
        }
    }
}

/// Where a form leads when its address is opened again: back to the beginning.
pub async fn back() -> HttpResponse {
    see("/console/admin/rights")
}
