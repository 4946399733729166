//! Policies, calendars and duties, for administrators: what holds, what would change, the change itself.

use crate::dispatch::accounts;
use crate::dispatch::acts::actor_of;
use crate::dispatch::books::{self, Outlook};
use crate::domain::calendar::{Day, Span};
use crate::domain::sla::{Difference, Duty, Move};
use crate::domain::{Instant, QueueCode};
use crate::store::books::{self as revisions, BookRow};
use crate::store::duties::{self, OnDuty};
use crate::store::{StoreError, staff};
use crate::web::api::access::Granted;
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

fn differences(row: &BookRow) -> Result<Vec<Difference>, StoreError> {
    serde_json::from_str(&row.diff).map_err(|e| StoreError::corrupt("book_revision.diff", e))
}

fn revision(row: &BookRow, now: Instant) -> Result<Value, StoreError> {
    Ok(json!({
        "number": row.number,
        "author": row.author,
        "note": row.note,
        "made_at": view::when(row.made_at),
        "effective_at": (row.effective_at > Instant::UNIX_EPOCH).then(|| view::when(row.effective_at)),
        "in_force": row.effective_at <= now,
        "apply": row.apply_state,
        "applied": row.applied,
        "differences": differences(row)?,
    }))
}

/// `GET /staff/books`: every revision, the newest first, without its texts.
///
/// # Errors
/// The store's.
pub async fn list(_who: Granted, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    let now = state.core.now();
    let rows = revisions::after(state.core.db.read(), 0).await?;
    let items = rows.iter().rev().map(|r| revision(r, now)).collect::<Result<Vec<_>, _>>()?;
    Ok(HttpResponse::Ok().json(json!({"items": items})))
}

/// `GET /staff/books/{number}`: with both texts.
///
/// # Errors
/// `not_found`.
pub async fn show(_who: Granted, state: web::Data<WebState>, number: web::Path<i64>) -> Result<HttpResponse, ApiError> {
    let row = revisions::load(state.core.db.read(), *number).await?.ok_or_else(|| ApiError::new("not_found"))?;
    Ok(HttpResponse::Ok().json(whole(&row, state.core.now())?))
}

fn whole(row: &BookRow, now: Instant) -> Result<Value, StoreError> {
    let mut body = revision(row, now)?;
    if let Some(map) = body.as_object_mut() {
        map.insert("sla".into(), json!(row.sla));
        map.insert("calendar".into(), json!(row.calendar));
    }
    Ok(body)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    sla: Option<String>,
    calendar: Option<String>,
    note: Option<String>,
    expected: Option<i64>,
}

fn outlook(o: &Outlook) -> Value {
    let moves: Vec<Value> = o.moves.iter().map(moved).collect();
    json!({"differences": o.differences, "open": o.open, "moved": o.moved, "moves": moves})
}

fn moved(m: &Move) -> Value {
    json!({
        "number": m.number.to_string(),
        "stage": m.stage,
        "from": view::when_any(m.from),
        "to": view::when_any(m.to),
        "policy_from": m.policy.0,
        "policy_to": m.policy.1,
    })
}

/// `POST /staff/books/preview`: what would be different, and which deadlines of open requests would move if it were put on them. Nothing is stored.
///
/// # Errors
/// `unprocessable` with everything that must be mended.
pub async fn preview(_who: Granted, state: web::Data<WebState>, body: web::Json<Texts>) -> Result<HttpResponse, ApiError> {
    let o = books::outlook(&state.core, body.sla.as_deref(), body.calendar.as_deref()).await?;
    Ok(HttpResponse::Ok().json(outlook(&o)))
}

/// `GET /staff/books/{number}/moves`: the same for a stored revision, before it is applied.
///
/// # Errors
/// `not_found`.
pub async fn moves(_who: Granted, state: web::Data<WebState>, number: web::Path<i64>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(outlook(&books::outlook_of(&state.core, *number).await?)))
}

/// `POST /staff/books`: a new revision. Open requests keep their times until it is applied.
///
/// # Errors
/// `unprocessable` with everything that must be mended; `conflict` when `expected` is not the newest.
pub async fn change(who: Granted, state: web::Data<WebState>, body: web::Json<Texts>) -> Result<HttpResponse, ApiError> {
    let b = body.into_inner();
    let expected = input::needed("expected", b.expected)?;
    let note = input::words("note", b.note)?.unwrap_or_default();
    let author = actor_of(&who.scope);
    let row = books::change(&state.core, &author, Some(expected), b.sla.as_deref(), b.calendar.as_deref(), &note).await?;
    Ok(HttpResponse::Created().json(revision(&row, state.core.now())?))
}

