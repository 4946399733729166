//! Calls: a masked list, and the card of one, which tells the operator who is calling. Every card is written to the access log before it is shown.

use crate::dispatch::acts::actor_of;
use crate::dispatch::call_desk;
use crate::dispatch::search::behind;
use crate::domain::access::Scope;
use crate::domain::call::Outcome;
use crate::domain::phone::Phone;
use crate::domain::{CallId, Instant, RequestId, house};
use crate::store::calls::list::{self, CallCursor, Filter};
use crate::store::calls::{self, StoredCall, links};
use crate::store::listed;
use crate::store::requests::{self, Stored};
use crate::store::{Conn, StoreError, access_log, houses, messages};
use crate::web::api::access::Granted;
use crate::web::api::{cursor, input, view};
use crate::web::error::ApiError;
use crate::web::mask;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use chrono::Duration;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Calls and requests shown on a card.
const ON_CARD: usize = 20;
/// How far back requests about the same house are of interest.
const HOUSE_DAYS: i64 = 7;
/// Longest address that is looked up, in characters.
const LONGEST_ADDRESS: usize = 500;

#[derive(Deserialize)]
pub struct Asked {
    from: Option<String>,
    to: Option<String>,
    outcome: Option<String>,
    queue: Option<String>,
    agent: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

fn name(field: &str, text: Option<String>) -> Result<Option<String>, ApiError> {
    let text = input::words(field, text)?.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
    if text.as_ref().is_some_and(|t| t.chars().count() > 100) { Err(input::wrong(field, "at most 100 characters")) } else { Ok(text) }
}

/// `GET /staff/calls`: newest first, numbers masked.
///
/// # Errors
/// `bad_request`, `unprocessable`.
pub async fn list(state: web::Data<WebState>, q: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    let q = q.into_inner();
    let outcome = q.outcome.as_deref().map(str::trim).filter(|o| !o.is_empty());
    let filter = Filter {
        from: input::moment("from", q.from.as_deref())?,
        to: input::moment("to", q.to.as_deref())?,
        outcome: outcome.map(|o| Outcome::parse(o).ok_or_else(|| input::wrong("outcome", "unknown"))).transpose()?,
        queue: name("queue", q.queue)?,
        agent: name("agent", q.agent)?,
        phone: None,
    };
    let limit = input::limit(q.limit.as_deref())?;
    let after = cursor::decode::<CallCursor>(q.cursor.as_deref())?;
    let db = state.core.db.read();
    let rows = list::newest(db, &filter, after.as_ref(), limit as u64 + 1).await?;
    let (rows, next) = cursor::page(rows, limit, CallCursor::after);
    let numbers = linked(db, &rows.iter().map(|c| c.id).collect::<Vec<_>>()).await?;
    let items = rows
        .iter()
        .map(|c| {
            let mut row = masked(c);
            if let Some(map) = row.as_object_mut() {
                map.insert("requests".into(), json!(numbers.get(&c.id).cloned().unwrap_or_default()));
            }
            row
        })
        .collect();
    Ok(HttpResponse::Ok().json(view::list(items, next)))
}

/// Numbers of the requests that calls are linked to.
async fn linked(c: &impl Conn, ids: &[CallId]) -> Result<BTreeMap<CallId, Vec<String>>, StoreError> {
    let found = links::of_calls(c, ids).await?;
    let about = requests::load_many(c, &found.iter().map(|l| l.request).collect::<Vec<_>>()).await?;
    let mut out: BTreeMap<CallId, Vec<String>> = BTreeMap::new();
    for l in found {
        if let Some(s) = about.iter().find(|s| s.request.id == l.request) {
            out.entry(l.call).or_default().push(s.request.number.to_string());
        }
    }
    Ok(out)
}

/// Where a call stands, for those who watch it live.
fn stage(c: &StoredCall) -> &'static str {
    match (c.call.ended_at, c.call.answered_at) {
        (Some(_), _) => "ended",
        (None, Some(_)) => "answered",
        (None, None) => "ringing",
    }
}

fn seconds(us: i64) -> i64 {
    us / 1_000_000
}

/// A call as lists and streams show it: nothing to call back.
pub fn masked(c: &StoredCall) -> Value {
    let call = &c.call;
    json!({
        "id": c.id,
        "source": call.source,
        "stage": stage(c),
        "direction": call.direction,
        "caller": call.caller.masked(),
        "caller_kind": call.caller.kind(),
        "queue": call.queue,
        "agent": call.agent,
        "staff": c.staff,
        "started_at": view::when(call.started_at),
        "answered_at": view::when_any(call.answered_at),
        "ended_at": view::when_any(call.ended_at),
        "ivr_seconds": seconds(call.ivr_us),
        "wait_seconds": seconds(call.wait_us),
        "talk_seconds": seconds(call.talk_us),
        "hold_seconds": seconds(call.hold_us),
        "transfers": call.transfers,
        "outcome": call.outcome,
        "has_recording": call.recording.is_some(),
        "flags": call.flags,
        "topic": c.topic.as_ref().map(|t| &t.text),
    })
}

