//! Signing in: a code to the phone, then a short token and one that renews it.

use crate::dispatch::DispatchError;
use crate::dispatch::app_session::{self, Session};
use crate::domain::inbound::ChannelKind;
use crate::web::api::access::Own;
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
    channel: Option<String>,
}

/// `POST /auth/otp`: 202 whether or not the phone is known.
///
/// # Errors
/// `bad_phone`, `unprocessable`, `rate_limited`.
pub async fn otp(req: HttpRequest, state: web::Data<WebState>, body: web::Json<AskCode>) -> Result<HttpResponse, ApiError> {
    let phone = input::phone(input::needed("phone", body.phone.as_deref())?)?;
    let lang = input::lang(body.language.as_deref())?.unwrap_or_else(|| peer::language(&req));
    let wish = match input::word("channel", body.channel.as_deref())? {
        None => ChannelKind::Sms,
        Some(way @ (ChannelKind::Sms | ChannelKind::Telegram | ChannelKind::Whatsapp)) => way,
        Some(_) => return Err(input::wrong("channel", "sms, telegram or whatsapp")),
    };
    app_session::send_code(&state.core, &phone, lang, wish, &peer::address(&req, &state)).await?;
    Ok(HttpResponse::Accepted().json(json!({"sent": true})))
}

fn answer(s: &Session) -> HttpResponse {
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(json!({
        "token": s.token,
        "expires_at": view::when(s.expires),
        "refresh_token": s.refresh,
        "refresh_expires_at": view::when(s.refresh_expires),
        "resident_id": s.resident,
    }))
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
/// `bad_phone`, `bad_code`, `rate_limited`.
pub async fn token(req: HttpRequest, state: web::Data<WebState>, body: web::Json<Redeem>) -> Result<HttpResponse, ApiError> {
    let phone = input::phone(input::needed("phone", body.phone.as_deref())?)?;
    let code = input::needed("code", body.code.as_deref())?;
    let lang = input::lang(body.language.as_deref())?.unwrap_or_else(|| peer::language(&req));
    Ok(answer(&app_session::redeem_code(&state.core, &phone, code, lang, &peer::address(&req, &state)).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renew {
    refresh_token: Option<String>,
}

/// `POST /auth/refresh`: a new pair; the given token is spent.
///
/// # Errors
/// `unauthorized`: sign in anew.
pub async fn refresh(state: web::Data<WebState>, body: web::Json<Renew>) -> Result<HttpResponse, ApiError> {
    let given = input::needed("refresh_token", body.refresh_token.as_deref())?;
    match app_session::renew(&state.core, given).await {
        Ok(session) => Ok(answer(&session)),
        Err(DispatchError::Unauthorized) => Err(ApiError::new("unauthorized")),
        Err(e) => Err(e.into()),
    }
}

/// `POST /auth/logout`: the sign-in ends, on every token of it.
///
/// # Errors
/// The store's.
pub async fn logout(who: Own, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    app_session::sign_out(&state.core, who.sign_in).await?;
    Ok(HttpResponse::NoContent().finish())
}
