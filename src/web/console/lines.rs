//! Lines of the board and of search results: one request each, dense, masked.

use super::thread::author;
use super::words::{Due, Words};
use crate::domain::request::EventKind;
use crate::domain::{Instant, RequestId, StaffId};
use crate::store::messages::PlaceRow;
use crate::store::requests::Stored;
use crate::store::{Conn, StoreError, board, journal, messages, staff};
use crate::web::mask;
use std::collections::{BTreeMap, BTreeSet};

/// After so long without a sign a colleague is taken to have gone.
pub(super) const PRESENT: chrono::Duration = chrono::Duration::seconds(45);
/// Kinds of events whose author has the request in hand.
const TAKING: [EventKind; 4] = [EventKind::Accepted, EventKind::Assigned, EventKind::Started, EventKind::Resumed];

/// One request in a list.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub number: String,
    pub version: i64,
    pub hazard: Option<String>,
    pub priority: u8,
    pub class: String,
    pub service: String,
    pub vulnerable: bool,
    pub place: String,
    pub excerpt: String,
    pub status: &'static str,
    pub status_name: String,
    pub due: Option<Due>,
    /// When it came.
    pub received: String,
    /// Crew, or the colleague who took it.
    pub who: String,
    /// Colleagues who look at it right now.
    pub looking: Vec<String>,
    /// Never opened by the reader.
    pub fresh: bool,
    /// The resident wrote after the reader last opened it.
    pub unread: bool,
    pub overdue: bool,
}

/// What lines are made of besides the requests.
#[derive(Debug, Clone, Default)]
pub(super) struct Beside {
    pub words: BTreeMap<RequestId, String>,
    pub wrote: BTreeMap<RequestId, Instant>,
    pub seen: BTreeMap<RequestId, Instant>,
    pub places: BTreeMap<RequestId, PlaceRow>,
    pub taken_by: BTreeMap<RequestId, String>,
    pub names: BTreeMap<String, String>,
    pub looking: BTreeMap<RequestId, Vec<String>>,
}

/// Reads what stands beside these requests: a fixed number of statements, whatever their count.
pub(super) async fn beside(c: &impl Conn, reader: StaffId, list: &[Stored], wall: Instant) -> Result<Beside, StoreError> {
    let ids: Vec<RequestId> = list.iter().map(|s| s.request.id).collect();
    let mut out = Beside::default();
    if ids.is_empty() {
        return Ok(out);
    }
    for (id, text) in messages::words_of(c, &ids).await? {
        out.words.entry(id).or_insert_with(|| text.unwrap_or_default());
    }
    out.wrote = messages::last_in(c, &ids).await?;
    out.seen = board::seen(c, reader, &ids).await?;
    out.places = messages::places_of(c, &ids).await?;
    out.taken_by = journal::last_authors(c, &ids, &TAKING).await?;
    let present = board::present(c, &ids, wall - PRESENT).await?;
    let staff_ids: BTreeSet<StaffId> =
        present.iter().map(|p| p.staff).chain(out.taken_by.values().filter_map(|a| a.split_once(':').and_then(|(_, id)| id.parse().ok()))).collect();
    let people = staff::named(c, &staff_ids.into_iter().collect::<Vec<_>>()).await?;
    for actor in out.taken_by.values() {
        let known = actor.split_once(':').and_then(|(_, id)| id.parse::<StaffId>().ok()).and_then(|id| people.get(&id));
        if let Some(name) = known {
            out.names.insert(actor.clone(), name.clone());
        }
    }
    for p in present.into_iter().filter(|p| p.staff != reader) {
        if let Some(name) = people.get(&p.staff) {
            out.looking.entry(p.request).or_default().push(name.clone());
        }
    }
    Ok(out)
}

/// Lines in the order of the list.
pub(super) fn lines(w: &Words<'_>, list: &[Stored], b: &Beside, now: Instant) -> Vec<Line> {
    list.iter()
        .map(|s| {
            let r = &s.request;
            let street = b.places.get(&r.id).and_then(|p| p.address.as_deref()).map(mask::street).filter(|t| !t.is_empty());
            let taken = r.accepted_at.and(b.taken_by.get(&r.id)).map(|a| author(w, &b.names, a));
            let seen = b.seen.get(&r.id);
            Line {
                number: r.number.to_string(),
                version: r.version,
                hazard: r.hazard.map(|h| w.of("hazard", h.as_str())),
                priority: r.priority.0,
                class: w.class(r.class),
                service: w.service(r.service.as_ref()),
                vulnerable: r.vulnerable,
                place: match (r.district.as_ref(), street) {
                    (None, Some(street)) => street,
                    (district, street) => [Some(w.district(district)), street].into_iter().flatten().collect::<Vec<_>>().join(", "),
                },
                excerpt: b.words.get(&r.id).map(|t| mask::excerpt(t, 110)).unwrap_or_default(),
                status: r.status.as_str(),
                status_name: w.of("state", r.status.as_str()),
                due: if r.status.is_open() { w.due(s.sort_due, now) } else { None },
                received: w.ago(r.received_at, now),
                who: r.crew.as_ref().map(|c| w.crew(c)).or(taken).unwrap_or_default(),
                looking: b.looking.get(&r.id).cloned().unwrap_or_default(),
                fresh: seen.is_none(),
                unread: seen.is_some_and(|at| b.wrote.get(&r.id).is_some_and(|wrote| wrote > at)),
                overdue: s.overdue,
            }
        })
        .collect()
}