fn covers(scope: &Scope, s: &Stored) -> bool {
    scope.sees(&s.request)
}

/// "Who is calling" for the stream: masked, with the numbers of the caller's open requests that the scope covers.
///
/// # Errors
/// The store's.
pub async fn live(c: &impl Conn, scope: &Scope, call: &StoredCall) -> Result<Value, StoreError> {
    let known = behind(c, scope, call.phone.as_ref(), ON_CARD).await?;
    let resident = known.residents.first();
    let open: Vec<String> = known.requests.iter().filter(|s| s.request.status.is_open()).map(|s| s.request.number.to_string()).collect();
    let mut body = masked(call);
    if let Some(map) = body.as_object_mut() {
        map.insert("mine".into(), json!(call.staff == Some(scope.staff)));
        map.insert("resident".into(), resident.map_or(Value::Null, |r| json!({"name": r.name.as_deref().map(mask::name), "language": r.lang})));
        map.insert("open_requests".into(), json!(open));
    }
    Ok(body)
}

#[derive(Deserialize)]
pub struct Look {
    address: Option<String>,
}

fn id(text: &str) -> Result<CallId, ApiError> {
    text.parse().map_err(|_| ApiError::new("not_found"))
}

/// A call out of a path.
///
/// # Errors
/// `not_found`.
pub async fn found(state: &WebState, text: &str) -> Result<StoredCall, ApiError> {
    calls::load(state.core.db.read(), id(text)?).await?.ok_or_else(|| ApiError::new("not_found"))
}

/// `GET /staff/calls/{id}`: who is calling. With `address=` the house is that one, else the one of the caller's newest request.
///
/// # Errors
/// `not_found`; the store's, and then nothing is shown.
pub async fn card(who: Granted, state: web::Data<WebState>, path: web::Path<String>, look: web::Query<Look>) -> Result<HttpResponse, ApiError> {
    let stored = found(&state, &path).await?;
    if look.address.as_ref().is_some_and(|a| a.chars().count() > LONGEST_ADDRESS) {
        return Err(input::wrong("address", "at most 500 characters"));
    }
    let (db, now) = (state.core.db.read(), state.core.now());
    let actor = actor_of(&who.scope).to_string();
    let object = format!("call:{}", stored.id);
    let entry = access_log::Entry { actor: &actor, what: "call", object: Some(&object), ..Default::default() };
    access_log::write(state.core.db.write(), state.core.wall(), &entry).await?;

    let known = behind(db, &who.scope, stored.phone.as_ref(), ON_CARD).await?;
    let (resident, own) = (known.residents.first(), &known.requests);
    let own_ids: Vec<RequestId> = own.iter().map(|s| s.request.id).collect();
    let listed = listed::rows(db, &who.scope, &own_ids).await?;
    let rows = super::queues::rows_of(&listed);
    let history = match &stored.phone {
        Some(p) => list::newest(db, &Filter { phone: Some(p.clone()), ..Filter::default() }, None, ON_CARD as u64).await?,
        None => Vec::new(),
    };
    let address = match look.address.as_deref().map(str::trim).filter(|a| !a.is_empty()) {
        Some(given) => Some(given.to_owned()),
        None => newest_address(db, own).await?,
    };
    let around = match address.as_deref().and_then(house::key) {
        Some(key) => at_house(db, &who.scope, &key, now).await?,
        None => Vec::new(),
    };
    let others: Vec<&Stored> = around.iter().filter(|s| !own_ids.contains(&s.request.id)).collect();
    let mut body = masked(&stored);
    if let Some(map) = body.as_object_mut() {
        let call = &stored.call;
        map.insert("phone".into(), json!(stored.phone.as_ref().map(Phone::e164)));
        map.insert("caller_name".into(), json!(call.caller_name));
        map.insert("dialled".into(), json!(call.dialled));
        map.insert("resident".into(), resident.map_or(Value::Null, |r| json!({"id": r.id, "name": r.name, "language": r.lang})));
        map.insert("requests".into(), json!(rows));
        map.insert("links".into(), links_of(db, &who.scope, stored.id).await?);
        map.insert("thread".into(), thread(own, &history));
        map.insert("address".into(), json!(address));
        map.insert("same_house".into(), others.iter().map(|s| view::present(s)).collect());
        map.insert("known_trouble".into(), trouble(&others));
    }
    Ok(HttpResponse::Ok().insert_header(("cache-control", "private, no-store")).json(body))
}

