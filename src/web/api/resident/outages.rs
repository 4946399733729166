//! Outages that the service knows of: open to everybody, because it saves a call.

use crate::domain::outage::Outage;
use crate::domain::{DistrictCode, Instant, ServiceCode, time};
use crate::store::outages;
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

/// Most that are shown.
const MOST: u64 = 200;

#[derive(Deserialize)]
pub struct Which {
    service: Option<String>,
    district: Option<String>,
}

/// What everybody may know of one.
#[must_use]
pub fn shown(o: &Outage, now: Instant) -> Value {
    json!({
        "id": o.id,
        "service": o.service,
        "district": o.district,
        "place": view::name(&o.place),
        "planned": o.planned,
        "state": o.state(now),
        "from": view::when(o.starts_at),
        "expected_until": view::when_any(o.expected_until),
    })
}

/// `GET /outages?service=&district=`: what goes on now and what is planned for the next days, the earliest first. What concerns the whole oblast is in
/// every district's list.
///
/// # Errors
/// `unprocessable` for a word that is no code.
pub async fn list(state: web::Data<WebState>, q: web::Query<Which>) -> Result<HttpResponse, ApiError> {
    let service: Option<ServiceCode> = input::word("service", q.service.as_deref())?;
    let district: Option<DistrictCode> = input::word("district", q.district.as_deref())?;
    let now = time::truncate(state.core.now());
    let wanted =
        |o: &&Outage| service.as_ref().is_none_or(|s| o.service == *s) && (district.is_none() || o.district.is_none() || o.district == district);
    let all = outages::current(state.core.db.read(), now, MOST).await?;
    let items: Vec<Value> = all.iter().filter(wanted).map(|o| shown(o, now)).collect();
    Ok(HttpResponse::Ok().insert_header(("cache-control", "public, max-age=15")).json(json!({"items": items, "at": view::when(now)})))
}
