//! Records into the database: each once, calls computed anew from all of their records, whatever came first and through whatever door.

use super::agents::Agents;
use super::join;
use super::record::Record;
use super::source::Source;
use crate::bus::Hint;
use crate::dispatch::{Core, DispatchError};
use crate::domain::call::{Call, Direction, Outcome};
use crate::domain::caller::Caller;
use crate::domain::phone::Phone;
use crate::domain::{CallId, Instant};
use crate::store::calls::files::FilePosition;
use crate::store::calls::{self, StoredCall, events, files, links, records, tally};
use crate::store::{StoreError, Tx};
use chrono::Duration;
use std::collections::{BTreeMap, BTreeSet};

/// A call whose last record came this long ago is whole: then it may become a call-back.
pub const SETTLE: Duration = Duration::seconds(60);
/// Changes of older calls are of no interest to those who watch live.
const LIVE: Duration = Duration::hours(2);

/// Where records come from, and what may follow from them.
#[derive(Debug, Clone, Copy)]
pub struct Feed<'a> {
    pub source: &'a Source,
    /// The profile's name, for those who look at the source later.
    pub profile: &'a str,
    /// Missed calls become call-backs.
    pub tasks: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Records that were not there.
    pub records: u64,
    /// Records that stood already.
    pub known: u64,
    /// New calls.
    pub calls: u64,
    /// Known calls that the records changed.
    pub changed: u64,
}

impl Sum {
    /// Takes another in.
    pub fn add(&mut self, other: Self) {
        self.records += other.records;
        self.known += other.known;
        self.calls += other.calls;
        self.changed += other.changed;
    }
}

/// Records of one call, with the calls that they were taken for before.
#[derive(Debug, Default)]
struct Group<'a> {
    fresh: Vec<&'a Record>,
    calls: BTreeSet<CallId>,
}

/// Stores records inside the caller's transaction. Hints are for after the commit.
///
/// # Errors
/// The store's; the caller rolls back.
pub async fn store(core: &Core, tx: &Tx, feed: Feed<'_>, batch: &[Record]) -> Result<(Sum, Vec<Hint>), DispatchError> {
    let now = core.now();
    let name = feed.source.name.as_str();
    records::feed(tx, name, &feed.source.zone.to_string(), feed.profile, now).await?;
    let by_key: BTreeMap<&str, &Record> = batch.iter().map(|r| (r.key.as_str(), r)).collect();
    let known = records::known(tx, &by_key.keys().copied().collect::<Vec<_>>()).await?;
    let fresh: Vec<Record> = by_key.values().filter(|r| !known.contains(r.key.as_str())).map(|r| (*r).clone()).collect();
    let mut sum = Sum { records: fresh.len() as u64, known: (batch.len() - fresh.len()) as u64, ..Sum::default() };
    if fresh.is_empty() {
        return Ok((sum, Vec::new()));
    }
    let links: BTreeSet<&str> = fresh.iter().flat_map(|r| r.links.iter().map(String::as_str)).collect();
    let holders = records::holders(tx, name, &links.into_iter().collect::<Vec<_>>()).await?;
    let groups = group(&fresh, &holders);

    let touched: Vec<CallId> = groups.iter().flat_map(|g| g.calls.iter().copied()).collect();
    let mut stored: BTreeMap<CallId, Vec<Record>> = BTreeMap::new();
    for (id, body) in records::of_calls(tx, &touched).await? {
        let record = serde_json::from_str(&body).map_err(|e| StoreError::corrupt("call_record.body", e))?;
        stored.entry(id).or_default().push(record);
    }
    let before: BTreeMap<CallId, StoredCall> = calls::load_many(tx, &touched).await?.into_iter().map(|c| (c.id, c)).collect();
    let agents = Agents::load(tx).await?;

    let (mut rows, mut held, mut written, mut gone) = (Vec::new(), BTreeMap::new(), Vec::new(), Vec::new());
    for g in &groups {
        // The oldest call of a group stays: identifiers are ordered by time of making.
        let id = g.calls.first().copied().unwrap_or_else(CallId::fresh);
        for from in g.calls.iter().skip(1) {
            records::join(tx, *from, id).await?;
            gone.push(*from);
        }
        for r in &g.fresh {
            let body = serde_json::to_string(r).map_err(|e| DispatchError::Internal(format!("a record cannot be written: {e}")))?;
            rows.push(records::NewRecord { key: r.key.as_str().to_owned(), call: id, at: r.at, body });
            held.extend(r.links.iter().filter(|l| !holders.contains_key(*l)).map(|l| (l.clone(), id)));
        }
        let of_call: Vec<&Record> = g.calls.iter().filter_map(|c| stored.get(c)).flatten().chain(g.fresh.iter().copied()).collect();
        let Some(call) = join::merge(&of_call, feed.source) else { continue };
        let prior = before.get(&id);
        if prior.is_some_and(|p| p.call == call) && g.calls.len() == 1 {
            continue;
        }
        written.push(computed(core, feed, id, call, prior, &agents, now));
    }
    calls::remove(tx, &gone).await?;
    records::insert(tx, name, rows).await?;
    records::hold(tx, name, &held.into_iter().collect::<Vec<_>>()).await?;
    calls::upsert(tx, &written).await?;
    sum.calls = written.iter().filter(|c| !before.contains_key(&c.id)).count() as u64;
    sum.changed = written.len() as u64 - sum.calls;
    count(tx, &written, &before).await?;
    link(core, tx, &written, now).await?;
    let recent = written.iter().filter(|c| c.call.started_at > now - LIVE).map(|c| Hint::Call(c.id.to_string())).collect();
    Ok((sum, recent))
}

