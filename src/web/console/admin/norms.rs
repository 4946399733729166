//! Policies and calendars: what holds, what a change would move, when a request would be due, and the revisions. The data are the books of
//! [`crate::dispatch::books`].

use super::super::people::{Choice, Fields, field, fields};
use super::super::shell::{Shell, page, see};
use super::super::words::Words;
use super::{choices, ladders, reason, reasons, shell, status, tabs};
use crate::config::local_date_time;
use crate::dispatch::DispatchError;
use crate::dispatch::acts::actor_of;
use crate::dispatch::books::{self, Outlook};
use crate::dispatch::register::Classification;
use crate::dispatch::settings::Refused;
use crate::domain::calendar::{Calendars, Day, Holiday, Weekday, WorkingDay};
use crate::domain::catalog::Named;
use crate::domain::inbound::ChannelKind;
use crate::domain::setting::Fault;
use crate::domain::sla::{Difference, Facts, HazardIs, Revision, SlaBook, Stage, Target, preview};
use crate::domain::{Class, DistrictCode, Hazard, Instant, ServiceCode};
use crate::store::books as revisions;
use crate::store::staff;
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{NaiveDateTime, TimeZone, Utc};
use chrono_tz::Asia::Almaty;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Deadlines that would move, on the page.
const MOVES: usize = 20;

/// One policy.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct PolicyLine {
    /// By which forms name it.
    pub name: String,
    pub shown: String,
    pub fits: String,
    /// Stage and its target, in words.
    pub targets: Vec<(String, String)>,
    pub basis: String,
}

/// One day of rest.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct Rest {
    pub date: String,
    pub name: String,
    pub moved: String,
}

/// One revision.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct RevisionLine {
    pub number: i64,
    pub at: String,
    pub from: String,
    pub who: String,
    pub note: String,
    pub parts: Vec<String>,
    pub newest: bool,
}

/// What a draft would do.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct Look {
    pub parts: Vec<String>,
    pub open: usize,
    pub moved: usize,
    /// Number, stage, was, will be.
    pub moves: Vec<(String, String, String, String)>,
}

/// A request that does not exist.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    at: String,
    class: String,
    service: String,
    district: String,
    hazard: String,
    go: String,
}

impl Asked {
    fn of(form: &[(String, String)]) -> Self {
        let of = |name: &str| field(form, name).to_owned();
        Self { at: of("at"), class: of("class"), service: of("service"), district: of("district"), hazard: of("hazard"), go: of("go") }
    }
}

/// Two names, and pairs of words under them.
type Titled = (String, String, Vec<(String, String)>);
/// Policy, its basis, and stages with their times.
type Foreseen = Titled;

#[derive(Template)]
#[template(path = "console/admin/norms.html")]
pub(in crate::web::console) struct NormsPage<'a> {
    pub s: Shell<'a>,
    pub tabs: Vec<Choice>,
    /// `policies` or `calendars`.
    pub word: &'static str,
    pub policies: Vec<PolicyLine>,
    pub stages: Vec<Choice>,
    pub ladders: Vec<Choice>,
    pub rests: Vec<Rest>,
    pub works: Vec<String>,
    pub weekdays: Vec<Choice>,
    pub valid: String,
    pub calendars: Vec<Titled>,
    pub asked: Asked,
    pub classes: Vec<Choice>,
    pub services: Vec<Choice>,
    pub districts: Vec<Choice>,
    pub hazards: Vec<Choice>,
    /// Policy, its basis, and what would be due when.
    pub due: Option<Foreseen>,
    pub text: String,
    pub note: String,
    pub look: Option<Look>,
    pub version: i64,
    pub history: Vec<RevisionLine>,
    pub faults: Vec<String>,
}

fn span(w: &Words<'_>, minutes: i64) -> String {
    w.span(minutes.saturating_mul(60))
}

fn target(w: &Words<'_>, book: &SlaBook, t: &Target) -> String {
    let time = match (t.minutes, t.working_minutes, t.working_days) {
        (Some(m), _, _) => span(w, m),
        (_, Some(m), _) => w.with("admin.working", "time", &span(w, m)),
        (_, _, Some(d)) => w.with("admin.working_days", "n", &d.to_string()),
        _ => "—".into(),
    };
    match t.ladder.as_deref() {
        Some(code) => format!("{time} · {}", book.ladder(code).map_or(code, |l| l.shown(w.lang))),
        None => time,
    }
}

