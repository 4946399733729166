//! Figures of calls against a slow, obvious count over all of them, after every step: days are added up, calls come late, change, move to other days, are
//! joined, linked and unlinked, and callers are forgotten.

use super::made::{local, roll};
use crate::harness::{Kit, World, stories};
use chrono::{DateTime, Datelike, Duration, Timelike};
use jambyl109::domain::calendar::{begins, day_of};
use jambyl109::domain::call::{Call, Direction, Outcome};
use jambyl109::domain::caller::Caller;
use jambyl109::domain::phone::Phone;
use jambyl109::domain::{CallId, Instant, RequestId};
use jambyl109::reports::calls::{self, Bucket, Load, Repeats, Sums, Terms, Work};
use jambyl109::store::calls::links::{self, Link, how};
use jambyl109::store::calls::{self as stored, StoredCall, records};
use jambyl109::store::reports::calls as days;
use rand::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

stories! { figures_of_calls_are_what_slow_counting_gives, calls_are_added_up_once_whoever_does_it, figures_of_forgotten_callers_stay }

const SEED: u64 = 20;

/// A call as the test knows it.
#[derive(Clone)]
struct One {
    call: StoredCall,
    requests: BTreeSet<RequestId>,
    /// Time since the call before and to the call after, as known when a caller was forgotten.
    before: Option<Duration>,
    after: Option<Duration>,
    /// The caller was known once and is forgotten: so long nothing was heard of them.
    forgotten: Option<Duration>,
}

#[derive(Default)]
struct Log {
    calls: Vec<One>,
}

fn place(one: &One) -> (Instant, CallId) {
    (one.call.call.started_at, one.call.id)
}

impl Log {
    /// The nearest call of the same caller before, and the nearest after.
    fn neighbours(&self, one: &One) -> (Option<&One>, Option<&One>) {
        let theirs = || {
            self.calls.iter().filter(|o| {
                o.call.id != one.call.id && o.call.call.direction == Direction::Inbound && o.call.phone.is_some() && o.call.phone == one.call.phone
            })
        };
        (theirs().filter(|o| place(o) < place(one)).max_by_key(|o| place(o)), theirs().filter(|o| place(o) > place(one)).min_by_key(|o| place(o)))
    }

    fn gap(a: &One, b: &One) -> Duration {
        b.call.call.started_at - a.call.call.started_at
    }

    fn repeats(&self, list: &[&One], terms: &Terms, now: Instant) -> Repeats {
        let window = Duration::days(i64::from(terms.repeat_days));
        let near = |gap: Option<Duration>| gap.is_some_and(|g| g <= window);
        let mut r = Repeats::default();
        for one in list {
            let c = &one.call.call;
            if one.call.phone.is_none() && one.forgotten.is_none() {
                continue;
            }
            let (prior, next) = if one.call.phone.is_some() { self.neighbours(one) } else { (None, None) };
            let before = near(one.before) || near(prior.map(|p| Self::gap(p, one)));
            let after = near(one.after) || near(next.map(|n| Self::gap(one, n)));
            r.calls += 1;
            r.repeated += u64::from(before);
            if c.outcome != Outcome::Answered {
                continue;
            }
            let heard = one.forgotten.map_or(now, |silent| c.started_at + silent);
            if after {
                r.unresolved += 1;
            } else if c.started_at + window < heard || (one.forgotten.is_some() && one.after.is_some()) {
                r.resolved += 1;
            } else if one.forgotten.is_none() {
                r.undecided += 1;
            }
        }
        r
    }

