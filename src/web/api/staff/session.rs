//! Signing in and out, and who one is.

use crate::dispatch::{DispatchError, accounts};
use crate::store::staff::Staff;
use crate::web::api::access::Granted;
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

/// Longer passwords are not even hashed.
const LONGEST_PASSWORD: usize = 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    login: Option<String>,
    password: Option<String>,
}

fn member(s: &Staff) -> Value {
    json!({
        "login": s.login,
        "name": s.name,
        "role": s.role,
        "queues": s.queues,
        "crew": s.crew,
        "language": s.lang,
    })
}

/// `POST /staff/login`.
///
/// # Errors
/// `bad_login` without saying why, `rate_limited`.
pub async fn login(req: HttpRequest, state: web::Data<WebState>, body: web::Json<Login>) -> Result<HttpResponse, ApiError> {
    let Login { login, password } = body.into_inner();
    let (login, password) = (input::needed_words("login", login)?, input::needed("password", password)?);
    if login.len() > 64 || password.len() > LONGEST_PASSWORD {
        return Err(ApiError::new("bad_login"));
    }
    let from = peer::address(&req, &state);
    let signed = match accounts::sign_in(&state.core, &login, &password, &from, false).await {
        Err(DispatchError::Unauthorized) => return Err(ApiError::new("bad_login")),
        other => other?,
    };
    Ok(HttpResponse::Ok().json(json!({
        "token": signed.token,
        "expires_at": view::when(signed.expires),
        "staff": member(&signed.staff),
    })))
}

/// `POST /staff/logout`: this token ends.
///
/// # Errors
/// The store's.
pub async fn logout(who: Granted, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    accounts::sign_out(&state.core, &who.token).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `GET /staff/me`.
pub async fn me(who: Granted) -> HttpResponse {
    HttpResponse::Ok().json(member(&who.staff))
}

/// `POST /staff/link-code`: a one-time code that links one's own chat with the bot.
///
/// # Errors
/// The store's.
pub async fn link_code(who: Granted, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    let code = accounts::link_code(&state.core, who.staff.id).await?;
    Ok(HttpResponse::Created().json(json!({"code": code})))
}
