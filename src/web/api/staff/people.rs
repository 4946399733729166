//! Accounts of staff and tokens of other programs, for administrators.

use super::session::{member, session};
use crate::dispatch::staff_accounts::{self, By, Change, NewStaff};
use crate::dispatch::staff_sessions::{self, NewToken};
use crate::domain::access::Role;
use crate::domain::{CrewCode, DistrictCode, Lang, QueueCode};
use crate::store::staff::{self, Staff};
use crate::web::api::access::Granted;
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

fn account(s: &Staff) -> Value {
    let mut body = member(s);
    if let Some(map) = body.as_object_mut() {
        map.insert("disabled".into(), json!(s.disabled));
        map.insert("created_at".into(), json!(view::when(s.created_at)));
    }
    body
}

async fn found(state: &WebState, login: &str) -> Result<Staff, ApiError> {
    staff::by_login(state.core.db.read(), &login.to_lowercase()).await?.ok_or_else(|| ApiError::new("not_found"))
}

/// `GET /staff/people`.
///
/// # Errors
/// The store's.
pub async fn list(_who: Granted, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    let items: Vec<Value> = staff::all(state.core.db.read()).await?.iter().map(account).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items})))
}

/// `GET /staff/people/{login}`: with what is open in the person's name.
///
/// # Errors
/// `not_found`.
pub async fn show(_who: Granted, state: web::Data<WebState>, login: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let s = found(&state, &login).await?;
    let open = staff_sessions::of(&state.core, s.id).await?;
    let mut body = account(&s);
    if let Some(map) = body.as_object_mut() {
        map.insert("sessions".into(), json!(open.iter().map(|o| session(&state, o, None)).collect::<Vec<_>>()));
    }
    Ok(HttpResponse::Ok().json(body))
}

/// An account as it shall be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    login: Option<String>,
    password: Option<String>,
    name: Option<String>,
    role: Option<String>,
    queues: Option<Vec<String>>,
    districts: Option<Vec<String>>,
    crew: Option<String>,
    language: Option<String>,
}

impl Account {
    fn change(&self) -> Result<Change, ApiError> {
        let role: Option<Role> = input::word("role", self.role.as_deref())?;
        let queues: Result<Vec<QueueCode>, ApiError> =
            self.queues.iter().flatten().map(|q| QueueCode::new(q.as_str()).map_err(|_| ApiError::detail("bad_queue", "queues: unknown"))).collect();
        let districts: Result<Vec<DistrictCode>, ApiError> =
            self.districts.iter().flatten().map(|d| DistrictCode::new(d.as_str()).map_err(|_| input::wrong("districts", "unknown"))).collect();
        let crew = self.crew.as_deref().filter(|c| !c.trim().is_empty());
        Ok(Change {
            name: input::needed_words("name", self.name.clone())?,
            role: input::needed("role", role)?,
            queues: queues?,
            districts: districts?,
            crew: crew.map(|c| CrewCode::new(c).map_err(|_| ApiError::detail("bad_crew", "crew: unknown"))).transpose()?,
            lang: input::lang(self.language.as_deref())?.unwrap_or(Lang::Kk),
        })
    }
}

/// `POST /staff/people`: a new account.
///
/// # Errors
/// `conflict` for a taken login; `unprocessable` and the codes of weak passwords.
pub async fn add(who: Granted, state: web::Data<WebState>, body: web::Json<Account>) -> Result<HttpResponse, ApiError> {
    let c = body.change()?;
    let new = NewStaff {
        login: input::needed_words("login", body.login.clone())?,
        password: input::needed("password", body.password.clone())?,
        name: c.name,
        role: c.role,
        queues: c.queues,
        districts: c.districts,
        crew: c.crew,
        lang: c.lang,
    };
    let made = staff_accounts::add(&state.core, By::Staff(who.staff.id), new).await?;
    Ok(HttpResponse::Created().json(account(&made)))
}

