//! Accounts of staff, for administrators: who there is, what each may do and reach, what is open in their name, tokens of other programs.

use super::account::{OpenLine, open_lines};
use super::shell::{Shell, page, see};
use super::words::Words;
use crate::dispatch::DispatchError;
use crate::dispatch::staff_accounts::{self, By, Change, NewStaff};
use crate::dispatch::staff_sessions::{self, NewToken};
use crate::domain::access::{Permission, Role};
use crate::domain::password::SHORTEST;
use crate::domain::roles::Breadth;
use crate::domain::{CrewCode, DistrictCode, Lang, QueueCode};
use crate::store::staff::{self, Staff};
use crate::web::auth::Session;
use crate::web::error::{ApiError, title};
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

/// The fields of a form, in which one name may stand several times.
pub(super) type Fields = web::Form<Vec<(String, String)>>;

pub(super) fn field<'f>(form: &'f [(String, String)], name: &str) -> &'f str {
    form.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.trim())
}

pub(super) fn fields<'f>(form: &'f [(String, String)], name: &'f str) -> impl Iterator<Item = &'f str> {
    form.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
}

/// How far an account reaches, in words.
pub(super) fn reach(w: &Words<'_>, s: &Staff) -> String {
    let breadth = w.book.roles.get(s.role).breadth;
    match (breadth, &s.crew) {
        (Breadth::Crew, Some(c)) => return w.crew(c),
        (Breadth::Crew, None) => return "—".into(),
        (Breadth::All, _) => return w.t("who.reach_all").to_owned(),
        (Breadth::Own, _) => {}
    }
    if s.queues.is_empty() && s.districts.is_empty() {
        return w.t("who.reach_all").to_owned();
    }
    let queues = s.queues.iter().map(|q| w.queue(q));
    queues.chain(s.districts.iter().map(|d| w.district(Some(d)))).collect::<Vec<_>>().join(", ")
}

/// One account in the list.
#[derive(Debug, Clone)]
pub(super) struct PersonLine {
    pub login: String,
    pub name: String,
    pub role: String,
    pub reach: String,
    pub second_factor: bool,
    pub disabled: bool,
}

/// Something to choose: its code, its name, whether it is chosen.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub code: String,
    pub name: String,
    pub chosen: bool,
}

/// What a form about an account offers.
#[derive(Debug, Clone)]
pub(super) struct Choices {
    pub name: String,
    pub roles: Vec<Choice>,
    pub queues: Vec<Choice>,
    pub districts: Vec<Choice>,
    pub crews: Vec<Choice>,
    pub langs: Vec<Choice>,
}

impl Choice {
    pub fn new(code: &str, name: impl Into<String>, chosen: bool) -> Self {
        Self { code: code.to_owned(), name: name.into(), chosen }
    }
}

impl Choices {
    pub fn new(w: &Words<'_>, of: Option<&Staff>) -> Self {
        let catalog = &w.book.catalog;
        let choice = |code: &str, name: String, chosen: bool| Choice { code: code.to_owned(), name, chosen };
        let role = of.map_or(Role::Dispatcher, |s| s.role);
        let lang = of.map_or(Lang::Kk, |s| s.lang);
        Self {
            name: of.map_or_else(String::new, |s| s.name.clone()),
            roles: Role::ALL.iter().map(|r| choice(r.as_str(), w.of("role", r.as_str()), *r == role)).collect(),
            queues: catalog
                .queues
                .iter()
                .map(|q| choice(q.code.as_str(), w.queue(&q.code), of.is_some_and(|s| s.queues.contains(&q.code))))
                .collect(),
            districts: catalog
                .districts
                .iter()
                .map(|d| choice(d.code.as_str(), w.district(Some(&d.code)), of.is_some_and(|s| s.districts.contains(&d.code))))
                .collect(),
            crews: catalog
                .crews
                .iter()
                .map(|c| choice(c.code.as_str(), w.crew(&c.code), of.is_some_and(|s| s.crew.as_ref() == Some(&c.code))))
                .collect(),
            langs: [(Lang::Kk, "Қазақша"), (Lang::Ru, "Русский")].iter().map(|(l, n)| choice(l.as_str(), (*n).to_owned(), *l == lang)).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "console/people.html")]
pub(super) struct PeoplePage<'a> {
    pub s: Shell<'a>,
    pub people: Vec<PersonLine>,
    pub choices: Choices,
    pub login: String,
    pub shortest: usize,
    /// A form that was refused stands open.
    pub unfolded: bool,
}

