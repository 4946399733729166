//! The loss check: everything that was said is looked for in the database, word by word.

use super::ledger::{Said, Update, Want};
use super::world::World;
use crate::dispatch::{Core, DispatchError, verify};
use crate::domain::request::Event;
use crate::domain::{Class, RequestId, RequestNumber};
use crate::store::audit::{self, Row};
use crate::store::journal;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// How many faults of one kind are told one by one.
const TOLD: usize = 8;

/// What was found.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Pairs of what was checked and how many.
    pub checked: Vec<(&'static str, usize)>,
    pub faults: Vec<String>,
}

/// The database as the check reads it.
pub struct Books {
    pub requests: Vec<Row>,
    pub messages: Vec<audit::Said>,
    /// What triage made of each request at the door, before anybody corrected it.
    pub first_class: BTreeMap<Uuid, Option<Class>>,
    chats: BTreeMap<String, Uuid>,
    files: BTreeMap<String, (Option<Uuid>, String)>,
    events: BTreeMap<String, String>,
    outbox: BTreeMap<String, i64>,
}

impl Books {
    /// # Errors
    /// The store's.
    pub async fn read(core: &Core) -> Result<Self, DispatchError> {
        let db = core.db.read();
        let requests = audit::requests(db).await?;
        let mut first_class = BTreeMap::new();
        for r in &requests {
            let rows = journal::of_request(db, RequestId(r.id)).await?;
            if let Some(Event::Registered(begun)) = rows.first().and_then(|row| row.event().ok()) {
                first_class.insert(r.id, begun.class);
            }
        }
        Ok(Self {
            requests,
            first_class,
            messages: audit::said(db).await?,
            chats: audit::chats(db).await?,
            files: audit::files(db).await?,
            events: audit::events(db).await?,
            outbox: audit::outbox_by_status(db).await?,
        })
    }

    /// Lines said in a chat or to a request that came from it.
    fn lines_of_chats(&self) -> BTreeMap<Uuid, BTreeSet<&str>> {
        let home: BTreeMap<Uuid, Uuid> = self.requests.iter().filter_map(|r| Some((r.id, r.conversation?))).collect();
        let mut out: BTreeMap<Uuid, BTreeSet<&str>> = BTreeMap::new();
        for m in &self.messages {
            let Some(text) = &m.text else { continue };
            let homes = [m.conversation, m.request.and_then(|r| home.get(&r).copied())];
            for chat in homes.into_iter().flatten() {
                out.entry(chat).or_default().extend(text.lines().map(str::trim));
            }
        }
        out
    }

    fn ids(&self) -> BTreeMap<&str, Uuid> {
        self.requests.iter().map(|r| (r.number.as_str(), r.id)).collect()
    }

    /// The requests that hold a line.
    fn requests_by_line(&self) -> BTreeMap<&str, BTreeSet<Uuid>> {
        let mut out: BTreeMap<&str, BTreeSet<Uuid>> = BTreeMap::new();
        for m in &self.messages {
            let (Some(request), Some(text)) = (m.request, &m.text) else { continue };
            for line in text.lines() {
                out.entry(line.trim()).or_default().insert(request);
            }
        }
        out
    }
}

impl Verdict {
    fn look<T>(&mut self, what: &'static str, all: impl IntoIterator<Item = T>, fault: impl Fn(T) -> Option<String>) {
        let (mut n, mut bad) = (0, Vec::new());
        for one in all {
            n += 1;
            bad.extend(fault(one));
        }
        self.checked.push((what, n));
        let more = bad.len().saturating_sub(TOLD);
        self.faults.extend(bad.into_iter().take(TOLD).map(|b| format!("{what}: {b}")));
        if more > 0 {
            self.faults.push(format!("{what}: and {more} more"));
        }
    }
}

