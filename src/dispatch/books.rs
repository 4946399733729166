//! Policies and calendars with their history: how every process gets them, how an administrator changes them, how a change is put on open requests.

use super::apply::{perform, subject_of};
use super::effects::Effects;
use super::{Core, DispatchError, audit};
use crate::bus::Hint;
use crate::config::Book;
use crate::domain::actor::Actor;
use crate::domain::calendar::{Calendars, Day, Holiday, ical};
use crate::domain::catalog::Named;
use crate::domain::request::{Act, Event};
use crate::domain::setting::Fault;
use crate::domain::sla::{Books, Difference, Move, Revision, SlaBook, changes, differences, what_would_move};
use crate::domain::{Instant, RequestId};
use crate::store::books::{self, BookRow, NewRevision};
use crate::store::{Db, StoreError, leases, requests, timers};
use serde::de::DeserializeOwned;
use std::sync::{Arc, PoisonError, RwLock};

/// A stored revision holds from so many real seconds on: by then every process has read it (each looks every ten seconds, and at once on a hint).
pub const GRACE_SECS: u64 = 25;
/// Open requests of one step of applying.
const STEP: u64 = 100;
/// Moved deadlines that are listed; all are counted.
pub const LISTED: usize = 500;
const LEASE: &str = "books";
/// The author of what came with the program or its files.
const FILE: &str = "system:file";

/// The books in force in this process. Readers take a whole edition and are not disturbed by the next.
pub struct Shelf(RwLock<Arc<Books>>);

impl Shelf {
    #[must_use]
    pub fn new(books: Books) -> Self {
        Self(RwLock::new(Arc::new(books)))
    }

    #[must_use]
    pub fn get(&self) -> Arc<Books> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, books: Books) {
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Two reloads at once: the one that saw more stays.
        if books.last().number >= shelf.last().number {
            *shelf = Arc::new(books);
        }
    }
}

/// Policies and calendars as an administrator writes them, read and checked.
#[derive(Debug, Clone)]
pub struct Draft {
    pub sla: SlaBook,
    pub calendar: Calendars,
    pub sla_text: String,
    pub calendar_text: String,
}

fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, DispatchError> {
    toml::from_str(text).map_err(|e| DispatchError::invalid("unprocessable", format!("{name}: {}", e.to_string().trim_end())))
}

fn revision(row: &BookRow) -> Result<Revision, DispatchError> {
    let corrupt = |e: DispatchError| DispatchError::Internal(format!("revision {} of the books cannot be read: {e}", row.number));
    let sla: SlaBook = parse("sla.toml", &row.sla).map_err(corrupt)?;
    let calendar: Calendars = parse("calendar.toml", &row.calendar).map_err(corrupt)?;
    Ok(Revision::new(row.number, row.effective_at, sla, &calendar))
}

fn written(book: &Book) -> Result<(String, String), DispatchError> {
    let text = |e: toml::ser::Error| DispatchError::Internal(format!("the books cannot be written as text: {e}"));
    Ok((toml::to_string_pretty(&book.sla).map_err(text)?, toml::to_string_pretty(&book.calendar).map_err(text)?))
}

/// The books as the database holds them. The files the program was started with become the first revision; other files at a later start become another,
/// unless an administrator has changed the books since: then the administrator's word stands.
///
/// # Errors
/// The store's, and a stored revision that this version of the program cannot read.
pub async fn open(db: &Db, book: &Book, from: Instant) -> Result<Books, DispatchError> {
    for _ in 0..3 {
        let last = books::last(db.read()).await?;
        let number = match &last {
            None => 1,
            Some(row) => {
                let same = parse::<SlaBook>("sla.toml", &row.sla).is_ok_and(|s| s == book.sla)
                    && parse::<Calendars>("calendar.toml", &row.calendar).is_ok_and(|c| c == book.calendar);
                if same {
                    return read_all(db).await;
                }
                if row.author != FILE {
                    tracing::warn!(
                        revision = row.number,
                        "sla.toml or calendar.toml differ from what an administrator has set; the administrator's word stands"
                    );
                    return read_all(db).await;
                }
                row.number + 1
            }
        };
        let (sla, calendar) = written(book)?;
        let effective_at = if number == 1 { Instant::UNIX_EPOCH } else { from };
        let new = NewRevision { number, sla, calendar, author: FILE.into(), note: String::new(), diff: "[]".into(), made_at: from, effective_at };
        match books::insert(db.write(), &new).await {
            Ok(()) => return read_all(db).await,
            // Another process starts at the same time.
            Err(StoreError::Duplicate(_)) => {}
            Err(e) => return Err(e.into()),
        }
    }
    read_all(db).await
}

