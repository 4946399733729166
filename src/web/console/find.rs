//! Searching: by number, by telephone, by words. What was asked never stands in an address line: it may be personal.

use super::board::Bulk;
use super::lines::{Line, beside, lines};
use super::queues::need;
use super::shell::{Shell, page, see};
use crate::dispatch::search::{self, Found};
use crate::domain::RequestNumber;
use crate::domain::access::Permission;
use crate::web::auth::Session;
use crate::web::error::{ApiError, title};
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "console/find.html")]
pub(super) struct FindPage<'a> {
    pub s: Shell<'a>,
    /// What was asked; the answer is never cached.
    pub asked: String,
    /// None before anything was asked.
    pub rows: Option<Vec<Line>>,
    pub by_phone: bool,
    pub more: bool,
    /// Nothing is done to several from here.
    pub bulk: Option<Bulk>,
}

/// A number to go to at once.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Go {
    number: String,
}

/// `GET /console/find`: the form; with `?number=` that request.
///
/// # Errors
/// `bad_number`.
pub async fn form(req: HttpRequest, session: Session, state: web::Data<WebState>, go: web::Query<Go>) -> Result<HttpResponse, ApiError> {
    if !go.number.is_empty() {
        let number = RequestNumber::parse(&go.number).map_err(|_| ApiError::new("bad_number"))?;
        return Ok(see(&format!("/console/requests/{number}")));
    }
    let s = Shell::of(&state, peer::language(&req), &session, "find");
    page(StatusCode::OK, &FindPage { s, asked: String::new(), rows: None, by_phone: false, more: false, bulk: None })
}

/// The one field.
#[derive(Debug, Deserialize)]
pub struct Question {
    csrf: String,
    #[serde(default)]
    q: String,
}

/// `POST /console/find`.
///
/// # Errors
/// `forbidden`, failures of the database; a question that cannot be asked comes back with the form.
pub async fn find(req: HttpRequest, session: Session, state: web::Data<WebState>, form: web::Form<Question>) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    need(&session, Permission::ReadRequest)?;
    let lang = peer::language(&req);
    let s = Shell::of(&state, lang, &session, "find");
    let asked: String = form.q.trim().chars().take(search::MAX_QUESTION).collect();
    let (list, by_phone, more) = match search::find(&state.core, &session.scope, &form.q).await {
        Ok(Found::One(one)) => return Ok(see(&format!("/console/requests/{}", one.request.number))),
        Ok(Found::OfPhone(list)) => (list, true, false),
        Ok(Found::ByWords(list, more)) => (list, false, more),
        Err(e) if matches!(e.code(), "empty_text" | "too_large") => {
            let status = ApiError::new(e.code()).status();
            let s = s.noticed(false, title(&state.core.book, lang, e.code()));
            return page(status, &FindPage { s, asked, rows: None, by_phone: false, more: false, bulk: None });
        }
        Err(e) => return Err(e.into()),
    };
    let b = beside(state.core.db.read(), session.staff.id, &list, state.core.wall()).await?;
    let rows = Some(lines(&s.w, &list, &b, state.core.now()));
    page(StatusCode::OK, &FindPage { s, asked, rows, by_phone, more, bulk: None })
}