/// Looks for everything.
///
/// # Errors
/// The store's.
pub async fn check(core: &Core, world: &World, books: &Books) -> Result<Verdict, DispatchError> {
    let mut v = Verdict::default();
    {
        let said = world.ledger.write();
        telegram(&mut v, &said, books, world);
        api(&mut v, &said, books);
        let by_line = books.requests_by_line();
        v.look("reports that made one request, not none and not two", &said.reports, |(text, _)| {
            match by_line.get(text.as_str()).map_or(0, BTreeSet::len) {
                1 => None,
                n => Some(format!("{n} requests hold '{text}'")),
            }
        });
    }
    let wrong = |status: &str| !matches!(status, "done");
    v.look("received events worked on", &books.events, |(id, status)| wrong(status).then(|| format!("event {id} is {status}")));
    let unsent = ["dead", "parked", "pending", "sending"];
    let rows: i64 = books.outbox.values().sum();
    v.look("outgoing messages settled", 0..rows, |_| None);
    v.faults.extend(unsent.iter().filter_map(|s| books.outbox.get(*s).filter(|n| **n > 0).map(|n| format!("outgoing messages: {n} are {s}"))));
    let mut broken = Vec::new();
    for r in &books.requests {
        let faults = verify::verify(core, RequestId(r.id)).await?;
        broken.extend(faults.iter().map(|f| format!("{}: {f}", r.number)));
    }
    v.look("journals proved", &books.requests, |_| None);
    v.faults.extend(broken.into_iter().take(TOLD).map(|b| format!("journal {b}")));
    Ok(v)
}

fn telegram(v: &mut Verdict, said: &Said, books: &Books, world: &World) {
    let lines = books.lines_of_chats();
    let (by_line, ids) = (books.requests_by_line(), books.ids());
    let chat = |u: &Update| books.chats.get(&u.chat.to_string());
    let wants = || said.updates.iter().flat_map(|u| u.wants.iter().map(move |w| (u, w)));
    v.look("updates taken in", &said.updates, |u| (!books.events.contains_key(&u.id.to_string())).then(|| format!("update {} is not stored", u.id)));
    let in_chat = |u: &Update, text: &str| chat(u).and_then(|c| lines.get(c)).is_some_and(|l| l.contains(text.trim()));
    v.look("messages of residents kept word for word", wants().filter(|(_, w)| matches!(w, Want::Words(_))), |(u, w)| match w {
        Want::Words(text) if !in_chat(u, text) => Some(format!("update {} in chat {}: '{text}' is nowhere", u.id, u.chat)),
        _ => None,
    });
    v.look("notes of crews kept with their job", wants().filter(|(_, w)| matches!(w, Want::Note { .. })), |(u, w)| match w {
        Want::Note { number, text } => {
            let with_job = ids.get(number.as_str()).is_some_and(|id| by_line.get(text.as_str()).is_some_and(|set| set.contains(id)));
            (!with_job && !in_chat(u, text)).then(|| format!("update {} in chat {}: '{text}' is nowhere", u.id, u.chat))
        }
        _ => None,
    });
    v.look("files kept with their request", wants().filter(|(_, w)| matches!(w, Want::File(_))), |(u, w)| match w {
        Want::File(f) => match books.files.get(f) {
            Some((Some(_), status)) if status == "stored" => None,
            Some((None, _)) => Some(format!("update {}: file {f} belongs to no request", u.id)),
            Some((_, status)) => Some(format!("update {}: file {f} is {status}", u.id)),
            None => Some(format!("update {}: file {f} is unknown", u.id)),
        },
        _ => None,
    });
    v.look("greetings, presses, places answered", wants().filter(|(_, w)| matches!(w, Want::Answer)), |(u, _)| {
        (world.bot.received(u.chat) <= u.seen).then(|| format!("update {} in chat {} was not answered", u.id, u.chat))
    });
}

fn api(v: &mut Verdict, said: &Said, books: &Books) {
    let by_line = books.requests_by_line();
    let ids = books.ids();
    v.look("words through the API and the operator's desk kept", &said.words, |w| {
        let digits = RequestNumber::parse(&w.number).map_or_else(|_| w.number.clone(), |n| n.digits().to_owned());
        match ids.get(digits.as_str()) {
            None => Some(format!("request {} is not there", w.number)),
            Some(id) if by_line.get(w.text.trim()).is_some_and(|set| set.contains(id)) => None,
            Some(_) => Some(format!("request {} has lost '{}'", w.number, w.text)),
        }
    });
}
