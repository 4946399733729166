//! One request: everything about it on one page, and the acts that may be done now.

use super::acts::{ActForm, Offer, allowed, offers, stated};
use super::around::{Canned, Clash, Near, canned, canned_text, nears, restore_due};
use super::material::{Material, colleagues, material};
use super::reading::ReadBox;
use super::shell::{Shell, page, see};
use super::thread::{Line, Said, history, thread};
use super::words::{Due, Words};
use crate::config::{local_date_time, local_time};
use crate::dispatch::acts::act;
use crate::dispatch::record::Subject;
use crate::dispatch::{DispatchError, desk, undo};
use crate::domain::access::{Permission, Scope};
use crate::domain::inbound::ChannelKind;
use crate::domain::reach::Plan;
use crate::domain::request::{ActKind, Event};
use crate::domain::sla::{Timer, TimerState};
use crate::domain::{Instant, RequestNumber};
use crate::store::attachments::{self, AttachmentRow};
use crate::store::{requests, timers};
use crate::web::auth::Session;
use crate::web::error::{ApiError, title};
use crate::web::files;
use crate::web::outlook::plan_in_words;
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

/// One clock on the page.
#[derive(Debug, Clone)]
pub(super) struct ClockLine {
    pub stage: String,
    pub round: i32,
    pub state: &'static str,
    pub state_name: String,
    pub started: String,
    pub due_at: String,
    /// Ticking words, while it runs or is late.
    pub due: Option<Due>,
    pub ended: Option<String>,
}

/// One file on the page.
#[derive(Debug, Clone)]
pub(super) struct FileLine {
    /// Set when the file lies in our store and can be opened.
    pub id: Option<String>,
    pub kind: String,
    pub size: String,
    pub state: String,
    pub at: String,
}

#[derive(Template)]
#[template(path = "console/request.html")]
pub(super) struct RequestPage<'a> {
    pub s: Shell<'a>,
    pub number: String,
    pub version: i64,
    pub hazard: Option<String>,
    pub pause_asked: Option<String>,
    pub vulnerable: bool,
    pub status: &'static str,
    pub status_name: String,
    pub priority: u8,
    pub priority_name: String,
    pub due: Option<Due>,
    pub class: String,
    pub service: String,
    pub district: String,
    pub queue: Option<(String, String)>,
    pub crew: Option<String>,
    pub channel: String,
    pub lang_name: String,
    pub received: String,
    pub reported: Option<String>,
    pub rating: Option<u8>,
    pub reopened: u32,
    pub parent: Option<String>,
    /// Requests of the same message.
    pub linked: Vec<String>,
    pub reading: Option<ReadBox>,
    pub address: Option<String>,
    pub point: Option<(String, String)>,
    /// Masked, or whole when it was asked for.
    pub phone: Option<String>,
    /// Nobody has proved that it is the resident's.
    pub phone_claimed: bool,
    pub revealed: bool,
    pub clocks: Vec<ClockLine>,
    pub files: Vec<FileLine>,
    pub thread: Vec<Said>,
    pub history: Vec<Line>,
    pub quick: Vec<Offer>,
    pub others: Vec<Offer>,
    pub words: Vec<Offer>,
    pub has_chat: bool,
    /// What would become of an answer, told before it is typed, and how that is coloured.
    pub outlook: String,
    pub outlook_tone: &'static str,
    pub joined: Vec<Near>,
    pub joined_count: u64,
    pub near: Vec<Near>,
    pub present: Vec<(String, bool)>,
    pub canned: Vec<Canned>,
    /// The act that takes the last one back.
    pub undo: Option<String>,
    pub clash: Option<Clash>,
}

/// What is different from a plain view.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shown<'f> {
    /// Personal data unmasked.
    pub revealed: bool,
    /// A form that came and was not taken.
    pub kept: Option<(ActKind, &'f ActForm)>,
    /// It was meant for this version, which is no longer the present one.
    pub meant_for: Option<i64>,
}