/// `POST /staff/books/{number}/apply`: puts the newest revision on open requests; workers do it step by step.
///
/// # Errors
/// `not_found`; `unprocessable` for any but the newest.
pub async fn apply(who: Granted, state: web::Data<WebState>, number: web::Path<i64>) -> Result<HttpResponse, ApiError> {
    books::apply(&state.core, &actor_of(&who.scope), *number).await?;
    Ok(HttpResponse::Accepted().json(json!({"number": *number, "apply": revisions::apply::ASKED})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    ical: Option<String>,
    from: Option<String>,
    until: Option<String>,
    only: Option<String>,
}

/// `POST /staff/books/import`: the newest calendar with the days of rest of an iCalendar feed put in, to be looked at and stored. Nothing is stored.
///
/// # Errors
/// `unprocessable` for what is no feed.
pub async fn import(_who: Granted, state: web::Data<WebState>, body: web::Json<Feed>) -> Result<HttpResponse, ApiError> {
    let b = body.into_inner();
    let text = input::needed_words("ical", b.ical)?;
    let day = |field: &str, text: Option<&str>| -> Result<Option<Day>, ApiError> {
        text.map(|t| t.parse::<chrono::NaiveDate>().map(Day).map_err(|_| input::wrong(field, "a date, such as 2028-01-01"))).transpose()
    };
    let span = day("from", b.from.as_deref())?.zip(day("until", b.until.as_deref())?);
    let got = books::import(&state.core, &text, span, b.only.as_deref().filter(|o| !o.trim().is_empty())).await?;
    let skipped: Vec<Value> = got.skipped.iter().map(|(name, why)| json!({"name": name, "why": why})).collect();
    Ok(HttpResponse::Ok().json(json!({"calendar": got.calendar_text, "added": got.added, "skipped": skipped})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDuty {
    login: Option<String>,
    duty: Option<String>,
    queue: Option<String>,
    hours: Option<String>,
    mail: Option<String>,
}

/// `GET /staff/duties`: the roster.
///
/// # Errors
/// The store's.
pub async fn roster(_who: Granted, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    let db = state.core.db.read();
    let people = staff::all(db).await?;
    let items: Vec<Value> = duties::all(db)
        .await?
        .iter()
        .map(|d| {
            let login = people.iter().find(|s| s.id == d.staff).map(|s| s.login.as_str());
            json!({"id": d.id, "login": login, "duty": d.duty, "queue": d.queue, "hours": d.hours.map(|h| h.to_string()), "mail": d.mail})
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({"items": items})))
}

/// `POST /staff/duties`.
///
/// # Errors
/// `unprocessable`, `bad_queue`.
pub async fn add_duty(who: Granted, state: web::Data<WebState>, body: web::Json<NewDuty>) -> Result<HttpResponse, ApiError> {
    let b = body.into_inner();
    let login = input::needed_words("login", b.login)?;
    let queue: Option<QueueCode> =
        b.queue.as_deref().filter(|q| !q.trim().is_empty()).map(|q| input::coded("bad_queue", "queue", Some(q))).transpose()?;
    let hours =
        b.hours.as_deref().filter(|h| !h.trim().is_empty()).map(Span::parse).transpose().map_err(|e| input::wrong("hours", &e.to_string()))?;
    let duty: Duty = input::needed("duty", input::word("duty", b.duty.as_deref())?)?;
    let d: OnDuty = accounts::add_duty(&state.core, &actor_of(&who.scope), &login, duty, queue, hours, b.mail.as_deref()).await?;
    Ok(HttpResponse::Created().json(json!({"id": d.id})))
}

/// `DELETE /staff/duties/{id}`.
///
/// # Errors
/// `not_found`.
pub async fn remove_duty(who: Granted, state: web::Data<WebState>, id: web::Path<uuid::Uuid>) -> Result<HttpResponse, ApiError> {
    accounts::remove_duty(&state.core, &actor_of(&who.scope), *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
