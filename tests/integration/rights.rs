//! A resident's rights: everything that is held, handed over once to whoever asked for it; and forgetting in one act. Both with a reason, both in the audit.

use crate::harness::parts::jpeg;
use crate::harness::{Api, AppResident, Browser, Kit, Options, PASSWORD, Resident, Staff, World, csrf_of, number_in, stories, text};
use jambyl109::domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read;

stories! { everything_is_handed_over_once, forgetting_is_one_act, pages_for_the_administrator }

const PHONE: &str = "+77019998811";

struct Held {
    w: World,
    admin: Staff,
    resident: AppResident,
    number: String,
    other: String,
}

/// A person with the application, a photo, a call; another person who only said the same number; a third who has nothing to do with it.
async fn held(kit: Kit) -> Held {
    let folder = kit.dir.path().join("recordings");
    std::fs::create_dir_all(folder.join("2026")).unwrap();
    std::fs::write(folder.join("2026/voice.wav"), b"a voice").unwrap();
    let options = Options::with("CALLS__DOORS__GENERIC__TOKEN", "live").and("CALLS__RECORDINGS", &folder.display().to_string());
    let w = kit.world_with(options).await;
    let (admin, desk) = (Staff::admin(&w).await, Staff::dispatcher(&w).await);
    let r = AppResident::sign_in(&w, PHONE, "ru").await;
    let media = r.brings(&jpeg(b"a pipe")).await.expect(201)["id"].clone();
    let body = json!({"text": "MYWORD нет воды", "address": "MYWORD street", "media": [media]});
    let number = text(&r.api.post("/requests", &body).await.expect(201), "number");
    desk.does(&number, "reply", json!({"text": "MYWORD здравствуйте"})).await.expect(200);
    for (event, more) in
        [("ringing", json!({"dialled": "109"})), ("answered", json!({"agent": "101"})), ("ended", json!({"recording": "2026/voice.wav"}))]
    {
        let mut body = json!({"event": event, "call_id": "c1", "at": w.now().to_rfc3339(), "caller": PHONE});
        for (k, v) in more.as_object().unwrap() {
            body[k] = v.clone();
        }
        assert_eq!(Api::send(w.api().with("live").call(Method::POST, "/webhooks/calls/generic").json(&body)).await.status, 200);
        w.minutes(1).await;
    }
    // Somebody else, of whom nothing may be shown.
    let stranger = Resident::ru(&w, 911);
    stranger.says("OTHERWORD нет света, Тараз, ул. Абая 77").await;
    let other = number_in(&stranger.reads_one().text);
    w.settle().await;
    Held { w, admin, resident: r, number, other }
}

async fn download(w: &World, who: &Staff, ticket: &str) -> (u16, Vec<u8>) {
    let call = w.api().with(who.api.token.as_deref().unwrap()).call(Method::GET, &format!("/api/v1/staff/rights/exports/{ticket}"));
    let answer = call.send().await.unwrap();
    (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
}

fn opened(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    for entry in tar::Archive::new(archive).entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        out.insert(name, bytes);
    }
    out
}

async fn audited(h: &Held, id: &str) -> Vec<(String, String)> {
    let lines = h.admin.api.get(&format!("/staff/audit?object=resident:{id}")).await.expect(200);
    lines["items"].as_array().unwrap().iter().map(|l| (text(l, "what"), l["reason"].as_str().unwrap_or_default().to_owned())).collect()
}

