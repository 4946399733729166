//! The chain of stages as a request lives through it.

use super::*;

fn chain() -> Books {
    let book = "silence_minutes = 4320\n[arbitration]\nqueue = \"arb\"\nafter_refusals = 2\ndecide = { minutes = 60 }\n\
                [[policy]]\nname = \"all\"\nregister = { minutes = 5 }\naccept = { minutes = 10 }\narrive = { minutes = 40 }\nrestore = { minutes = 240 }\nclose = { minutes = 60 }\n\
                [[policy]]\nname = \"steps\"\nclass = [\"proposal\"]\naccept = { minutes = 10 }\narrive = { minutes = 30, from = \"previous\" }\nrestore = { minutes = 100, from = \"previous\" }\n\
                [[policy]]\nname = \"office queue\"\nqueue = [\"o1\"]\naccept = { minutes = 10 }\nrestore = { working_minutes = 480 }\n\
                [[pause]]\nreason = \"parts\"\nroles = [\"dispatcher\"]\nmax_minutes = 100\n";
    Books::single(sla(book), &office())
}

fn begin(class: Option<Class>) -> (Life, Instant) {
    let start = at("2026-11-20T04:00:00Z");
    (Life::of(chain(), Life::registration(class, start), "q"), start)
}

fn min(n: i64) -> Duration {
    Duration::minutes(n)
}

#[test]
fn each_stage_ends_where_it_is_reached() {
    let (mut life, t) = begin(Some(Class::Incident));
    let state = |l: &Life, s| l.latest(s).state;
    assert_eq!(state(&life, Stage::Register), TimerState::Met);
    assert!(life.act(&assign(), t + min(4)));
    assert!(life.act(&Act::Start, t + min(6)));
    assert!(life.act(&Act::Arrive, t + min(45)));
    assert_eq!((state(&life, Stage::Accept), state(&life, Stage::Arrive)), (TimerState::Met, TimerState::Breached));
    assert!(life.act(&Act::Resolve { note: None }, t + min(90)));
    assert_eq!(state(&life, Stage::Restore), TimerState::Met);
    assert_eq!(sort_due(&life.timers), t + min(150));
    // Nobody closes it within the hour: late in closing, and in nothing else.
    assert_eq!(life.sweep(t + min(151)), [Stage::Close]);
    assert!(life.act(&Act::Close { by: CloseReason::Staff }, t + min(160)));
    let account = life.account(t + min(200));
    assert_eq!(account.blame.iter().map(|b| (b.stage, b.late_us / 60_000_000)).collect::<Vec<_>>(), [(Stage::Arrive, 5), (Stage::Close, 10)]);
    assert!(life.timers.iter().all(|t| !t.is_live()));
}

#[test]
fn stages_may_count_from_the_one_before() {
    let (mut life, t) = begin(Some(Class::Proposal));
    assert!(life.timers.iter().all(|t| t.stage == Stage::Accept));
    assert!(life.act(&assign(), t + min(20)));
    assert_eq!(life.due(Stage::Arrive), t + min(50), "who is late in accepting is not late in arriving");
    assert!(life.act(&Act::Start, t + min(21)) && life.act(&Act::Arrive, t + min(45)));
    assert_eq!(life.due(Stage::Restore), t + min(145));
    assert_eq!(life.account(t + min(50)).blame.len(), 1);
}

#[test]
fn what_is_not_understood_is_understood_in_time() {
    let (mut life, t) = begin(None);
    assert_eq!(life.due(Stage::Register), t + min(5));
    let is = Act::Reclassify {
        class: Some(Class::Incident),
        service: None,
        district: None,
        hazard: None,
        priority: Priority::NORMAL,
        queue: queue("q"),
        rule: "r".into(),
    };
    assert!(life.act(&is, t + min(3)));
    assert_eq!(life.latest(Stage::Register).state, TimerState::Met);
}

#[test]
fn late_is_late_though_nobody_looked() {
    let (mut life, t) = begin(Some(Class::Incident));
    // No sweep: the act itself comes a microsecond after the deadline.
    assert!(life.decided(&assign(), t + min(10) + Duration::microseconds(1)));
    assert_eq!(life.latest(Stage::Accept).state, TimerState::Breached);
    let (mut life, t) = begin(Some(Class::Incident));
    assert!(life.decided(&assign(), t + min(10)));
    assert_eq!(life.latest(Stage::Accept).state, TimerState::Met);
}

