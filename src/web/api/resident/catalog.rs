//! What a request can be about and where: the same for everybody.

use crate::domain::{Class, Lang};
use crate::web::api::view;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

/// `GET /catalog`.
pub async fn show(state: web::Data<WebState>) -> HttpResponse {
    let book = &state.core.book;
    let word = |lang, key: &str| book.messages.get(lang, key).unwrap_or(key).to_owned();
    let classes: Vec<Value> = Class::ALL
        .iter()
        .map(|c| {
            let key = format!("class.{c}");
            json!({"code": c, "name": {"kk": word(Lang::Kk, &key), "ru": word(Lang::Ru, &key)}})
        })
        .collect();
    // Of a service that was closed nothing new is offered.
    let services: Vec<Value> =
        book.catalog.services.iter().filter(|s| s.successor.is_none()).map(|s| json!({"code": s.code, "name": view::name(&s.name)})).collect();
    let districts: Vec<Value> = book.catalog.districts.iter().map(|d| json!({"code": d.code, "name": view::name(&d.name)})).collect();
    HttpResponse::Ok()
        .insert_header(("cache-control", "public, max-age=300"))
        .json(json!({"classes": classes, "services": services, "districts": districts}))
}
