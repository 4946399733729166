//! One's own account: language, password, second factor, what is open in one's name.

pub mod second_factor;

use super::shell::{Shell, page, see};
use super::sign_in::{Bare, lang_cookie, let_in};
use crate::config::local_date_time;
use crate::dispatch::{DispatchError, staff_accounts, staff_sessions};
use crate::domain::Lang;
use crate::domain::password::SHORTEST;
use crate::store::second_factor as kept;
use crate::store::sessions::{Session as Opened, SessionKind};
use crate::web::auth::{Session, peer as peer_of};
use crate::web::error::{ApiError, title};
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use uuid::Uuid;

/// One session on a page.
#[derive(Debug, Clone)]
pub(super) struct OpenLine {
    pub id: String,
    /// Browser and system, or the name of the other program.
    pub device: String,
    pub kind: String,
    pub address: String,
    pub since: String,
    pub seen: String,
    pub until: String,
    pub current: bool,
    /// Where the form that ends it goes.
    pub end_at: String,
}

#[derive(Template)]
#[template(path = "console/account.html")]
pub(super) struct AccountPage<'a> {
    pub s: Shell<'a>,
    pub login: String,
    pub role: String,
    pub reach: String,
    pub lang: Lang,
    pub shortest: usize,
    pub second_factor: bool,
    /// The role asks for a second factor: it cannot be given up.
    pub must: bool,
    pub since: Option<String>,
    pub codes_left: u64,
    pub open: Vec<OpenLine>,
}

/// Sessions as a page shows them: one's own, or with `login` another's.
pub(super) fn open_lines(state: &WebState, s: &Shell<'_>, all: &[Opened], current: Option<Uuid>, login: Option<&str>) -> Vec<OpenLine> {
    let line = |o: &Opened| OpenLine {
        id: o.id.to_string(),
        device: o.label.clone().unwrap_or_else(|| device_name(&o.device)),
        kind: s.w.of("session", o.kind.as_str()),
        address: o.address.clone(),
        since: local_date_time(o.created_at),
        seen: if o.kind == SessionKind::Integration && o.seen_at == o.created_at { "—".into() } else { local_date_time(o.seen_at) },
        until: local_date_time(staff_sessions::over_at(&state.core, o)),
        current: Some(o.id) == current,
        end_at: login.map_or_else(|| format!("/console/account/sessions/{}/end", o.id), |l| format!("/console/people/{l}/end-session")),
    };
    all.iter().map(line).collect()
}

/// What a person calls a browser: its name and its system.
fn device_name(agent: &str) -> String {
    let first = |names: &[(&'static str, &'static str)]| names.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name);
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("YaBrowser", "Яндекс Браузер"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let system =
        first(&[("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux")]);
    match (browser, system) {
        (Some(b), Some(s)) => format!("{b}, {s}"),
        (Some(b), None) => b.to_owned(),
        _ if agent.is_empty() => "—".to_owned(),
        // Another program calls itself by its first word.
        _ => agent.split_whitespace().next().unwrap_or("—").chars().take(40).collect(),
    }
}

async fn shown(state: &WebState, session: &Session, s: Shell<'_>, status: StatusCode) -> Result<HttpResponse, ApiError> {
    let db = state.core.db.read();
    let open = staff_sessions::of(&state.core, session.staff.id).await?;
    let open = open_lines(state, &s, &open, Some(session.opened.id), None);
    let factor = kept::load(db, session.staff.id).await?;
    let template = AccountPage {
        login: session.staff.login.clone(),
        role: s.w.of("role", session.staff.role.as_str()),
        reach: super::people::reach(&s.w, &session.staff),
        lang: session.staff.lang,
        shortest: SHORTEST,
        second_factor: factor.secret.is_some(),
        must: state.core.book.roles.get(session.staff.role).second_factor,
        since: factor.since.map(local_date_time),
        codes_left: kept::codes_left(db, session.staff.id).await?,
        open,
        s,
    };
    page(status, &template)
}

