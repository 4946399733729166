//! The board: everything open within reach in one dense list that keeps itself up to date, with filters that can be named and kept.

use super::lines::{Line, beside, lines};
use super::queues::{Choice, need};
use super::shell::{Shell, page, see};
use super::words::Words;
use crate::dispatch::DispatchError;
use crate::dispatch::desk;
use crate::domain::access::{Permission, Scope};
use crate::domain::request::Status;
use crate::domain::{Class, CrewCode, DistrictCode, QueueCode, ServiceCode};
use crate::store::board::{self, BoardFilter};
use crate::store::requests::QueueCursor;
use crate::store::stats;
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::events::{self, Reader};
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::DateTime;
use serde::Deserialize;

const PAGE: usize = 60;
/// Longest name of a kept list, in characters.
const LONGEST_NAME: usize = 40;

/// What the filters say, as they came.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub queue: String,
    pub status: String,
    pub class: String,
    pub service: String,
    pub district: String,
    pub crew: String,
    pub overdue: String,
    pub danger: String,
    pub cursor: String,
    pub saved: String,
}

impl Asked {
    /// The filter; words that are no codes filter nothing.
    pub(super) fn filter(&self) -> BoardFilter {
        BoardFilter {
            queue: QueueCode::new(self.queue.as_str()).ok(),
            status: Status::parse(&self.status),
            class: Class::parse(&self.class),
            service: ServiceCode::new(self.service.as_str()).ok(),
            district: DistrictCode::new(self.district.as_str()).ok(),
            crew: CrewCode::new(self.crew.as_str()).ok(),
            overdue: !self.overdue.is_empty(),
            danger: !self.danger.is_empty(),
        }
    }
}

/// A filter as a query: known words and codes only, always in the same order.
pub(super) fn query(f: &BoardFilter) -> String {
    let parts = [
        ("queue", f.queue.as_ref().map(QueueCode::as_str)),
        ("status", f.status.map(Status::as_str)),
        ("class", f.class.map(Class::as_str)),
        ("service", f.service.as_ref().map(ServiceCode::as_str)),
        ("district", f.district.as_ref().map(DistrictCode::as_str)),
        ("crew", f.crew.as_ref().map(CrewCode::as_str)),
        ("overdue", f.overdue.then_some("1")),
        ("danger", f.danger.then_some("1")),
    ];
    parts.iter().filter_map(|(name, value)| value.map(|v| format!("{name}={v}"))).collect::<Vec<_>>().join("&")
}

fn encode(c: &QueueCursor) -> String {
    format!("{}_{}_{}", c.priority, c.due.timestamp_micros(), c.id)
}

fn decode(text: &str) -> Option<QueueCursor> {
    let mut parts = text.split('_');
    let cursor = QueueCursor {
        priority: parts.next()?.parse().ok()?,
        due: DateTime::from_timestamp_micros(parts.next()?.parse().ok()?)?,
        id: parts.next()?.parse().ok()?,
    };
    parts.next().is_none().then_some(cursor)
}

/// A list one press away.
#[derive(Debug, Clone)]
pub(super) struct Tab {
    pub label: String,
    pub query: String,
    pub here: bool,
    pub count: Option<i64>,
    pub tone: &'static str,
    /// Of a kept list: what takes it away.
    pub id: Option<String>,
}

/// The selects of the filter bar.
pub(super) struct Filters {
    pub queues: Vec<Choice>,
    pub statuses: Vec<Choice>,
    pub classes: Vec<Choice>,
    pub services: Vec<Choice>,
    pub districts: Vec<Choice>,
    pub overdue: bool,
    pub danger: bool,
    /// How many are set.
    pub set: usize,
}

impl Filters {
    pub fn new(w: &Words<'_>, scope: &Scope, f: &BoardFilter) -> Self {
        let c = &w.book.catalog;
        let all = |present: &str| Choice::new("", w.t("console.all"), present);
        let text = |v: Option<&str>| v.unwrap_or("").to_owned();
        let (queue, status, class) =
            (text(f.queue.as_ref().map(QueueCode::as_str)), text(f.status.map(Status::as_str)), text(f.class.map(Class::as_str)));
        let (service, district) = (text(f.service.as_ref().map(ServiceCode::as_str)), text(f.district.as_ref().map(DistrictCode::as_str)));
        let statuses = Status::ALL.iter().filter(|s| s.is_open() || f.queue.is_some());
        Self {
            queues: std::iter::once(all(&queue))
                .chain(c.queues.iter().filter(|q| scope.covers(&q.code, None)).map(|q| Choice::new(q.code.as_str(), q.name.get(w.lang), &queue)))
                .collect(),
            statuses: std::iter::once(Choice::new("", w.t("console.open_only"), &status))
                .chain(statuses.map(|x| Choice::new(x.as_str(), w.of("state", x.as_str()), &status)))
                .collect(),
            classes: std::iter::once(all(&class))
                .chain(Class::ALL.iter().map(|x| Choice::new(x.as_str(), w.of("class", x.as_str()), &class)))
                .collect(),
            services: std::iter::once(all(&service))
                .chain(c.services.iter().map(|x| Choice::new(x.code.as_str(), x.name.get(w.lang), &service)))
                .collect(),
            districts: std::iter::once(all(&district))
                .chain(c.districts.iter().map(|x| Choice::new(x.code.as_str(), x.name.get(w.lang), &district)))
                .collect(),
            overdue: f.overdue,
            danger: f.danger,
            set: query(&BoardFilter { status: f.status, ..f.clone() }).split('&').filter(|p| !p.is_empty()).count(),
        }
    }
}