async fn everything_is_handed_over_once(kit: Kit) {
    let h = held(kit).await;
    let api = &h.admin.api;
    let found = api.post("/staff/rights/find", &json!({"who": "8 701 999 88 11"})).await.expect(200);
    assert_eq!(found["id"], json!(h.resident.id));
    assert!(!found.to_string().contains("9998811"), "the number stands unmasked: {found}");
    assert_eq!((&found["requests"], &found["files"], &found["calls"]), (&json!(1), &json!(1), &json!(1)));
    for who in ["+77010000099", "26-0000-0000", "nobody", ""] {
        api.post("/staff/rights/find", &json!({"who": who})).await.refused(404, "not_found");
    }
    let path = format!("/staff/rights/{}/export", h.resident.id);
    api.post(&path, &json!({"reason": " "})).await.refused(422, "empty_text");
    let ticket = text(&api.post(&path, &json!({"reason": "письмо 3 марта"})).await.expect(201), "export");

    // Another administrator, and one without a right, open nothing with it.
    let second = Staff::hire(&h.w, "admin2", Role::Admin, &[], None).await;
    assert_eq!(download(&h.w, &second, &ticket).await.0, 404);
    let manager = Staff::hire(&h.w, "manager", Role::Manager, &[], None).await;
    assert_eq!(download(&h.w, &manager, &ticket).await.0, 403);

    let (status, archive) = download(&h.w, &h.admin, &ticket).await;
    assert_eq!(status, 200);
    let files = opened(&archive);
    let data: Value = serde_json::from_slice(&files["data.json"]).unwrap();
    let shown = String::from_utf8(files["data.json"].clone()).unwrap();
    assert_eq!(data["resident"]["phone"], PHONE);
    assert_eq!(data["requests"][0]["number"], json!(h.number));
    assert_eq!(data["requests"][0]["place"]["address"], "MYWORD street");
    assert!(data["requests"][0]["thread"].as_array().unwrap().len() >= 2, "{data}");
    assert!(data["requests"][0]["history"].as_array().unwrap().iter().any(|e| e["what"] == "registered"));
    assert!(data["requests"][0]["looked_at"].is_array() && data["sign_ins"].as_array().is_some_and(|s| !s.is_empty()));
    assert!(data["short_messages"].as_array().is_some_and(|s| !s.is_empty()), "{data}");
    assert!(!shown.contains("OTHERWORD") && !shown.contains(&h.other), "another person's data were handed over");
    let photo = data["requests"][0]["files"][0]["file"].as_str().unwrap();
    assert!(files[photo].starts_with(&[0xff, 0xd8]), "the photo is no photo");
    assert_eq!(files[data["calls"][0]["recording"].as_str().unwrap()], b"a voice");
    assert!(files.contains_key("README.txt"));

    // Once, and not for ever.
    assert_eq!(download(&h.w, &h.admin, &ticket).await.0, 404);
    let late = text(&api.post(&path, &json!({"reason": "письмо 3 марта"})).await.expect(201), "export");
    h.w.minutes(31).await;
    assert_eq!(download(&h.w, &h.admin, &late).await.0, 404);
    let lines = audited(&h, &h.resident.id).await;
    let count = |what: &str| lines.iter().filter(|(w, reason)| w == what && reason == "письмо 3 марта").count();
    assert_eq!((count("export_asked"), count("export_taken")), (2, 1), "{lines:?}");
    h.w.finish().await;
}

