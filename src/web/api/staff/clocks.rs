//! Why a deadline is what it is, when one would be due, and what is late on the caller's own screen.

use crate::dispatch::acts::actor_of;
use crate::dispatch::{ledger, notices};
use crate::domain::inbound::ChannelKind;
use crate::domain::request::Priority;
use crate::domain::sla::{Account, Facts, preview as preview_of};
use crate::domain::{Class, DistrictCode, Hazard, Lang, QueueCode, ServiceCode};
use crate::store::{access_log, requests};
use crate::web::api::access::Granted;
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

/// Notices on one screen.
const MOST: u64 = 100;

#[derive(Deserialize)]
pub struct Tongue {
    language: Option<String>,
}

/// `GET /staff/requests/{number}/ledger`: every tick, pause, transfer and change, in sentences.
///
/// # Errors
/// `not_found`, also outside the scope; `unprocessable` for an unknown language.
pub async fn account(who: Granted, state: web::Data<WebState>, number: web::Path<String>, q: web::Query<Tongue>) -> Result<HttpResponse, ApiError> {
    let number = input::number(&number)?;
    let lang = input::lang(q.language.as_deref())?.unwrap_or(who.staff.lang);
    let db = state.core.db.read();
    let stored = requests::by_number_scoped(db, &number, &who.scope).await?.ok_or_else(|| ApiError::new("not_found"))?;
    let id = stored.request.id;
    access_log::note(state.core.db.write(), state.core.wall(), &actor_of(&who.scope).to_string(), "ledger", Some(id), None).await?;
    let account = ledger::explain(&state.core, db, id).await?;
    let mut body = written(&state, &account, lang);
    let taken = notices::taken(&state.core, db, id).await?;
    if let Some(map) = body.as_object_mut() {
        map.insert("number".into(), json!(number.to_string()));
        map.insert("alarms".into(), taken.iter().map(alarm).collect());
    }
    Ok(HttpResponse::Ok().json(body))
}

fn alarm(t: &notices::Taken) -> Value {
    let to = t.step.as_ref().map(|s| s.to.clone());
    json!({"stage": t.stage, "step": t.rung, "due_at": view::when(t.due), "raised_at": view::when(t.at), "told": t.told, "to": to})
}

fn written(state: &WebState, account: &Account, lang: Lang) -> Value {
    let entries: Vec<Value> = account
        .entries
        .iter()
        .map(|e| {
            json!({
                "at": view::when(e.at),
                "seq": e.seq,
                "stage": e.stage,
                "round": e.stage.map(|_| e.round),
                "owner": e.owner,
                "text": state.core.book.sentence(lang, e),
                "added_seconds": e.added_us / 1_000_000,
                "spent_seconds": e.spent_us / 1_000_000,
                "due_at": view::when_any(e.due_at),
            })
        })
        .collect();
    let blame: Vec<Value> = account
        .blame
        .iter()
        .map(|b| {
            let by: Vec<Value> = b.by_owner.iter().map(|(q, us)| json!({"owner": q, "seconds": us / 1_000_000})).collect();
            json!({"stage": b.stage, "round": b.round, "owner": b.owner, "late_seconds": b.late_us / 1_000_000, "by_owner": by})
        })
        .collect();
    json!({"language": lang, "entries": entries, "late": blame})
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supposed {
    at: Option<String>,
    class: Option<String>,
    service: Option<String>,
    district: Option<String>,
    queue: Option<String>,
    priority: Option<String>,
    hazard: Option<String>,
    channel: Option<String>,
    vulnerable: Option<String>,
}

/// `GET /staff/sla/preview`: when a request received at `at` (now without it) would be due.
///
/// # Errors
/// `unprocessable`.
pub async fn preview(_who: Granted, state: web::Data<WebState>, q: web::Query<Supposed>) -> Result<HttpResponse, ApiError> {
    let class: Option<Class> = input::word("class", q.class.as_deref())?;
    let service: Option<ServiceCode> = input::word("service", q.service.as_deref())?;
    let district: Option<DistrictCode> = input::word("district", q.district.as_deref())?;
    let queue: Option<QueueCode> = input::word("queue", q.queue.as_deref())?;
    let hazard: Option<Hazard> = input::word("hazard", q.hazard.as_deref())?;
    let priority: Option<u8> = input::word("priority", q.priority.as_deref())?;
    let at = input::moment("at", q.at.as_deref())?.unwrap_or_else(|| state.core.now());
    let what = crate::dispatch::register::Classification {
        class,
        service: service.clone(),
        district: district.clone(),
        hazard,
        needs_utility: class == Some(Class::Incident),
    };
    let routed = state.core.book.routing.route(&what.route_key(), &state.core.book.catalog).map(|r| r.queue);
    let queue = queue.or(routed);
    let facts = Facts {
        class,
        service: service.as_ref(),
        priority: priority.map_or_else(|| what.priority(), Priority),
        district: district.as_ref(),
        queue: queue.as_ref(),
        hazard,
        channel: input::word("channel", q.channel.as_deref())?.unwrap_or(ChannelKind::Phone),
        vulnerable: input::flag("vulnerable", q.vulnerable.as_deref())?,
    };
    let books = state.core.books();
    let p = preview_of(books.in_force(at.max(state.core.now())), &facts, at);
    let due: Vec<Value> = p.due.iter().map(|(stage, due)| json!({"stage": stage, "due_at": view::when(*due)})).collect();
    Ok(HttpResponse::Ok().json(json!({
        "received_at": view::when(at),
        "queue": queue,
        "policy": p.policy,
        "basis": p.basis.as_ref().map(view::name),
        "due": due,
    })))
}

/// `GET /staff/notices`: warnings and escalations that the caller has not taken off the screen yet, and that are still true; and the open requests that
/// the caller was given to watch.
///
/// # Errors
/// The store's.
pub async fn screen(who: Granted, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    let shown = notices::screen(&state.core, who.staff.id, MOST).await?;
    let items: Vec<Value> = shown
        .iter()
        .map(|n| {
            json!({
                "id": n.id,
                "at": view::when(n.at),
                "number": n.request.request.number.to_string(),
                "stage": n.timer.stage,
                "late": n.late,
                "due_at": view::when(n.timer.due_at),
                "text": state.core.book.render(who.staff.lang, n.key, &n.params),
            })
        })
        .collect();
    let watched = notices::watched(&state.core, who.staff.id, MOST).await?;
    let watching: Vec<Value> = watched
        .iter()
        .map(|s| {
            let r = &s.request;
            json!({"number": r.number.to_string(), "status": r.status, "priority": r.priority, "queue": r.queue, "overdue": s.overdue})
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({"items": items, "watching": watching})))
}

/// `POST /staff/notices/{id}/seen`.
///
/// # Errors
/// `not_found` when it does not stand on the caller's screen.
pub async fn seen(who: Granted, state: web::Data<WebState>, id: web::Path<i64>) -> Result<HttpResponse, ApiError> {
    notices::see(&state.core, who.staff.id, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