    /// Every figure, from all there is.
    fn slow(&self, terms: &Terms, from: Instant, to: Instant, now: Instant) -> Sums {
        let mine: Vec<&One> = self.calls.iter().filter(|o| o.call.call.started_at >= from && o.call.call.started_at < to).collect();
        let inbound: Vec<&One> = mine.iter().copied().filter(|o| o.call.call.direction == Direction::Inbound).collect();
        let queues: BTreeSet<Option<String>> = inbound.iter().map(|o| o.call.call.queue.clone()).collect();
        let of_queue = |q: &Option<String>| inbound.iter().copied().filter(|o| o.call.call.queue == *q).collect::<Vec<_>>();
        let spoke: Vec<&One> = mine.iter().copied().filter(|o| o.call.call.outcome == Outcome::Answered && o.call.call.agent.is_some()).collect();
        let names: BTreeSet<String> = spoke.iter().map(|o| o.call.call.agent.clone().unwrap()).collect();
        let load = |of: &dyn Fn(DateTime<chrono_tz::Tz>) -> bool| {
            let these = || inbound.iter().filter(|o| of(o.call.call.started_at.with_timezone(&terms.zone))).map(|o| o.call.call.outcome);
            Load {
                answered: these().filter(|o| *o == Outcome::Answered).count() as u64,
                missed: these().filter(|o| ![Outcome::Answered, Outcome::Ongoing].contains(o)).count() as u64,
            }
        };
        Sums {
            total: bucket(&inbound, terms),
            queues: queues.into_iter().map(|q| (q.clone(), bucket(&of_queue(&q), terms))).collect(),
            agents: names.into_iter().map(|name| (name.clone(), work(&spoke, &name))).collect(),
            hours: std::array::from_fn(|h| load(&|t| t.hour() as usize == h)),
            weekdays: std::array::from_fn(|d| load(&|t| t.weekday().num_days_from_monday() as usize == d)),
            repeats: self.repeats(&inbound, terms, now),
        }
    }

    /// Forgets who was at the other end.
    fn forget(&mut self, ids: &BTreeSet<CallId>, now: Instant) {
        let all = Self { calls: self.calls.clone() };
        let nearer = |a: Option<Duration>, b: Option<Duration>| a.into_iter().chain(b).min();
        for one in &mut self.calls {
            let gone = ids.contains(&one.call.id);
            if one.call.call.direction == Direction::Inbound && one.call.phone.is_some() {
                let (prior, next) = all.neighbours(one);
                let counts = |o: &&One| gone || ids.contains(&o.call.id);
                one.before = nearer(one.before, prior.filter(counts).map(|p| Self::gap(p, one)));
                one.after = nearer(one.after, next.filter(counts).map(|n| Self::gap(one, n)));
                one.forgotten = gone.then(|| now - one.call.call.started_at);
            }
            if gone {
                one.call.phone = None;
                one.call.call.caller = Caller::Anonymous;
                one.call.call.dialled = None;
            }
        }
    }
}

fn bucket(list: &[&One], terms: &Terms) -> Bucket {
    let of = |o: Outcome| list.iter().filter(|c| c.call.call.outcome == o).collect::<Vec<_>>();
    let n = |o| of(o).len() as u64;
    let answered = of(Outcome::Answered);
    let seconds = |n: u32| i64::from(n) * 1_000_000;
    let rang = [Outcome::Answered, Outcome::AbandonedInQueue, Outcome::Missed].map(of).concat();
    Bucket {
        calls: list.len() as u64,
        answered: n(Outcome::Answered),
        answered_in_time: answered.iter().filter(|c| c.call.call.wait_us <= seconds(terms.threshold_s)).count() as u64,
        abandoned: n(Outcome::AbandonedInQueue),
        short_abandoned: of(Outcome::AbandonedInQueue).iter().filter(|c| c.call.call.wait_us < seconds(terms.short_abandon_s)).count() as u64,
        abandoned_in_ivr: n(Outcome::AbandonedInIvr),
        missed: n(Outcome::Missed),
        busy: n(Outcome::Busy),
        failed: n(Outcome::Failed),
        after_hours: n(Outcome::AfterHours),
        ongoing: n(Outcome::Ongoing),
        wait_us: answered.iter().map(|c| c.call.call.wait_us).sum(),
        talk_us: answered.iter().map(|c| c.call.call.talk_us).sum(),
        hold_us: answered.iter().map(|c| c.call.call.hold_us).sum(),
        longest_wait_us: rang.iter().map(|c| c.call.call.wait_us).max().unwrap_or(0),
        requests: answered.iter().filter(|c| !c.requests.is_empty()).count() as u64,
    }
}

