//! Whether what was sent arrived, what would become of the next answer, and which channels work: no words, no chats.

use crate::config::Book;
use crate::dispatch::reach;
use crate::domain::delivery::shown;
use crate::domain::outgoing::Params;
use crate::domain::reach::Plan;
use crate::domain::request::Request;
use crate::domain::{Lang, RequestId};
use crate::store::{Conn, StoreError, outbox, wires};
use crate::web::api::access::Granted;
use crate::web::api::view;
use crate::web::error::ApiError;
use crate::web::outlook::plan_in_words;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

/// A reason: its word for programs, and in both languages for people.
pub fn reason(book: &Book, word: &str) -> Value {
    let text = |lang| book.render(lang, &format!("delivery.reason.{word}"), &Params::new());
    json!({"code": word, "kk": text(Lang::Kk), "ru": text(Lang::Ru)})
}

/// What was sent about the request and how far it got.
pub async fn deliveries(book: &Book, c: &impl Conn, id: RequestId) -> Result<Value, StoreError> {
    let rows = outbox::of_request(c, id).await?;
    Ok(rows
        .iter()
        .map(|o| {
            json!({
                "id": o.id,
                "channel": o.channel,
                "template": o.template,
                "message_id": o.message_id,
                "status": o.status,
                "state": shown(&o.status, o.stage),
                "reason": o.reason.as_deref().map(|word| reason(book, word)),
                "attempts": o.attempts,
                "created_at": view::when(o.created_at),
                "sent_at": view::when_any(o.sent_at),
                "delivered_at": view::when_any(o.delivered_at),
                "read_at": view::when_any(o.read_at),
                "failed_at": view::when_any(o.failed_at),
                "approved_template": o.approved,
                "instead_of": o.origin_id,
            })
        })
        .collect())
}

/// What an operator sees before typing: the state of the resident's window, and what would become of an answer.
pub async fn outlook(state: &WebState, c: &impl Conn, r: &Request) -> Result<Value, StoreError> {
    let core = &state.core;
    let seen = reach::outlook(core, c, r).await?;
    let by = if let Plan::Other { channel, .. } = &seen.plan { Some(*channel) } else { None };
    let text = |lang| plan_in_words(&core.book, lang, &seen);
    Ok(json!({
        "channel": seen.channel,
        "window_closes_at": view::when_any(seen.closes_at),
        "plan": seen.plan.as_str(),
        "by": by,
        "reason": seen.plan.why().map(|why| reason(&core.book, why.as_str())),
        "text": {"kk": text(Lang::Kk), "ru": text(Lang::Ru)},
    }))
}

/// `GET /staff/channels`: every wire, whether it works, and what waits for it.
///
/// # Errors
/// The store's.
pub async fn channels(_who: Granted, state: web::Data<WebState>) -> Result<HttpResponse, ApiError> {
    let db = state.core.db.read();
    let (rows, waiting) = (wires::all(db).await?, outbox::backlog(db).await?);
    let items: Vec<Value> = rows
        .iter()
        .map(|w| {
            let queue = waiting.iter().find(|(channel, ..)| *channel == w.channel);
            json!({
                "channel": w.channel,
                "account": w.account,
                "up": w.up,
                "since": view::when(w.since),
                "seen_at": view::when(w.seen_at),
                "reason": w.reason.as_deref().map(|word| reason(&state.core.book, word)),
                "waiting": queue.map_or(0, |(_, n, _)| *n),
                "oldest_at": view::when_any(queue.map(|(.., at)| *at)),
            })
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({"items": items})))
}