#[derive(Template)]
#[template(path = "console/board.html")]
pub(super) struct BoardPage<'a> {
    pub s: Shell<'a>,
    pub title: String,
    pub tabs: Vec<Tab>,
    pub filters: Filters,
    /// The present filter as a query.
    pub query: String,
    pub rows: Vec<Line>,
    pub further: bool,
    pub next: Option<String>,
    /// What may be done to several at once.
    pub bulk: Option<Bulk>,
}

/// Choices of the acts on several.
pub(super) struct Bulk {
    pub acts: Vec<Choice>,
    pub crews: Vec<Choice>,
    pub queues: Vec<Choice>,
}

/// The rows alone, for the page's script.
#[derive(Template)]
#[template(path = "console/board_rows.html")]
pub(super) struct RowsPart<'a> {
    pub s: Shell<'a>,
    pub rows: Vec<Line>,
    pub bulk: Option<Bulk>,
}

/// Queues, how many are open, late and dangerous within reach.
fn counts(scope: &Scope, open: &[(Option<String>, bool, i64)], dangers: &[(Option<String>, i64)]) -> (i64, i64, i64) {
    let mine = |q: &Option<String>| match q {
        Some(code) => QueueCode::new(code.as_str()).is_ok_and(|c| scope.covers(&c, None)),
        None => scope.is_whole(),
    };
    let sum = |late: bool| open.iter().filter(|(q, l, _)| mine(q) && (*l || !late)).map(|(.., n)| n).sum();
    (sum(false), sum(true), dangers.iter().filter(|(q, _)| mine(q)).map(|(_, n)| n).sum())
}

/// The same as they are now.
pub(super) async fn totals(state: &WebState, session: &Session) -> Result<(i64, i64, i64), ApiError> {
    let db = state.core.db.read();
    Ok(counts(&session.scope, &stats::queue_counts(db).await?, &stats::untaken_dangers(db).await?))
}

fn tabs(w: &Words<'_>, here: &str, (open, late, dangers): (i64, i64, i64), kept: &[board::View]) -> Vec<Tab> {
    let built = |key: &str, query: &str, count: Option<i64>, tone: &'static str| Tab {
        label: w.t(key).to_owned(),
        query: query.to_owned(),
        here: here == query,
        count,
        tone,
        id: None,
    };
    let mut out = vec![
        built("board.all", "", Some(open), ""),
        built("board.danger", "danger=1", Some(dangers), if dangers > 0 { "bad" } else { "" }),
        built("board.late", "overdue=1", Some(late), if late > 0 { "warn" } else { "" }),
        built("board.untaken", "status=queued", None, ""),
        built("board.held", "status=on_hold", None, ""),
    ];
    out.extend(kept.iter().map(|v| Tab {
        label: v.name.clone(),
        query: v.query.clone(),
        here: here == v.query,
        count: None,
        tone: "",
        id: Some(v.id.to_string()),
    }));
    out
}

async fn load(
    state: &WebState,
    session: &Session,
    f: &BoardFilter,
    cursor: Option<&QueueCursor>,
    w: &Words<'_>,
) -> Result<(Vec<Line>, Option<QueueCursor>), ApiError> {
    let db = state.core.db.read();
    let limit = u64::try_from(PAGE + 1).unwrap_or(61);
    let mut list = board::page(db, &session.scope, f, cursor, limit).await?;
    let more = list.len() > PAGE;
    list.truncate(PAGE);
    let next = list.last().filter(|_| more).map(QueueCursor::after);
    let b = beside(db, session.staff.id, &list, state.core.wall()).await?;
    Ok((lines(w, &list, &b, state.core.now()), next))
}

fn cursor(asked: &Asked) -> Result<Option<QueueCursor>, ApiError> {
    match asked.cursor.as_str() {
        "" => Ok(None),
        text => decode(text).map(Some).ok_or_else(|| ApiError::detail("bad_request", "cursor")),
    }
}

