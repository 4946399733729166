//! Updates as they really come: twice, five times at once, a thousand together, into two pairs of hands.

use crate::harness::{Backend, Kit, Resident, deliver, number_in, stories};
use futures_util::future::join_all;
use jambyl109::channels;
use jambyl109::dispatch::intake::{Item, prepare, process};
use jambyl109::domain::request::Event;
use jambyl109::store::{journal, messages, raw_events};
use jambyl109::workers::intake::IntakeWorker;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

stories! { the_same_update_many_times, updates_out_of_order, one_event_in_two_hands, a_thousand_updates, edits_and_albums }

const NO_LIGHT: &str = "г. Тараз, ул. Абая 77: второй день нет света";

async fn the_same_update_many_times(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 301);
    let update = r.update(&json!({"text": NO_LIGHT}));
    for a in join_all((0..5).map(|_| deliver(w.api(), &update))).await {
        assert_eq!(a.status, 200, "{}", a.text);
    }
    w.settle().await;
    let number = number_in(&r.reads_one().text);
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event").await, 1);
    // And once more when all is long done.
    w.minutes(60 * 24).await;
    assert_eq!(deliver(w.api(), &update).await.status, 200);
    w.settle().await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 1);
    assert!(!r.reads().iter().any(|m| m.text.contains(&number)));
    w.finish().await;
}

async fn updates_out_of_order(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 302);
    let early = r.update(&json!({"text": NO_LIGHT}));
    let late = r.update(&json!({"text": "свет так и не дали"}));
    assert_eq!(deliver(w.api(), &late).await.status, 200);
    w.settle().await;
    assert_eq!(deliver(w.api(), &early).await.status, 200);
    w.settle().await;
    w.minutes(6).await;
    let words: Vec<String> = w.query("SELECT text FROM message").await.into_iter().map(|r| r[0].clone()).collect();
    assert!(words.iter().any(|t| t.contains("второй день")) && words.iter().any(|t| t.contains("так и не")), "{words:?}");
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event WHERE status = 'done'").await, 2);
    w.finish().await;
}

/// A lease that ran out while its holder was still at work: both work on the event, one commits.
async fn one_event_in_two_hands(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 303);
    assert_eq!(deliver(w.api(), &r.update(&json!({"text": NO_LIGHT}))).await.status, 200);
    let slots: Vec<i16> = (0..raw_events::SLOTS).collect();
    let row = raw_events::waiting(w.core().db.read(), &slots, &BTreeSet::new(), 9).await.unwrap().pop().unwrap();
    let prepared = || {
        let inbound = channels::telegram::inbound("main", &row.body, &[]).unwrap();
        [prepare(w.core(), Item { raw: row.id, received_at: row.received_at, inbound, earlier: Vec::new() })]
    };
    let (a, b, c) = (prepared(), prepared(), prepared());
    let (a, b) = tokio::join!(process(w.core(), &a), process(w.core(), &b));
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1, "{a:?} {b:?}");
    // And one who comes much too late.
    assert!(process(w.core(), &c).await.is_err());
    w.settle().await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 1);
    assert_eq!(w.count("SELECT COUNT(*) FROM resident").await, 1);
    number_in(&r.reads_one().text);
    w.finish().await;
}

