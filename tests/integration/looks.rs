//! A burst of work costs few looks at the tables, and a single message waits for none.

use crate::harness::{Kit, Options, Resident, deliver, stories};
use sea_orm::Statement;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

stories! { a_burst_costs_few_looks }

const MESSAGES: i64 = 200;

#[derive(Default)]
struct Looks {
    inbox: AtomicU32,
    outbox: AtomicU32,
}

async fn a_burst_costs_few_looks(kit: Kit) {
    let looks = Arc::new(Looks::default());
    let counted = looks.clone();
    let watch = move |s: &Statement| {
        if s.sql.starts_with("SELECT") && s.sql.contains("\"status\" = 'waiting'") && s.sql.contains("\"slot\" IN") {
            counted.inbox.fetch_add(1, Ordering::Relaxed);
        }
        if s.sql.starts_with("SELECT") && s.sql.contains("\"older\"") {
            counted.outbox.fetch_add(1, Ordering::Relaxed);
        }
    };
    let w = kit
        .world_with(Options { live: true, watch: Some(Arc::new(watch)), ..Options::with("INTAKE__POLL_MS", "8000").and("OUTBOX__POLL_MS", "8000") })
        .await;
    let one = Resident::ru(&w, 9000);
    let words = json!({"text": "г. Тараз, ул. Абая 77: второй день нет света"});

    let seen = || (looks.inbox.load(Ordering::Relaxed), looks.outbox.load(Ordering::Relaxed));
    let rest = seen();
    let began = Instant::now();
    assert_eq!(deliver(w.api(), &one.update(&words)).await.status, 200);
    while one.all().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(20), "nobody works");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let alone = began.elapsed();
    // The poll is the only other way: a hint was followed.
    assert!(alone < Duration::from_secs(6), "a single message waited {alone:?}");

    let before = seen();
    let (inbox_alone, outbox_alone) = (before.0 - rest.0, before.1 - rest.1);
    let people: Vec<Resident> = (0..MESSAGES).map(|k| Resident::ru(&w, 9100 + k)).collect();
    let calls = people.iter().map(|r| {
        let update = r.update(&words);
        let api = w.api();
        async move { deliver(api, &update).await }
    });
    for answer in futures_util::future::join_all(calls).await {
        assert_eq!(answer.status, 200);
    }
    while people.iter().any(|r| r.all().is_empty()) {
        assert!(began.elapsed() < Duration::from_secs(60), "nobody works any more");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (inbox, outbox) = (seen().0 - before.0, seen().1 - before.1);
    eprintln!("{MESSAGES} messages at once: {inbox} looks at the inbox, {outbox} at the outbox; alone {inbox_alone} and {outbox_alone} in {alone:?}");
    // The first looks of two lanes, the one that finds it, and one to spare.
    assert!(inbox_alone <= 4, "{inbox_alone} looks at the inbox for one message");
    assert!(inbox + outbox < MESSAGES.unsigned_abs() as u32, "{inbox} looks at the inbox, {outbox} at the outbox");
    w.finish().await;
}
