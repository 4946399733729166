//! Calls: who rings now, who called, who is to be called back; and the card of one call, from which a request is taken down.

use super::create::{NewForm, NewPage, read};
use super::lines::{Beside, Line, beside, lines};
use super::queues::need;
use super::road::wants_json;
use super::shell::{Shell, page, see};
use super::sign_in::Bare;
use super::words::{Due, Words};
use crate::config::{local_date_time, local_time};
use crate::dispatch::acts::actor_of;
use crate::dispatch::resident_desk::for_caller;
use crate::dispatch::search::behind;
use crate::dispatch::{DispatchError, call_desk};
use crate::domain::access::Permission;
use crate::domain::callback::{Attempt, Callback, State, urgency};
use crate::domain::phone::Phone;
use crate::domain::{CallId, CallbackId, Instant, RequestNumber, house};
use crate::store::access_log::{self, Entry};
use crate::store::calls::list::{self, Filter};
use crate::store::calls::{self, StoredCall, links};
use crate::store::requests::Stored;
use crate::store::{callbacks, drafts, houses, messages, requests};
use crate::web::auth::Session;
use crate::web::error::{ApiError, title};
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::Duration;
use serde::Deserialize;

/// Calls, and call-backs, on the page.
const SHOWN: u64 = 40;
/// Requests of the caller on the card.
const OF_CALLER: usize = 40;
/// Calls that began longer ago do not last any more: somebody forgot a line.
const LASTING: Duration = Duration::hours(2);
/// How far back requests about the caller's house are of interest.
const HOUSE_DAYS: i64 = 7;

/// One call in a list.
#[derive(Debug, Clone)]
pub(super) struct CallLine {
    pub id: String,
    pub caller: String,
    pub at: String,
    /// `ringing`, `answered`, `ended`.
    pub stage: &'static str,
    pub stage_name: String,
    pub talk: String,
    pub agent: String,
    pub topic: Option<String>,
    pub mine: bool,
    pub inbound: bool,
}

fn stage(c: &StoredCall) -> &'static str {
    match (c.call.ended_at, c.call.answered_at) {
        (Some(_), _) => "ended",
        (None, Some(_)) => "answered",
        (None, None) => "ringing",
    }
}

fn call_line(w: &Words<'_>, c: &StoredCall, session: &Session) -> CallLine {
    let stage = stage(c);
    let seconds = c.call.talk_us / 1_000_000;
    CallLine {
        id: c.id.to_string(),
        caller: c.phone.as_ref().map_or_else(|| w.t("calls.hidden").to_owned(), Phone::masked),
        at: local_time(c.call.started_at),
        stage,
        stage_name: if stage == "ended" { w.of("call", c.call.outcome.as_str()) } else { w.of("call", stage) },
        talk: if seconds > 0 { format!("{}:{:02}", seconds / 60, seconds % 60) } else { String::new() },
        agent: c.call.agent.clone().unwrap_or_default(),
        topic: c.topic.as_ref().map(|t| t.text.clone()),
        mine: c.staff == Some(session.staff.id),
        inbound: c.call.direction == crate::domain::call::Direction::Inbound,
    }
}

/// One call-back in a list.
#[derive(Debug, Clone)]
pub(super) struct BackLine {
    pub id: String,
    pub phone: String,
    pub missed: u32,
    pub attempts: u32,
    pub last: String,
    pub due: Option<Due>,
    pub danger: bool,
    pub repeated: bool,
    pub mine: bool,
}

fn back_line(w: &Words<'_>, session: &Session, t: &Callback, now: Instant) -> BackLine {
    BackLine {
        id: t.id.to_string(),
        phone: t.phone.as_ref().map_or_else(|| "—".to_owned(), Phone::masked),
        missed: t.missed,
        attempts: t.attempts,
        last: local_time(t.last_missed_at),
        due: w.due(t.due_at, now),
        danger: t.urgency == urgency::DANGER,
        repeated: t.urgency == urgency::REPEATED,
        mine: t.taken_by == Some(session.staff.id),
    }
}

#[derive(Template)]
#[template(path = "console/calls.html")]
pub(super) struct CallsPage<'a> {
    pub s: Shell<'a>,
    pub now: Vec<CallLine>,
    pub backs: Vec<BackLine>,
    pub recent: Vec<CallLine>,
    pub works: bool,
}