fn work(spoke: &[&One], name: &str) -> Work {
    let mine: Vec<&&One> = spoke.iter().filter(|o| o.call.call.agent.as_deref() == Some(name)).collect();
    let inbound = |o: &&&&One| o.call.call.direction == Direction::Inbound;
    Work {
        answered: mine.iter().filter(inbound).count() as u64,
        called: mine.iter().filter(|o| !inbound(o)).count() as u64,
        talk_us: mine.iter().map(|o| o.call.call.talk_us).sum(),
        hold_us: mine.iter().map(|o| o.call.call.hold_us).sum(),
        transfers: mine.iter().map(|o| u64::from(o.call.call.transfers)).sum(),
        requests: mine.iter().filter(|o| !o.requests.is_empty()).count() as u64,
    }
}

fn number(n: u32) -> Phone {
    Phone::parse(&format!("+7701000{n:04}")).unwrap()
}

/// A call that began then; `who`: one of some callers, or nobody known.
fn made(dice: &mut StdRng, at: Instant, who: Option<u32>) -> One {
    let outcome = *[[Outcome::Answered; 8].as_slice(), Outcome::ALL.as_slice()].concat().choose(dice).unwrap();
    let direction = *[Direction::Inbound, Direction::Inbound, Direction::Inbound, Direction::Outbound, Direction::Internal].choose(dice).unwrap();
    let one = |dice: &mut StdRng, list: &[&'static str]| Some(*list.choose(dice).unwrap()).filter(|w| !w.is_empty()).map(str::to_owned);
    let phone = who.map(number).filter(|_| direction != Direction::Internal);
    let id = CallId::fresh();
    let call = Call {
        source: "main".into(),
        key: id.to_string(),
        direction,
        caller: match (&phone, direction) {
            (Some(p), Direction::Inbound) => Caller::Phone(p.clone()),
            (None, Direction::Inbound) => Caller::Anonymous,
            _ => Caller::Extension("101".into()),
        },
        caller_name: None,
        dialled: Some("109".into()),
        queue: one(dice, &["a", "b", "c", ""]),
        agent: one(dice, &["101", "102", "103", ""]),
        started_at: at,
        answered_at: None,
        ended_at: Some(at),
        ivr_us: 0,
        wait_us: dice.random_range(0..60) * 1_000_000,
        talk_us: dice.random_range(0..600_000_000),
        hold_us: dice.random_range(0..9_000_000),
        transfers: dice.random_range(0..3),
        outcome,
        recording: None,
        flags: BTreeSet::new(),
    };
    let call = StoredCall { id, call, phone, staff: None, callback_at: None, callback_made: false, imported_at: at, updated_at: at, topic: None };
    One { call, requests: BTreeSet::new(), before: None, after: None, forgotten: None }
}

/// A moment of the last two months, some on the very edge of a day, some a window after or before another call of the same caller.
fn a_moment(dice: &mut StdRng, log: &Log, who: Option<u32>, now: Instant) -> Instant {
    let any = now - Duration::microseconds(dice.random_range(1..60 * 86_400 * 1_000_000i64));
    let at = match dice.random_range(0..4) {
        0 => begins(day_of(any)) + Duration::microseconds(dice.random_range(-1..2)),
        1 => {
            let phone = who.map(number);
            let theirs: Vec<&One> = log.calls.iter().filter(|o| o.call.phone.is_some() && o.call.phone == phone).collect();
            let edge = Duration::days(*[1, 3, 7, 7, 7, -7].choose(dice).unwrap()) + Duration::microseconds(dice.random_range(-1..2));
            theirs.choose(dice).map_or(any, |o| o.call.call.started_at + edge)
        }
        _ => any,
    };
    at.min(now)
}

fn a_caller(dice: &mut StdRng) -> Option<u32> {
    dice.random_bool(0.9).then(|| dice.random_range(0..25))
}

async fn write(w: &World, calls: &[StoredCall]) {
    let tx = w.core().db.begin().await.unwrap();
    stored::upsert(&tx, calls).await.unwrap();
    tx.commit().await.unwrap();
}

async fn come(w: &World, log: &mut Log, dice: &mut StdRng, n: usize) {
    let mut new = Vec::new();
    for _ in 0..n {
        let who = a_caller(dice);
        let at = a_moment(dice, log, who, w.now());
        let one = made(dice, at, who);
        new.push(one.call.clone());
        log.calls.push(one);
    }
    write(w, &new).await;
}

/// One of the things that happen to calls.
async fn something(w: &World, log: &mut Log, dice: &mut StdRng) -> &'static str {
    let n = dice.random_range(0..log.calls.len());
    let db = &w.core().db;
    let c = db.write();
    match dice.random_range(0..10) {
        0 | 1 => {
            come(w, log, dice, 12).await;
            "calls came"
        }
        2 => {
            let call = &mut log.calls[n].call;
            call.call.outcome = *Outcome::ALL.choose(dice).unwrap();
            call.call.wait_us += 7_000_000;
            call.call.queue = Some("d".into());
            write(w, std::slice::from_ref(call)).await;
            "a call changed"
        }
        3 => {
            let call = &mut log.calls[n].call;
            let by = Duration::microseconds(dice.random_range(-20 * 86_400..2 * 86_400) * 1_000_000);
            call.call.started_at = (call.call.started_at + by).min(w.now());
            write(w, std::slice::from_ref(call)).await;
            "a call moved"
        }
        4 => {
            let request = RequestId::fresh();
            let link = Link { call: log.calls[n].call.id, request, how: how::NAMED.into(), actor: "test".into(), at: w.now() };
            links::put(c, &link).await.unwrap();
            log.calls[n].requests.insert(request);
            "a call was linked"
        }
        5 => {
            let request = RequestId::fresh();
            let link = |n: usize| Link { call: log.calls[n].call.id, request, how: how::TIME.into(), actor: "test".into(), at: w.now() };
            let other = (n + 1) % log.calls.len();
            links::add(c, &[link(other)]).await.unwrap();
            links::settle(c, &link(n)).await.unwrap();
            log.calls[n].requests.insert(request);
            "a link moved"
        }
        6 => {
            for one in log.calls.iter_mut().filter(|o| !o.requests.is_empty()).take(2) {
                let request = one.requests.pop_first().unwrap();
                assert!(links::take_away(c, one.call.id, request, "test", w.now()).await.unwrap());
            }
            "links were taken away"
        }
        7 => {
            let gone = log.calls.remove(n);
            let to = &mut log.calls[n / 2];
            records::join(c, gone.call.id, to.call.id).await.unwrap();
            to.requests.extend(gone.requests);
            stored::remove(c, &[gone.call.id]).await.unwrap();
            "two calls were one"
        }
        8 => {
            let phone = number(dice.random_range(0..25));
            stored::erase(c, &phone, w.now()).await.unwrap();
            let theirs = log.calls.iter().filter(|o| o.call.phone.as_ref() == Some(&phone)).map(|o| o.call.id).collect();
            log.forget(&theirs, w.now());
            "a caller was forgotten"
        }
        _ => {
            let before = w.now() - Duration::days(dice.random_range(40..60));
            let old: BTreeSet<CallId> =
                log.calls.iter().filter(|o| o.call.call.started_at < before && o.call.phone.is_some()).map(|o| o.call.id).take(20).collect();
            stored::forget(c, &old.iter().copied().collect::<Vec<_>>(), w.now()).await.unwrap();
            log.forget(&old, w.now());
            "old calls were forgotten"
        }
    }
}

