//! The outbox: in order, at least once, never shown sent when it was not, and never a lie.

use crate::harness::{Fail, Kit, Options, Resident, Staff, number_in, stories};
use jambyl109::domain::Lang;
use jambyl109::domain::access::Role;
use jambyl109::domain::inbound::{ChannelKind, Failure};
use jambyl109::domain::outgoing::{Body, Condition, Keyboard, Outgoing, Params, Rank};
use jambyl109::store::outbox::{self, status};
use serde_json::json;
use std::time::Duration;

stories! {
    what_is_refused_for_good, the_provider_asks_for_rest, order_survives_failures, a_blocked_chat, a_sender_dies, what_is_no_longer_true_is_not_sent, given_up_and_sent_again,
    a_lost_answer, one_bad_wire_does_not_stop_the_others, codes_never_wait_behind_chats, two_senders_take_different_messages,
    what_waited_too_long_in_our_hands,
}

const NO_LIGHT: &str = "г. Тараз, ул. Абая 77: второй день нет света";

async fn the_provider_asks_for_rest(kit: Kit) {
    let w = kit.world().await;
    let (r, other) = (Resident::ru(&w, 601), Resident::ru(&w, 602));
    w.telegram.fail_chat(601, Fail::TooMany(30));
    r.says(NO_LIGHT).await;
    r.says("и телефон садится").await;
    other.says(NO_LIGHT).await;
    assert!(r.reads().is_empty());
    assert_eq!(other.reads().len(), 1, "another chat waits for nobody");
    let tried = w.telegram.attempts();
    w.advance(Duration::from_secs(29)).await;
    assert_eq!(w.telegram.attempts(), tried, "the rest was not kept");
    w.advance(Duration::from_secs(2)).await;
    let said = r.reads();
    assert_eq!(said.len(), 2);
    assert!(said[0].text.contains("Номер") || said[0].text.contains("Нөмір"), "{said:#?}");
    assert_eq!(number_in(&said[0].text), number_in(&said[1].text));
    w.finish().await;
}

async fn what_is_refused_for_good(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 610);
    w.telegram.fail_chat(610, Fail::Rejected);
    r.says(NO_LIGHT).await;
    r.says("алло").await;
    // Given up at once, and what stands behind it goes on.
    assert!(r.reads_one().text.contains("26-"));
    assert_eq!(outbox::list(w.core().db.read(), status::DEAD, None, 9).await.unwrap()[0].attempts, 1);
    w.finish().await;
}

async fn order_survives_failures(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 603);
    for fail in [Fail::Broken, Fail::Garbage, Fail::Broken] {
        w.telegram.fail_chat(603, fail);
    }
    r.says(NO_LIGHT).await;
    r.says("когда дадут?").await;
    r.says("/my").await;
    for _ in 0..8 {
        w.advance(Duration::from_secs(60)).await;
    }
    let said: Vec<String> = r.reads().into_iter().map(|m| m.text).collect();
    let number = number_in(&said[0]);
    assert!(said.len() >= 4, "{said:#?}");
    assert!(said[1].contains(&number), "{said:#?}");
    let ids = w.query("SELECT id FROM outbox WHERE status = 'sent' AND chat = '603' ORDER BY sent_at, id").await;
    assert!(ids.is_sorted_by_key(|r| r[0].parse::<i64>().unwrap()), "{ids:?}");
    let texts: Vec<String> = w.query("SELECT sent_text FROM outbox WHERE chat = '603' ORDER BY id").await.into_iter().map(|r| r[0].clone()).collect();
    assert_eq!(texts, said, "what is kept as sent is not what was sent, or not in this order");
    w.finish().await;
}

async fn a_blocked_chat(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let admin = Staff::admin(&w).await;
    let r = Resident::ru(&w, 604);
    w.telegram.fail_chat(604, Fail::Blocked);
    r.says(NO_LIGHT).await;
    assert!(r.reads().is_empty());
    assert_eq!(w.count("SELECT COUNT(*) FROM conversation WHERE blocked_at IS NOT NULL").await, 1);
    let dead = admin.api.get("/staff/outbox").await.expect(200);
    let row = &dead["items"][0];
    assert_eq!((row["status"].as_str(), row["channel"].as_str()), (Some("dead"), Some("telegram")));
    assert!(!dead.to_string().contains("604"), "the chat is shown: {dead}");
    // The work goes on without the resident.
    let number = row["request"].as_str().unwrap().to_owned();
    let seen = dispatcher.sees(&number).await;
    assert!(seen["deliveries"].as_array().unwrap().iter().any(|d| d["status"] == "dead"), "{seen}");
    assert_eq!(seen["status"], "queued");
    w.finish().await;
}

