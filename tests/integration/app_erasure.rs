//! Being forgotten in one act: whatever doors the words came through.

use crate::harness::parts::jpeg;
use crate::harness::{Api, AppResident, Backend, Kit, Options, Staff, World, stories, text};
use object_store::ObjectStoreExt;
use reqwest::Method;
use serde_json::json;

stories! { nothing_is_left_of_a_caller_with_the_application, a_process_that_dies_in_between_loses_no_file }

/// Every column in which a person's words, number or voice could stand.
const PLACES: [(&str, &str); 24] = [
    ("message", "text"),
    ("raw_event", "body"),
    ("outbox", "sent_text"),
    ("outbox", "params"),
    ("outbox", "chat"),
    ("conversation", "state"),
    ("resident", "name"),
    ("resident", "phone"),
    ("request_place", "address"),
    ("request_house", "house"),
    ("attachment", "file_id"),
    ("attachment", "store_key"),
    ("request_journal", "payload"),
    ("idempotency", "answer"),
    ("triage_reason", "words"),
    ("staff_draft", "body"),
    ("call", "caller"),
    ("call", "caller_name"),
    ("call", "phone"),
    ("call", "recording"),
    ("call_record", "body"),
    ("call_event", "body"),
    ("callback_task", "phone"),
    ("device", "token"),
];

async fn traces(w: &World, word: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (table, column) in PLACES {
        let bytes = ["raw_event", "call_event"].contains(&table);
        let shown = match w.kit.backend {
            Backend::Postgres if bytes => format!("encode({column}, 'escape')"),
            _ => format!("CAST({column} AS TEXT)"),
        };
        if w.count(&format!("SELECT COUNT(*) FROM {table} WHERE {shown} LIKE '%{word}%'")).await > 0 {
            out.push(format!("{table}.{column}"));
        }
    }
    out
}

