//! What the page of a request is made of, read within the caller's scope, and never without a note of who looked.

use super::lines::PRESENT;
use super::queues::need;
use super::thread::Names;
use crate::dispatch::acts::actor_of;
use crate::dispatch::desk;
use crate::dispatch::reach::{self, Outlook};
use crate::domain::access::Permission;
use crate::domain::phone::Phone;
use crate::domain::request::Event;
use crate::domain::sla::Timer;
use crate::domain::verdict::Verdict;
use crate::domain::{Instant, RequestId, RequestNumber, StaffId, house};
use crate::store::attachments::{self, AttachmentRow};
use crate::store::journal::{self, JournalRow};
use crate::store::messages::{self, Message, PlaceRow};
use crate::store::outbox::{self, OutboxRow};
use crate::store::requests::{self, Stored};
use crate::store::{Conn, access_log, board, houses, joined, residents, staff, timers};
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use chrono::Duration;
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
    /// With true: proved to be the resident's.
    pub phone: Option<(Phone, bool)>,
    /// What would become of an answer.
    pub outlook: Outlook,
    /// What triage thought of it, and the words that decided, until they are erased.
    pub thought: Option<Verdict>,
    pub why: Vec<String>,
    /// Public numbers of requests that the journal names by identifier.
    pub numbers: BTreeMap<String, String>,
    /// Requests that were joined to this one, newest first, and how many there are.
    pub joined: Vec<Stored>,
    pub joined_count: u64,
    /// Others about the same house.
    pub near: Vec<Stored>,
    /// Colleagues who have it open, and whether they write.
    pub present: Vec<(String, bool)>,
}

/// How far back requests about the same house are of interest.
const NEAR_DAYS: i64 = 7;
/// Most of them, and of joined ones, on the page.
const MOST: u64 = 20;

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
        Ok(Event::Linked { to } | Event::ParentChanged { parent: to, .. }) => Some(to),
        _ => None,
    };
    let merged: Vec<_> = journal.iter().filter_map(into).chain(stored.request.parent).collect();
    let numbers = requests::load_many(c, &merged).await?.into_iter().map(|s| (s.request.id.to_string(), s.request.number.to_string())).collect();
    let thought = match journal.first().map(JournalRow::event) {
        Some(Ok(Event::Registered(r))) => r.triage.clone(),
        _ => None,
    };
    let phone = match stored.request.resident {
        Some(r) => residents::load(c, r).await?.and_then(|r| r.number().map(|(p, proved)| (p.clone(), proved))),
        None => None,
    };
    desk::opened(&state.core, session.staff.id, id).await?;
    let place = messages::place_of(c, id).await?;
    let near = match place.as_ref().and_then(|p| p.address.as_deref()).and_then(house::key) {
        Some(key) => at_house(c, session, &key, id, state.core.now()).await?,
        None => Vec::new(),
    };
    Ok(Material {
        outlook: reach::outlook(&state.core, c, &stored.request).await?,
        joined: joined::shown(c, id, MOST).await?,
        joined_count: joined::count(c, id).await?,
        near,
        present: colleagues(state, session, id).await?,
        timers: timers::of_requests(c, &[id]).await?,
        outbox: outbox::of_request(c, id).await?,
        place,
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

/// Requests within reach about a house, newest first.
async fn at_house(c: &impl Conn, session: &Session, key: &str, but: RequestId, now: Instant) -> Result<Vec<Stored>, ApiError> {
    let mut ids = houses::requests(c, key, now - Duration::days(NEAR_DAYS), MOST).await?;
    ids.retain(|id| *id != but);
    let mut rows = requests::load_many(c, &ids).await?;
    rows.retain(|s| session.scope.sees(&s.request));
    rows.sort_by_key(|s| std::cmp::Reverse((s.request.received_at, s.request.id)));
    Ok(rows)
}

/// Who else has a request open.
pub(super) async fn colleagues(state: &WebState, session: &Session, id: RequestId) -> Result<Vec<(String, bool)>, ApiError> {
    let c = state.core.db.read();
    let mut there = board::present(c, &[id], state.core.wall() - PRESENT).await?;
    there.retain(|p| p.staff != session.staff.id);
    let names = staff::named(c, &there.iter().map(|p| p.staff).collect::<Vec<_>>()).await?;
    Ok(there.into_iter().filter_map(|p| Some((names.get(&p.staff)?.clone(), p.writing))).collect())
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
