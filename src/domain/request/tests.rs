//! The state machine and its clocks under arbitrary histories.

use super::*;
use crate::domain::access::Role;
use crate::domain::calendar::Calendars;
use crate::domain::ids::{CrewCode, MessageId, QueueCode, RequestId, ServiceCode};
use crate::domain::inbound::ChannelKind;
use crate::domain::sla::{Books, PauseReason, SlaBook, Stage, Timer, TimerState, apply_change, changes, sort_due};
use crate::domain::text_ref::TextRef;
use crate::domain::time::{Instant, never, plus_secs};
use crate::domain::{Class, Lang, RequestNumber};
use proptest::prelude::*;

fn start() -> Instant {
    "2026-11-21T03:00:00Z".parse().unwrap()
}

fn text() -> TextRef {
    TextRef { message: MessageId::fresh(), digest: "d".into() }
}

fn book() -> Books {
    let sla: SlaBook = toml::from_str(
        "silence_minutes = 60\n[[policy]]\nname = \"incident\"\nclass = [\"incident\"]\naccept = { minutes = 10 }\nrestore = { minutes = 60 }\n\
         [[policy]]\nname = \"question\"\nclass = [\"consultation\"]\naccept = { minutes = 30 }\n[[policy]]\nname = \"thanks\"\nclass = [\"thanks\"]\n",
    )
    .unwrap();
    Books::single(sla, &Calendars::none())
}

fn registration() -> Registration {
    Registration {
        number: RequestNumber::compose(2026, 7),
        channel: ChannelKind::Telegram,
        lang: Lang::Kk,
        resident: None,
        conversation: None,
        class: Some(Class::Incident),
        service: Some(ServiceCode::new("water").unwrap()),
        district: None,
        hazard: None,
        priority: Priority::NORMAL,
        needs_utility: false,
        text: text(),
        reported_at: start(),
        received_at: start(),
        triage: None,
        vulnerable: false,
    }
}

fn queue(n: u8) -> QueueCode {
    QueueCode::new(format!("q{n}")).unwrap()
}

fn act() -> impl Strategy<Value = Act> {
    let class = prop_oneof![Just(Class::Incident), Just(Class::Consultation), Just(Class::Thanks)];
    prop_oneof![
        Just(Act::Accept),
        (0u8..3).prop_map(|n| Act::Assign { crew: CrewCode::new(format!("c{n}")).unwrap() }),
        (0u8..3).prop_map(|n| Act::HandOver { crew: CrewCode::new(format!("c{n}")).unwrap() }),
        Just(Act::Start),
        Just(Act::Arrive),
        Just(Act::Hold { reason: text(), until: None, why: None }),
        (prop::sample::select(PauseReason::ALL), 1u16..200).prop_map(|(why, m)| Act::Hold {
            reason: text(),
            until: Some(plus_secs(start(), 100_000_000 + i64::from(m) * 60)),
            why: Some(why),
        }),
        Just(Act::DeclinePause { reason: None }),
        any::<bool>().prop_map(|vulnerable| Act::Flag { vulnerable }),
        Just(Act::Retime { revision: 0 }),
        Just(Act::AddMessage { text: text() }),
        Just(Act::Resume),
        Just(Act::Resolve { note: None }),
        Just(Act::Close { by: CloseReason::Staff }),
        Just(Act::Reopen { reason: None }),
        (0u8..3).prop_map(|n| Act::Refuse { reason: text(), queue: queue(n) }),
        (0u8..3).prop_map(|n| Act::Transfer { queue: queue(n), reason: None }),
        Just(Act::Reject { reason: text() }),
        Just(Act::Merge { into: RequestId::fresh() }),
        (class, 0u8..3).prop_map(|(class, n)| Act::Reclassify {
            class: Some(class),
            service: Some(ServiceCode::new("roads").unwrap()),
            district: None,
            hazard: None,
            priority: Priority::NORMAL,
            queue: queue(n),
            rule: "r".into(),
        }),
        Just(Act::Note { text: text() }),
        (0u8..8).prop_map(|score| Act::Rate { score }),
        Just(Act::Breach { stage: Stage::Accept, due_at: start() }),
    ]
}

