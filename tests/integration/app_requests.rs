//! A request from the application, from the first word to the rating; what the telephone is told of it, and what nobody else is.

use crate::harness::{Api, AppResident, Kit, Staff, World, stories, text};
use bots::channel::SendError;
use reqwest::Method;
use serde_json::{Value, json};

stories! { the_whole_way, the_same_call_many_times, what_belongs_to_others, a_telephone_is_told, a_telephone_changes_hands }

const WORDS: &str = "г. Тараз, ул. Абая 5: нет воды";

/// What the telephones were told since the last look: token and words.
fn told(w: &World) -> Vec<(String, String)> {
    w.server.wires.push.as_ref().unwrap().take().into_iter().map(|l| (l.chat, l.message.text)).collect()
}

async fn register(r: &AppResident, token: &str, language: &str) {
    r.api.put("/devices", &json!({"token": token, "platform": "android", "language": language})).await.expect(204);
}

async fn the_whole_way(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = AppResident::sign_in(&w, "+77010000041", "ru").await;
    let body = json!({"text": WORDS, "address": "ул. Абая 5", "lat": 42.9, "lon": 71.37, "language": "ru"});
    let made = r.reports_with_key("one", &body).await.expect(201);
    let number = text(&made, "number");
    let at = |rest: &str| format!("/requests/{number}{rest}");
    r.api.post(&at("/messages"), &json!({"text": "и у соседей тоже"})).await.expect(200);
    r.api.post(&at("/confirm"), &json!({})).await.refused(409, "not_now");
    dispatcher.does(&number, "note", json!({"text": "звонили, не берут"})).await.expect(200);
    dispatcher.does(&number, "reply", json!({"text": "Бригада выехала"})).await.expect(200);
    dispatcher.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    dispatcher.does(&number, "start", json!({})).await.expect(200);
    assert_eq!(r.api.get(&at("")).await.expect(200)["status"], "in_progress");

    let thread = r.api.get(&at("/messages")).await.expect(200);
    let said: Vec<(&str, &str)> =
        thread["items"].as_array().unwrap().iter().map(|m| (m["from"].as_str().unwrap(), m["text"].as_str().unwrap())).collect();
    assert_eq!(said, [("resident", WORDS), ("resident", "и у соседей тоже"), ("service", "Бригада выехала")]);
    assert!(!thread.to_string().contains("dispatcher") && !thread.to_string().contains("Қызметкер"), "the thread names staff");

    dispatcher.does(&number, "resolve", json!({})).await.expect(200);
    r.api.post(&at("/reopen"), &json!({"reason": "вода ржавая"})).await.expect(200);
    assert_eq!(r.api.get(&at("")).await.expect(200)["reopened"], 1);
    dispatcher.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    dispatcher.does(&number, "resolve", json!({})).await.expect(200);
    assert_eq!(r.api.post(&at("/confirm"), &json!({})).await.expect(200)["status"], "closed");
    r.api.post(&at("/rating"), &json!({"score": 6})).await.refused(422, "bad_score");
    assert_eq!(r.api.post(&at("/rating"), &json!({"score": 5})).await.expect(200)["rating"], 5);
    let mine = r.api.get("/requests").await.expect(200);
    assert_eq!((mine["items"].as_array().unwrap().len(), &mine["items"][0]["status"]), (1, &json!("closed")));
    w.finish().await;
}

async fn the_same_call_many_times(kit: Kit) {
    let w = kit.world().await;
    let r = AppResident::sign_in(&w, "+77010000042", "ru").await;
    let body = json!({"text": WORDS});
    let call = async || r.reports_with_key("k", &body).await;
    let (a, b, c, d, e) = tokio::join!(call(), call(), call(), call(), call());
    let all = [a, b, c, d, e];
    // Whoever comes while the first is still at work may be told so; nobody gets another request.
    let numbers: std::collections::BTreeSet<String> = all.iter().filter(|a| a.status == 201).map(|a| text(&a.json(), "number")).collect();
    assert_eq!(numbers.len(), 1, "{:?}", all.iter().map(|a| (a.status, &a.text)).collect::<Vec<_>>());
    assert!(all.iter().all(|a| a.status == 201 || a.code() == "idempotency_running"));
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 1);
    assert_eq!(call().await.headers["idempotent-replayed"], "true");
    r.reports_with_key("k", &json!({"text": "другое"})).await.refused(422, "idempotency_mismatch");
    // After a call that failed the key is free.
    r.reports_with_key("k2", &json!({"text": " "})).await.refused(422, "empty_text");
    r.reports_with_key("k2", &body).await.expect(201);
    w.finish().await;
}

async fn what_belongs_to_others(kit: Kit) {
    let w = kit.world().await;
    let (r, other) = (AppResident::sign_in(&w, "+77010000043", "ru").await, AppResident::sign_in(&w, "+77010000044", "ru").await);
    let number = text(&r.reports(WORDS).await, "number");
    let nobody = jambyl109::domain::RequestNumber::compose(2026, 4_444_444).to_string();
    for n in [&number, &nobody] {
        for (method, rest, body) in [
            (Method::GET, "", None),
            (Method::GET, "/messages", None),
            (Method::GET, "/attachments/00000000-0000-0000-0000-000000000000", None),
            (Method::GET, "/attachments/x", None),
            (Method::POST, "/messages", Some(json!({"text": "x"}))),
            (Method::POST, "/rating", Some(json!({"score": 1}))),
            (Method::POST, "/reopen", Some(json!({}))),
            (Method::POST, "/confirm", Some(json!({}))),
        ] {
            let mut call = other.api.call(method, &format!("/api/v1/requests/{n}{rest}"));
            if let Some(b) = &body {
                call = call.json(b);
            }
            let a = Api::send(call).await;
            a.refused(404, "not_found");
        }
    }
    assert_eq!(other.api.get("/requests").await.expect(200)["items"], json!([]));
    let page = r.api.get(&format!("/requests/{number}/messages")).await.expect(200);
    for cursor in ["x", "7b7d", "%00", &"7b".repeat(9000)] {
        r.api.get(&format!("/requests/{number}/messages?cursor={cursor}")).await.refused(400, "bad_request");
    }
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    w.finish().await;
}

