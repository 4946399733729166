use super::*;
use crate::domain::CallId;
use crate::domain::call::{Direction, Outcome};
use crate::domain::caller::{Area, Caller};
use crate::store::reports::calls::CallRow;
use chrono::Datelike;

const S: i64 = 1_000_000;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

struct Line {
    start: &'static str,
    caller: &'static str,
    queue: &'static str,
    outcome: Outcome,
    agent: &'static str,
    wait: i64,
    talk: i64,
}

fn call(l: &Line, registered: bool) -> CallRow {
    CallRow {
        id: CallId::fresh(),
        at: at(l.start),
        direction: Direction::Inbound,
        outcome: l.outcome,
        phone: Caller::read(l.caller, &Area::default()).phone().cloned(),
        queue: Some(l.queue).filter(|q| !q.is_empty()).map(str::to_owned),
        agent: Some(l.agent).filter(|a| !a.is_empty()).map(str::to_owned),
        wait_us: l.wait * S,
        talk_us: l.talk * S,
        hold_us: 0,
        transfers: 0,
        registered,
        before_days: None,
        after_days: None,
    }
}

/// Counted from calls that stand as they are listed.
fn counted(terms: Terms, from: &str, to: &str, now: &str, calls: &[CallRow]) -> Figures {
    let mut f = Figures::new(terms, at(from), at(to));
    let mut count = Count::new(terms);
    calls.iter().for_each(|c| count.add(c, (c.at >= f.from && c.at < f.to).then_some(0)));
    f.sums = count.finish(at(now)).remove(&0).unwrap_or_default();
    f
}

fn log() -> Vec<CallRow> {
    LOG.iter().enumerate().map(|(n, line)| call(line, n == 0 || n == 8)).collect()
}

/// A small log. Monday 2024-05-06; the zone is five hours ahead, so 19:30Z is Tuesday 00:30.
const LOG: [Line; 10] = [
    Line { start: "2024-05-06T04:00:00Z", caller: "87010000001", queue: "a", outcome: Outcome::Answered, agent: "101", wait: 10, talk: 60 },
    Line { start: "2024-05-06T04:10:00Z", caller: "87010000002", queue: "a", outcome: Outcome::Answered, agent: "102", wait: 20, talk: 120 },
    Line { start: "2024-05-06T04:20:00Z", caller: "87010000003", queue: "a", outcome: Outcome::Answered, agent: "101", wait: 60, talk: 30 },
    Line { start: "2024-05-06T04:30:00Z", caller: "87010000004", queue: "a", outcome: Outcome::AbandonedInQueue, agent: "", wait: 4, talk: 0 },
    Line { start: "2024-05-06T05:00:00Z", caller: "87010000005", queue: "b", outcome: Outcome::AbandonedInQueue, agent: "", wait: 90, talk: 0 },
    Line { start: "2024-05-06T05:10:00Z", caller: "anonymous", queue: "b", outcome: Outcome::Missed, agent: "", wait: 45, talk: 0 },
    Line { start: "2024-05-06T05:20:00Z", caller: "87010000006", queue: "", outcome: Outcome::AbandonedInIvr, agent: "", wait: 0, talk: 0 },
    Line { start: "2024-05-06T05:30:00Z", caller: "87010000007", queue: "", outcome: Outcome::Busy, agent: "", wait: 0, talk: 0 },
    // The first caller again, after 15.5 hours.
    Line { start: "2024-05-06T19:30:00Z", caller: "87010000001", queue: "b", outcome: Outcome::Answered, agent: "102", wait: 2, talk: 90 },
    // The second again, after ten days.
    Line { start: "2024-05-16T04:10:00Z", caller: "87010000002", queue: "b", outcome: Outcome::Answered, agent: "102", wait: 8, talk: 100 },
];

fn figures() -> Figures {
    counted(Terms::default(), "2024-05-01T00:00:00Z", "2024-06-01T00:00:00Z", "2024-05-20T00:00:00Z", &log())
}

fn near(a: Option<f64>, b: f64) {
    assert!((a.unwrap() - b).abs() < 1e-9, "{a:?} is not {b}");
}

#[test]
fn totals_by_hand() {
    let t = figures().sums.total;
    assert_eq!((t.calls, t.answered, t.abandoned, t.short_abandoned, t.missed, t.busy, t.abandoned_in_ivr), (10, 5, 2, 1, 1, 1, 1));
    // 5 answered, 2 abandoned, 1 missed, 1 busy.
    assert_eq!(t.offered(), 9);
    // Waits 10, 20, 2, 8 are within 20 s; 60 is not. 4 of 9 less 1.
    near(t.service_level(), 4.0 / 8.0);
    // (10 + 20 + 60 + 2 + 8) / 5.
    near(t.asa_s(), 20.0);
    // (60 + 120 + 30 + 90 + 100) / 5.
    near(t.aht_s(), 80.0);
    near(t.abandonment(), 1.0 / 9.0);
    assert_eq!(t.longest_wait_us, 90 * S);
    near(t.became_requests(), 2.0 / 5.0);
    assert_eq!(Terms::default().formula(), "answered within 20 s / (offered - abandoned in queue before 5 s)");
}

#[test]
fn the_terms_decide() {
    let terms = Terms { threshold_s: 9, short_abandon_s: 4, ..Terms::default() };
    let f = counted(terms, "2024-05-01T00:00:00Z", "2024-06-01T00:00:00Z", "2024-05-20T00:00:00Z", &log());
    // Waits 2 and 8; the one who left after 4 s is not short now.
    near(f.sums.total.service_level(), 2.0 / 9.0);
    near(f.sums.total.abandonment(), 2.0 / 9.0);
}

