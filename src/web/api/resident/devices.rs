//! The telephone that push messages go to: one for each sign-in.

use crate::dispatch::devices;
use crate::domain::device::Platform;
use crate::web::api::access::Own;
use crate::web::api::input;
use crate::web::error::ApiError;
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telephone {
    token: Option<String>,
    platform: Option<String>,
    language: Option<String>,
}

/// `PUT /devices`: called at every start of the application, and when the provider has changed the token.
///
/// # Errors
/// `bad_request`, `unprocessable`.
pub async fn put(req: HttpRequest, who: Own, state: web::Data<WebState>, body: web::Json<Telephone>) -> Result<HttpResponse, ApiError> {
    let token = input::needed("token", body.token.as_deref())?;
    let platform: Platform = input::needed("platform", input::word("platform", body.platform.as_deref())?)?;
    let lang = input::lang(body.language.as_deref())?.unwrap_or_else(|| peer::language(&req));
    devices::put(&state.core, who.resident, who.sign_in, token, platform, lang).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `DELETE /devices`: this sign-in's telephone takes no more push messages.
///
/// # Errors
/// The store's.
pub async fn remove(who: Own, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    devices::remove(&state.core, who.sign_in).await?;
    Ok(HttpResponse::NoContent().finish())
}
