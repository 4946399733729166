//! The facts of one call from its records, which come sorted and each once.

use super::apps;
use super::record::{Ending, Fact, Leg, LiveEvent, LiveKind, Record, Side, System};
use super::source::Source;
use super::visits::{Exit, Story, micros, story};
use crate::domain::Instant;
use crate::domain::call::{Call, Direction, Flag, Outcome};
use crate::domain::caller::Caller;
use std::collections::{BTreeMap, BTreeSet};

/// What the records of one call say, sorted by kind.
struct Facts<'a> {
    source: &'a Source,
    legs: Vec<Leg>,
    story: Story,
    live: Vec<(Instant, &'a LiveEvent)>,
    started: Instant,
    ended: Option<Instant>,
}

/// When and by whom the call was answered.
struct Answer {
    at: Instant,
    agent: Option<String>,
}

/// Merges. `None` without records.
pub fn call(records: &[&Record], source: &Source) -> Option<Call> {
    let legs = distinct(records);
    let story = story(records, &legs.iter().collect::<Vec<_>>());
    let mut live: Vec<(Instant, &LiveEvent)> =
        records.iter().filter_map(|r| if let Fact::Live(e) = &r.fact { Some((r.at, e)) } else { None }).collect();
    live.sort();
    let started = legs.iter().map(|l| l.started).min().or_else(|| records.iter().map(|r| r.at).min())?;
    let mut facts = Facts { source, ended: None, legs, story, live, started };
    facts.ended = facts.ended();
    let (answer, primary) = (facts.answer(), facts.primary());
    let caller = facts.caller(primary);
    let dialled = facts.dialled(primary);
    let direction = facts.direction(&caller, dialled.as_deref());
    let (outcome, voicemail) = facts.outcome(answer.as_ref());
    let talk_us = facts.talk(answer.as_ref());
    let mut flags: BTreeSet<Flag> = records.iter().flat_map(|r| r.flags.iter().copied()).collect();
    if voicemail {
        flags.insert(Flag::Voicemail);
    }
    if facts.legs.is_empty() {
        flags.insert(Flag::NoDetailRecord);
    }
    let agent = match (&caller, direction) {
        (Caller::Extension(e), Direction::Outbound) => Some(e.clone()),
        _ => answer.as_ref().and_then(|a| a.agent.clone()),
    };
    Some(Call {
        source: source.name.clone(),
        key: records.iter().map(|r| r.call.as_str()).min()?.to_owned(),
        direction,
        caller_name: facts.caller_name(primary),
        caller,
        dialled,
        queue: facts.queue(),
        agent,
        started_at: started,
        answered_at: answer.as_ref().map(|a| a.at),
        ended_at: facts.ended,
        ivr_us: facts.ivr(answer.as_ref()),
        wait_us: facts.wait(answer.as_ref(), outcome),
        talk_us,
        hold_us: facts.legs.iter().map(|l| l.hold_us).max().unwrap_or(0),
        transfers: facts.transfers(),
        outcome,
        recording: facts.recording(),
        flags,
    })
}

/// One leg per leg: the same row through two doors, or twice with other counters, is one. What the fuller row lacks the other fills in.
fn distinct(records: &[&Record]) -> Vec<Leg> {
    let full = |l: &Leg| {
        let filled = [&l.link, &l.src, &l.name, &l.dst, &l.did, &l.context, &l.peer, &l.app, &l.recording, &l.agent];
        (l.stamped, filled.iter().filter(|f| f.is_some()).count(), l.sequence.is_some())
    };
    let mut groups: BTreeMap<String, Vec<&Leg>> = BTreeMap::new();
    for record in records {
        if let Fact::Leg(leg) = &record.fact {
            groups.entry(identity(leg).unwrap_or_else(|| record.key.as_str().to_owned())).or_default().push(leg);
        }
    }
    let mut legs: Vec<Leg> = groups
        .into_values()
        .filter_map(|mut same| {
            same.sort_by(|a, b| full(b).cmp(&full(a)).then_with(|| a.cmp(b)));
            let mut rest = same.into_iter();
            let mut leg = rest.next()?.clone();
            rest.for_each(|other| fill(&mut leg, other));
            Some(leg)
        })
        .collect();
    legs.sort_by(|a, b| (a.started, a.sequence, a).cmp(&(b.started, b.sequence, b)));
    legs
}

