//! Requests and clocks as a test wants them, stored as the service stores its own.

use crate::harness::World;
use jambyl109::domain::inbound::ChannelKind;
use jambyl109::domain::request::{Priority, Request, Status};
use jambyl109::domain::sla::{Run, Stage, Timer, TimerState};
use jambyl109::domain::{Class, DistrictCode, Hazard, Instant, Lang, QueueCode, RequestId, RequestNumber, ServiceCode, TimerId, time};
use jambyl109::store::journal::JournalRow;
use jambyl109::store::requests::Stored;
use jambyl109::store::{Bulk, houses, journal, requests, timers};

/// What is stored, kept beside to compute from.
#[derive(Default)]
pub struct Made {
    pub requests: Vec<Stored>,
    pub timers: Vec<Timer>,
    pub houses: Vec<(RequestId, String)>,
}

/// Where it is and what it is about; empty: not known.
#[derive(Clone, Copy)]
pub struct Kind {
    pub class: &'static str,
    pub service: &'static str,
    pub district: &'static str,
    pub queue: &'static str,
    pub channel: &'static str,
}

/// A moment of the oblast's clock: `2026-11-20 10:00`.
pub fn local(text: &str) -> Instant {
    let (day, clock) = text.split_once(' ').unwrap();
    format!("{day}T{clock}:00+05:00").parse::<chrono::DateTime<chrono::FixedOffset>>().unwrap().to_utc()
}

/// Minutes later.
pub fn after(at: Instant, minutes: i64) -> Instant {
    at + chrono::Duration::minutes(minutes)
}

impl Made {
    /// A further request; what happened to it is written into what comes back.
    pub fn add(&mut self, at: Instant, kind: Kind) -> &mut Request {
        let n = self.requests.len() as u64;
        let code = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let request = Request {
            id: RequestId::fresh(),
            number: RequestNumber::compose(25, 5000 + n),
            status: Status::Queued,
            held_from: None,
            held_why: None,
            pause_asked: None,
            class: Class::parse(kind.class),
            service: code(kind.service).map(|c| ServiceCode::new(c).unwrap()),
            district: code(kind.district).map(|c| DistrictCode::new(c).unwrap()),
            queue: code(kind.queue).map(|c| QueueCode::new(c).unwrap()),
            crew: None,
            hazard: None,
            priority: Priority::NORMAL,
            needs_utility: false,
            vulnerable: false,
            channel: ChannelKind::parse(kind.channel).unwrap(),
            lang: Lang::Kk,
            resident: None,
            conversation: None,
            parent: None,
            reported_at: at,
            received_at: at,
            accepted_at: None,
            arrived_at: None,
            resolved_at: None,
            closed_at: None,
            updated_at: at,
            reopened: 0,
            refused: 0,
            breaches: 0,
            rating: None,
            version: 1,
        };
        self.requests.push(Stored { request, last_hash: [0; 32], sort_due: time::never(), overdue: false });
        &mut self.requests.last_mut().unwrap().request
    }

    /// The last request is late.
    pub fn late(&mut self) {
        self.requests.last_mut().unwrap().overdue = true;
    }

    /// The last request states a danger.
    pub fn danger(&mut self) {
        let r = &mut self.requests.last_mut().unwrap().request;
        r.hazard = Some(Hazard::OpenManhole);
        r.priority = Priority::DANGER;
    }

    /// A clock of the last request.
    pub fn clock(&mut self, stage: Stage, state: TimerState, owner: &str) {
        let r = &self.requests.last().unwrap().request;
        let round = self.timers.iter().filter(|t| t.request == r.id && t.stage == stage).count();
        let owner = (!owner.is_empty()).then(|| QueueCode::new(owner).unwrap());
        self.timers.push(Timer {
            id: TimerId::fresh(),
            request: r.id,
            stage,
            round: i32::try_from(round).unwrap() + 1,
            state,
            started_at: r.received_at,
            due_at: time::never(),
            remaining_us: None,
            ended_at: None,
            run: Run::begin(None, 1, 60_000_000, "always", owner, r.received_at),
        });
    }

    /// The last request came from this house.
    pub fn house(&mut self, address: &str) {
        self.houses.push((self.requests.last().unwrap().request.id, address.to_owned()));
    }

    /// Stores everything.
    pub async fn store(&self, w: &World) {
        for part in self.requests.chunks(200) {
            let c = w.core().db.write();
            let mut bulk = Bulk::on(c);
            requests::insert(&mut bulk, part).unwrap();
            journal::append(&mut bulk, &part.iter().map(|s| told(s, 1)).collect::<Vec<_>>()).unwrap();
            bulk.run(c).await.unwrap();
        }
        for part in self.timers.chunks(200) {
            let c = w.core().db.write();
            let mut bulk = Bulk::on(c);
            timers::upsert(&mut bulk, &part.iter().map(|t| (t.clone(), None)).collect::<Vec<_>>()).unwrap();
            bulk.run(c).await.unwrap();
        }
        if !self.houses.is_empty() {
            let c = w.core().db.write();
            let mut bulk = Bulk::on(c);
            houses::note(&mut bulk, self.houses.iter().map(|(id, a)| (*id, a.as_str())), w.now()).unwrap();
            bulk.run(c).await.unwrap();
        }
    }

    /// Writes a request anew after a change, as every change is written: with a row of its journal.
    pub async fn change(&mut self, w: &World, n: usize, how: impl FnOnce(&mut Stored)) {
        let s = &mut self.requests[n];
        let version = s.request.version;
        how(s);
        s.request.version = version + 1;
        let c = w.core().db.write();
        assert!(requests::update(c, s, version).await.unwrap());
        let mut bulk = Bulk::on(c);
        journal::append(&mut bulk, &[told(s, version + 1)]).unwrap();
        bulk.run(c).await.unwrap();
    }
}

fn told(s: &Stored, seq: i64) -> JournalRow {
    JournalRow {
        request: s.request.id,
        seq,
        at: s.request.updated_at,
        actor: "system".into(),
        kind: "noted".into(),
        payload: "{}".into(),
        hash: vec![0; 32],
    }
}

/// Adds past days up, as the worker does within some minutes.
pub async fn roll(w: &World) -> usize {
    let mut n = 0;
    for _ in 0..3 {
        n += w.server.figures.tick().await.unwrap();
        w.clock.advance(std::time::Duration::from_secs(150));
    }
    n
}
