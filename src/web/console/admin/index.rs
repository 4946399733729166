//! The first page of administration: what needs a look, and where everything is changed.

use super::super::people::{Choice, Fields, field};
use super::super::shell::{Shell, page, see};
use super::history::{Line, lines};
use super::{shell, tabs};
use crate::bus::Hint;
use crate::config::local_date_time;
use crate::dispatch::acts::actor_of;
use crate::dispatch::{DispatchError, audit, learning};
use crate::store::models::{self, ModelRow, state as model_state};
use crate::store::{corrections, outbox, raw_events, revisions, shift_gaps, wires};
use crate::web::auth::Session;
use crate::web::error::{ApiError, title};
use crate::web::mask;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::Value;

/// Rows of each list.
const FEW: u64 = 20;
const MODELS: u64 = 6;

/// One wire.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct Wire {
    pub name: String,
    pub account: String,
    pub up: bool,
    pub since: String,
    pub why: String,
}

/// A message that was given up, or an event that could not be worked on. No words and no chats.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct Stuck {
    pub id: i64,
    pub at: String,
    pub channel: String,
    pub what: String,
    pub why: String,
}

/// One model of triage.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct Model {
    pub version: String,
    pub at: String,
    pub state: String,
    pub active: bool,
    pub corrections: i64,
    /// Heads with the share read right on the frozen messages, in percent.
    pub figures: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "console/admin/index.html")]
pub(in crate::web::console) struct IndexPage<'a> {
    pub s: Shell<'a>,
    pub tabs: Vec<Choice>,
    pub wires: Vec<Wire>,
    pub dead: Vec<Stuck>,
    pub parked: Vec<Stuck>,
    pub models: Vec<Model>,
    /// The version that reads now.
    pub reads: String,
    /// A stored model is in use, so that there is one to go back from.
    pub back: bool,
    /// Corrections that no model has learned from.
    pub awaiting: u64,
    pub gaps: u64,
    /// What does not fit the program's files any more.
    pub aside: Vec<String>,
    pub changes: Vec<Line>,
}

/// Shares of the frozen messages read right, by head.
fn figures(s: &Shell<'_>, row: &ModelRow) -> Vec<(String, String)> {
    let Ok(scores) = serde_json::from_str::<Value>(&row.scores) else { return Vec::new() };
    let of = |head: &str| {
        let number = |what: &str| scores.pointer(&format!("/after/{head}/all/{what}")).and_then(Value::as_u64);
        let (n, right) = (number("n").filter(|n| *n > 0)?, number("right")?);
        Some((s.w.of("admin", &format!("head_{head}")), format!("{},{} %", right * 100 / n, right * 1000 / n % 10)))
    };
    ["class", "service", "danger_seen"].into_iter().filter_map(of).collect()
}

/// `GET /console/admin`.
///
/// # Errors
/// The store's.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    let s = shell(&state, &req, &session);
    shown(&state, s, StatusCode::OK).await
}

async fn shown(state: &WebState, s: Shell<'_>, code: StatusCode) -> Result<HttpResponse, ApiError> {
    let db = state.core.db.read();
    let reason = |word: Option<&str>| word.map(|r| s.w.of("delivery.reason", r)).unwrap_or_default();
    let wires = wires::all(db)
        .await?
        .iter()
        .map(|x| Wire {
            name: s.w.of("channel", &x.channel),
            account: x.account.clone(),
            up: x.up,
            since: local_date_time(x.since),
            why: reason(x.reason.as_deref()),
        })
        .collect();
    let dead = outbox::list(db, outbox::status::DEAD, None, FEW)
        .await?
        .iter()
        .map(|r| Stuck {
            id: r.id,
            at: local_date_time(r.created_at),
            channel: s.w.of("channel", &r.channel),
            what: r.template.clone().unwrap_or_else(|| s.w.t("admin.own_words").to_owned()),
            why: match r.reason.as_deref() {
                Some(word) => reason(Some(word)),
                None => r.error.as_deref().map(|e| mask::excerpt(e, 120)).unwrap_or_default(),
            },
        })
        .collect();
    let parked = raw_events::list(db, raw_events::status::PARKED, None, FEW)
        .await?
        .iter()
        .map(|r| Stuck {
            id: r.id,
            at: local_date_time(r.received_at),
            channel: s.w.of("channel", &r.channel),
            what: s.w.with("admin.bytes", "n", &r.body.len().to_string()),
            why: r.error.as_deref().map(|e| mask::excerpt(e, 120)).unwrap_or_default(),
        })
        .collect();
    let stored = models::latest(db, MODELS).await?;
    let learned = stored.first().map_or(0, |m| m.last_correction);
    let back = stored.iter().any(|m| m.state == model_state::ACTIVE);
    let models = stored
        .iter()
        .map(|m| Model {
            version: m.version.clone(),
            at: local_date_time(m.created_at),
            state: s.w.of("admin", &format!("model_{}", m.state)),
            active: m.state == model_state::ACTIVE,
            corrections: m.corrections,
            figures: figures(&s, m),
        })
        .collect();
    let changes = lines(state, &s.w, &revisions::list(db, None, None, 8).await?).await?;
    let template = IndexPage {
        tabs: tabs(&s.w, "overview"),
        wires,
        dead,
        parked,
        models,
        reads: state.core.triage.get().version().to_owned(),
        back,
        awaiting: corrections::count_after(db, learned).await?,
        gaps: shift_gaps::count(db).await?,
        aside: state.core.book.aside(),
        changes,
        s,
    };
    page(code, &template)
}

/// `POST /console/admin/resend`: a message that was given up waits for its turn again.
///
/// # Errors
/// `forbidden` without the form's token; `not_found`.
pub async fn resend(state: web::Data<WebState>, session: Session, form: Fields) -> Result<HttpResponse, ApiError> {
    session.check_csrf(field(&form, "csrf"))?;
    let id: i64 = field(&form, "id").parse().map_err(|_| ApiError::new("not_found"))?;
    let core = &state.core;
    audit::enter(core, core.db.write(), &actor_of(&session.scope).to_string(), "sent_again", Some(&format!("outbox:{id}")), None).await?;
    if !outbox::resend(core.db.write(), id, core.wall()).await? {
        return Err(ApiError::new("not_found"));
    }
    core.bus.publish(Hint::Outbox);
    Ok(see("/console/admin?saved=1"))
}

/// `POST /console/admin/model`: the model before reads again.
///
/// # Errors
/// `forbidden` without the form's token.
pub async fn rollback(req: HttpRequest, state: web::Data<WebState>, session: Session, form: Fields) -> Result<HttpResponse, ApiError> {
    session.check_csrf(field(&form, "csrf"))?;
    let core = &state.core;
    audit::enter(core, core.db.write(), &actor_of(&session.scope).to_string(), "model_back", None, None).await?;
    match learning::rollback(core).await {
        Ok(_) => Ok(see("/console/admin?saved=1")),
        Err(e @ (DispatchError::NotFound | DispatchError::Busy)) => {
            let s = shell(&state, &req, &session);
            let lang = s.w.lang;
            shown(&state, s.noticed(false, title(&core.book, lang, e.code())), ApiError::new(e.code()).status()).await
        }
        Err(e) => Err(e.into()),
    }
}
