//! What a crew presses on its page: by a plain form, or by the page's queue, which sends again until it is answered.

use super::jobs;
use super::shell::see;
use super::sign_in::Bare;
use super::words::Words;
use crate::dispatch::road::{self, Answer, Deed, Ended};
use crate::dispatch::{DispatchError, uploads};
use crate::domain::access::{Permission, Reach};
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::Params;
use crate::domain::request::ActKind;
use crate::domain::sla::PauseReason;
use crate::domain::{Lang, RequestNumber};
use crate::store::attachments::Upload;
use crate::web::auth::Session;
use crate::web::error::{ApiError, title};
use crate::web::peer;
use crate::web::sent::Sent;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Duration;
use serde_json::json;

/// Acts that a crew's page offers.
const ACTS: [ActKind; 6] = [ActKind::Accept, ActKind::Start, ActKind::Arrive, ActKind::Hold, ActKind::Resume, ActKind::Resolve];
/// Longest name of a press.
const LONGEST_KEY: usize = 64;

/// A page's script reads JSON; a form without a script is led back to a page.
pub(super) fn wants_json(req: &HttpRequest) -> bool {
    req.headers().get("accept").and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("application/json"))
}

/// `POST /console/jobs/{number}/acts/{act}`: one press, with its key. A photo stands last in the form and is read only when the press is new.
///
/// # Errors
/// `forbidden`, also for others than crews; `not_found`; failures of the database.
pub async fn act(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    path: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let lang = peer::language(&req);
    match read_and_press(&req, &state, &session, &path, payload).await {
        Ok(answer) => Ok(told_now(&req, &state, lang, &path.0, &answer)),
        // What the page's queue can tell a person is told in their language; it asks what to do with it.
        Err(e) if wants_json(&req) && matches!(e.status().as_u16(), 400 | 404 | 413 | 415 | 422) => {
            let body = json!({"ended": "refused", "code": e.code, "text": title(&state.core.book, lang, e.code)});
            Ok(HttpResponse::build(e.status()).insert_header(("cache-control", "no-store")).json(body))
        }
        Err(e) => Err(e),
    }
}

async fn read_and_press(
    req: &HttpRequest,
    state: &WebState,
    session: &Session,
    path: &(String, String),
    payload: web::Payload,
) -> Result<Answer, ApiError> {
    let mut form = Sent::read(req, payload).await?;
    let done = match session.check_csrf(form.get("csrf")) {
        Ok(()) => press(state, session, path, &mut form, peer::language(req)).await,
        Err(e) => Err(e),
    };
    // An answer that comes while a photo is still under way would be lost on it.
    form.skip().await;
    done
}

async fn press(state: &WebState, session: &Session, path: &(String, String), form: &mut Sent, lang: Lang) -> Result<Answer, ApiError> {
    if !matches!(session.scope.reach, Reach::Crew(_)) {
        return Err(ApiError::new("forbidden"));
    }
    let what = ActKind::parse(&path.1).filter(|k| ACTS.contains(k)).ok_or_else(|| ApiError::new("not_found"))?;
    if !session.may(Permission::Act(what)) {
        return Err(ApiError::new("forbidden"));
    }
    let number = RequestNumber::parse(&path.0).map_err(|_| ApiError::new("bad_number"))?;
    let key = form.get("key").to_owned();
    if key.is_empty() || key.len() > LONGEST_KEY || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(ApiError::detail("bad_request", "key: 1 to 64 letters, digits and dashes"));
    }
    if let Some(answer) = road::known(&state.core, &session.scope, &number, what, &key).await? {
        return Ok(answer);
    }
    let why = match form.get("why") {
        "" => None,
        word => Some(PauseReason::parse(word).ok_or_else(|| ApiError::detail("unprocessable", "why"))?),
    };
    let photo = form.photo(state, session.staff.id.0, ChannelKind::Web).await?;
    let note = Some(form.get("note").to_owned()).filter(|n| !n.is_empty());
    let deed = Deed {
        key,
        number,
        what,
        why,
        note,
        photo: photo.as_ref().map(|p| p.id),
        ago: Duration::seconds(form.get("ago").parse().unwrap_or(0).clamp(0, i64::from(u32::MAX))),
        lang,
    };
    match road::act(&state.core, &session.scope, &deed).await {
        Ok((answer, fresh)) => {
            if !fresh {
                forget(state, photo.as_ref()).await;
            }
            Ok(answer)
        }
        Err(e) => {
            forget(state, photo.as_ref()).await;
            Err(e.into())
        }
    }
}

