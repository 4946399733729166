//! `/` and `/t/{number}`: report without an account, follow by number. Nothing personal is ever shown here.

#[cfg(test)]
mod tests;

use super::console::shell::{Shell, page, see};
use super::console::words::{Due, Words};
use super::error::{ApiError, title};
use super::peer;
use super::sent::Sent;
use super::small::small;
use super::state::WebState;
use crate::config::local_date_time;
use crate::dispatch::problems::Registered;
use crate::dispatch::resident_desk::{Stated, admit_form, register_form};
use crate::dispatch::{limits, uploads};
use crate::domain::inbound::ChannelKind;
use crate::domain::outage::Outage;
use crate::domain::phone::Phone;
use crate::domain::request::{Request, Status};
use crate::domain::sla::{Stage, Timer};
use crate::domain::{DistrictCode, Instant, Lang, RequestNumber};
use crate::store::{outages, requests, timers};
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, ServiceConfig, get, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use uuid::Uuid;

/// Routes of the public pages.
pub fn configure(c: &mut ServiceConfig) {
    c.service(resource("/").route(get().to(home)).route(post().to(report)));
    c.route("/t", get().to(find)).route("/t/{number}", get().to(track));
}

/// The form.
#[derive(Debug, Clone, Default)]
pub struct Report {
    text: String,
    address: String,
    district: String,
    phone: String,
    /// People never see this field and leave it empty.
    website: String,
}

#[derive(Template)]
#[template(path = "public/home.html")]
struct HomePage<'a> {
    s: Shell<'a>,
    f: Report,
    districts: Vec<(String, String, bool)>,
    /// What is out now, or will be.
    outages: Vec<OutageLine>,
    /// A number that was not found, as it was typed.
    asked: String,
}

/// Most outages on the page.
const OUTAGES: u64 = 8;

/// One outage: what, where, until when.
struct OutageLine {
    what: String,
    place: String,
    state: String,
    times: String,
}

impl OutageLine {
    fn new(w: &Words<'_>, o: &Outage, now: Instant) -> Self {
        let district = o.district.as_ref().map(|d| w.district(Some(d)));
        let place = [district, Some(o.place.get(w.lang).to_owned()).filter(|p| !p.is_empty())];
        let times = std::iter::once(o.starts_at).chain(o.expected_until).map(local_date_time);
        Self {
            what: w.service(Some(&o.service)),
            place: place.into_iter().flatten().collect::<Vec<_>>().join(", "),
            state: w.of("outage.state", o.state(now).as_str()),
            times: times.collect::<Vec<_>>().join(" – "),
        }
    }
}

impl Report {
    fn of(sent: &Sent) -> Self {
        let field = |name: &str| sent.get(name).to_owned();
        Self { text: field("text"), address: field("address"), district: field("district"), phone: field("phone"), website: field("website") }
    }
}

impl<'a> HomePage<'a> {
    fn new(s: Shell<'a>, f: Report, asked: &str) -> Self {
        let w = s.w;
        let districts =
            w.book.catalog.districts.iter().map(|d| (d.code.to_string(), d.name.get(w.lang).to_owned(), d.code.as_str() == f.district)).collect();
        Self { districts, outages: Vec::new(), f, asked: asked.chars().take(40).collect(), s }
    }
}

/// `GET /`.
///
/// # Errors
/// `internal`.
pub async fn home(req: HttpRequest, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    let mut shown = HomePage::new(Shell::new(&state, peer::language(&req), None, "public"), Report::default(), "");
    let now = state.core.now();
    shown.outages = outages::current(state.core.db.read(), now, OUTAGES).await?.iter().map(|o| OutageLine::new(&shown.s.w, o, now)).collect();
    Ok(small(&req, page(StatusCode::OK, &shown)?))
}

fn read(f: &Report) -> Result<(Stated, Option<Phone>), &'static str> {
    if !f.website.is_empty() {
        return Err("bad_request");
    }
    let some = |t: &str| Some(t.trim().to_owned()).filter(|t| !t.is_empty());
    let district = some(&f.district).map(|d| DistrictCode::new(d).map_err(|_| "unprocessable")).transpose()?;
    let phone = some(&f.phone).map(|p| Phone::parse(&p).map_err(|_| "bad_phone")).transpose()?;
    Ok((Stated { text: f.text.clone(), district, address: some(&f.address), ..Stated::default() }, phone))
}

