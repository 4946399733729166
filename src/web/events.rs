//! The stream of what happens, as server-sent events: requests from the journal, calls from the bus.
//!
//! A reader that comes back names the last place it saw and misses nothing; what it saw may come again. Nothing is read ahead of the reader: a slow one
//! holds at most one page.

use super::api::staff_calls;
use super::error::ApiError;
use super::state::WebState;
use crate::bus::Hint;
use crate::dispatch::accounts;
use crate::domain::access::{Permission, Scope};
use crate::domain::{CallId, RequestId};
use crate::store::journal::JournalRow;
use crate::store::{StoreError, calls, journal, requests};
use crate::web::api::view;
use actix_web::web::{self, Bytes};
use chrono::Duration as Span;
use futures_util::stream::{self, Stream};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::Instant;

/// Journal rows read at once.
const PAGE: u64 = 500;
/// A reader further behind than this is told to look at everything anew.
const FURTHEST: i64 = 10_000;
/// Without a hint the journal is looked at this often.
const POLL: Duration = Duration::from_secs(1);
/// Hints within this are one look.
const TOGETHER: Duration = Duration::from_millis(100);
/// A line that keeps the connection alive; the token is checked anew with it.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Positions are drawn before their transactions commit: one that is missing is waited for so long.
const LATE: Duration = Duration::from_secs(10);
/// Calls that began longer ago are no news to one who has just come.
const RECENT: Span = Span::hours(2);

/// Whose stream it is.
pub struct Reader {
    pub scope: Scope,
    pub token: String,
    /// The token is a console session.
    pub session: bool,
}

struct Feed {
    state: web::Data<WebState>,
    who: Reader,
    hints: broadcast::Receiver<Hint>,
    ready: VecDeque<Bytes>,
    places: Places,
    /// The journal may hold something new.
    look: bool,
    looked: Instant,
    calls: BTreeSet<CallId>,
    beat: Instant,
}

/// Which places of the journal have been told.
#[derive(Debug)]
struct Places {
    /// Everything up to here was told.
    settled: i64,
    /// What was told beyond.
    told: BTreeSet<i64>,
    /// Places that were passed over, and since when.
    missing: BTreeMap<i64, Instant>,
}

impl Places {
    fn from(settled: i64) -> Self {
        Self { settled, told: BTreeSet::new(), missing: BTreeMap::new() }
    }

    /// Takes a place in. False when it was told before.
    fn tell(&mut self, place: i64, now: Instant) -> bool {
        if place <= self.settled || !self.told.insert(place) {
            return false;
        }
        let before = self.told.range(..place).next_back().copied().unwrap_or(self.settled);
        for gap in before.saturating_add(1)..place {
            self.missing.entry(gap).or_insert(now);
        }
        self.missing.remove(&place);
        self.settle(now);
        true
    }

    /// Moves on over what is complete and what has been waited for long enough.
    fn settle(&mut self, now: Instant) {
        self.missing.retain(|_, since| now.duration_since(*since) < LATE);
        let end = match self.missing.first_key_value() {
            Some((gap, _)) => gap - 1,
            None => self.told.last().copied().unwrap_or(self.settled),
        };
        self.settled = self.settled.max(end);
        self.told = self.told.split_off(&(self.settled + 1));
    }
}

/// The stream from a place on, or from now.
///
/// # Errors
/// The store's.
pub async fn open(state: web::Data<WebState>, who: Reader, last: Option<i64>) -> Result<impl Stream<Item = Result<Bytes, ApiError>>, ApiError> {
    // Subscribed before the place is read: what comes between is told.
    let hints = state.core.bus.subscribe();
    let db = state.core.db.read();
    let end = journal::last_position(db).await?;
    let mut ready = VecDeque::from([Bytes::from_static(b"retry: 2000\n\n")]);
    let from = match last {
        Some(at) if at >= 0 && at <= end && end - at <= FURTHEST => at,
        Some(_) => {
            ready.push_back(event("reset", Some(end), &json!({})));
            end
        }
        None => end,
    };
    if last.is_none() {
        ready.push_back(event("hello", Some(end), &json!({})));
    }
    let mut feed = Feed {
        hints,
        ready,
        places: Places::from(from),
        look: from < end,
        looked: Instant::now(),
        calls: BTreeSet::new(),
        beat: Instant::now() + HEARTBEAT,
        who,
        state,
    };
    if feed.hears_calls() {
        let since = feed.state.core.now() - RECENT;
        feed.calls = calls::list::ongoing(feed.state.core.db.read(), since, 100).await?.iter().map(|c| c.id).collect();
    }
    Ok(stream::unfold(Some(feed), |feed| async {
        let mut feed = feed?;
        match feed.next().await {
            Ok(Some(bytes)) => Some((Ok(bytes), Some(feed))),
            Ok(None) => None,
            Err(e) => {
                tracing::debug!(error = %e, "a stream of events ends; its reader will come back");
                None
            }
        }
    }))
}