/// A photo that belongs to nothing. What cannot be taken out now goes with everything that lies loose for a day.
async fn forget(state: &WebState, photo: Option<&Upload>) {
    if let Some(photo) = photo
        && let Err(e) = uploads::failed(&state.core, photo).await
    {
        tracing::warn!(attachment.id = %photo.id, error = %e, "a photo that is not needed stays until it is cleared");
    }
}

fn told_now(req: &HttpRequest, state: &WebState, lang: Lang, number: &str, answer: &Answer) -> HttpResponse {
    let params: &Params = &answer.params;
    if wants_json(req) {
        let text = state.core.book.render(lang, &answer.text, params);
        let status = if answer.ended.is_well() { StatusCode::OK } else { StatusCode::CONFLICT };
        return HttpResponse::build(status).insert_header(("cache-control", "no-store")).json(json!({"ended": answer.ended.as_str(), "text": text}));
    }
    // The address names which of our own sentences to show, no more.
    let number = RequestNumber::parse(number).map(|n| n.to_string()).unwrap_or_default();
    let extra = ["reason", "status"].iter().find_map(|k| answer.params.get(*k).and_then(|v| v.rsplit_once('.'))).map_or("", |(_, word)| word);
    see(&format!("/console/jobs?told={}&as={}&n={number}&x={extra}", answer.text, answer.ended.as_str()))
}

/// Sentences that an address may name.
const TOLD: [(&str, &str); 15] = [
    ("crew.accepted", ""),
    ("crew.started", ""),
    ("crew.arrived", ""),
    ("crew.resumed", ""),
    ("crew.held", ""),
    ("crew.pause_asked", ""),
    ("crew.done", ""),
    ("crew.cancelled", ""),
    ("crew.may_not_pause", "pause"),
    ("road.taken", ""),
    ("road.lost_kept", ""),
    ("road.already", "state"),
    ("road.already_kept", "state"),
    ("road.not_now", "state"),
    ("road.not_now_kept", "state"),
];

/// What the list says above itself after a form: one of our own sentences, with a number and a word of ours in it.
pub(super) fn told(w: &Words<'_>, req: &HttpRequest) -> Option<(bool, String)> {
    let asked: std::collections::BTreeMap<&str, &str> = req.query_string().split('&').filter_map(|p| p.split_once('=')).collect();
    let (key, group) = TOLD.iter().find(|(k, _)| asked.get("told") == Some(k))?;
    let number = RequestNumber::parse(asked.get("n")?).ok()?;
    let good = [Ended::Done, Ended::Already].iter().any(|e| asked.get("as") == Some(&e.as_str()));
    let mut params = Params::from([("number".to_owned(), number.to_string())]);
    if !group.is_empty() {
        let word = asked.get("x").filter(|x| x.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))?;
        let name = if *group == "pause" { "reason" } else { "status" };
        params.insert(name.to_owned(), format!("@{group}.{word}"));
    }
    Some((good, w.book.render(w.lang, key, &params)))
}

/// `POST /console/jobs/{number}/phone`: the resident's number to call, after the look has been written down.
///
/// # Errors
/// `forbidden`; `not_found`, also for a job that is over.
pub async fn phone(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    number: web::Path<String>,
    form: web::Form<Bare>,
) -> Result<HttpResponse, ApiError> {
    session.check_csrf(&form.csrf)?;
    let number = RequestNumber::parse(&number).map_err(|_| ApiError::new("bad_number"))?;
    let phone = match road::number_to_call(&state.core, &session.scope, &number).await {
        // Whoever presses late finds the list as it is.
        Err(DispatchError::NotFound) if !wants_json(&req) => return Ok(see("/console/jobs")),
        other => other?,
    };
    if wants_json(&req) {
        let lang = peer::language(&req);
        let none = || state.core.book.messages.get(lang, "road.no_phone").unwrap_or_default().to_owned();
        let body = phone.as_ref().map_or_else(|| json!({"text": none()}), |p| json!({"tel": p.e164()}));
        return Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(body));
    }
    jobs::with_number(&req, &state, &session, &number.to_string(), phone.as_ref()).await
}
