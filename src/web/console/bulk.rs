//! One act on several requests: each decided by itself, on the version that was on the screen, and each result told.

use super::acts::{ActForm, stated};
use super::board::Bulk;
use super::queues::{Choice, need};
use super::shell::{Shell, page, see};
use super::words::Words;
use crate::dispatch::DispatchError;
use crate::dispatch::acts::act;
use crate::domain::RequestNumber;
use crate::domain::access::{Permission, Scope};
use crate::domain::request::ActKind;
use crate::web::auth::Session;
use crate::web::error::{ApiError, title};
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

/// Most requests in one go: what a person can have looked at.
const MOST: usize = 60;
/// What may be done to several.
const ACTS: [ActKind; 6] = [ActKind::Accept, ActKind::Assign, ActKind::Transfer, ActKind::Merge, ActKind::Reply, ActKind::Close];

/// The choices for a role; none when it may do nothing of that.
pub(super) fn choices(w: &Words<'_>, scope: &Scope) -> Option<Bulk> {
    let acts: Vec<Choice> =
        ACTS.iter().filter(|k| scope.may(Permission::Act(**k))).map(|k| Choice::new(k.as_str(), w.of("act", k.as_str()), "")).collect();
    let c = &w.book.catalog;
    let crews = c.crews.iter().filter(|x| !x.closed && scope.covers(&x.queue, None)).map(|x| Choice::new(x.code.as_str(), x.name.get(w.lang), ""));
    let queues = c.queues.iter().filter(|x| x.successor.is_none()).map(|x| Choice::new(x.code.as_str(), x.name.get(w.lang), ""));
    (!acts.is_empty()).then(|| Bulk { acts, crews: crews.collect(), queues: queues.collect() })
}

/// What became of one of them.
pub(super) struct Outcome {
    pub number: String,
    pub done: bool,
    pub text: String,
}

#[derive(Template)]
#[template(path = "console/bulk.html")]
pub(super) struct BulkPage<'a> {
    pub s: Shell<'a>,
    pub act: String,
    pub done: usize,
    pub refused: usize,
    pub results: Vec<Outcome>,
    pub back: String,
}

/// `POST /console/bulk`.
///
/// # Errors
/// `forbidden`; `unprocessable` for an act that cannot be done to several or is not filled in; `empty_text` when nothing is chosen.
pub async fn run(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    form: web::Form<Vec<(String, String)>>,
) -> std::result::Result<HttpResponse, ApiError> {
    let get = |name: &str| form.iter().find(|(k, _)| k == name).map_or("", |(_, v)| v.as_str());
    session.check_csrf(get("csrf"))?;
    let kind = ActKind::parse(get("act")).filter(|k| ACTS.contains(k)).ok_or_else(|| ApiError::new("unprocessable"))?;
    need(&session, Permission::Act(kind))?;
    let fields = ActForm {
        crew: get("crew").to_owned(),
        queue: get("queue").to_owned(),
        into: get("into").to_owned(),
        text: get("text").to_owned(),
        ..ActForm::default()
    };
    let wanted = stated(kind, &fields).map_err(ApiError::new)?;
    let mut picks: Vec<(RequestNumber, i64)> = Vec::new();
    for (_, value) in form.iter().filter(|(k, _)| k == "pick") {
        let (number, version) = value.split_once(':').ok_or_else(|| ApiError::detail("bad_request", "pick"))?;
        let number = RequestNumber::parse(number).map_err(|_| ApiError::new("bad_number"))?;
        picks.push((number, version.parse().map_err(|_| ApiError::detail("bad_request", "pick"))?));
    }
    if picks.is_empty() {
        return Err(ApiError::new("nothing_chosen"));
    }
    if picks.len() > MOST {
        return Err(ApiError::new("too_large"));
    }
    let lang = peer::language(&req);
    let s = Shell::of(&state, lang, &session, "board");
    let mut results = Vec::new();
    for (number, version) in picks {
        let text = match act(&state.core, &session.scope, &number, Some(version), &wanted).await {
            Ok(subject) => Ok(s.w.of("state", subject.stored.request.status.as_str())),
            Err(DispatchError::Stale(now)) => Err(s.w.with("bulk.stale", "status", &s.w.of("state", now.request.status.as_str()))),
            Err(DispatchError::NotNow(_, now)) => Err(s.w.with("act.not_now", "status", &s.w.of("state", now.request.status.as_str()))),
            // The others are still tried: what was done stands by itself.
            Err(e) => Err(title(&state.core.book, lang, e.code())),
        };
        let (done, text) = match text {
            Ok(t) => (true, t),
            Err(t) => (false, t),
        };
        results.push(Outcome { number: number.to_string(), done, text });
    }
    let done = results.iter().filter(|r| r.done).count();
    let act = s.w.of("act", kind.as_str());
    let back = web::Query::<super::board::Asked>::from_query(get("query")).map(|a| super::board::query(&a.filter())).unwrap_or_default();
    page(StatusCode::OK, &BulkPage { act, done, refused: results.len() - done, results, back, s })
}

/// `GET /console/bulk`: a reload of what only a form makes.
pub async fn back() -> HttpResponse {
    see("/console/board")
}