/// `GET /console/account`.
///
/// # Errors
/// The store's.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    let mut s = Shell::of(&state, peer::language(&req), &session, "account");
    if req.query_string() == "saved=1" {
        let text = s.w.t("console.saved").to_owned();
        s = s.noticed(true, text);
    }
    shown(&state, &session, s, StatusCode::OK).await
}

/// The page again with what was refused.
async fn refused(req: &HttpRequest, state: &WebState, session: &Session, code: &'static str) -> Result<HttpResponse, ApiError> {
    let lang = peer::language(req);
    let s = Shell::of(state, lang, session, "account").noticed(false, title(&state.core.book, lang, code));
    shown(state, session, s, ApiError::new(code).status()).await
}

#[derive(Deserialize)]
pub struct LangForm {
    csrf: String,
    lang: String,
}

/// `POST /console/account/language`: the language of pages and letters from now on.
///
/// # Errors
/// `forbidden` without the form's token; `unprocessable` for another language.
pub async fn language(state: web::Data<WebState>, session: Session, form: web::Form<LangForm>) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    let lang = Lang::parse(&form.lang).ok_or_else(|| ApiError::new("unprocessable"))?;
    staff_accounts::speak(&state.core, &session.staff, lang).await?;
    let mut answer = see("/console/account?saved=1");
    answer.add_cookie(&lang_cookie(&state, lang)).map_err(|_| ApiError::new("internal"))?;
    Ok(answer)
}

#[derive(Deserialize)]
pub struct PasswordForm {
    csrf: String,
    present: String,
    new: String,
    again: String,
}

/// `POST /console/account/password`: all other sessions end, this one goes on under a new token.
///
/// # Errors
/// `forbidden` without the form's token; what is wrong comes back with the page.
pub async fn password(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    form: web::Form<PasswordForm>,
) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    if form.new != form.again {
        return refused(&req, &state, &session, "password_differs").await;
    }
    let done =
        staff_sessions::change_password(&state.core, &session.staff, &session.opened, &form.present, form.new.clone(), peer_of(&req, &state)).await;
    match done {
        Ok(signed) => {
            let mut answer = see("/console/account?saved=1");
            let_in(&state, &mut answer, signed)?;
            Ok(answer)
        }
        Err(DispatchError::Unauthorized) => refused(&req, &state, &session, "bad_login").await,
        Err(e @ (DispatchError::Invalid { .. } | DispatchError::RateLimited { .. })) => refused(&req, &state, &session, e.code()).await,
        Err(e) => Err(e.into()),
    }
}

/// `POST /console/account/sessions/{id}/end`.
///
/// # Errors
/// `forbidden` without the form's token; `not_found` for another's.
pub async fn end_session(state: web::Data<WebState>, session: Session, id: web::Path<Uuid>, form: web::Form<Bare>) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    staff_sessions::end(&state.core, session.staff.id, session.staff.id, *id).await?;
    Ok(see("/console/account?saved=1"))
}

/// `POST /console/account/sessions/end-others`.
///
/// # Errors
/// `forbidden` without the form's token.
pub async fn end_others(state: web::Data<WebState>, session: Session, form: web::Form<Bare>) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    staff_sessions::end_others(&state.core, session.staff.id, session.staff.id, Some(session.opened.id)).await?;
    Ok(see("/console/account?saved=1"))
}

/// A reload of a page that only a form makes.
pub async fn back() -> HttpResponse {
    see("/console/account")
}

#[cfg(test)]
mod tests {
    use super::device_name;

    #[test]
    fn browsers_by_the_names_people_know() {
        for (agent, want) in [
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", "Chrome, Windows"),
            ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0", "Edge, Windows"),
            ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36", "Chrome, Android"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1", "Safari, iPhone"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox, Linux"),
            ("curl/8.5.0", "curl/8.5.0"),
            ("", "—"),
        ] {
            assert_eq!(device_name(agent), want);
        }
    }
}