/// What makes two rows the same leg. A FreeSWITCH channel has one leg; an Asterisk channel has as many as it had bridges and forks.
fn identity(leg: &Leg) -> Option<String> {
    let id = leg.id.as_ref()?;
    Some(match leg.system {
        System::Freeswitch => format!("f {id}"),
        _ => {
            let seconds = [leg.duration_us / 1_000_000, leg.billed_us / 1_000_000];
            format!("a {id} {} {:?} {:?} {seconds:?}", leg.started.timestamp(), leg.channel, leg.peer)
        }
    })
}

fn fill(leg: &mut Leg, other: &Leg) {
    let pairs = [
        (&mut leg.link, &other.link),
        (&mut leg.src, &other.src),
        (&mut leg.name, &other.name),
        (&mut leg.dst, &other.dst),
        (&mut leg.did, &other.did),
        (&mut leg.context, &other.context),
        (&mut leg.app, &other.app),
        (&mut leg.app_data, &other.app_data),
        (&mut leg.agent, &other.agent),
        (&mut leg.recording, &other.recording),
    ];
    for (mine, theirs) in pairs {
        if mine.is_none() {
            mine.clone_from(theirs);
        }
    }
    leg.stay = leg.stay.take().or_else(|| other.stay.clone());
    leg.direction = leg.direction.or(other.direction);
    leg.sequence = leg.sequence.or(other.sequence);
    if leg.peer.is_none() {
        leg.peer.clone_from(&other.peer);
    }
    if leg.side == Side::Unknown {
        leg.side = other.side;
    }
}