async fn a_telephone_is_told(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = AppResident::sign_in(&w, "+77010000045", "kk").await;
    let second = AppResident::sign_in(&w, "+77010000045", "ru").await;
    register(&r, "push-kk", "kk").await;
    register(&second, "push-ru", "ru").await;
    let number = text(&r.reports(WORDS).await, "number");
    w.settle().await;
    assert!(told(&w).is_empty(), "the answer of the call has said it");
    dispatcher.does(&number, "reply", json!({"text": "MARKER придём завтра"})).await.expect(200);
    w.settle().await;
    let mut news = told(&w);
    news.sort();
    assert_eq!(news.iter().map(|n| n.0.as_str()).collect::<Vec<_>>(), ["push-kk", "push-ru"]);
    assert!(news[0].1.contains("жауап келді") && news[1].1.contains("вам ответили"), "{news:?}");
    assert!(news.iter().all(|n| n.1.contains(&number) && !n.1.contains("MARKER")), "words of a person went out: {news:?}");
    // The provider's tokens stand in no outgoing row.
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox WHERE chat LIKE 'push-%'").await, 0);

    // A telephone that is gone is forgotten; the other is told all the same.
    dispatcher.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    w.server.wires.push.as_ref().unwrap().fail_next(1, &SendError::Blocked);
    dispatcher.does(&number, "start", json!({})).await.expect(200);
    w.settle().await;
    assert_eq!((told(&w).len(), w.count("SELECT COUNT(*) FROM device").await), (1, 1));
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox WHERE channel = 'push' AND status = 'dead'").await, 1);
    // What is no longer true is not told.
    w.server.wires.push.as_ref().unwrap().fail_next(1, &SendError::Transient("line".into()));
    dispatcher
        .does(&number, "hold", json!({"reason": "ждём насос", "why": "parts", "until": (w.now() + chrono::Duration::hours(9)).to_rfc3339()}))
        .await
        .expect(200);
    w.settle().await;
    dispatcher.does(&number, "resume", json!({})).await.expect(200);
    w.minutes(60).await;
    assert!(told(&w).iter().all(|n| !n.1.contains("приостановлена") && !n.1.contains("тоқтатылды")));
    // Signed out: nobody is told any more, and nothing is made.
    let before = w.count("SELECT COUNT(*) FROM outbox").await;
    for s in [&r, &second] {
        s.api.post("/auth/logout", &json!({})).await.expect(204);
    }
    dispatcher.does(&number, "resolve", json!({})).await.expect(200);
    w.settle().await;
    assert_eq!((told(&w).len(), w.count("SELECT COUNT(*) FROM outbox").await), (0, before));
    w.finish().await;
}

async fn a_telephone_changes_hands(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let first = AppResident::sign_in(&w, "+77010000046", "ru").await;
    let next = AppResident::sign_in(&w, "+77010000047", "ru").await;
    register(&first, "one-telephone", "ru").await;
    // Again, and with a new token: still one.
    register(&first, "one-telephone", "kk").await;
    register(&first, "renewed-token", "ru").await;
    assert_eq!(w.query("SELECT token FROM device").await, [["renewed-token"]]);
    let number = text(&first.reports(WORDS).await, "number");
    // A message waits while the telephone is sold.
    w.server.wires.push.as_ref().unwrap().fail_next(1, &SendError::RetryAfter(std::time::Duration::from_secs(60)));
    dispatcher.does(&number, "reply", json!({"text": "x"})).await.expect(200);
    w.settle().await;
    register(&next, "renewed-token", "ru").await;
    w.minutes(10).await;
    assert!(told(&w).is_empty(), "the new owner was told of the former one's request");
    assert_eq!(w.count("SELECT COUNT(*) FROM device").await, 1);
    let theirs = text(&next.reports(WORDS).await, "number");
    dispatcher.does(&theirs, "reply", json!({"text": "x"})).await.expect(200);
    w.settle().await;
    assert_eq!(told(&w).len(), 1);
    next.api.delete("/devices").await.expect(204);
    dispatcher.does(&theirs, "reply", json!({"text": "x"})).await.expect(200);
    w.settle().await;
    assert!(told(&w).is_empty());
    for bad in [
        json!({"token": "", "platform": "ios"}),
        json!({"token": "two words", "platform": "ios"}),
        json!({"token": "ы", "platform": "ios"}),
        json!({"token": "x".repeat(4097), "platform": "ios"}),
        json!({"token": "x", "platform": "nokia"}),
        json!({"token": "x", "platform": "ios", "language": "en"}),
    ] {
        next.api.put("/devices", &bad).await.refused(422, "unprocessable");
    }
    for bad in [json!({}), json!({"token": "x"}), json!({"platform": "ios"}), json!({"token": "x", "platform": "ios", "more": 1}), Value::Null] {
        next.api.put("/devices", &bad).await.refused(400, "bad_request");
    }
    // A sign-in that runs out takes its telephone with it.
    register(&next, "last", "ru").await;
    w.minutes(91 * 24 * 60).await;
    w.server.housekeeper.tick().await.unwrap();
    assert_eq!(w.count("SELECT COUNT(*) FROM device").await, 0);
    w.finish().await;
}
