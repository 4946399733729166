//! What administrators change while the service runs: checked as a whole, kept as numbered changes, taken up by every process on a hint and by a look every
//! ten seconds. The way of the books ([`super::books`]), for texts, catalogue, routing, templates and shifts.

use super::books::GRACE_SECS;
use super::editions::{Editions, Sources};
use super::{Core, DispatchError, audit};
use crate::bus::Hint;
use crate::config::Book;
use crate::domain::actor::Actor;
use crate::domain::setting::{Area, Fault, RULES};
use crate::domain::{QueueCode, ServiceCode};
use crate::store::revisions::{self, Revision};
use crate::store::{Conn, Db, StoreError, Tx, books, duties, requests, staff};
use std::collections::BTreeSet;

/// Longest note, in characters.
const LONGEST_NOTE: usize = 500;
/// Longest key and value, in bytes.
const LONGEST_KEY: usize = 120;
const LONGEST_VALUE: usize = 200_000;
/// Changes that may come between reading and writing before the change is given up.
const TRIES: usize = 20;

/// The value that stands for what the installation no longer has.
pub const REMOVED: &str = r#"{"removed":true}"#;

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It would break something: everything that must be mended.
    #[error("{}", list(.0))]
    Faults(Vec<Fault>),
    /// Another change came first; it is tried again.
    #[error("another change came first")]
    Late,
    #[error(transparent)]
    Other(#[from] DispatchError),
}

fn list(faults: &[Fault]) -> String {
    faults.iter().map(|f| f.plain.as_str()).collect::<Vec<_>>().join("; ")
}

impl From<StoreError> for Refused {
    fn from(e: StoreError) -> Self {
        Self::Other(e.into())
    }
}

impl From<Refused> for DispatchError {
    fn from(e: Refused) -> Self {
        match e {
            Refused::Faults(faults) => Self::invalid("config_breaks", list(&faults)),
            Refused::Late => Self::Busy,
            Refused::Other(e) => e,
        }
    }
}

/// A change as an administrator states it.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    pub area: Area,
    pub key: &'a str,
    /// JSON; unset: what the files have.
    pub value: Option<&'a str>,
    pub note: &'a str,
    /// The newest change of this key that its author saw; unset: whatever stands.
    pub expected: Option<i64>,
}

/// The configuration of a process that starts: its files with everything that was changed since.
///
/// # Errors
/// The store's. Changes that do not fit the files any more are set aside, told in the log and to administrators: the service starts.
pub async fn open(db: &Db, files: Book) -> Result<Editions, DispatchError> {
    let all = Editions::new(files);
    take_up(&all, db.read()).await?;
    Ok(all)
}

/// Takes in changes that this process does not know yet. Gives how many there were.
///
/// # Errors
/// The store's.
pub async fn reload(core: &Core) -> Result<usize, DispatchError> {
    take_up(&core.book, core.db.read()).await
}

/// Puts the newest policies and calendars into the edition.
///
/// # Errors
/// The store's.
pub(super) async fn refresh(core: &Core) -> Result<(), DispatchError> {
    take_up(&core.book, core.db.read()).await.map(drop)
}

async fn take_up(all: &Editions, c: &impl Conn) -> Result<usize, DispatchError> {
    let mut of = all.sources();
    let (rows, last) = revisions::after(c, of.number).await?;
    let newest = books::newest(c).await?;
    if last == of.number && newest == of.books {
        return Ok(0);
    }
    of.number = last;
    for row in &rows {
        let key = (row.area, row.key.clone());
        match &row.value {
            Some(value) => drop(of.overlay.insert(key, value.clone())),
            None => drop(of.overlay.remove(&key)),
        }
    }
    of.books = newest;
    let (book, aside) = edition(all.files(), &of, c).await?;
    for why in &aside {
        tracing::error!(why, "a change of the configuration does not fit the program's files any more and is set aside");
    }
    of.aside = aside;
    let (number, books) = (of.number, of.books);
    if !all.put(book, of) {
        return Err(DispatchError::Internal("this process has taken up too many changes: start it again".into()));
    }
    tracing::info!(change = number, books, "another edition of the configuration is in force");
    Ok(rows.len())
}

/// The files with changes and the newest policies and calendars.
async fn edition(files: &Book, of: &Sources, c: &impl Conn) -> Result<(Book, Vec<String>), DispatchError> {
    let (mut book, mut aside) = files.with(&of.overlay);
    if let Some(row) = books::last(c).await? {
        let (sla, calendar) = (toml::from_str(&row.sla), toml::from_str(&row.calendar));
        match (sla, calendar) {
            (Ok(sla), Ok(calendar)) => (book.sla, book.calendar) = (sla, calendar),
            _ => aside.push(format!("revision {} of the books cannot be read", row.number)),
        }
    }
    aside.extend(book.problems());
    Ok((book, aside))
}

