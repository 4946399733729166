//! Forgetting a person without breaking the history, and a history that tells who laid hands on it.

use crate::harness::meta::{self, bring};
use crate::harness::{AppResident, Backend, CrewMember, Door, Fail, Kit, Options, Resident, Staff, Visitor, World, number_in, stories, text};
use bots::channel::{Channel, FetchError, Fetched, Message, SendError, Sent, Sink};
use jambyl109::channels::Registry;
use jambyl109::dispatch::verify::{Fault, verify};
use jambyl109::dispatch::{Core, erase};
use jambyl109::domain::ResidentId;
use jambyl109::domain::inbound::ChannelKind;
use jambyl109::store::{conversations, outbox};
use jambyl109::workers::media::MediaWorker;
use object_store::ObjectStoreExt;
use serde_json::json;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;

stories! { a_resident_of_the_application_leaves, a_chat_is_forgotten, every_hand_on_the_journal_is_seen, a_half_said_thing_is_forgotten, what_still_waits_is_forgotten_too, a_number_stands_nowhere, by_a_number_that_was_only_said,
    a_file_on_its_way, what_fails_keeps_no_erased_file
}

/// Every column of every table that could hold what a person said or is.
const WORDS: [(&str, &str); 19] = [
    ("message", "text"),
    ("raw_event", "body"),
    ("outbox", "sent_text"),
    ("outbox", "params"),
    ("outbox", "chat"),
    ("conversation", "state"),
    ("conversation", "chat"),
    ("raw_event", "conversation_key"),
    ("resident", "name"),
    ("resident", "phone"),
    ("resident", "claimed_phone"),
    ("conversation", "proved_phone"),
    ("request_place", "address"),
    ("request_house", "house"),
    ("attachment", "file_id"),
    ("request_journal", "payload"),
    ("idempotency", "answer"),
    ("triage_reason", "words"),
    ("triage_correction", "thought"),
];

/// Where a word still stands.
async fn traces(w: &World, word: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (table, column) in WORDS {
        let as_text = match w.kit.backend {
            Backend::Postgres if column == "body" => format!("encode({column}, 'escape')"),
            _ => format!("CAST({column} AS TEXT)"),
        };
        // Cyrillic is kept out of these words, so escapes do not hide it.
        if w.count(&format!("SELECT COUNT(*) FROM {table} WHERE {as_text} LIKE '%{word}%'")).await > 0 {
            out.push(format!("{table}.{column}"));
        }
    }
    out
}

async fn a_resident_of_the_application_leaves(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = AppResident::sign_in(&w, "+77019998877", "ru").await;
    let other = AppResident::sign_in(&w, "+77011112233", "ru").await;
    let body = json!({"text": "MARKER1 нет воды в Таразе", "address": "MARKER1 street", "lat": 42.9, "lon": 71.3});
    let number = text(&r.reports_with_key("k", &body).await.expect(201), "number");
    let kept = text(&other.reports("MARKER2 нет воды в Таразе").await, "number");
    r.api.post(&format!("/requests/{number}/messages"), &json!({"text": "MARKER1 ещё"})).await.expect(200);
    assert!(traces(&w, "MARKER1").await.len() >= 2 && !traces(&w, "9998877").await.is_empty());

    r.api.delete("/me").await.expect(204);
    assert_eq!(traces(&w, "MARKER1").await, Vec::<String>::new());
    assert_eq!(traces(&w, "9998877").await, Vec::<String>::new());
    assert!(!traces(&w, "MARKER2").await.is_empty(), "too much was erased");
    r.api.get("/requests").await.refused(401, "unauthorized");
    let seen = dispatcher.sees(&number).await;
    assert_eq!((seen["status"].as_str(), seen["thread"][0]["erased"].as_bool()), (Some("queued"), Some(true)));
    assert!(seen["place"]["address"].is_null() && seen["place"]["lat"].is_null(), "{}", seen["place"]);
    // The work can be finished, and nobody new is told about it.
    dispatcher.does(&number, "accept", json!({})).await.expect(200);
    dispatcher.does(&number, "resolve", json!({})).await.expect(200);
    assert_eq!(w.faults(&number).await, Vec::new());
    assert_eq!(w.faults(&kept).await, Vec::new());
    // The same phone comes back as somebody new.
    w.minutes(61).await;
    let back = AppResident::sign_in(&w, "+77019998877", "ru").await;
    assert_ne!(back.id, r.id);
    back.api.get(&format!("/requests/{number}")).await.refused(404, "not_found");
    w.finish().await;
}