async fn read_all(db: &Db) -> Result<Books, DispatchError> {
    let rows = books::after(db.read(), 0).await?;
    let mut rows = rows.iter();
    let first = rows.next().ok_or_else(|| DispatchError::Internal("there are no books".into()))?;
    let mut all = Books::new(revision(first)?);
    for row in rows {
        all.add(revision(row)?);
    }
    Ok(all)
}

/// Takes in revisions that this process does not know yet. Gives how many there were.
///
/// # Errors
/// The store's; a revision that cannot be read.
pub async fn reload(core: &Core) -> Result<usize, DispatchError> {
    let present = core.books();
    let rows = books::after(core.db.read(), present.last().number).await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let mut all = (*present).clone();
    for row in &rows {
        all.add(revision(row)?);
        tracing::info!(revision = row.number, from = %row.effective_at, "new policies or calendars");
    }
    core.shelf.put(all);
    super::settings::refresh(core).await?;
    Ok(rows.len())
}

/// Reads and checks texts; what is not given stays as the newest revision has it.
///
/// # Errors
/// `unprocessable` with everything that must be mended.
pub async fn draft(core: &Core, sla: Option<&str>, calendar: Option<&str>) -> Result<(BookRow, Draft), DispatchError> {
    let last = books::last(core.db.read()).await?.ok_or(DispatchError::NotFound)?;
    let sla_text = sla.unwrap_or(&last.sla).to_owned();
    let calendar_text = calendar.unwrap_or(&last.calendar).to_owned();
    let (sla, calendar): (SlaBook, Calendars) = (parse("sla.toml", &sla_text)?, parse("calendar.toml", &calendar_text)?);
    let mut problems = sla.problems(&core.book.catalog, &calendar);
    problems.extend(calendar.problems(&core.book.catalog));
    if !problems.is_empty() {
        return Err(DispatchError::invalid("unprocessable", problems.join("; ")));
    }
    Ok((last, Draft { sla, calendar, sla_text, calendar_text }))
}

/// Why these texts cannot be a revision, in reasons for people; empty when they can. What is not given stays as the newest revision has it.
///
/// # Errors
/// The store's.
pub async fn faults(core: &Core, sla: Option<&str>, calendar: Option<&str>) -> Result<Vec<Fault>, DispatchError> {
    let last = books::last(core.db.read()).await?.ok_or(DispatchError::NotFound)?;
    let (sla_text, calendar_text) = (sla.unwrap_or(&last.sla), calendar.unwrap_or(&last.calendar));
    let (sla, calendar) = match (read::<SlaBook>(sla_text), read::<Calendars>(calendar_text)) {
        (Ok(sla), Ok(calendar)) => (sla, calendar),
        (a, b) => return Ok([a.err(), b.err()].into_iter().flatten().collect()),
    };
    let mut out = sla.faults(&core.book.catalog, &calendar);
    out.extend(calendar.faults(&core.book.catalog));
    if out.is_empty() && against(&last, &sla, &calendar)?.is_empty() {
        out.push(Fault::new("nothing", "nothing would be different", &[]));
    }
    Ok(out)
}

/// Reads a text; an error says where it stops being one.
fn read<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    toml::from_str(text).map_err(|e: toml::de::Error| {
        let before = e.span().and_then(|s| text.get(..s.start)).unwrap_or_default();
        let line = (before.matches('\n').count() + 1).to_string();
        Fault::new("file", e.to_string(), &[("line", &line), ("problem", e.message())])
    })
}

fn against(last: &BookRow, new_sla: &SlaBook, new_calendar: &Calendars) -> Result<Vec<Difference>, DispatchError> {
    let (sla, calendar): (SlaBook, Calendars) = (parse("sla.toml", &last.sla)?, parse("calendar.toml", &last.calendar)?);
    Ok(differences((&sla, &calendar), (new_sla, new_calendar)))
}

/// What a draft would do.
#[derive(Debug, Clone)]
pub struct Outlook {
    pub differences: Vec<Difference>,
    /// The first [`LISTED`].
    pub moves: Vec<Move>,
    pub moved: usize,
    /// Open requests that were looked at.
    pub open: usize,
}