/// `GET /console/board`.
///
/// # Errors
/// `forbidden`; `bad_request` for a broken cursor.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, session: Session, asked: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    need(&session, Permission::ReadQueue)?;
    let f = asked.filter();
    let at = cursor(&asked)?;
    let db = state.core.db.read();
    let totals = totals(&state, &session).await?;
    let kept = board::views(db, session.staff.id).await?;
    let mut s = Shell::of(&state, peer::language(&req), &session, "board").ringing(&state, &session).await?;
    if !asked.saved.is_empty() {
        let text = s.w.t("console.saved").to_owned();
        s = s.noticed(true, text);
    }
    let (rows, next) = load(&state, &session, &f, at.as_ref(), &s.w).await?;
    let w = s.w;
    let here = query(&f);
    let next = next.map(|c| format!("{here}{}cursor={}", if here.is_empty() { "" } else { "&" }, encode(&c)));
    let title = f.queue.as_ref().map_or_else(|| w.t("board.title").to_owned(), |q| w.queue(q));
    page(
        StatusCode::OK,
        &BoardPage {
            title,
            tabs: tabs(&w, &here, totals, &kept),
            filters: Filters::new(&w, &session.scope, &f),
            query: here,
            rows,
            further: at.is_some(),
            next,
            bulk: super::bulk::choices(&w, &session.scope),
            s,
        },
    )
}

/// `GET /console/board/rows`: the rows as they are now, for the script of an open board.
///
/// # Errors
/// As [`show`].
pub async fn fresh(req: HttpRequest, state: web::Data<WebState>, session: Session, asked: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    need(&session, Permission::ReadQueue)?;
    let s = Shell::of(&state, peer::language(&req), &session, "board");
    let (rows, _) = load(&state, &session, &asked.filter(), cursor(&asked)?.as_ref(), &s.w).await?;
    let bulk = super::bulk::choices(&s.w, &session.scope);
    page(StatusCode::OK, &RowsPart { rows, bulk, s })
}

/// A list to be kept, or taken away.
#[derive(Debug, Deserialize)]
pub struct Keep {
    csrf: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    query: String,
    #[serde(default)]
    id: String,
}

/// `POST /console/views`: keeps the present filter under a name; with an `id` takes that one away.
///
/// # Errors
/// `forbidden`, `empty_text`, `conflict` when there are too many.
pub async fn keep(state: web::Data<WebState>, session: Session, form: web::Form<Keep>) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    if let Ok(id) = form.id.parse() {
        desk::drop_view(&state.core, session.staff.id, id).await?;
        return Ok(see("/console/board?saved=1"));
    }
    let name: String = form.name.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST_NAME).collect();
    if name.is_empty() {
        return Err(ApiError::new("empty_text"));
    }
    // Only what the board itself would write is kept.
    let asked: Asked = web::Query::<Asked>::from_query(&form.query).map_err(|_| ApiError::new("bad_request"))?.into_inner();
    let query = query(&asked.filter());
    match desk::keep_view(&state.core, session.staff.id, &name, &query).await {
        Ok(()) => Ok(see(&format!("/console/board?{query}"))),
        Err(e @ DispatchError::Invalid { .. }) => Err(ApiError::new(e.code())),
        Err(e) => Err(e.into()),
    }
}

/// `GET /console/views`: a reload of what only a form makes.
pub async fn back() -> HttpResponse {
    see("/console/board")
}

/// `GET /console/events`: what changes, as server-sent events, for the scripts of open pages.
///
/// # Errors
/// The store's, before the stream begins.
pub async fn stream(req: HttpRequest, session: Session, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    let last = req.headers().get("last-event-id").map(|v| v.to_str().ok().and_then(|t| t.trim().parse::<i64>().ok()).unwrap_or(-1));
    let reader = Reader { scope: session.scope.clone(), token: session.token().to_owned(), session: true };
    let body = events::open(state, reader, last).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("cache-control", "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(Box::pin(body)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RequestId;

    #[test]
    fn a_filter_as_a_query_holds_known_words_only() {
        let asked =
            Asked { status: "queued".into(), class: "\"><script>".into(), district: "shu&x=1".into(), service: "water".into(), ..Asked::default() };
        assert_eq!(query(&asked.filter()), "status=queued&service=water");
        assert_eq!(query(&BoardFilter::default()), "");
        let again = web::Query::<Asked>::from_query("queue=gas&danger=1&overdue=yes&cursor=x").unwrap().into_inner();
        assert_eq!(query(&again.filter()), "queue=gas&overdue=1&danger=1");
    }

    #[test]
    fn cursors_come_back_as_they_went() {
        let c = QueueCursor { priority: 2, due: DateTime::from_timestamp_micros(1_795_000_000_123_456).unwrap(), id: RequestId::fresh() };
        assert_eq!(decode(&encode(&c)), Some(c.clone()));
        for bad in ["", "1", "1_2", "a_b_c", &format!("{}_x", encode(&c))] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
