//! The state machine and its clocks under arbitrary histories.

use super::*;
use crate::domain::ids::{CrewCode, MessageId, QueueCode, RequestId, ServiceCode};
use crate::domain::inbound::ChannelKind;
use crate::domain::sla::{SlaBook, Stage, Timer, TimerState, apply_change, changes, sort_due};
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

fn book() -> SlaBook {
    toml::from_str(
        "silence_minutes = 60\n[[policy]]\nname = \"incident\"\nclass = [\"incident\"]\naccept_minutes = 10\nrestore_minutes = 60\n\
         [[policy]]\nname = \"question\"\nclass = [\"consultation\"]\naccept_minutes = 30\n[[policy]]\nname = \"thanks\"\nclass = [\"thanks\"]\n",
    )
    .unwrap()
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
        Just(Act::Start),
        Just(Act::Arrive),
        Just(Act::Hold { reason: text(), until: None }),
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
        for t in timers.iter_mut().filter(|t| t.state == TimerState::Running && t.due_at <= now && t.stage != Stage::Silence) {
            t.state = TimerState::Breached;
        }
        match decide(&state, act) {
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
            Status::OnHold => prop_assert!(live.iter().all(|t| t.state != TimerState::Running || t.stage != Stage::Restore)),
            _ => prop_assert!(live.iter().all(|t| t.stage != Stage::Silence && t.state != TimerState::Paused)),
        }
        let due = live.iter().filter(|t| t.stage != Stage::Silence && t.state != TimerState::Paused).map(|t| t.due_at).min();
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
    let hold = |at| (Act::Hold { reason: text(), until: None }, at);
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
