//! Stays in queues, put together from the queue log and from what legs say of them.

use super::record::{Fact, Leg, QueueEvent, Record, Verb};
use crate::domain::Instant;
use chrono::Duration;

/// How a stay ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    Connected,
    Abandoned,
    /// The queue let the caller go: time-out, key, no agents, withdrawn.
    LetGo,
    /// No line tells.
    Open,
}

/// One stay of the caller in one queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    pub queue: Option<String>,
    pub agent: Option<String>,
    pub joined: Instant,
    pub connected: Option<Instant>,
    pub left: Option<Instant>,
    pub exit: Exit,
    pub wait_us: i64,
    pub talk_us: Option<i64>,
}

impl Visit {
    fn open(queue: Option<String>, joined: Instant) -> Self {
        Self { queue, agent: None, joined, connected: None, left: None, exit: Exit::Open, wait_us: 0, talk_us: None }
    }

    fn close(&mut self, at: Instant, exit: Exit, wait_us: Option<i64>) {
        self.left = Some(at);
        self.exit = exit;
        self.wait_us = wait_us.unwrap_or_else(|| micros(self.joined, at));
    }
}

/// What the queue log says of one call.
#[derive(Debug, Clone, Default)]
pub struct Story {
    pub visits: Vec<Visit>,
    pub transfers: u32,
    pub caller: Option<String>,
    pub caller_name: Option<String>,
    pub did: Option<String>,
}

/// Microseconds from one moment to another, never negative.
pub fn micros(from: Instant, to: Instant) -> i64 {
    (to - from).num_microseconds().unwrap_or(0).max(0)
}

fn back(at: Instant, us: i64) -> Instant {
    at.checked_sub_signed(Duration::microseconds(us)).unwrap_or(at)
}

/// Lines of one second in the order they must have been written.
fn rank(verb: &Verb) -> u8 {
    match verb {
        Verb::Did { .. } => 0,
        Verb::Enter { .. } => 1,
        Verb::RingNoAnswer { .. } | Verb::Other { .. } => 2,
        Verb::Connect { .. } => 3,
        Verb::Transfer { .. } => 4,
        Verb::Complete { .. } | Verb::Abandon { .. } | Verb::Timeout { .. } | Verb::Key { .. } | Verb::Empty { .. } | Verb::Taken => 5,
    }
}

/// Reads the events of one call. One that moved on from a queue into another in the same second leaves the first before it joins the second.
#[must_use]
pub fn story(records: &[&Record], legs: &[&Leg]) -> Story {
    let mut events: Vec<(Instant, &QueueEvent)> =
        records.iter().filter_map(|r| if let Fact::Queue(q) = &r.fact { Some((r.at, q)) } else { None }).collect();
    events.sort_by(|a, b| (a.0, rank(&a.1.verb), a.1).cmp(&(b.0, rank(&b.1.verb), b.1)));
    let mut story = Story::default();
    for (at, event) in events {
        step(&mut story, at, event);
    }
    for leg in legs {
        stay(&mut story, leg);
    }
    story.visits.sort_by(|a, b| (a.joined, &a.queue, a.left).cmp(&(b.joined, &b.queue, b.left)));
    story
}

/// The open stay in this queue: the last that has not ended.
fn current<'a>(visits: &'a mut [Visit], queue: &Option<String>) -> Option<&'a mut Visit> {
    visits.iter_mut().rev().find(|v| v.queue == *queue && v.left.is_none())
}

fn step(story: &mut Story, at: Instant, event: &QueueEvent) {
    let queue = &event.queue;
    let mut leave = |exit: Exit, wait: Option<i64>| {
        if current(&mut story.visits, queue).is_none() {
            story.visits.push(Visit::open(queue.clone(), back(at, wait.unwrap_or(0))));
        }
        if let Some(v) = current(&mut story.visits, queue)
            && v.connected.is_none()
        {
            v.close(at, exit, wait);
        }
    };
    match &event.verb {
        Verb::Enter { caller, name } => {
            story.caller = story.caller.take().or_else(|| caller.clone());
            story.caller_name = story.caller_name.take().or_else(|| name.clone());
            story.visits.push(Visit::open(queue.clone(), at));
        }
        Verb::Did { number } => story.did = story.did.take().or_else(|| Some(number.clone())),
        Verb::Connect { hold_us, .. } => {
            if current(&mut story.visits, queue).is_none() {
                story.visits.push(Visit::open(queue.clone(), back(at, *hold_us)));
            }
            if let Some(v) = current(&mut story.visits, queue) {
                (v.connected, v.exit, v.wait_us, v.agent) = (Some(at), Exit::Connected, *hold_us, event.agent.clone());
            }
        }
        Verb::Complete { hold_us, talk_us } => end(story, at, event, Some(*hold_us), Some(*talk_us)),
        Verb::Transfer { hold_us, talk_us, .. } => {
            story.transfers += 1;
            end(story, at, event, *hold_us, *talk_us);
        }
        Verb::Abandon { wait_us } => leave(Exit::Abandoned, *wait_us),
        Verb::Timeout { wait_us } | Verb::Key { wait_us, .. } | Verb::Empty { wait_us } => leave(Exit::LetGo, *wait_us),
        Verb::Taken => leave(Exit::LetGo, None),
        Verb::RingNoAnswer { .. } | Verb::Other { .. } => {}
    }
}

/// The talk with an agent ended; a stay whose beginning was not logged is made up from the lengths.
fn end(story: &mut Story, at: Instant, event: &QueueEvent, hold_us: Option<i64>, talk_us: Option<i64>) {
    let began = back(at, talk_us.unwrap_or(0));
    if current(&mut story.visits, &event.queue).is_none() {
        story.visits.push(Visit::open(event.queue.clone(), back(began, hold_us.unwrap_or(0))));
    }
    if let Some(v) = current(&mut story.visits, &event.queue) {
        if v.connected.is_none() {
            (v.connected, v.exit, v.agent) = (Some(began), Exit::Connected, event.agent.clone());
            v.wait_us = hold_us.unwrap_or_else(|| micros(v.joined, began));
        }
        v.left = Some(at);
        v.talk_us = talk_us.or_else(|| v.connected.map(|c| micros(c, at)));
    }
}

/// A stay that a leg tells of; known already when a stay in the same queue began in the same second.
fn stay(story: &mut Story, leg: &Leg) {
    let Some(stay) = &leg.stay else { return };
    let Some(joined) = stay.joined else { return };
    if story.visits.iter().any(|v| (v.joined - joined).abs() <= Duration::seconds(1)) {
        return;
    }
    let mut visit = Visit::open(stay.queue.clone(), joined);
    match (stay.answered, stay.left) {
        (Some(at), _) => {
            (visit.connected, visit.exit, visit.agent) = (Some(at), Exit::Connected, leg.agent.clone());
            visit.wait_us = micros(joined, at);
            visit.left = leg.ended;
            visit.talk_us = leg.ended.map(|e| micros(at, e));
        }
        (None, Some(left)) => visit.close(left, Exit::Abandoned, None),
        (None, None) => {}
    }
    story.visits.push(visit);
}
