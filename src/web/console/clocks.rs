//! What is late or will be, on the own screen; and the account of a request's clocks.

use super::shell::{Shell, page, see};
use super::sign_in::Bare;
use super::words::Words;
use crate::config::local_date_time;
use crate::dispatch::acts::actor_of;
use crate::dispatch::{duty, ledger, notices};
use crate::domain::RequestNumber;
use crate::domain::access::Permission;
use crate::store::{access_log, requests};
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

/// Notices on one screen.
const MOST: u64 = 100;

/// One warning or escalation.
struct NoticeLine {
    id: i64,
    at: String,
    number: String,
    /// The person may open the request.
    open: bool,
    late: bool,
    text: String,
}

#[derive(Template)]
#[template(path = "console/notices.html")]
struct NoticesPage<'a> {
    s: Shell<'a>,
    items: Vec<NoticeLine>,
    /// Requests in reach that crews handed over to nobody.
    gaps: usize,
    /// Requests to watch: number, what and how it stands, and whether it may be opened.
    watching: Vec<(String, String, bool)>,
}

/// `GET /console/notices`.
///
/// # Errors
/// The store's.
pub async fn screen(req: HttpRequest, state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    let lang = peer::language(&req);
    let s = Shell::of(&state, lang, &session, "notices");
    let shown = notices::screen(&state.core, session.staff.id, MOST).await?;
    let items = shown
        .iter()
        .map(|n| {
            let r = &n.request.request;
            NoticeLine {
                id: n.id,
                at: local_date_time(n.at),
                number: r.number.to_string(),
                open: session.scope.sees(r),
                late: n.late,
                text: beside_its_number(&state.core.book.render(lang, n.key, &n.params), &r.number.to_string()),
            }
        })
        .collect();
    let watching = notices::watched(&state.core, session.staff.id, MOST)
        .await?
        .iter()
        .map(|stored| {
            let r = &stored.request;
            let open = session.scope.sees(r);
            (r.number.to_string(), format!("{} · {}", s.w.service(r.service.as_ref()), s.w.of("state", r.status.as_str())), open)
        })
        .collect();
    let gaps = if session.may(Permission::ListCrews) { duty::left_behind(&state.core, &session.scope).await? } else { 0 };
    page(StatusCode::OK, &NoticesPage { s, items, gaps, watching })
}

/// The words of a message that begins with a mark and the number of its request, where that number stands beside them already.
fn beside_its_number(text: &str, number: &str) -> String {
    match text.split_once(" · ") {
        Some((head, rest)) if head.contains(number) => format!("{} {rest}", head.split('№').next().unwrap_or("").trim()).trim().to_owned(),
        _ => text.to_owned(),
    }
}

/// `POST /console/notices/{id}/seen`.
///
/// # Errors
/// `forbidden` without the session's token. A notice that is gone already is no error.
pub async fn seen(state: web::Data<WebState>, session: Session, id: web::Path<i64>, form: web::Form<Bare>) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    match notices::see(&state.core, session.staff.id, *id).await {
        Ok(()) | Err(crate::dispatch::DispatchError::NotFound) => Ok(see("/console/notices")),
        Err(e) => Err(e.into()),
    }
}

/// One line of the account.
struct LedgerLine {
    at: String,
    text: String,
}

#[derive(Template)]
#[template(path = "console/ledger.html")]
struct LedgerPage<'a> {
    s: Shell<'a>,
    number: String,
    lines: Vec<LedgerLine>,
    late: Vec<String>,
}

/// `GET /console/requests/{number}/ledger`: how its deadlines came to be.
///
/// # Errors
/// `not_found`, also out of reach; `unavailable` when the view cannot be noted.
pub async fn account(req: HttpRequest, state: web::Data<WebState>, session: Session, number: web::Path<String>) -> Result<HttpResponse, ApiError> {
    super::queues::need(&session, Permission::ReadRequest)?;
    let number = RequestNumber::parse(&number).map_err(|_| ApiError::new("not_found"))?;
    let db = state.core.db.read();
    let stored = requests::by_number_scoped(db, &number, &session.scope).await?.ok_or_else(|| ApiError::new("not_found"))?;
    let id = stored.request.id;
    access_log::note(state.core.db.write(), state.core.wall(), &actor_of(&session.scope).to_string(), "ledger", Some(id), None).await?;
    let account = ledger::explain(&state.core, db, id).await?;
    let lang = peer::language(&req);
    let s = Shell::of(&state, lang, &session, "request");
    let book = &state.core.book;
    let lines = account.entries.iter().map(|e| LedgerLine { at: local_date_time(e.at), text: book.sentence(lang, e) }).collect();
    let late = account.blame.iter().map(|b| blame(&s.w, b)).collect();
    page(StatusCode::OK, &LedgerPage { s, number: number.to_string(), lines, late })
}

fn blame(w: &Words<'_>, b: &crate::domain::sla::Blame) -> String {
    let owner = b.owner.as_ref().map_or_else(|| "@sla.nobody".to_owned(), |q| format!("@queue.{q}"));
    let late = format!("@span:{}", b.late_us / 1_000_000);
    let params = [("stage".to_owned(), format!("@stage.{}", b.stage)), ("owner".to_owned(), owner), ("late".to_owned(), late)].into();
    w.book.render(w.lang, "sla.blame", &params)
}