async fn resident_of(w: &World, number: &str) -> ResidentId {
    w.stored(number).await.request.resident.unwrap()
}

async fn a_chat_is_forgotten(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let crew = CrewMember::hire(&w, "water_taraz_1", 9003).await;
    let r = Resident::ru(&w, 801);
    r.shows("MARKER3-file", b"a face", Some("MARKER3 нет воды, Тараз, ул. Абая 12")).await;
    let number = number_in(&r.reads_one().text);
    dispatcher.does(&number, "reply", json!({"text": "MARKER3 Здравствуйте"})).await.expect(200);
    dispatcher.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    w.settle().await;
    assert!(crew.chat.all().last().unwrap().text.contains(&number));
    let key = w.query("SELECT store_key FROM attachment").await[0][0].clone();
    assert!(!traces(&w, "MARKER3").await.is_empty());

    let keys = erase::resident(w.core(), resident_of(&w, &number).await).await.unwrap();
    assert_eq!(keys.files, vec![key.clone()], "the file must be named, so that its bytes can go");
    w.server.files.delete(&key.as_str().into()).await.unwrap();
    assert_eq!(traces(&w, "MARKER3").await, Vec::<String>::new());
    assert_eq!(traces(&w, "Айгүл").await, Vec::<String>::new());
    assert_eq!(w.faults(&number).await, Vec::new());
    // What the crew was told names the address too.
    assert_eq!(traces(&w, "Абая").await, Vec::<String>::new(), "the address still stands");
    // Who writes again is welcome.
    r.says("г. Тараз, ул. Абая 77: второй день нет света").await;
    assert!(r.reads().iter().any(|m| m.text.contains("26-")));
    w.finish().await;
}

async fn what_still_waits_is_forgotten_too(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let crew = CrewMember::hire(&w, "water_taraz_1", 9005).await;
    let r = Resident::ru(&w, 803);
    r.says("нет воды, Тараз, ул. Абая 12").await;
    let number = number_in(&r.reads_one().text);
    for chat in [803, 9005] {
        w.telegram.fail_chat(chat, Fail::TooMany(60));
    }
    dispatcher.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    dispatcher.does(&number, "start", json!({})).await.expect(200);
    w.settle().await;
    let wall = w.now() + chrono::Duration::seconds(61);
    let rows = outbox::candidates(w.core().db.read(), wall, &["telegram"], &[], 9).await.unwrap();
    assert_eq!(rows.len(), 2, "both chats must wait");
    // One of them is just being sent.
    let job = rows.iter().find(|r| r.chat == "9005").unwrap();
    let taken = outbox::claim(w.core().db.write(), std::slice::from_ref(job), "busy", wall, wall + chrono::Duration::seconds(60)).await.unwrap();
    assert!(taken.contains(&job.id));
    crew.chat.reads();
    erase::resident(w.core(), resident_of(&w, &number).await).await.unwrap();
    let sent = outbox::Outcome::Sent { provider_id: "1".into(), text: "ул. Абая 12".into(), approved: None, at: wall };
    assert!(!outbox::finish(w.core().db.write(), job.id, "busy", sent).await.unwrap(), "erased words were written back");
    w.minutes(5).await;
    assert!(r.reads().is_empty(), "a person who left was written to");
    let job = crew.chat.reads_one().text;
    assert!(job.contains(&number) && !job.contains("Абая"), "{job}");
    assert_eq!(traces(&w, "Абая").await, Vec::<String>::new());
    w.finish().await;
}