async fn hold(w: &World, log: &Log, terms: Terms, from: Instant, to: Instant, what: &str) {
    let now = w.now();
    let c = w.core().db.read();
    let want = log.slow(&terms, from, to, now);
    let got = calls::gather(c, terms, from, to, now).await.unwrap().sums;
    assert_eq!(got, want, "{what}: {from}..{to} by {terms:?}");
}

async fn figures_of_calls_are_what_slow_counting_gives(kit: Kit) {
    let w = kit.world().await;
    let mut dice = StdRng::seed_from_u64(SEED);
    let mut log = Log::default();
    come(&w, &mut log, &mut dice, 500).await;
    let terms = Terms::of(&w.config.calls);
    let others = [Terms { threshold_s: 9, short_abandon_s: 31, ..terms }, Terms { repeat_days: 3, ..terms }, Terms { repeat_days: 0, ..terms }];
    let db = &w.core().db;
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for round in 0..60 {
        let what = match round % 6 {
            0 => {
                roll(&w).await;
                "days were added up"
            }
            // Added up by other terms: nobody takes one for the other.
            3 if round % 12 == 3 => {
                calls::roll(db, *others.choose(&mut dice).unwrap(), w.now(), w.core().wall(), Duration::zero()).await.unwrap();
                "days were added up by other terms"
            }
            4 => {
                w.clock.advance(std::time::Duration::from_secs(dice.random_range(1..200_000)));
                come(&w, &mut log, &mut dice, 5).await;
                "time passed"
            }
            _ => something(&w, &mut log, &mut dice).await,
        };
        *seen.entry(what).or_default() += 1;
        let what = format!("round {round}, {what}");
        let end = w.now();
        hold(&w, &log, terms, end - Duration::days(100), end + Duration::days(1), &what).await;
        for _ in 0..2 {
            let from = end - Duration::minutes(dice.random_range(1..70 * 1440));
            let to = from + Duration::minutes(dice.random_range(1..70 * 1440));
            hold(&w, &log, terms, from, to, &what).await;
            hold(&w, &log, *others.choose(&mut dice).unwrap(), begins(day_of(from)), begins(day_of(to)), &what).await;
        }
    }
    assert!(seen.len() > 10, "not everything happened: {seen:?}");
    // What is read are the kept days: one that is wrong makes the figure wrong.
    roll(&w).await;
    let end = w.now();
    hold(&w, &log, terms, end - Duration::days(100), end, "at the end").await;
    assert!(w.count("SELECT COUNT(*) FROM report_call_day").await >= 50);
    let right = calls::gather(db.read(), terms, end - Duration::days(100), end, end).await.unwrap().sums.total.calls;
    let facts = w.query("SELECT facts, day FROM report_call_day ORDER BY day DESC LIMIT 1").await;
    let wrong = facts[0][0].replacen("\"total\":{\"calls\":", "\"total\":{\"calls\":1000", 1);
    assert_ne!(wrong, facts[0][0]);
    w.tamper(&format!("UPDATE report_call_day SET facts = '{wrong}' WHERE day = {}", facts[0][1])).await;
    assert!(calls::gather(db.read(), terms, end - Duration::days(100), end, end).await.unwrap().sums.total.calls > right + 900);
    w.leave().await;
}

