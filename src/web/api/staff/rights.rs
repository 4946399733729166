//! A resident's rights, for those who may see to them: what is held, handed over once; and forgetting, in one act with a reason.

use crate::dispatch::rights::{self, By, pack};
use crate::domain::ResidentId;
use crate::domain::access::Scope;
use crate::store::residents::Resident;
use crate::store::rights as held;
use crate::telephony::recording;
use crate::web::api::access::Granted;
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use crate::web::{gone, mask};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whom {
    /// A proved telephone number, a request's number, or a resident's identifier. In the body: a number never stands in an address.
    who: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Why {
    reason: Option<String>,
}

impl Why {
    fn words(self) -> Result<String, ApiError> {
        input::needed_words("reason", self.reason)
    }
}

fn id(text: &str) -> Result<ResidentId, ApiError> {
    text.parse().map_err(|_| ApiError::new("not_found"))
}

fn shown(r: &Resident, [requests, chats, files, calls]: [usize; 4]) -> Value {
    let (phone, verified) = r.number().map_or((None, false), |(p, proved)| (Some(p.masked()), proved));
    json!({
        "id": r.id,
        "phone": phone,
        "phone_verified": verified,
        "name": r.name.as_deref().map(mask::name),
        "language": r.lang,
        "since": view::when(r.created_at),
        "requests": requests,
        "chats": chats,
        "files": files,
        "calls": calls,
    })
}

/// `POST /staff/rights/find`: who it is, masked, and how much is held.
///
/// # Errors
/// `not_found`.
pub async fn find(_who: Granted, state: web::Data<WebState>, body: web::Json<Whom>) -> Result<HttpResponse, ApiError> {
    let word = input::needed_words("who", body.into_inner().who)?;
    let r = rights::find(&state.core, &word).await?;
    let amounts = held::amounts(state.core.db.read(), r.id).await?;
    Ok(HttpResponse::Ok().json(shown(&r, amounts)))
}

/// `POST /staff/rights/{id}/export`: a ticket, good once.
///
/// # Errors
/// `not_found`, `empty_text`, `too_large`.
pub async fn ask(who: Granted, state: web::Data<WebState>, path: web::Path<String>, body: web::Json<Why>) -> Result<HttpResponse, ApiError> {
    let ticket = rights::ask(&state.core, &who.scope, id(&path)?, &body.into_inner().words()?).await?;
    Ok(HttpResponse::Created().json(json!({"export": ticket.id, "ends_at": view::when(ticket.ends_at)})))
}

/// The archive of a ticket, streamed while it is put together.
///
/// # Errors
/// `not_found` for a ticket that opens nothing any more.
pub async fn archive(state: &WebState, who: &Scope, ticket: &str) -> Result<HttpResponse, ApiError> {
    let ticket: Uuid = ticket.parse().map_err(|_| ApiError::new("not_found"))?;
    let mut held = rights::take(&state.core, who, ticket).await?;
    let (root, wanted) = (state.centre.recordings.clone(), std::mem::take(&mut held.recordings));
    let sounds =
        web::block(move || wanted.into_iter().map(|f| (f.name, root.as_deref().and_then(|r| recording::inside(r, &f.key)))).collect::<Vec<_>>());
    let sounds = sounds.await.map_err(|_| ApiError::new("unavailable"))?;
    let body = pack::pack(held, sounds, state.media.clone(), state.core.wall()).map_err(|e| ApiError::detail("internal", e.to_string()))?;
    Ok(HttpResponse::Ok()
        .content_type("application/x-tar")
        .insert_header(("content-disposition", format!("attachment; filename=\"resident-{ticket}.tar\"")))
        .insert_header(("cache-control", "private, no-store"))
        .streaming(body.map(|part| part.map(Bytes::from))))
}

/// `GET /staff/rights/exports/{id}`: once, within half an hour, for whoever asked.
///
/// # Errors
/// `not_found`.
pub async fn export(who: Granted, state: web::Data<WebState>, path: web::Path<String>) -> Result<HttpResponse, ApiError> {
    archive(&state, &who.scope, &path).await
}

/// `POST /staff/rights/{id}/erase`: everything personal goes; requests, their journals and figures stay.
///
/// # Errors
/// `not_found`, `empty_text`, `too_large`; then nothing was erased.
pub async fn erase(who: Granted, state: web::Data<WebState>, path: web::Path<String>, body: web::Json<Why>) -> Result<HttpResponse, ApiError> {
    let erased = rights::forget(&state.core, By::Staff(&who.scope), id(&path)?, &body.into_inner().words()?).await?;
    let (files, recordings) = (erased.files.len(), erased.recordings.len());
    let left = gone::delete(&state, erased).await;
    Ok(HttpResponse::Ok().json(json!({"files": files, "recordings": recordings, "recordings_left": left})))
}
