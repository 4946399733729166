//! Policies and calendars: what holds, what a change would move, when a request would be due, and the revisions. The data are the books of
//! [`crate::dispatch::books`].

use super::super::people::{Choice, Fields, field, fields};
use super::super::shell::{Shell, page, see};
use super::super::words::Words;
use super::{choices, shell, status, tabs};
use crate::config::local_date_time;
use crate::dispatch::acts::actor_of;
use crate::dispatch::books::{self, Outlook};
use crate::dispatch::register::Classification;
use crate::dispatch::{DispatchError, audit};
use crate::domain::calendar::{Calendars, Day, Holiday, Weekday, WorkingDay};
use crate::domain::catalog::Named;
use crate::domain::inbound::ChannelKind;
use crate::domain::sla::{Difference, Facts, Revision, SlaBook, Stage, Target, preview};
use crate::domain::{Class, DistrictCode, Hazard, Instant, ServiceCode};
use crate::store::books as revisions;
use crate::store::staff;
use crate::web::auth::Session;
use crate::web::error::{ApiError, title};
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{NaiveDateTime, TimeZone, Utc};
use chrono_tz::Asia::Almaty;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Deadlines that would move, on the page.
const MOVES: usize = 20;

/// One policy.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct PolicyLine {
    pub name: String,
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

fn target(w: &Words<'_>, t: &Target) -> String {
    match (t.minutes, t.working_minutes, t.working_days) {
        (Some(m), _, _) => span(w, m),
        (_, Some(m), _) => w.with("admin.working", "time", &span(w, m)),
        (_, _, Some(d)) => w.with("admin.working_days", "n", &d.to_string()),
        _ => "—".into(),
    }
}

fn policies_of(w: &Words<'_>, book: &SlaBook) -> Vec<PolicyLine> {
    let of = |p: &crate::domain::sla::Policy| {
        let mut fits: Vec<String> = p.class.iter().map(|c| w.class(Some(*c))).collect();
        fits.extend(p.service.iter().map(|x| w.service(Some(x))));
        fits.extend(p.district.iter().map(|x| w.district(Some(x))));
        fits.extend(p.queue.iter().map(|x| w.queue(x)));
        PolicyLine {
            name: p.name.clone(),
            fits: fits.join(" · "),
            targets: Stage::ALL.iter().filter_map(|st| p.target(*st).map(|t| (w.of("stage", st.as_str()), target(w, t)))).collect(),
            basis: p.basis.as_ref().map(|b| b.get(w.lang).to_owned()).unwrap_or_default(),
        }
    };
    book.policies.iter().map(of).collect()
}

fn parts(w: &Words<'_>, list: &[Difference]) -> Vec<String> {
    let of =
        |d: &Difference| format!("{} {} — {}", w.of("admin", &format!("part_{}", d.part)), d.name, w.of("admin", &format!("change_{}", d.change)));
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
    Some((p.policy.unwrap_or_else(|| "—".into()), p.basis.map(|b| b.get(w.lang).to_owned()).unwrap_or_default(), due))
}

/// What a form said, looked at or refused.
#[derive(Default)]
struct Draft {
    asked: Asked,
    text: Option<String>,
    note: String,
    look: Option<Look>,
    faults: Vec<String>,
}