/// Plays acts a minute apart; due clocks are flipped as the sweeper would. Gives the journal, the state and the clocks.
fn play(acts: &[(Act, u16)]) -> (Vec<(Event, Instant)>, Request, Vec<Timer>) {
    let book = book();
    let r = registration();
    let mut now = start();
    let id = RequestId::fresh();
    let mut state = Request::begin(id, &r, now);
    let mut journal = vec![(Event::Registered(Box::new(r)), now)];
    let mut timers: Vec<Timer> = Vec::new();
    let mut take = |state: &mut Request, timers: &mut Vec<Timer>, event: Event, now: Instant| {
        state.apply(&event, now);
        for c in changes(&book, state, &event, timers, now) {
            apply_change(timers, &c);
        }
        journal.push((event, now));
    };
    take(&mut state, &mut timers, Event::Queued { queue: queue(0), rule: "r".into() }, now);
    for (act, minutes) in acts {
        now = plus_secs(now, i64::from(*minutes) * 60);
        for t in timers.iter_mut().filter(|t| t.state == TimerState::Running && t.due_at <= now && t.stage.is_target()) {
            t.state = TimerState::Breached;
        }
        let ground = Ground { book: &book.last().sla, role: None, at: now };
        match decide(&state, act, &ground) {
            Ok(events) => {
                assert!(act.kind().allowed_from(state.status));
                for e in events {
                    take(&mut state, &mut timers, e, now);
                }
            }
            Err(ActError::NotFrom { status, .. }) => {
                assert_eq!(status, state.status);
                assert!(!act.kind().allowed_from(status));
            }
            Err(_) => {}
        }
    }
    (journal, state, timers)
}

proptest! {
    #[test]
    fn the_journal_makes_the_state(acts in prop::collection::vec((act(), 0u16..90), 0..40)) {
        let (journal, state, _) = play(&acts);
        let again = fold(state.id, journal.iter().map(|(e, at)| (e, *at)));
        prop_assert_eq!(again.as_ref(), Some(&state));
        prop_assert_eq!(state.version, journal.len() as i64);
        for (event, _) in &journal {
            let written = serde_json::to_string(event).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Event>(&written).unwrap(), event);
        }
    }

    #[test]
    fn clocks_fit_the_state(acts in prop::collection::vec((act(), 0u16..90), 0..40)) {
        let (_, state, timers) = play(&acts);
        for stage in Stage::ALL {
            let live = timers.iter().filter(|t| t.stage == *stage && t.is_live()).count();
            prop_assert!(live <= 1, "{stage}: {live} live clocks");
        }
        let live: Vec<&Timer> = timers.iter().filter(|t| t.is_live()).collect();
        match state.status {
            Status::Closed | Status::Rejected | Status::Duplicate => prop_assert!(live.is_empty()),
            Status::Resolved => prop_assert!(live.iter().all(|t| t.stage == Stage::Silence) && live.len() == 1),
            Status::OnHold => {
                // Only what had run out before it stood still waits to be found.
                prop_assert!(live.iter().all(|t| t.state != TimerState::Running || !t.stage.pauses() || t.due_at <= state.updated_at));
            }
            _ => prop_assert!(live.iter().all(|t| t.stage.is_target() && t.state != TimerState::Paused)),
        }
        let due = live.iter().filter(|t| t.stage.is_target() && t.state != TimerState::Paused).map(|t| t.due_at).min();
        prop_assert_eq!(sort_due(&timers), due.unwrap_or_else(never));
        // What ended stays as it ended, and rounds count up.
        for t in &timers {
            prop_assert_eq!(t.ended_at.is_some(), !t.is_live());
            prop_assert!(t.round >= 1);
        }
    }
}