#[test]
fn two_refusals_go_to_an_arbiter_with_a_clock_of_their_own() {
    let (mut life, t) = begin(Some(Class::Incident));
    let refuse = |to: &str| Act::Refuse { reason: text(), queue: queue(to) };
    assert!(life.act(&refuse("r"), t + min(5)));
    assert_eq!(life.due(Stage::Accept), t + min(15));
    assert!(life.act(&refuse("q"), t + min(8)));
    assert_eq!(life.request.queue, Some(queue("arb")));
    assert_eq!(life.due(Stage::Arbitrate), t + min(68));
    assert!(!life.timers.iter().any(|t| t.stage == Stage::Accept && t.is_live()), "no owner is asked to accept meanwhile");
    assert_eq!(life.due(Stage::Restore), t + min(240), "and the resident's clock runs on");
    assert!(life.act(&Act::Transfer { queue: queue("r"), reason: None }, t + min(30)));
    assert_eq!((life.latest(Stage::Arbitrate).state, life.due(Stage::Accept)), (TimerState::Met, t + min(40)));
    let owners: Vec<(String, i64)> = life
        .latest(Stage::Restore)
        .run
        .by_owner(&life.books.last().tables, t + min(60))
        .into_iter()
        .map(|(o, us)| (o.unwrap().to_string(), us / 60_000_000))
        .collect();
    assert_eq!(owners, [("q".into(), 5), ("r".into(), 3 + 30), ("arb".into(), 22)]);
}

#[test]
fn an_owner_with_other_hours_gets_what_is_left() {
    let (mut life, t) = begin(Some(Class::Incident));
    // 09:00-11:00 around the clock at q, then an office queue with eight working hours: six are left.
    assert!(life.act(&Act::Transfer { queue: queue("o1"), reason: None }, t + min(120)));
    assert_eq!(life.spent(Stage::Restore, t + min(120)), 120);
    assert_eq!(life.due(Stage::Restore), at("2026-11-20T13:30:00Z"));
    assert_eq!(life.latest(Stage::Restore).run.policy.as_deref(), Some("office queue"));
}

#[test]
fn a_pause_ends_by_itself() {
    let (mut life, t) = begin(Some(Class::Incident));
    assert!(life.act(&assign(), t + min(5)));
    assert!(life.act(&hold(PauseReason::Parts), t + min(10)));
    assert_eq!((life.due(Stage::Resume), sort_due(&life.timers)), (t + min(110), never()));
    assert_eq!(life.sweep(t + min(110)), [Stage::Resume]);
    assert_eq!((life.request.status, life.due(Stage::Restore)), (Status::Assigned, t + min(340)));
    // Somebody who is earlier takes the end of the pause away.
    assert!(life.act(&hold(PauseReason::Parts), t + min(120)) && life.act(&Act::Resume, t + min(130)));
    assert_eq!(life.sweep(t + min(230)), [Stage::Arrive], "the end of the second pause is not there any more");
}

#[test]
fn a_pause_that_is_only_asked_for_stops_nothing() {
    let (mut life, t) = begin(Some(Class::Incident));
    assert!(life.act(&assign(), t + min(5)));
    let clocks = life.timers.clone();
    life.take(Event::PauseAsked { why: PauseReason::Parts, reason: text(), until: None }, t + min(6));
    assert!(life.act(&Act::DeclinePause { reason: None }, t + min(7)));
    assert_eq!(life.timers, clocks);
    let keys: Vec<&str> = life.account(t + min(8)).entries.iter().map(|e| e.key).collect();
    assert!(keys.contains(&"sla.pause_asked") && keys.contains(&"sla.pause_declined"));
}