async fn forgetting_is_one_act(kit: Kit) {
    let h = held(kit).await;
    let path = format!("/staff/rights/{}/erase", h.resident.id);
    h.admin.api.post(&path, &json!({})).await.refused(400, "bad_request");
    h.admin.api.post(&path, &json!({"reason": ""})).await.refused(422, "empty_text");
    assert!(h.w.count("SELECT COUNT(*) FROM message WHERE text LIKE '%MYWORD%'").await > 0);
    let gone = h.admin.api.post(&path, &json!({"reason": "заявление 5 марта"})).await.expect(200);
    assert_eq!(gone, json!({"files": 1, "recordings": 1, "recordings_left": 0}));
    for (table, column) in
        [("message", "text"), ("request_place", "address"), ("outbox", "sent_text"), ("outbox", "params"), ("idempotency", "answer")]
    {
        assert_eq!(h.w.count(&format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%MYWORD%'")).await, 0, "{table}.{column}");
    }
    assert_eq!(h.w.count("SELECT COUNT(*) FROM resident WHERE phone LIKE '%9998811'").await, 0);
    assert_eq!(h.w.count("SELECT COUNT(*) FROM \"call\" WHERE phone LIKE '%9998811'").await, 0);
    assert!(!h.w.kit.dir.path().join("recordings/2026/voice.wav").exists());
    assert_eq!(h.w.count("SELECT COUNT(*) FROM doomed_file").await, 0);
    assert!(h.w.count("SELECT COUNT(*) FROM message WHERE text LIKE '%OTHERWORD%'").await > 0, "another person was forgotten");
    for n in [&h.number, &h.other] {
        assert_eq!(h.w.faults(n).await, Vec::new());
    }
    h.resident.api.get("/requests").await.refused(401, "unauthorized");
    let lines: Vec<(String, String)> =
        ["resident_erased", "erasure_asked"].iter().map(|w| ((*w).to_owned(), "заявление 5 марта".to_owned())).collect();
    assert_eq!(audited(&h, &h.resident.id).await, lines);
    // Nothing is held any more, and a second time changes nothing.
    h.admin.api.post("/staff/rights/find", &json!({"who": PHONE})).await.refused(404, "not_found");
    let again = h.admin.api.post(&path, &json!({"reason": "ещё раз"})).await.expect(200);
    assert_eq!(again, json!({"files": 0, "recordings": 0, "recordings_left": 0}));
    h.admin.api.post("/staff/rights/0193a1c2-7d00-7000-8000-000000000001/erase", &json!({"reason": "x"})).await.refused(404, "not_found");
    h.w.finish().await;
}

async fn pages_for_the_administrator(kit: Kit) {
    let h = held(kit).await;
    let b = Browser::new(&h.w);
    b.signs_in("admin", PASSWORD).await;
    for lang in ["kk", "ru"] {
        b.get(&format!("/console/lang/{lang}")).await;
        let page = b.get("/console/admin/retention").await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(!page.text.contains("keep.") && !page.text.contains("keep_kind."), "a text is missing: {}", page.text);
        assert!(
            page.text.contains("href=\"/console/admin/calendars\"") && page.text.contains("href=\"/console/admin/retention\" aria-current=\"page\"")
        );
    }
    let page = b.fill("/console/admin/rights", "/console/admin/rights", &[("who", PHONE)]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains(&h.resident.id) && !page.text.contains("9998811"), "{}", page.text);
    assert!(b.fill("/console/admin/rights", "/console/admin/rights", &[("who", "+77010000098")]).await.text.contains("Такого жителя нет"));
    let csrf = csrf_of(&page.text);
    let export = format!("/console/admin/rights/{}/export", h.resident.id);
    assert_eq!(b.send(&export, &[("csrf", &csrf), ("reason", "")]).await.status, 422);
    assert_eq!(b.send(&export, &[("csrf", "0"), ("reason", "x")]).await.status, 403);
    let page = b.send(&export, &[("csrf", &csrf), ("reason", "письмо")]).await;
    let at = page.text.find("/console/admin/rights/exports/").unwrap_or_else(|| panic!("no link in: {}", page.text));
    let link: String = page.text[at..].chars().take_while(|c| *c != '"').collect();
    let archive = b.get(&link).await;
    assert_eq!((archive.status, archive.headers["content-type"].to_str().unwrap()), (200, "application/x-tar"));
    assert_eq!(b.get(&link).await.status, 404);
    let erase = format!("/console/admin/rights/{}/erase", h.resident.id);
    assert_eq!(b.send(&erase, &[("csrf", &csrf), ("reason", "  ")]).await.status, 422);
    assert!(h.w.count("SELECT COUNT(*) FROM message WHERE text LIKE '%MYWORD%'").await > 0);
    let page = b.send(&erase, &[("csrf", &csrf), ("reason", "заявление")]).await;
    assert!(page.text.contains("Данные жителя удалены"), "{}", page.text);
    assert_eq!(h.w.count("SELECT COUNT(*) FROM message WHERE text LIKE '%MYWORD%'").await, 0);
    assert_eq!(b.get(&erase).await.status, 303);
    h.w.finish().await;
}
