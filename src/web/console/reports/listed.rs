//! The requests behind a figure: the same period, the same part of the work, the same sight.

use super::asked::{Asked, exactly, query};
use super::labels::{Labels, grouped};
use super::page::in_words;
use crate::domain::access::Permission;
use crate::domain::report::{Filter, Period};
use crate::domain::request::Status;
use crate::domain::sla::{Stage, TimerState};
use crate::domain::time::truncate;
use crate::domain::{Instant, QueueCode, RequestId, RequestNumber};
use crate::store::reports::houses;
use crate::store::reports::listed::{self, Clock, HEADS, Which};
use crate::store::requests;
use crate::web::auth::Session;
use crate::web::console::queues::{Row, rows};
use crate::web::console::shell::{Shell, page};
use crate::web::error::ApiError;
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::DateTime;
use std::collections::BTreeMap;

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "console/report_requests.html")]
pub(super) struct ListedPage<'a> {
    pub s: Shell<'a>,
    pub when: String,
    /// What was chosen, in words.
    pub chosen: Vec<String>,
    pub count: String,
    /// Clocks that were asked for, where they are more than the requests.
    pub clocks: Option<String>,
    pub rows: Vec<Row>,
    pub next: Option<String>,
    /// The request itself may be opened.
    pub opens: bool,
}

/// What is wanted besides period and part; words that are none of ours want nothing.
fn wanted(a: &Asked) -> Which {
    const PROPERTIES: [&str; 5] = ["class", "service", "district", "queue", "owner"];
    let on = |text: &str| text == "1";
    Which {
        status: Status::parse(&a.status),
        open: on(&a.open),
        overdue: on(&a.overdue),
        reopened: on(&a.reopened),
        refused: on(&a.refused),
        danger: on(&a.danger),
        rated: on(&a.rated),
        stars: a.stars.parse().ok().filter(|n| (1..=5).contains(n)),
        clock: Clock {
            stage: Stage::parse(&a.stage),
            state: TimerState::parse(&a.clock),
            owner: QueueCode::new(a.owner.as_str()).ok().map(|q| q.to_string()),
        },
        corrected: on(&a.corrected),
        head: HEADS.into_iter().find(|h| *h == a.corrected),
        house: None,
        nothing: PROPERTIES.into_iter().filter(|p| *p == a.unknown).collect(),
    }
}

/// The same as a query, in a fixed order.
fn as_query(a: &Asked, which: &Which) -> Vec<(&'static str, String)> {
    let on = |yes: bool| if yes { "1".to_owned() } else { String::new() };
    let number = RequestNumber::parse(&a.same_house_as).map(|n| n.digits().to_owned()).unwrap_or_default();
    vec![
        ("status", which.status.map(|s| s.to_string()).unwrap_or_default()),
        ("open", on(which.open)),
        ("overdue", on(which.overdue)),
        ("reopened", on(which.reopened)),
        ("refused", on(which.refused)),
        ("danger", on(which.danger)),
        ("rated", on(which.rated)),
        ("stars", which.stars.map(|n| n.to_string()).unwrap_or_default()),
        ("stage", which.clock.stage.map(|s| s.to_string()).unwrap_or_default()),
        ("clock", which.clock.state.map(|s| s.to_string()).unwrap_or_default()),
        ("owner", which.clock.owner.clone().unwrap_or_default()),
        ("corrected", which.head.map_or_else(|| on(which.corrected), str::to_owned)),
        ("same_house_as", number),
        ("unknown", which.nothing.first().map(|n| (*n).to_owned()).unwrap_or_default()),
    ]
}

fn decode(text: &str) -> Option<(Instant, RequestId)> {
    let (at, id) = text.split_once('_')?;
    Some((DateTime::from_timestamp_micros(at.parse().ok()?)?, id.parse().ok()?))
}

/// `GET /console/reports/requests`.
///
/// # Errors
/// `unprocessable` for no period, `bad_request` for a broken cursor, `not_found` for a house that is out of reach; the store's.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, session: Session, asked: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    let (now, a) = (truncate(state.core.now()), asked.into_inner());
    let (period, filter) = (a.period(now)?, a.filter(&session.scope));
    let db = state.core.db.read();
    let mut which = wanted(&a);
    if !a.same_house_as.is_empty() {
        which.house = Some(house(&state, &session, &a.same_house_as).await?);
    }
    let before = match a.cursor.as_str() {
        "" => None,
        text => Some(decode(text).ok_or_else(|| ApiError::detail("bad_request", "cursor"))?),
    };
    let limit = u64::try_from(PAGE + 1).unwrap_or(51);
    let mut list = listed::page(db, &filter, &period, &which, before, limit).await?;
    let (count, clocks) = match listed::count_clocks(db, &filter, &period, &which).await? {
        Some(n) => (n.requests, Some(n.clocks).filter(|clocks| *clocks != n.requests)),
        None => (listed::count(db, &filter, &period, &which).await?, None),
    };
    let more = list.len() > PAGE;
    list.truncate(PAGE);
    let next = list.last().filter(|_| more).map(|s| format!("{}_{}", s.request.received_at.timestamp_micros(), s.request.id));
    let s = Shell::of(&state, peer::language(&req), &session, "reports").ringing(&state, &session).await?;
    let rows = rows(&s.w, &list, &BTreeMap::new(), now);
    let opens = session.may(Permission::ReadPersonal);
    page(StatusCode::OK, &listed_page(s, &a, &period, &filter, &which, (count, clocks), rows, next, opens))
}

/// The house of a request within sight.
async fn house(state: &WebState, session: &Session, number: &str) -> Result<String, ApiError> {
    let number = RequestNumber::parse(number).map_err(|_| ApiError::new("bad_number"))?;
    let db = state.core.db.read();
    let found = requests::by_number_scoped(db, &number, &session.scope).await?.ok_or_else(|| ApiError::new("not_found"))?;
    houses::of_request(db, found.request.id).await?.ok_or_else(|| ApiError::new("not_found"))
}

#[expect(clippy::too_many_arguments, reason = "a page is made of what it shows")]
pub(super) fn listed_page<'a>(
    s: Shell<'a>,
    a: &Asked,
    period: &Period,
    filter: &Filter,
    which: &Which,
    (count, clocks): (i64, Option<i64>),
    rows: Vec<Row>,
    next: Option<String>,
    opens: bool,
) -> ListedPage<'a> {
    let labels = Labels { w: s.w };
    let mut pairs = exactly(period);
    pairs.extend(filter.named());
    let wanted = as_query(a, which);
    let mut chosen: Vec<String> = filter.named().iter().map(|(kind, code)| labels.named(kind, code)).collect();
    for (name, value) in wanted.iter().filter(|(_, value)| !value.is_empty()) {
        chosen.push(match *name {
            "status" => labels.named("status", value),
            "stage" => labels.named("stage", value),
            "owner" => labels.named("queue", value),
            "clock" => s.w.of("timer", value),
            "stars" => format!("{value} ★"),
            "unknown" => labels.missing(value),
            "corrected" if value != "1" => format!("{}: {}", s.w.of("reports.which", "corrected"), labels.named("head", value)),
            other => s.w.of("reports.which", other),
        });
    }
    pairs.extend(wanted);
    let next = next.map(|cursor| query(&[pairs.as_slice(), &[("cursor", cursor)]].concat()));
    ListedPage {
        when: in_words(period),
        chosen,
        count: grouped(count),
        clocks: clocks.map(|n| s.w.with("reports.clocks", "n", &grouped(n))),
        rows,
        next,
        opens,
        s,
    }
}