#[test]
fn by_queue_agent_hour_and_weekday() {
    let f = figures().sums;
    let b = f.queues[&Some("b".to_owned())];
    assert_eq!((b.answered, b.offered()), (2, 4));
    near(b.service_level(), 2.0 / 4.0);
    assert_eq!(f.queues[&None].calls, 2);
    let w = f.agents["101"];
    assert_eq!((w.answered, w.talk_us, w.requests), (2, 90 * S, 1));
    near(w.aht_s(), 45.0);
    // 04:xxZ is nine in the morning, 05:xxZ ten, 19:30Z half past midnight of Tuesday.
    assert_eq!(f.hours[9], Load { answered: 4, missed: 1 });
    assert_eq!(f.hours[10], Load { answered: 0, missed: 4 });
    assert_eq!(f.hours[0], Load { answered: 1, missed: 0 });
    assert_eq!(f.weekdays[0], Load { answered: 3, missed: 5 });
    assert_eq!(f.weekdays[1], Load { answered: 1, missed: 0 });
    assert_eq!(f.weekdays[3], Load { answered: 1, missed: 0 });
}

#[test]
fn who_called_again() {
    let r = figures().sums.repeats;
    // Nine calls with a number; the first caller's second is a repeat, the second's after ten days is not.
    assert_eq!((r.calls, r.repeated), (9, 1));
    near(r.repeat_rate(), 1.0 / 9.0);
    // Answered: the first was followed; 2, 3 and the first's second were not; the last one's seven days are not over on the 20th.
    assert_eq!((r.unresolved, r.resolved, r.undecided), (1, 3, 1));
    near(r.fcr(), 3.0 / 4.0);
}

#[test]
fn days_around_the_period_count_for_repeats_only() {
    let f = counted(Terms::default(), "2024-05-06T12:00:00Z", "2024-05-07T00:00:00Z", "2024-06-01T00:00:00Z", &log()).sums;
    assert_eq!(f.total.calls, 1);
    assert_eq!((f.repeats.calls, f.repeats.repeated, f.repeats.resolved, f.repeats.unresolved), (1, 1, 1, 0));
}

#[test]
fn parts_add_up_and_come_back_from_json() {
    let whole = figures().sums;
    let mut count = Count::new(Terms::default());
    log().iter().for_each(|c| count.add(c, Some(c.at.day0().cast_signed())));
    let mut sum = Sums::default();
    let parts = count.finish(at("2024-05-20T00:00:00Z"));
    assert_eq!(parts.len(), 2);
    for part in parts.values() {
        let back: Sums = serde_json::from_str(&serde_json::to_string(part).unwrap()).unwrap();
        assert_eq!(&back, part);
        sum.take_in(&back);
    }
    assert_eq!(sum, whole);
    assert!(whole.queues.contains_key(&None));
}

#[test]
fn what_is_known_of_forgotten_callers() {
    let repeats = |gaps: [(Option<i16>, Option<i16>); 3], numbers: bool| {
        let mut calls = vec![call(&LOG[0], false), call(&LOG[8], false), call(&LOG[9], false)];
        calls.iter_mut().zip(gaps).for_each(|(c, gap)| {
            (c.before_days, c.after_days) = gap;
            c.phone = c.phone.take().filter(|_| numbers);
        });
        counted(Terms::default(), "2024-05-01T00:00:00Z", "2024-06-01T00:00:00Z", "2024-05-30T00:00:00Z", &calls).sums.repeats
    };
    let of = |r: Repeats| (r.calls, r.repeated, r.resolved, r.unresolved, r.undecided);
    let nobody = (None, None);
    // The first calls again within the day, the second is silent, the third is somebody else.
    assert_eq!(of(repeats([nobody; 3], true)), (3, 1, 2, 1, 0));
    // The same after their numbers are gone, and when nobody ever knew them.
    assert_eq!(of(repeats([(Some(-1), Some(1)), (Some(1), Some(-20)), (Some(-1), Some(-13))], false)), (3, 1, 2, 1, 0));
    assert_eq!(of(repeats([nobody; 3], false)), (0, 0, 0, 0, 0));
    // Forgotten within the window: it is not known whether they called again; after it they did.
    assert_eq!(of(repeats([(Some(-1), Some(-3)), (Some(-1), None), (Some(8), Some(8))], false)), (3, 0, 1, 0, 0));
    // A neighbour of one who is forgotten: within the window, and beyond.
    assert_eq!(of(repeats([nobody, (None, Some(7)), (Some(7), Some(8))], true)), (3, 2, 1, 2, 0));
}

#[test]
fn callbacks_kept() {
    let mut f = figures();
    let due_at = at("2024-05-06T10:00:00Z");
    for done_at in [Some(due_at), Some(at("2024-05-06T11:00:00Z")), None] {
        f.add_callback(CallBack { due_at, done_at }, at("2024-05-07T00:00:00Z"));
    }
    f.add_callback(CallBack { due_at, done_at: None }, at("2024-05-06T09:00:00Z"));
    assert_eq!(f.callbacks, CallBacks { done_in_time: 1, done_late: 1, broken: 1, open: 1 });
    near(f.callbacks.kept(), 1.0 / 3.0);
}

#[test]
fn nothing_gives_no_figure() {
    let f = Figures::new(Terms::default(), at("2024-05-01T00:00:00Z"), at("2024-06-01T00:00:00Z"));
    assert_eq!((f.sums.total.service_level(), f.sums.total.asa_s(), f.sums.repeats.fcr(), f.callbacks.kept()), (None, None, None, None));
}
