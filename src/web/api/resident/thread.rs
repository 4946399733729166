//! What was said about an own request, and the files that belong to it: the resident's own, and no others.

use crate::dispatch::resident_desk;
use crate::domain::{AttachmentId, Instant};
use crate::store::attachments::{self, AttachmentRow};
use crate::store::messages::{self, direction};
use crate::store::requests::Stored;
use crate::web::api::access::Own;
use crate::web::api::cursor::{self, ThreadCursor};
use crate::web::api::{BASE, input, view};
use crate::web::error::ApiError;
use crate::web::files::{self, Asked};
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};
use uuid::Uuid;

#[derive(serde::Deserialize)]
pub struct Paging {
    cursor: Option<String>,
    limit: Option<String>,
}

/// One thing of a thread: words, files, or words with files.
struct Said {
    at: Instant,
    id: Uuid,
    ours: bool,
    text: Option<String>,
    erased: bool,
    files: Vec<Value>,
}

/// `GET /requests/{number}/messages`: oldest first. Notes of staff are not among them, nor who of the staff wrote.
///
/// # Errors
/// `not_found` also for another resident's number; `bad_request`, `unprocessable`.
pub async fn list(who: Own, state: web::Data<WebState>, number: web::Path<String>, q: web::Query<Paging>) -> Result<HttpResponse, ApiError> {
    let limit = input::limit(q.limit.as_deref())?;
    let after = cursor::decode::<ThreadCursor>(q.cursor.as_deref())?;
    let subject = resident_desk::own(&state.core, who.resident, &input::number(&number)?).await?;
    let mut all = thread(&state, &who, &subject.stored).await?;
    if let Some(c) = after {
        all.retain(|s| (s.at, s.id) > (c.at, c.id));
    }
    let (rows, next) = cursor::page(all, limit, |s| ThreadCursor { at: s.at, id: s.id });
    let items = rows.into_iter().map(shown).collect();
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(view::list::<Value>(items, next)))
}

fn shown(s: Said) -> Value {
    let from = if s.ours { "service" } else { "resident" };
    json!({"id": s.id, "at": view::when(s.at), "from": from, "text": s.text, "erased": s.erased, "attachments": s.files})
}

async fn thread(state: &WebState, who: &Own, stored: &Stored) -> Result<Vec<Said>, ApiError> {
    let db = state.core.db.read();
    let id = stored.request.id;
    let number = stored.request.number.to_string();
    let said = messages::of_request(db, id).await?;
    let mut all: Vec<Said> = said
        .into_iter()
        .filter(|m| m.direction == direction::IN || m.direction == direction::OUT)
        .map(|m| Said { at: m.at, id: m.id.0, ours: m.direction == direction::OUT, erased: m.text.is_none(), text: m.text, files: Vec::new() })
        .collect();
    for a in attachments::of_request(db, id).await?.iter().filter(|a| is_own(a, who, stored)) {
        match all.iter_mut().find(|s| Some(s.id) == a.message_id) {
            Some(with) => with.files.push(file(a, &number)),
            None => all.push(Said { at: a.at, id: a.id, ours: false, text: None, erased: false, files: vec![file(a, &number)] }),
        }
    }
    all.sort_by_key(|s| (s.at, s.id));
    Ok(all)
}

/// Files that crews bring are evidence for the service: other people's doors may be on them.
fn is_own(a: &AttachmentRow, who: &Own, stored: &Stored) -> bool {
    let chat = stored.request.conversation.map(|v| v.0);
    a.uploader_id == Some(who.resident.0) || (chat.is_some() && a.conversation_id == chat)
}

fn file(a: &AttachmentRow, number: &str) -> Value {
    let here = a.status == attachments::status::STORED;
    json!({
        "id": a.id,
        "kind": a.kind,
        "mime": a.mime,
        "size": a.size,
        "status": a.status,
        "url": here.then(|| format!("{BASE}/requests/{number}/attachments/{}", a.id)),
    })
}

/// `GET /requests/{number}/attachments/{id}`: an own file of an own request.
///
/// # Errors
/// `not_found` for every other.
pub async fn attachment(who: Own, state: web::Data<WebState>, path: web::Path<(String, String)>, asked: Asked) -> Result<HttpResponse, ApiError> {
    let none = || ApiError::new("not_found");
    let (number, id) = path.into_inner();
    let subject = resident_desk::own(&state.core, who.resident, &input::number(&number)?).await?;
    let id: AttachmentId = id.parse().map_err(|_| none())?;
    let request = subject.stored.request.id.0;
    let file = attachments::load(state.core.db.read(), id).await?.filter(|a| a.request_id == Some(request) && is_own(a, &who, &subject.stored));
    files::send(&state, file.ok_or_else(none)?, &asked).await
}
