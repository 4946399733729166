//! Signing in and out, who one is, and what is open in one's name.

use crate::dispatch::sign_in::SignedIn;
use crate::dispatch::{DispatchError, accounts, sign_in, staff_sessions};
use crate::domain::password;
use crate::store::sessions::{Session, Stage};
use crate::store::staff::Staff;
use crate::web::api::access::Granted;
use crate::web::api::{input, view};
use crate::web::auth::peer;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    login: Option<String>,
    password: Option<String>,
}

/// An account as its owner and administrators see it.
pub(super) fn member(s: &Staff) -> Value {
    json!({
        "login": s.login,
        "name": s.name,
        "role": s.role,
        "queues": s.queues,
        "districts": s.districts,
        "crew": s.crew,
        "language": s.lang,
        "second_factor": s.second_factor,
    })
}

fn opened(signed: &SignedIn) -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "token": signed.token,
        "expires_at": view::when(signed.expires),
        "staff": member(&signed.staff),
    }))
}

/// `POST /staff/login`. Where the account has a second factor, a ticket for `POST /staff/totp` comes instead of a token.
///
/// # Errors
/// `bad_login` without saying why, `rate_limited`, `second_factor_needed`.
pub async fn login(req: HttpRequest, state: web::Data<WebState>, body: web::Json<Login>) -> Result<HttpResponse, ApiError> {
    let Login { login, password } = body.into_inner();
    let (login, password) = (input::needed_words("login", login)?, input::needed("password", password)?);
    if password.len() > password::LONGEST {
        return Err(ApiError::new("bad_login"));
    }
    let signed = match sign_in::sign_in(&state.core, &login, &password, peer(&req, &state), false).await {
        Err(DispatchError::Unauthorized) => return Err(ApiError::new("bad_login")),
        other => other?,
    };
    if signed.stage == Stage::Full {
        return Ok(opened(&signed));
    }
    Ok(HttpResponse::Accepted().json(json!({"ticket": signed.token, "expires_at": view::when(signed.expires), "second_factor": "totp"})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Second {
    ticket: Option<String>,
    code: Option<String>,
}

/// `POST /staff/totp`: the second step of signing in, by a code of the application or a recovery code.
///
/// # Errors
/// `bad_code`; `unauthorized` for a ticket that is over or was tried too often; `rate_limited`.
pub async fn totp(req: HttpRequest, state: web::Data<WebState>, body: web::Json<Second>) -> Result<HttpResponse, ApiError> {
    let Second { ticket, code } = body.into_inner();
    let (ticket, code) = (input::needed_words("ticket", ticket)?, input::needed_words("code", code)?);
    Ok(opened(&sign_in::second_step(&state.core, &ticket, &code, peer(&req, &state), false).await?))
}

/// `POST /staff/logout`: this token ends.
///
/// # Errors
/// The store's.
pub async fn logout(who: Granted, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    sign_in::sign_out(&state.core, &who.session).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `GET /staff/me`.
pub async fn me(who: Granted) -> HttpResponse {
    let mut body = member(&who.staff);
    if let Some(map) = body.as_object_mut() {
        map.insert("permissions".into(), json!(who.scope.grants.iter().map(|p| p.name()).collect::<Vec<_>>()));
    }
    HttpResponse::Ok().json(body)
}

/// `POST /staff/link-code`: a one-time code that links one's own chat with the bot.
///
/// # Errors
/// The store's.
pub async fn link_code(who: Granted, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    let code = accounts::link_code(&state.core, who.staff.id).await?;
    Ok(HttpResponse::Created().json(json!({"code": code})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    present: Option<String>,
    new: Option<String>,
}

/// `POST /staff/password`: all sessions end; a new token comes back.
///
/// # Errors
/// `bad_login` for a wrong present password; the codes of weak ones; `rate_limited`.
pub async fn password(req: HttpRequest, who: Granted, state: web::Data<WebState>, body: web::Json<NewPassword>) -> Result<HttpResponse, ApiError> {
    let NewPassword { present, new } = body.into_inner();
    let (present, new) = (input::needed("present", present)?, input::needed("new", new)?);
    match staff_sessions::change_password(&state.core, &who.staff, &who.session, &present, new, peer(&req, &state)).await {
        Err(DispatchError::Unauthorized) => Err(ApiError::new("bad_login")),
        other => Ok(opened(&other?)),
    }
}

/// A session as its owner and administrators see it.
pub(super) fn session(state: &WebState, s: &Session, current: Option<Uuid>) -> Value {
    json!({
        "id": s.id,
        "kind": s.kind,
        "label": s.label,
        "scopes": s.scopes,
        "device": s.device,
        "address": s.address,
        "created_at": view::when(s.created_at),
        "seen_at": view::when(s.seen_at),
        "expires_at": view::when(staff_sessions::over_at(&state.core, s)),
        "current": Some(s.id) == current,
    })
}

/// `GET /staff/sessions`: what is open in one's name.
///
/// # Errors
/// The store's.
pub async fn sessions(who: Granted, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    let all = staff_sessions::of(&state.core, who.staff.id).await?;
    let items: Vec<Value> = all.iter().map(|s| session(&state, s, Some(who.session.id))).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items})))
}

/// `DELETE /staff/sessions/{id}`.
///
/// # Errors
/// `not_found` for another's.
pub async fn end(who: Granted, state: web::Data<WebState>, id: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    staff_sessions::end(&state.core, who.staff.id, who.staff.id, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
