//! Taking a request down for a caller.

use crate::dispatch::resident_desk::{self, Stated};
use crate::web::api::access::Granted;
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FromCaller {
    phone: Option<String>,
    text: Option<String>,
    service: Option<String>,
    class: Option<String>,
    district: Option<String>,
    address: Option<String>,
    lat: Option<f64>,
    lon: Option<f64>,
    language: Option<String>,
    /// The call during which it is taken down.
    call: Option<String>,
    vulnerable: Option<bool>,
}

/// `POST /staff/requests`.
///
/// # Errors
/// `bad_phone`, `empty_text`, `too_large`, `unprocessable`; `not_found` for a call that does not stand.
pub async fn create(who: Granted, state: web::Data<WebState>, body: web::Json<FromCaller>) -> Result<HttpResponse, ApiError> {
    let b = body.into_inner();
    let phone = b.phone.as_deref().filter(|p| !p.trim().is_empty()).map(input::phone).transpose()?;
    let call = input::word("call", b.call.as_deref())?;
    let stated = Stated {
        text: input::needed_words("text", b.text)?,
        class: input::word("class", b.class.as_deref())?,
        service: input::word("service", b.service.as_deref())?,
        district: input::word("district", b.district.as_deref())?,
        address: input::words("address", b.address)?.filter(|a| !a.trim().is_empty()),
        location: input::location(b.lat, b.lon)?,
        lang: input::lang(b.language.as_deref())?,
        vulnerable: b.vulnerable.unwrap_or_default(),
        media: Vec::new(),
    };
    let made = resident_desk::for_caller(&state.core, &who.scope, stated, phone, call).await?;
    Ok(HttpResponse::Created().json(view::made(&state.core.book, &made, view::state)))
}
