//! What people wrote under posts of a period, and whether it was answered: by page, and one by one.

use super::reports::midnight;
use crate::domain::inbound::ChannelKind;
use crate::domain::time::truncate;
use crate::domain::{MessageId, RequestId};
use crate::store::social::{self, CommentCursor, CommentRow, Filter, need};
use crate::store::{Conn, StoreError, messages, requests};
use crate::web::api::access::Granted;
use crate::web::api::cursor;
use crate::web::api::{input, view};
use crate::web::error::ApiError;
use crate::web::mask;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Characters of a comment that a list shows.
const EXCERPT: usize = 200;

#[derive(Deserialize)]
pub struct Which {
    from: Option<String>,
    to: Option<String>,
    channel: Option<String>,
    answered: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

/// `GET /staff/reports/social?from=&to=&channel=&answered=`: counts by page, and a page of the comments themselves, newest first. Without a period
/// today so far.
///
/// # Errors
/// `bad_request`, `unprocessable`.
pub async fn show(_who: Granted, state: web::Data<WebState>, q: web::Query<Which>) -> Result<HttpResponse, ApiError> {
    let now = truncate(state.core.now());
    let to = input::moment("to", q.to.as_deref())?.unwrap_or(now);
    let from = input::moment("from", q.from.as_deref())?.unwrap_or_else(|| midnight(now));
    if from > to {
        return Err(input::wrong("from, to", "from is later than to"));
    }
    let channel: Option<ChannelKind> = input::word("channel", q.channel.as_deref())?;
    let answered = match q.answered.as_deref() {
        None => None,
        some => Some(input::flag("answered", some)?),
    };
    let limit = input::limit(q.limit.as_deref())?;
    let after = cursor::decode::<CommentCursor>(q.cursor.as_deref())?;
    let filter = Filter { from: Some(from), to: Some(to), channel, answered };
    let db = state.core.db.read();
    let pages: Vec<Value> = social::counts(db, &filter)
        .await?
        .into_iter()
        .map(|((channel, account), n)| {
            json!({"channel": channel, "account": account, "comments": n.all, "asking": n.asking, "answered": n.answered,
                "unanswered": n.asking - n.answered})
        })
        .collect();
    let rows = social::list(db, &filter, after.as_ref(), limit as u64 + 1).await?;
    let (rows, next) = cursor::page(rows, limit, CommentCursor::after);
    let items = items(db, &rows).await?;
    Ok(HttpResponse::Ok().json(json!({
        "from": view::when(from),
        "to": view::when(to),
        "pages": pages,
        "items": items,
        "next_cursor": next,
    })))
}

async fn items(c: &impl Conn, rows: &[CommentRow]) -> Result<Vec<Value>, StoreError> {
    let ids: Vec<RequestId> = rows.iter().filter_map(|r| r.request_id.map(RequestId)).collect();
    let numbers: BTreeMap<_, _> = requests::load_many(c, &ids).await?.into_iter().map(|s| (s.request.id, s.request.number.to_string())).collect();
    let replies: BTreeMap<_, _> = social::first_replies(c, &ids).await?.into_iter().map(|(id, channel, at)| ((id, channel), at)).collect();
    let unclear: Vec<MessageId> = rows.iter().filter_map(|r| r.message_id.map(MessageId)).collect();
    let words: BTreeMap<_, _> = messages::texts_of(c, &unclear).await?.into_iter().collect();
    let item = |r: &CommentRow| {
        let request = r.request_id.map(RequestId);
        let replied = request.and_then(|id| replies.get(&(id, r.channel.clone())).copied().flatten());
        let answered_at = match (r.answered_at, replied) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let text = r.message_id.and_then(|id| words.get(&MessageId(id)));
        json!({
            "id": r.id,
            "channel": r.channel,
            "account": r.account,
            "post": r.post,
            "comment": r.comment,
            "need": r.need,
            "request": request.and_then(|id| numbers.get(&id)),
            "text": text.map(|t| mask::excerpt(t, EXCERPT)),
            "posted_at": view::when(r.posted_at),
            "received_at": view::when(r.received_at),
            "answered": (r.need != need::NONE).then_some(answered_at.is_some()),
            "answered_at": view::when_any(answered_at),
            "removed": r.removed_at.is_some(),
        })
    };
    Ok(rows.iter().map(item).collect())
}
