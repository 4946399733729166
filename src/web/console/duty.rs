//! Who is on duty now, and the handing over of open work at the change of shifts.

use super::people::{Choice, Fields, field};
use super::shell::{Shell, page, see};
use crate::config::local_time;
use crate::dispatch::DispatchError;
use crate::dispatch::duty::{self, CrewNow};
use crate::domain::access::Permission;
use crate::domain::request::ActKind;
use crate::domain::shift::Duty;
use crate::domain::{CrewCode, RequestId};
use crate::store::requests::{self, Stored};
use crate::store::shift_gaps;
use crate::web::auth::Session;
use crate::web::error::{ApiError, title};
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use std::collections::BTreeMap;

/// Most requests of one crew that are listed, and of those left behind.
const MOST: u64 = 50;

/// One open request.
#[derive(Debug, Clone)]
pub(super) struct JobLine {
    pub number: String,
    pub what: String,
    pub state: String,
    pub state_name: String,
    pub overdue: bool,
}

/// One crew.
#[derive(Debug, Clone)]
pub(super) struct CrewLine {
    pub code: String,
    pub name: String,
    pub queue: String,
    pub on: bool,
    /// When it went off.
    pub since: String,
    pub open: u64,
    /// What would be handed over, and to whom it may go; those on duty.
    pub jobs: Vec<JobLine>,
    pub to: Vec<Choice>,
}

/// One request that a crew left behind.
#[derive(Debug, Clone)]
pub(super) struct GapLine {
    pub number: String,
    pub crew: String,
    pub since: String,
    pub what: String,
}

#[derive(Template)]
#[template(path = "console/duty.html")]
pub(super) struct DutyPage<'a> {
    pub s: Shell<'a>,
    /// Work of crews that went off.
    pub off: Vec<CrewLine>,
    pub on: Vec<CrewLine>,
    pub gaps: Vec<GapLine>,
    /// May hand over.
    pub may: bool,
    /// May plan shifts.
    pub plans: bool,
}

fn job(s: &Shell<'_>, r: &Stored) -> JobLine {
    let q = &r.request;
    JobLine {
        number: q.number.to_string(),
        what: format!("{} · {}", s.w.service(q.service.as_ref()), s.w.district(q.district.as_ref())),
        state: q.status.to_string(),
        state_name: s.w.of("state", q.status.as_str()),
        overdue: r.overdue,
    }
}

async fn line(state: &WebState, session: &Session, s: &Shell<'_>, c: &CrewNow) -> Result<CrewLine, ApiError> {
    let book = s.w.book;
    let off = matches!(c.duty, Duty::Off(_));
    let mut jobs = Vec::new();
    if off && c.open > 0 {
        let rows = requests::crew_jobs(state.core.db.read(), &c.crew, MOST).await?;
        jobs = rows.iter().filter(|r| session.scope.sees(&r.request)).map(|r| job(s, r)).collect();
    }
    let others = book.shifts.crews(&book.catalog, &c.queue, &book.calendar, state.core.now());
    let to = others.iter().filter(|(x, duty)| duty.works() && x.code != c.crew);
    Ok(CrewLine {
        code: c.crew.to_string(),
        name: s.w.crew(&c.crew),
        queue: s.w.queue(&c.queue),
        on: c.duty == Duty::On,
        since: if let Duty::Off(Some(at)) = c.duty { local_time(at) } else { String::new() },
        open: c.open,
        jobs,
        to: to.map(|(x, _)| Choice::new(x.code.as_str(), s.w.crew(&x.code), Some(&x.code) == c.next.as_ref())).collect(),
    })
}

async fn shown(state: &WebState, session: &Session, s: Shell<'_>, code: StatusCode) -> Result<HttpResponse, ApiError> {
    let (mut off, mut on) = (Vec::new(), Vec::new());
    for c in duty::now(&state.core, &session.scope).await? {
        let l = line(state, session, &s, &c).await?;
        if matches!(c.duty, Duty::Off(_)) { off.push(l) } else { on.push(l) }
    }
    // Those who still have work come first.
    off.sort_by_key(|l| l.jobs.is_empty());
    let found = shift_gaps::all(state.core.db.read(), MOST).await?;
    let ids: Vec<RequestId> = found.iter().map(|g| g.request).collect();
    let rows: BTreeMap<RequestId, Stored> = requests::load_many(state.core.db.read(), &ids).await?.into_iter().map(|r| (r.request.id, r)).collect();
    let gaps = found
        .iter()
        .filter_map(|g| Some((g, rows.get(&g.request).filter(|r| session.scope.sees(&r.request))?)))
        .map(|(g, r)| GapLine { number: r.request.number.to_string(), crew: s.w.crew(&g.crew), since: local_time(g.off_at), what: job(&s, r).what })
        .collect();
    let may = session.may(Permission::Act(ActKind::HandOver));
    page(code, &DutyPage { off, on, gaps, may, plans: session.may(Permission::ManageCatalog), s })
}

/// `GET /console/duty`.
///
/// # Errors
/// The store's.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    let mut s = Shell::of(&state, peer::language(&req), &session, "duty");
    let number = |name: &str| req.query_string().split('&').find_map(|p| p.strip_prefix(name)?.strip_prefix('=')?.parse::<u32>().ok());
    if let Some(moved) = number("moved") {
        let mut text = s.w.with("duty.handed", "count", &moved.to_string());
        if let Some(left) = number("left").filter(|n| *n > 0) {
            text = format!("{text} {}", s.w.with("duty.left", "count", &left.to_string()));
        }
        s = s.noticed(moved > 0, text);
    }
    shown(&state, &session, s, StatusCode::OK).await
}

/// `POST /console/duty`: the open work of one crew goes to another.
///
/// # Errors
/// `forbidden` without the form's token; what cannot be done is told on the page.
pub async fn hand_over(req: HttpRequest, state: web::Data<WebState>, session: Session, form: Fields) -> Result<HttpResponse, ApiError> {
    session.check_csrf(field(&form, "csrf"))?;
    let crew = |name: &str| CrewCode::new(field(&form, name)).map_err(|_| DispatchError::invalid("bad_crew", name));
    let done = match (crew("from"), crew("to")) {
        (Ok(from), Ok(to)) => duty::hand_over(&state.core, &session.scope, &from, &to).await,
        (Err(e), _) | (_, Err(e)) => Err(e),
    };
    match done {
        Ok(h) => Ok(see(&format!("/console/duty?moved={}&left={}", h.moved, h.left))),
        Err(e @ (DispatchError::Invalid { .. } | DispatchError::Stale(_))) => {
            let lang = peer::language(&req);
            let s = Shell::of(&state, lang, &session, "duty").noticed(false, title(&state.core.book, lang, e.code()));
            shown(&state, &session, s, ApiError::new(e.code()).status()).await
        }
        Err(e) => Err(e.into()),
    }
}
