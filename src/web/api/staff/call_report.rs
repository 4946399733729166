//! The call centre's figures.

use super::reports::given;
use crate::domain::access::Permission;
use crate::domain::report::{Filter, Period};
use crate::domain::time::truncate;
use crate::reports::Table;
use crate::reports::calls::{self, Terms};
use crate::reports::report::{self, Name};
use crate::web::api::access::Granted;
use crate::web::api::{input, view};
use crate::web::console::reports::sent;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use chrono::Duration;
use serde::Deserialize;

/// The longest period, in days.
const LONGEST: i64 = 400;

#[derive(Deserialize)]
pub struct Asked {
    from: Option<String>,
    to: Option<String>,
    format: Option<String>,
}

/// `GET /staff/reports/calls?from=&to=&format=`: calls that began from `from` until before `to`; without them the last seven days.
///
/// # Errors
/// `forbidden` for who may not read calls; `unprocessable` for what is no period or no format.
pub async fn show(who: Granted, state: web::Data<WebState>, q: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    who.need(Permission::ReadCalls)?;
    let now = truncate(state.core.now());
    let to = input::moment("to", q.to.as_deref())?.unwrap_or(now);
    let from = input::moment("from", q.from.as_deref())?.unwrap_or(to - Duration::days(7));
    if from > to || to - from > Duration::days(LONGEST) {
        return Err(input::wrong("from, to", "from is later than to, or the period is longer than 400 days"));
    }
    let format = q.format.as_deref().map(str::trim).filter(|f| !f.is_empty()).unwrap_or("json");
    if !["json", "csv", "table", "xlsx"].contains(&format) {
        return Err(input::wrong("format", "json, csv, xlsx or table"));
    }
    let figures = calls::gather(state.core.db.read(), Terms::of(&state.centre.settings), from, to, now).await?;
    Ok(match format {
        "csv" => {
            let body = calls::show::csv(&figures).into_bytes();
            return sent(&state, &who.scope, Name::Calls, &Period { from, to }, "csv", "text/csv; charset=utf-8", body).await;
        }
        "xlsx" => {
            let sheets = report::calls(&figures);
            return given(Name::Calls, &who, &state, &Period { from, to }, &Filter::default(), &sheets, "xlsx", None).await;
        }
        "table" => {
            let mut table = Table::new(&["of", "figure", "value"]);
            calls::show::rows(&figures).into_iter().for_each(|r| table.row(r));
            HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(table.to_string())
        }
        _ => HttpResponse::Ok().json(calls::show::json(&figures, &view::when)),
    })
}