/// `POST /`: registers, then shows the number on a page that may be reloaded. What was typed into a form with a mistake comes back.
///
/// # Errors
/// Failures of the database.
pub async fn report(req: HttpRequest, state: web::Data<WebState>, payload: web::Payload) -> Result<HttpResponse, ApiError> {
    let lang = peer::language(&req);
    let mut sent = Sent::read(&req, payload).await?;
    let form = Report::of(&sent);
    let done = take_in(&state, &form, &mut sent, &peer::address(&req, &state)).await;
    sent.skip().await;
    match done {
        Ok((made, photo)) => {
            let others: Vec<String> = made.linked.iter().map(|s| s.stored.request.number.to_string()).collect();
            let also = if others.is_empty() { String::new() } else { format!("&also={}", others.join(",")) };
            let without = if photo == Brought::Lost { "&photo=lost" } else { "" };
            Ok(see(&format!("/t/{}?new=1&lang={lang}{also}{without}", made.leading.stored.request.number)))
        }
        // A mistake in the form, or a form too many; what was typed stays.
        Err(e) if e.status().is_client_error() => {
            let text = if e.retry_after.is_some() { too_often(&state, &e) } else { title(&state.core.book, lang, e.code) };
            let s = Shell::new(&state, lang, None, "public").noticed(false, text);
            let mut answer = page(e.status(), &HomePage::new(s, form, ""))?;
            if let Some(seconds) = e.retry_after {
                answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            }
            Ok(small(&req, answer))
        }
        Err(e) => Err(e),
    }
}

/// What became of a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Brought {
    Well,
    /// The store of files does not answer. That is no reason to lose the words.
    Lost,
}

/// Counted before a photo is stored: who comes too often brings nothing in.
async fn take_in(state: &WebState, form: &Report, sent: &mut Sent, from: &str) -> Result<(Registered, Brought), ApiError> {
    let (mut stated, phone) = read(form).map_err(ApiError::new)?;
    admit_form(&state.core, &stated, phone.as_ref(), from).await?;
    let by = Uuid::new_v4();
    let (photo, brought) = match sent.photo(state, by, ChannelKind::Web).await {
        Ok(photo) => (photo, Brought::Well),
        Err(e) if e.status().is_server_error() => (None, Brought::Lost),
        Err(e) => return Err(e),
    };
    stated.media = photo.iter().map(|p| p.id).collect();
    let done = register_form(&state.core, stated, phone, by).await;
    if let (Err(_), Some(photo)) = (&done, &photo) {
        uploads::failed(&state.core, photo).await?;
    }
    Ok((done?, brought))
}

/// That somebody has to wait, and how long, in both languages: whoever shares the address may read the other one.
fn too_often(state: &WebState, e: &ApiError) -> String {
    let minutes = e.retry_after.unwrap_or(60).div_ceil(60).to_string();
    let in_words = |lang| Words { book: &state.core.book, lang }.with("public.too_often", "minutes", &minutes);
    format!("{} · {}", in_words(Lang::Kk), in_words(Lang::Ru))
}

/// The number to look for.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    number: String,
}

/// `GET /t?number=`: to the request's own page.
///
/// # Errors
/// `internal`.
pub async fn find(req: HttpRequest, state: web::Data<WebState>, asked: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    let lang = peer::language(&req);
    match RequestNumber::parse(&asked.number) {
        Ok(n) => Ok(see(&format!("/t/{n}?lang={lang}"))),
        Err(_) => refused(&req, Shell::new(&state, lang, None, "public"), "error.bad_number", StatusCode::BAD_REQUEST, &asked.number),
    }
}

fn refused(req: &HttpRequest, s: Shell<'_>, key: &str, status: StatusCode, asked: &str) -> Result<HttpResponse, ApiError> {
    let text = s.w.t(key).to_owned();
    Ok(small(req, page(status, &HomePage::new(s.noticed(false, text), Report::default(), asked))?))
}

/// One step of the way.
struct Step {
    name: String,
    at: Option<String>,
    /// Reached.
    done: bool,
    /// Where the request is now.
    now: bool,
}

#[derive(Template)]
#[template(path = "public/track.html")]
struct TrackPage<'a> {
    s: Shell<'a>,
    number: String,
    new: bool,
    /// The other requests that the same words made.
    also: Vec<String>,
    /// What to do first, shown to who has just reported a danger.
    safety: Option<String>,
    status: &'static str,
    status_name: String,
    class: String,
    service: String,
    district: String,
    registered: String,
    accept: Option<Due>,
    restore: Option<Due>,
    steps: Vec<Step>,
}