fn policies_of(w: &Words<'_>, book: &SlaBook) -> Vec<PolicyLine> {
    let of = |p: &crate::domain::sla::Policy| {
        let mut fits: Vec<String> = p.class.iter().map(|c| w.class(Some(*c))).collect();
        fits.extend(p.service.iter().map(|x| w.service(Some(x))));
        fits.extend(p.district.iter().map(|x| w.district(Some(x))));
        fits.extend(p.queue.iter().map(|x| w.queue(x)));
        fits.extend(p.channel.iter().map(|x| w.of("channel", x.as_str())));
        fits.extend(p.priority.iter().map(|x| w.of("priority", &format!("p{}", x.0))));
        match &p.hazard {
            Some(HazardIs::Stated(true)) => fits.push(w.t("console.hazard").to_owned()),
            Some(HazardIs::OneOf(list)) => fits.extend(list.iter().map(|h| w.of("hazard", h.as_str()))),
            Some(HazardIs::Stated(false)) | None => {}
        }
        if p.vulnerable == Some(true) {
            fits.push(w.t("console.vulnerable_yes").to_owned());
        }
        PolicyLine {
            name: p.name.clone(),
            shown: p.shown(w.lang).to_owned(),
            fits: fits.join(" · "),
            targets: Stage::ALL.iter().filter_map(|st| p.target(*st).map(|t| (w.of("stage", st.as_str()), target(w, book, t)))).collect(),
            basis: p.basis.as_ref().map(|b| b.get(w.lang).to_owned()).unwrap_or_default(),
        }
    };
    book.policies.iter().map(of).collect()
}

/// What differs, in words; names by the titles of the book in force.
fn parts(w: &Words<'_>, list: &[Difference]) -> Vec<String> {
    let named = |d: &Difference| match d.part.as_str() {
        kind @ ("policy" | "ladder" | "calendar" | "pause") => w.book.value(w.lang, &format!("@{kind}.{}", d.name)),
        _ => d.name.clone(),
    };
    let of =
        |d: &Difference| format!("{} {} — {}", w.of("admin", &format!("part_{}", d.part)), named(d), w.of("admin", &format!("change_{}", d.change)));
    list.iter().map(|d| of(d).replace("  ", " ")).collect()
}

fn look(w: &Words<'_>, o: &Outlook) -> Look {
    let at = |t: Option<Instant>| t.map_or_else(|| "—".to_owned(), local_date_time);
    let moves = o.moves.iter().take(MOVES).map(|m| (m.number.to_string(), w.of("stage", m.stage.as_str()), at(m.from), at(m.to)));
    Look { parts: parts(w, &o.differences), open: o.open, moved: o.moved, moves: moves.collect() }
}

/// When a request would be due by a revision: policy, basis, stages.
fn foreseen(state: &WebState, w: &Words<'_>, rev: &Revision, asked: &Asked) -> Option<Foreseen> {
    if asked.go.is_empty() {
        return None;
    }
    let local = NaiveDateTime::parse_from_str(&asked.at, "%Y-%m-%dT%H:%M").ok();
    let at = local.and_then(|t| Almaty.from_local_datetime(&t).earliest()).map_or_else(|| state.core.now(), |t| t.with_timezone(&Utc));
    let class = Class::parse(&asked.class);
    let what = Classification {
        class,
        service: ServiceCode::new(asked.service.as_str()).ok(),
        district: DistrictCode::new(asked.district.as_str()).ok(),
        hazard: Hazard::parse(&asked.hazard),
        needs_utility: class == Some(Class::Incident),
    };
    let queue = w.book.routing.route(&what.route_key(), &w.book.catalog).map(|r| r.queue);
    let facts = Facts {
        class,
        service: what.service.as_ref(),
        priority: what.priority(),
        district: what.district.as_ref(),
        queue: queue.as_ref(),
        hazard: what.hazard,
        channel: ChannelKind::Phone,
        vulnerable: false,
    };
    let p = preview(rev, &facts, at);
    let due = p.due.iter().map(|(stage, at)| (w.of("stage", stage.as_str()), local_date_time(*at))).collect();
    let named = p.policy.as_ref().and_then(|name| rev.sla.policies.iter().find(|x| &x.name == name));
    Some((named.map_or("—", |x| x.shown(w.lang)).to_owned(), p.basis.map(|b| b.get(w.lang).to_owned()).unwrap_or_default(), due))
}