/// `GET /console/calls`.
///
/// # Errors
/// `forbidden`; the store's.
pub async fn overview(req: HttpRequest, state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    need(&session, Permission::ReadCalls)?;
    let (db, now) = (state.core.db.read(), state.core.now());
    let mut s = Shell::of(&state, peer::language(&req), &session, "calls").ringing(&state, &session).await?;
    if req.query_string() == "saved=1" {
        let text = s.w.t("console.saved").to_owned();
        s = s.noticed(true, text);
    }
    let lasting = list::ongoing(db, now - LASTING, SHOWN).await?;
    let recent = list::newest(db, &Filter::default(), None, SHOWN).await?;
    let mut tasks = callbacks::list(db, State::Taken, None, SHOWN).await?;
    tasks.retain(|t| t.taken_by == Some(session.staff.id));
    tasks.extend(callbacks::list(db, State::Open, None, SHOWN).await?);
    let backs = tasks.iter().map(|t| back_line(&s.w, &session, t, now)).collect();
    let line = |c: &StoredCall| call_line(&s.w, c, &session);
    let lasting = lasting.iter().map(line).collect();
    let recent = recent.iter().filter(|c| c.call.ended_at.is_some()).map(line).collect();
    let works = session.may(Permission::WorkCalls);
    page(StatusCode::OK, &CallsPage { now: lasting, backs, recent, works, s })
}

/// What the card tells of the caller besides the form.
pub(super) struct CardView {
    pub id: String,
    pub line: CallLine,
    /// Whole: the look was noted.
    pub phone: Option<String>,
    pub name: Option<String>,
    pub lang: Option<String>,
    pub started: String,
    pub own: Vec<Line>,
    pub near: Vec<Line>,
    pub history: Vec<CallLine>,
    pub linked: Vec<String>,
    pub works: bool,
}

#[derive(Template)]
#[template(path = "console/call.html")]
pub(super) struct CallPage<'a> {
    pub c: CardView,
    pub form: NewPage<'a>,
}

impl<'a> std::ops::Deref for CallPage<'a> {
    type Target = NewPage<'a>;
    fn deref(&self) -> &NewPage<'a> {
        &self.form
    }
}

async fn found(state: &WebState, id: &str) -> Result<StoredCall, ApiError> {
    let id: CallId = id.parse().map_err(|_| ApiError::new("not_found"))?;
    calls::load(state.core.db.read(), id).await?.ok_or_else(|| ApiError::new("not_found"))
}

fn draft_name(id: CallId) -> String {
    format!("call.{id}")
}

/// Reads the card. The look is noted before anything is shown.
async fn card<'a>(s: Shell<'a>, state: &WebState, session: &Session, call: &StoredCall, kept: Option<NewForm>) -> Result<CallPage<'a>, ApiError> {
    let (db, now, w) = (state.core.db.read(), state.core.now(), s.w);
    let (actor, object) = (actor_of(&session.scope).to_string(), call.id.to_string());
    let entry = Entry { actor: &actor, what: "call", object: Some(&object), ..Entry::default() };
    access_log::write(state.core.db.write(), state.core.wall(), &entry).await?;
    let known = behind(db, &session.scope, call.phone.as_ref(), OF_CALLER).await?;
    let (resident, own) = (known.residents.first(), known.requests);
    let newest = match own.first() {
        Some(s) => messages::place_of(db, s.request.id).await?.and_then(|p| p.address),
        None => None,
    };
    let form = match kept {
        Some(form) => form,
        None => match drafts::load(db, session.staff.id, &draft_name(call.id)).await? {
            Some(d) => serde_json::from_str(&d.body).unwrap_or_default(),
            None => NewForm { address: newest.clone().unwrap_or_default(), ..NewForm::default() },
        },
    };
    let at = Some(form.address.as_str()).filter(|a| !a.trim().is_empty()).or(newest.as_deref());
    let near = match at.and_then(house::key) {
        Some(key) => {
            let ids = houses::requests(db, &key, now - Duration::days(HOUSE_DAYS), 20).await?;
            let mut rows = requests::load_many(db, &ids).await?;
            rows.retain(|s| session.scope.sees(&s.request) && !own.iter().any(|o| o.request.id == s.request.id));
            rows
        }
        None => Vec::new(),
    };
    let history = match &call.phone {
        Some(p) => list::newest(db, &Filter { phone: Some(p.clone()), ..Filter::default() }, None, 12).await?,
        None => Vec::new(),
    };
    let about = links::of_calls(db, &[call.id]).await?;
    let linked = requests::load_many(db, &about.iter().map(|l| l.request).collect::<Vec<_>>()).await?;
    let wall = state.core.wall();
    let rows = |list: &[Stored], b: Beside| lines(&w, list, &b, now);
    let c = CardView {
        id: call.id.to_string(),
        line: call_line(&w, call, session),
        phone: call.phone.as_ref().map(|p| p.e164().to_owned()),
        name: resident.and_then(|r| r.name.clone()),
        lang: resident.map(|r| w.of("lang", r.lang.as_str())),
        started: local_date_time(call.call.started_at),
        own: rows(&own, beside(db, session.staff.id, &own, wall).await?),
        near: rows(&near, beside(db, session.staff.id, &near, wall).await?),
        history: history.iter().filter(|c| c.id != call.id).map(|c| call_line(&w, c, session)).collect(),
        linked: linked.iter().filter(|s| session.scope.sees(&s.request)).map(|s| s.request.number.to_string()).collect(),
        works: session.may(Permission::WorkCalls),
    };
    let form =
        NewForm { lang: if form.lang.is_empty() { resident.map_or(String::new(), |r| r.lang.to_string()) } else { form.lang.clone() }, ..form };
    Ok(CallPage { c, form: NewPage::new(s, form) })
}

