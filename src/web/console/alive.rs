//! What every open page of the desk asks again and again: which dangers nobody has taken, and how long one is still signed in.

use super::board::totals;
use crate::config::local_time;
use crate::domain::access::Permission;
use crate::domain::request::Status;
use crate::store::board::{self, BoardFilter};
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde_json::json;

/// Dangers that are named; more of them ring no louder.
const MOST: u64 = 50;

/// `GET /console/alive`: numbers of dangers within reach that nobody has taken, what the board's tabs count, when the session ends in any case, with the
/// seconds until then, and whose it is, with its form token: what was typed under a session that ended can be sent under the next one of the same person.
///
/// # Errors
/// Failures of the database.
pub async fn alive(state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    let (mut dangers, mut counts) = (Vec::new(), json!({}));
    if session.may(Permission::ReadQueue) {
        let untaken = BoardFilter { status: Some(Status::Queued), danger: true, ..BoardFilter::default() };
        let found = board::page(state.core.db.read(), &session.scope, &untaken, None, MOST).await?;
        dangers.extend(found.into_iter().filter(|s| s.request.hazard.is_some()).map(|s| s.request.number.to_string()));
        let (open, late, untaken) = totals(&state, &session).await?;
        counts = json!({"open": open, "late": late, "untaken": untaken});
    }
    let ends = session.opened.ends_at;
    let left = ends.signed_duration_since(state.core.wall()).num_seconds();
    let body = json!({
        "dangers": dangers,
        "counts": counts,
        "ends": local_time(ends),
        "left": left,
        "who": session.staff.login,
        "csrf": session.csrf(),
    });
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(body))
}