/// What would be different, and which deadlines of open requests would move if it were put on them.
///
/// # Errors
/// As [`draft`].
pub async fn outlook(core: &Core, sla: Option<&str>, calendar: Option<&str>) -> Result<Outlook, DispatchError> {
    let (last, draft) = draft(core, sla, calendar).await?;
    let mut all = (*core.books()).clone();
    let number = last.number + 1;
    let now = core.now();
    let differences = against(&last, &draft.sla, &draft.calendar)?;
    all.add(Revision::new(number, now, draft.sla, &draft.calendar));
    moves(core, &all, number, differences).await
}

/// The same for a stored revision.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn outlook_of(core: &Core, number: i64) -> Result<Outlook, DispatchError> {
    reload(core).await?;
    let row = books::load(core.db.read(), number).await?.ok_or(DispatchError::NotFound)?;
    let differences = serde_json::from_str(&row.diff).map_err(|e| StoreError::corrupt("book_revision.diff", e))?;
    moves(core, &core.books(), number, differences).await
}

async fn moves(core: &Core, all: &Books, number: i64, differences: Vec<Difference>) -> Result<Outlook, DispatchError> {
    let mut out = Outlook { differences, moves: Vec::new(), moved: 0, open: 0 };
    let (mut after, now) = (None, core.now());
    loop {
        let page = requests::open_after(core.db.read(), after, 500).await?;
        let Some(last) = page.last() else { return Ok(out) };
        after = Some(last.request.id);
        let ids: Vec<RequestId> = page.iter().map(|s| s.request.id).collect();
        let clocks = timers::of_requests(core.db.read(), &ids).await?;
        let open: Vec<_> = page
            .into_iter()
            .map(|s| {
                let id = s.request.id;
                (s.request, clocks.iter().filter(|t| t.request == id).cloned().collect())
            })
            .collect();
        out.open += open.len();
        let found = what_would_move(&open, all, number, now);
        out.moved += found.len();
        let room = LISTED.saturating_sub(out.moves.len());
        out.moves.extend(found.into_iter().take(room));
    }
}

/// Stores a revision. It holds from [`GRACE_SECS`] on for what happens then; open requests keep their times until [`apply`] is asked for.
///
/// # Errors
/// `unprocessable` with everything that must be mended, and when nothing would be different; `conflict` when `expected` is no longer the newest.
pub async fn change(
    core: &Core,
    author: &Actor,
    expected: Option<i64>,
    sla: Option<&str>,
    calendar: Option<&str>,
    note: &str,
) -> Result<BookRow, DispatchError> {
    let (last, draft) = draft(core, sla, calendar).await?;
    let changed = || DispatchError::invalid("conflict", format!("the newest revision is {}", last.number));
    if expected.is_some_and(|n| n != last.number) {
        return Err(changed());
    }
    let differences = against(&last, &draft.sla, &draft.calendar)?;
    if differences.is_empty() {
        return Err(DispatchError::invalid("unprocessable", "nothing would be different"));
    }
    let number = last.number + 1;
    let new = NewRevision {
        number,
        sla: draft.sla_text,
        calendar: draft.calendar_text,
        author: author.to_string(),
        note: note.trim().chars().take(500).collect(),
        diff: serde_json::to_string(&differences).map_err(|e| StoreError::corrupt("book_revision.diff", e))?,
        made_at: core.now(),
        effective_at: effective(core).max(last.effective_at),
    };
    let tx = core.db.begin().await?;
    match books::insert(&tx, &new).await {
        Ok(()) => {}
        Err(StoreError::Duplicate(_)) => return Err(changed()),
        Err(e) => return Err(e.into()),
    }
    audit::enter(core, &tx, &new.author, "books_changed", Some(&format!("books:{number}")), Some(&new.note)).await?;
    tx.commit().await.map_err(StoreError::from)?;
    reload(core).await?;
    core.bus.publish(Hint::Config);
    books::load(core.db.read(), number).await?.ok_or(DispatchError::NotFound)
}

/// Business time by which every process knows what is stored now.
fn effective(core: &Core) -> Instant {
    let second = core.clocks.business.real(std::time::Duration::from_secs(1)).as_secs_f64();
    let span = GRACE_SECS as f64 / second.max(1e-6);
    core.now() + chrono::Duration::milliseconds((span * 1000.0).min(1e12) as i64)
}

