//! One request whole: thread, history, clocks, files, delivery. Every view of it is written to the access log before it is shown.

use super::verdict::verdict;
use crate::dispatch::acts::actor_of;
use crate::domain::access::Permission;
use crate::domain::request::Event;
use crate::domain::verdict::Verdict;
use crate::domain::{RequestId, StaffId};
use crate::store::journal::JournalRow;
use crate::store::{Conn, StoreError, access_log, attachments, calls, journal, messages, requests, staff, timers};
use crate::web::api::access::Granted;
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Longest reason for an unmasked view, in characters.
const LONGEST_REASON: usize = 500;

#[derive(Deserialize)]
pub struct Look {
    personal: Option<String>,
    reason: Option<String>,
}

/// `GET /staff/requests/{number}`: phone and name masked.
///
/// # Errors
/// `not_found` also outside the scope; `unprocessable` for whoever asks for personal data here; the store's, and then nothing is shown.
pub async fn show(who: Granted, state: web::Data<WebState>, number: web::Path<String>, look: web::Query<Look>) -> Result<HttpResponse, ApiError> {
    // An address line is written to logs on its way: a reason has no place in it.
    if look.personal.is_some() || look.reason.is_some() {
        return Err(ApiError::detail("unprocessable", "personal data: POST .../personal with the reason in the body"));
    }
    whole(who, &state, &number, None).await
}

/// Why personal data are needed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unmask {
    reason: Option<String>,
}

/// `POST /staff/requests/{number}/personal`: the same with the caller's whole phone and name. The reason is kept in the access log.
///
/// # Errors
/// `bad_request` without a reason; `unprocessable` for an empty or overlong one; else as [`show`].
pub async fn personal(
    who: Granted,
    state: web::Data<WebState>,
    number: web::Path<String>,
    body: web::Json<Unmask>,
) -> Result<HttpResponse, ApiError> {
    who.need(Permission::ReadPersonal)?;
    let reason = input::needed_words("reason", body.into_inner().reason)?;
    match reason.trim() {
        "" => Err(input::wrong("reason", "is needed")),
        r if r.chars().count() > LONGEST_REASON => Err(input::wrong("reason", "at most 500 characters")),
        r => whole(who, &state, &number, Some(r)).await,
    }
}

async fn whole(who: Granted, state: &WebState, number: &str, reason: Option<&str>) -> Result<HttpResponse, ApiError> {
    let number = input::number(number)?;
    let db = state.core.db.read();
    let stored = requests::by_number_scoped(db, &number, &who.scope).await?.ok_or_else(|| ApiError::new("not_found"))?;
    let id = stored.request.id;
    let what = if reason.is_some() { "personal" } else { "view" };
    let actor = actor_of(&who.scope).to_string();
    access_log::note(state.core.db.write(), state.core.wall(), &actor, what, Some(id), reason).await?;

    let words = who.scope.may(Permission::ReadPersonal);
    let clocks = timers::of_requests(db, &[id]).await?;
    let history = journal::of_request(db, id).await?;
    let said = messages::of_request(db, id).await?;
    let names = names(db, history.iter().map(|r| r.actor.as_str()).chain(said.iter().map(|m| m.author.as_str()))).await?;
    let name = |actor: &str| names.get(actor).cloned();
    let (linked, thought) = (linked(db, &history).await?, thought(&history));
    let why = if words { messages::reasons_of(db, id).await? } else { None };
    let thread: Vec<Value> = said
        .iter()
        .map(|m| {
            json!({
                "id": m.id,
                "direction": m.direction,
                "author": m.author,
                "author_name": name(&m.author),
                "text": m.text.as_ref().filter(|_| words),
                "erased": m.text.is_none() && !m.unsent,
                "unsent": m.unsent,
                "at": view::when(m.at),
            })
        })
        .collect();
    let history: Vec<Value> = history
        .iter()
        .map(|r| {
            json!({
                "seq": r.seq,
                "kind": r.kind,
                "actor": r.actor,
                "actor_name": name(&r.actor),
                "at": view::when(r.at),
                "data": data_of(r),
                "hash": hex::encode(&r.hash),
            })
        })
        .collect();
    let mut body = view::state_of(&stored, &clocks);
    let parts = [
        ("merged_into", parent(db, stored.request.parent).await?),
        ("linked", linked),
        ("triage", thought.map_or(Value::Null, |v| verdict(&v, why.as_deref()))),
        ("resident", super::residents::of_request(db, &stored, reason.is_some()).await?),
        ("place", if words { place(db, id).await? } else { Value::Null }),
        ("clocks", clocks.iter().map(view::clock).collect()),
        ("thread", Value::Array(thread)),
        ("history", Value::Array(history)),
        ("attachments", files(db, id, &stored.request.number.to_string()).await?),
        ("deliveries", super::delivery::deliveries(&state.core.book, db, id).await?),
        ("reach", super::delivery::outlook(state, db, &stored.request).await?),
        ("calls", calls_of(db, id).await?),
    ];
    if let Some(map) = body.as_object_mut() {
        map.extend(parts.map(|(k, v)| (k.to_owned(), v)));
    }
    Ok(HttpResponse::Ok().json(body))
}