/// What the book would be with a change, without making it.
///
/// # Errors
/// Everything that must be mended; `NotFound` for a key that nothing has.
pub async fn propose(core: &Core, change: &Change<'_>) -> Result<Book, Refused> {
    reload(core).await?;
    proposed(core, core.db.read(), change).await
}

async fn proposed(core: &Core, c: &impl Conn, change: &Change<'_>) -> Result<Book, Refused> {
    let (area, key) = (change.area, change.key);
    let sized = key.len() <= LONGEST_KEY && change.value.is_none_or(|v| v.len() <= LONGEST_VALUE) && !key.is_empty();
    if !sized || key.contains('\0') || change.value.is_some_and(|v| v.contains("\\u0000")) || (area == Area::Routing && key != RULES) {
        return Err(DispatchError::invalid("unprocessable", "key or value").into());
    }
    let mut of = core.book.sources();
    match change.value {
        Some(value) => drop(of.overlay.insert((area, key.to_owned()), value.to_owned())),
        None => drop(of.overlay.remove(&(area, key.to_owned()))),
    }
    // The present edition has the newest policies and calendars.
    let before: &Book = &core.book;
    let (mut after, _) = core.book.files().with(&of.overlay);
    (after.sla, after.calendar) = (before.sla.clone(), before.calendar.clone());
    if let Some(value) = change.value {
        // Told apart from what was set aside before.
        let mut alone = core.book.files().clone();
        alone.lay(area, key, value).map_err(|why| DispatchError::invalid("unprocessable", why))?;
    } else if before.value_of(area, key).is_none() && after.value_of(area, key).is_none() {
        return Err(DispatchError::NotFound.into());
    }
    if before.value_of(area, key) == after.value_of(area, key) {
        return Err(Refused::Faults(vec![Fault::new("nothing", "nothing would be different", &[])]));
    }
    // What is wrong already is mended one thing at a time: it stands in the way of nothing else.
    let files = core.book.files();
    let old: BTreeSet<String> = before.faults(files, area, key).into_iter().map(|f| f.plain).chain(before.problems()).collect();
    let mut faults = after.faults(files, area, key);
    faults.retain(|f| !old.contains(&f.plain));
    if faults.is_empty() {
        let new = after.problems().into_iter().filter(|p| !old.contains(p));
        faults.extend(new.map(|p| Fault::new("other", p.clone(), &[("problem", &p)])));
    }
    faults.extend(at_work(core, c, before, &after, change).await?);
    if faults.is_empty() { Ok(after) } else { Err(Refused::Faults(faults)) }
}

/// What the work in hand says against a change.
async fn at_work(core: &Core, c: &impl Conn, before: &Book, after: &Book, change: &Change<'_>) -> Result<Vec<Fault>, Refused> {
    let mut out = Vec::new();
    let count = |n: u64| n.to_string();
    match change.area {
        Area::Queue => {
            if let (Some(was), None) = (before.catalog.queue(change.key), after.catalog.queue(change.key)) {
                let open = requests::open_in_queue(c, &was.code).await?;
                if open > 0 {
                    out.push(Fault::new("open_requests", format!("{open} requests are open in it"), &[("count", &count(open))]));
                }
                out.extend(not_closed_yet(core, c, change, was.successor.is_some()).await?);
                out.extend(named_by_people(c, &was.code).await?);
            }
        }
        Area::Service => {
            if let (Some(was), None) = (before.catalog.service(change.key), after.catalog.service(change.key)) {
                let code: &ServiceCode = &was.code;
                let open = requests::open_of_service(c, code).await?;
                if open > 0 {
                    out.push(Fault::new("open_requests", format!("{open} requests are open about it"), &[("count", &count(open))]));
                }
                out.extend(not_closed_yet(core, c, change, was.successor.is_some()).await?);
            }
        }
        Area::Crew => {
            if let Some(was) = before.catalog.crew(change.key) {
                let now = after.catalog.crew(change.key);
                if now.is_none() {
                    out.push(Fault::new("crew_stays", "a crew is closed, not removed: requests name it", &[]));
                }
                let busy = requests::crew_loads(c).await?.get(&was.code).copied().unwrap_or(0);
                if now.is_some_and(|c| c.closed) && busy > 0 {
                    out.push(Fault::new("crew_busy", format!("{busy} open requests are with it"), &[("count", &count(busy))]));
                }
            }
        }
        Area::District => {
            if after.catalog.district(change.key).is_none() {
                out.push(Fault::new("district_stays", "a district is never removed: requests and maps name it", &[]));
            }
        }
        Area::Text | Area::Routing | Area::Template | Area::Shift => {}
    }
    Ok(out)
}

