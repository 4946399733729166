//! A letter as it came, from the page of its request: everything that is written in it, and what was attached. Each look is noted first.

use super::queues::need;
use super::shell::{Shell, page};
use crate::channels::MAIN;
use crate::channels::mail::{FilePart, Letter, file_id, letter_in, read_letter};
use crate::config::local_date_time;
use crate::dispatch::acts::actor_of;
use crate::domain::access::Permission;
use crate::domain::inbound::ChannelKind;
use crate::domain::{MessageId, RequestNumber};
use crate::store::{access_log, attachments, letters, messages, raw_events, requests};
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::peer;
use crate::web::state::WebState;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

/// One attached file.
#[derive(Debug, Clone)]
pub(super) struct Attached {
    pub name: String,
    pub size: String,
    /// Set when it lies in our store and can be opened.
    pub id: Option<String>,
    pub state: String,
}

#[derive(Template)]
#[template(path = "console/letter.html")]
pub(super) struct LetterPage<'a> {
    pub s: Shell<'a>,
    pub number: String,
    pub at: String,
    /// None: it was let go or erased.
    pub letter: Option<Letter>,
    pub files: Vec<Attached>,
}

/// `GET /console/requests/{number}/letters/{id}`: the letter that brought a message.
///
/// # Errors
/// `not_found`, also out of reach and for what came by another door; `unavailable` when the look cannot be noted.
pub async fn show(
    req: HttpRequest,
    state: web::Data<WebState>,
    session: Session,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    need(&session, Permission::ReadRequest)?;
    let none = || ApiError::new("not_found");
    let number = RequestNumber::parse(&path.0).map_err(|_| none())?;
    let id: MessageId = path.1.parse().map_err(|_| none())?;
    let db = state.core.db.read();
    let stored = requests::by_number_scoped(db, &number, &session.scope).await?.ok_or_else(none)?;
    let request = stored.request.id;
    let said = messages::of_request(db, request).await?.into_iter().find(|m| m.id == id && m.text.is_some()).ok_or_else(none)?;
    let event = said.raw_event.filter(|_| stored.request.channel == ChannelKind::Mail).ok_or_else(none)?;
    access_log::note(state.core.db.write(), state.core.wall(), &actor_of(&session.scope).to_string(), "letter", Some(request), None).await?;
    let s = Shell::of(&state, peer::language(&req), &session, "request");
    let (mut letter, mut files) = (None, Vec::new());
    if let Some(row) = raw_events::load(db, event).await?.filter(|r| r.channel == ChannelKind::Mail.as_str()) {
        let whole = letters::whole(db, MAIN, &row.external_id).await?;
        if let Some(raw) = whole.or_else(|| letter_in(&row.body).map(<[u8]>::to_vec)).filter(|raw| !raw.is_empty()) {
            // Apart from everything else: a letter that is hard to read holds up nobody.
            let read = web::block(move || read_letter(&raw)).await.map_err(|_| ApiError::new("unavailable"))?;
            let rows = attachments::of_request(db, request).await?;
            let of = |f: &FilePart| {
                let name = file_id(&row.external_id, f.place);
                let found = rows.iter().find(|a| a.file_id.as_deref() == Some(name.as_str()));
                Attached {
                    name: f.name.clone().unwrap_or_else(|| s.w.t("letter.unnamed").to_owned()),
                    size: format!("{} KB", f.size.div_ceil(1024)),
                    id: found.filter(|a| a.status == attachments::status::STORED).map(|a| a.id.to_string()),
                    state: found.map(|a| s.w.of("file", &a.status)).unwrap_or_default(),
                }
            };
            files = read.files.iter().map(of).collect();
            letter = Some(read);
        }
    }
    page(StatusCode::OK, &LetterPage { number: number.to_string(), at: local_date_time(said.at), letter, files, s })
}