/// `PUT /staff/people/{login}`: name, role, reach and language as they shall be. New rights end the person's sessions.
///
/// # Errors
/// `not_found`; `not_oneself` for the own rights; `unprocessable`.
pub async fn change(who: Granted, state: web::Data<WebState>, login: web::Path<String>, body: web::Json<Account>) -> Result<HttpResponse, ApiError> {
    if body.login.is_some() || body.password.is_some() {
        return Err(input::wrong("login, password", "are not changed here"));
    }
    let changed = staff_accounts::change(&state.core, By::Staff(who.staff.id), &login, &body.change()?).await?;
    Ok(HttpResponse::Ok().json(account(&changed)))
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Told {
    password: Option<String>,
    reason: Option<String>,
}

/// `POST /staff/people/{login}/{disable|enable|password|reset-2fa|end-sessions}`.
///
/// # Errors
/// `not_found` also for another word; `not_oneself`; the codes of weak passwords; `bad_request` without a reason for taking a second factor away.
pub async fn act(
    who: Granted,
    state: web::Data<WebState>,
    path: web::Path<(String, String)>,
    body: web::Json<Told>,
) -> Result<HttpResponse, ApiError> {
    let (login, what) = path.into_inner();
    let (by, core) = (By::Staff(who.staff.id), &state.core);
    match what.as_str() {
        "disable" => drop(staff_accounts::set_disabled(core, by, &login, true).await?),
        "enable" => drop(staff_accounts::set_disabled(core, by, &login, false).await?),
        "password" => staff_accounts::reset_password(core, by, &login, input::needed("password", body.password.clone())?).await?,
        "reset-2fa" => staff_accounts::reset_second_factor(core, by, &login, &input::needed_words("reason", body.reason.clone())?).await?,
        "end-sessions" => {
            let member = found(&state, &login).await?;
            staff_sessions::end_others(core, who.staff.id, member.id, None).await?;
        }
        _ => return Err(ApiError::new("not_found")),
    }
    Ok(HttpResponse::NoContent().finish())
}

/// `GET /staff/tokens`: living tokens of other programs.
///
/// # Errors
/// The store's.
pub async fn tokens(_who: Granted, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    let all = staff_sessions::tokens(&state.core).await?;
    let items: Vec<Value> = all.iter().map(|(s, login)| token(s, login)).collect();
    Ok(HttpResponse::Ok().json(json!({"items": items})))
}

fn token(s: &crate::store::sessions::Session, login: &str) -> Value {
    json!({
        "id": s.id,
        "login": login,
        "label": s.label,
        "scopes": s.scopes,
        "created_at": view::when(s.created_at),
        "used_at": (s.seen_at > s.created_at).then(|| view::when(s.seen_at)),
        "expires_at": view::when(s.ends_at),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    login: Option<String>,
    label: Option<String>,
    scopes: Option<Vec<String>>,
    days: Option<i64>,
}

/// `POST /staff/tokens`: a token for another program, told this once.
///
/// # Errors
/// `not_found` for an unknown account; `unprocessable`.
pub async fn make_token(who: Granted, state: web::Data<WebState>, body: web::Json<Wanted>) -> Result<HttpResponse, ApiError> {
    let b = body.into_inner();
    let new = NewToken {
        login: input::needed_words("login", b.login)?,
        label: input::needed_words("label", b.label)?,
        scopes: input::needed("scopes", b.scopes)?,
        days: input::needed("days", b.days)?,
    };
    let (secret, made) = staff_sessions::make_token(&state.core, &who.scope, &new).await?;
    let mut body = token(&made, &new.login.trim().to_lowercase());
    if let Some(map) = body.as_object_mut() {
        map.insert("token".into(), json!(secret));
    }
    Ok(HttpResponse::Created().insert_header(("cache-control", "no-store")).json(body))
}

/// `DELETE /staff/tokens/{id}`.
///
/// # Errors
/// `not_found`.
pub async fn end_token(who: Granted, state: web::Data<WebState>, id: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    staff_sessions::end_token(&state.core, who.staff.id, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
