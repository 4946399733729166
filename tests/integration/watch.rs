//! What open pages of the desk ask by themselves: untaken dangers, the end of the session, and whether a form begun is kept.

use crate::harness::{Api, Browser, Kit, Options, PASSWORD, Staff, csrf_of, leads, stories, text};
use jambyl109::domain::access::Role;
use reqwest::Method;
use serde_json::json;

stories! {
    untaken_dangers_are_told_to_whom_they_concern,
    a_form_is_said_to_be_kept_only_when_it_is,
}

async fn untaken_dangers_are_told_to_whom_they_concern(kit: Kit) {
    let w = kit.world().await;
    let api = Staff::dispatcher(&w).await;
    Staff::hire(&w, "narrow", Role::Dispatcher, &["electricity"], None).await;
    Staff::hire(&w, "crew", Role::Crew, &[], Some("water_taraz_1")).await;
    let (desk, narrow, crew) = (Browser::new(&w), Browser::new(&w), Browser::new(&w));
    for (b, login) in [(&desk, "dispatcher"), (&narrow, "narrow"), (&crew, "crew")] {
        leads(&b.signs_in(login, PASSWORD).await);
    }
    let dangers = async |b: &Browser| {
        let a = b.get("/console/alive").await;
        assert_eq!((a.status, a.headers["cache-control"].to_str().unwrap()), (200, "no-store"), "{}", a.text);
        a.json()["dangers"].clone()
    };
    assert_eq!(dangers(&desk).await, json!([]));
    let own = desk.get("/console/alive").await.json();
    assert_eq!((own["who"].as_str(), own["csrf"].as_str()), (Some("dispatcher"), Some(csrf_of(&desk.get("/console/account").await.text).as_str())));
    let body = json!({"text": "пахнет газом в подъезде", "service": "gas", "class": "incident", "district": "taraz"});
    let gas = text(&api.api.post("/staff/requests", &body).await.expect(201), "number");
    let body = json!({"text": "нет воды", "service": "water", "class": "incident", "district": "taraz"});
    api.api.post("/staff/requests", &body).await.expect(201);
    assert_eq!(dangers(&desk).await, json!([gas]));
    let counts = async |b: &Browser| b.get("/console/alive").await.json()["counts"].clone();
    w.settle().await;
    assert_eq!(counts(&desk).await, json!({"open": 2, "late": 0, "untaken": 1}));
    assert_eq!((counts(&narrow).await, counts(&crew).await), (json!({"open": 0, "late": 0, "untaken": 0}), json!({})));
    assert_eq!((dangers(&narrow).await, dangers(&crew).await), (json!([]), json!([])), "out of reach");
    w.minutes(1).await;
    api.does(&gas, "accept", json!({})).await.expect(200);
    assert_eq!(dangers(&desk).await, json!([]), "somebody has it");

    // Twelve hours at most: the page knows how much is left of them, and where it stands afterwards.
    let left = |a: &crate::harness::Answer| a.json()["left"].as_i64().unwrap();
    assert_eq!(left(&desk.get("/console/alive").await), 12 * 3600 - 60);
    for _ in 0..11 {
        w.minutes(60).await;
        assert_eq!(desk.get("/console/alive").await.status, 200, "asked again and again, it lives");
    }
    let a = desk.get("/console/alive").await;
    assert_eq!((left(&a), a.json()["ends"].as_str()), (3600 - 60, Some("23.11 21:00")));
    w.minutes(60).await;
    assert_eq!(leads(&desk.get("/console/alive").await), "/console");
    w.finish().await;
}

async fn a_form_is_said_to_be_kept_only_when_it_is(kit: Kit) {
    let w = kit.world_with(Options::with("CALLS__DOORS__GENERIC__TOKEN", "live")).await;
    let api = Staff::dispatcher(&w).await;
    let event = json!({"event": "ringing", "call_id": "c1", "at": w.now().to_rfc3339(), "caller": "87012345678", "dialled": "109", "queue": "main"});
    assert_eq!(Api::send(w.api().with("live").call(Method::POST, "/webhooks/calls/generic").json(&event)).await.status, 200);
    w.settle().await;
    let call = api.api.get("/staff/calls").await.expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    let b = Browser::new(&w);
    leads(&b.signs_in("dispatcher", PASSWORD).await);
    let card = format!("/console/calls/{call}");
    let csrf = csrf_of(&b.get(&card).await.text);
    let looks = async || w.count("SELECT COUNT(*) FROM access_log WHERE what = 'call'").await;
    let before = looks().await;
    let keep =
        async |words: &str| b.send_with(&format!("{card}/draft"), &[("csrf", &csrf), ("text", words)], &[("accept", "application/json")]).await;
    assert_eq!(keep("су ағып жа").await.status, 204);
    assert_eq!(looks().await, before, "to keep a form is no look at the caller");
    assert!(b.get(&card).await.text.contains("су ағып жа"));
    // Without a script: back to the card.
    assert!(leads(&b.send(&format!("{card}/draft"), &[("csrf", &csrf), ("text", "су ағып")]).await).starts_with(&card));
    // Signed out, it is not kept, and nothing that looks like it is answered.
    w.tamper("DELETE FROM staff_session WHERE kind = 'console'").await;
    assert_eq!(leads(&keep("екінші қабат").await), "/console");
    assert_eq!(w.count("SELECT COUNT(*) FROM staff_draft WHERE body LIKE '%қабат%'").await, 0);
    w.finish().await;
}