impl<'a> RequestPage<'a> {
    pub fn new(s: Shell<'a>, m: &Material, scope: &Scope, now: Instant, shown: Shown<'_>) -> Self {
        let w = s.w;
        let r = &m.stored.request;
        let (words, rest): (Vec<_>, Vec<_>) =
            offers(&w, scope, r, shown.kept, now).into_iter().partition(|o| matches!(o.kind, ActKind::Reply | ActKind::Note));
        let (quick, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|o| o.fields.is_empty());
        let place = m.place.clone().unwrap_or_default();
        let history = history(&w, &m.names, &m.journal, &m.numbers);
        let clash = shown.kept.zip(shown.meant_for).map(|((kind, form), version)| {
            let since = history.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)).cloned().collect();
            Clash::new(&w, kind, form, r, since, now)
        });
        let may_join = allowed(scope, r).contains(&ActKind::Merge);
        Self {
            number: r.number.to_string(),
            version: r.version,
            hazard: r.hazard.map(|h| w.of("hazard", h.as_str())),
            pause_asked: r.pause_asked.map(|p| w.of("pause", p.as_str())),
            vulnerable: r.vulnerable,
            status: r.status.as_str(),
            status_name: w.of("state", r.status.as_str()),
            priority: r.priority.0,
            priority_name: w.of("priority", &format!("p{}", r.priority.0)),
            due: if r.status.is_open() { w.due(m.stored.sort_due, now) } else { None },
            class: w.class(r.class),
            service: w.service(r.service.as_ref()),
            district: w.district(r.district.as_ref()),
            queue: r.queue.as_ref().map(|q| (q.to_string(), w.queue(q))),
            crew: r.crew.as_ref().map(|c| w.crew(c)),
            channel: w.of("channel", r.channel.as_str()),
            lang_name: w.of("lang", r.lang.as_str()),
            received: local_date_time(r.received_at),
            reported: (r.received_at - r.reported_at > chrono::Duration::minutes(1)).then(|| local_date_time(r.reported_at)),
            rating: r.rating,
            reopened: r.reopened,
            parent: r.parent.and_then(|p| m.numbers.get(&p.to_string()).cloned()),
            linked: linked(m),
            reading: m.thought.as_ref().map(|v| ReadBox::new(&w, r, v, &m.why, allowed(scope, r).contains(&ActKind::Reclassify))),
            address: place.address,
            point: place.lat.zip(place.lon).map(|(lat, lon)| (format!("{lat:.5}"), format!("{lon:.5}"))),
            phone_claimed: m.phone.as_ref().is_some_and(|(_, proved)| !proved),
            phone: m.phone.as_ref().map(|(p, _)| if shown.revealed { p.e164().to_owned() } else { p.masked() }),
            revealed: shown.revealed,
            clocks: m.timers.iter().map(|t| clock(&w, t, now)).collect(),
            files: m.files.iter().map(|f| file(&w, f)).collect(),
            thread: thread(&w, &m.names, &m.messages, &m.outbox, shown.revealed, r.channel == ChannelKind::Mail),
            history,
            clash,
            joined: nears(&w, &m.joined, false),
            joined_count: m.joined_count,
            near: nears(&w, &m.near, may_join),
            present: m.present.clone(),
            canned: canned(&w, r, restore_due(&m.timers)),
            undo: undo::offered(scope, r, &m.journal, now).map(|a| w.of("act", a.kind().as_str())),
            quick,
            others,
            words,
            has_chat: r.conversation.is_some(),
            outlook: plan_in_words(w.book, w.lang, &m.outlook),
            outlook_tone: if matches!(m.outlook.plan, Plan::Chat { .. }) { "dim" } else { "mark warn" },
            s,
        }
    }
}

fn linked(m: &Material) -> Vec<String> {
    let ids = m.journal.iter().filter_map(|j| if let Ok(Event::Linked { to }) = j.event() { Some(to.to_string()) } else { None });
    ids.filter_map(|id| m.numbers.get(&id).cloned()).collect()
}

fn clock(w: &Words<'_>, t: &Timer, now: Instant) -> ClockLine {
    let ticking = matches!(t.state, TimerState::Running | TimerState::Breached) && t.is_live();
    ClockLine {
        stage: w.of("stage", t.stage.as_str()),
        round: t.round,
        state: t.state.as_str(),
        state_name: w.of("timer", t.state.as_str()),
        started: local_time(t.started_at),
        due_at: local_time(t.due_at),
        due: if ticking { w.due(t.due_at, now) } else { None },
        ended: t.ended_at.map(local_time),
    }
}

