//! A crew's page: its jobs in order, with large buttons for one hand. Whole without a script; with one it also works without a network.

use super::assets::known;
use super::queues::{Row, first_words, need, rows};
use super::shell::{Shell, page, see};
use super::sign_in::{Bare, start};
use super::words::Words;
use crate::dispatch::accounts;
use crate::dispatch::acts::actor_of;
use crate::domain::access::{Permission, Reach, Role, Scope};
use crate::domain::phone::Phone;
use crate::domain::request::{ActKind, Status};
use crate::domain::sla::{Leave, PauseReason, SlaBook};
use crate::domain::{CrewCode, Instant, RequestId};
use crate::store::messages::PlaceRow;
use crate::store::requests::{self, QueueFilter, Stored};
use crate::store::{access_log, messages};
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::mask;
use crate::web::peer;
use crate::web::small::small;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Most jobs on one page. A crew has a handful.
const MOST: u64 = 30;
/// Most free requests of the crew's own queue shown below them.
const OFFERED: u64 = 5;
/// What is done by one press, in the order of the work.
const PRESSES: [ActKind; 3] = [ActKind::Start, ActKind::Arrive, ActKind::Resume];

/// One act of a job. What is not possible now stands hidden: without a network the page goes on by itself.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub act: &'static str,
    pub label: String,
    pub possible: bool,
}

/// One job.
pub(super) struct Job {
    pub row: Row,
    pub address: Option<String>,
    /// For the telephone's own map, and for 2GIS, which knows the oblast's houses.
    pub geo: Option<String>,
    pub gis: Option<String>,
    /// The caller's number, after it was asked for: as it is dialled and as it is read.
    pub tel: Option<String>,
    pub presses: Vec<Step>,
    pub resolve: bool,
    pub hold: bool,
    /// Acts that are possible now, by name.
    pub may: String,
}

impl Job {
    /// The resident's first words, if any are left.
    pub fn excerpt(&self) -> Option<&str> {
        Some(self.row.excerpt.as_str()).filter(|t| !t.is_empty())
    }
}

/// A request of the crew's own queue that nobody has.
pub(super) struct Free {
    pub row: Row,
}

#[derive(Template)]
#[template(path = "console/jobs.html")]
pub(super) struct JobsPage<'a> {
    pub s: Shell<'a>,
    pub crew: String,
    pub jobs: Vec<Job>,
    pub free: Vec<Free>,
    /// Why something cannot be done: code and words.
    pub reasons: Vec<(&'static str, String)>,
    /// A code to link a chat with, shown once.
    pub code: Option<String>,
    /// Whose acts wait on this telephone: tells members apart and says nothing of them.
    pub who: String,
    /// Names this copy of the page, so that one press of it has one effect.
    pub copy: String,
    /// What the list was when the page was made.
    pub mark: String,
    /// The time of the list.
    pub at: String,
}

/// An address as map applications take it.
fn maps(w: &Words<'_>, place: &PlaceRow, district: &str) -> (Option<String>, Option<String>) {
    let asked = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    match (place.lat.zip(place.lon), &place.address) {
        (Some((lat, lon)), _) => (Some(format!("geo:{lat:.6},{lon:.6}?q={lat:.6},{lon:.6}")), Some(format!("https://2gis.kz/geo/{lon:.6},{lat:.6}"))),
        (None, Some(address)) => {
            let whole = asked(&format!("{}, {district}, {address}", w.t("road.oblast")));
            (Some(format!("geo:0,0?q={whole}")), Some(format!("https://2gis.kz/search/{whole}")))
        }
        _ => (None, None),
    }
}

/// Jobs as the page shows them.
pub(super) fn jobs_of(
    w: &Words<'_>,
    scope: &Scope,
    list: &[Stored],
    firsts: &BTreeMap<RequestId, String>,
    places: &BTreeMap<RequestId, PlaceRow>,
    now: Instant,
) -> Vec<Job> {
    rows(w, list, firsts, now)
        .into_iter()
        .zip(list)
        .map(|(row, s)| {
            let may = super::acts::allowed(scope, &s.request);
            let place = places.get(&s.request.id).cloned().unwrap_or_default();
            let (geo, gis) = maps(w, &place, &row.district);
            let step = |k: &ActKind| Step { act: k.as_str(), label: w.of("road.act", k.as_str()), possible: may.contains(k) };
            let names: Vec<&str> = may.iter().map(|k| k.as_str()).collect();
            Job {
                address: place.address,
                geo,
                gis,
                tel: None,
                presses: PRESSES.iter().map(step).collect(),
                resolve: may.contains(&ActKind::Resolve),
                hold: may.contains(&ActKind::Hold),
                may: names.join(" "),
                row: Row { excerpt: firsts.get(&s.request.id).map(|t| mask::excerpt(t, 400)).unwrap_or_default(), ..row },
            }
        })
        .collect()
}

/// Reasons that a crew may give, by the rules of pauses.
pub(super) fn reasons(w: &Words<'_>, book: &SlaBook) -> Vec<(&'static str, String)> {
    let may = PauseReason::ALL.iter().filter(|p| book.pause(**p).leave(Role::Crew) != Leave::No);
    may.map(|p| (p.as_str(), w.of("pause", p.as_str()))).collect()
}

/// What of the list a reader would see change, as one word.
fn mark(session: &Session, lang: &str, own: &[Stored], free: &[Stored]) -> String {
    let mut all = Sha256::new();
    all.update(format!("{}/{lang}/{}", session.staff.id, env!("CARGO_PKG_VERSION")));
    for s in own.iter().chain(free) {
        all.update(format!("/{}.{}.{}", s.request.number, s.request.version, s.overdue));
    }
    hex::encode(all.finalize()).get(..16).unwrap_or_default().to_owned()
}