/// What a form said, looked at or refused.
#[derive(Default)]
pub(super) struct Draft {
    pub asked: Asked,
    pub text: Option<String>,
    pub note: String,
    pub look: Option<Look>,
    pub faults: Vec<String>,
}

/// The revisions as lines, the newest first.
async fn history(state: &WebState, w: &Words<'_>, rows: &[revisions::BookRow]) -> Result<Vec<RevisionLine>, ApiError> {
    let people: BTreeMap<String, String> = staff::all(state.core.db.read()).await?.into_iter().map(|m| (format!("staff:{}", m.id), m.name)).collect();
    let newest = rows.last().map(|r| r.number);
    let line = |r: &revisions::BookRow| RevisionLine {
        number: r.number,
        at: local_date_time(r.made_at),
        from: if r.effective_at > Instant::UNIX_EPOCH { local_date_time(r.effective_at) } else { String::new() },
        who: people.get(&r.author).cloned().unwrap_or_else(|| w.t("admin.by_files").to_owned()),
        note: r.note.clone(),
        parts: serde_json::from_str::<Vec<Difference>>(&r.diff).map(|list| parts(w, &list)).unwrap_or_default(),
        newest: Some(r.number) == newest,
    };
    Ok(rows.iter().rev().take(30).map(line).collect())
}

async fn shown(state: &WebState, s: Shell<'_>, word: &'static str, d: Draft) -> Result<HttpResponse, ApiError> {
    let w = s.w;
    let c = &w.book.catalog;
    let rows = revisions::after(state.core.db.read(), 0).await?;
    let last = rows.last().ok_or_else(|| ApiError::new("not_found"))?;
    let present = if word == "calendars" { &last.calendar } else { &last.sla };
    let text = d.text.clone().unwrap_or_else(|| present.clone());
    // What is tried is tried by what stands in the form.
    let (sla_text, calendar_text) = if word == "calendars" { (&last.sla, &text) } else { (&text, &last.calendar) };
    let read: Option<(SlaBook, Calendars)> = toml::from_str(sla_text).ok().zip(toml::from_str(calendar_text).ok());
    let (sla, calendar) = read.unwrap_or_else(|| (w.book.sla.clone(), w.book.calendar.clone()));
    let history = history(state, &w, &rows).await?;
    if word == "ladders" {
        return ladders::shown(s, d, &sla, text, last.number, history);
    }
    let hours = |h: &crate::domain::calendar::Hours| {
        let days = Weekday::ALL.iter().filter(|day| !h.of(**day).is_empty());
        days.map(|day| (w.of("duty", &format!("day_{day}")), h.of(*day).iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))).collect()
    };
    let rev = Revision::new(last.number, state.core.now(), sla.clone(), &calendar);
    let template = NormsPage {
        tabs: tabs(&s.w, word),
        word,
        policies: policies_of(&w, &sla),
        ladders: sla.ladders.iter().map(|l| Choice::new(&l.code, l.shown(w.lang), false)).collect(),
        stages: Stage::CHAIN.iter().map(|st| Choice::new(st.as_str(), w.of("stage", st.as_str()), *st == Stage::Restore)).collect(),
        rests: calendar
            .holidays
            .iter()
            .map(|h| Rest {
                date: h.date.to_string(),
                name: h.name.get(w.lang).to_owned(),
                moved: h.moved_from.map(|d| d.to_string()).unwrap_or_default(),
            })
            .collect(),
        works: calendar
            .working_saturdays
            .iter()
            .map(ToString::to_string)
            .chain(calendar.working_days.iter().map(|x| format!("{} ({})", x.date, w.of("duty", &format!("day_{}", x.like)))))
            .collect(),
        weekdays: Weekday::ALL.iter().take(5).map(|d| Choice::new(d.as_str(), w.of("duty", &format!("day_{d}")), *d == Weekday::Mon)).collect(),
        valid: format!("{} — {}", calendar.valid_from, calendar.valid_until),
        calendars: calendar
            .calendars
            .iter()
            .map(|x| (x.code.clone(), x.name.get(w.lang).to_owned(), x.hours.last().map(hours).unwrap_or_default()))
            .collect(),
        classes: choices(Class::ALL.iter().map(|x| (*x, w.class(Some(*x)))), &d.asked.class),
        services: choices(c.services.iter().map(|x| (&x.code, w.service(Some(&x.code)))), &d.asked.service),
        districts: choices(c.districts.iter().map(|x| (&x.code, w.district(Some(&x.code)))), &d.asked.district),
        hazards: choices(Hazard::ALL.iter().map(|x| (*x, w.of("hazard", x.as_str()))), &d.asked.hazard),
        due: foreseen(state, &w, &rev, &d.asked),
        asked: d.asked,
        text,
        note: d.note,
        look: d.look,
        version: last.number,
        history,
        faults: d.faults,
        s,
    };
    page(status(&template.faults), &template)
}