async fn a_thousand_updates(kit: Kit) {
    const CHATS: i64 = 50;
    const EACH: usize = 20;
    let w = kit.world().await;
    let second = match w.kit.backend {
        Backend::Postgres => Some(w.another().await),
        Backend::Sqlite => None,
    };
    let first = w.server.intake.clone();
    let other = match &second {
        Some(s) => s.intake.clone(),
        None => Arc::new(IntakeWorker::new(w.server.core.clone(), w.server.wires.clone(), "other".into(), &w.config.intake)),
    };
    // Both say that they live; then each takes its share.
    let third = Duration::from_secs(w.config.intake.lease_secs) / 3;
    for _ in 0..3 {
        w.clock.advance(third);
        first.tick().await.unwrap();
        other.tick().await.unwrap();
    }
    let people: Vec<Resident> = (0..CHATS).map(|i| Resident::ru(&w, 40_000 + i)).collect();
    let posting = join_all(people.iter().map(|r| {
        let w = &w;
        async move {
            for k in 0..EACH {
                let words = if k == 0 { NO_LIGHT.to_owned() } else { format!("света всё нет, звонок {k:02}") };
                let update = r.update(&json!({"text": words}));
                // Half of them come twice at once.
                let times = 1 + (k % 2);
                for a in join_all((0..times).map(|_| deliver(w.api(), &update))).await {
                    assert_eq!(a.status, 200);
                }
            }
        }
    }));
    let done = std::sync::atomic::AtomicBool::new(false);
    let busy = std::sync::Mutex::new([0usize; 2]);
    let working = |i: usize, worker: Arc<IntakeWorker>| {
        let (done, busy) = (&done, &busy);
        async move {
            loop {
                let last = done.load(std::sync::atomic::Ordering::SeqCst);
                let n = worker.tick().await.unwrap();
                busy.lock().unwrap()[i] += n;
                if n == 0 && last {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    };
    tokio::join!(
        async {
            posting.await;
            done.store(true, std::sync::atomic::Ordering::SeqCst);
        },
        working(0, first),
        working(1, other)
    );
    let busy = *busy.lock().unwrap();
    assert!(busy.iter().all(|n| *n > 50), "the work was not shared: {busy:?}");
    assert_eq!(busy.iter().sum::<usize>(), 1000, "{busy:?}");
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event WHERE status = 'done'").await, 1000);
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, CHATS);

    let db = w.core().db.read();
    for id in journal::request_ids_after(db, None, 100).await.unwrap() {
        let mut calls = Vec::new();
        for row in journal::of_request(db, id).await.unwrap() {
            if let Event::MessageAdded { text } = row.event().unwrap() {
                calls.push(messages::text_of(db, text.message).await.unwrap().unwrap());
            }
        }
        let expected: Vec<String> = (1..EACH).map(|k| format!("света всё нет, звонок {k:02}")).collect();
        assert_eq!(calls, expected);
    }
    w.settle().await;
    // An acknowledgement for each chat, and one "added" for each further message.
    let sent = w.telegram.sent();
    assert_eq!(sent.len(), 1000);
    assert_eq!(sent.iter().map(|m| m.chat).collect::<BTreeSet<_>>().len(), CHATS as usize);
    if let Some(mut s) = second {
        s.ended().await;
    }
    w.finish().await;
}

async fn edits_and_albums(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 305);
    r.says(NO_LIGHT).await;
    let number = number_in(&r.reads_one().text);
    let mut edit = r.update(&json!({"text": "г. Тараз, ул. Абая 79: второй день нет света", "edit_date": w.now().timestamp()}));
    edit["edited_message"] = edit["message"].take();
    edit.as_object_mut().unwrap().remove("message");
    assert_eq!(deliver(w.api(), &edit).await.status, 200);
    w.settle().await;
    for i in 0..3 {
        let file = format!("album-{i}");
        w.telegram.put_file(&file, file.as_bytes());
        let update = r.update(&json!({"media_group_id": "g1", "photo": [{"file_id": file, "file_unique_id": file, "width": 9, "height": 9}]}));
        assert_eq!(deliver(w.api(), &update).await.status, 200);
    }
    w.settle().await;
    let kinds = w.history(&number).await;
    assert_eq!(kinds.iter().filter(|k| *k == "message_added").count(), 1, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|k| *k == "attachment_added").count(), 3, "{kinds:?}");
    assert_eq!(w.count("SELECT COUNT(*) FROM attachment WHERE status = 'stored'").await, 3);
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 1);
    w.finish().await;
}
