//! Who gets the morning digest: the list with masked addresses, and one reader's own page, which is a noted look at personal data.

use super::super::people::{Choice, Fields, field};
use super::super::shell::{Shell, page, see};
use super::super::words::Words;
use super::{reasons, shell, status, tabs};
use crate::config::local_date_time;
use crate::dispatch::digest_readers::{self as readers, Choice as Set, Listed, Stated};
use crate::domain::digest::Part;
use crate::domain::{Instant, Lang};
use crate::store::staff;
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::mask;
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use std::collections::BTreeMap;

/// One reader in the list.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct Row {
    pub id: String,
    pub address: String,
    pub lang: String,
    pub part: String,
    pub active: bool,
    pub changed: String,
}

/// One change of a reader.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct Past {
    pub at: String,
    pub who: String,
    pub was: String,
    pub is: String,
    /// What the form of going back sends: language, part, on or off.
    pub back: Option<(String, String, bool)>,
}

#[derive(Template)]
#[template(path = "console/admin/readers.html")]
pub(in crate::web::console) struct ReadersPage<'a> {
    pub s: Shell<'a>,
    pub tabs: Vec<Choice>,
    pub rows: Vec<Row>,
    /// When the digest is due.
    pub at: String,
    pub address: String,
    pub langs: Vec<Choice>,
    pub parts: Vec<Choice>,
    pub faults: Vec<String>,
}

#[derive(Template)]
#[template(path = "console/admin/reader.html")]
pub(in crate::web::console) struct ReaderPage<'a> {
    pub s: Shell<'a>,
    pub id: String,
    pub masked: String,
    pub address: String,
    pub langs: Vec<Choice>,
    pub parts: Vec<Choice>,
    pub active: bool,
    pub configured: bool,
    /// The moment of the change that the form is made of.
    pub seen: String,
    pub history: Vec<Past>,
    pub faults: Vec<String>,
}

fn part_name(w: &Words<'_>, part: &Part) -> String {
    match part {
        Part::All => w.t("readers.all").to_owned(),
        Part::District(code) => w.district(Some(code)),
        Part::Service(code) => w.service(Some(code)),
        Part::Queue(code) => w.queue(code),
    }
}

/// Parts of the work to choose from; the chosen one stands among them even when it has left the catalogue.
fn parts(w: &Words<'_>, chosen: &str) -> Vec<Choice> {
    let c = &w.book.catalog;
    let kind = |word: &str, name: String| format!("{}: {name}", w.of("admin", &format!("area_{word}")));
    let mut out = vec![("all".to_owned(), w.t("readers.all").to_owned())];
    out.extend(c.districts.iter().map(|d| (Part::District(d.code.clone()).to_string(), kind("district", w.district(Some(&d.code))))));
    out.extend(c.services.iter().map(|s| (Part::Service(s.code.clone()).to_string(), kind("service", w.service(Some(&s.code))))));
    out.extend(c.queues.iter().map(|q| (Part::Queue(q.code.clone()).to_string(), kind("queue", w.queue(&q.code)))));
    if !chosen.is_empty() && !out.iter().any(|(code, _)| code == chosen) {
        out.push((chosen.to_owned(), chosen.to_owned()));
    }
    out.into_iter().map(|(code, name)| Choice::new(&code, name, code == chosen)).collect()
}

fn langs(w: &Words<'_>, chosen: &str) -> Vec<Choice> {
    [Lang::Kk, Lang::Ru].map(|l| Choice::new(&l.to_string(), w.of("lang", &l.to_string()), l.to_string() == chosen)).into()
}

/// A moment as a form carries it: microseconds, or nothing.
fn moment(at: Option<Instant>) -> String {
    at.map(|t| t.timestamp_micros().to_string()).unwrap_or_default()
}

fn seen(form: &[(String, String)]) -> Option<Instant> {
    field(form, "expected").parse().ok().and_then(chrono::DateTime::from_timestamp_micros)
}

fn stated(form: &[(String, String)]) -> Stated<'_> {
    Stated { address: field(form, "address"), lang: field(form, "lang"), part: field(form, "part"), active: field(form, "active") == "1" }
}

async fn list(state: &WebState, s: Shell<'_>, form: &[(String, String)], faults: Vec<String>) -> Result<HttpResponse, ApiError> {
    let w = s.w;
    let rows = readers::all(&state.core).await?.into_iter().map(|r| Row {
        address: mask::address(&r.address),
        lang: w.of("lang", &r.choice.lang.to_string()),
        part: part_name(&w, &r.choice.part),
        active: r.choice.active,
        changed: r.changed_at.map(local_date_time).unwrap_or_default(),
        id: r.id,
    });
    let chosen = |name: &str, other: &'static str| Some(field(form, name).to_owned()).filter(|v| !v.is_empty()).unwrap_or_else(|| other.to_owned());
    let template = ReadersPage {
        tabs: tabs(&s.w, "readers"),
        rows: rows.collect(),
        at: state.core.settings.digest_at.clone(),
        address: field(form, "address").to_owned(),
        langs: langs(&w, &chosen("lang", "kk")),
        parts: parts(&w, &chosen("part", "all")),
        faults,
        s,
    };
    page(status(&template.faults), &template)
}

