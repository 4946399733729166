//! A request that an operator takes down for a caller.

use super::queues::{Choice, need};
use super::shell::{Shell, page, see};
use crate::dispatch::DispatchError;
use crate::dispatch::resident_desk::{Stated, for_caller};
use crate::domain::access::Permission;
use crate::domain::phone::Phone;
use crate::domain::{Class, DistrictCode, Lang, RequestNumber, ServiceCode};
use crate::web::auth::Session;
use crate::web::error::{ApiError, title};
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::{Deserialize, Serialize};

/// The form.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct NewForm {
    pub csrf: String,
    pub text: String,
    pub phone: String,
    pub address: String,
    pub class: String,
    pub service: String,
    pub district: String,
    pub lang: String,
    pub vulnerable: String,
}

#[derive(Template)]
#[template(path = "console/new.html")]
pub(super) struct NewPage<'a> {
    pub s: Shell<'a>,
    pub f: NewForm,
    pub classes: Vec<Choice>,
    pub services: Vec<Choice>,
    pub districts: Vec<Choice>,
    pub langs: Vec<Choice>,
}

impl<'a> NewPage<'a> {
    pub fn new(s: Shell<'a>, f: NewForm) -> Self {
        let w = s.w;
        let auto = |present: &str| std::iter::once(Choice::new("", w.t("console.auto"), present));
        let c = &w.book.catalog;
        Self {
            classes: auto(&f.class).chain(Class::ALL.iter().map(|x| Choice::new(x.as_str(), w.of("class", x.as_str()), &f.class))).collect(),
            services: auto(&f.service)
                .chain(c.services.iter().filter(|x| x.successor.is_none()).map(|x| Choice::new(x.code.as_str(), x.name.get(w.lang), &f.service)))
                .collect(),
            districts: auto(&f.district).chain(c.districts.iter().map(|x| Choice::new(x.code.as_str(), x.name.get(w.lang), &f.district))).collect(),
            langs: auto(&f.lang).chain(Lang::ALL.iter().map(|x| Choice::new(x.as_str(), w.of("lang", x.as_str()), &f.lang))).collect(),
            f,
            s,
        }
    }
}

/// The number of what was just registered, when it went out of the operator's reach.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Created {
    created: String,
}

/// `GET /console/new`.
///
/// # Errors
/// `forbidden`.
pub async fn form(req: HttpRequest, state: web::Data<WebState>, session: Session, just: web::Query<Created>) -> Result<HttpResponse, ApiError> {
    need(&session, Permission::CreateForCaller)?;
    let mut s = Shell::of(&state, peer::language(&req), &session, "new");
    if let Ok(n) = RequestNumber::parse(&just.created) {
        let text = s.w.with("console.created", "number", &n.to_string());
        s = s.noticed(true, text);
    }
    page(StatusCode::OK, &NewPage::new(s, NewForm::default()))
}

/// What the form says, and whose telephone it names.
pub(super) fn read(f: &NewForm) -> Result<(Stated, Option<Phone>), &'static str> {
    let some = |t: &str| Some(t.trim().to_owned()).filter(|t| !t.is_empty());
    let stated = Stated {
        text: f.text.clone(),
        class: some(&f.class).map(|c| Class::parse(&c).ok_or("unprocessable")).transpose()?,
        service: some(&f.service).map(|c| ServiceCode::new(c).map_err(|_| "unprocessable")).transpose()?,
        district: some(&f.district).map(|c| DistrictCode::new(c).map_err(|_| "unprocessable")).transpose()?,
        address: some(&f.address),
        location: None,
        lang: Lang::parse(&f.lang),
        vulnerable: f.vulnerable == "yes",
        media: Vec::new(),
    };
    Ok((stated, some(&f.phone).map(|p| Phone::parse(&p).map_err(|_| "bad_phone")).transpose()?))
}

/// `POST /console/new`.
///
/// # Errors
/// `forbidden`, failures of the database; what is wrong in the form comes back with the form.
pub async fn create(req: HttpRequest, state: web::Data<WebState>, session: Session, form: web::Form<NewForm>) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    let done = match read(&form) {
        Ok((stated, phone)) => for_caller(&state.core, &session.scope, stated, phone, None).await,
        Err(code) => Err(DispatchError::invalid(code, "")),
    };
    match done {
        Ok(made) => {
            let r = &made.leading.stored.request;
            let reachable = session.scope.sees(r);
            Ok(see(&if reachable { format!("/console/requests/{}?created=1", r.number) } else { format!("/console/new?created={}", r.number) }))
        }
        Err(e @ DispatchError::Invalid { .. }) => {
            let lang = peer::language(&req);
            let s = Shell::of(&state, lang, &session, "new").noticed(false, title(&state.core.book, lang, e.code()));
            page(ApiError::new(e.code()).status(), &NewPage::new(s, form.into_inner()))
        }
        Err(e) => Err(e.into()),
    }
}