async fn newest_address(c: &impl Conn, own: &[Stored]) -> Result<Option<String>, StoreError> {
    let Some(newest) = own.first() else { return Ok(None) };
    Ok(messages::place_of(c, newest.request.id).await?.and_then(|p| p.address))
}

async fn at_house(c: &impl Conn, scope: &Scope, key: &str, now: Instant) -> Result<Vec<Stored>, StoreError> {
    let ids = houses::requests(c, key, now - Duration::days(HOUSE_DAYS), 50).await?;
    let mut rows: Vec<Stored> = requests::load_many(c, &ids).await?.into_iter().filter(|s| covers(scope, s)).collect();
    rows.sort_by_key(|s| std::cmp::Reverse((s.request.received_at, s.request.id)));
    Ok(rows)
}

async fn links_of(c: &impl Conn, scope: &Scope, call: CallId) -> Result<Value, StoreError> {
    let found = links::of_calls(c, &[call]).await?;
    let about = requests::load_many(c, &found.iter().map(|l| l.request).collect::<Vec<_>>()).await?;
    Ok(found
        .iter()
        .filter_map(|l| {
            let s = about.iter().find(|s| s.request.id == l.request).filter(|s| covers(scope, s))?;
            Some(json!({"number": s.request.number.to_string(), "status": s.request.status, "how": l.how, "at": view::when(l.at)}))
        })
        .collect())
}

/// Calls and requests of the number, newest first.
fn thread(own: &[Stored], history: &[StoredCall]) -> Value {
    let calls = history.iter().map(|c| {
        let what = json!({"kind": "call", "id": c.id, "at": view::when(c.call.started_at), "direction": c.call.direction,
            "outcome": c.call.outcome, "talk_seconds": seconds(c.call.talk_us), "topic": c.topic.as_ref().map(|t| &t.text)});
        (c.call.started_at, what)
    });
    let requests = own.iter().map(|s| {
        let r = &s.request;
        let what = json!({"kind": "request", "number": r.number.to_string(), "at": view::when(r.received_at), "channel": r.channel,
            "status": r.status, "service": r.service});
        (r.received_at, what)
    });
    let mut all: Vec<_> = calls.chain(requests).collect();
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    all.into_iter().map(|(_, v)| v).collect()
}

/// What is open at the house, by service.
fn trouble(others: &[&Stored]) -> Value {
    let mut by_service: BTreeMap<Option<&str>, (u64, Instant, bool)> = BTreeMap::new();
    for r in others.iter().map(|s| &s.request).filter(|r| r.status.is_open()) {
        let entry = by_service.entry(r.service.as_ref().map(crate::domain::ServiceCode::as_str)).or_insert((0, r.received_at, false));
        entry.0 += 1;
        entry.1 = entry.1.min(r.received_at);
        entry.2 |= r.hazard.is_some();
    }
    by_service
        .into_iter()
        .map(|(service, (open, since, hazard))| json!({"service": service, "open": open, "since": view::when(since), "hazard": hazard}))
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    number: Option<String>,
    text: Option<String>,
}

/// `POST /staff/calls/{id}/join`: the call is about a request that stands; the caller's words go into its thread.
///
/// # Errors
/// `not_found`, `not_now`, `bad_number`, `unprocessable`.
pub async fn join(who: Granted, state: web::Data<WebState>, path: web::Path<String>, body: web::Json<Join>) -> Result<HttpResponse, ApiError> {
    let Join { number, text } = body.into_inner();
    let number = input::number(&input::needed("number", number)?)?;
    let text = input::words("text", text)?;
    let subject = call_desk::join(&state.core, &who.scope, id(&path)?, &number, text.as_deref()).await?;
    Ok(HttpResponse::Ok().json(view::state(&subject)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    number: Option<String>,
}

/// `POST /staff/calls/{id}/part`: the call is not about that request after all.
///
/// # Errors
/// `not_found`, `bad_number`.
pub async fn part(who: Granted, state: web::Data<WebState>, path: web::Path<String>, body: web::Json<Part>) -> Result<HttpResponse, ApiError> {
    let number = input::number(&input::needed("number", body.into_inner().number)?)?;
    call_desk::part(&state.core, &who.scope, id(&path)?, &number).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consultation {
    topic: Option<String>,
}

/// `POST /staff/calls/{id}/consultation`: the question was answered at once.
///
/// # Errors
/// `not_found`, `empty_text`, `too_large`, `conflict`.
pub async fn consultation(
    who: Granted,
    state: web::Data<WebState>,
    path: web::Path<String>,
    body: web::Json<Consultation>,
) -> Result<HttpResponse, ApiError> {
    let topic = input::needed_words("topic", body.into_inner().topic)?;
    let topic = call_desk::consultation(&state.core, &who.scope, id(&path)?, &topic).await?;
    Ok(HttpResponse::Ok().json(json!({"topic": topic.text, "by": topic.by, "at": view::when(topic.at)})))
}
