//! Signing in: a code to the phone, then a token.

use crate::dispatch::accounts;
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskCode {
    phone: Option<String>,
    language: Option<String>,
}

/// `POST /auth/otp`: 202 whether or not the phone is known.
///
/// # Errors
/// `bad_phone`, `rate_limited`.
pub async fn otp(req: HttpRequest, state: web::Data<WebState>, body: web::Json<AskCode>) -> Result<HttpResponse, ApiError> {
    let phone = input::phone(input::needed("phone", body.phone.as_deref())?)?;
    let lang = input::lang(body.language.as_deref())?.unwrap_or_else(|| peer::language(&req));
    accounts::send_code(&state.core, &phone, lang, &peer::address(&req, &state)).await?;
    Ok(HttpResponse::Accepted().json(json!({"sent": true})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redeem {
    phone: Option<String>,
    code: Option<String>,
    language: Option<String>,
}

/// `POST /auth/token`.
///
/// # Errors
/// `bad_phone`, `bad_code`.
pub async fn token(req: HttpRequest, state: web::Data<WebState>, body: web::Json<Redeem>) -> Result<HttpResponse, ApiError> {
    let phone = input::phone(input::needed("phone", body.phone.as_deref())?)?;
    let code = input::needed("code", body.code.as_deref())?;
    let lang = input::lang(body.language.as_deref())?.unwrap_or_else(|| peer::language(&req));
    let (resident, token, expires) = accounts::redeem_code(&state.core, &phone, code, lang).await?;
    Ok(HttpResponse::Ok().json(json!({"token": token, "expires_at": view::when(expires), "resident_id": resident})))
}
