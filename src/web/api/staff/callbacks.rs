//! Who is to be called back: a list with masked numbers; whoever takes one sees the number, and that is written to the access log.

use crate::dispatch::acts::actor_of;
use crate::dispatch::call_desk;
use crate::domain::CallbackId;
use crate::domain::callback::{Attempt, Callback, State};
use crate::domain::phone::Phone;
use crate::store::access_log;
use crate::store::callbacks::{self, CallbackCursor};
use crate::web::api::access::Granted;
use crate::web::api::{cursor, input, view};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub struct Filter {
    state: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

fn row(t: &Callback, whole: bool) -> Value {
    json!({
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
    Ok(HttpResponse::Ok().json(view::list(rows.iter().map(|t| row(t, false)).collect(), next)))
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
    access_log::note(state.core.db.write(), state.core.wall(), &actor, "callback", None, Some(&task.id.to_string())).await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "private, no-store")).json(row(&task, true)))
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
    Ok(HttpResponse::Ok().json(row(&task, false)))
}