fn event(name: &str, place: Option<i64>, data: &Value) -> Bytes {
    let id = place.map(|p| format!("id: {p}\n")).unwrap_or_default();
    // JSON has no raw line ends.
    Bytes::from(format!("event: {name}\n{id}data: {data}\n\n"))
}

impl Feed {
    fn hears_calls(&self) -> bool {
        self.who.scope.may(Permission::ReadCalls)
    }

    /// The next piece; `None`: the end.
    async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Ok(Some(bytes));
            }
            if let Some(id) = self.calls.pop_first() {
                self.call(id).await?;
                continue;
            }
            if self.look && self.looked.elapsed() >= TOGETHER {
                self.journal().await?;
                continue;
            }
            if !self.wait().await? {
                return Ok(None);
            }
        }
    }

    /// Waits for something to look at. False at the end of the process.
    async fn wait(&mut self) -> Result<bool, ApiError> {
        let next_look = self.looked + if self.look { TOGETHER } else { POLL };
        let ending = self.state.ending.clone();
        tokio::select! {
            biased;
            () = ending.cancelled() => return Ok(false),
            hint = self.hints.recv() => match hint {
                Ok(Hint::Request(_)) => self.look = true,
                Ok(Hint::Call(id)) if self.hears_calls() => self.calls.extend(id.parse::<CallId>().ok()),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => {
                    self.look = true;
                    if self.hears_calls() {
                        let since = self.state.core.now() - RECENT;
                        self.calls.extend(calls::list::ongoing(self.state.core.db.read(), since, 100).await?.iter().map(|c| c.id));
                    }
                }
                Err(RecvError::Closed) => return Ok(false),
            },
            () = tokio::time::sleep_until(self.beat) => {
                accounts::staff_by_token(&self.state.core, &self.who.token, self.who.session).await?;
                self.beat = Instant::now() + HEARTBEAT;
                self.ready.push_back(Bytes::from_static(b": alive\n\n"));
            }
            () = tokio::time::sleep_until(next_look) => self.look = true,
        }
        Ok(true)
    }

    async fn call(&mut self, id: CallId) -> Result<(), ApiError> {
        let db = self.state.core.db.read();
        // It may have become part of another meanwhile.
        if let Some(call) = calls::load(db, id).await? {
            let body = staff_calls::live(db, &self.who.scope, &call).await?;
            self.ready.push_back(event("call", None, &body));
        }
        Ok(())
    }

    async fn journal(&mut self) -> Result<(), ApiError> {
        let now = Instant::now();
        self.looked = now;
        self.places.settle(now);
        // What was told beyond a gap comes again: it must not fill the page.
        let page = PAGE + self.places.told.len() as u64;
        let rows = journal::after(self.state.core.db.read(), self.places.settled, page).await?;
        let full = rows.len() as u64 == page;
        let mut news = Vec::new();
        for (place, row) in rows {
            if self.places.tell(place, now) {
                news.push((place, row));
            }
        }
        self.look = full && !news.is_empty();
        self.tell(news).await?;
        Ok(())
    }

    async fn tell(&mut self, news: Vec<(i64, JournalRow)>) -> Result<(), StoreError> {
        let ids: Vec<RequestId> = news.iter().map(|(_, r)| r.request).collect::<BTreeSet<_>>().into_iter().collect();
        if ids.is_empty() {
            return Ok(());
        }
        let found = requests::load_many(self.state.core.db.read(), &ids).await?;
        let settled = self.places.settled;
        for (place, row) in news {
            let Some(s) = found.iter().find(|s| s.request.id == row.request) else { continue };
            if self.who.scope.sees(&s.request) {
                let body = json!({
                    "number": s.request.number.to_string(),
                    "kind": row.kind,
                    "seq": row.seq,
                    "at": view::when(row.at),
                    "status": s.request.status,
                    "queue": s.request.queue,
                    "crew": s.request.crew,
                    "version": s.request.version,
                });
                // The place from which nothing is missing, never one beyond a gap.
                self.ready.push_back(event("request", Some(place.min(settled)), &body));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_commits_late_is_told_and_never_jumped_over() {
        let t = Instant::now();
        let mut p = Places::from(10);
        assert!(p.tell(11, t) && p.tell(13, t) && !p.tell(13, t) && !p.tell(9, t));
        assert_eq!(p.settled, 11, "12 has not committed");
        assert!(p.tell(14, t) && p.tell(12, t + Duration::from_secs(3)));
        assert_eq!((p.settled, p.told.len(), p.missing.len()), (14, 0, 0));
        assert!(p.tell(17, t));
        p.settle(t + LATE);
        assert_eq!(p.settled, 17, "15 and 16 were rolled back");
    }
}
