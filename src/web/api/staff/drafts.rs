//! Forms begun and not finished: each member of staff has the own.

use crate::dispatch::call_desk;
use crate::store::drafts;
use crate::web::api::access::Granted;
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};

fn name(text: &str) -> Result<&str, ApiError> {
    let ok = (1..=80).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if ok { Ok(text) } else { Err(input::wrong("name", "1 to 80 of A-Z a-z 0-9 - _ .")) }
}

/// `GET /staff/drafts`: names and times.
///
/// # Errors
/// The store's.
pub async fn list(who: Granted, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    let rows = drafts::names(state.core.db.read(), who.staff.id).await?;
    let items = rows.into_iter().map(|(name, at)| json!({"name": name, "updated_at": view::when(at)})).collect();
    Ok(HttpResponse::Ok().json(view::list(items, None)))
}

/// `PUT /staff/drafts/{name}`: a JSON object, kept as it is.
///
/// # Errors
/// `bad_request`, `unprocessable`, `too_large`, `conflict`.
pub async fn put(
    req: HttpRequest,
    who: Granted,
    state: web::Data<WebState>,
    path: web::Path<String>,
    body: web::Bytes,
) -> Result<HttpResponse, ApiError> {
    let name = name(&path)?;
    let form: Map<String, Value> = input::json(&req, &body)?;
    let text = Value::Object(form).to_string();
    if text.contains("\\u0000") {
        return Err(input::wrong("body", "holds a NUL character"));
    }
    call_desk::keep_draft(&state.core, who.staff.id, name, &text).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `GET /staff/drafts/{name}`.
///
/// # Errors
/// `not_found`.
pub async fn show(who: Granted, state: web::Data<WebState>, path: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let none = || ApiError::new("not_found");
    let row = drafts::load(state.core.db.read(), who.staff.id, name(&path)?).await?.ok_or_else(none)?;
    let body: Value = serde_json::from_str(&row.body).map_err(|_| none())?;
    let answer = json!({"name": row.name, "updated_at": view::when(row.updated_at), "body": body});
    Ok(HttpResponse::Ok().insert_header(("cache-control", "private, no-store")).json(answer))
}

/// `DELETE /staff/drafts/{name}`.
///
/// # Errors
/// `not_found`.
pub async fn remove(who: Granted, state: web::Data<WebState>, path: web::Path<String>) -> Result<HttpResponse, ApiError> {
    if drafts::remove(state.core.db.write(), who.staff.id, name(&path)?).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(ApiError::new("not_found"))
    }
}