/// The lists of a crew: its own jobs, and what is free.
struct Lists {
    own: Vec<Stored>,
    free: Vec<Stored>,
}

async fn lists(state: &WebState, session: &Session, crew: &CrewCode) -> Result<Lists, ApiError> {
    let c = state.core.db.read();
    let own = requests::crew_jobs(c, crew, MOST).await?;
    let mut free = Vec::new();
    if session.may(Permission::Act(ActKind::Accept))
        && let Some(queue) = state.core.book.catalog.crew(crew.as_str()).map(|k| k.queue.clone())
    {
        let filter = QueueFilter { status: Some(Status::Queued), ..QueueFilter::default() };
        let open = Scope { reach: Reach::Queues(vec![queue.clone()]), ..session.scope.clone() };
        free = requests::list_queue(c, &open, &queue, &filter, None, OFFERED).await?;
        free.retain(|s| s.request.crew.is_none());
    }
    Ok(Lists { own, free })
}

/// The crew's page with these lists. Every address on it is noted as seen.
async fn shown<'a>(state: &'a WebState, session: &Session, crew: &CrewCode, s: Shell<'a>, lists: &Lists) -> Result<JobsPage<'a>, ApiError> {
    let c = state.core.db.read();
    let firsts = first_words(state, &lists.own).await?;
    let ids: Vec<RequestId> = lists.own.iter().map(|s| s.request.id).collect();
    let places = messages::places_of(c, &ids).await?;
    let actor = actor_of(&session.scope).to_string();
    for id in &ids {
        access_log::note(state.core.db.write(), state.core.now(), &actor, "job", Some(*id), None).await?;
    }
    let now = state.core.now();
    let books = state.core.books();
    Ok(JobsPage {
        crew: s.w.crew(crew),
        jobs: jobs_of(&s.w, &session.scope, &lists.own, &firsts, &places, now),
        free: rows(&s.w, &lists.free, &BTreeMap::new(), now).into_iter().map(|row| Free { row }).collect(),
        reasons: reasons(&s.w, &books.in_force(now).sla),
        code: None,
        who: crate::dispatch::secrets::sha256(&["road", &session.staff.id.to_string()]).get(..16).unwrap_or_default().to_owned(),
        copy: Uuid::new_v4().simple().to_string(),
        mark: mark(session, s.w.lang.as_str(), &lists.own, &lists.free),
        at: crate::config::local_time(now),
        s,
    })
}

/// `GET /console/jobs`. Asked with the mark of a list that is still the same, it answers 304 and shows nobody anything.
///
/// # Errors
/// `forbidden`.
pub async fn list(req: HttpRequest, state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    need(&session, Permission::ReadJobs)?;
    let Reach::Crew(crew) = &session.scope.reach else { return Ok(see(start(&session))) };
    let lang = peer::language(&req);
    let lists = lists(&state, &session, crew).await?;
    let tag = format!("W/\"{}\"", mark(&session, lang.as_str(), &lists.own, &lists.free));
    if known(&req, &tag) {
        return Ok(HttpResponse::NotModified().insert_header(("cache-control", "no-store")).insert_header(("etag", tag)).finish());
    }
    let mut s = Shell::of(&state, lang, &session, "jobs");
    if let Some((good, text)) = super::road::told(&s.w, &req) {
        s = s.noticed(good, text);
    }
    let mut answer = page(StatusCode::OK, &shown(&state, &session, crew, s, &lists).await?)?;
    answer.headers_mut().insert(actix_web::http::header::ETAG, header(&tag)?);
    Ok(small(&req, answer))
}

fn header(text: &str) -> Result<actix_web::http::header::HeaderValue, ApiError> {
    text.parse().map_err(|_| ApiError::new("internal"))
}

/// The same page with a number to call.
///
/// # Errors
/// As [`list`].
pub(super) async fn with_number(
    req: &HttpRequest,
    state: &WebState,
    session: &Session,
    number: &str,
    phone: Option<&Phone>,
) -> Result<HttpResponse, ApiError> {
    let Reach::Crew(crew) = &session.scope.reach else { return Err(ApiError::new("forbidden")) };
    let lists = lists(state, session, crew).await?;
    let mut s = Shell::of(state, peer::language(req), session, "jobs");
    if phone.is_none() {
        let text = s.w.t("road.no_phone").to_owned();
        s = s.noticed(false, text);
    }
    let mut shown = shown(state, session, crew, s, &lists).await?;
    if let Some(job) = shown.jobs.iter_mut().find(|j| j.row.number == number) {
        job.tel = phone.map(|p| p.e164().to_owned());
    }
    Ok(small(req, page(StatusCode::OK, &shown)?))
}

/// `POST /console/link-code`: a code for the crew's chat, shown once.
///
/// # Errors
/// `forbidden` for others than crews.
pub async fn link_code(req: HttpRequest, state: web::Data<WebState>, session: Session, form: web::Form<Bare>) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    let Reach::Crew(crew) = &session.scope.reach else { return Err(ApiError::new("forbidden")) };
    let code = accounts::link_code(&state.core, session.staff.id).await?;
    let s = Shell::of(&state, peer::language(&req), &session, "jobs");
    let lists = lists(&state, &session, crew).await?;
    page(StatusCode::OK, &JobsPage { code: Some(code), ..shown(&state, &session, crew, s, &lists).await? })
}

/// A reload of that page.
pub async fn back() -> HttpResponse {
    see("/console/jobs")
}