async fn shown(state: &WebState, s: Shell<'_>, word: &'static str, d: Draft) -> Result<HttpResponse, ApiError> {
    let w = s.w;
    let c = &w.book.catalog;
    let rows = revisions::after(state.core.db.read(), 0).await?;
    let last = rows.last().ok_or_else(|| ApiError::new("not_found"))?;
    let present = if word == "policies" { &last.sla } else { &last.calendar };
    let text = d.text.unwrap_or_else(|| present.clone());
    // What is tried is tried by what stands in the form.
    let (sla_text, calendar_text) = if word == "policies" { (&text, &last.calendar) } else { (&last.sla, &text) };
    let read: Option<(SlaBook, Calendars)> = toml::from_str(sla_text).ok().zip(toml::from_str(calendar_text).ok());
    let (sla, calendar) = read.unwrap_or_else(|| (w.book.sla.clone(), w.book.calendar.clone()));
    let people: BTreeMap<String, String> = staff::all(state.core.db.read()).await?.into_iter().map(|m| (format!("staff:{}", m.id), m.name)).collect();
    let history = rows.iter().rev().take(30).map(|r| RevisionLine {
        number: r.number,
        at: local_date_time(r.made_at),
        from: if r.effective_at > Instant::UNIX_EPOCH { local_date_time(r.effective_at) } else { String::new() },
        who: people.get(&r.author).cloned().unwrap_or_else(|| w.t("admin.by_files").to_owned()),
        note: r.note.clone(),
        parts: serde_json::from_str::<Vec<Difference>>(&r.diff).map(|list| parts(&w, &list)).unwrap_or_default(),
        newest: r.number == last.number,
    });
    let hours = |h: &crate::domain::calendar::Hours| {
        let days = Weekday::ALL.iter().filter(|day| !h.of(**day).is_empty());
        days.map(|day| (w.of("duty", &format!("day_{day}")), h.of(*day).iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))).collect()
    };
    let rev = Revision::new(last.number, state.core.now(), sla.clone(), &calendar);
    let template = NormsPage {
        tabs: tabs(&s.w, word),
        word,
        policies: policies_of(&w, &sla),
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
        history: history.collect(),
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

fn broken(e: impl std::fmt::Display) -> DispatchError {
    DispatchError::invalid("unprocessable", e.to_string())
}

/// The policies after one press, as text.
fn new_sla(present: &str, form: &[(String, String)]) -> Result<String, DispatchError> {
    if field(form, "act") != "target" {
        return Ok(fields(form, "text").next().unwrap_or_default().replace("\r\n", "\n"));
    }
    let mut book: SlaBook = toml::from_str(present).map_err(broken)?;
    let minutes: i64 = field(form, "minutes").parse().map_err(broken)?;
    let stage = Stage::parse(field(form, "stage")).ok_or_else(|| broken("stage"))?;
    let policy = book.policies.iter_mut().find(|p| p.name == field(form, "policy")).ok_or(DispatchError::NotFound)?;
    let target = policy.target_mut(stage).ok_or_else(|| broken("stage"))?;
    let mut changed = target.clone().unwrap_or_default();
    match changed.working_minutes {
        Some(_) => changed.working_minutes = Some(minutes),
        None => (changed.minutes, changed.working_days) = (Some(minutes), None),
    }
    *target = Some(changed);
    toml::to_string_pretty(&book).map_err(broken)
}

/// The calendars after one press, as text.
fn new_calendar(present: &str, form: &[(String, String)]) -> Result<String, DispatchError> {
    let act = field(form, "act");
    if !matches!(act, "rest" | "unrest" | "work") {
        return Ok(fields(form, "text").next().unwrap_or_default().replace("\r\n", "\n"));
    }
    let mut book: Calendars = toml::from_str(present).map_err(broken)?;
    let day = |name: &str| field(form, name).parse().map(Day).map_err(broken);
    let date = day("date")?;
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
    toml::to_string_pretty(&book).map_err(broken)
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
        Err(DispatchError::Invalid { code, detail }) => {
            draft.faults.push(title(&state.core.book, s.w.lang, code));
            // What the books' own checks say is worded for whoever knows the files.
            draft.faults.push(s.w.with("fault.other", "problem", &detail));
            shown(state, s, word, draft).await
        }
        Err(e) => Err(e.into()),
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
) -> Result<bool, DispatchError> {
    let core = &state.core;
    let last = revisions::last(core.db.read()).await?.ok_or(DispatchError::NotFound)?;
    let author = actor_of(&session.scope);
    let number = || field(form, "number").parse::<i64>().map_err(|_| DispatchError::NotFound);
    if field(form, "act") == "apply" {
        books::apply(core, last.number).await?;
        audit::enter(core, core.db.write(), &author.to_string(), "books_applied", Some(&format!("books:{}", last.number)), None).await?;
        return Ok(true);
    }
    if field(form, "act") == "revert" {
        let old = revisions::load(core.db.read(), number()?).await?.ok_or(DispatchError::NotFound)?;
        let note = w.with("admin.note_restored", "number", &old.number.to_string());
        let row = books::change(core, &author, Some(last.number), Some(&old.sla), Some(&old.calendar), &note).await?;
        audit::enter(core, core.db.write(), &row.author, "books_changed", Some(&format!("books:{}", row.number)), Some(&note)).await?;
        return Ok(true);
    }
    let policies = word == "policies";
    let text = if policies { new_sla(&last.sla, form)? } else { new_calendar(&last.calendar, form)? };
    draft.text = Some(text.clone());
    let (sla, calendar) = if policies { (Some(text.as_str()), None) } else { (None, Some(text.as_str())) };
    if matches!(field(form, "act"), "look" | "import") {
        if field(form, "act") == "import" {
            let got = books::import(core, fields(form, "ical").next().unwrap_or_default(), None, None).await?;
            draft.text = Some(got.calendar_text.clone());
            draft.look = Some(look(w, &books::outlook(core, None, Some(&got.calendar_text)).await?));
        } else {
            draft.look = Some(look(w, &books::outlook(core, sla, calendar).await?));
        }
        return Ok(false);
    }
    let expected = field(form, "expected").parse().ok();
    let row = books::change(core, &author, expected, sla, calendar, field(form, "note")).await?;
    audit::enter(core, core.db.write(), &row.author, "books_changed", Some(&format!("books:{}", row.number)), Some(&row.note)).await?;
    Ok(true)
}
