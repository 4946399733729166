//! The queues, and one queue's list: most urgent first, texts masked.

use super::shell::{Shell, page};
use super::words::{Due, Words};
use crate::domain::access::{Permission, Reach, Scope};
use crate::domain::catalog::QueueKind;
use crate::domain::request::Status;
use crate::domain::{Class, DistrictCode, Instant, QueueCode, RequestId};
use crate::store::messages;
use crate::store::requests::{self, QueueCursor, QueueFilter, Stored};
use crate::store::stats;
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::mask;
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::DateTime;
use serde::Deserialize;
use std::collections::BTreeMap;

const PAGE: usize = 50;

/// One queue with its counts.
#[derive(Debug, Clone)]
pub(super) struct QueueLine {
    pub code: String,
    pub name: String,
    pub kind: QueueKind,
    pub open: i64,
    pub overdue: i64,
}

#[derive(Template)]
#[template(path = "console/queues.html")]
pub(super) struct QueuesPage<'a> {
    pub s: Shell<'a>,
    pub first: Vec<QueueLine>,
    pub busy: Vec<QueueLine>,
    pub empty: Vec<QueueLine>,
}

/// `GET /console/queues`.
///
/// # Errors
/// `forbidden`.
pub async fn overview(req: HttpRequest, state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    need(&session, Permission::ListQueues)?;
    let counts = stats::queue_counts(state.core.db.read()).await?;
    let mut s = Shell::of(&state, peer::language(&req), &session, "queues");
    if req.query_string() == "saved=1" {
        let text = s.w.t("console.saved").to_owned();
        s = s.noticed(true, text);
    }
    let s = s.ringing(&state, &session).await?;
    let (first, busy, empty) = grouped(&s.w, &session.scope, &counts);
    page(StatusCode::OK, &QueuesPage { s, first, busy, empty })
}

pub(super) fn need(session: &Session, what: Permission) -> Result<(), ApiError> {
    if session.may(what) { Ok(()) } else { Err(ApiError::new("forbidden")) }
}

/// What a person must look at first, what has work, and what has none.
pub(super) fn grouped(w: &Words<'_>, scope: &Scope, counts: &[(Option<String>, bool, i64)]) -> (Vec<QueueLine>, Vec<QueueLine>, Vec<QueueLine>) {
    let mut sums: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for (queue, overdue, n) in counts {
        let entry = sums.entry(queue.as_deref().unwrap_or("")).or_default();
        entry.0 += n;
        entry.1 += if *overdue { *n } else { 0 };
    }
    let lines = w.book.catalog.queues.iter().filter(|q| scope.covers(&q.code, None)).map(|q| {
        let (open, overdue) = sums.get(q.code.as_str()).copied().unwrap_or_default();
        QueueLine { code: q.code.to_string(), name: q.name.get(w.lang).to_owned(), kind: q.kind, open, overdue }
    });
    let (mut first, mut busy, mut empty) = (Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        match (line.open, line.kind) {
            (0, _) => empty.push(line),
            (_, QueueKind::Triage | QueueKind::Control) => first.push(line),
            _ => busy.push(line),
        }
    }
    busy.sort_by_key(|l| (std::cmp::Reverse(l.overdue), std::cmp::Reverse(l.open)));
    (first, busy, empty)
}

/// One line of a list.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub number: String,
    pub hazard: Option<String>,
    pub priority: u8,
    pub priority_name: String,
    pub class: String,
    pub service: String,
    pub district: String,
    pub excerpt: String,
    pub status: &'static str,
    pub status_name: String,
    pub due: Option<Due>,
    pub crew: String,
    pub overdue: bool,
}

/// The lines of a list, in its order.
pub(super) fn rows(w: &Words<'_>, list: &[Stored], firsts: &BTreeMap<RequestId, String>, now: Instant) -> Vec<Row> {
    list.iter()
        .map(|s| {
            let r = &s.request;
            Row {
                number: r.number.to_string(),
                hazard: r.hazard.map(|h| w.of("hazard", h.as_str())),
                priority: r.priority.0,
                priority_name: w.of("priority", &format!("p{}", r.priority.0)),
                class: w.class(r.class),
                service: w.service(r.service.as_ref()),
                district: w.district(r.district.as_ref()),
                excerpt: firsts.get(&r.id).map(|t| mask::excerpt(t, 140)).unwrap_or_default(),
                status: r.status.as_str(),
                status_name: w.of("state", r.status.as_str()),
                due: if r.status.is_open() { w.due(s.sort_due, now) } else { None },
                crew: r.crew.as_ref().map(|c| w.crew(c)).unwrap_or_default(),
                overdue: s.overdue,
            }
        })
        .collect()
}

/// The first words of each request.
pub(super) async fn first_words(state: &WebState, list: &[Stored]) -> Result<BTreeMap<RequestId, String>, ApiError> {
    let ids: Vec<RequestId> = list.iter().map(|s| s.request.id).collect();
    let mut out = BTreeMap::new();
    for (id, text) in messages::words_of(state.core.db.read(), &ids).await? {
        out.entry(id).or_insert_with(|| text.unwrap_or_default());
    }
    Ok(out)
}

/// A choice of a select.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

