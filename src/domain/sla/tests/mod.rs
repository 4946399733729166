//! Clocks: against a counter of minutes, against what other products got wrong, and against their own account.

mod data;
mod peers;
mod props;
mod stories;

use super::*;
use crate::domain::calendar::{Calendars, Span};
use crate::domain::ids::{CrewCode, MessageId, QueueCode, RequestId, ServiceCode};
use crate::domain::inbound::ChannelKind;
use crate::domain::request::{Act, CloseReason, Event, Ground, Priority, Registration, Request, Status, decide};
use crate::domain::text_ref::TextRef;
use crate::domain::time::{Instant, never};
use crate::domain::{Class, Hazard, Lang, RequestNumber};
use chrono::Duration;

fn at(s: &str) -> Instant {
    s.parse().unwrap()
}

fn text() -> TextRef {
    TextRef { message: MessageId::fresh(), digest: "d".into() }
}

fn queue(s: &str) -> QueueCode {
    QueueCode::new(s).unwrap()
}

fn hold(why: PauseReason) -> Act {
    Act::Hold { reason: text(), until: None, why: Some(why) }
}

fn assign() -> Act {
    Act::Assign { crew: CrewCode::new("c1").unwrap() }
}

fn sla(toml: &str) -> SlaBook {
    toml::from_str(toml).unwrap()
}

/// Almaty; `office`: weekdays 09:00-13:00 and 14:30-18:30, for the queues `o1` and `o2`.
fn office() -> Calendars {
    toml::from_str(
        "timezone = \"Asia/Almaty\"\nvalid_from = 2020-01-01\nvalid_until = 2030-12-31\n\
         [[calendar]]\ncode = \"office\"\nname = { kk = \"а\", ru = \"а\" }\nqueues = [\"o1\", \"o2\"]\n[[calendar.hours]]\n\
         mon = [\"09:00-13:00\", \"14:30-18:30\"]\ntue = [\"09:00-13:00\", \"14:30-18:30\"]\nwed = [\"09:00-13:00\", \"14:30-18:30\"]\n\
         thu = [\"09:00-13:00\", \"14:30-18:30\"]\nfri = [\"09:00-13:00\", \"14:30-18:30\"]\n",
    )
    .unwrap()
}

/// A request that lives through acts, as dispatch would record them.
struct Life {
    books: Books,
    request: Request,
    timers: Vec<Timer>,
    journal: Vec<(Event, Instant)>,
}

impl Life {
    fn registration(class: Option<Class>, from: Instant) -> Registration {
        Registration {
            number: RequestNumber::compose(2026, 7),
            channel: ChannelKind::Telegram,
            lang: Lang::Kk,
            resident: None,
            conversation: None,
            class,
            service: Some(ServiceCode::new("water").unwrap()),
            district: None,
            hazard: None,
            priority: Priority::NORMAL,
            needs_utility: false,
            text: text(),
            reported_at: from,
            received_at: from,
            triage: None,
            vulnerable: false,
        }
    }

    fn begin(books: Books, class: Class, to: &str, from: Instant) -> Self {
        Self::of(books, Self::registration(Some(class), from), to)
    }

    fn of(books: Books, r: Registration, to: &str) -> Self {
        let from = r.received_at;
        let request = Request::begin(RequestId::fresh(), &r, from);
        let mut life = Self { books, request, timers: Vec::new(), journal: vec![(Event::Registered(Box::new(r)), from)] };
        life.take(Event::Queued { queue: queue(to), rule: "r".into() }, from);
        life
    }

    fn take(&mut self, event: Event, at: Instant) {
        self.request.apply(&event, at);
        for change in changes(&self.books, &self.request, &event, &self.timers, at) {
            apply_change(&mut self.timers, &change);
        }
        self.journal.push((event, at));
    }

    /// What the sweeper does: flips what is due, then writes the event. Gives what fired.
    fn sweep(&mut self, now: Instant) -> Vec<Stage> {
        let due: Vec<(usize, Stage, Instant)> = self
            .timers
            .iter()
            .enumerate()
            .filter(|(_, t)| t.state == TimerState::Running && t.due_at <= now)
            .map(|(n, t)| (n, t.stage, t.due_at))
            .collect();
        for (n, stage, due_at) in &due {
            self.timers[*n].state = TimerState::Breached;
            let act = match stage {
                Stage::Silence => Act::Close { by: CloseReason::Silence },
                Stage::Resume => Act::Resume,
                _ => Act::Breach { stage: *stage, due_at: *due_at },
            };
            assert!(self.decided(&act, now), "{stage} fired in {}", self.request.status);
        }
        due.into_iter().map(|d| d.1).collect()
    }

    /// Sweeps, then acts. Whether the act was allowed.
    fn act(&mut self, act: &Act, now: Instant) -> bool {
        self.sweep(now);
        self.decided(act, now)
    }

    fn decided(&mut self, act: &Act, now: Instant) -> bool {
        let book = self.books.in_force(now).sla.clone();
        let Ok(events) = decide(&self.request, act, &Ground { book: &book, role: None, at: now }) else { return false };
        for e in events {
            self.take(e, now);
        }
        true
    }

    fn latest(&self, stage: Stage) -> &Timer {
        self.timers.iter().filter(|t| t.stage == stage).max_by_key(|t| t.round).unwrap()
    }

    fn due(&self, stage: Stage) -> Instant {
        self.latest(stage).due_at
    }

    fn spent(&self, stage: Stage, now: Instant) -> i64 {
        self.latest(stage).spent_us(&self.books, now) / 60_000_000
    }

    fn account(&self, now: Instant) -> Account {
        let rows: Vec<Row<'_>> = self.journal.iter().map(|(event, at)| Row { event, at: *at }).collect();
        account(self.request.id, &rows, &self.books, now).unwrap()
    }

    fn keys(&self, stage: Stage, now: Instant) -> Vec<&'static str> {
        self.account(now).entries.iter().filter(|e| e.stage == Some(stage)).map(|e| e.key).collect()
    }
}
