//! Choosing a password of one's own in place of the one that an administrator gave. Nothing else opens before.

use super::shell::{Shell, page, see};
use super::sign_in::let_in;
use crate::dispatch::{DispatchError, staff_sessions};
use crate::domain::password::SHORTEST;
use crate::store::sessions::Stage;
use crate::web::auth::{HalfSession, peer as peer_of};
use crate::web::error::{ApiError, title};
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "console/own_password.html")]
pub(super) struct OwnPasswordPage<'a> {
    pub s: Shell<'a>,
    pub csrf: String,
    /// For the browser's keeper of passwords.
    pub login: String,
    pub shortest: usize,
}

fn shown(req: &HttpRequest, state: &WebState, half: &HalfSession, wrong: Option<&'static str>) -> Result<HttpResponse, ApiError> {
    let lang = peer::language(req);
    let mut s = Shell::new(state, lang, None, "");
    if let Some(code) = wrong {
        s = s.noticed(false, title(&state.core.book, lang, code));
    }
    let status = wrong.map_or(StatusCode::OK, |c| ApiError::new(c).status());
    page(status, &OwnPasswordPage { s, csrf: half.csrf(), login: half.staff.login.clone(), shortest: SHORTEST })
}

/// `GET /console/own-password`.
///
/// # Errors
/// `internal`.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, half: HalfSession) -> Result<HttpResponse, ApiError> {
    if half.opened.stage != Stage::Password {
        return Ok(see("/console"));
    }
    shown(&req, &state, &half, None)
}

/// The new password, twice.
#[derive(Deserialize)]
pub struct Chosen {
    csrf: String,
    new: String,
    again: String,
}

/// `POST /console/own-password`: the session becomes a whole one under a new token.
///
/// # Errors
/// `forbidden` without the form's token; what is wrong comes back with the page.
pub async fn choose(req: HttpRequest, state: web::Data<WebState>, half: HalfSession, form: web::Form<Chosen>) -> Result<HttpResponse, ApiError> {
    half.check_csrf(&form.csrf)?;
    if half.opened.stage != Stage::Password {
        return Ok(see("/console"));
    }
    if form.new != form.again {
        return shown(&req, &state, &half, Some("password_differs"));
    }
    match staff_sessions::first_password(&state.core, &half.staff, &half.opened, form.new.clone(), peer_of(&req, &state)).await {
        Ok(signed) => {
            let mut answer = see("/console");
            let_in(&state, &mut answer, signed)?;
            Ok(answer)
        }
        Err(DispatchError::Unauthorized) => Ok(see("/console")),
        Err(e @ DispatchError::Invalid { .. }) => shown(&req, &state, &half, Some(e.code())),
        Err(e) => Err(e.into()),
    }
}