async fn a_half_said_thing_is_forgotten(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 802);
    r.says("MARKER4 с утра нет воды во всём доме").await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 0);
    assert!(traces(&w, "MARKER4").await.contains(&"conversation.state".to_owned()));
    let id = conversations::of_chats(w.core().db.read(), ChannelKind::Telegram, "main", &["802".into()]).await.unwrap()[0].resident;
    erase::resident(w.core(), id).await.unwrap();
    assert_eq!(traces(&w, "MARKER4").await, Vec::<String>::new());
    w.minutes(30).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 0, "what was forgotten was registered all the same");
    w.finish().await;
}

async fn every_hand_on_the_journal_is_seen(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let body = json!({"text": "с утра нет воды", "service": "water", "class": "incident", "district": "taraz", "language": "ru"});
    let hands: [(&str, Fault); 13] = [
        (
            "UPDATE request_journal SET payload = REPLACE(payload, 'water_taraz_1', 'water_taraz_2') WHERE kind = 'assigned'",
            Fault::Altered { seq: 3 },
        ),
        ("UPDATE request_journal SET actor = 'staff:somebody' WHERE seq = 3", Fault::Altered { seq: 3 }),
        ("UPDATE request_journal SET kind = 'accepted' WHERE seq = 3", Fault::Altered { seq: 3 }),
        ("UPDATE request_journal SET at = '2026-11-23 04:00:01+00:00' WHERE seq = 2", Fault::Altered { seq: 2 }),
        ("DELETE FROM request_journal WHERE seq = 3", Fault::Missing { seq: 3 }),
        ("DELETE FROM request_journal WHERE seq = 1", Fault::Missing { seq: 1 }),
        ("DELETE FROM request_journal WHERE seq >= 4", Fault::Cut { last: 3, expected: 5 }),
        ("DELETE FROM request_journal WHERE seq >= 1", Fault::Cut { last: 0, expected: 5 }),
        ("UPDATE message SET text = 'всё хорошо' WHERE direction = 'in'", Fault::Text { seq: 1 }),
        ("UPDATE request SET status = 'closed'", Fault::State),
        ("UPDATE request SET rating = 5", Fault::State),
        ("UPDATE request SET version = 4", Fault::State),
        ("UPDATE request SET last_hash = (SELECT hash FROM request_journal WHERE seq = 2)", Fault::End { last: 5 }),
    ];
    for (hand, fault) in hands {
        let number = text(&dispatcher.api.post("/staff/requests", &body).await.expect(201), "number");
        for (act, body) in [("assign", json!({"crew": "water_taraz_1"})), ("start", json!({})), ("resolve", json!({"note": "готово"}))] {
            dispatcher.does(&number, act, body).await.expect(200);
        }
        assert_eq!(w.faults(&number).await, Vec::new());
        assert!(w.tamper(hand).await > 0, "{hand} changed nothing");
        let found = w.faults(&number).await;
        assert!(found.contains(&fault), "{hand}: {fault:?} is not among {found:?}");
        // The next one is tried alone.
        for table in ["sla_timer", "message", "request_place", "outbox", "request_journal", "access_log", "request"] {
            w.tamper(&format!("DELETE FROM {table}")).await;
        }
    }
    // A whole request that vanished, and its journal with it, is seen by nobody; one without the other is.
    let number = text(&dispatcher.api.post("/staff/requests", &body).await.expect(201), "number");
    let id = w.stored(&number).await.request.id;
    w.tamper("DELETE FROM sla_timer").await;
    w.tamper("DELETE FROM request").await;
    assert_eq!(verify(w.core(), id).await.unwrap(), vec![Fault::NoRequest]);
    w.leave().await;
}