async fn calls_are_added_up_once_whoever_does_it(kit: Kit) {
    let w = kit.world().await;
    let mut dice = StdRng::seed_from_u64(SEED);
    let mut log = Log::default();
    come(&w, &mut log, &mut dice, 200).await;
    let terms = Terms::of(&w.config.calls);
    let db = &w.core().db;
    let (from, to) = (local("2026-09-01 00:00"), w.now());
    let right = async |log: &Log, what: &str| hold(&w, log, terms, from, w.now(), what).await;
    assert!(roll(&w).await > 0);
    right(&log, "added up").await;

    // Two at once, after changes.
    let seen = days::state(db.read()).await.unwrap().unwrap();
    come(&w, &mut log, &mut dice, 30).await;
    for _ in 0..3 {
        let one = || calls::roll(db, terms, w.now(), w.core().wall(), Duration::zero());
        let (a, b) = tokio::join!(one(), one());
        a.unwrap();
        b.unwrap();
        right(&log, "two at once").await;
    }
    // Whoever comes late with what was counted before leaves it.
    assert!(!days::write(db, &seen, Vec::new()).await.unwrap());
    assert!(!days::advance(db, &seen, "", 0, w.core().wall()).await.unwrap());
    // What is in the kept days leaves the list of changes.
    roll(&w).await;
    roll(&w).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM report_call_change").await, 0);
    come(&w, &mut log, &mut dice, 10).await;
    right(&log, "after an empty list").await;
    roll(&w).await;
    right(&log, "after an empty list, added up").await;

    // A change whose transaction ends late: its place was drawn before that of others which are in the kept days already.
    if w.core().db.backend() == jambyl109::store::Backend::Postgres {
        let late = made(&mut dice, local("2026-10-20 12:00"), Some(1));
        let tx = db.begin().await.unwrap();
        stored::upsert(&tx, std::slice::from_ref(&late.call)).await.unwrap();
        come(&w, &mut log, &mut dice, 10).await;
        w.server.figures.tick().await.unwrap();
        right(&log, "while one is under way").await;
        tx.commit().await.unwrap();
        log.calls.push(late);
        right(&log, "when it has ended").await;
        roll(&w).await;
        right(&log, "when it is added up").await;
    }

    // Forgotten and added up anew, as the command does it.
    w.tamper("UPDATE report_call_day SET facts = '{}'").await;
    calls::forget(db).await.unwrap();
    right(&log, "nothing is kept").await;
    for _ in 0..2 {
        calls::roll(db, terms, w.now(), w.core().wall(), Duration::zero()).await.unwrap();
    }
    right(&log, "all anew").await;
    assert!(to <= w.now() && w.count("SELECT COUNT(*) FROM report_call_day").await > 40);
    w.leave().await;
}

