//! Queues, services, districts and crews: made, renamed, closed, and what each is named by.

use super::super::people::{Choice, Fields, field, fields};
use super::super::shell::{Shell, page, see};
use super::super::words::Words;
use super::history::{self, Line};
use super::shifts::{self, PlanForm};
use super::{choices, put, reasons, shell, status, tabs};
use crate::config::Book;
use crate::dispatch::DispatchError;
use crate::dispatch::settings::{self, REMOVED, Refused};
use crate::domain::catalog::{Crew, District, Named, Queue, QueueKind, Service};
use crate::domain::setting::{Area, Fault};
use crate::domain::shift::Duty;
use crate::domain::{CrewCode, DistrictCode, QueueCode, ServiceCode};
use crate::store::{requests, staff};
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Serialize;

/// The key that stands for something that is not there yet.
const NEW: &str = "new";

fn area_of(word: &str) -> Result<Area, ApiError> {
    match word {
        "queues" => Ok(Area::Queue),
        "services" => Ok(Area::Service),
        "districts" => Ok(Area::District),
        "crews" => Ok(Area::Crew),
        _ => Err(ApiError::new("not_found")),
    }
}

/// One thing of the list.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct Row {
    pub code: String,
    pub name: String,
    /// What it is or whom it works for.
    pub what: String,
    /// Work goes elsewhere, or it gets none.
    pub closed: Option<String>,
    /// Of a crew: works now, by its plan.
    pub duty: Option<(String, &'static str)>,
    pub open: u64,
}

#[derive(Template)]
#[template(path = "console/admin/list.html")]
pub(in crate::web::console) struct ListPage<'a> {
    pub s: Shell<'a>,
    pub tabs: Vec<Choice>,
    pub word: String,
    /// What the link to make one says.
    pub add: String,
    pub rows: Vec<Row>,
    /// New ones can be made.
    pub grows: bool,
}

fn duty_word(w: &Words<'_>, duty: Duty) -> (String, &'static str) {
    match duty {
        Duty::On => (w.t("duty.on").to_owned(), "st-closed"),
        Duty::Unplanned => (w.t("duty.unplanned").to_owned(), "st-queued"),
        Duty::Off(_) => (w.t("duty.off").to_owned(), "st-on_hold"),
    }
}

/// `GET /console/admin/{queues|services|districts|crews}`.
///
/// # Errors
/// `not_found` for another word.
pub async fn list(req: HttpRequest, state: web::Data<WebState>, session: Session, word: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let area = area_of(&word)?;
    let s = shell(&state, &req, &session);
    let w = s.w;
    let c = &w.book.catalog;
    let row = |code: &str, name: &Named, what: String, closed: Option<String>| Row {
        code: code.to_owned(),
        name: name.get(w.lang).to_owned(),
        what,
        closed,
        duty: None,
        open: 0,
    };
    let rows = match area {
        Area::Queue => {
            let counts = crate::store::stats::queue_counts(state.core.db.read()).await?;
            let open =
                |code: &QueueCode| counts.iter().filter(|(q, _, _)| q.as_deref() == Some(code.as_str())).map(|(_, _, n)| n.unsigned_abs()).sum();
            let of = |q: &Queue| Row {
                open: open(&q.code),
                ..row(q.code.as_str(), &q.name, w.of("admin", &format!("kind_{}", q.kind)), q.successor.as_ref().map(|n| w.queue(n)))
            };
            c.queues.iter().map(of).collect()
        }
        Area::Service => {
            c.services.iter().map(|x| row(x.code.as_str(), &x.name, String::new(), x.successor.as_ref().map(|n| w.service(Some(n))))).collect()
        }
        Area::District => c.districts.iter().map(|x| row(x.code.as_str(), &x.name, String::new(), None)).collect(),
        _ => {
            let loads = requests::crew_loads(state.core.db.read()).await?;
            let of = |x: &Crew| Row {
                open: loads.get(&x.code).copied().unwrap_or(0),
                duty: (!x.closed).then(|| duty_word(&w, w.book.shifts.duty(&x.code, &w.book.calendar, state.core.now()))),
                ..row(x.code.as_str(), &x.name, w.queue(&x.queue), x.closed.then(String::new))
            };
            c.crews.iter().map(of).collect()
        }
    };
    page(
        StatusCode::OK,
        &ListPage {
            tabs: tabs(&w, word.as_str()),
            add: w.of("admin", &format!("new_{word}")),
            word: word.into_inner(),
            rows,
            grows: area != Area::District,
            s,
        },
    )
}

#[derive(Template)]
#[template(path = "console/admin/item.html")]
pub(in crate::web::console) struct ItemPage<'a> {
    pub s: Shell<'a>,
    /// `queues`, `services`, `districts`, `crews`.
    pub word: String,
    /// Empty: not there yet.
    pub code: String,
    pub title: String,
    pub typed: String,
    pub kk: String,
    pub ru: String,
    pub kinds: Vec<Choice>,
    pub successors: Vec<Choice>,
    pub closed: bool,
    pub auto_assign: bool,
    /// Of a crew: whom it works for, and for whom besides.
    pub queue: Vec<Choice>,
    pub also: Vec<Choice>,
    /// Login, name.
    pub members: Vec<(String, String)>,
    pub plan: Option<PlanForm>,
    pub open: Option<u64>,
    pub note: String,
    pub version: i64,
    pub history: Vec<Line>,
    /// The plan's own changes.
    pub plan_history: Vec<Line>,
    pub plan_version: i64,
    pub faults: Vec<String>,
}

