//! PostgreSQL goes away in the middle of the work and comes back: nothing is lost, nothing is done twice.

use crate::harness::kit::server_lock;
use crate::harness::{Kit, Options, Resident, Staff, deliver};
use futures_util::future::join_all;
use serde_json::json;
use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

const NO_LIGHT: &str = "г. Тараз, ул. Абая 77: второй день нет света";

fn control(script: &str, word: &str) {
    let done = Command::new(script).arg(word).status().unwrap();
    assert!(done.success(), "{script} {word}");
}

/// Hands an update in until it is taken, as Telegram does.
async fn until_taken(w: &crate::harness::World, update: &serde_json::Value, failures: &std::sync::atomic::AtomicUsize) {
    let began = Instant::now();
    loop {
        let status = deliver(w.api(), update).await.status;
        if status == 200 {
            return;
        }
        failures.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(status, 503, "while the database is away");
        assert!(began.elapsed() < Duration::from_secs(60), "the service does not come back");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_restarts_twice() {
    // Everybody else of this process waits meanwhile.
    let alone = server_lock().write_owned().await;
    let Ok(script) = std::env::var("TEST_PG_CTL") else {
        eprintln!("skipped: TEST_PG_CTL is not set, so this PostgreSQL cannot be restarted");
        return;
    };
    let Some(kit) = Kit::postgres_alone(None).await else { return };
    // Back-off short enough that this test ends soon.
    let w = kit.world_with(Options { live: true, ..Options::default() }.and("OUTBOX__BASE_BACKOFF_MS", "100")).await;
    let admin = Staff::admin(&w).await;
    let people: Vec<Resident> = (0..40).map(|i| Resident::ru(&w, 95_000 + i)).collect();
    let failures = std::sync::atomic::AtomicUsize::new(0);
    let work = join_all(people.iter().map(|r| {
        let (w, failures) = (&w, &failures);
        async move {
            for k in 0..8 {
                let words = if k == 0 { NO_LIGHT.to_owned() } else { format!("света всё нет, звонок {k}") };
                until_taken(w, &r.update(&json!({"text": words})), failures).await;
                tokio::time::sleep(Duration::from_millis(120)).await;
            }
        }
    }));
    let trouble = async {
        for word in ["restart", "stop", "start"] {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let script = script.clone();
            tokio::task::spawn_blocking(move || control(&script, word)).await.unwrap();
            if word == "stop" {
                let ready = w.api().raw("/health/ready").await;
                assert_eq!((ready.status, ready.json()["database"].as_str()), (503, Some("unreachable")));
                admin.api.get("/staff/queues").await.refused(503, "unavailable");
            }
        }
    };
    tokio::join!(work, trouble);
    assert!(failures.load(std::sync::atomic::Ordering::SeqCst) > 0, "nobody noticed: this test proves nothing");

    let began = Instant::now();
    loop {
        let done = w.count("SELECT COUNT(*) FROM raw_event WHERE status = 'done'").await;
        let unsent = w.count("SELECT COUNT(*) FROM outbox WHERE status IN ('pending', 'sending')").await;
        if done == 320 && unsent == 0 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{done} of 320 events are done, {unsent} messages wait");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event").await, 320);
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 40);
    assert_eq!(w.count("SELECT COUNT(*) FROM request_journal WHERE kind = 'message_added'").await, 280);
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox WHERE status <> 'sent'").await, 0);
    // Sending is at least once; only a message whose end could not be written may have gone twice.
    let mut seen: BTreeMap<i64, usize> = BTreeMap::new();
    for m in w.telegram.sent() {
        *seen.entry(m.chat).or_default() += 1;
    }
    assert!(seen.len() == 40 && seen.values().all(|n| (8..=10).contains(n)), "{seen:?}");
    w.finish().await;
    drop(alone);
}