async fn a_sender_dies(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 605);
    w.telegram.fail_chat(605, Fail::TooMany(1));
    r.says(NO_LIGHT).await;
    r.says("алло").await;
    w.clock.advance(Duration::from_secs(2));
    let wall = w.now();
    let row = outbox::candidates(w.core().db.read(), wall, &["telegram"], &[], 9).await.unwrap().remove(0);
    let taken =
        outbox::claim(w.core().db.write(), std::slice::from_ref(&row), "dead-process", wall, wall + chrono::Duration::seconds(60)).await.unwrap();
    assert!(taken.contains(&row.id));
    w.settle().await;
    w.advance(Duration::from_secs(58)).await;
    assert!(r.reads().is_empty(), "a row in other hands, or one behind it, was sent");
    w.advance(Duration::from_secs(3)).await;
    let said = r.reads();
    assert_eq!(said.len(), 2, "{said:#?}");
    // The dead one wakes up: its word no longer counts.
    let late = outbox::Outcome::Retry { at: wall, error: "woken".into(), reason: Failure::Transient, counts: true };
    assert!(!outbox::finish(w.core().db.write(), row.id, "dead-process", late).await.unwrap());
    w.advance(Duration::from_secs(600)).await;
    assert!(r.reads().is_empty());
    w.finish().await;
}

async fn two_senders_take_different_messages(kit: Kit) {
    let w = kit.world().await;
    let residents: Vec<Resident> = (700..730).map(|chat| Resident::ru(&w, chat)).collect();
    for (chat, r) in (700..).zip(&residents) {
        w.telegram.fail_chat(chat, Fail::TooMany(1));
        r.says(NO_LIGHT).await;
    }
    w.clock.advance(Duration::from_secs(2));
    let (wall, until) = (w.now(), w.now() + chrono::Duration::seconds(60));
    let rows = outbox::candidates(w.core().db.read(), wall, &["telegram"], &[], 99).await.unwrap();
    assert_eq!(rows.len(), 30);
    let mut back = rows.clone();
    back.reverse();
    let db = w.core().db.write();
    let (one, two) = tokio::join!(outbox::claim(db, &rows, "one", wall, until), outbox::claim(db, &back, "two", wall, until));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(one.is_disjoint(&two), "{one:?} {two:?}");
    // What one of them passed over because the other was just taking it is in somebody's hands, or still to be had.
    let rest = outbox::claim(db, &rows, "three", wall, until).await.unwrap();
    assert!(rest.is_disjoint(&one) && rest.is_disjoint(&two));
    assert_eq!(one.len() + two.len() + rest.len(), 30);
    // All three die; their leases run out.
    w.advance(Duration::from_secs(61)).await;
    for r in &residents {
        assert_eq!(r.reads().len(), 1);
    }
    w.finish().await;
}

/// Two are sent at a time and both stand still: a third, taken with them, outlives its lease and may be another's by then.
async fn what_waited_too_long_in_our_hands(kit: Kit) {
    let w = kit.world_with(Options::with("OUTBOX__WORKERS", "2").and("OUTBOX__LEASE_SECS", "120")).await;
    let residents: Vec<Resident> = (731..735).map(|chat| Resident::ru(&w, chat)).collect();
    for (chat, r) in (731..).zip(&residents) {
        w.telegram.fail_chat(chat, Fail::TooMany(1));
        r.says(NO_LIGHT).await;
    }
    w.clock.advance(Duration::from_secs(2));
    let rows = outbox::candidates(w.core().db.read(), w.now(), &["telegram"], &[], 9).await.unwrap();
    let last = rows.iter().find(|r| r.chat == "734").unwrap();
    // The first passes, so that the next two are taken; the second and the third stand still.
    w.telegram.hold_chat(732);
    w.telegram.hold_chat(733);
    let ours = w.server.outbox.clone();
    let sending = tokio::spawn(async move { ours.tick().await.unwrap() });
    while w.telegram.standing() < 2 || w.count("SELECT COUNT(*) FROM outbox WHERE status = 'sending'").await < 3 {
        tokio::task::yield_now().await;
    }
    w.clock.advance(Duration::from_secs(125));
    let (wall, until) = (w.now(), w.now() + chrono::Duration::seconds(60));
    let taken = outbox::claim(w.core().db.write(), std::slice::from_ref(last), "another", wall, until).await.unwrap();
    assert!(taken.contains(&last.id), "its lease is over");
    w.telegram.let_go();
    assert_eq!(sending.await.unwrap(), 3);
    for r in &residents[..3] {
        r.reads_one();
    }
    assert!(residents[3].reads().is_empty(), "it was sent although another has it");
    // The other one dies.
    w.advance(Duration::from_secs(61)).await;
    residents[3].reads_one();
    w.advance(Duration::from_secs(600)).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox WHERE status <> 'sent'").await, 0);
    assert!(residents.iter().all(|r| r.reads().is_empty()), "something was said twice");
    w.finish().await;
}

