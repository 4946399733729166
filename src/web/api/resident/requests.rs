//! A resident's own requests.

use crate::dispatch::DispatchError;
use crate::dispatch::acts::MAX_TEXT;
use crate::dispatch::problems::Registered;
use crate::dispatch::resident_desk::{self, Created, OwnAct, Stated};
use crate::domain::{AttachmentId, RequestId, ResidentId};
use crate::store::timers;
use crate::web::api::access::Own;
use crate::web::api::cursor::{self, OwnCursor};
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// A request as a client states it; staff state more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRequest {
    text: Option<String>,
    service: Option<String>,
    class: Option<String>,
    district: Option<String>,
    address: Option<String>,
    lat: Option<f64>,
    lon: Option<f64>,
    language: Option<String>,
    media: Option<Vec<String>>,
}

/// Files that were brought before, by their identifiers.
fn files(given: Option<Vec<String>>) -> Result<Vec<AttachmentId>, ApiError> {
    given.unwrap_or_default().iter().map(|id| id.parse().map_err(|_| input::wrong("media", "not an identifier that POST /media gave"))).collect()
}

impl NewRequest {
    fn stated(self) -> Result<Stated, ApiError> {
        Ok(Stated {
            vulnerable: false,
            text: input::needed_words("text", self.text)?,
            class: input::word("class", self.class.as_deref())?,
            service: input::word("service", self.service.as_deref())?,
            district: input::word("district", self.district.as_deref())?,
            address: input::words("address", self.address)?.filter(|a| !a.trim().is_empty()),
            location: input::location(self.lat, self.lon)?,
            lang: input::lang(self.language.as_deref())?,
            media: files(self.media)?,
        })
    }
}

/// `POST /requests`: 201, also for the repetition of a call with the same `Idempotency-Key`, which gets the first answer once more.
///
/// # Errors
/// `empty_text`, `too_large`, `unprocessable`, `idempotency_mismatch`, `idempotency_running`.
pub async fn create(req: HttpRequest, who: Own, state: web::Data<WebState>, body: web::Bytes) -> Result<HttpResponse, ApiError> {
    let key = input::idempotency_key(&req)?;
    let stated = input::json::<NewRequest>(&req, &body)?.stated()?;
    let hash = hex::encode(Sha256::digest(&body));
    let key = key.as_deref().map(|k| (k, hash.as_str()));
    let shape = |made: &Registered| view::made(&state.core.book, made, view::own).to_string();
    let mut answer = HttpResponse::Created();
    answer.content_type("application/json");
    Ok(match resident_desk::create(&state.core, who.resident, stated, key, &shape).await? {
        Created::Fresh { answer: body, .. } => answer.body(body),
        Created::Repeated { answer: body } => answer.insert_header(("idempotent-replayed", "true")).body(body),
    })
}

#[derive(Deserialize)]
pub struct Paging {
    cursor: Option<String>,
    limit: Option<String>,
}

/// `GET /requests`: own ones, newest first.
///
/// # Errors
/// `bad_request` for a foreign cursor, `unprocessable` for the limit.
pub async fn list(who: Own, state: web::Data<WebState>, q: web::Query<Paging>) -> Result<HttpResponse, ApiError> {
    let limit = input::limit(q.limit.as_deref())?;
    let before = cursor::decode::<OwnCursor>(q.cursor.as_deref())?.map(|c| (c.at, c.id));
    let rows = resident_desk::mine(&state.core, who.resident, before, limit as u64 + 1).await?;
    let (rows, next) = cursor::page(rows, limit, OwnCursor::after);
    let ids: Vec<RequestId> = rows.iter().map(|s| s.request.id).collect();
    let clocks = timers::of_requests(state.core.db.read(), &ids).await?;
    let items = rows.iter().map(|s| view::own_of(s, &clocks)).collect();
    Ok(HttpResponse::Ok().json(view::list(items, next)))
}

/// `GET /requests/{number}`. Another resident's number answers like one that does not exist.
///
/// # Errors
/// `bad_number`, `not_found`.
pub async fn show(who: Own, state: web::Data<WebState>, number: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let subject = resident_desk::own(&state.core, who.resident, &input::number(&number)?).await?;
    Ok(HttpResponse::Ok().json(view::own(&subject)))
}

/// Does one act and answers with the request as it is then.
async fn perform(state: &WebState, who: ResidentId, number: &str, act: OwnAct) -> Result<HttpResponse, ApiError> {
    let number = input::number(number)?;
    match resident_desk::act(&state.core, who, &number, &act).await {
        Ok(subject) => Ok(HttpResponse::Ok().json(view::own(&subject))),
        Err(e) => Err(refused(e)),
    }
}

/// The same error with only what a resident may see of the request.
fn refused(e: DispatchError) -> ApiError {
    let mut e = ApiError::from(e);
    e.present = e.present.map(view::for_resident);
    e
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    text: Option<String>,
    media: Option<Vec<String>>,
}

/// `POST /requests/{number}/messages`: words, files, or both.
///
/// # Errors
/// `bad_request` without either, `empty_text`, `too_large`, `unprocessable` for files, `not_found`.
pub async fn message(who: Own, state: web::Data<WebState>, number: web::Path<String>, body: web::Json<Said>) -> Result<HttpResponse, ApiError> {
    let Said { text, media } = body.into_inner();
    let media = files(media)?;
    let text = if media.is_empty() { input::needed_words("text", text)? } else { input::words("text", text)?.unwrap_or_default() };
    perform(&state, who.resident, &number, OwnAct::Message { text, media }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    score: Option<i64>,
}

/// `POST /requests/{number}/rating`.
///
/// # Errors
/// `bad_score`, `not_now`, `not_found`.
pub async fn rating(who: Own, state: web::Data<WebState>, number: web::Path<String>, body: web::Json<Score>) -> Result<HttpResponse, ApiError> {
    // What does not fit is as wrong as 0.
    let score = u8::try_from(input::needed("score", body.score)?).unwrap_or(0);
    perform(&state, who.resident, &number, OwnAct::Rate(score)).await
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Why {
    reason: Option<String>,
}

/// `POST /requests/{number}/reopen`; the body may be left out.
///
/// # Errors
/// `not_now`, `not_found`, `too_large`.
pub async fn reopen(
    req: HttpRequest,
    who: Own,
    state: web::Data<WebState>,
    number: web::Path<String>,
    body: web::Bytes,
) -> Result<HttpResponse, ApiError> {
    let reason = input::words("reason", input::json_or_nothing::<Why>(&req, &body)?.reason)?;
    if reason.as_ref().is_some_and(|r| r.chars().count() > MAX_TEXT) {
        return Err(ApiError::detail("too_large", format!("reason: at most {} characters", MAX_TEXT)));
    }
    perform(&state, who.resident, &number, OwnAct::Reopen(reason)).await
}

/// `POST /requests/{number}/confirm`: it is fixed.
///
/// # Errors
/// `not_now`, `not_found`.
pub async fn confirm(who: Own, state: web::Data<WebState>, number: web::Path<String>) -> Result<HttpResponse, ApiError> {
    perform(&state, who.resident, &number, OwnAct::Confirm).await
}