/// `GET /console/admin/policies`.
///
/// # Errors
/// The store's.
pub async fn policies(req: HttpRequest, state: web::Data<WebState>, session: Session, asked: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    let s = shell(&state, &req, &session);
    shown(&state, s, "policies", Draft { asked: asked.into_inner(), ..Draft::default() }).await
}

/// `GET /console/admin/calendars`.
///
/// # Errors
/// The store's.
pub async fn calendars(req: HttpRequest, state: web::Data<WebState>, session: Session, asked: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    let s = shell(&state, &req, &session);
    shown(&state, s, "calendars", Draft { asked: asked.into_inner(), ..Draft::default() }).await
}

fn broken(name: &'static str) -> Refused {
    Refused::Faults(vec![Fault::new(name, format!("the form: {name}"), &[])])
}

/// The policies after one press, as text.
fn new_sla(present: &str, form: &[(String, String)]) -> Result<String, Refused> {
    let part = if field(form, "act") == "target" { "target" } else { field(form, "part") };
    if part.is_empty() {
        return Ok(fields(form, "text").next().unwrap_or_default().replace("\r\n", "\n"));
    }
    let mut book: SlaBook = toml::from_str(present).map_err(|e| DispatchError::Internal(format!("the newest policies cannot be read: {e}")))?;
    ladders::edit(&mut book, part, form)?;
    written(&book)
}

fn written(book: &impl Serialize) -> Result<String, Refused> {
    Ok(toml::to_string_pretty(book).map_err(|e| DispatchError::Internal(format!("it cannot be written: {e}")))?)
}

/// The calendars after one press, as text.
fn new_calendar(present: &str, form: &[(String, String)]) -> Result<String, Refused> {
    let act = field(form, "act");
    if !matches!(act, "rest" | "unrest" | "work") {
        return Ok(fields(form, "text").next().unwrap_or_default().replace("\r\n", "\n"));
    }
    let mut book: Calendars = toml::from_str(present).map_err(|e| DispatchError::Internal(format!("the newest calendars cannot be read: {e}")))?;
    let day = |name: &str| field(form, name).parse().map(Day).map_err(|_| broken("form_date"));
    let date = day("date")?;
    // A slip in the year must not make the years before it look like known ones.
    let year = |d: Day| chrono::Datelike::year(&d.0);
    if !(year(book.valid_from) - 1..=year(book.valid_until) + 1).contains(&year(date)) {
        return Err(broken("form_far"));
    }
    match act {
        "rest" => {
            let moved_from = if field(form, "moved_from").is_empty() { None } else { Some(day("moved_from")?) };
            let name = Named { kk: field(form, "kk").to_owned(), ru: field(form, "ru").to_owned() };
            book.holidays.push(Holiday { date, name, moved_from });
            book.holidays.sort_by_key(|h| h.date);
        }
        "unrest" => book.holidays.retain(|h| h.date != date),
        _ => {
            let like = Weekday::parse(field(form, "like")).unwrap_or(Weekday::Mon);
            book.working_days.push(WorkingDay { date, like });
            book.working_days.sort_by_key(|x| x.date);
        }
    }
    book.valid_from = book.valid_from.min(date);
    book.valid_until = book.valid_until.max(date);
    written(&book)
}

/// `GET /console/admin/ladders`.
///
/// # Errors
/// The store's.
pub async fn ladders_page(req: HttpRequest, state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    let s = shell(&state, &req, &session);
    shown(&state, s, "ladders", Draft::default()).await
}

/// `POST /console/admin/ladders`.
///
/// # Errors
/// `forbidden` without the form's token.
pub async fn change_ladders(req: HttpRequest, state: web::Data<WebState>, session: Session, form: Fields) -> Result<HttpResponse, ApiError> {
    session.check_csrf(field(&form, "csrf"))?;
    act(&req, &state, &session, "ladders", &form).await
}

