//! Queues: what stands in them, most urgent first.

use crate::domain::QueueCode;
use crate::domain::access::Scope;
use crate::store::listed::{self, Listed};
use crate::store::requests::{QueueCursor, QueueFilter};
use crate::store::stats;
use crate::web::api::access::Granted;
use crate::web::api::{cursor, input, view};
use crate::web::error::ApiError;
use crate::web::mask;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

/// `GET /staff/queues`: those within reach, with what is open and late in them.
///
/// # Errors
/// The store's.
pub async fn list(who: Granted, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    let counts = stats::queue_counts(state.core.db.read()).await?;
    let items: Vec<Value> = state
        .core
        .book
        .catalog
        .queues
        .iter()
        .filter(|q| who.scope.covers(&q.code, None))
        .map(|q| {
            let of = |late: bool| -> i64 {
                counts.iter().filter(|(code, overdue, _)| code.as_deref() == Some(q.code.as_str()) && (!late || *overdue)).map(|(.., n)| n).sum()
            };
            json!({"code": q.code, "name": view::name(&q.name), "kind": q.kind, "open": of(false), "overdue": of(true)})
        })
        .collect();
    Ok(HttpResponse::Ok().json(view::list(items, None)))
}

#[derive(Deserialize)]
pub struct Filter {
    status: Option<String>,
    class: Option<String>,
    district: Option<String>,
    overdue: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

/// `GET /staff/queues/{code}/requests`: open ones unless a status is named.
///
/// # Errors
/// `not_found` for a queue out of reach, `bad_request`, `unprocessable`.
pub async fn requests(who: Granted, state: web::Data<WebState>, code: web::Path<String>, q: web::Query<Filter>) -> Result<HttpResponse, ApiError> {
    let queue = reachable(&state, &who.scope, &code)?;
    let filter = QueueFilter {
        status: input::word("status", q.status.as_deref())?,
        class: input::word("class", q.class.as_deref())?,
        district: input::word("district", q.district.as_deref())?,
        overdue: input::flag("overdue", q.overdue.as_deref())?,
    };
    let limit = input::limit(q.limit.as_deref())?;
    let after = cursor::decode::<QueueCursor>(q.cursor.as_deref())?;
    let db = state.core.db.read();
    let rows = listed::queue_rows(db, &who.scope, &queue, &filter, after.as_ref(), limit as u64 + 1).await?;
    let (rows, next) = cursor::page(rows, limit, |r| QueueCursor::after(&r.stored));
    Ok(HttpResponse::Ok().json(view::list(rows_of(&rows), next)))
}

fn reachable(state: &WebState, scope: &Scope, code: &str) -> Result<QueueCode, ApiError> {
    let known = state.core.book.catalog.queue(code).map(|q| q.code.clone());
    known.filter(|q| scope.covers(q, None)).ok_or_else(|| ApiError::new("not_found"))
}

/// Rows of a list: the state, both due times, and the covered beginning of the resident's words.
pub(super) fn rows_of(rows: &[Listed]) -> Vec<view::State<'_>> {
    rows.iter().map(|r| view::State::listed(r, r.words.as_deref().map(|t| mask::excerpt(t, 120)))).collect()
}
