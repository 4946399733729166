//! When every connection to the database is taken, whoever comes is told so soon, and served again as soon as one is free.

use crate::harness::{Api, AppResident, Backend, Kit, Options, PASSWORD, Resident, Staff, World, deliver, stories};
use jambyl109::dispatch::accounts;
use reqwest::Method;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;
use std::time::{Duration, Instant};

stories! { a_full_pool_says_so_and_recovers }

/// Longer than anybody waits for a connection, shorter than anybody waits for an answer.
const SOON: Duration = Duration::from_secs(4);

/// Every connection that reads is busy: SQLite's readers are not taken, its one writer is what runs out.
fn keep_readers_busy(w: &World) -> Vec<tokio::task::JoinHandle<()>> {
    if w.kit.backend == Backend::Sqlite {
        return Vec::new();
    }
    let busy = |_| {
        let db = w.core().db.clone();
        tokio::spawn(async move {
            db.read().query_all_raw(Statement::from_string(DbBackend::Postgres, "SELECT pg_sleep(6)")).await.unwrap();
        })
    };
    (0..2).map(busy).collect()
}

async fn a_full_pool_says_so_and_recovers(kit: Kit) {
    let w = kit.world_with(Options::with("DATABASE__MAX_CONNECTIONS", "4")).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let app = AppResident::sign_in(&w, "+77011112233", "ru").await;
    let number = app.reports("Тараз, ул. Абая 5: нет света").await["number"].as_str().unwrap().to_owned();
    w.settle().await;
    let session = accounts::sign_in(w.core(), "dispatcher", PASSWORD, "192.0.2.1", true).await.unwrap().token;
    let r = Resident::ru(&w, 7001);
    let (writing, reading) = match w.kit.backend {
        Backend::Sqlite => (1, false),
        Backend::Postgres => (2, true),
    };
    let mut held = Vec::new();
    for _ in 0..writing {
        held.push(w.core().db.begin().await.unwrap());
    }
    let readers = keep_readers_busy(&w);
    tokio::time::sleep(Duration::from_millis(100)).await;

    let page = |path: &str| w.api().call(Method::GET, path).header("cookie", format!("jambyl109_session={session}"));
    let form = w.api().call(Method::POST, "/").form(&[("text", "нет света"), ("address", "Тараз, Абая 7")]);
    let mut calls = vec![
        ("a webhook", deliver_call(&w, &r), true),
        ("a report by the API", app.api.call(Method::POST, "/api/v1/requests").json(&json!({"text": "нет воды"})), true),
        ("a look at the public page", w.api().call(Method::GET, &format!("/t/{number}")), false),
        ("a report by the public page", form, false),
    ];
    if reading {
        calls.push(("a list of the API", dispatcher.api.call(Method::GET, "/api/v1/staff/queues"), true));
        calls.push(("a page of the console", page("/console/queues"), false));
    }
    let began = Instant::now();
    let answers =
        futures_util::future::join_all(calls.into_iter().map(|(what, call, problem)| async move { (what, Api::send(call).await, problem) })).await;
    let took = began.elapsed();
    for (what, answer, problem) in answers {
        assert_eq!(answer.status, 503, "{what}: {}", answer.text);
        assert_eq!(answer.headers.get("retry-after").and_then(|v| v.to_str().ok()), Some("1"), "{what}");
        if problem {
            answer.refused(503, "unavailable");
        } else {
            assert!(answer.text.contains("<html"), "{what} is answered with no page: {}", answer.text);
        }
    }
    assert!(took < SOON, "it took {took:?} to say so");

    drop(held);
    for reader in readers {
        reader.await.unwrap();
    }
    assert_eq!(deliver(w.api(), &r.update(&json!({"text": "Тараз, ул. Абая 9: нет света"}))).await.status, 200);
    dispatcher.api.get("/staff/queues").await.expect(200);
    assert_eq!(Api::send(page("/console/queues")).await.status, 200);
    assert_eq!(w.api().raw(&format!("/t/{number}")).await.status, 200);
    w.settle().await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 2, "a refused report was registered, or one was lost");
    w.finish().await;
}

fn deliver_call(w: &World, r: &Resident) -> reqwest::RequestBuilder {
    let update = r.update(&json!({"text": "Тараз, ул. Абая 8: нет света"}));
    w.api().call(Method::POST, "/webhooks/telegram/main").header("x-telegram-bot-api-secret-token", crate::harness::SECRET).json(&update)
}