async fn nothing_is_left_of_a_caller_with_the_application(kit: Kit) {
    let folder = kit.dir.path().join("recordings");
    std::fs::create_dir_all(folder.join("2026")).unwrap();
    std::fs::write(folder.join("2026/in-87019998877.wav"), b"a voice").unwrap();
    std::fs::write(folder.join("2026/in-other.wav"), b"another voice").unwrap();
    let options = Options::with("CALLS__DOORS__GENERIC__TOKEN", "live").and("CALLS__RECORDINGS", &folder.display().to_string());
    let w = kit.world_with(options).await;
    let op = Staff::dispatcher(&w).await;
    let r = AppResident::sign_in(&w, "+77019998877", "ru").await;
    let other = AppResident::sign_in(&w, "+77011112244", "ru").await;
    r.api.put("/devices", &json!({"token": "MARKER-push", "platform": "ios"})).await.expect(204);
    let media = r.brings(&jpeg(b"a face")).await.expect(201)["id"].clone();
    let loose = r.brings(&jpeg(b"another face")).await.expect(201)["id"].clone();
    let body = json!({"text": "MARKER нет воды", "address": "MARKER street", "media": [media]});
    let number = text(&r.reports_with_key("k", &body).await.expect(201), "number");
    let kept = text(&other.reports("OTHER нет воды").await, "number");
    // The same person calls, and operators type.
    for (event, more) in [
        ("ringing", json!({"caller": "87019998877", "caller_name": "MARKER", "dialled": "109"})),
        ("answered", json!({"caller": "87019998877", "agent": "101"})),
        ("ended", json!({"caller": "87019998877", "recording": "2026/in-87019998877.wav"})),
    ] {
        let mut body = json!({"event": event, "call_id": "c1", "at": w.now().to_rfc3339()});
        for (k, v) in more.as_object().unwrap() {
            body[k] = v.clone();
        }
        let call = w.api().with("live").call(Method::POST, "/webhooks/calls/generic").json(&body);
        assert_eq!(Api::send(call).await.status, 200);
        w.minutes(1).await;
    }
    for (name, form) in [
        ("new-1", json!({"phone": "8 (701) 999-88-77", "text": "MARKER"})),
        ("new-2", json!({"text": "MARKER перезвонить +77019998877"})),
        ("new-3", json!({"phone": "+77011112244", "text": "OTHER"})),
    ] {
        op.api.put(&format!("/staff/drafts/{name}"), &form).await.expect(204);
    }
    // A short message still waits, another body cannot be read.
    w.server.sms.fail_next(1, &bots::channel::SendError::RetryAfter(std::time::Duration::from_secs(60)));
    w.api().post("/auth/otp", &json!({"phone": "+77019998877"})).await.expect(202);
    w.settle().await;
    w.tamper("UPDATE call_event SET status = 'parked' WHERE id = (SELECT MAX(id) FROM call_event)").await;
    let places = traces(&w, "9998877").await;
    for place in ["call.phone", "call_event.body", "call_record.body", "outbox.chat", "resident.phone", "call.recording"] {
        assert!(places.contains(&place.to_owned()), "{place} holds nothing: this test proves nothing of it ({places:?})");
    }

    r.api.delete("/me").await.expect(204);
    assert_eq!(traces(&w, "9998877").await, Vec::<String>::new());
    assert_eq!(traces(&w, "MARKER").await, Vec::<String>::new());
    assert_eq!(w.count("SELECT COUNT(*) FROM staff_draft").await, 1);
    assert_eq!(w.count("SELECT COUNT(*) FROM attachment WHERE status <> 'erased'").await, 0, "{loose} is still there");
    assert_eq!(w.count("SELECT COUNT(*) FROM otp WHERE used_at IS NULL").await, 0);
    assert!(!folder.join("2026/in-87019998877.wav").exists() && folder.join("2026/in-other.wav").exists());
    assert!(!traces(&w, "OTHER").await.is_empty(), "too much was erased");
    // The call itself happened, and the request goes on without its words.
    assert_eq!((w.count("SELECT COUNT(*) FROM call").await, w.count("SELECT COUNT(*) FROM doomed_file").await), (1, 0));
    w.minutes(5).await;
    assert!(w.server.sms.take().iter().all(|l| !l.chat.contains("9998877") || l.message.text.contains("код")), "a person who left was written to");
    let seen = op.sees(&number).await;
    assert_eq!((seen["thread"][0]["erased"].as_bool(), seen["status"].as_str()), (Some(true), Some("queued")));
    for n in [&number, &kept] {
        assert_eq!(w.faults(n).await, Vec::new());
    }
    r.api.get("/requests").await.refused(401, "unauthorized");
    w.api().post("/auth/refresh", &json!({"refresh_token": r.refresh})).await.refused(401, "unauthorized");
    other.api.get(&format!("/requests/{kept}")).await.expect(200);
    w.finish().await;
}

async fn a_process_that_dies_in_between_loses_no_file(kit: Kit) {
    let w = kit.world().await;
    let r = AppResident::sign_in(&w, "+77010000051", "ru").await;
    let media = r.brings(&jpeg(b"a face")).await.expect(201)["id"].clone();
    r.api.post("/requests", &json!({"text": "г. Тараз, Абая 5: нет воды", "media": [media]})).await.expect(201);
    let key = w.query("SELECT store_key FROM attachment").await[0][0].clone();
    // The transaction, and nothing after it.
    let id = r.id.parse().unwrap();
    let gone = jambyl109::dispatch::erase::resident(w.core(), id).await.unwrap();
    assert_eq!(gone.files, std::slice::from_ref(&key));
    let path: object_store::path::Path = key.as_str().into();
    w.server.files.head(&path).await.unwrap();
    w.server.housekeeper.tick().await.unwrap();
    assert!(w.server.files.head(&path).await.is_err(), "the bytes are still there");
    assert_eq!(w.count("SELECT COUNT(*) FROM doomed_file").await, 0);
    // Twice is once.
    assert_eq!(jambyl109::dispatch::erase::resident(w.core(), id).await.unwrap().files, Vec::<String>::new());
    w.finish().await;
}