#[test]
fn a_pause_gives_back_what_was_left() {
    let hold = |at| (Act::Hold { reason: text(), until: None, why: None }, at);
    // Accepted at once, held after 20 of 60 minutes, resumed after 100 more.
    let (_, state, timers) = play(&[(Act::Accept, 0), hold(20), (Act::Resume, 100)]);
    let restore = timers.iter().find(|t| t.stage == Stage::Restore).unwrap();
    assert_eq!(state.status, Status::Assigned);
    assert_eq!(restore.state, TimerState::Running);
    assert_eq!(restore.due_at, plus_secs(start(), (20 + 100 + 40) * 60));
}

#[test]
fn a_late_stage_stays_late_when_it_is_reached() {
    let (_, _, timers) = play(&[(Act::Accept, 11)]);
    let accept = timers.iter().find(|t| t.stage == Stage::Accept).unwrap();
    assert_eq!(accept.state, TimerState::Breached);
    assert_eq!(accept.ended_at, Some(plus_secs(start(), 11 * 60)));
}

#[test]
fn a_transfer_does_not_wipe_the_restore_clock() {
    let (_, _, timers) = play(&[(Act::Accept, 5), (Act::Transfer { queue: queue(1), reason: None }, 5)]);
    let restore = timers.iter().find(|t| t.stage == Stage::Restore && t.is_live()).unwrap();
    assert_eq!(restore.due_at, plus_secs(start(), 60 * 60));
    let accept: Vec<&Timer> = timers.iter().filter(|t| t.stage == Stage::Accept).collect();
    assert_eq!(accept.len(), 2);
    assert_eq!(accept[1].due_at, plus_secs(start(), (10 + 10) * 60));
}

#[test]
fn chain_finds_any_change() {
    let key = ChainKey::new(b"k".to_vec());
    let row = Link { request: "r", seq: 1, at_micros: 5, actor: "a", kind: "k", payload: "{}" };
    let whole = link(&key, &GENESIS, &row);
    for other in [
        Link { request: "s", ..row },
        Link { seq: 2, ..row },
        Link { at_micros: 6, ..row },
        Link { actor: "b", ..row },
        Link { kind: "l", ..row },
        Link { payload: "{ }", ..row },
        // Moving a byte from one field to the next is a change too.
        Link { actor: "ak", kind: "", ..row },
    ] {
        assert_ne!(link(&key, &GENESIS, &other), whole);
    }
    assert_ne!(link(&ChainKey::new(b"l".to_vec()), &GENESIS, &row), whole);
    assert_ne!(link(&key, &whole, &row), whole);
}