#[test]
fn a_missed_deadline_that_moves_ahead_is_watched_again() {
    let (mut life, t) = begin(Some(Class::Incident));
    assert_eq!(life.sweep(t + min(11)), [Stage::Accept]);
    let mut later = chain().last().sla.clone();
    later.policies[0].accept = Some(Target::minutes(30));
    life.books.add(Revision::new(7, t + min(12), later, &office()));
    let moves = what_would_move(&[(life.request.clone(), life.timers.clone())], &life.books, 7, t + min(13));
    assert_eq!(moves.iter().map(|m| (m.stage, m.from, m.to)).collect::<Vec<_>>(), [(Stage::Accept, Some(t + min(10)), Some(t + min(30)))]);
    assert!(life.act(&Act::Retime { revision: 7 }, t + min(13)));
    assert_eq!(life.due(Stage::Accept), t + min(30));
    assert_eq!(life.timers.iter().filter(|t| t.stage == Stage::Accept && t.state == TimerState::Breached).count(), 1, "what was told stays told");
    assert_eq!(life.sweep(t + min(30)), [Stage::Accept]);
}

#[test]
fn a_new_holiday_moves_open_requests_only_when_it_is_applied() {
    let book = "silence_minutes = 1\n[[policy]]\nname = \"law\"\nrestore = { working_days = 3, calendar = \"office\" }\n";
    let friday = at("2026-11-20T04:00:00Z");
    let mut life = Life::begin(Books::single(sla(book), &office()), Class::Complaint, "o1", friday);
    let mut calendars = office();
    calendars.holidays.push(crate::domain::calendar::Holiday {
        date: crate::domain::calendar::Day("2026-11-24".parse().unwrap()),
        name: crate::domain::catalog::Named { kk: "а".into(), ru: "а".into() },
        moved_from: None,
    });
    life.books.add(Revision::new(1, friday + min(10), sla(book), &calendars));
    let now = friday + min(20);
    assert!(life.act(&assign(), now) && life.act(&hold(PauseReason::Access), now) && life.act(&Act::Resume, now));
    assert_eq!(life.due(Stage::Restore), at("2026-11-25T13:30:00Z"));
    let moves = what_would_move(&[(life.request.clone(), life.timers.clone())], &life.books, 1, now);
    assert_eq!(moves.len(), 1);
    assert_eq!((moves[0].from, moves[0].to), (Some(at("2026-11-25T13:30:00Z")), Some(at("2026-11-26T13:30:00Z"))));
    assert!(life.act(&Act::Retime { revision: 1 }, now));
    assert_eq!(life.due(Stage::Restore), at("2026-11-26T13:30:00Z"));
    assert!(life.keys(Stage::Restore, now).contains(&"sla.retimed"));
    assert!(what_would_move(&[(life.request.clone(), life.timers.clone())], &life.books, 1, now).is_empty());
}

#[test]
fn rows_from_before_laps_go_on() {
    let (mut life, t) = begin(Some(Class::Incident));
    assert!(life.act(&assign(), t + min(5)));
    let n = life.timers.iter().position(|t| t.stage == Stage::Restore).unwrap();
    life.timers[n].run = Run::around_the_clock(t, t + min(240));
    assert!(life.act(&hold(PauseReason::Access), t + min(40)) && life.act(&Act::Resume, t + min(100)));
    assert_eq!(life.due(Stage::Restore), t + min(300));
    life.timers[n].run = Run::paused_with(t, 60_000_000);
    life.timers[n].state = TimerState::Paused;
    life.request.status = Status::OnHold;
    assert!(life.decided(&Act::Resume, t + min(200)));
    assert_eq!(life.due(Stage::Restore), t + min(201));
}

#[test]
fn danger_counts_from_receipt() {
    let start = at("2026-11-20T04:00:00Z");
    let shipped: SlaBook = sla(include_str!("../../../../config/sla.toml"));
    let calendars: Calendars = toml::from_str(include_str!("../../../../config/calendar.toml")).unwrap();
    let mut r = Life::registration(Some(Class::Incident), start);
    r.hazard = Some(Hazard::GasLeak);
    let life = Life::of(Books::single(shipped, &calendars), r, "gas");
    assert_eq!((life.due(Stage::Accept), life.due(Stage::Arrive)), (start + min(2), start + min(40)));
    let preview = preview(life.books.last(), &Facts::of(&life.request), start);
    assert_eq!(preview.due, [(Stage::Accept, start + min(2)), (Stage::Arrive, start + min(40)), (Stage::Restore, start + min(240))]);
    assert!(preview.basis.is_some());
}