/// On these doors the chat is called by the number, or the provider's reports are.
async fn a_number_stands_nowhere(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let dispatcher = Staff::dispatcher(&w).await;
    for (n, door) in [(71, Door::Sms), (72, Door::Whatsapp)] {
        let (r, other) = (Visitor::at(&w, door, n), Visitor::at(&w, door, n + 10));
        let first = r.words("г. Тараз, ул. Абая 77: второй день нет света");
        assert_eq!(first.bring(&w).await, 200);
        w.settle().await;
        other.says("г. Тараз, ул. Абая 78: второй день нет света").await;
        let number = number_in(&r.reads_text());
        let digits = r.phone().trim_start_matches('+').to_owned();
        if door == Door::Whatsapp {
            let id = r.all()[0].id.clone();
            assert_eq!(bring(w.api(), &meta::status(&id, &digits, "delivered", w.now(), None)).await.status, 200);
            w.settle().await;
        }
        assert!(traces(&w, &digits).await.contains(&"raw_event.conversation_key".to_owned()), "{door:?}: this test proves nothing");
        erase::resident(w.core(), resident_of(&w, &number).await).await.unwrap();
        assert_eq!(traces(&w, &digits).await, Vec::<String>::new(), "{door:?}");
        assert_eq!(traces(&w, &r.chat()).await, Vec::<String>::new(), "{door:?}");
        // Work goes on, and nobody who left is written to; the same event once more is still the same.
        dispatcher.does(&number, "assign", json!({"crew": "electricity_taraz_1"})).await.expect(200);
        dispatcher.does(&number, "start", json!({})).await.expect(200);
        r.reads();
        for _ in 0..2 {
            assert_eq!(first.bring(&w).await, 200);
            w.settle().await;
        }
        assert!(r.reads().is_empty(), "{door:?}");
        let made = "SELECT COUNT(*) FROM request";
        let before = w.count(made).await;
        // Who writes again is somebody new; twice forgotten is forgotten.
        r.says("г. Тараз, ул. Абая 79: третий день нет света").await;
        let again = number_in(&r.reads_text());
        assert_ne!(resident_of(&w, &again).await, resident_of(&w, &number).await);
        assert_eq!(w.count(made).await, before + 1);
        for _ in 0..2 {
            erase::resident(w.core(), resident_of(&w, &again).await).await.unwrap();
        }
        assert_eq!(traces(&w, &digits).await, Vec::<String>::new(), "{door:?}");
        assert!(!traces(&w, &other.chat()).await.is_empty(), "{door:?}: too much was erased");
        assert_eq!(w.faults(&number).await, Vec::new());
    }
    w.finish().await;
}

async fn by_a_number_that_was_only_said(kit: Kit) {
    let w = kit.world_with(Options::with("CALLS__DOORS__GENERIC__TOKEN", "live")).await;
    let op = Staff::dispatcher(&w).await;
    let owner = AppResident::sign_in(&w, "+77019998877", "ru").await;
    let kept = text(&owner.reports("MARKER5 нет воды в Таразе").await, "number");
    let ring = json!({"event": "ringing", "call_id": "c1", "caller": "87019998877", "at": w.now().to_rfc3339()});
    let call = w.api().with("live").call(reqwest::Method::POST, "/webhooks/calls/generic").json(&ring);
    assert_eq!(crate::harness::Api::send(call).await.status, 200);
    w.minutes(1).await;
    op.api.put("/staff/drafts/new-1", &json!({"phone": "+77019998877", "text": "MARKER5"})).await.expect(204);
    // Somebody tells an operator another person's number, and asks to be forgotten.
    let body = json!({"text": "MARKER6 су жоқ", "service": "water", "class": "incident", "district": "taraz", "phone": "+77019998877"});
    let said = text(&op.api.post("/staff/requests", &body).await.expect(201), "number");
    let stranger = resident_of(&w, &said).await;
    assert_ne!(stranger, resident_of(&w, &kept).await);
    let before = traces(&w, "9998877").await;
    erase::resident(w.core(), stranger).await.unwrap();
    assert_eq!(traces(&w, "MARKER6").await, Vec::<String>::new());
    let gone: Vec<String> = before.into_iter().filter(|place| place != "resident.claimed_phone").collect();
    assert_eq!(traces(&w, "9998877").await, gone, "an erasure reached somebody else by a number that was only said");
    for (table, n) in [("\"call\" WHERE phone = '+77019998877'", 1), ("staff_draft", 1), ("resident WHERE phone = '+77019998877'", 1)] {
        assert_eq!(w.count(&format!("SELECT COUNT(*) FROM {table}")).await, n, "{table}");
    }
    owner.api.get(&format!("/requests/{kept}")).await.expect(200);
    assert!(!traces(&w, "MARKER5").await.is_empty());
    w.finish().await;
}