#[test]
fn rows_of_old_journals_are_read_and_written_as_they_were() {
    let number = serde_json::to_value(RequestNumber::compose(2026, 7)).unwrap();
    let number = number.as_str().unwrap();
    let message = r#"{"message":"0193f1f0-0000-7000-8000-000000000001","digest":"d"}"#;
    for old in [
        format!(r#"{{"kind":"held","reason":{message},"until":null}}"#),
        format!(r#"{{"kind":"held","reason":{message},"until":"2026-11-21T03:00:00Z"}}"#),
        format!(r#"{{"kind":"refused","reason":{message},"queue":"gas"}}"#),
        format!(
            r#"{{"kind":"registered","number":"{number}","channel":"telegram","lang":"kk","resident":null,"conversation":null,"class":"incident","service":"water","district":null,"hazard":null,"priority":2,"needs_utility":false,"text":{message},"reported_at":"2026-11-21T03:00:00Z","received_at":"2026-11-21T03:00:00Z"}}"#
        ),
        r#"{"kind":"breached","stage":"accept","due_at":"2026-11-21T03:00:00Z","priority":1}"#.to_owned(),
    ] {
        let event: Event = serde_json::from_str(&old).unwrap_or_else(|e| panic!("{old}: {e}"));
        // The chain is over the bytes: what was not said then must not be said now.
        assert_eq!(serde_json::to_string(&event).unwrap(), old);
    }
}

fn on_hold(why: PauseReason) -> Request {
    let mut r = Request::begin(RequestId::fresh(), &registration(), start());
    r.apply(&Event::Queued { queue: queue(0), rule: "r".into() }, start());
    r.apply(&Event::Accepted, start());
    r.apply(&Event::Held { reason: text(), until: None, why: Some(why) }, start());
    r
}

fn rules() -> SlaBook {
    toml::from_str(
        "silence_minutes = 60\npolicy = []\n[arbitration]\nqueue = \"control\"\nafter_refusals = 2\ndecide = { minutes = 60 }\n\
         [[pause]]\nreason = \"resident\"\nroles = [\"dispatcher\", \"crew\"]\nuntil_answer = true\n\
         [[pause]]\nreason = \"parts\"\nroles = [\"dispatcher\"]\nmay_ask = [\"crew\"]\nmax_minutes = 100\n\
         [[pause]]\nreason = \"weather\"\nroles = [\"dispatcher\"]\n",
    )
    .unwrap()
}

#[test]
fn a_word_from_the_resident_ends_only_the_pause_that_waits_for_it() {
    let book = rules();
    let ground = Ground { book: &book, role: None, at: start() };
    let said = Act::AddMessage { text: text() };
    assert_eq!(decide(&on_hold(PauseReason::Resident), &said, &ground).unwrap().last(), Some(&Event::Resumed));
    assert_eq!(decide(&on_hold(PauseReason::Parts), &said, &ground).unwrap().len(), 1);
}

#[test]
fn who_may_pause_and_for_how_long() {
    let book = rules();
    let mut r = on_hold(PauseReason::Parts);
    r.apply(&Event::Resumed, start());
    let hold = |why, until: Option<i64>| Act::Hold { reason: text(), until: until.map(|m| plus_secs(start(), m * 60)), why: Some(why) };
    let by = |role, act: &Act| decide(&r, act, &Ground { book: &book, role: Some(role), at: start() });
    let ends = |events: Result<Vec<Event>, ActError>| match events.unwrap().as_slice() {
        [Event::Held { until, .. }] => until.map(|u| u.signed_duration_since(start()).num_minutes()),
        other => panic!("{other:?}"),
    };
    assert_eq!(ends(by(Role::Dispatcher, &hold(PauseReason::Parts, Some(30)))), Some(30));
    assert_eq!(ends(by(Role::Dispatcher, &hold(PauseReason::Parts, Some(5000)))), Some(100), "no longer than allowed");
    assert_eq!(ends(by(Role::Dispatcher, &hold(PauseReason::Parts, None))), Some(100));
    assert_eq!(ends(by(Role::Crew, &hold(PauseReason::Resident, None))), None);
    assert!(matches!(by(Role::Crew, &hold(PauseReason::Parts, None)).unwrap().as_slice(), [Event::PauseAsked { .. }]));
    assert_eq!(by(Role::Crew, &hold(PauseReason::Weather, None)), Err(ActError::MayNotPause(PauseReason::Weather)));
    assert_eq!(by(Role::Dispatcher, &hold(PauseReason::Parts, Some(0))), Err(ActError::PauseInPast));
}

#[test]
fn the_second_not_ours_goes_to_an_arbiter() {
    let book = rules();
    let mut r = Request::begin(RequestId::fresh(), &registration(), start());
    r.apply(&Event::Queued { queue: queue(0), rule: "r".into() }, start());
    let ground = Ground { book: &book, role: Some(Role::Dispatcher), at: start() };
    let mut refuse = |to: u8| {
        let events = decide(&r, &Act::Refuse { reason: text(), queue: queue(to) }, &ground).unwrap();
        r.apply(&events[0], start());
        (r.queue.clone().unwrap().to_string(), r.refused, events)
    };
    assert_eq!(refuse(1).0, "q1");
    let (to, count, events) = refuse(0);
    assert_eq!((to.as_str(), count), ("control", 2));
    assert!(matches!(&events[0], Event::Refused { proposed: Some(p), .. } if *p == queue(0)));
    // The arbiter's own word is not sent back to the arbiter.
    assert_eq!(refuse(2).0, "q2");
    assert_eq!(refuse(1).0, "control");
}
