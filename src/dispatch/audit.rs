//! The audit: who saw and changed what, when and why. Changes of requests stand in their journals, which prove them; here stands where to look.

use super::acts::actor_of;
use super::{Core, DispatchError};
use crate::domain::access::Scope;
use crate::domain::{Instant, RequestNumber, StaffId};
use crate::store::access_log::{self, Entry, Search};
use crate::store::{Conn, requests, staff};
use std::collections::{BTreeMap, BTreeSet};

/// Most rows of one export.
pub const MOST_EXPORTED: usize = 50_000;
const PAGE: u64 = 1_000;

/// Writes an entry in the caller's transaction or statement.
///
/// # Errors
/// The store's: then nothing may be shown or changed.
pub async fn enter(core: &Core, c: &impl Conn, actor: &str, what: &str, object: Option<&str>, reason: Option<&str>) -> Result<(), DispatchError> {
    let reason = reason.map(|r| r.trim().replace('\0', "")).filter(|r| !r.is_empty());
    Ok(access_log::write(c, core.wall(), &Entry { actor, what, request: None, object, reason: reason.as_deref() }).await?)
}

/// How an account is named in the audit.
#[must_use]
pub fn person(id: StaffId) -> String {
    format!("staff:{id}")
}

/// What to look for, as a person writes it.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// A login.
    pub person: Option<String>,
    /// A request's number, a login, or an object as the audit writes it: `call:<id>`.
    pub object: Option<String>,
    pub from: Option<Instant>,
    pub to: Option<Instant>,
    pub before: Option<(Instant, i64)>,
}

/// One line of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub id: i64,
    pub at: Instant,
    pub actor: String,
    /// Login and name of the author, when it is a member of staff.
    pub who: Option<(String, String)>,
    pub what: String,
    /// A request's number, or the object.
    pub object: Option<String>,
    pub reason: Option<String>,
}

/// Lines that answer a question, the newest first. To look at the audit is no view of personal data; an export is noted.
///
/// # Errors
/// `Invalid` for a person or an object that does not exist; the store's.
pub async fn search(core: &Core, q: &Question, limit: u64) -> Result<Vec<Line>, DispatchError> {
    let c = core.db.read();
    let asked = understood(core, q).await?;
    lines(c, access_log::search(c, &asked, limit).await?).await
}

/// All lines that answer a question; the export itself is noted first.
///
/// # Errors
/// As [`search`]; `too_large` for more than [`MOST_EXPORTED`]: a part that looks like the whole would mislead.
pub async fn export(core: &Core, scope: &Scope, q: &Question) -> Result<Vec<Line>, DispatchError> {
    let mut asked = understood(core, q).await?;
    let what = [q.person.as_deref(), q.object.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    enter(core, core.db.write(), &actor_of(scope).to_string(), "audit_export", None, Some(&what)).await?;
    let c = core.db.read();
    let mut out = Vec::new();
    while out.len() <= MOST_EXPORTED {
        let page = access_log::search(c, &asked, PAGE).await?;
        let Some(last) = page.last() else { break };
        asked.before = Some((last.at, last.id));
        out.extend(lines(c, page).await?);
    }
    if out.len() > MOST_EXPORTED {
        return Err(DispatchError::invalid("too_large", format!("more than {MOST_EXPORTED} lines: name a shorter period")));
    }
    Ok(out)
}

async fn understood(core: &Core, q: &Question) -> Result<Search, DispatchError> {
    let c = core.db.read();
    let given = |text: &Option<String>| text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
    let mut out = Search { from: q.from, to: q.to, before: q.before, ..Search::default() };
    if let Some(login) = given(&q.person) {
        let member = staff::by_login(c, &login.to_lowercase()).await?;
        out.person = Some(member.ok_or_else(|| DispatchError::invalid("unprocessable", "person: there is no such account"))?.id);
    }
    if let Some(object) = given(&q.object) {
        if let Ok(number) = RequestNumber::parse(&object) {
            let found = requests::by_number(c, &number).await?;
            out.request = Some(found.ok_or_else(|| DispatchError::invalid("unprocessable", "object: there is no such request"))?.request.id);
        } else if let Some(member) = staff::by_login(c, &object.to_lowercase()).await? {
            out.object = Some(person(member.id));
        } else if object.contains(':') {
            out.object = Some(object);
        } else {
            return Err(DispatchError::invalid("unprocessable", "object: a request's number, a login or an object such as call:<id>"));
        }
    }
    Ok(out)
}

async fn lines(c: &impl Conn, rows: Vec<crate::store::entity::access_log::Model>) -> Result<Vec<Line>, DispatchError> {
    let wanted: BTreeSet<_> = rows.iter().filter_map(|r| r.request_id).map(crate::domain::RequestId).collect();
    let ids: Vec<_> = wanted.into_iter().collect();
    let mut numbers = BTreeMap::new();
    for part in ids.chunks(500) {
        numbers.extend(requests::load_many(c, part).await?.into_iter().map(|s| (s.request.id.0, s.request.number.to_string())));
    }
    let people: BTreeMap<StaffId, (String, String)> = staff::all(c).await?.into_iter().map(|s| (s.id, (s.login, s.name))).collect();
    let member = |word: &str| match word.split_once(':') {
        Some(("staff" | "crew", id)) => id.parse().ok().and_then(|id: StaffId| people.get(&id).cloned()),
        _ => None,
    };
    Ok(rows
        .into_iter()
        .map(|r| Line {
            id: r.id,
            at: r.at,
            who: member(&r.actor),
            object: match (r.request_id, r.object) {
                (Some(id), _) => Some(numbers.get(&id).cloned().unwrap_or_else(|| id.to_string())),
                // An account is shown by its login.
                (None, object) => object.map(|o| member(&o).map_or(o, |(login, _)| login)),
            },
            actor: r.actor,
            what: r.what,
            reason: r.reason,
        })
        .collect())
}