/// `GET /console/calls/{id}`.
///
/// # Errors
/// `forbidden`, `not_found`; `unavailable` when the look cannot be noted.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, session: Session, id: web::Path<String>) -> Result<HttpResponse, ApiError> {
    need(&session, Permission::ReadCalls)?;
    let call = found(&state, &id).await?;
    let mut s = Shell::of(&state, peer::language(&req), &session, "calls");
    if req.query_string() == "saved=1" {
        let text = s.w.t("console.saved").to_owned();
        s = s.noticed(true, text);
    }
    page(StatusCode::OK, &card(s, &state, &session, &call, None).await?)
}

/// `POST /console/calls/{id}/request`: takes a request down during the call.
///
/// # Errors
/// `forbidden`, `not_found`; what is wrong in the form comes back with the form.
pub async fn take_down(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    id: web::Path<String>,
    form: web::Form<NewForm>,
) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    let call = found(&state, &id).await?;
    let done = match read(&form) {
        Ok((stated, phone)) => for_caller(&state.core, &session.scope, stated, phone, Some(call.id)).await,
        Err(code) => Err(DispatchError::invalid(code, "")),
    };
    match done {
        Ok(made) => {
            drafts::remove(state.core.db.write(), session.staff.id, &draft_name(call.id)).await?;
            let r = &made.leading.stored.request;
            Ok(see(&if session.scope.sees(r) {
                format!("/console/requests/{}?created=1", r.number)
            } else {
                format!("/console/new?created={}", r.number)
            }))
        }
        Err(e @ DispatchError::Invalid { .. }) => {
            let lang = peer::language(&req);
            let s = Shell::of(&state, lang, &session, "calls").noticed(false, title(&state.core.book, lang, e.code()));
            page(ApiError::new(e.code()).status(), &card(s, &state, &session, &call, Some(form.into_inner())).await?)
        }
        Err(e) => Err(e.into()),
    }
}

/// `POST /console/calls/{id}/draft`: keeps the form for later. The page's script is told so without a page: only then does it say that the form is kept.
///
/// # Errors
/// `forbidden`, `not_found`, `too_large`.
pub async fn draft(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    id: web::Path<String>,
    form: web::Form<NewForm>,
) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    need(&session, Permission::CreateForCaller)?;
    let call = found(&state, &id).await?;
    // Our own token has no business in a stored form.
    let kept = NewForm { csrf: String::new(), ..form.into_inner() };
    let body = serde_json::to_string(&kept).map_err(|e| ApiError::detail("internal", e.to_string()))?.replace("\\u0000", "");
    call_desk::keep_draft(&state.core, session.staff.id, &draft_name(call.id), &body).await?;
    if wants_json(&req) {
        return Ok(HttpResponse::NoContent().insert_header(("cache-control", "no-store")).finish());
    }
    Ok(see(&format!("/console/calls/{}?saved=1", call.id)))
}

/// What is done with a call besides taking a request down.
#[derive(Debug, Deserialize)]
pub struct Settle {
    csrf: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    topic: String,
}