/// A caller is forgotten, and then a day with their calls is counted anew for another reason.
async fn figures_of_forgotten_callers_stay(kit: Kit) {
    let w = kit.world().await;
    let mut dice = StdRng::seed_from_u64(SEED);
    let mut log = Log::default();
    for (at, who) in [("2026-10-10 09:00", 1), ("2026-10-12 09:00", 1), ("2026-10-12 10:00", 2), ("2026-10-30 09:00", 1)] {
        let mut one = made(&mut dice, local(at), Some(who));
        (one.call.call.direction, one.call.call.outcome) = (Direction::Inbound, Outcome::Answered);
        (one.call.phone, one.call.call.caller) = (Some(number(who)), Caller::Phone(number(who)));
        write(&w, &[one.call.clone()]).await;
        log.calls.push(one);
    }
    let terms = Terms::of(&w.config.calls);
    let of = async || {
        let f = calls::gather(w.core().db.read(), terms, local("2026-10-01 00:00"), local("2026-11-01 00:00"), w.now()).await.unwrap();
        let r = f.sums.repeats;
        (r.calls, r.repeated, r.resolved, r.unresolved, r.undecided)
    };
    let want = (4, 1, 3, 1, 0);
    assert_eq!(of().await, want);
    roll(&w).await;
    assert_eq!(of().await, want);
    stored::erase(w.core().db.write(), &number(1), w.now()).await.unwrap();
    assert_eq!(w.count("SELECT COUNT(*) FROM \"call\" WHERE phone IS NOT NULL").await, 1);
    assert_eq!(of().await, want, "what was added up");
    // The records of a forgotten caller come once more: the call is computed again, without a number.
    for one in &mut log.calls {
        one.call.call.queue = Some("z".into());
        if one.call.phone == Some(number(1)) {
            (one.call.phone, one.call.call.caller) = (None, Caller::Anonymous);
        }
    }
    write(&w, &log.calls.iter().map(|o| o.call.clone()).collect::<Vec<_>>()).await;
    assert_eq!(of().await, want, "counted from the calls");
    roll(&w).await;
    assert_eq!(of().await, want, "added up anew");
    w.leave().await;
}