/// `GET /console/admin/readers`.
///
/// # Errors
/// The store's.
pub async fn show_all(req: HttpRequest, state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    let s = shell(&state, &req, &session);
    list(&state, s, &[], Vec::new()).await
}

/// `POST /console/admin/readers`: a reader added.
///
/// # Errors
/// `forbidden` without the form's token.
pub async fn add(req: HttpRequest, state: web::Data<WebState>, session: Session, form: Fields) -> Result<HttpResponse, ApiError> {
    session.check_csrf(field(&form, "csrf"))?;
    match readers::add(&state.core, &session.scope, &Stated { active: true, ..stated(&form) }).await {
        Ok(_) => Ok(see("/console/admin/readers?saved=1")),
        Err(e) => {
            let s = shell(&state, &req, &session);
            let faults = reasons(&state, &s.w, e)?;
            list(&state, s, &form, faults).await
        }
    }
}

fn in_words(w: &Words<'_>, c: Option<&Set>) -> String {
    c.map_or_else(
        || "—".to_owned(),
        |c| {
            let mark = if c.active { w.t("readers.on") } else { w.t("readers.off") };
            format!("{} · {} · {mark}", part_name(w, &c.part), w.of("lang", &c.lang.to_string()))
        },
    )
}

async fn history(state: &WebState, w: &Words<'_>, id: &str) -> Result<Vec<Past>, ApiError> {
    let people: BTreeMap<String, String> = staff::all(state.core.db.read()).await?.into_iter().map(|p| (format!("staff:{}", p.id), p.name)).collect();
    let rows = readers::history(&state.core, id).await?;
    Ok(rows
        .into_iter()
        .map(|p| Past {
            at: local_date_time(p.at),
            who: people.get(&p.author).cloned().unwrap_or_else(|| p.author.clone()),
            was: in_words(w, p.was.as_ref()),
            is: in_words(w, p.is.as_ref()),
            back: p.was.map(|c| (c.lang.to_string(), c.part.to_string(), c.active)),
        })
        .collect())
}

async fn one(state: &WebState, s: Shell<'_>, r: &Listed, form: &[(String, String)], faults: Vec<String>) -> Result<HttpResponse, ApiError> {
    let w = s.w;
    // After a refusal the form stays as it was filled in.
    let kept = |name: &str, stands: String| if form.is_empty() { stands } else { field(form, name).to_owned() };
    let template = ReaderPage {
        id: r.id.clone(),
        masked: mask::address(&r.address),
        address: kept("address", r.address.clone()),
        langs: langs(&w, &kept("lang", r.choice.lang.to_string())),
        parts: parts(&w, &kept("part", r.choice.part.to_string())),
        active: if form.is_empty() { r.choice.active } else { field(form, "active") == "1" },
        configured: r.configured,
        seen: moment(r.changed_at),
        history: history(state, &w, &r.id).await?,
        faults,
        s,
    };
    page(status(&template.faults), &template)
}

/// `GET /console/admin/readers/{id}`: with the address; the look is noted.
///
/// # Errors
/// `not_found`; the store's.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, session: Session, id: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let r = readers::open(&state.core, &session.scope, &id).await?;
    let s = shell(&state, &req, &session);
    one(&state, s, &r, &[], Vec::new()).await
}

/// `POST /console/admin/readers/{id}`: changed, switched off, put back, or removed.
///
/// # Errors
/// `forbidden` without the form's token; `not_found`.
pub async fn save(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    id: web::Path<String>,
    form: Fields,
) -> Result<HttpResponse, ApiError> {
    session.check_csrf(field(&form, "csrf"))?;
    let (core, scope, seen) = (&state.core, &session.scope, seen(&form));
    let done = match field(&form, "act") {
        "remove" => readers::remove(core, scope, &id, seen).await.map(|()| None),
        // To what it was: the address stands in no form of the history.
        "back" => {
            let address = readers::find(core, &id).await?.address;
            readers::change(core, scope, &id, seen, &Stated { address: &address, ..stated(&form) }).await.map(Some)
        }
        _ => readers::change(core, scope, &id, seen, &stated(&form)).await.map(Some),
    };
    match done {
        Ok(Some(id)) => Ok(see(&format!("/console/admin/readers/{id}?saved=1"))),
        Ok(None) => Ok(see("/console/admin/readers?saved=1")),
        Err(e) => {
            let s = shell(&state, &req, &session);
            let faults = reasons(&state, &s.w, e)?;
            let r = readers::open(&state.core, &session.scope, &id).await?;
            let form: &[(String, String)] = if field(&form, "act") == "save" { &form } else { &[] };
            one(&state, s, &r, form, faults).await
        }
    }
}
