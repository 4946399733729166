//! Who is to be called back: a list with masked numbers; whoever takes one sees the number, and that is written to the access log.

use super::delivery::reason;
use crate::dispatch::acts::actor_of;
use crate::dispatch::call_desk;
use crate::domain::callback::{Attempt, Callback, State};
use crate::domain::phone::Phone;
use crate::domain::{CallbackId, RequestId};
use crate::store::callbacks::{self, CallbackCursor};
use crate::store::{access_log, errands, requests};
use crate::web::api::access::Granted;
use crate::web::api::{cursor, input, view};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
pub struct Filter {
    state: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

/// A task; with `tell` what is to be told: the request, the key of the text, and why it did not arrive.
fn row(t: &Callback, whole: bool, tell: Vec<Value>) -> Value {
    json!({
        "tell": tell,
        "id": t.id,
        "phone": t.phone.as_ref().map(|p| if whole { p.e164().to_owned() } else { Phone::masked(p) }),
        "state": t.state,
        "urgency": t.urgency,
        "missed": t.missed,
        "attempts": t.attempts,
        "call": t.call,
        "first_missed_at": view::when(t.first_missed_at),
        "last_missed_at": view::when(t.last_missed_at),
        "due_at": view::when(t.due_at),
        "next_at": view::when(t.next_at),
        "taken_by": t.taken_by,
        "taken_at": view::when_any(t.taken_at),
        "promised_at": view::when_any(t.promised_at),
        "outcome": t.outcome,
        "closed_at": view::when_any(t.closed_at),
    })
}

/// `GET /staff/callbacks?state=`: the open ones unless another state is named, the most urgent first, then the oldest.
///
/// # Errors
/// `bad_request`, `unprocessable`.
pub async fn list(state: web::Data<WebState>, q: web::Query<Filter>) -> Result<HttpResponse, ApiError> {
    let which = input::word("state", q.state.as_deref())?.unwrap_or(State::Open);
    let limit = input::limit(q.limit.as_deref())?;
    let after = cursor::decode::<CallbackCursor>(q.cursor.as_deref())?;
    let rows = callbacks::list(state.core.db.read(), which, after.as_ref(), limit as u64 + 1).await?;
    let (rows, next) = cursor::page(rows, limit, CallbackCursor::after);
    let mut tell = to_tell(&state, &rows).await?;
    let items = rows.iter().map(|t| row(t, false, tell.remove(&t.id).unwrap_or_default())).collect();
    Ok(HttpResponse::Ok().json(view::list(items, next)))
}

/// What is to be told, by task. The words themselves stand in the request's thread, whose view is logged.
async fn to_tell(state: &WebState, tasks: &[Callback]) -> Result<BTreeMap<CallbackId, Vec<Value>>, ApiError> {
    let db = state.core.db.read();
    let ids: Vec<CallbackId> = tasks.iter().map(|t| t.id).collect();
    let errands = errands::of_tasks(db, &ids).await?;
    let about: Vec<RequestId> = errands.iter().filter_map(|e| e.request_id.map(RequestId)).collect();
    let numbers: BTreeMap<_, _> =
        requests::load_many(db, &about).await?.into_iter().map(|s| (s.request.id.0, s.request.number.to_string())).collect();
    let mut out: BTreeMap<CallbackId, Vec<Value>> = BTreeMap::new();
    for e in errands {
        let item = json!({
            "message": e.outbox_id,
            "request": e.request_id.and_then(|id| numbers.get(&id)),
            "reason": e.reason.as_deref().map(|word| reason(&state.core.book, word)),
            "at": view::when(e.at),
        });
        out.entry(CallbackId(e.task_id)).or_default().push(item);
    }
    Ok(out)
}

async fn one(state: &WebState, task: &Callback, whole: bool) -> Result<Value, ApiError> {
    let tell = to_tell(state, std::slice::from_ref(task)).await?.remove(&task.id).unwrap_or_default();
    Ok(row(task, whole, tell))
}

fn id(text: &str) -> Result<CallbackId, ApiError> {
    text.parse().map_err(|_| ApiError::new("not_found"))
}

/// `POST /staff/callbacks/{id}/take`: it is mine now; answers with the number.
///
/// # Errors
/// `not_found`, `conflict`.
pub async fn take(who: Granted, state: web::Data<WebState>, path: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let task = call_desk::take(&state.core, &who.scope, id(&path)?).await?;
    let actor = actor_of(&who.scope).to_string();
    let object = format!("callback:{}", task.id);
    let entry = access_log::Entry { actor: &actor, what: "callback", object: Some(&object), ..Default::default() };
    access_log::write(state.core.db.write(), state.core.wall(), &entry).await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "private, no-store")).json(one(&state, &task, true).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tried {
    outcome: Option<String>,
    note: Option<String>,
}

/// `POST /staff/callbacks/{id}/outcome`: what the attempt came to.
///
/// # Errors
/// `not_found`, `conflict`, `unprocessable`, `too_large`.
pub async fn outcome(who: Granted, state: web::Data<WebState>, path: web::Path<String>, body: web::Json<Tried>) -> Result<HttpResponse, ApiError> {
    let Tried { outcome, note } = body.into_inner();
    let outcome: Attempt = input::needed("outcome", input::word("outcome", outcome.as_deref())?)?;
    let note = input::words("note", note)?;
    let task = call_desk::tried(&state.core, &who.scope, id(&path)?, outcome, note.as_deref()).await?;
    Ok(HttpResponse::Ok().json(one(&state, &task, false).await?))
}
