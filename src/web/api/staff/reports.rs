//! Figures of a period.

use crate::domain::Instant;
use crate::domain::calendar::{begins, day_of};
use crate::domain::report::{Bounds, Dim, Filter, Period};
use crate::domain::time::truncate;
use crate::reports::calls::Terms;
use crate::reports::export::{self, Bare};
use crate::reports::facts::{self, Clocks, Facts};
use crate::reports::report::{self, Name};
use crate::reports::sheet::Sheet;
use crate::web::api::access::Granted;
use crate::web::api::{input, view};
use crate::web::console::reports::{LONGEST_DAYS, sent};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
pub struct Asked {
    from: Option<String>,
    to: Option<String>,
    class: Option<String>,
    channel: Option<String>,
    service: Option<String>,
    district: Option<String>,
    queue: Option<String>,
    format: Option<String>,
    table: Option<String>,
}

/// The beginning of the day in Almaty.
pub(super) fn midnight(now: Instant) -> Instant {
    begins(day_of(now))
}

impl Asked {
    /// Without a period: today so far.
    fn period(&self, now: Instant) -> Result<Period, ApiError> {
        let to = input::moment("to", self.to.as_deref())?.unwrap_or(now);
        let from = input::moment("from", self.from.as_deref())?.unwrap_or_else(|| midnight(now));
        let period = Period::new(from, to).ok_or_else(|| input::wrong("from, to", "from is later than to"))?;
        if (to - from).num_days() > LONGEST_DAYS {
            return Err(input::wrong("from, to", "the period is longer than five years"));
        }
        Ok(period)
    }

    fn filter(&self, who: &Granted) -> Result<Filter, ApiError> {
        Ok(Filter {
            bounds: Bounds::of(&who.scope),
            class: input::word("class", self.class.as_deref())?,
            channel: input::word("channel", self.channel.as_deref())?,
            service: input::word("service", self.service.as_deref())?,
            district: input::word("district", self.district.as_deref())?,
            queue: input::word("queue", self.queue.as_deref())?,
        })
    }
}

/// `GET /staff/reports/summary`: requests received from `from` until before `to`; without them today so far. Whoever reaches some queues and districts
/// is told of those.
///
/// # Errors
/// `unprocessable` for what is no period, code or format.
pub async fn summary(who: Granted, state: web::Data<WebState>, q: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    answer(Name::Summary, &who, &state, &q).await
}

/// `GET /staff/reports/sla`: targets kept by stage and by owner, and how long stages took.
///
/// # Errors
/// As [`summary`].
pub async fn sla(who: Granted, state: web::Data<WebState>, q: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    answer(Name::Sla, &who, &state, &q).await
}

/// `GET /staff/reports/queues`: the work of each organisation.
///
/// # Errors
/// As [`summary`].
pub async fn queues(who: Granted, state: web::Data<WebState>, q: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    answer(Name::Queues, &who, &state, &q).await
}

/// `GET /staff/reports/repeats`: what was opened again, and what came from one house more than once.
///
/// # Errors
/// As [`summary`].
pub async fn repeats(who: Granted, state: web::Data<WebState>, q: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    answer(Name::Repeats, &who, &state, &q).await
}

async fn answer(name: Name, who: &Granted, state: &WebState, q: &Asked) -> Result<HttpResponse, ApiError> {
    let now = truncate(state.core.now());
    let (period, filter) = (q.period(now)?, q.filter(who)?);
    let format = q.format.as_deref().map(str::trim).filter(|f| !f.is_empty()).unwrap_or("json");
    let about = report::Asked { filter, period, step: None, now, terms: Terms::of(&state.centre.settings) };
    if name == Name::Summary && format == "json" {
        let facts = facts::gather(&state.core.db, &about.filter, period, now).await?;
        return Ok(HttpResponse::Ok().json(counted(&facts)));
    }
    let sheets = report::build(&state.core.db, name, &about).await?;
    given(name, who, state, &period, &about.filter, &sheets, format, q.table.as_deref()).await
}

/// A report in the form that was asked for.
///
/// # Errors
/// `unprocessable` for an unknown form or table; the store's.
#[expect(clippy::too_many_arguments, reason = "what is given, of what, to whom and how")]
pub(super) async fn given(
    name: Name,
    who: &Granted,
    state: &WebState,
    period: &Period,
    filter: &Filter,
    sheets: &[Sheet],
    format: &str,
    table: Option<&str>,
) -> Result<HttpResponse, ApiError> {
    let chosen = || {
        let wanted = table.map(str::trim).filter(|t| !t.is_empty());
        sheets.iter().find(|s| wanted.is_none_or(|t| s.name == t)).ok_or_else(|| input::wrong("table", "unknown"))
    };
    match format {
        "json" => Ok(HttpResponse::Ok().json(as_json(name, period, filter, sheets))),
        "csv" => {
            let body = export::csv(chosen()?, &Bare).into_bytes();
            sent(state, &who.scope, name, period, "csv", "text/csv; charset=utf-8", body).await
        }
        "xlsx" => {
            let body = export::xlsx(sheets, &Bare).map_err(|e| ApiError::detail("internal", e.to_string()))?;
            sent(state, &who.scope, name, period, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body).await
        }
        "table" => Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(as_text(sheets))),
        _ => Err(input::wrong("format", "json, csv, xlsx or table")),
    }
}

fn as_text(sheets: &[Sheet]) -> String {
    sheets.iter().map(|s| format!("{}\n{}\n", s.name, s.table())).collect()
}

fn as_json(name: Name, period: &Period, filter: &Filter, sheets: &[Sheet]) -> Value {
    let named: Map<String, Value> = filter.named().into_iter().map(|(k, v)| (k.to_owned(), json!(v))).collect();
    let tables: Map<String, Value> = sheets.iter().map(|s| (s.name.to_owned(), s.json())).collect();
    json!({"report": name, "from": view::when(period.from), "to": view::when(period.to), "filter": named, "tables": tables})
}

fn counted(f: &Facts) -> Value {
    let by = |dim: Dim| -> Value { f.by(dim).into_iter().map(|c| json!({(dim.as_str()): c.key, "count": c.n})).collect() };
    let clocks: Value = f.clocks().iter().map(|(stage, c)| json!({"stage": stage, "states": states(c)})).collect();
    json!({
        "from": view::when(f.period.from),
        "to": view::when(f.period.to),
        "received": f.received(),
        "open": f.open(),
        "overdue": f.overdue(),
        "reopened": f.reopened(),
        "by_class": by(Dim::Class),
        "by_channel": by(Dim::Channel),
        "by_service": by(Dim::Service),
        "by_district": by(Dim::District),
        "by_queue": by(Dim::Queue),
        "by_status": by(Dim::Status),
        "clocks": clocks,
    })
}

/// States that occur.
fn states(c: &Clocks) -> Map<String, Value> {
    let all = [("met", c.met), ("breached", c.breached), ("running", c.running), ("paused", c.paused), ("cancelled", c.cancelled)];
    all.into_iter().filter(|(_, n)| *n > 0).map(|(state, n)| (state.to_owned(), json!(n))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_begins_in_almaty() {
        let at = |t: &str| midnight(t.parse().unwrap()).to_rfc3339();
        assert_eq!(at("2026-11-21T18:59:59Z"), "2026-11-20T19:00:00+00:00");
        assert_eq!(at("2026-11-21T19:00:00Z"), "2026-11-21T19:00:00+00:00");
    }
}