impl Choice {
    pub fn new(value: &str, label: impl Into<String>, present: &str) -> Self {
        Self { value: value.to_owned(), label: label.into(), chosen: value == present }
    }
}

/// What the filters say, as they came.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub status: String,
    pub class: String,
    pub district: String,
    pub overdue: String,
    pub cursor: String,
}

impl Asked {
    fn filter(&self) -> QueueFilter {
        QueueFilter {
            status: Status::parse(&self.status),
            class: Class::parse(&self.class),
            district: DistrictCode::new(self.district.as_str()).ok(),
            overdue: !self.overdue.is_empty(),
        }
    }

    /// The same filters as a query, with the place to go on from. Only known words and codes are taken along.
    fn next(&self, cursor: &QueueCursor) -> String {
        let f = self.filter();
        let mut q = format!("cursor={}", encode(cursor));
        for (name, value) in [
            ("status", f.status.map(Status::as_str)),
            ("class", f.class.map(Class::as_str)),
            ("district", f.district.as_ref().map(DistrictCode::as_str)),
        ] {
            if let Some(v) = value {
                q.push_str(&format!("&{name}={v}"));
            }
        }
        if f.overdue {
            q.push_str("&overdue=1");
        }
        q
    }
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

#[derive(Template)]
#[template(path = "console/queue.html")]
pub(super) struct QueuePage<'a> {
    pub s: Shell<'a>,
    pub code: String,
    pub name: String,
    pub statuses: Vec<Choice>,
    pub classes: Vec<Choice>,
    pub districts: Vec<Choice>,
    pub overdue: bool,
    pub filtered: bool,
    pub further: bool,
    pub rows: Vec<Row>,
    pub next: Option<String>,
}

impl<'a> QueuePage<'a> {
    pub fn new(s: Shell<'a>, code: &QueueCode, asked: &Asked, rows: Vec<Row>, next: Option<&QueueCursor>) -> Self {
        let w = s.w;
        let f = asked.filter();
        let statuses = std::iter::once(Choice::new("", w.t("console.open_only"), &asked.status))
            .chain(Status::ALL.iter().map(|x| Choice::new(x.as_str(), w.of("state", x.as_str()), &asked.status)));
        let classes = std::iter::once(Choice::new("", w.t("console.all"), &asked.class))
            .chain(Class::ALL.iter().map(|x| Choice::new(x.as_str(), w.of("class", x.as_str()), &asked.class)));
        let districts = std::iter::once(Choice::new("", w.t("console.all"), &asked.district))
            .chain(w.book.catalog.districts.iter().map(|x| Choice::new(x.code.as_str(), x.name.get(w.lang), &asked.district)));
        Self {
            name: w.queue(code),
            code: code.to_string(),
            statuses: statuses.collect(),
            classes: classes.collect(),
            districts: districts.collect(),
            overdue: f.overdue,
            filtered: f.status.is_some() || f.class.is_some() || f.district.is_some() || f.overdue,
            further: !asked.cursor.is_empty(),
            next: next.map(|c| asked.next(c)),
            rows,
            s,
        }
    }
}

/// `GET /console/queues/{code}`.
///
/// # Errors
/// `forbidden`; `not_found` for a queue that does not exist or is out of reach; `bad_request` for a broken cursor.
pub async fn list(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    code: web::Path<String>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, ApiError> {
    need(&session, Permission::ReadQueue)?;
    let known = state.core.book.catalog.queue(&code).filter(|q| session.scope.covers(&q.code, None) || matches!(session.scope.reach, Reach::All));
    let code = known.map(|q| q.code.clone()).ok_or_else(|| ApiError::new("not_found"))?;
    let cursor = match asked.cursor.as_str() {
        "" => None,
        text => Some(decode(text).ok_or_else(|| ApiError::detail("bad_request", "cursor"))?),
    };
    let limit = u64::try_from(PAGE + 1).unwrap_or(51);
    let mut list = requests::list_queue(state.core.db.read(), &session.scope, &code, &asked.filter(), cursor.as_ref(), limit).await?;
    let more = list.len() > PAGE;
    list.truncate(PAGE);
    let next = list.last().filter(|_| more).map(QueueCursor::after);
    let firsts = first_words(&state, &list).await?;
    let s = Shell::of(&state, peer::language(&req), &session, "queues").ringing(&state, &session).await?;
    let rows = rows(&s.w, &list, &firsts, state.core.now());
    page(StatusCode::OK, &QueuePage::new(s, &code, &asked, rows, next.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_as_they_went() {
        let c = QueueCursor { priority: 2, due: DateTime::from_timestamp_micros(1_795_000_000_123_456).unwrap(), id: RequestId::fresh() };
        assert_eq!(decode(&encode(&c)), Some(c.clone()));
        for bad in ["", "1", "1_2", "1_2_3", "a_b_c", &format!("{}_x", encode(&c))] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn filters_in_the_next_link_are_known_words_only() {
        let c = QueueCursor { priority: 0, due: crate::domain::time::never(), id: RequestId::fresh() };
        let asked = Asked { status: "queued".into(), class: "\"><script>".into(), district: "shu&x=1".into(), ..Asked::default() };
        assert_eq!(asked.next(&c), format!("cursor={}&status=queued", encode(&c)));
    }
}
