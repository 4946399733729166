//! A crew's page: its jobs in order, with large buttons for one hand.

use super::queues::{Row, first_words, need, rows};
use super::shell::{Shell, page, see};
use super::sign_in::{Bare, start};
use super::words::Words;
use crate::dispatch::accounts;
use crate::dispatch::acts::actor_of;
use crate::domain::access::{Permission, Reach, Scope};
use crate::domain::request::ActKind;
use crate::domain::{CrewCode, Instant, RequestId};
use crate::store::messages::PlaceRow;
use crate::store::requests::{self, Stored};
use crate::store::{access_log, messages};
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::mask;
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use std::collections::BTreeMap;

/// Most jobs on one page. A crew has a handful.
const MOST: u64 = 30;

/// One job.
pub(super) struct Job {
    pub row: Row,
    pub version: i64,
    pub address: Option<String>,
    pub point: Option<(String, String)>,
    /// Done by one press.
    pub buttons: Vec<(&'static str, String)>,
    /// May be finished now.
    pub resolve: bool,
}

#[derive(Template)]
#[template(path = "console/jobs.html")]
pub(super) struct JobsPage<'a> {
    pub s: Shell<'a>,
    pub crew: String,
    pub jobs: Vec<Job>,
    /// A code to link a chat with, shown once.
    pub code: Option<String>,
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
            let buttons = [ActKind::Accept, ActKind::Start, ActKind::Arrive, ActKind::Resume];
            Job {
                version: s.request.version,
                address: place.address,
                point: place.lat.zip(place.lon).map(|(lat, lon)| (format!("{lat:.5}"), format!("{lon:.5}"))),
                buttons: buttons.iter().filter(|k| may.contains(k)).map(|k| (k.as_str(), w.of("act", k.as_str()))).collect(),
                resolve: may.contains(&ActKind::Resolve),
                row: Row { excerpt: firsts.get(&s.request.id).map(|t| mask::excerpt(t, 400)).unwrap_or_default(), ..row },
            }
        })
        .collect()
}

async fn load(state: &WebState, session: &Session, crew: &CrewCode, w: &Words<'_>) -> Result<Vec<Job>, ApiError> {
    let list = requests::crew_jobs(state.core.db.read(), crew, MOST).await?;
    let firsts = first_words(state, &list).await?;
    let mut places = BTreeMap::new();
    let actor = actor_of(&session.scope).to_string();
    for s in &list {
        // Addresses stand here unmasked: each one seen is noted.
        access_log::note(state.core.db.write(), state.core.now(), &actor, "job", Some(s.request.id), None).await?;
        if let Some(p) = messages::place_of(state.core.db.read(), s.request.id).await? {
            places.insert(s.request.id, p);
        }
    }
    Ok(jobs_of(w, &session.scope, &list, &firsts, &places, state.core.now()))
}

/// `GET /console/jobs`.
///
/// # Errors
/// `forbidden`.
pub async fn list(req: HttpRequest, state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    need(&session, Permission::ReadJobs)?;
    let Reach::Crew(crew) = &session.scope.reach else { return Ok(see(start(&session))) };
    let mut s = Shell::of(&state, peer::language(&req), &session, "jobs");
    if req.query_string() == "saved=1" {
        let text = s.w.t("console.saved").to_owned();
        s = s.noticed(true, text);
    }
    let jobs = load(&state, &session, crew, &s.w).await?;
    page(StatusCode::OK, &JobsPage { crew: s.w.crew(crew), jobs, code: None, s })
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
    let jobs = load(&state, &session, crew, &s.w).await?;
    page(StatusCode::OK, &JobsPage { crew: s.w.crew(crew), jobs, code: Some(code), s })
}

/// A reload of that page.
pub async fn back() -> HttpResponse {
    see("/console/jobs")
}
