//! Setting the second factor up, its recovery codes, giving it up.

use super::refused;
use crate::dispatch::{DispatchError, second_factor};
use crate::store::sessions::Stage;
use crate::web::auth::{HalfSession, Session, peer as peer_of};
use crate::web::console::shell::{Shell, page, see};
use crate::web::console::sign_in::{CodeForm, let_in};
use crate::web::error::{ApiError, title};
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "console/enrol.html")]
pub(in crate::web::console) struct EnrolPage<'a> {
    pub s: Shell<'a>,
    pub csrf: String,
    /// The role asks for it, and nothing else is open until then.
    pub must: bool,
    /// SVG without style or script.
    pub qr: String,
    /// The secret in groups of four, for who cannot point a camera at the page.
    pub secret: String,
    pub address: String,
}

#[derive(Template)]
#[template(path = "console/codes.html")]
pub(in crate::web::console) struct CodesPage<'a> {
    pub s: Shell<'a>,
    pub codes: Vec<String>,
}

/// The picture of an address, in the page's own colours whatever the theme: scanners want dark on light.
pub(in crate::web::console) fn picture(address: &str) -> Result<String, ApiError> {
    let code = QrCode::new(address.as_bytes()).map_err(|e| ApiError::detail("internal", e.to_string()))?;
    let image = code.render::<svg::Color<'_>>().min_dimensions(220, 220).dark_color(svg::Color("#000000")).light_color(svg::Color("#ffffff")).build();
    // Inside a page it needs no declaration of its own.
    Ok(image.find("<svg").and_then(|at| image.get(at..)).unwrap_or_default().to_owned())
}

async fn shown(req: &HttpRequest, state: &WebState, half: &HalfSession, wrong: Option<&'static str>) -> Result<HttpResponse, ApiError> {
    let proposed = second_factor::propose(&state.core, &half.staff).await?;
    let lang = peer::language(req);
    let whole = half.whole();
    let mut s = match &whole {
        Some(session) => Shell::of(state, lang, session, "account"),
        None => Shell::new(state, lang, None, ""),
    };
    if let Some(code) = wrong {
        s = s.noticed(false, title(&state.core.book, lang, code));
    }
    let grouped: Vec<String> = proposed.secret.as_bytes().chunks(4).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
    let template = EnrolPage {
        csrf: half.csrf(),
        must: whole.is_none(),
        qr: picture(&proposed.address)?,
        secret: grouped.join(" "),
        address: proposed.address,
        s,
    };
    page(wrong.map_or(StatusCode::OK, |c| ApiError::new(c).status()), &template)
}

/// Whoever still owes a code of the factor in force sets no other up.
fn may_enrol(half: &HalfSession) -> bool {
    match half.opened.stage {
        Stage::Enrol => true,
        Stage::Full => !half.staff.second_factor,
        Stage::Code | Stage::Password => false,
    }
}

/// `GET /console/account/second-factor`: the QR code, and the form that confirms it.
///
/// # Errors
/// The store's.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, half: HalfSession) -> Result<HttpResponse, ApiError> {
    if !may_enrol(&half) {
        return Ok(see(if half.whole().is_none() { "/console" } else { "/console/account" }));
    }
    shown(&req, &state, &half, None).await
}

/// `POST /console/account/second-factor`: a code made with it puts it in force; the recovery codes are shown this once.
///
/// # Errors
/// `forbidden` without the form's token; a wrong code comes back with the page.
pub async fn confirm(req: HttpRequest, state: web::Data<WebState>, half: HalfSession, form: web::Form<CodeForm>) -> Result<HttpResponse, ApiError> {
    half.check_csrf(&form.csrf)?;
    if !may_enrol(&half) {
        return Err(ApiError::new("forbidden"));
    }
    match second_factor::confirm(&state.core, &half.staff, &half.opened, &form.code, peer_of(&req, &state)).await {
        Ok((codes, signed)) => {
            let mut s = Shell::new(&state, peer::language(&req), None, "account");
            let text = s.w.t("who.factor_on").to_owned();
            s = s.noticed(true, text);
            let mut answer = page(StatusCode::OK, &CodesPage { s, codes })?;
            let_in(&state, &mut answer, signed)?;
            Ok(answer)
        }
        Err(e @ (DispatchError::Invalid { .. } | DispatchError::RateLimited { .. })) => shown(&req, &state, &half, Some(e.code())).await,
        Err(e) => Err(e.into()),
    }
}

/// `POST /console/account/second-factor/codes`: new recovery codes, shown this once.
///
/// # Errors
/// `forbidden` without the form's token; a wrong code comes back with the page.
pub async fn codes(req: HttpRequest, state: web::Data<WebState>, session: Session, form: web::Form<CodeForm>) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    match second_factor::fresh_codes(&state.core, &session.staff, &form.code).await {
        Ok(codes) => page(StatusCode::OK, &CodesPage { s: Shell::of(&state, peer::language(&req), &session, "account"), codes }),
        Err(e @ (DispatchError::Invalid { .. } | DispatchError::RateLimited { .. })) => refused(&req, &state, &session, e.code()).await,
        Err(e) => Err(e.into()),
    }
}

#[derive(Deserialize)]
pub struct OffForm {
    csrf: String,
    password: String,
    code: String,
}

/// `POST /console/account/second-factor/off`: password and a code are asked for.
///
/// # Errors
/// `forbidden` without the form's token and where the role asks for one.
pub async fn off(req: HttpRequest, state: web::Data<WebState>, session: Session, form: web::Form<OffForm>) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    match second_factor::give_up(&state.core, &session.staff, &form.password, &form.code).await {
        Ok(()) => Ok(see("/console/account?saved=1")),
        Err(DispatchError::Unauthorized) => refused(&req, &state, &session, "bad_login").await,
        Err(e @ (DispatchError::Invalid { .. } | DispatchError::RateLimited { .. })) => refused(&req, &state, &session, e.code()).await,
        Err(e) => Err(e.into()),
    }
}