/// What a form said, shown again.
type Kept<'f> = Option<&'f [(String, String)]>;

async fn shown(state: &WebState, s: Shell<'_>, word: &str, key: &str, kept: Kept<'_>, faults: Vec<String>) -> Result<HttpResponse, ApiError> {
    let area = area_of(word)?;
    let db = state.core.db.read();
    let w = s.w;
    let book = w.book;
    let c = &book.catalog;
    let is_new = key == NEW;
    if !is_new && book.value_of(area, key).is_none() || is_new && area == Area::District {
        return Err(ApiError::new("not_found"));
    }
    let (queue, service, crew) =
        (c.queue(key).filter(|_| area == Area::Queue), c.service(key).filter(|_| area == Area::Service), c.crew(key).filter(|_| area == Area::Crew));
    let name = match area {
        Area::Queue => queue.map(|x| &x.name),
        Area::Service => service.map(|x| &x.name),
        Area::District => c.district(key).map(|x| &x.name),
        _ => crew.map(|x| &x.name),
    };
    // A plan that was refused says nothing of the rest.
    let plan_kept = kept.filter(|f| field(f, "act") == "plan");
    let kept = kept.filter(|f| matches!(field(f, "act"), "" | "save"));
    let told = |field_name: &str, present: String| kept.map_or(present, |f| field(f, field_name).to_owned());
    let kind = told("kind", queue.map_or_else(|| QueueKind::Utility.to_string(), |q| q.kind.to_string()));
    let successor = match area {
        Area::Queue => queue.and_then(|q| q.successor.as_ref()).map(ToString::to_string),
        _ => service.and_then(|x| x.successor.as_ref()).map(ToString::to_string),
    };
    let successor = told("successor", successor.unwrap_or_default());
    let successors = match area {
        Area::Queue => {
            choices(c.queues.iter().filter(|q| q.successor.is_none() && q.code.as_str() != key).map(|q| (&q.code, w.queue(&q.code))), &successor)
        }
        Area::Service => choices(
            c.services.iter().filter(|x| x.successor.is_none() && x.code.as_str() != key).map(|x| (&x.code, w.service(Some(&x.code)))),
            &successor,
        ),
        _ => Vec::new(),
    };
    let works_for = told("queue", crew.map(|x| x.queue.to_string()).unwrap_or_default());
    let also = |q: &QueueCode| match kept {
        Some(f) => fields(f, "also").any(|x| x == q.as_str()),
        None => crew.is_some_and(|x| x.also.contains(q)),
    };
    let ticked = |name: &str, present: bool| kept.map_or(present, |f| !field(f, name).is_empty());
    let (mut members, mut plan, mut plan_history, mut plan_version, mut open) = (Vec::new(), None, Vec::new(), 0, None);
    if let Some(x) = crew {
        members = staff::of_crew(db, &x.code).await?.into_iter().map(|m| (m.login, m.name)).collect();
        let own = book.shifts.of(&x.code);
        plan = Some(plan_kept.map_or_else(|| PlanForm::of(&w, own), |f| PlanForm::kept(&w, f)));
        plan_history = history::below(state, &w, Area::Shift, key).await?;
        plan_version = settings::version(db, Area::Shift, key).await?;
        open = Some(requests::crew_loads(db).await?.get(&x.code).copied().unwrap_or(0));
    }
    if let Some(q) = queue {
        open = Some(requests::open_in_queue(db, &q.code).await?);
    }
    if let Some(x) = service {
        open = Some(requests::open_of_service(db, &x.code).await?);
    }
    let (kk, ru) = (name.map(|n| n.kk.clone()).unwrap_or_default(), name.map(|n| n.ru.clone()).unwrap_or_default());
    let template = ItemPage {
        word: word.to_owned(),
        code: if is_new { String::new() } else { key.to_owned() },
        title: name.map_or_else(|| w.of("admin", &format!("new_{word}")), |n| n.get(w.lang).to_owned()),
        typed: kept.map_or_else(String::new, |f| field(f, "code").to_owned()),
        kk: told("kk", kk),
        ru: told("ru", ru),
        kinds: if area == Area::Queue {
            QueueKind::ALL.iter().map(|k| Choice::new(k.as_str(), w.of("admin", &format!("kind_{k}")), k.as_str() == kind)).collect()
        } else {
            Vec::new()
        },
        successors,
        closed: ticked("closed", crew.is_some_and(|x| x.closed)),
        auto_assign: ticked("auto_assign", queue.is_some_and(|q| q.auto_assign)),
        queue: if area == Area::Crew {
            c.queues.iter().map(|q| Choice::new(q.code.as_str(), w.queue(&q.code), q.code.as_str() == works_for)).collect()
        } else {
            Vec::new()
        },
        also: if area == Area::Crew {
            c.queues.iter().map(|q| Choice::new(q.code.as_str(), w.queue(&q.code), also(&q.code))).collect()
        } else {
            Vec::new()
        },
        members,
        plan,
        open,
        note: told("note", String::new()),
        version: settings::version(db, area, key).await?,
        history: history::below(state, &w, area, key).await?,
        plan_history,
        plan_version,
        faults,
        s,
    };
    page(status(&template.faults), &template)
}

