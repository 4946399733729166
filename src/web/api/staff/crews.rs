//! Crews and their jobs.

use super::queues::rows_of;
use crate::config::Book;
use crate::domain::access::{Reach, Scope};
use crate::domain::catalog::Crew;
use crate::domain::shift::Duty;
use crate::store::listed;
use crate::web::api::access::Granted;
use crate::web::api::view;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

/// Most jobs of one crew that are shown.
const JOBS: u64 = 100;

fn reaches(scope: &Scope, crew: &Crew) -> bool {
    match &scope.reach {
        Reach::All => true,
        Reach::Queues(qs) => qs.iter().any(|q| crew.serves(q)),
        Reach::Crew(own) => *own == crew.code,
    }
}

/// `GET /staff/crews`: those that work for queues within reach.
pub async fn list(who: Granted, state: web::Data<WebState>) -> HttpResponse {
    let book: &Book = &state.core.book;
    let now = state.core.now();
    let items: Vec<Value> = book
        .catalog
        .crews
        .iter()
        .filter(|c| !c.closed && reaches(&who.scope, c))
        .map(|c| {
            let duty = match book.shifts.duty(&c.code, &book.calendar, now) {
                Duty::On => "on",
                Duty::Unplanned => "unplanned",
                Duty::Off(_) => "off",
            };
            json!({"code": c.code, "name": view::name(&c.name), "queue": c.queue, "also": c.also, "duty": duty})
        })
        .collect();
    HttpResponse::Ok().json(view::list(items, None))
}

/// `GET /staff/crews/{code}/jobs`: its open ones, most urgent first.
///
/// # Errors
/// `not_found` for a crew out of reach.
pub async fn jobs(who: Granted, state: web::Data<WebState>, code: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let crew = state.core.book.catalog.crew(&code).filter(|c| reaches(&who.scope, c)).ok_or_else(|| ApiError::new("not_found"))?;
    let db = state.core.db.read();
    let mut rows = listed::crew_rows(db, &who.scope, &crew.code, JOBS).await?;
    // A crew may work for a queue that this dispatcher does not reach.
    rows.retain(|r| who.scope.sees(&r.stored.request));
    Ok(HttpResponse::Ok().json(view::list(rows_of(&rows), None)))
}
