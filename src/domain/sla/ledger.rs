//! The account of every minute: recomputed from the journal, stored nowhere.

use super::book::Books;
use super::clocks::changes;
use super::timer::{Timer, TimerChange, TimerState, apply_change};
use super::{PauseReason, Stage};
use crate::domain::catalog::Named;
use crate::domain::ids::{QueueCode, RequestId};
use crate::domain::outgoing::Params;
use crate::domain::request::{Event, Request};
use crate::domain::time::Instant;

/// Days of rest told of one clock, at most.
const DAYS_OFF: usize = 12;

/// One row of the journal.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    pub event: &'a Event,
    pub at: Instant,
}

/// One line of the account. Its sentence is the message `key` with `params`; `{name}`, where the text has it, is `name` in the reader's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub at: Instant,
    /// The journal's row that caused it; unset for the last lines, which tell how things stand now.
    pub seq: Option<i64>,
    pub stage: Option<Stage>,
    pub round: i32,
    /// Whose clock it is after this line.
    pub owner: Option<QueueCode>,
    pub key: &'static str,
    pub params: Params,
    pub name: Option<Named>,
    /// Working microseconds since the clock's last line. Negative only where a new policy or calendar measures the past anew.
    pub added_us: i64,
    /// The sum of all `added_us` of this clock.
    pub spent_us: i64,
    pub due_at: Option<Instant>,
}

/// A stage that was late, and who held it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blame {
    pub stage: Stage,
    pub round: i32,
    /// Who held the request when the time ran out.
    pub owner: Option<QueueCode>,
    /// Working microseconds beyond what was allowed, so far.
    pub late_us: i64,
    /// What each owner spent of this clock.
    pub by_owner: Vec<(Option<QueueCode>, i64)>,
}

/// Everything the journal says of a request's clocks.
#[derive(Debug, Clone)]
pub struct Account {
    pub request: Request,
    /// The clocks as they stand; equal to the stored rows but for their identifiers.
    pub timers: Vec<Timer>,
    pub entries: Vec<Entry>,
    pub blame: Vec<Blame>,
}

