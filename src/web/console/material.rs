//! What the page of a request is made of, read within the caller's scope, and never without a note of who looked.

use super::queues::need;
use super::thread::Names;
use crate::dispatch::acts::actor_of;
use crate::domain::access::Permission;
use crate::domain::phone::Phone;
use crate::domain::request::Event;
use crate::domain::sla::Timer;
use crate::domain::verdict::Verdict;
use crate::domain::{RequestNumber, StaffId};
use crate::store::attachments::{self, AttachmentRow};
use crate::store::journal::{self, JournalRow};
use crate::store::messages::{self, Message, PlaceRow};
use crate::store::outbox::{self, OutboxRow};
use crate::store::requests::{self, Stored};
use crate::store::{Conn, access_log, residents, staff, timers};
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that the page shows, as stored.
#[derive(Debug, Clone)]
pub(super) struct Material {
    pub stored: Stored,
    pub timers: Vec<Timer>,
    pub messages: Vec<Message>,
    pub outbox: Vec<OutboxRow>,
    pub place: Option<PlaceRow>,
    pub files: Vec<AttachmentRow>,
    pub journal: Vec<JournalRow>,
    pub names: Names,
    pub phone: Option<Phone>,
    /// What triage thought of it, and the words that decided, until they are erased.
    pub thought: Option<Verdict>,
    pub why: Vec<String>,
    /// Public numbers of requests that the journal names by identifier.
    pub numbers: BTreeMap<String, String>,
}

/// Reads a request within the caller's scope. The view is noted in the access log before anything can be shown.
pub(super) async fn material(state: &WebState, session: &Session, number: &str, what: &str, reason: Option<&str>) -> Result<Material, ApiError> {
    need(session, Permission::ReadRequest)?;
    need(session, Permission::ReadPersonal)?;
    let number = RequestNumber::parse(number).map_err(|_| ApiError::new("bad_number"))?;
    let c = state.core.db.read();
    let stored = requests::by_number_scoped(c, &number, &session.scope).await?.ok_or_else(|| ApiError::new("not_found"))?;
    let id = stored.request.id;
    access_log::note(state.core.db.write(), state.core.now(), &actor_of(&session.scope).to_string(), what, Some(id), reason).await?;
    let messages = messages::of_request(c, id).await?;
    let journal = journal::of_request(c, id).await?;
    let names = names_of(c, messages.iter().map(|m| &m.author).chain(journal.iter().map(|j| &j.actor))).await?;
    let into = |j: &JournalRow| match j.event() {
        Ok(Event::Merged { into }) => Some(into),
        Ok(Event::Linked { to }) => Some(to),
        _ => None,
    };
    let merged: Vec<_> = journal.iter().filter_map(into).chain(stored.request.parent).collect();
    let numbers = requests::load_many(c, &merged).await?.into_iter().map(|s| (s.request.id.to_string(), s.request.number.to_string())).collect();
    let thought = match journal.first().map(JournalRow::event) {
        Some(Ok(Event::Registered(r))) => r.triage.clone(),
        _ => None,
    };
    let phone = match stored.request.resident {
        Some(r) => residents::load(c, r).await?.and_then(|r| r.phone),
        None => None,
    };
    Ok(Material {
        timers: timers::of_requests(c, &[id]).await?,
        outbox: outbox::of_request(c, id).await?,
        place: messages::place_of(c, id).await?,
        files: attachments::of_request(c, id).await?,
        why: messages::reasons_of(c, id).await?.unwrap_or_default(),
        thought,
        stored,
        messages,
        journal,
        names,
        phone,
        numbers,
    })
}

/// Names of the members of staff among the authors.
async fn names_of(c: &impl Conn, actors: impl Iterator<Item = &String>) -> Result<Names, ApiError> {
    let mut names = Names::new();
    for actor in actors.collect::<BTreeSet<_>>() {
        let Some(("staff" | "crew", id)) = actor.split_once(':') else { continue };
        let Ok(id) = id.parse::<StaffId>() else { continue };
        if let Some(member) = staff::load(c, id).await? {
            names.insert(actor.clone(), member.name);
        }
    }
    Ok(names)
}
