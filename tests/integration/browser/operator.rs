//! The operator's call: it rings on the open page, its card tells who is calling, and an interrupted form is not lost.

use super::chrome::{Chrome, Scripts};
use crate::harness::{Api, Kit, Options, Staff, number_in};
use jambyl109::domain::access::Role;
use reqwest::Method;
use serde_json::json;

/// From the ring to the number.
pub async fn a_call_is_answered(kit: Kit) {
    let w = kit.world_with(Options::with("CALLS__DOORS__GENERIC__TOKEN", "live")).await;
    let Some(c) = Chrome::open(&w, Scripts::On).await else { return w.leave().await };
    let operator = Staff::hire(&w, "operator", Role::Operator, &[], None).await;
    let body = json!({"text": "нет воды", "service": "water", "class": "incident", "district": "taraz", "phone": "87012345678"});
    let earlier = operator.api.post("/staff/requests", &body).await.expect(201)["number"].as_str().unwrap().to_owned();
    w.settle().await;
    c.signs_in("operator").await;
    c.go("/console/calls").await;
    c.awaits("#live.on").await;
    let event = json!({"event": "ringing", "call_id": "c1", "at": w.now().to_rfc3339(), "caller": "87012345678", "dialled": "109", "queue": "main"});
    assert_eq!(Api::send(w.api().with("live").call(Method::POST, "/webhooks/calls/generic").json(&event)).await.status, 200);
    w.settle().await;
    c.awaits("#calls-now a.tile").await;
    assert!(!c.words("#calls-now").await.contains("2345678"), "a list shows a whole number");
    c.sends("#calls-now a.tile").await;
    c.reads("main", &earlier).await;

    // The line breaks in the middle of a word.
    c.find("form[data-draft] textarea[name=text]").await.types("Құбырдан су ағып жатыр, екінші қаба").await;
    c.until("the draft", || async { (!c.words(".draft-state").await.is_empty()).then_some(()) }).await;
    let card = c.path().await;
    c.go("/console/calls").await;
    c.go(&card).await;
    let kept = c.find("form[data-draft] textarea[name=text]").await.value().await;
    assert_eq!(kept, "Құбырдан су ағып жатыр, екінші қаба");
    c.find("form[data-draft] textarea[name=text]").await.types("тта").await;
    c.chooses("form[data-draft] select[name=district]", "taraz").await;
    c.chooses("form[data-draft] select[name=service]", "water").await;
    c.chooses("form[data-draft] select[name=class]", "incident").await;
    c.sends("form[data-draft] button:not([formaction])").await;
    let number = number_in(&c.path().await);
    assert_eq!(w.stored(&number).await.request.resident, w.stored(&earlier).await.request.resident, "whoever is on the line is the caller");
    c.close().await;
    w.finish().await;
}