/// The event without its name, which stands beside it.
fn data_of(row: &JournalRow) -> Value {
    match serde_json::from_str(&row.payload) {
        Ok(Value::Object(mut map)) => {
            map.remove("kind");
            Value::Object(map)
        }
        // Only a row that was altered by hand; `verify-journal` names it.
        _ => Value::Null,
    }
}

/// Names of the staff behind actors.
async fn names<'a>(c: &impl Conn, actors: impl Iterator<Item = &'a str>) -> Result<BTreeMap<String, String>, StoreError> {
    let mut out = BTreeMap::new();
    for actor in actors {
        let id = actor.strip_prefix("staff:").or_else(|| actor.strip_prefix("crew:")).and_then(|id| id.parse::<StaffId>().ok());
        let Some(id) = id.filter(|_| !out.contains_key(actor)) else { continue };
        if let Some(member) = staff::load(c, id).await? {
            out.insert(actor.to_owned(), member.name);
        }
    }
    Ok(out)
}

/// What triage thought when the request was registered.
fn thought(history: &[JournalRow]) -> Option<Verdict> {
    match history.first()?.event().ok()? {
        Event::Registered(r) => r.triage.clone(),
        _ => None,
    }
}

/// Numbers of the requests that the same message made.
async fn linked(c: &impl Conn, history: &[JournalRow]) -> Result<Value, StoreError> {
    let others: Vec<RequestId> = history.iter().filter_map(|r| if let Ok(Event::Linked { to }) = r.event() { Some(to) } else { None }).collect();
    let rows = if others.is_empty() { Vec::new() } else { requests::load_many(c, &others).await? };
    Ok(others.iter().filter_map(|id| rows.iter().find(|s| s.request.id == *id)).map(|s| s.request.number.to_string()).collect())
}

async fn parent(c: &impl Conn, id: Option<RequestId>) -> Result<Value, StoreError> {
    let Some(id) = id else { return Ok(Value::Null) };
    Ok(requests::load(c, id).await?.map_or(Value::Null, |s| json!(s.request.number.to_string())))
}

async fn place(c: &impl Conn, id: RequestId) -> Result<Value, StoreError> {
    Ok(messages::place_of(c, id).await?.map_or(Value::Null, |p| json!({"address": p.address, "lat": p.lat, "lon": p.lon})))
}

async fn files(c: &impl Conn, id: RequestId, number: &str) -> Result<Value, StoreError> {
    let rows = attachments::of_request(c, id).await?;
    Ok(rows
        .iter()
        .map(|a| {
            let here = a.status == attachments::status::STORED;
            json!({
                "id": a.id,
                "kind": a.kind,
                "mime": a.mime,
                "size": a.size,
                "status": a.status,
                "at": view::when(a.at),
                "url": here.then(|| format!("{}/staff/requests/{number}/attachments/{}", crate::web::api::BASE, a.id)),
            })
        })
        .collect())
}

/// The calls that are about the request, numbers masked.
async fn calls_of(c: &impl Conn, id: RequestId) -> Result<Value, StoreError> {
    let ids: Vec<_> = calls::links::of_request(c, id).await?.iter().map(|l| l.call).collect();
    Ok(calls::load_many(c, &ids).await?.iter().map(super::calls::masked).collect())
}