#[derive(Template)]
#[template(path = "console/person.html")]
pub(super) struct PersonPage<'a> {
    pub s: Shell<'a>,
    pub login: String,
    pub choices: Choices,
    pub disabled: bool,
    pub second_factor: bool,
    /// One's own account: rights are changed by somebody else.
    pub own: bool,
    pub open: Vec<OpenLine>,
    pub shortest: usize,
    /// Permissions that a token of another program may have.
    pub scopes: Vec<Choice>,
    /// A token that was just made.
    pub token: Option<String>,
}

async fn listed(state: &WebState, s: Shell<'_>, status: StatusCode, kept: Option<&[(String, String)]>) -> Result<HttpResponse, ApiError> {
    let all = staff::all(state.core.db.read()).await?;
    let people = all
        .iter()
        .map(|p| PersonLine {
            login: p.login.clone(),
            name: p.name.clone(),
            role: s.w.of("role", p.role.as_str()),
            reach: reach(&s.w, p),
            second_factor: p.second_factor,
            disabled: p.disabled,
        })
        .collect();
    let mut choices = Choices::new(&s.w, None);
    if let Some(form) = kept {
        choices.name = field(form, "name").to_owned();
        let mark = |list: &mut [Choice], name: &str| list.iter_mut().for_each(|c| c.chosen = fields(form, name).any(|v| v == c.code));
        mark(&mut choices.roles, "role");
        mark(&mut choices.queues, "queue");
        mark(&mut choices.districts, "district");
        mark(&mut choices.crews, "crew");
        mark(&mut choices.langs, "lang");
    }
    let login = kept.map_or_else(String::new, |f| field(f, "login").to_owned());
    page(status, &PeoplePage { people, choices, login, shortest: SHORTEST, unfolded: kept.is_some(), s })
}

/// `GET /console/people`.
///
/// # Errors
/// The store's.
pub async fn list(req: HttpRequest, state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    let s = Shell::of(&state, peer::language(&req), &session, "people");
    listed(&state, s, StatusCode::OK, None).await
}

fn told(form: &[(String, String)]) -> Result<Change, &'static str> {
    let crew = Some(field(form, "crew")).filter(|c| !c.is_empty());
    Ok(Change {
        name: field(form, "name").to_owned(),
        role: Role::parse(field(form, "role")).ok_or("unprocessable")?,
        queues: fields(form, "queue").map(QueueCode::new).collect::<Result<_, _>>().map_err(|_| "bad_queue")?,
        districts: fields(form, "district").map(DistrictCode::new).collect::<Result<_, _>>().map_err(|_| "unprocessable")?,
        crew: crew.map(CrewCode::new).transpose().map_err(|_| "bad_crew")?,
        lang: Lang::parse(field(form, "lang")).unwrap_or(Lang::Kk),
    })
}

/// `POST /console/people`: a new account.
///
/// # Errors
/// `forbidden` without the form's token; what is wrong comes back with the form, without the password.
pub async fn add(req: HttpRequest, state: web::Data<WebState>, session: Session, form: Fields) -> Result<HttpResponse, ApiError> {
    session.check_csrf(field(&form, "csrf"))?;
    let done = match told(&form) {
        Ok(c) => {
            let new = NewStaff {
                login: field(&form, "login").to_owned(),
                // A password is taken as it was typed, spaces and all.
                password: fields(&form, "password").next().unwrap_or("").to_owned(),
                name: c.name,
                role: c.role,
                queues: c.queues,
                districts: c.districts,
                crew: c.crew,
                lang: c.lang,
            };
            staff_accounts::add(&state.core, By::Staff(session.staff.id), new).await
        }
        Err(code) => Err(DispatchError::invalid(code, "")),
    };
    let code = match done {
        Ok(made) => return Ok(see(&format!("/console/people/{}", made.login))),
        Err(e @ DispatchError::Invalid { .. }) => e.code(),
        Err(e) => return Err(e.into()),
    };
    let lang = peer::language(&req);
    let s = Shell::of(&state, lang, &session, "people").noticed(false, title(&state.core.book, lang, code));
    listed(&state, s, ApiError::new(code).status(), Some(&form)).await
}

async fn shown(
    state: &WebState,
    session: &Session,
    s: Shell<'_>,
    login: &str,
    status: StatusCode,
    token: Option<String>,
) -> Result<HttpResponse, ApiError> {
    let member = staff::by_login(state.core.db.read(), &login.to_lowercase()).await?.ok_or_else(|| ApiError::new("not_found"))?;
    let open = staff_sessions::of(&state.core, member.id).await?;
    let grants = state.core.book.roles.get(member.role).grants;
    let scopes = grants.iter().filter(|p| *p != Permission::ManageStaff).map(|p| Choice { code: p.name(), name: permission(&s.w, p), chosen: false });
    let template = PersonPage {
        login: member.login.clone(),
        choices: Choices::new(&s.w, Some(&member)),
        disabled: member.disabled,
        second_factor: member.second_factor,
        own: member.id == session.staff.id,
        open: open_lines(state, &s, &open, Some(session.opened.id), Some(&member.login)),
        shortest: SHORTEST,
        scopes: scopes.collect(),
        token,
        s,
    };
    page(status, &template)
}

