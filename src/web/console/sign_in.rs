//! Coming in, going out, choosing the language.

use super::shell::{Shell, page, see};
use crate::dispatch::DispatchError;
use crate::dispatch::sign_in::{self as entry, SignedIn};
use crate::domain::Lang;
use crate::domain::access::{Permission, Reach, Role};
use crate::store::sessions::Stage;
use crate::web::auth::{HalfSession, KNOWN_COOKIE, SESSION_COOKIE, Session, peer as peer_of};
use crate::web::error::{ApiError, title};
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

/// Where the second factor is asked for.
const CODE_PAGE: &str = "/console/second-factor";
/// Where a password of one's own is chosen.
pub(super) const PASSWORD_PAGE: &str = "/console/own-password";
/// Where one is set up.
const ENROL_PAGE: &str = "/console/account/second-factor";

#[derive(Template)]
#[template(path = "console/sign_in.html")]
pub(super) struct SignInPage<'a> {
    pub s: Shell<'a>,
    pub login: String,
}

#[derive(Template)]
#[template(path = "console/second_factor.html")]
pub(super) struct CodePage<'a> {
    pub s: Shell<'a>,
    pub csrf: String,
}

/// `GET /console`: the sign-in form, or where one's work is.
///
/// # Errors
/// `internal`.
pub async fn home(req: HttpRequest, state: web::Data<WebState>, session: Option<HalfSession>) -> Result<HttpResponse, ApiError> {
    if let Some(half) = session {
        return Ok(see(match (half.whole(), half.opened.stage) {
            (Some(session), _) => start(&session),
            (None, Stage::Enrol) => ENROL_PAGE,
            (None, Stage::Password) => PASSWORD_PAGE,
            (None, _) => CODE_PAGE,
        }));
    }
    let mut s = Shell::new(&state, peer::language(&req), None, "");
    if req.cookie(SESSION_COOKIE).is_some() {
        let text = s.w.t("console.session_over").to_owned();
        s = s.noticed(false, text);
    }
    page(StatusCode::OK, &SignInPage { s, login: String::new() })
}

/// Where a member of staff begins.
#[must_use]
pub fn start(session: &Session) -> &'static str {
    if matches!(session.scope.reach, Reach::Crew(_)) {
        "/console/jobs"
    } else if session.scope.role == Role::Manager && session.may(Permission::ReadReports) {
        // A leader works nothing off: figures come first.
        "/console/wall"
    } else if session.may(Permission::ListQueues) {
        "/console/queues"
    } else {
        "/console/notices"
    }
}

/// The sign-in form.
#[derive(Deserialize)]
pub struct SignInForm {
    login: String,
    password: String,
}

/// `POST /console/sign-in`. Whatever session the browser had before is not taken over: what comes in by a foreign cookie opens nothing.
///
/// # Errors
/// Failures of the database.
pub async fn sign_in(req: HttpRequest, state: web::Data<WebState>, form: web::Form<SignInForm>) -> Result<HttpResponse, ApiError> {
    match entry::sign_in(&state.core, &form.login, &form.password, peer_of(&req, &state), true).await {
        Ok(signed) => {
            let mut answer = see(if signed.stage == Stage::Code { CODE_PAGE } else { "/console" });
            let lang = signed.staff.lang;
            let_in(&state, &mut answer, signed)?;
            if req.cookie("lang").is_none() {
                put(&mut answer, &lang_cookie(&state, lang))?;
            }
            Ok(answer)
        }
        Err(e @ (DispatchError::Unauthorized | DispatchError::RateLimited { .. })) => {
            let (status, key) = match e {
                DispatchError::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "error.rate_limited"),
                _ => (StatusCode::UNAUTHORIZED, "console.bad_login"),
            };
            let s = Shell::new(&state, peer::language(&req), None, "");
            let text = s.w.t(key).to_owned();
            page(status, &SignInPage { s: s.noticed(false, text), login: form.login.chars().take(64).collect() })
        }
        Err(e) => Err(e.into()),
    }
}

/// `GET /console/second-factor`: asks for the code.
///
/// # Errors
/// `internal`.
pub async fn second_factor_form(req: HttpRequest, state: web::Data<WebState>, half: HalfSession) -> Result<HttpResponse, ApiError> {
    if half.opened.stage != Stage::Code {
        return Ok(see("/console"));
    }
    page(StatusCode::OK, &CodePage { s: Shell::new(&state, peer::language(&req), None, ""), csrf: half.csrf() })
}

/// A code that was typed.
#[derive(Deserialize)]
pub struct CodeForm {
    pub csrf: String,
    pub code: String,
}

