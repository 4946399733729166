//! Whose number it is and how chats came together; a wrong join is undone here.

use crate::dispatch::identities;
use crate::domain::{JoinId, ResidentId};
use crate::store::joins::Join;
use crate::store::requests::Stored;
use crate::store::{Conn, StoreError, consents, joins, residents};
use crate::web::api::access::Granted;
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::mask;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

/// Joins of one chat that are shown.
const JOINS: u64 = 10;

fn join(j: &Join) -> Value {
    json!({
        "id": j.id,
        "proof": j.proof,
        "from_resident": j.from,
        "to_resident": j.to,
        "at": view::when(j.at),
        "undone_at": view::when_any(j.undone_at),
        "undone_by": j.undone_by,
    })
}

/// The resident of a request: a number that nobody proved is marked so.
///
/// # Errors
/// The store's.
pub(super) async fn of_request(c: &impl Conn, stored: &Stored, whole: bool) -> Result<Value, StoreError> {
    let Some(id) = stored.request.resident else { return Ok(Value::Null) };
    let Some(r) = residents::load(c, id).await? else { return Ok(Value::Null) };
    let shown = consents::of(c, id).await?;
    let consent = shown.iter().find(|s| s.given_at.is_some()).or(shown.first()).map(|s| {
        json!({
            "text": s.text,
            "language": s.lang,
            "channel": s.channel,
            "told_at": view::when(s.told_at),
            "given_at": view::when_any(s.given_at),
        })
    });
    let joined: Vec<Value> = match stored.request.conversation {
        Some(chat) => joins::of_chat(c, chat, JOINS).await?.iter().map(join).collect(),
        None => Vec::new(),
    };
    let (phone, verified) = r.number().map_or((None, false), |(p, proved)| (Some(if whole { p.e164().to_owned() } else { p.masked() }), proved));
    Ok(json!({
        "id": r.id,
        "phone": phone,
        "phone_verified": verified,
        "name": r.name.map(|n| if whole { n } else { mask::name(&n) }),
        "language": r.lang,
        "consent": consent,
        "joins": joined,
        "masked": !whole,
    }))
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

/// `POST /staff/joins/{id}/undo`: the chat and the requests made from it go back.
///
/// # Errors
/// `not_found`, `conflict`, `empty_text`, `too_large`.
pub async fn undo(who: Granted, state: web::Data<WebState>, path: web::Path<String>, body: web::Json<Why>) -> Result<HttpResponse, ApiError> {
    let id: JoinId = path.parse().map_err(|_| ApiError::new("not_found"))?;
    let undone = identities::undo_join(&state.core, &who.scope, id, &body.into_inner().words()?).await?;
    Ok(HttpResponse::Ok().json(join(&undone)))
}

/// `POST /staff/residents/{id}/release-phone`: the number is somebody else's now.
///
/// # Errors
/// `not_found`, `empty_text`, `too_large`.
pub async fn release(who: Granted, state: web::Data<WebState>, path: web::Path<String>, body: web::Json<Why>) -> Result<HttpResponse, ApiError> {
    let id: ResidentId = path.parse().map_err(|_| ApiError::new("not_found"))?;
    identities::release_phone(&state.core, &who.scope, id, &body.into_inner().words()?).await?;
    Ok(HttpResponse::NoContent().finish())
}