/// `GET /console/admin/{area}/{key}`: the form; with `new` for one that is not there yet.
///
/// # Errors
/// `not_found`.
pub async fn show(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    settings::reload(&state.core).await?;
    let s = shell(&state, &req, &session);
    shown(&state, s, &path.0, &path.1, None, Vec::new()).await
}

fn json<T: Serialize>(value: &T) -> Result<String, Refused> {
    serde_json::to_string(value).map_err(|e| DispatchError::Internal(e.to_string()).into())
}

fn bad(code: &str) -> Refused {
    Refused::Faults(vec![Fault::new("code", format!("'{code}' is not a code"), &[("code", code)])])
}

fn code<T: TryFrom<String>>(text: &str) -> Result<T, Refused> {
    T::try_from(text.to_owned()).map_err(|_| bad(text))
}

fn maybe<T: TryFrom<String>>(text: &str) -> Result<Option<T>, Refused> {
    if text.is_empty() { Ok(None) } else { code(text).map(Some) }
}

/// The value that a form states.
fn value(book: &Book, area: Area, key: &str, form: &[(String, String)]) -> Result<String, Refused> {
    let name = Named { kk: field(form, "kk").to_owned(), ru: field(form, "ru").to_owned() };
    match area {
        Area::Queue => json(&Queue {
            code: code(key)?,
            name,
            kind: QueueKind::parse(field(form, "kind")).ok_or_else(|| bad(field(form, "kind")))?,
            successor: maybe(field(form, "successor"))?,
            auto_assign: !field(form, "auto_assign").is_empty(),
        }),
        Area::Service => json(&Service { code: code::<ServiceCode>(key)?, name, successor: maybe(field(form, "successor"))? }),
        Area::District => json(&District { code: code::<DistrictCode>(key)?, name }),
        _ => {
            let queue: QueueCode = code(field(form, "queue"))?;
            let also = fields(form, "also").filter(|q| *q != queue.as_str()).map(code::<QueueCode>).collect::<Result<Vec<_>, _>>()?;
            let known: Vec<QueueCode> = also.into_iter().filter(|q| book.catalog.queue(q.as_str()).is_some()).collect();
            json(&Crew { code: code(key)?, name, queue, also: known, closed: !field(form, "closed").is_empty() })
        }
    }
}

/// `POST /console/admin/{area}/{key}`: saved, removed; a crew's plan saved or taken away.
///
/// # Errors
/// `forbidden` without the form's token; `not_found`.
pub async fn save(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    path: web::Path<(String, String)>,
    form: Fields,
) -> Result<HttpResponse, ApiError> {
    session.check_csrf(field(&form, "csrf"))?;
    let (word, at) = path.into_inner();
    let area = area_of(&word)?;
    let book: &Book = &state.core.book;
    let (note, expected) = (field(&form, "note"), field(&form, "expected").parse().ok());
    let is_new = at == NEW;
    let key = if is_new { field(&form, "code").to_lowercase() } else { at.clone() };
    let there = book.value_of(area, &key).is_some();
    if !is_new && !there {
        return Err(ApiError::new("not_found"));
    }
    let done = match field(&form, "act") {
        _ if is_new && there => Err(Refused::Faults(vec![Fault::new("code_taken", format!("'{key}' stands already"), &[("code", &key)])])),
        "remove" => put(&state, &session, area, &key, Some(REMOVED), note, expected).await,
        "plan" => match code::<CrewCode>(&key).map(|crew| shifts::stated(&crew, book.shifts.of(&crew), &form)) {
            Ok(Ok(plan)) => match json(&plan) {
                Ok(value) => put(&state, &session, Area::Shift, &key, Some(&value), note, expected).await,
                Err(e) => Err(e),
            },
            Ok(Err(part)) => Err(Refused::Faults(vec![Fault::new("hours", format!("'{part}' cannot be read"), &[("part", &part)])])),
            Err(e) => Err(e),
        },
        "unplan" => put(&state, &session, Area::Shift, &key, Some(REMOVED), note, expected).await,
        _ => match value(book, area, &key, &form) {
            Ok(value) => put(&state, &session, area, &key, Some(&value), note, expected).await,
            Err(e) => Err(e),
        },
    };
    match done {
        Ok(()) if field(&form, "act") == "remove" => Ok(see(&format!("/console/admin/{word}?saved=1"))),
        Ok(()) => Ok(see(&format!("/console/admin/{word}/{key}?saved=1"))),
        Err(e) => {
            let s = shell(&state, &req, &session);
            let faults = reasons(&state, &s.w, e)?;
            shown(&state, s, &word, &at, Some(&form), faults).await
        }
    }
}