impl<'a> TrackPage<'a> {
    fn new(s: Shell<'a>, r: &Request, timers: &[Timer], now: Instant, new: bool, also: Vec<String>) -> Self {
        let w = s.w;
        let live = |stage| timers.iter().find(|t| t.stage == stage && t.is_live()).and_then(|t| w.due(t.due_at, now));
        Self {
            number: r.number.to_string(),
            new,
            also,
            safety: r.hazard.filter(|_| new).map(|h| w.of("safety", h.as_str())),
            status: r.status.as_str(),
            status_name: w.of("state", r.status.as_str()),
            class: w.class(r.class),
            service: w.service(r.service.as_ref()),
            district: w.district(r.district.as_ref()),
            registered: local_date_time(r.received_at),
            accept: live(Stage::Accept),
            restore: live(Stage::Restore),
            steps: steps(&w, r),
            s,
        }
    }
}

fn steps(w: &Words<'_>, r: &Request) -> Vec<Step> {
    let time = |at: Option<Instant>| at.map(local_date_time);
    let order = match r.status {
        Status::New | Status::Queued => 0,
        Status::Assigned => 1,
        Status::InProgress | Status::OnHold => 2,
        Status::Resolved => 3,
        Status::Closed | Status::Rejected | Status::Duplicate => 4,
    };
    let last = if r.status == Status::OnHold { Status::OnHold } else { Status::InProgress };
    let way = [
        (w.t("public.step_registered").to_owned(), time(Some(r.received_at))),
        (w.of("state", Status::Assigned.as_str()), time(r.accepted_at)),
        (w.of("state", last.as_str()), None),
        (w.of("state", Status::Resolved.as_str()), time(r.resolved_at)),
    ];
    let mut out: Vec<Step> = way.into_iter().enumerate().map(|(i, (name, at))| Step { name, at, done: i <= order, now: i == order }).collect();
    match r.status {
        Status::Closed => out.push(Step { name: w.of("state", r.status.as_str()), at: time(r.closed_at), done: true, now: true }),
        // These ends skip the way: only what really happened is shown.
        Status::Rejected | Status::Duplicate => {
            out.truncate(1);
            out.push(Step { name: w.of("state", r.status.as_str()), at: time(r.closed_at), done: true, now: true });
        }
        _ => {}
    }
    out
}

/// Whether the reader has just registered it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Just {
    new: String,
    /// Numbers with commas between.
    also: String,
    /// `lost`: it could not be stored.
    photo: String,
}

/// `GET /t/{number}`.
///
/// # Errors
/// `rate_limited`; failures of the database.
pub async fn track(
    req: HttpRequest,
    state: web::Data<WebState>,
    number: web::Path<String>,
    just: web::Query<Just>,
) -> Result<HttpResponse, ApiError> {
    let mut s = Shell::new(&state, peer::language(&req), None, "public");
    if let Err(e) = limits::look(&state.core, &peer::address(&req, &state)).await.map_err(ApiError::from) {
        let Some(seconds) = e.retry_after else { return Err(e) };
        let mut answer = page(e.status(), &HomePage::new(s.noticed(false, too_often(&state, &e)), Report::default(), &number))?;
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        return Ok(small(&req, answer));
    }
    let Ok(wanted) = RequestNumber::parse(&number) else {
        return refused(&req, s, "error.bad_number", StatusCode::BAD_REQUEST, &number);
    };
    let Some(found) = requests::by_number(state.core.db.read(), &wanted).await? else {
        return refused(&req, s, "public.not_found", StatusCode::NOT_FOUND, &wanted.to_string());
    };
    let clocks = timers::of_requests(state.core.db.read(), &[found.request.id]).await?;
    let new = just.new == "1";
    if new {
        s.again = "&new=1";
        if just.photo == "lost" {
            let text = s.w.t("public.photo_lost").to_owned();
            s = s.noticed(false, text);
        }
    }
    let also = just.also.split(',').take(8).filter_map(|n| RequestNumber::parse(n).ok()).map(|n| n.to_string()).collect();
    Ok(small(&req, page(StatusCode::OK, &TrackPage::new(s, &found.request, &clocks, state.core.now(), new, also))?))
}