async fn what_is_no_longer_true_is_not_sent(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Resident::ru(&w, 606);
    r.says(NO_LIGHT).await;
    let number = number_in(&r.reads_one().text);
    w.telegram.fail_chat(606, Fail::TooMany(600));
    dispatcher.does(&number, "assign", json!({"crew": "electricity_taraz_1"})).await.expect(200);
    dispatcher.does(&number, "start", json!({})).await.expect(200);
    w.settle().await;
    dispatcher.does(&number, "resolve", json!({})).await.expect(200);
    w.settle().await;
    r.reads();
    w.minutes(11).await;
    let said = r.reads_one();
    assert!(said.buttons.iter().any(|b| b.starts_with("cf:")), "{said:?}");
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox WHERE status = 'expired' AND template = 'notice.started'").await, 1);
    w.finish().await;
}

async fn given_up_and_sent_again(kit: Kit) {
    let w = kit.world_with(Options::with("OUTBOX__MAX_ATTEMPTS", "3")).await;
    let admin = Staff::admin(&w).await;
    let dispatcher = Staff::hire(&w, "d", Role::Dispatcher, &[], None).await;
    let r = Resident::ru(&w, 607);
    for _ in 0..3 {
        w.telegram.fail_chat(607, Fail::Broken);
    }
    r.says(NO_LIGHT).await;
    for _ in 0..3 {
        w.minutes(15).await;
    }
    assert!(r.reads().is_empty());
    let dead = admin.api.get("/staff/outbox?status=dead").await.expect(200);
    assert_eq!(dead["items"].as_array().unwrap().len(), 1);
    let row = &dead["items"][0];
    assert_eq!((row["attempts"].as_i64(), row["sent_at"].is_null()), (Some(3), true));
    let path = format!("/staff/outbox/{}/resend", row["id"]);
    dispatcher.api.post(&path, &json!({})).await.refused(403, "forbidden");
    dispatcher.api.get("/staff/outbox").await.refused(403, "forbidden");
    admin.api.post(&path, &json!({})).await.expect(202);
    w.settle().await;
    number_in(&r.reads_one().text);
    admin.api.post(&path, &json!({})).await.refused(404, "not_found");
    for bad in ["0", "-1", "x", "99999999999999999999"] {
        admin.api.post(&format!("/staff/outbox/{bad}/resend"), &json!({})).await.refused(404, "not_found");
    }
    w.finish().await;
}

/// The provider took the message and its answer was lost: said twice at worst, never lost.
async fn a_lost_answer(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 608);
    w.telegram.fail_chat(608, Fail::AnswerLost);
    r.says(NO_LIGHT).await;
    w.minutes(2).await;
    let said = r.reads();
    assert!((1..=2).contains(&said.len()) && said.iter().all(|m| m.text == said[0].text), "{said:#?}");
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox WHERE status = 'sent'").await, 1);
    w.finish().await;
}

async fn one_bad_wire_does_not_stop_the_others(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 609);
    w.telegram.fail_next(Fail::Unauthorized);
    r.says(NO_LIGHT).await;
    assert!(w.api().raw("/metrics").await.text.contains(r#"jambyl_channel_up{channel="telegram"} 0"#));
    w.api().post("/auth/otp", &json!({"phone": "+77010000009"})).await.expect(202);
    w.settle().await;
    assert_eq!(w.server.sms.take().len(), 1);
    assert!(r.reads().is_empty());
    w.advance(Duration::from_secs(31)).await;
    assert_eq!(r.reads().len(), 1);
    assert_eq!(outbox::list(w.core().db.read(), status::DEAD, None, 9).await.unwrap().len(), 0);
    w.finish().await;
}

/// A provider that refuses our token must not keep short messages waiting behind all the chats that it has.
async fn codes_never_wait_behind_chats(kit: Kit) {
    let w = kit.world().await;
    let rows: Vec<Outgoing> = (0..600)
        .map(|i| Outgoing {
            channel: ChannelKind::Telegram,
            account: "main".into(),
            chat: (61_000 + i).to_string(),
            lang: Lang::Kk,
            conversation: None,
            request: None,
            body: Body::Template { key: "help".into(), params: Params::new() },
            keyboard: Keyboard::None,
            rank: Rank::Normal,
            condition: Condition::Always,
            dedupe: None,
        })
        .collect();
    let mut bulk = jambyl109::store::Bulk::on(w.core().db.write());
    outbox::insert(&mut bulk, &rows, w.now(), w.now()).unwrap();
    bulk.run(w.core().db.write()).await.unwrap();
    for _ in 0..3000 {
        w.telegram.fail_next(Fail::Unauthorized);
    }
    w.api().post("/auth/otp", &json!({"phone": "+77010000010"})).await.expect(202);
    for _ in 0..3 {
        w.settle().await;
        w.clock.advance(Duration::from_secs(31));
    }
    assert_eq!(w.server.sms.take().len(), 1, "the code waits behind chats of another wire");
    w.leave().await;
}
