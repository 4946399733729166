//! What administrators change while the service runs: what holds, the change itself, the history and the way back.

use crate::config::Book;
use crate::dispatch::acts::actor_of;
use crate::dispatch::settings::{self, Change, Refused};
use crate::domain::setting::{Area, RULES};
use crate::store::revisions::{self, Revision};
use crate::web::api::access::Granted;
use crate::web::api::cursor::{self, RowCursor};
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

fn area_of(word: &str) -> Result<Area, ApiError> {
    Area::parse(word).ok_or_else(|| ApiError::new("not_found"))
}

fn keys(book: &Book, area: Area) -> Vec<String> {
    let c = &book.catalog;
    match area {
        Area::Text => book.messages.keys().map(str::to_owned).collect(),
        Area::Service => c.services.iter().map(|x| x.code.to_string()).collect(),
        Area::District => c.districts.iter().map(|x| x.code.to_string()).collect(),
        Area::Queue => c.queues.iter().map(|x| x.code.to_string()).collect(),
        Area::Crew => c.crews.iter().map(|x| x.code.to_string()).collect(),
        Area::Routing => vec![RULES.to_owned()],
        Area::Template => book.templates.template.iter().map(|t| format!("{}:{}", t.channel, t.text)).collect(),
        Area::Shift => book.shifts.shifts.iter().map(|s| s.crew.to_string()).collect(),
    }
}

fn one(state: &WebState, book: &Book, area: Area, key: &str) -> Option<Value> {
    let value = book.value_of(area, key);
    let shipped = state.core.book.files().value_of(area, key);
    let changed = value != shipped;
    (value.is_some() || shipped.is_some()).then(|| json!({"key": key, "value": value, "changed": changed}))
}

/// `GET /staff/settings/{area}`: every key of an area with the value that holds.
///
/// # Errors
/// `not_found` for another area.
pub async fn list(_who: Granted, state: web::Data<WebState>, area: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let area = area_of(&area)?;
    let book: &Book = &state.core.book;
    let items: Vec<Value> = keys(book, area).iter().filter_map(|key| one(&state, book, area, key)).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items})))
}

async fn shown(state: &WebState, area: Area, key: &str) -> Result<Value, ApiError> {
    let mut body = one(state, &state.core.book, area, key).ok_or_else(|| ApiError::new("not_found"))?;
    if let Some(map) = body.as_object_mut() {
        map.insert("shipped".into(), json!(state.core.book.files().value_of(area, key)));
        map.insert("version".into(), json!(settings::version(state.core.db.read(), area, key).await?));
    }
    Ok(body)
}

/// `GET /staff/settings/{area}/{key}`: one value, the files' own, and the number of its newest change.
///
/// # Errors
/// `not_found`.
pub async fn show(_who: Granted, state: web::Data<WebState>, path: web::Path<(String, String)>) -> Result<HttpResponse, ApiError> {
    settings::reload(&state.core).await?;
    Ok(HttpResponse::Ok().json(shown(&state, area_of(&path.0)?, &path.1).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// JSON as text; null or left out: as the files have it.
    value: Option<String>,
    note: Option<String>,
    expected: Option<i64>,
}

fn refused(e: Refused) -> ApiError {
    crate::dispatch::DispatchError::from(e).into()
}

/// `PUT /staff/settings/{area}/{key}`: the change.
///
/// # Errors
/// `config_breaks` with everything that must be mended; `conflict` when `expected` is not the newest change of it.
pub async fn put(
    who: Granted,
    state: web::Data<WebState>,
    path: web::Path<(String, String)>,
    body: web::Json<Wanted>,
) -> Result<HttpResponse, ApiError> {
    let b = body.into_inner();
    let (area, key) = (area_of(&path.0)?, path.1.as_str());
    let expected = input::needed("expected", b.expected)?;
    let note = input::words("note", b.note)?.unwrap_or_default();
    let value = input::words("value", b.value)?;
    let change = Change { area, key, value: value.as_deref(), note: &note, expected: Some(expected) };
    let row = settings::change(&state.core, &actor_of(&who.scope), &change).await.map_err(refused)?;
    Ok(HttpResponse::Ok().json(line(&row)))
}

fn line(r: &Revision) -> Value {
    json!({
        "number": r.number,
        "area": r.area,
        "key": r.key,
        "was": r.was,
        "value": r.value,
        "author": r.author,
        "note": r.note,
        "made_at": view::when(r.made_at),
    })
}

#[derive(Deserialize)]
pub struct Which {
    area: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

/// `GET /staff/settings-history?area=`: changes, the newest first.
///
/// # Errors
/// `bad_request`, `unprocessable`.
pub async fn history(_who: Granted, state: web::Data<WebState>, q: web::Query<Which>) -> Result<HttpResponse, ApiError> {
    let area: Option<Area> = input::word("area", q.area.as_deref())?;
    let limit = input::limit(q.limit.as_deref())?;
    let before = cursor::decode::<RowCursor>(q.cursor.as_deref())?.map(|c| c.row);
    let rows = revisions::list(state.core.db.read(), area, before, limit as u64 + 1).await?;
    let (rows, next) = cursor::page(rows, limit, |r| RowCursor { row: r.number });
    Ok(HttpResponse::Ok().json(view::list(rows.iter().map(line).collect(), next)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Back {
    /// What stood before that change, not what it had put in force.
    before: Option<bool>,
    /// The newest change of all that was seen: a later one of the same key is not overwritten.
    seen: Option<i64>,
    note: Option<String>,
}

/// `POST /staff/settings-history/{number}/restore`: what a change had put in force, or what stood before it, holds again: a new change.
///
/// # Errors
/// As [`put`]; `not_found`; `conflict` for taking back a change that is not the newest of its key.
pub async fn restore(who: Granted, state: web::Data<WebState>, number: web::Path<i64>, body: web::Json<Back>) -> Result<HttpResponse, ApiError> {
    let b = body.into_inner();
    let note = input::words("note", b.note)?.unwrap_or_default();
    let done = settings::restore(&state.core, &actor_of(&who.scope), *number, b.before.unwrap_or(false), b.seen, &note).await;
    Ok(HttpResponse::Created().json(line(&done.map_err(refused)?)))
}
