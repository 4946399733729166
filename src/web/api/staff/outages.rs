//! Outages: staff tell residents of them, say that they last longer, that they are over.

use crate::dispatch::outages::{self as desk, Told};
use crate::domain::catalog::Named;
use crate::domain::outage::Outage;
use crate::domain::{Instant, OutageId, time};
use crate::store::outages::{self, OutageCursor};
use crate::web::api::access::Granted;
use crate::web::api::resident::outages::shown;
use crate::web::api::{cursor, input, view};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub struct Page {
    cursor: Option<String>,
    limit: Option<String>,
}

fn whole(o: &Outage, now: Instant) -> Value {
    let mut body = shown(o, now);
    if let Some(map) = body.as_object_mut() {
        map.insert("ended_at".into(), view::when_any(o.ended_at));
        map.insert("made_at".into(), json!(view::when(o.made_at)));
        map.insert("made_by".into(), json!(o.made_by));
    }
    body
}

/// `GET /staff/outages`: all that were ever told of, the newest first.
///
/// # Errors
/// `bad_request`, `unprocessable`.
pub async fn list(_who: Granted, state: web::Data<WebState>, q: web::Query<Page>) -> Result<HttpResponse, ApiError> {
    let limit = input::limit(q.limit.as_deref())?;
    let after = cursor::decode::<OutageCursor>(q.cursor.as_deref())?;
    let rows = outages::list(state.core.db.read(), after.as_ref(), limit as u64 + 1).await?;
    let (rows, next) = cursor::page(rows, limit, OutageCursor::after);
    let now = time::truncate(state.core.now());
    let items: Vec<Value> = rows.iter().map(|o| whole(o, now)).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "next_cursor": next})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewOutage {
    service: Option<String>,
    district: Option<String>,
    place: Option<Place>,
    planned: Option<bool>,
    from: Option<String>,
    expected_until: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    kk: String,
    ru: String,
}

/// `POST /staff/outages`.
///
/// # Errors
/// `bad_request`, `unprocessable`; `forbidden` for what is another organisation's.
pub async fn tell(who: Granted, state: web::Data<WebState>, body: web::Json<NewOutage>) -> Result<HttpResponse, ApiError> {
    let new = body.into_inner();
    let place = input::needed("place", new.place)?;
    let told = Told {
        service: input::coded("unprocessable", "service", new.service.as_deref())?,
        district: input::word("district", new.district.as_deref())?,
        place: Named { kk: input::needed_words("place", Some(place.kk))?, ru: input::needed_words("place", Some(place.ru))? },
        planned: new.planned.unwrap_or(false),
        from: input::moment("from", new.from.as_deref())?,
        expected_until: input::moment("expected_until", new.expected_until.as_deref())?,
    };
    let made = desk::tell(&state.core, &who.scope, told).await?;
    Ok(HttpResponse::Created().json(whole(&made, time::truncate(state.core.now()))))
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Until {
    expected_until: Option<String>,
}

/// `POST /staff/outages/{id}/{act}`: `end` it, or `prolong` it until another time, or until nobody knows when.
///
/// # Errors
/// `not_found`, `forbidden`, `conflict`, `unprocessable`.
pub async fn act(
    who: Granted,
    state: web::Data<WebState>,
    path: web::Path<(String, String)>,
    body: web::Json<Until>,
) -> Result<HttpResponse, ApiError> {
    let (id, act) = path.into_inner();
    let id: OutageId = id.parse().map_err(|_| ApiError::new("not_found"))?;
    let until = input::moment("expected_until", body.expected_until.as_deref())?;
    let now = match act.as_str() {
        "end" if until.is_some() => return Err(input::wrong("expected_until", "it ends now")),
        "end" => desk::end(&state.core, &who.scope, id).await?,
        "prolong" => desk::prolong(&state.core, &who.scope, id, until).await?,
        _ => return Err(ApiError::new("not_found")),
    };
    Ok(HttpResponse::Ok().json(whole(&now, time::truncate(state.core.now()))))
}