fn file(w: &Words<'_>, f: &AttachmentRow) -> FileLine {
    let size = f.size.map(|b| format!("{} KB", (b + 1023) / 1024)).unwrap_or_default();
    let id = (f.status == attachments::status::STORED).then(|| f.id.to_string());
    FileLine { id, kind: w.of("media", &f.kind), size, state: w.of("file", &f.status), at: local_date_time(f.at) }
}

/// Signs of what was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Just {
    saved: String,
    created: String,
}

/// `GET /console/requests/{number}`.
///
/// # Errors
/// `not_found`, also out of reach; `unavailable` when the view cannot be noted.
pub async fn show(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    number: web::Path<String>,
    just: web::Query<Just>,
) -> Result<HttpResponse, ApiError> {
    let m = material(&state, &session, &number, "thread", None).await?;
    let mut s = Shell::of(&state, peer::language(&req), &session, "request").ringing(&state, &session).await?;
    if !just.created.is_empty() {
        let text = s.w.with("console.created", "number", &m.stored.request.number.to_string());
        s = s.noticed(true, text);
    } else if !just.saved.is_empty() {
        let text = s.w.t("console.saved").to_owned();
        s = s.noticed(true, text);
    }
    page(StatusCode::OK, &RequestPage::new(s, &m, &session.scope, state.core.now(), Shown::default()))
}

/// The form that asks for personal data.
#[derive(Deserialize)]
pub struct Reveal {
    csrf: String,
    reason: String,
}

/// `POST /console/requests/{number}/personal`: shows the phone once, after the reason has been written down.
///
/// # Errors
/// As [`show`]; `empty_text` without a reason.
pub async fn personal(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    number: web::Path<String>,
    form: web::Form<Reveal>,
) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    let reason: String = form.reason.trim().chars().take(300).collect();
    if reason.is_empty() {
        return Err(ApiError::new("empty_text"));
    }
    let m = material(&state, &session, &number, "personal", Some(&reason)).await?;
    let s = Shell::of(&state, peer::language(&req), &session, "request");
    let text = s.w.t("console.shown_once").to_owned();
    page(StatusCode::OK, &RequestPage::new(s.noticed(true, text), &m, &session.scope, state.core.now(), Shown { revealed: true, ..Shown::default() }))
}

/// `POST /console/requests/{number}/acts/{act}`. What was refused comes back with the present state and what was typed.
///
/// # Errors
/// `forbidden`, `not_found`, and failures of the database.
pub async fn do_act(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    path: web::Path<(String, String)>,
    form: web::Form<ActForm>,
) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    let (number, act_name) = path.into_inner();
    let kind = ActKind::parse(&act_name).ok_or_else(|| ApiError::new("not_found"))?;
    let number = RequestNumber::parse(&number).map_err(|_| ApiError::new("bad_number"))?;
    let expected: i64 = form.expected_version.parse().map_err(|_| ApiError::detail("bad_request", "expected_version"))?;
    let mut form = form.into_inner();
    if kind == ActKind::Reply && form.text.trim().is_empty() && !form.template.is_empty() {
        form.text = prepared(&state, &session, &number, &form.template).await?;
    }
    let done = match stated(kind, &form) {
        Ok(wanted) => act(&state.core, &session.scope, &number, Some(expected), &wanted).await,
        Err("not_found") => Err(DispatchError::NotFound),
        Err(code) => Err(DispatchError::invalid(code, "")),
    };
    answer(&req, &state, &session, &number, expected, done, Some((kind, &form))).await
}

/// The words of a prepared answer.
async fn prepared(state: &WebState, session: &Session, number: &RequestNumber, code: &str) -> Result<String, ApiError> {
    let c = state.core.db.read();
    let found = requests::by_number_scoped(c, number, &session.scope).await?.ok_or_else(|| ApiError::new("not_found"))?;
    let due = restore_due(&timers::of_requests(c, &[found.request.id]).await?);
    let w = Words { book: &state.core.book, lang: found.request.lang };
    canned_text(&w, &found.request, code, due).ok_or_else(|| ApiError::new("unprocessable"))
}

