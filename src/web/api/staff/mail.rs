//! What could not be sent and what could not be understood, for administrators: marks and reasons, never words or chats.

use super::delivery::reason;
use crate::bus::Hint;
use crate::domain::RequestId;
use crate::domain::delivery::shown;
use crate::store::{outbox, raw_events, requests};
use crate::web::api::access::Granted;
use crate::web::api::cursor::{self, RowCursor};
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::mask;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Deserialize)]
pub struct Which {
    status: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

fn state_of(asked: Option<&str>, known: &[&'static str]) -> Result<&'static str, ApiError> {
    let asked = asked.map(str::trim).filter(|s| !s.is_empty());
    let found = match asked {
        None => known.first(),
        Some(s) => known.iter().find(|k| **k == s),
    };
    found.copied().ok_or_else(|| input::wrong("status", "unknown"))
}

/// `GET /staff/outbox?status=`: without a status, what was given up.
///
/// # Errors
/// `bad_request`, `unprocessable`.
pub async fn outbox(_who: Granted, state: web::Data<WebState>, q: web::Query<Which>) -> Result<HttpResponse, ApiError> {
    use outbox::status as s;
    let status = state_of(q.status.as_deref(), &[s::DEAD, s::PENDING, s::SENDING, s::SENT, s::EXPIRED, s::PARKED, s::MOVED])?;
    let limit = input::limit(q.limit.as_deref())?;
    let before = cursor::decode::<RowCursor>(q.cursor.as_deref())?.map(|c| c.row);
    let db = state.core.db.read();
    let rows = outbox::list(db, status, before, limit as u64 + 1).await?;
    let (rows, next) = cursor::page(rows, limit, |r| RowCursor { row: r.id });
    let ids: Vec<RequestId> = rows.iter().filter_map(|r| r.request_id.map(RequestId)).collect();
    let numbers: BTreeMap<_, _> = requests::load_many(db, &ids).await?.into_iter().map(|s| (s.request.id.0, s.request.number.to_string())).collect();
    let items: Vec<Value> = rows
        .iter()
        .map(|r| {
            json!({
                "id": r.id,
                "channel": r.channel,
                "account": r.account,
                "language": r.lang,
                "template": r.template,
                "request": r.request_id.and_then(|id| numbers.get(&id)),
                "status": r.status,
                "attempts": r.attempts,
                "created_at": view::when(r.created_at),
                "next_attempt_at": view::when(r.next_attempt_at),
                "sent_at": view::when_any(r.sent_at),
                "state": shown(&r.status, r.stage),
                "reason": r.reason.as_deref().map(|word| reason(&state.core.book, word)),
                "error": r.error.as_deref().map(|t| mask::excerpt(t, 120)),
            })
        })
        .collect();
    Ok(HttpResponse::Ok().json(view::list(items, next)))
}

/// `POST /staff/outbox/{id}/resend`: a message that was given up waits for its turn again.
///
/// # Errors
/// `not_found` when no such message is given up.
pub async fn resend(_who: Granted, state: web::Data<WebState>, id: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let none = || ApiError::detail("not_found", "no message that was given up has this id");
    let id: i64 = id.parse().map_err(|_| none())?;
    if !outbox::resend(state.core.db.write(), id, state.core.wall()).await? {
        return Err(none());
    }
    state.core.bus.publish(Hint::Outbox);
    Ok(HttpResponse::Accepted().json(json!({"id": id, "status": outbox::status::PENDING})))
}

/// `GET /staff/inbox?status=`: without a status, what failed too often.
///
/// # Errors
/// `bad_request`, `unprocessable`.
pub async fn inbox(_who: Granted, state: web::Data<WebState>, q: web::Query<Which>) -> Result<HttpResponse, ApiError> {
    use raw_events::status as s;
    let status = state_of(q.status.as_deref(), &[s::PARKED, s::UNREADABLE])?;
    let limit = input::limit(q.limit.as_deref())?;
    let before = cursor::decode::<RowCursor>(q.cursor.as_deref())?.map(|c| c.row);
    let rows = raw_events::list(state.core.db.read(), status, before, limit as u64 + 1).await?;
    let (rows, next) = cursor::page(rows, limit, |r| RowCursor { row: r.id });
    let items: Vec<Value> = rows
        .iter()
        .map(|r| {
            json!({
                "id": r.id,
                "channel": r.channel,
                "account": r.account,
                "status": r.status,
                "bytes": r.body.len(),
                "attempts": r.attempts,
                "received_at": view::when(r.received_at),
                "error": r.error.as_deref().map(|t| mask::excerpt(t, 120)),
            })
        })
        .collect();
    Ok(HttpResponse::Ok().json(view::list(items, next)))
}
