//! Coming in, going out, choosing the language.

use super::shell::{Shell, page, see};
use crate::dispatch::{DispatchError, accounts};
use crate::domain::Lang;
use crate::domain::access::Reach;
use crate::web::auth::{SESSION_COOKIE, Session};
use crate::web::error::ApiError;
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "console/sign_in.html")]
pub(super) struct SignInPage<'a> {
    pub s: Shell<'a>,
    pub login: String,
}

/// `GET /console`: the sign-in form, or where one's work is.
///
/// # Errors
/// `internal`.
pub async fn home(req: HttpRequest, state: web::Data<WebState>, session: Option<Session>) -> Result<HttpResponse, ApiError> {
    if let Some(session) = session {
        return Ok(see(start(&session)));
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
    if matches!(session.scope.reach, Reach::Crew(_)) { "/console/jobs" } else { "/console/queues" }
}

/// The sign-in form.
#[derive(Deserialize)]
pub struct SignInForm {
    login: String,
    password: String,
}

/// `POST /console/sign-in`.
///
/// # Errors
/// `forbidden` for a form that stood on a page of somebody else.
pub async fn sign_in(req: HttpRequest, state: web::Data<WebState>, form: web::Form<SignInForm>) -> Result<HttpResponse, ApiError> {
    let site = req.headers().get("sec-fetch-site").and_then(|h| h.to_str().ok());
    if site.is_some_and(|s| s != "same-origin" && s != "none") {
        return Err(ApiError::new("forbidden"));
    }
    let from = peer::address(&req, &state);
    let lang = peer::language(&req);
    match accounts::sign_in(&state.core, &form.login, &form.password, &from, true).await {
        Ok(signed) => {
            let mut answer = see("/console");
            let cookie = Cookie::build(SESSION_COOKIE, signed.token)
                .path("/console")
                .http_only(true)
                .same_site(SameSite::Lax)
                .secure(state.secure_cookies)
                .max_age(Duration::hours(state.core.settings.session_hours))
                .finish();
            put(&mut answer, &cookie)?;
            if req.cookie("lang").is_none() {
                put(&mut answer, &lang_cookie(&state, signed.staff.lang))?;
            }
            Ok(answer)
        }
        Err(e @ (DispatchError::Unauthorized | DispatchError::RateLimited)) => {
            let (status, key) = match e {
                DispatchError::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "error.rate_limited"),
                _ => (StatusCode::UNAUTHORIZED, "console.bad_login"),
            };
            let s = Shell::new(&state, lang, None, "");
            let text = s.w.t(key).to_owned();
            page(status, &SignInPage { s: s.noticed(false, text), login: form.login.chars().take(64).collect() })
        }
        Err(e) => Err(e.into()),
    }
}

fn put(answer: &mut HttpResponse, cookie: &Cookie<'_>) -> Result<(), ApiError> {
    answer.add_cookie(cookie).map_err(|_| ApiError::new("internal"))
}

fn lang_cookie(state: &WebState, lang: Lang) -> Cookie<'static> {
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
pub async fn sign_out(state: web::Data<WebState>, session: Session, form: web::Form<Bare>) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    accounts::sign_out(&state.core, session.token()).await?;
    let mut answer = see("/console");
    let gone = Cookie::build(SESSION_COOKIE, "").path("/console").http_only(true).max_age(Duration::ZERO).finish();
    put(&mut answer, &gone)?;
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
