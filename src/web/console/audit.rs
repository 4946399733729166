//! The audit on a page: searched by person, object and period; exported as a file for spreadsheets.

use super::shell::{Shell, page};
use super::words::Words;
use crate::config::local_date_time;
use crate::dispatch::DispatchError;
use crate::dispatch::audit::{self, Line, Question};
use crate::domain::RequestNumber;
use crate::domain::request::ActKind;
use crate::web::api::cursor::{self, AuditCursor};
use crate::web::api::{input, staff_audit};
use crate::web::auth::Session;
use crate::web::error::{ApiError, title};
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// Lines on one page.
const PAGE: usize = 100;

/// What is asked for, as it stands in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    person: String,
    object: String,
    from: String,
    to: String,
    cursor: String,
    format: String,
}

impl Asked {
    fn question(&self) -> Result<Question, ApiError> {
        let given = |t: &String| Some(t.clone()).filter(|t| !t.trim().is_empty());
        Ok(Question {
            person: input::words("person", given(&self.person))?,
            object: input::words("object", given(&self.object))?,
            from: input::moment("from", Some(&self.from))?,
            to: input::moment("to", Some(&self.to))?,
            before: cursor::decode::<AuditCursor>(Some(&self.cursor))?.map(|c| (c.at, c.id)),
        })
    }

    /// The same question once more, for a link.
    fn link(&self) -> String {
        let part = |name: &str, value: &str| (!value.is_empty()).then(|| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        [part("person", &self.person), part("object", &self.object), part("from", &self.from), part("to", &self.to)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("&")
    }
}

/// One line on the page.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub at: String,
    pub name: String,
    pub login: Option<String>,
    pub what: String,
    pub object: Option<String>,
    /// The object is a request.
    pub request: bool,
    pub reason: Option<String>,
}

#[derive(Template)]
#[template(path = "console/audit.html")]
pub(super) struct AuditPage<'a> {
    pub s: Shell<'a>,
    pub asked: Asked,
    pub lines: Vec<Shown>,
    /// Leads to older lines.
    pub next: Option<String>,
}

impl<'a> AuditPage<'a> {
    pub fn new(s: Shell<'a>, asked: Asked, lines: &[Line], next: Option<&str>) -> Self {
        let again = asked.link();
        let next = next.map(|word| format!("{again}{}cursor={word}", if again.is_empty() { "" } else { "&" }));
        let lines = lines.iter().map(|l| shown(&s.w, l)).collect();
        Self { s, asked, lines, next }
    }
}

fn shown(w: &Words<'_>, l: &Line) -> Shown {
    Shown {
        at: local_date_time(l.at),
        name: l.who.as_ref().map_or_else(|| l.actor.clone(), |(_, name)| name.clone()),
        login: l.who.as_ref().map(|(login, _)| login.clone()),
        what: what(w, &l.what),
        request: l.object.as_ref().is_some_and(|o| RequestNumber::parse(o).is_ok()),
        object: l.object.clone(),
        reason: l.reason.clone(),
    }
}

/// A word of the audit in the reader's language; one that has no text yet is shown as it is.
fn what(w: &Words<'_>, word: &str) -> String {
    match word.strip_prefix("act:").and_then(ActKind::parse) {
        Some(kind) => w.of("act", kind.as_str()),
        None => w.book.messages.get(w.lang, &format!("audit.{word}")).unwrap_or(word).to_owned(),
    }
}

/// `GET /console/audit`.
///
/// # Errors
/// Failures of the database; what cannot be asked is told on the page.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, session: Session, asked: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    let lang = peer::language(&req);
    let s = Shell::of(&state, lang, &session, "audit");
    let asked = asked.into_inner();
    let refused = |s: Shell<'_>, asked: Asked, code: &'static str| {
        let s = s.noticed(false, title(&state.core.book, lang, code));
        page(ApiError::new(code).status(), &AuditPage::new(s, asked, &[], None))
    };
    let question = match asked.question() {
        Ok(q) => q,
        Err(e) => return refused(s, asked, e.code),
    };
    if asked.format == "csv" {
        return match audit::export(&state.core, &session.scope, &question).await {
            Ok(lines) => Ok(staff_audit::sheet(&lines)),
            Err(e @ DispatchError::Invalid { .. }) => refused(s, asked, e.code()),
            Err(e) => Err(e.into()),
        };
    }
    let limit = u64::try_from(PAGE + 1).unwrap_or(101);
    match audit::search(&state.core, &question, limit).await {
        Ok(lines) => {
            let (lines, next) = cursor::page(lines, PAGE, |l| AuditCursor { at: l.at, id: l.id });
            page(StatusCode::OK, &AuditPage::new(s, asked, &lines, next.as_deref()))
        }
        Err(e @ DispatchError::Invalid { .. }) => refused(s, asked, e.code()),
        Err(e) => Err(e.into()),
    }
}
