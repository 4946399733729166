//! Who is told what: the roster of duties behind the ladders of `sla.toml`.

use super::super::people::{Choice, Fields, field};
use super::super::shell::{Shell, page, see};
use super::{choices, shell, status, tabs};
use crate::dispatch::DispatchError;
use crate::dispatch::accounts;
use crate::dispatch::acts::actor_of;
use crate::domain::QueueCode;
use crate::domain::calendar::Span;
use crate::domain::sla::Duty;
use crate::store::{duties, staff};
use crate::web::auth::Session;
use crate::web::error::{ApiError, title};
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

/// One duty of one person.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct Row {
    pub id: String,
    pub name: String,
    pub login: String,
    pub duty: String,
    pub queue: String,
    pub hours: String,
    pub mail: String,
}

#[derive(Template)]
#[template(path = "console/admin/roster.html")]
pub(in crate::web::console) struct RosterPage<'a> {
    pub s: Shell<'a>,
    pub tabs: Vec<Choice>,
    pub rows: Vec<Row>,
    pub people: Vec<Choice>,
    pub duties: Vec<Choice>,
    pub queues: Vec<Choice>,
    pub hours: String,
    pub mail: String,
    pub faults: Vec<String>,
}

async fn shown(state: &WebState, s: Shell<'_>, form: &[(String, String)], faults: Vec<String>) -> Result<HttpResponse, ApiError> {
    let db = state.core.db.read();
    let w = s.w;
    let people = staff::all(db).await?;
    let rows = duties::all(db).await?;
    let rows = rows.iter().map(|d| {
        let who = people.iter().find(|p| p.id == d.staff);
        Row {
            id: d.id.to_string(),
            name: who.map_or_else(|| "—".to_owned(), |p| p.name.clone()),
            login: who.map(|p| p.login.clone()).unwrap_or_default(),
            duty: w.of("duty", &format!("role_{}", d.duty)),
            queue: d.queue.as_ref().map_or_else(|| w.t("duty.every_queue").to_owned(), |q| w.queue(q)),
            hours: d.hours.map_or_else(|| w.t("duty.always").to_owned(), |h| h.to_string()),
            mail: d.mail.clone().unwrap_or_default(),
        }
    });
    let template = RosterPage {
        tabs: tabs(&s.w, "duties"),
        rows: rows.collect(),
        people: choices(people.iter().filter(|p| !p.disabled).map(|p| (&p.login, format!("{} ({})", p.name, p.login))), field(form, "login")),
        duties: Duty::ALL.iter().map(|d| Choice::new(d.as_str(), w.of("duty", &format!("role_{d}")), d.as_str() == field(form, "duty"))).collect(),
        queues: choices(w.book.catalog.queues.iter().map(|q| (&q.code, w.queue(&q.code))), field(form, "queue")),
        hours: field(form, "hours").to_owned(),
        mail: field(form, "mail").to_owned(),
        faults,
        s,
    };
    page(status(&template.faults), &template)
}

/// `GET /console/admin/duties`.
///
/// # Errors
/// The store's.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    let s = shell(&state, &req, &session);
    shown(&state, s, &[], Vec::new()).await
}

async fn done(state: &WebState, session: &Session, form: &[(String, String)]) -> Result<(), DispatchError> {
    let core = &state.core;
    let author = actor_of(&session.scope);
    if field(form, "act") == "remove" {
        let id: Uuid = field(form, "id").parse().map_err(|_| DispatchError::NotFound)?;
        return accounts::remove_duty(core, &author, id).await;
    }
    let bad = |what: &str| DispatchError::invalid("unprocessable", what);
    let some = |name: &str| Some(field(form, name)).filter(|t| !t.is_empty());
    let duty = Duty::parse(field(form, "duty")).ok_or_else(|| bad("duty"))?;
    let queue = some("queue").map(QueueCode::new).transpose().map_err(|_| bad("queue"))?;
    let hours = some("hours").map(Span::parse).transpose().map_err(|_| bad("hours"))?;
    accounts::add_duty(core, &author, field(form, "login"), duty, queue, hours, some("mail")).await.map(drop)
}

/// `POST /console/admin/duties`: a duty given or taken away.
///
/// # Errors
/// `forbidden` without the form's token; `not_found`.
pub async fn change(req: HttpRequest, state: web::Data<WebState>, session: Session, form: Fields) -> Result<HttpResponse, ApiError> {
    session.check_csrf(field(&form, "csrf"))?;
    match done(&state, &session, &form).await {
        Ok(()) => Ok(see("/console/admin/duties?saved=1")),
        Err(e @ DispatchError::Invalid { .. }) => {
            let s = shell(&state, &req, &session);
            let told = title(&state.core.book, s.w.lang, e.code());
            shown(&state, s, &form, vec![told]).await
        }
        Err(e) => Err(e.into()),
    }
}
