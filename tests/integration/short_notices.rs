//! Residents who have no chat are told by short messages: the number of the request and what happened, and not a word more.

use crate::harness::{Api, AppResident, Kit, Options, Staff, World, stories, text};
use reqwest::Method;
use serde_json::{Value, json};

stories! { a_caller_is_told, whose_number_it_is_not, who_has_the_application_only, nobody_pays_without_a_gateway, what_was_sent_is_forgotten_too }

fn options() -> Options {
    Options::every_door().and("CALLS__DOORS__GENERIC__TOKEN", "live")
}

/// A call that an operator has taken; its identifier.
async fn rings(w: &World, op: &Staff, call: &str, caller: &str) -> String {
    for body in [
        json!({"event": "ringing", "call_id": call, "caller": caller, "queue": "main", "at": w.now().to_rfc3339()}),
        json!({"event": "answered", "call_id": call, "agent": "dispatcher", "at": w.now().to_rfc3339()}),
    ] {
        let told = w.api().with("live").call(Method::POST, "/webhooks/calls/generic").json(&body);
        assert_eq!(Api::send(told).await.status, 200);
        w.settle().await;
    }
    text(&op.api.get("/staff/calls").await.expect(200)["items"][0], "id")
}

async fn takes_down(w: &World, op: &Staff, more: Value) -> String {
    let mut body = json!({"text": "Су жоқ, Абай көшесі 12", "service": "water", "class": "incident", "district": "taraz", "language": "kk"});
    for (k, v) in more.as_object().unwrap() {
        body[k] = v.clone();
    }
    let number = text(&op.api.post("/staff/requests", &body).await.expect(201), "number");
    w.settle().await;
    number
}

/// From the crew's way to the end of the work, with words of an operator in between.
async fn goes_on(w: &World, op: &Staff, number: &str) {
    for (act, body) in
        [("assign", json!({"crew": "water_taraz_1"})), ("start", json!({})), ("reply", json!({"text": "MARKER келеді"})), ("resolve", json!({}))]
    {
        op.does(number, act, body).await.expect(200);
        w.settle().await;
    }
}

async fn a_caller_is_told(kit: Kit) {
    let w = kit.world_with(options()).await;
    let op = Staff::dispatcher(&w).await;
    let call = rings(&w, &op, "c1", "87015550031").await;
    let number = takes_down(&w, &op, json!({"call": call})).await;
    let texts = w.sms.to("+77015550031");
    assert!(texts.len() == 1 && texts[0].text.contains(&number) && texts[0].text.contains("тіркелді"), "{texts:?}");
    goes_on(&w, &op, &number).await;
    let texts = w.sms.to("+77015550031");
    assert_eq!(texts.len(), 4, "registered, on the way, an answer waits, done: {texts:#?}");
    for t in &texts {
        assert!(t.text.contains(&number) && !t.text.contains("MARKER") && !t.text.contains("Абай"), "{t:?}");
        assert!(t.text.encode_utf16().count() <= 134, "{t:?}");
    }
    // What the message says one may do is understood: the state is told to whoever asks by the number.
    assert_eq!(
        crate::harness::sms::bring(w.api(), &[("id", "q1"), ("from", "77015550031"), ("text", &format!("109 МӘРТЕБЕ {number}"))]).await.status,
        200
    );
    w.settle().await;
    assert!(w.sms.to("+77015550031").pop().unwrap().text.contains(&number));
    w.finish().await;
}