/// A provider whose file takes long: its sender is forgotten meanwhile.
struct Slow {
    core: Arc<Core>,
    who: ResidentId,
}

#[async_trait::async_trait]
impl Channel for Slow {
    fn name(&self) -> &'static str {
        "telegram"
    }

    async fn send(&self, _: &str, _: &Message) -> Result<Sent, SendError> {
        Err(SendError::Rejected("no".into()))
    }

    async fn fetch(&self, _: &str, _: u64, into: &mut Sink<'_>) -> Result<Fetched, FetchError> {
        into.write_all(b"half of a face, ").await.unwrap();
        let erased = erase::resident(&self.core, self.who).await.unwrap();
        assert_eq!(erased.files.len(), 1, "bytes may lie there already");
        into.write_all(b"the other half").await.unwrap();
        Ok(Fetched { size: 30, mime: None, name: None })
    }

    async fn acknowledge(&self, _: &str) -> Result<(), SendError> {
        Ok(())
    }

    async fn healthy(&self) -> bool {
        true
    }
}

async fn a_file_on_its_way(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 811);
    r.shows("MARKER5-file", b"a face", Some("нет воды, Тараз, ул. Абая 12")).await;
    let number = number_in(&r.reads_one().text);
    let key = w.query("SELECT store_key FROM attachment").await[0][0].clone();
    let path: object_store::path::Path = key.as_str().into();
    w.server.files.delete(&path).await.unwrap();
    // As it stood before it was fetched.
    w.tamper("UPDATE attachment SET status = 'waiting', store_key = NULL, attempts = 0, next_attempt_at = at").await;
    let mut wires = Registry::default();
    wires.add(ChannelKind::Telegram, "main", Arc::new(Slow { core: w.server.core.clone(), who: resident_of(&w, &number).await }));
    let worker = MediaWorker { core: w.server.core.clone(), wires: Arc::new(wires), store: w.server.files.clone(), max_bytes: 1000, part: 1 << 20 };
    worker.tick().await.unwrap();
    assert_eq!(w.query("SELECT status FROM attachment").await, [["erased"]]);
    w.server.housekeeper.tick().await.unwrap();
    assert!(w.server.files.head(&path).await.is_err(), "the face of somebody who was forgotten lies there for ever");
    w.finish().await;
}

async fn what_fails_keeps_no_erased_file(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 812);
    r.shows("file", b"a face", Some("нет воды, Тараз, ул. Абая 12")).await;
    let number = number_in(&r.reads_one().text);
    let key = w.query("SELECT store_key FROM attachment").await[0][0].clone();
    erase::resident(w.core(), resident_of(&w, &number).await).await.unwrap();
    // Something quite different is broken.
    w.tamper("ALTER TABLE otp RENAME TO otp_away").await;
    assert!(w.server.housekeeper.tick().await.is_err(), "it is told");
    assert!(w.server.files.head(&key.as_str().into()).await.is_err(), "an erased file stays as long as that lasts");
    w.tamper("ALTER TABLE otp_away RENAME TO otp").await;
    w.server.housekeeper.tick().await.unwrap();
    w.finish().await;
}