impl Facts<'_> {
    fn ended(&self) -> Option<Instant> {
        let by_legs = self.legs.iter().filter_map(|l| l.ended).max();
        let by_queue = || self.story.visits.iter().map(|v| v.left).collect::<Option<Vec<_>>>().and_then(|l| l.into_iter().max());
        let by_live = || self.live.iter().filter(|(_, e)| e.kind == LiveKind::Ended).map(|(at, _)| *at).max();
        by_legs.or_else(by_live).or_else(by_queue)
    }

    /// The leg of the one who called.
    fn primary(&self) -> Option<&Leg> {
        let looped = |l: &Leg| l.channel.as_deref().is_some_and(apps::is_local);
        let first = |f: &dyn Fn(&Leg) -> bool| self.legs.iter().find(|l| f(l));
        first(&|l| l.side == Side::Caller)
            .or_else(|| first(&|l| l.id.is_some() && l.id == l.link && !looped(l) && l.side != Side::Called))
            .or_else(|| first(&|l| !looped(l) && l.side != Side::Called))
            .or_else(|| self.legs.first())
    }

    fn caller(&self, primary: Option<&Leg>) -> Caller {
        let legs = primary.and_then(|l| l.src.as_deref()).into_iter();
        let others = self.story.caller.as_deref().into_iter().chain(self.live.iter().filter_map(|(_, e)| e.caller.as_deref()));
        let read = |text| Caller::read(text, &self.source.area);
        legs.chain(others).map(read).find(|c| *c != Caller::Anonymous).unwrap_or(Caller::Anonymous)
    }

    fn caller_name(&self, primary: Option<&Leg>) -> Option<String> {
        primary.and_then(|l| l.name.clone()).or_else(|| self.story.caller_name.clone())
    }

    fn dialled(&self, primary: Option<&Leg>) -> Option<String> {
        let own = |l: &&Leg| primary.is_some_and(|p| p.id == l.id);
        let did = self.legs.iter().find_map(|l| l.did.clone()).or_else(|| self.story.did.clone());
        let dst = || self.legs.iter().filter(own).filter_map(|l| l.dst.as_deref()).find(|d| !apps::is_special(d)).map(str::to_owned);
        did.or_else(dst).or_else(|| self.live.iter().find_map(|(_, e)| e.dialled.clone()))
    }

    fn direction(&self, caller: &Caller, dialled: Option<&str>) -> Direction {
        if let Some(direction) = self.legs.iter().find_map(|l| l.direction) {
            return direction;
        }
        // A caller that waited in a queue came to us, whatever the number looks like.
        if !caller.is_extension() || !self.story.visits.is_empty() || self.legs.iter().any(|l| l.did.is_some()) {
            return Direction::Inbound;
        }
        match dialled.map(|d| Caller::read(d, &self.source.area)) {
            Some(Caller::Phone(_)) => Direction::Outbound,
            _ => Direction::Internal,
        }
    }

    fn queue(&self) -> Option<String> {
        let visited = self.story.visits.iter().rev().find_map(|v| v.queue.clone());
        let named = || self.legs.iter().rev().find_map(|l| l.stay.as_ref().and_then(|s| s.queue.clone()));
        let by_app = || {
            let data = |l: &Leg| l.app_data.as_ref().and_then(|d| d.split([',', '|', '@']).next().map(str::to_owned)).filter(|q| !q.is_empty());
            self.legs.iter().rev().filter(|l| apps::is_queue(l.app.as_deref())).find_map(data)
        };
        let by_number = || {
            let words = |l: &Leg| [l.dst.clone(), l.context.clone()].into_iter().flatten().collect::<Vec<_>>();
            let all: Vec<String> = self.legs.iter().flat_map(words).collect();
            self.source.queues.iter().find(|(n, _)| all.contains(n)).map(|(_, q)| q.clone())
        };
        visited.or_else(named).or_else(by_app).or_else(by_number).or_else(|| self.live.iter().find_map(|(_, e)| e.queue.clone()))
    }

    /// Legs in which a person spoke.
    fn spoken(&self) -> Vec<&Leg> {
        let called_known = self.legs.iter().any(|l| l.side == Side::Called);
        // The queue's own account ended without an agent: then a row of the application Queue is no talk.
        let refused = !self.story.visits.is_empty() && self.story.visits.iter().all(|v| matches!(v.exit, Exit::Abandoned | Exit::LetGo));
        let spoke = |l: &&Leg| {
            let app = l.app.as_deref();
            let answered = l.ending == Ending::Answered && l.answered.is_some() && !apps::is_voicemail(app);
            let bridged = l.peer.is_some();
            answered
                && match l.system {
                    System::Asterisk => bridged && !(refused && apps::is_queue(app)),
                    System::Freeswitch if l.side == Side::Called => true,
                    System::Freeswitch if called_known => false,
                    System::Freeswitch => bridged || !(apps::is_menu(app) || apps::is_queue(app)),
                    System::Generic => !refused,
                }
        };
        self.legs.iter().filter(spoke).collect()
    }

    /// Legs in which a phone was called, answered or not.
    fn rang(&self) -> impl Iterator<Item = &Leg> {
        self.legs.iter().filter(|l| l.peer.is_some() || l.side == Side::Called || apps::is_dial(l.app.as_deref()))
    }

    fn answer(&self) -> Option<Answer> {
        if let Some((v, at)) = self.story.visits.iter().find_map(|v| v.connected.map(|at| (v, at))) {
            let agent = v.agent.as_deref().and_then(apps::agent).or_else(|| self.leg_agent());
            return Some(Answer { at, agent });
        }
        if let Some(at) = self.spoken().iter().filter_map(|l| l.answered).min() {
            return Some(Answer { at, agent: self.leg_agent().or_else(|| self.live_agent()) });
        }
        if self.legs.is_empty() && self.story.visits.is_empty() {
            let at = self.live.iter().find(|(_, e)| e.kind == LiveKind::Answered).map(|(at, _)| *at)?;
            return Some(Answer { at, agent: self.live_agent() });
        }
        None
    }

    fn live_agent(&self) -> Option<String> {
        self.live.iter().filter(|(_, e)| e.kind == LiveKind::Answered).find_map(|(_, e)| e.agent.as_deref().and_then(apps::agent))
    }

    /// Who spoke first, by the legs.
    fn leg_agent(&self) -> Option<String> {
        let mut spoken = self.spoken();
        spoken.sort_by_key(|l| (l.answered, l.peer.as_deref().is_none_or(apps::is_local)));
        spoken.iter().find_map(|l| person(l))
    }

    fn talk(&self, answer: Option<&Answer>) -> i64 {
        let Some(answer) = answer else { return 0 };
        let visits: Vec<_> = self.story.visits.iter().filter(|v| v.connected.is_some()).collect();
        let logged: Option<i64> = visits.iter().map(|v| v.talk_us).sum();
        if let Some(logged) = logged
            && !visits.is_empty()
            && self.story.transfers == 0
        {
            return logged;
        }
        let mut spans: Vec<(Instant, Instant)> = Vec::new();
        for v in &visits {
            let until = v.talk_us.zip(v.connected).map(|(t, c)| c + chrono::Duration::microseconds(t)).or(self.ended);
            spans.extend(v.connected.zip(until));
        }
        spans.extend(self.spoken().iter().filter_map(|l| l.answered.zip(l.ended)).map(|(a, e)| (a.max(answer.at), e)));
        if spans.is_empty() {
            spans.extend(self.ended.map(|e| (answer.at, e)));
        }
        covered(spans)
    }

    fn ivr(&self, answer: Option<&Answer>) -> i64 {
        if let Some(first) = self.story.visits.first() {
            return micros(self.started, first.joined);
        }
        if self.legs.is_empty() || self.legs.iter().any(|l| apps::is_queue(l.app.as_deref())) {
            // Without a queue log nothing tells the menu from the queue.
            return 0;
        }
        let rang = self.rang().map(|l| l.started).min();
        let menu = self.legs.iter().any(|l| apps::is_menu(l.app.as_deref()) || (l.ending == Ending::Answered && l.peer.is_none()));
        match (rang, answer, self.ended) {
            (Some(rang), _, _) => micros(self.started, rang),
            (None, None, Some(end)) if menu => micros(self.started, end),
            _ => 0,
        }
    }

    fn wait(&self, answer: Option<&Answer>, outcome: Outcome) -> i64 {
        if !self.story.visits.is_empty() {
            let open = |v: &super::visits::Visit| if v.exit == Exit::Open { self.ended.map_or(0, |e| micros(v.joined, e)) } else { v.wait_us };
            return self.story.visits.iter().map(open).sum();
        }
        let rang = self.rang().map(|l| l.started).min().unwrap_or(self.started);
        match (answer, self.ended) {
            (Some(a), _) => {
                // The leg that was answered, by itself, when it began before the answer.
                let own = self.spoken().iter().filter(|l| l.answered == Some(a.at)).map(|l| l.started).max();
                micros(own.unwrap_or(rang).min(a.at), a.at)
            }
            (None, Some(end)) if !matches!(outcome, Outcome::AbandonedInIvr | Outcome::AfterHours) => micros(rang, end),
            _ => 0,
        }
    }

    fn transfers(&self) -> u32 {
        let by_legs: u32 = self.legs.iter().map(|l| l.transfers).sum();
        let talkers: BTreeSet<String> =
            self.spoken().iter().filter(|l| !l.peer.as_deref().is_some_and(apps::is_local)).filter_map(|l| person(l)).collect();
        let by_people = u32::try_from(talkers.len().saturating_sub(1)).unwrap_or(u32::MAX);
        self.story.transfers.max(by_legs).max(by_people)
    }

    fn recording(&self) -> Option<String> {
        let spoken = self.spoken();
        let of = |l: &Leg| l.recording.clone();
        spoken.into_iter().find_map(of).or_else(|| self.legs.iter().find_map(of)).or_else(|| self.live.iter().find_map(|(_, e)| e.recording.clone()))
    }

    /// The outcome, and whether the caller left a voice message.
    fn outcome(&self, answer: Option<&Answer>) -> (Outcome, bool) {
        let voicemail = self.legs.iter().any(|l| apps::is_voicemail(l.app.as_deref()) && l.billed_us > 0);
        if answer.is_some() {
            return (Outcome::Answered, false);
        }
        if self.ended.is_none() {
            return (Outcome::Ongoing, false);
        }
        let closed = |l: &Leg| [&l.context, &l.dst, &l.app_data].into_iter().flatten().any(|w| self.source.is_closed(w));
        let outcome = if self.legs.iter().any(closed) {
            Outcome::AfterHours
        } else if voicemail {
            Outcome::Missed
        } else if let Some(last) = self.story.visits.last() {
            if matches!(last.exit, Exit::Abandoned | Exit::Open) { Outcome::AbandonedInQueue } else { Outcome::Missed }
        } else if self.legs.is_empty() {
            self.live_outcome()
        } else if self.legs.iter().any(|l| apps::is_queue(l.app.as_deref()) || l.stay.is_some()) {
            Outcome::AbandonedInQueue
        } else if self.rang().next().is_some() {
            unanswered(self.rang().map(|l| l.ending))
        } else if self.legs.iter().any(|l| matches!(l.ending, Ending::Busy)) {
            Outcome::Busy
        } else if self.legs.iter().all(|l| matches!(l.ending, Ending::Failed | Ending::Congestion)) {
            Outcome::Failed
        } else if self.legs.iter().any(|l| l.ending == Ending::Answered || apps::is_menu(l.app.as_deref())) {
            Outcome::AbandonedInIvr
        } else {
            Outcome::Missed
        };
        (outcome, voicemail)
    }

    fn live_outcome(&self) -> Outcome {
        match self.live.iter().find_map(|(_, e)| e.ending) {
            Some(Ending::Busy) => Outcome::Busy,
            Some(Ending::Failed | Ending::Congestion) => Outcome::Failed,
            _ if self.live.iter().any(|(_, e)| e.queue.is_some()) => Outcome::AbandonedInQueue,
            _ => Outcome::Missed,
        }
    }
}

/// The person of a leg: its agent column, else the channel called, else the number called.
fn person(leg: &Leg) -> Option<String> {
    let called = || leg.dst.clone().filter(|_| leg.side == Side::Called);
    leg.agent.as_deref().and_then(apps::agent).or_else(called).or_else(|| leg.peer.as_deref().and_then(apps::agent))
}

/// What phones that nobody answered come to: one that rang weighs more than one that was busy.
fn unanswered(endings: impl Iterator<Item = Ending>) -> Outcome {
    let all: Vec<Ending> = endings.collect();
    if all.iter().any(|e| matches!(e, Ending::NoAnswer | Ending::Cancelled | Ending::Answered)) {
        Outcome::Missed
    } else if all.contains(&Ending::Busy) {
        Outcome::Busy
    } else {
        Outcome::Failed
    }
}

/// Microseconds covered by any of the spans.
fn covered(mut spans: Vec<(Instant, Instant)>) -> i64 {
    spans.sort_unstable();
    let (mut sum, mut until) = (0, None::<Instant>);
    for (from, to) in spans {
        let from = until.map_or(from, |u| u.max(from));
        sum += micros(from, to);
        until = Some(until.map_or(to, |u| u.max(to)));
    }
    sum
}