async fn whose_number_it_is_not(kit: Kit) {
    let w = kit.world_with(options()).await;
    let op = Staff::dispatcher(&w).await;
    // Dictated, not seen on the line; another one than that on the line; a landline; a hidden number.
    let dictated = takes_down(&w, &op, json!({"phone": "+77015550041"})).await;
    w.minutes(30).await;
    let call = rings(&w, &op, "c2", "87015550042").await;
    let other = takes_down(&w, &op, json!({"call": call, "phone": "+77015550043"})).await;
    w.minutes(30).await;
    let call = rings(&w, &op, "c3", "87262456789").await;
    let landline = takes_down(&w, &op, json!({"call": call})).await;
    w.minutes(30).await;
    let call = rings(&w, &op, "c4", "87015550044").await;
    let parted = takes_down(&w, &op, json!({"call": call})).await;
    op.api.post(&format!("/staff/calls/{call}/part"), &json!({"number": parted})).await.expect(204);
    let before = w.sms.taken().len();
    assert_eq!(before, 1, "only whoever called from a telephone of their own: {:?}", w.sms.taken());
    for number in [&dictated, &other, &landline, &parted] {
        goes_on(&w, &op, number).await;
    }
    assert_eq!(w.sms.taken().len(), before, "{:?}", w.sms.taken());
    w.finish().await;
}

/// Signs in by the code that the gateway took.
async fn signs_in(w: &World, phone: &str) -> AppResident {
    w.api().post("/auth/otp", &json!({"phone": phone, "language": "ru"})).await.expect(202);
    w.settle().await;
    let letter = w.sms.to(phone).pop().expect("no code came").text;
    let code = letter.split(|c: char| !c.is_ascii_digit()).find(|d| d.len() == 6).expect("no code");
    AppResident::of(w, &w.api().post("/auth/token", &json!({"phone": phone, "code": code})).await.expect(200))
}

async fn who_has_the_application_only(kit: Kit) {
    let w = kit.world_with(options().and("PUSH__TRANSPORT", "stub")).await;
    let op = Staff::dispatcher(&w).await;
    let r = signs_in(&w, "+77015550051").await;
    let number = text(&r.reports("Тараз қаласы, Абай көшесі 12: таңнан бері су жоқ").await, "number");
    goes_on(&w, &op, &number).await;
    let told: Vec<_> = w.sms.to("+77015550051").into_iter().skip(1).collect();
    assert_eq!(told.len(), 3, "{told:#?}");
    assert!(told.iter().all(|t| t.text.contains(&number) && !t.text.contains("MARKER")), "{told:#?}");
    // Whoever has a telephone that takes push messages is told there.
    r.api.put("/devices", &json!({"token": "push-here", "platform": "android"})).await.expect(204);
    op.does(&number, "reopen", json!({})).await.expect(200);
    goes_on(&w, &op, &number).await;
    assert_eq!(w.sms.to("+77015550051").len(), 4, "told twice");
    w.finish().await;
}

async fn nobody_pays_without_a_gateway(kit: Kit) {
    let w = kit.world_with(Options::with("CALLS__DOORS__GENERIC__TOKEN", "live")).await;
    let op = Staff::dispatcher(&w).await;
    let call = rings(&w, &op, "c1", "87015550061").await;
    let number = takes_down(&w, &op, json!({"call": call})).await;
    goes_on(&w, &op, &number).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox WHERE channel = 'sms'").await, 0);
    w.finish().await;
}

async fn what_was_sent_is_forgotten_too(kit: Kit) {
    let w = kit.world_with(options()).await;
    let op = Staff::dispatcher(&w).await;
    let call = rings(&w, &op, "c1", "87015550071").await;
    let number = takes_down(&w, &op, json!({"call": call})).await;
    w.sms.fail_number("+77015550071", crate::harness::SmsFail::TooMany);
    op.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    op.does(&number, "start", json!({})).await.expect(200);
    w.settle().await;
    let id = w.stored(&number).await.request.resident.unwrap();
    jambyl109::dispatch::erase::resident(w.core(), id).await.unwrap();
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox WHERE chat LIKE '%5550071%'").await, 0);
    assert_eq!(w.count("SELECT COUNT(*) FROM \"call\" WHERE phone LIKE '%5550071%' OR caller LIKE '%5550071%'").await, 0);
    w.minutes(10).await;
    assert_eq!(w.sms.to("+77015550071").len(), 1, "a person who left was written to");
    op.does(&number, "resolve", json!({})).await.expect(200);
    w.settle().await;
    assert_eq!(w.sms.to("+77015550071").len(), 1);
    w.finish().await;
}