/// The account of a request at `now`. Rows later than `now` are left out. `None` when the journal does not begin with a registration.
#[must_use]
pub fn account(id: RequestId, journal: &[Row<'_>], books: &Books, now: Instant) -> Option<Account> {
    let mut rows = journal.iter().filter(|r| r.at <= now);
    let first = rows.next()?;
    let Event::Registered(registration) = first.event else { return None };
    let mut clerk = Clerk { books, timers: Vec::new(), told: Vec::new(), entries: Vec::new() };
    let mut request = Request::begin(id, registration, first.at);
    clerk.say(first.at, Some(1), "sla.registered", Params::new());
    for row in rows {
        request.apply(row.event, row.at);
        clerk.about(&request, row);
        for change in changes(books, &request, row.event, &clerk.timers, row.at) {
            clerk.write(request.version, row, &change);
        }
    }
    clerk.stand(now);
    let blame = clerk.timers.iter().filter(|t| t.state == TimerState::Breached).map(|t| blame(books, t, now)).collect();
    Some(Account { request, timers: clerk.timers, entries: clerk.entries, blame })
}

/// The lines of [`account`]; none for a journal without a beginning.
#[must_use]
pub fn ledger(id: RequestId, journal: &[Row<'_>], books: &Books, now: Instant) -> Vec<Entry> {
    account(id, journal, books, now).map_or_else(Vec::new, |a| a.entries)
}

fn blame(books: &Books, t: &Timer, now: Instant) -> Blame {
    let tables = &books.get(t.run.revision).tables;
    Blame {
        stage: t.stage,
        round: t.round,
        owner: t.run.owner_at(t.due_at).cloned(),
        late_us: (t.spent_us(books, now) - t.run.need_us).max(0),
        by_owner: t.run.by_owner(tables, t.ended_at.map_or(now, |end| end.min(now))),
    }
}

struct Clerk<'a> {
    books: &'a Books,
    timers: Vec<Timer>,
    /// What the last line of each clock had summed up to.
    told: Vec<(Stage, i32, i64)>,
    entries: Vec<Entry>,
}

fn span(us: i64) -> String {
    format!("@span:{}", us / 1_000_000)
}

fn time(at: Instant) -> String {
    format!("@time:{}", at.to_rfc3339())
}

fn queue(q: Option<&QueueCode>) -> String {
    q.map_or_else(|| "@sla.nobody".to_owned(), |q| format!("@queue.{q}"))
}

fn params<const N: usize>(pairs: [(&str, String); N]) -> Params {
    pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
}

impl Clerk<'_> {
    fn say(&mut self, at: Instant, seq: Option<i64>, key: &'static str, params: Params) {
        let entry = Entry { at, seq, stage: None, round: 0, owner: None, key, params, name: None, added_us: 0, spent_us: 0, due_at: None };
        self.entries.push(entry);
    }

    /// What an event means for the clocks, besides moving them.
    fn about(&mut self, request: &Request, row: &Row<'_>) {
        let seq = Some(request.version);
        match row.event {
            Event::PauseAsked { why, .. } => {
                self.say(row.at, seq, "sla.pause_asked", params([("reason", format!("@pause.{why}"))]));
            }
            Event::PauseDeclined { .. } => self.say(row.at, seq, "sla.pause_declined", Params::new()),
            Event::Refused { queue: to, proposed, .. } => {
                let proposed = proposed.as_ref().unwrap_or(to);
                let p = params([("count", request.refused.to_string()), ("proposed", queue(Some(proposed))), ("to", queue(Some(to)))]);
                self.say(row.at, seq, "sla.refused", p);
            }
            _ => {}
        }
    }

    fn line(&mut self, at: Instant, seq: Option<i64>, t: &Timer, key: &'static str, extra: Params) {
        self.line_named(at, seq, t, key, extra, None);
    }

    fn line_named(&mut self, at: Instant, seq: Option<i64>, t: &Timer, key: &'static str, mut extra: Params, name: Option<Named>) {
        let spent = t.spent_us(self.books, at);
        let before = match self.told.iter_mut().find(|(stage, round, _)| (*stage, *round) == (t.stage, t.round)) {
            Some((_, _, told)) => std::mem::replace(told, spent),
            None => {
                self.told.push((t.stage, t.round, spent));
                0
            }
        };
        let added = spent - before;
        for (k, v) in [
            ("stage", format!("@stage.{}", t.stage)),
            ("owner", queue(t.owner())),
            ("due", time(t.due_at)),
            ("added", span(added)),
            ("spent", span(spent)),
            ("need", span(t.run.need_us)),
            ("left", span((t.run.need_us - spent).max(0))),
            ("late", span((spent - t.run.need_us).max(0))),
        ] {
            extra.entry(k.to_owned()).or_insert(v);
        }
        self.entries.push(Entry {
            at,
            seq,
            stage: Some(t.stage),
            round: t.round,
            owner: t.owner().cloned(),
            key,
            params: extra,
            name,
            added_us: added,
            spent_us: spent,
            due_at: Some(t.due_at),
        });
    }

    fn write(&mut self, version: i64, row: &Row<'_>, change: &TimerChange) {
        let (at, seq) = (row.at, Some(version));
        match change {
            TimerChange::Start(t) => self.started(at, seq, t),
            TimerChange::Update(t) => {
                if let Some(old) = self.timers.iter().find(|o| o.id == t.id).cloned() {
                    self.moved(at, seq, &old, t);
                }
            }
        }
        apply_change(&mut self.timers, change);
    }

    fn started(&mut self, at: Instant, seq: Option<i64>, t: &Timer) {
        let key = match t.stage {
            Stage::Silence => "sla.waits_answer",
            Stage::Resume => "sla.pause_ends",
            Stage::Arbitrate => "sla.arbitration",
            _ => "sla.started",
        };
        let policy = t.run.policy.clone().unwrap_or_default();
        let calendar = t.run.laps.last().map_or_else(String::new, |l| format!("@sla.calendar.{}", l.calendar));
        let from = params([("policy", policy), ("calendar", calendar), ("from", time(t.started_at))]);
        // A clock that starts in the past has spent already: its own beginning is told first.
        self.line(at, seq, t, key, from);
        let rev = self.books.get(t.run.revision);
        let basis = t.run.policy.as_ref().and_then(|n| rev.sla.policies.iter().find(|p| &p.name == n)).and_then(|p| p.basis.clone());
        if let Some(basis) = basis {
            self.line_named(at, seq, t, "sla.basis", Params::new(), Some(basis));
        }
        let calendar = t.run.laps.last().map_or("", |l| l.calendar.as_str());
        for off in rev.tables.get(calendar).days_off(t.started_at, t.due_at, DAYS_OFF) {
            self.line_named(at, seq, t, "sla.day_off", params([("date", off.date.0.format("%d.%m.%Y").to_string())]), Some(off.name));
        }
        if t.ended_at.is_some() {
            self.ended(at, seq, t);
        }
    }

    fn ended(&mut self, at: Instant, seq: Option<i64>, t: &Timer) {
        let key = match t.state {
            TimerState::Met if t.stage.is_target() => "sla.met",
            TimerState::Breached => "sla.late",
            _ => "sla.ended",
        };
        self.line(at, seq, t, key, Params::new());
    }

    fn moved(&mut self, at: Instant, seq: Option<i64>, old: &Timer, t: &Timer) {
        if t.run.revision != old.run.revision || t.run.policy != old.run.policy {
            let key = if t.run.policy == old.run.policy { "sla.retimed" } else { "sla.retargeted" };
            let p = params([("policy", t.run.policy.clone().unwrap_or_default()), ("was", time(old.due_at))]);
            self.line(at, seq, t, key, p);
        } else if old.due_at != t.due_at && t.run.owner() == old.run.owner() && t.run.pause == old.run.pause && t.ended_at == old.ended_at {
            self.line(at, seq, t, "sla.retimed", params([("was", time(old.due_at))]));
        }
        if t.run.owner() != old.run.owner() {
            self.line(at, seq, t, "sla.handed_over", params([("was_owner", queue(old.run.owner())), ("was", time(old.due_at))]));
        }
        match (old.run.pause, t.run.pause) {
            (None, Some(why)) => self.paused(at, seq, t, why),
            (Some(_), None) if t.ended_at.is_none() => self.line(at, seq, t, "sla.resumed", Params::new()),
            _ => {}
        }
        if old.state == TimerState::Running && t.state == TimerState::Breached && t.ended_at.is_none() {
            self.line(at, seq, t, "sla.breached", Params::new());
        }
        match (old.ended_at, t.ended_at) {
            (None, Some(_)) => self.ended(at, seq, t),
            (Some(_), None) => self.line(at, seq, t, "sla.continued", Params::new()),
            _ => {}
        }
    }

    fn paused(&mut self, at: Instant, seq: Option<i64>, t: &Timer, why: PauseReason) {
        self.line(at, seq, t, "sla.paused", params([("reason", format!("@pause.{why}"))]));
    }

    /// How the live clocks stand.
    fn stand(&mut self, now: Instant) {
        for t in self.timers.clone().iter().filter(|t| t.is_live()) {
            let key = match (t.state, t.run.pause) {
                _ if !t.stage.is_target() => continue,
                (TimerState::Breached, None) => "sla.stands_late",
                (_, Some(_)) => "sla.stands_paused",
                _ => "sla.stands_running",
            };
            self.line(now, None, t, key, Params::new());
        }
    }
}
