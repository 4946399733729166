//! The audit: who saw and changed what, when and why.

use crate::dispatch::audit::{self, Line, Question};
use crate::web::api::access::Granted;
use crate::web::api::cursor::{self, AuditCursor};
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub struct Asked {
    person: Option<String>,
    object: Option<String>,
    from: Option<String>,
    to: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
    format: Option<String>,
}

/// `GET /staff/audit?person=&object=&from=&to=&format=json|csv`: the newest first. An export as CSV is audited itself.
///
/// # Errors
/// `unprocessable` for a person or object that does not exist, a wrong period or format.
pub async fn show(who: Granted, state: web::Data<WebState>, q: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    let question = Question {
        person: input::words("person", q.person.clone())?,
        object: input::words("object", q.object.clone())?,
        from: input::moment("from", q.from.as_deref())?,
        to: input::moment("to", q.to.as_deref())?,
        before: cursor::decode::<AuditCursor>(q.cursor.as_deref())?.map(|c| (c.at, c.id)),
    };
    match q.format.as_deref().map(str::trim).unwrap_or("") {
        "" | "json" => {
            let limit = input::limit(q.limit.as_deref())?;
            let lines = audit::search(&state.core, &question, u64::try_from(limit).unwrap_or(20) + 1).await?;
            let (lines, next) = cursor::page(lines, limit, |l| AuditCursor { at: l.at, id: l.id });
            Ok(HttpResponse::Ok().json(view::list(lines.iter().map(line).collect(), next)))
        }
        "csv" => Ok(sheet(&audit::export(&state.core, &who.scope, &question).await?)),
        _ => Err(input::wrong("format", "json or csv")),
    }
}

fn line(l: &Line) -> Value {
    json!({
        "id": l.id,
        "at": view::when(l.at),
        "actor": l.actor,
        "login": l.who.as_ref().map(|w| &w.0),
        "name": l.who.as_ref().map(|w| &w.1),
        "what": l.what,
        "object": l.object,
        "reason": l.reason,
    })
}

/// The answer that a browser stores as a file.
pub(in crate::web) fn sheet(lines: &[Line]) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("content-disposition", "attachment; filename=\"audit.csv\""))
        .insert_header(("cache-control", "no-store"))
        .body(csv(lines))
}

fn csv(lines: &[Line]) -> String {
    // With the mark that makes spreadsheets read it as UTF-8.
    let mut out = String::from("\u{feff}at,login,name,actor,what,object,reason\r\n");
    for l in lines {
        let (login, name) = l.who.as_ref().map_or(("", ""), |w| (w.0.as_str(), w.1.as_str()));
        let cells = [view::when(l.at).as_str(), login, name, &l.actor, &l.what, l.object.as_deref().unwrap_or(""), l.reason.as_deref().unwrap_or("")]
            .map(cell);
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

/// A cell: in quotes, and never a formula for the spreadsheet that opens it.
fn cell(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_leaves_its_quotes() {
        for (text, want) in [
            ("", "\"\""),
            ("перезвонить", "\"перезвонить\""),
            ("a \"b\"\n,c", "\"a \"\"b\"\"\n,c\""),
            ("=1+1", "\"'=1+1\""),
            (" @x", "\"' @x\""),
            ("-2", "\"'-2\""),
        ] {
            assert_eq!(cell(text), want);
        }
    }
}
