//! Outages on a page: what residents are told now, one more, longer, over.

use super::queues::Choice;
use super::shell::{Shell, page, see};
use super::words::Words;
use crate::config::local_date_time;
use crate::dispatch::DispatchError;
use crate::dispatch::outages::{self as desk, Told};
use crate::domain::access::Permission;
use crate::domain::catalog::Named;
use crate::domain::outage::Outage;
use crate::domain::{DistrictCode, Instant, OutageId, ServiceCode, time};
use crate::store::outages;
use crate::web::auth::Session;
use crate::web::error::{ApiError, title};
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{NaiveDateTime, TimeZone};
use chrono_tz::Asia::Almaty;
use serde::Deserialize;

/// Outages shown on the page.
const SHOWN: u64 = 50;

/// The form.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct OutageForm {
    csrf: String,
    service: String,
    district: String,
    place_kk: String,
    place_ru: String,
    planned: String,
    from: String,
    until: String,
}

/// One outage on the page.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub id: String,
    pub what: String,
    pub district: String,
    pub place: String,
    pub state_name: String,
    pub planned: bool,
    pub from: String,
    pub until: String,
    pub ended: Option<String>,
}

fn line(w: &Words<'_>, o: &Outage, now: Instant) -> Line {
    let state = o.state(now);
    Line {
        id: o.id.to_string(),
        what: w.service(Some(&o.service)),
        district: o.district.as_ref().map_or_else(|| w.t("outage.everywhere").to_owned(), |d| w.district(Some(d))),
        place: o.place.get(w.lang).to_owned(),
        state_name: w.of("outage.state", state.as_str()),
        planned: o.planned,
        from: local_date_time(o.starts_at),
        until: o.expected_until.map_or_else(|| w.t("outage.unknown_end").to_owned(), local_date_time),
        ended: o.ended_at.map(local_date_time),
    }
}

#[derive(Template)]
#[template(path = "console/outages.html")]
pub(super) struct OutagesPage<'a> {
    pub s: Shell<'a>,
    pub lines: Vec<Line>,
    pub f: OutageForm,
    pub services: Vec<Choice>,
    pub districts: Vec<Choice>,
    /// The reader may tell of outages.
    pub may: bool,
    /// A form that was refused stands open.
    pub unfolded: bool,
}

impl<'a> OutagesPage<'a> {
    pub fn new(s: Shell<'a>, lines: Vec<Line>, f: OutageForm, may: bool, unfolded: bool) -> Self {
        let w = s.w;
        let c = &w.book.catalog;
        let everywhere = std::iter::once(Choice::new("", w.t("outage.everywhere"), &f.district));
        Self {
            services: c
                .services
                .iter()
                .filter(|x| x.successor.is_none())
                .map(|x| Choice::new(x.code.as_str(), x.name.get(w.lang), &f.service))
                .collect(),
            districts: everywhere.chain(c.districts.iter().map(|x| Choice::new(x.code.as_str(), x.name.get(w.lang), &f.district))).collect(),
            lines,
            f,
            may,
            unfolded,
            s,
        }
    }
}

async fn listed(
    req: &HttpRequest,
    state: &WebState,
    session: &Session,
    told: Option<(bool, &'static str)>,
    kept: Option<OutageForm>,
) -> Result<HttpResponse, ApiError> {
    let lang = peer::language(req);
    let mut s = Shell::of(state, lang, session, "outages");
    let mut status = StatusCode::OK;
    match told {
        Some((true, key)) => {
            let text = s.w.t(key).to_owned();
            s = s.noticed(true, text);
        }
        Some((false, code)) => {
            status = ApiError::new(code).status();
            s = s.noticed(false, title(&state.core.book, lang, code));
        }
        None => {}
    }
    let now = time::truncate(state.core.now());
    let lines = outages::list(state.core.db.read(), None, SHOWN).await?.iter().map(|o| line(&s.w, o, now)).collect();
    let unfolded = kept.is_some();
    page(status, &OutagesPage::new(s, lines, kept.unwrap_or_default(), session.may(Permission::ManageOutages), unfolded))
}

/// `GET /console/outages`.
///
/// # Errors
/// The store's.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    let told = match req.query_string() {
        "told=1" => Some((true, "outage.told")),
        "changed=1" => Some((true, "outage.changed")),
        _ => None,
    };
    listed(&req, &state, &session, told, None).await
}

/// A moment of the oblast as a form gives it.
fn moment(text: &str) -> Result<Option<Instant>, &'static str> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let local = NaiveDateTime::parse_from_str(text.trim(), "%Y-%m-%dT%H:%M").map_err(|_| "unprocessable")?;
    Almaty.from_local_datetime(&local).earliest().map(|at| Some(at.to_utc())).ok_or("unprocessable")
}

fn read(f: &OutageForm) -> Result<Told, &'static str> {
    let district = Some(f.district.trim()).filter(|d| !d.is_empty());
    if f.place_kk.contains('\0') || f.place_ru.contains('\0') {
        return Err("unprocessable");
    }
    Ok(Told {
        service: ServiceCode::new(f.service.trim()).map_err(|_| "unprocessable")?,
        district: district.map(DistrictCode::new).transpose().map_err(|_| "unprocessable")?,
        place: Named { kk: f.place_kk.clone(), ru: f.place_ru.clone() },
        planned: f.planned == "yes",
        from: moment(&f.from)?,
        expected_until: moment(&f.until)?,
    })
}

/// `POST /console/outages`: one more.
///
/// # Errors
/// `forbidden`; what is wrong comes back with the form.
pub async fn tell(req: HttpRequest, state: web::Data<WebState>, session: Session, form: web::Form<OutageForm>) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    let done = match read(&form) {
        Ok(told) => desk::tell(&state.core, &session.scope, told).await,
        Err(code) => Err(DispatchError::invalid(code, "")),
    };
    match done {
        Ok(_) => Ok(see("/console/outages?told=1")),
        Err(e @ DispatchError::Invalid { .. }) => listed(&req, &state, &session, Some((false, e.code())), Some(form.into_inner())).await,
        Err(e) => Err(e.into()),
    }
}

/// `POST /console/outages/{id}/{act}`: over, or longer.
///
/// # Errors
/// `forbidden`, `not_found`; what is wrong is told on the page.
pub async fn act(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    path: web::Path<(String, String)>,
    form: web::Form<OutageForm>,
) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    let (id, act) = path.into_inner();
    let id: OutageId = id.parse().map_err(|_| ApiError::new("not_found"))?;
    let done = match (act.as_str(), moment(&form.until)) {
        ("end", _) => desk::end(&state.core, &session.scope, id).await,
        ("prolong", Ok(until)) => desk::prolong(&state.core, &session.scope, id, until).await,
        ("prolong", Err(code)) => Err(DispatchError::invalid(code, "")),
        _ => return Err(ApiError::new("not_found")),
    };
    match done {
        Ok(_) => Ok(see("/console/outages?changed=1")),
        Err(e @ DispatchError::Invalid { .. }) => listed(&req, &state, &session, Some((false, e.code())), None).await,
        Err(e) => Err(e.into()),
    }
}

/// `GET /console/outages/{id}/{act}`: where a form that was sent again by hand leads.
pub async fn back() -> HttpResponse {
    see("/console/outages")
}