/// Sorts new records into calls, and finds out which known calls are one with them.
fn group<'a>(fresh: &'a [Record], holders: &BTreeMap<String, CallId>) -> Vec<Group<'a>> {
    let mut groups: Vec<Option<Group<'a>>> = Vec::new();
    let mut of_call: BTreeMap<CallId, usize> = BTreeMap::new();
    for component in join::components(fresh) {
        let mut mine = Group { calls: component.iter().flat_map(|r| &r.links).filter_map(|l| holders.get(l)).copied().collect(), fresh: component };
        let meets: BTreeSet<usize> = mine.calls.iter().filter_map(|c| of_call.get(c)).copied().collect();
        for i in meets {
            if let Some(other) = groups.get_mut(i).and_then(Option::take) {
                mine.fresh.extend(other.fresh);
                mine.calls.extend(other.calls);
            }
        }
        of_call.extend(mine.calls.iter().map(|c| (*c, groups.len())));
        groups.push(Some(mine));
    }
    groups.into_iter().flatten().collect()
}

/// The number outside: the caller's of a call that came in, the dialled one of a call that went out.
fn outside(call: &Call, source: &Source) -> Option<Phone> {
    match call.direction {
        Direction::Inbound => call.caller.phone().cloned(),
        Direction::Outbound => call.dialled.as_deref().and_then(|d| Caller::read(d, &source.area).phone().cloned()),
        Direction::Internal => None,
    }
}

fn computed(core: &Core, feed: Feed<'_>, id: CallId, call: Call, prior: Option<&StoredCall>, agents: &Agents, now: Instant) -> StoredCall {
    let phone = outside(&call, feed.source);
    let made = prior.is_some_and(|p| p.callback_made);
    let missed = call.direction == Direction::Inbound && call.outcome.wants_callback() && phone.is_some() && !made;
    let recent = call.ended_at.is_some_and(|end| now - end < core.settings.callback.max_age);
    let callback_at = if !missed {
        None
    } else if feed.tasks && recent {
        // More records may come: the wait begins anew with each.
        Some(now + SETTLE)
    } else {
        prior.and_then(|p| p.callback_at)
    };
    StoredCall {
        id,
        phone,
        staff: agents.find(call.agent.as_deref()),
        call,
        callback_at,
        callback_made: made,
        imported_at: prior.map_or(now, |p| p.imported_at),
        updated_at: now,
        topic: None,
    }
}