/// Removed is only what was closed for new work so long ago that every process knows.
async fn not_closed_yet(core: &Core, c: &impl Conn, change: &Change<'_>, closed: bool) -> Result<Option<Fault>, Refused> {
    let not_yet = || Some(Fault::new("close_first", "close it for new work first, and remove it later", &[]));
    if !closed {
        return Ok(not_yet());
    }
    let last = revisions::of_key(c, change.area, change.key, 1).await?.into_iter().next();
    let grace = chrono::Duration::seconds(i64::try_from(GRACE_SECS).unwrap_or(i64::MAX));
    Ok(if last.is_some_and(|r| r.made_at + grace > core.wall()) { not_yet() } else { None })
}

async fn named_by_people(c: &impl Conn, queue: &QueueCode) -> Result<Option<Fault>, Refused> {
    let people = staff::all(c).await?.iter().filter(|s| s.queues.contains(queue)).count();
    let roster = duties::all(c).await?.iter().filter(|d| d.queue.as_ref() == Some(queue)).count();
    let n = people + roster;
    let fault = || Fault::new("named_by_people", format!("{n} accounts or duties name it"), &[("count", &n.to_string())]);
    Ok((n > 0).then(fault))
}

/// Makes a change: it holds in this process at once, in the others within a moment, at the latest after ten seconds.
///
/// # Errors
/// Everything that must be mended; `conflict` when somebody has changed the same since.
pub async fn change(core: &Core, author: &Actor, change: &Change<'_>) -> Result<Revision, Refused> {
    for _ in 0..TRIES {
        reload(core).await?;
        let tx = core.db.begin().await?;
        match change_in(core, &tx, author, change).await {
            Ok(row) => {
                tx.commit().await.map_err(StoreError::from)?;
                reload(core).await?;
                core.bus.publish(Hint::Config);
                return Ok(row);
            }
            // Another was faster: whether this still fits is looked at anew.
            Err(Refused::Late | Refused::Other(DispatchError::Store(StoreError::Duplicate(_)))) => drop(tx),
            Err(e) => return Err(e),
        }
    }
    Err(DispatchError::Busy.into())
}

async fn change_in(core: &Core, tx: &Tx, author: &Actor, change: &Change<'_>) -> Result<Revision, Refused> {
    let known = core.book.number();
    if revisions::newest(tx).await? != known {
        return Err(Refused::Late);
    }
    let last = revisions::of_key(tx, change.area, change.key, 1).await?.into_iter().next();
    let seen = last.as_ref().map_or(0, |r| r.number);
    if change.expected.is_some_and(|n| n != seen) {
        return Err(DispatchError::invalid("conflict", format!("the newest change of it is {seen}")).into());
    }
    proposed(core, tx, change).await?;
    let row = Revision {
        number: known + 1,
        area: change.area,
        key: change.key.to_owned(),
        was: last.and_then(|r| r.value),
        value: change.value.map(str::to_owned),
        author: author.to_string(),
        note: change.note.trim().replace('\0', "").chars().take(LONGEST_NOTE).collect(),
        made_at: core.wall(),
    };
    revisions::insert(tx, &row).await?;
    let object = format!("{}:{}", row.area, row.key);
    audit::enter(core, tx, &row.author, "config_changed", Some(&object), Some(&format!("#{} {}", row.number, row.note))).await?;
    Ok(row)
}

/// Puts what a change had put in force, or with `before` what stood before it, in force again: a new change. `seen`: the newest change of all that its
/// author saw; unset: whatever came since.
///
/// # Errors
/// As [`change`]; `NotFound`; `conflict` when the same was changed after `seen`, and for taking back a change that is not the newest of its key: that
/// would take back what somebody else has done since.
pub async fn restore(core: &Core, author: &Actor, number: i64, before: bool, seen: Option<i64>, note: &str) -> Result<Revision, Refused> {
    let row = revisions::load(core.db.read(), number).await?.ok_or(DispatchError::NotFound)?;
    let (value, expected) =
        if before { (row.was, Some(number)) } else { (row.value, Some(not_newer(core, row.area, &row.key, seen.unwrap_or(i64::MAX)).await?)) };
    let wanted = Change { area: row.area, key: &row.key, value: value.as_deref(), note, expected };
    change(core, author, &wanted).await
}

/// The number of the newest change of a key; 0 when there is none.
///
/// # Errors
/// `conflict` when it was changed after `seen`, the newest change of all that somebody saw.
pub async fn not_newer(core: &Core, area: Area, key: &str, seen: i64) -> Result<i64, DispatchError> {
    let newest = version(core.db.read(), area, key).await?;
    if newest > seen {
        return Err(DispatchError::invalid("conflict", format!("the newest change of it is {newest}")));
    }
    Ok(newest)
}

/// The number of the newest change of a key; 0 when it stands as the files have it.
///
/// # Errors
/// The store's.
pub async fn version(c: &impl Conn, area: Area, key: &str) -> Result<i64, DispatchError> {
    Ok(revisions::of_key(c, area, key, 1).await?.first().map_or(0, |r| r.number))
}