/// `POST /console/admin/policies`.
///
/// # Errors
/// `forbidden` without the form's token.
pub async fn change(req: HttpRequest, state: web::Data<WebState>, session: Session, form: Fields) -> Result<HttpResponse, ApiError> {
    session.check_csrf(field(&form, "csrf"))?;
    act(&req, &state, &session, "policies", &form).await
}

/// `POST /console/admin/calendars`.
///
/// # Errors
/// `forbidden` without the form's token.
pub async fn change_calendar(req: HttpRequest, state: web::Data<WebState>, session: Session, form: Fields) -> Result<HttpResponse, ApiError> {
    session.check_csrf(field(&form, "csrf"))?;
    act(&req, &state, &session, "calendars", &form).await
}

async fn act(
    req: &HttpRequest,
    state: &WebState,
    session: &Session,
    word: &'static str,
    form: &[(String, String)],
) -> Result<HttpResponse, ApiError> {
    let s = shell(state, req, session);
    let mut draft = Draft { asked: Asked::of(form), note: field(form, "note").to_owned(), ..Draft::default() };
    match stored(state, session, word, form, &mut draft, &s.w).await {
        Ok(true) => Ok(see(&format!("/console/admin/{word}?saved=1"))),
        Ok(false) => shown(state, s, word, draft).await,
        Err(e) => {
            draft.faults = match e {
                // What the books say against it, in the reader's language.
                Refused::Other(DispatchError::Invalid { code: "unprocessable", .. }) => {
                    let text = draft.text.as_deref();
                    let (sla, calendar) = if word == "calendars" { (None, text) } else { (text, None) };
                    let found = books::faults(&state.core, sla, calendar).await?;
                    found.iter().map(|f| reason(&s.w, f)).collect()
                }
                other => reasons(state, &s.w, other)?,
            };
            shown(state, s, word, draft).await
        }
    }
}

/// True: a revision was stored or applied; false: there is something to look at.
async fn stored(
    state: &WebState,
    session: &Session,
    word: &'static str,
    form: &[(String, String)],
    draft: &mut Draft,
    w: &Words<'_>,
) -> Result<bool, Refused> {
    let core = &state.core;
    let last = revisions::last(core.db.read()).await?.ok_or(DispatchError::NotFound)?;
    let author = actor_of(&session.scope);
    let number = || field(form, "number").parse::<i64>().map_err(|_| DispatchError::NotFound);
    // What the author has looked at; a form that does not say is about the newest.
    let seen = field(form, "expected").parse().unwrap_or(last.number);
    if matches!(field(form, "act"), "apply" | "revert") && seen != last.number {
        Err::<(), _>(DispatchError::invalid("conflict", format!("the newest revision is {}", last.number)))?;
    }
    if field(form, "act") == "apply" {
        books::apply(core, &author, last.number).await?;
        return Ok(true);
    }
    if field(form, "act") == "revert" {
        let old = revisions::load(core.db.read(), number()?).await?.ok_or(DispatchError::NotFound)?;
        let note = w.with("admin.note_restored", "number", &old.number.to_string());
        // Of this page only: what others changed on the other one stays.
        let (sla, calendar) = if word == "calendars" { (None, Some(old.calendar.as_str())) } else { (Some(old.sla.as_str()), None) };
        books::change(core, &author, Some(last.number), sla, calendar, &note).await?;
        return Ok(true);
    }
    let calendars = word == "calendars";
    if field(form, "act") == "import" {
        let feed = fields(form, "ical").next().unwrap_or_default();
        let got = books::import(core, feed, None, None).await.map_err(|e| match e {
            DispatchError::Invalid { .. } => broken("form_ical"),
            other => other.into(),
        })?;
        draft.text = Some(got.calendar_text.clone());
        draft.look = Some(look(w, &books::outlook(core, None, Some(&got.calendar_text)).await?));
        return Ok(false);
    }
    let text = if calendars { new_calendar(&last.calendar, form)? } else { new_sla(&last.sla, form)? };
    draft.text = Some(text.clone());
    let (sla, calendar) = if calendars { (None, Some(text.as_str())) } else { (Some(text.as_str()), None) };
    if field(form, "act") == "look" {
        draft.look = Some(look(w, &books::outlook(core, sla, calendar).await?));
        return Ok(false);
    }
    let expected = field(form, "expected").parse().ok();
    books::change(core, &author, expected, sla, calendar, field(form, "note")).await?;
    Ok(true)
}