/// `POST /console/second-factor`.
///
/// # Errors
/// `forbidden` without the form's token, failures of the database.
pub async fn second_factor(
    req: HttpRequest,
    state: web::Data<WebState>,
    half: HalfSession,
    form: web::Form<CodeForm>,
) -> Result<HttpResponse, ApiError> {
    half.check_csrf(&form.csrf)?;
    match entry::second_step(&state.core, half.token(), &form.code, peer_of(&req, &state), true).await {
        Ok(signed) => {
            let mut answer = see("/console");
            let_in(&state, &mut answer, signed)?;
            Ok(answer)
        }
        Err(e @ (DispatchError::Invalid { .. } | DispatchError::RateLimited { .. })) => {
            let lang = peer::language(&req);
            let s = Shell::new(&state, lang, None, "").noticed(false, title(&state.core.book, lang, e.code()));
            page(ApiError::new(e.code()).status(), &CodePage { s, csrf: half.csrf() })
        }
        Err(DispatchError::Unauthorized) => Ok(see("/console")),
        Err(e) => Err(e.into()),
    }
}

/// Gives the browser the cookies of a session that was just opened.
pub(super) fn let_in(state: &WebState, answer: &mut HttpResponse, signed: SignedIn) -> Result<(), ApiError> {
    let ours = |name: &'static str, value: String, life: Duration| {
        let c = Cookie::build(name, value).path("/console").http_only(true).same_site(SameSite::Lax);
        c.secure(state.secure_cookies).max_age(life).finish()
    };
    put(answer, &ours(SESSION_COOKIE, signed.token, Duration::hours(state.core.settings.session_hours)))?;
    if signed.stage == Stage::Full {
        put(answer, &ours(KNOWN_COOKIE, signed.known, Duration::days(180)))?;
    }
    Ok(())
}

fn put(answer: &mut HttpResponse, cookie: &Cookie<'_>) -> Result<(), ApiError> {
    answer.add_cookie(cookie).map_err(|_| ApiError::new("internal"))
}

pub(super) fn lang_cookie(state: &WebState, lang: Lang) -> Cookie<'static> {
    Cookie::build("lang", lang.as_str()).path("/").same_site(SameSite::Lax).secure(state.secure_cookies).max_age(Duration::days(365)).finish()
}

/// A form that carries nothing but its token.
#[derive(Deserialize)]
pub struct Bare {
    pub csrf: String,
}

/// `POST /console/sign-out`.
///
/// # Errors
/// `forbidden` without the form's token.
pub async fn sign_out(state: web::Data<WebState>, half: HalfSession, form: web::Form<Bare>) -> Result<HttpResponse, ApiError> {
    half.check_csrf(&form.csrf)?;
    entry::sign_out(&state.core, &half.opened).await?;
    let mut answer = see("/console");
    let gone = Cookie::build(SESSION_COOKIE, "").path("/console").http_only(true).max_age(Duration::ZERO).finish();
    put(&mut answer, &gone)?;
    if half.staff.crew.is_some() {
        // A crew's telephone keeps its list and what waits to be sent.
        answer.headers_mut().insert(HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"storage\""));
    }
    Ok(answer)
}

/// `GET /console/lang/{kk|ru}`: sets the language and goes back to the page it was chosen on.
///
/// # Errors
/// `not_found` for another language.
pub async fn lang(req: HttpRequest, state: web::Data<WebState>, lang: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let lang = Lang::parse(&lang).ok_or_else(|| ApiError::new("not_found"))?;
    let referer = req.headers().get("referer").and_then(|h| h.to_str().ok()).unwrap_or("");
    let mut answer = see(&back_of(referer));
    put(&mut answer, &lang_cookie(&state, lang))?;
    Ok(answer)
}

/// The console's page behind a `Referer`: only a path of ours is ever gone back to.
fn back_of(referer: &str) -> String {
    let path = referer.split_once("://").and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..))).unwrap_or("");
    let ours = path == "/console" || path.starts_with("/console/") && !path.starts_with("/console/lang");
    let plain = path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if ours && plain { path.to_owned() } else { "/console".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::back_of;

    #[test]
    fn only_our_own_pages_are_gone_back_to() {
        for (referer, want) in [
            ("http://h:1/console/queues/x?status=queued", "/console/queues/x?status=queued"),
            ("https://evil.example//evil.example", "/console"),
            ("https://h/consolation", "/console"),
            ("https://h/console/lang/ru", "/console"),
            ("/console/queues", "/console"),
            ("https://h/console/\\evil", "/console"),
            ("", "/console"),
        ] {
            assert_eq!(back_of(referer), want, "{referer}");
        }
    }
}