fn permission(w: &Words<'_>, p: Permission) -> String {
    match p {
        Permission::Act(kind) => w.of("act", kind.as_str()),
        plain => w.of("permission", &plain.name()),
    }
}

/// `GET /console/people/{login}`.
///
/// # Errors
/// `not_found`.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, session: Session, login: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let mut s = Shell::of(&state, peer::language(&req), &session, "people");
    if req.query_string() == "saved=1" {
        let text = s.w.t("console.saved").to_owned();
        s = s.noticed(true, text);
    }
    shown(&state, &session, s, &login, StatusCode::OK, None).await
}

/// What was done, as the page that follows: saved, or what was wrong.
async fn answered(
    req: &HttpRequest,
    state: &WebState,
    session: &Session,
    login: &str,
    done: Result<(), DispatchError>,
) -> Result<HttpResponse, ApiError> {
    match done {
        Ok(()) => Ok(see(&format!("/console/people/{}?saved=1", login.to_lowercase()))),
        Err(e @ DispatchError::Invalid { .. }) => {
            let lang = peer::language(req);
            let s = Shell::of(state, lang, session, "people").noticed(false, title(&state.core.book, lang, e.code()));
            shown(state, session, s, login, ApiError::new(e.code()).status(), None).await
        }
        Err(e) => Err(e.into()),
    }
}

/// `POST /console/people/{login}`: name, role, reach and language. New rights end the person's sessions.
///
/// # Errors
/// `forbidden` without the form's token; `not_found`.
pub async fn change(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    login: web::Path<String>,
    form: Fields,
) -> Result<HttpResponse, ApiError> {
    session.check_csrf(field(&form, "csrf"))?;
    let done = match told(&form) {
        Ok(to) => staff_accounts::change(&state.core, By::Staff(session.staff.id), &login, &to).await.map(drop),
        Err(code) => Err(DispatchError::invalid(code, "")),
    };
    answered(&req, &state, &session, &login, done).await
}

/// `POST /console/people/{login}/{disable|enable|password|reset-2fa|end-sessions|end-session|token}`.
///
/// # Errors
/// `forbidden` without the form's token; `not_found` also for another word.
pub async fn act(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    path: web::Path<(String, String)>,
    form: Fields,
) -> Result<HttpResponse, ApiError> {
    session.check_csrf(field(&form, "csrf"))?;
    let (login, what) = path.into_inner();
    let (me, core) = (session.staff.id, &state.core);
    let by = By::Staff(me);
    let member = staff::by_login(core.db.read(), &login.to_lowercase()).await?.ok_or_else(|| ApiError::new("not_found"))?;
    let done = match what.as_str() {
        "disable" => staff_accounts::set_disabled(core, by, &login, true).await.map(drop),
        "enable" => staff_accounts::set_disabled(core, by, &login, false).await.map(drop),
        "password" => staff_accounts::reset_password(core, by, &login, fields(&form, "password").next().unwrap_or("").to_owned()).await,
        "reset-2fa" => match field(&form, "reason") {
            "" => Err(DispatchError::invalid("empty_text", "a reason")),
            reason => staff_accounts::reset_second_factor(core, by, &login, reason).await,
        },
        "end-sessions" => staff_sessions::end_others(core, me, member.id, None).await.map(drop),
        "end-session" => {
            let id: Uuid = field(&form, "session").parse().map_err(|_| ApiError::new("not_found"))?;
            staff_sessions::end(core, me, member.id, id).await
        }
        "token" => {
            let new = NewToken {
                login: login.clone(),
                label: field(&form, "label").to_owned(),
                scopes: fields(&form, "scope").map(str::to_owned).collect(),
                days: field(&form, "days").parse().unwrap_or(0),
            };
            match staff_sessions::make_token(core, &session.scope, &new).await {
                Ok((token, _)) => {
                    let s = Shell::of(&state, peer::language(&req), &session, "people");
                    return shown(&state, &session, s, &login, StatusCode::CREATED, Some(token)).await;
                }
                Err(e) => Err(e),
            }
        }
        _ => return Err(ApiError::new("not_found")),
    };
    answered(&req, &state, &session, &login, done).await
}

/// A reload of a page that only a form makes.
pub async fn back(path: web::Path<(String, String)>) -> Result<HttpResponse, ApiError> {
    let plain = path.0.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_@".contains(&b));
    if plain { Ok(see(&format!("/console/people/{}", path.0))) } else { Err(ApiError::new("not_found")) }
}