/// Counts calls that have ended now and had not before.
async fn count(tx: &Tx, written: &[StoredCall], before: &BTreeMap<CallId, StoredCall>) -> Result<(), StoreError> {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for c in written.iter().filter(|c| c.call.outcome != Outcome::Ongoing) {
        if before.get(&c.id).is_none_or(|p| p.call.outcome == Outcome::Ongoing) {
            *sums.entry(c.call.outcome.as_str()).or_default() += 1;
        }
    }
    for (outcome, n) in sums {
        tally::add(tx, outcome, n).await?;
    }
    Ok(())
}

/// Links requests that the answering agents registered while they spoke.
async fn link(core: &Core, tx: &Tx, written: &[StoredCall], now: Instant) -> Result<(), StoreError> {
    let grace = core.settings.link_grace;
    let spoke: Vec<(&StoredCall, Instant, Instant)> = written
        .iter()
        .filter_map(|c| Some((c, c.call.answered_at?, c.call.ended_at.unwrap_or(now) + grace)))
        .filter(|(c, ..)| c.staff.is_some())
        .collect();
    let (Some(from), Some(to)) = (spoke.iter().map(|s| s.1).min(), spoke.iter().map(|s| s.2).max()) else { return Ok(()) };
    let staff: BTreeSet<_> = spoke.iter().filter_map(|(c, ..)| c.staff).collect();
    for (request, who, at) in links::taken_down(tx, &staff.into_iter().collect::<Vec<_>>(), from, to).await? {
        if !spoke.iter().any(|(c, a, b)| c.staff == Some(who) && (*a..=*b).contains(&at)) {
            continue;
        }
        // The newest conversation of that operator by then: the one before may still be in its grace.
        if let Some(call) = calls::list::of_staff_at(tx, who, at - grace, at).await? {
            let link = links::Link { call: call.id, request, how: links::how::TIME.into(), actor: "system:calls".into(), at: now };
            links::settle(tx, &link).await?;
        }
    }
    Ok(())
}

/// What must stand or fall with the records.
#[derive(Debug, Clone)]
pub enum Mark {
    Nothing,
    /// The posted body that they were read from.
    Event {
        id: i64,
        wall: Instant,
    },
    /// How far a file has been read.
    File {
        path: String,
        position: FilePosition,
    },
}

/// Stores records in a transaction of their own; two who feed one exchange at once take turns.
///
/// # Errors
/// The store's; `Busy` when another has done the same event. Nothing was stored then.
pub async fn run(core: &Core, feed: Feed<'_>, batch: &[Record], mark: &Mark) -> Result<Sum, DispatchError> {
    let mut tries = 0;
    loop {
        match attempt(core, feed, batch, mark).await {
            Err(DispatchError::Store(e)) if tries < 5 && (e.is_transient() || matches!(e, StoreError::Duplicate(_))) => {
                tries += 1;
                tokio::time::sleep(std::time::Duration::from_millis(50 << tries)).await;
            }
            other => return other,
        }
    }
}

async fn attempt(core: &Core, feed: Feed<'_>, batch: &[Record], mark: &Mark) -> Result<Sum, DispatchError> {
    let tx = core.db.begin().await?;
    let (sum, hints) = store(core, &tx, feed, batch).await?;
    match mark {
        Mark::Nothing => {}
        Mark::Event { id, wall } => {
            if events::mark_done(&tx, &[*id], *wall).await? != 1 {
                return Err(DispatchError::Busy);
            }
        }
        Mark::File { path, position } => files::save(&tx, &feed.source.name, path, position, core.wall()).await?,
    }
    tx.commit().await.map_err(StoreError::from)?;
    hints.into_iter().for_each(|h| core.bus.publish(h));
    Ok(sum)
}