/// `POST /console/requests/{number}/undo`: takes the last act back, if it was one's own and can be.
///
/// # Errors
/// As [`do_act`].
pub async fn take_back(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    number: web::Path<String>,
    form: web::Form<ActForm>,
) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    let number = RequestNumber::parse(&number).map_err(|_| ApiError::new("bad_number"))?;
    let expected: i64 = form.expected_version.parse().map_err(|_| ApiError::detail("bad_request", "expected_version"))?;
    let done = undo::undo(&state.core, &session.scope, &number, expected).await;
    answer(&req, &state, &session, &number, expected, done, None).await
}

/// Where a person stands after an act.
async fn answer(
    req: &HttpRequest,
    state: &WebState,
    session: &Session,
    number: &RequestNumber,
    expected: i64,
    done: Result<Subject, DispatchError>,
    kept: Option<(ActKind, &ActForm)>,
) -> Result<HttpResponse, ApiError> {
    let lang = peer::language(req);
    match done {
        Ok(subject) => {
            let r = &subject.stored.request;
            let reachable = session.scope.sees(r);
            Ok(match (kept.map_or("", |(_, f)| f.back.as_str()), reachable) {
                ("jobs", _) => see("/console/jobs?saved=1"),
                (_, true) => see(&format!("/console/requests/{}?saved=1", r.number)),
                (_, false) => see(&format!("{}?saved=1", super::sign_in::start(session))),
            })
        }
        Err(e @ (DispatchError::Stale(_) | DispatchError::NotNow(..) | DispatchError::Invalid { .. })) => {
            let status = ApiError::new(e.code()).status();
            let mut s = Shell::of(state, lang, session, "request");
            let text = match &e {
                DispatchError::Stale(_) => s.w.t("console.version_conflict").to_owned(),
                DispatchError::NotNow(_, now) => s.w.with("act.not_now", "status", &s.w.of("state", now.request.status.as_str())),
                other => title(&state.core.book, lang, other.code()),
            };
            s = s.noticed(false, text);
            let m = material(state, session, number.digits(), "thread", None).await?;
            let meant_for = matches!(e, DispatchError::Stale(_)).then_some(expected);
            let shown = Shown { revealed: false, kept, meant_for };
            page(status, &RequestPage::new(s, &m, &session.scope, state.core.now(), shown))
        }
        Err(e) => Err(e.into()),
    }
}

/// `GET /console/requests/{number}/files/{id}`.
///
/// # Errors
/// `forbidden` for a role without personal data; else as [`files::answer`].
pub async fn open_file(
    session: Session,
    state: web::Data<WebState>,
    path: web::Path<(String, String)>,
    asked: files::Asked,
) -> Result<HttpResponse, ApiError> {
    if !session.may(Permission::ReadPersonal) {
        return Err(ApiError::new("forbidden"));
    }
    let number = RequestNumber::parse(&path.0).map_err(|_| ApiError::new("bad_number"))?;
    files::answer(&state, &session.scope, &number, &path.1, &asked).await
}

/// A GET of a page that only a form makes (a reload, a change of language): the request itself.
pub async fn back(path: web::Path<(String, String)>) -> Result<HttpResponse, ApiError> {
    let number = RequestNumber::parse(&path.0).map_err(|_| ApiError::new("bad_number"))?;
    Ok(see(&format!("/console/requests/{number}")))
}

/// A sign of life from an open page.
#[derive(Deserialize)]
pub struct Sign {
    csrf: String,
    #[serde(default)]
    writing: String,
}

/// `POST /console/requests/{number}/presence`: I am here; who else is, and which version stands now.
///
/// # Errors
/// `not_found`, also out of reach.
pub async fn presence(
    state: web::Data<WebState>,
    session: Session,
    number: web::Path<String>,
    form: web::Form<Sign>,
) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    let number = RequestNumber::parse(&number).map_err(|_| ApiError::new("bad_number"))?;
    let found = requests::by_number_scoped(state.core.db.read(), &number, &session.scope).await?.ok_or_else(|| ApiError::new("not_found"))?;
    let id = found.request.id;
    desk::there(&state.core, session.staff.id, id, form.writing == "1").await?;
    let there = colleagues(&state, &session, id).await?;
    let names: Vec<_> = there.iter().map(|(name, writing)| json!({"name": name, "writing": writing})).collect();
    let body = json!({"version": found.request.version, "present": names});
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(body))
}