/// Asks that a revision be put on all open requests; workers do it step by step, and go on after a crash where they were.
///
/// # Errors
/// `NotFound`; `unprocessable` for any but the newest revision.
pub async fn apply(core: &Core, author: &Actor, number: i64) -> Result<(), DispatchError> {
    let last = books::last(core.db.read()).await?.ok_or(DispatchError::NotFound)?;
    if books::load(core.db.read(), number).await?.is_none() {
        return Err(DispatchError::NotFound);
    }
    if number < last.number {
        return Err(DispatchError::invalid("unprocessable", format!("revision {} is newer; apply that one", last.number)));
    }
    let tx = core.db.begin().await?;
    books::ask(&tx, number).await?;
    audit::enter(core, &tx, &author.to_string(), "books_applied", Some(&format!("books:{number}")), None).await?;
    tx.commit().await.map_err(StoreError::from)?;
    core.bus.publish(Hint::Config);
    Ok(())
}

/// One step of putting a revision on open requests. Gives how many requests were looked at; 0 when there is nothing to do, or another process does it.
///
/// # Errors
/// The store's. The step was not done then, and is done again.
pub async fn apply_step(core: &Core, owner: &str) -> Result<usize, DispatchError> {
    let Some(row) = books::asked(core.db.read()).await? else { return Ok(0) };
    let now = core.now();
    if now < row.effective_at || !leases::take(core.db.write(), LEASE, owner, core.wall(), chrono::Duration::seconds(60)).await? {
        return Ok(0);
    }
    if !core.books().knows(row.number) {
        reload(core).await?;
    }
    let books = core.books();
    let tx = core.db.begin().await?;
    let page = requests::open_after(&tx, row.apply_after.map(RequestId), STEP).await?;
    let (looked, last) = (page.len(), page.last().map(|s| s.request.id));
    let (mut fx, mut moved) = (Effects::default(), 0);
    for stored in page {
        let mut subject = subject_of(&tx, stored).await?;
        let event = Event::Retimed { revision: row.number };
        if changes(&books, &subject.stored.request, &event, &subject.timers, now).is_empty() {
            continue;
        }
        moved += 1;
        perform(core, &tx, &mut fx, &mut subject, &[Act::Retime { revision: row.number }], &Actor::System("books"), now).await?;
    }
    fx.flush(&tx, now, core.wall()).await?;
    books::progress(&tx, row.number, last, moved).await?;
    tx.commit().await.map_err(StoreError::from)?;
    core.signal(fx.after).await;
    Ok(looked)
}

/// A calendar with the days of rest of an iCalendar feed put in. Days that stand already keep their names.
#[derive(Debug, Clone)]
pub struct Imported {
    pub calendar_text: String,
    pub added: Vec<Day>,
    /// Events that were not taken, and why.
    pub skipped: Vec<(String, String)>,
}

/// Reads a feed into the newest calendar, for the days between `from` and `until`; nothing is stored. `only`: a word that the note must have.
///
/// # Errors
/// `unprocessable` for what is no feed.
pub async fn import(core: &Core, feed: &str, span: Option<(Day, Day)>, only: Option<&str>) -> Result<Imported, DispatchError> {
    let last = books::last(core.db.read()).await?.ok_or(DispatchError::NotFound)?;
    let mut calendar: Calendars = parse("calendar.toml", &last.calendar)?;
    let (from, until) = span.unwrap_or((calendar.valid_from, calendar.valid_until));
    let feed = ical::read(feed, from, until, only).map_err(|e| DispatchError::invalid("unprocessable", e.to_string()))?;
    let mut added = Vec::new();
    for day in feed.days {
        if calendar.holidays.iter().any(|h| h.date == day.date) {
            continue;
        }
        added.push(day.date);
        let name = Named { kk: day.name.clone(), ru: day.name };
        calendar.holidays.push(Holiday { date: day.date, name, moved_from: None });
    }
    calendar.holidays.sort_by_key(|h| h.date);
    calendar.valid_from = calendar.valid_from.min(from);
    calendar.valid_until = calendar.valid_until.max(until);
    let calendar_text = toml::to_string_pretty(&calendar).map_err(|e| DispatchError::Internal(format!("the calendar cannot be written: {e}")))?;
    Ok(Imported { calendar_text, added, skipped: feed.skipped.into_iter().map(|(name, why)| (name, why.to_string())).collect() })
}