/// `POST /console/calls/{id}/{act}`: `join` to a request that stands, `part` from it, `topic` of a question answered at once.
///
/// # Errors
/// `not_found`, `bad_number`, `empty_text`, `conflict`.
pub async fn settle(
    state: web::Data<WebState>,
    session: Session,
    path: web::Path<(String, String)>,
    form: web::Form<Settle>,
) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    let call = found(&state, &path.0).await?;
    let number = || RequestNumber::parse(&form.number).map_err(|_| ApiError::new("bad_number"));
    let words = Some(form.text.as_str()).filter(|t| !t.trim().is_empty());
    match path.1.as_str() {
        "join" => drop(call_desk::join(&state.core, &session.scope, call.id, &number()?, words).await?),
        "part" => call_desk::part(&state.core, &session.scope, call.id, &number()?).await?,
        "topic" => drop(call_desk::consultation(&state.core, &session.scope, call.id, &form.topic).await?),
        _ => return Err(ApiError::new("not_found")),
    }
    Ok(see(&format!("/console/calls/{}?saved=1", call.id)))
}

/// `GET` of what only a form makes: the card.
pub async fn back(path: web::Path<(String, String)>) -> Result<HttpResponse, ApiError> {
    let id: CallId = path.0.parse().map_err(|_| ApiError::new("not_found"))?;
    Ok(see(&format!("/console/calls/{id}")))
}

#[derive(Template)]
#[template(path = "console/callback.html")]
pub(super) struct BackPage<'a> {
    pub s: Shell<'a>,
    pub b: BackLine,
    /// Whole: it is ours, and the look was noted.
    pub phone: Option<String>,
    pub call: Option<String>,
    pub outcomes: Vec<(String, String)>,
}

/// `GET /console/callbacks/{id}`: one that was taken, with its number.
///
/// # Errors
/// `not_found`, also for what another has.
pub async fn callback(req: HttpRequest, state: web::Data<WebState>, session: Session, id: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let id: CallbackId = id.parse().map_err(|_| ApiError::new("not_found"))?;
    let task = callbacks::load(state.core.db.read(), id).await?.filter(|t| t.state == State::Taken && t.taken_by == Some(session.staff.id));
    let task = task.ok_or_else(|| ApiError::new("not_found"))?;
    let (actor, object) = (actor_of(&session.scope).to_string(), id.to_string());
    let entry = Entry { actor: &actor, what: "callback", object: Some(&object), ..Entry::default() };
    access_log::write(state.core.db.write(), state.core.wall(), &entry).await?;
    let s = Shell::of(&state, peer::language(&req), &session, "calls");
    let b = back_line(&s.w, &session, &task, state.core.now());
    let outcomes = Attempt::ALL.iter().map(|a| (a.as_str().to_owned(), s.w.of("callback_outcome", a.as_str()))).collect();
    let phone = task.phone.as_ref().map(|p| p.e164().to_owned());
    page(StatusCode::OK, &BackPage { b, phone, call: task.call.map(|c| c.to_string()), outcomes, s })
}

/// `POST /console/callbacks/{id}/take`: it is mine now.
///
/// # Errors
/// `not_found`, `conflict`.
pub async fn take(state: web::Data<WebState>, session: Session, id: web::Path<String>, form: web::Form<Bare>) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    let id: CallbackId = id.parse().map_err(|_| ApiError::new("not_found"))?;
    let task = call_desk::take(&state.core, &session.scope, id).await?;
    Ok(see(&format!("/console/callbacks/{}", task.id)))
}

/// What an attempt came to.
#[derive(Debug, Deserialize)]
pub struct Tried {
    csrf: String,
    outcome: String,
    #[serde(default)]
    note: String,
}

/// `POST /console/callbacks/{id}/outcome`.
///
/// # Errors
/// `not_found`, `conflict`, `unprocessable`.
pub async fn outcome(state: web::Data<WebState>, session: Session, id: web::Path<String>, form: web::Form<Tried>) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    let id: CallbackId = id.parse().map_err(|_| ApiError::new("not_found"))?;
    let what = Attempt::parse(&form.outcome).ok_or_else(|| ApiError::new("unprocessable"))?;
    let note = Some(form.note.as_str()).filter(|n| !n.trim().is_empty());
    call_desk::tried(&state.core, &session.scope, id, what, note).await?;
    Ok(see("/console/calls?saved=1"))
}

/// `GET` of what only a form makes: the list.
pub async fn list_again() -> HttpResponse {
    see("/console/calls")
}
