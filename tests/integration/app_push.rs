//! Push messages as the provider gets them, and as one step of the ladder.

use crate::harness::provider::{Call, Provider, Reply, listen};
use crate::harness::{AppResident, Door, Kit, Options, Staff, Visitor, World, number_in, stories, text};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

stories! { what_the_provider_gets, a_telephone_stands_in_for_a_closed_window }

const WORDS: &str = "Тараз қаласы, Абай көшесі 12: таңнан бері су жоқ";

/// A stand-in for the provider: gives tokens, takes messages, and knows one telephone no more.
#[derive(Default)]
struct Fcm {
    taken: Mutex<Vec<Value>>,
}

impl Provider for Fcm {
    async fn answer(&self, call: &Call) -> Option<Reply> {
        if call.path == "/token" {
            return Some(Reply::json(200, &json!({"access_token": "ya29.test", "expires_in": 3600, "token_type": "Bearer"})));
        }
        if call.path != "/v1/projects/jambyl/messages:send" || call.bearer() != "ya29.test" {
            return Some(Reply::json(401, &json!({"error": {"code": 401, "status": "UNAUTHENTICATED"}})));
        }
        let body = call.json();
        if body["validate_only"] == true {
            return Some(Reply::json(200, &json!({"name": "projects/jambyl/messages/fake"})));
        }
        if body["message"]["token"] == "push-gone" {
            let details = json!([{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "UNREGISTERED"}]);
            return Some(Reply::json(404, &json!({"error": {"code": 404, "status": "NOT_FOUND", "details": details}})));
        }
        let mut taken = self.taken.lock().unwrap();
        taken.push(body);
        Some(Reply::json(200, &json!({"name": format!("projects/jambyl/messages/{}", taken.len())})))
    }
}

impl Fcm {
    async fn open(options: Options) -> (Arc<Self>, Options) {
        let fcm = Arc::new(Self::default());
        let url = format!("http://{}", listen(fcm.clone()).await);
        let options = options
            .and("PUSH__TRANSPORT", "fcm")
            .and("PUSH__PROJECT", "jambyl")
            .and("PUSH__TOKEN_URL", &format!("{url}/token"))
            .and("PUSH__API_URL", &url);
        (fcm, options)
    }

    fn take(&self) -> Vec<Value> {
        std::mem::take(&mut self.taken.lock().unwrap())
    }
}

async fn registers(r: &AppResident, token: &str) {
    r.api.put("/devices", &json!({"token": token, "platform": "android", "language": "ru"})).await.expect(204);
}

async fn what_the_provider_gets(kit: Kit) {
    let (fcm, options) = Fcm::open(Options::default()).await;
    let w = kit.world_with(options).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = AppResident::sign_in(&w, "+77010000061", "ru").await;
    let second = AppResident::sign_in(&w, "+77010000061", "ru").await;
    registers(&r, "push-here").await;
    registers(&second, "push-gone").await;
    let number = text(&r.reports(WORDS).await, "number");
    dispatcher.does(&number, "reply", json!({"text": "MARKER придём завтра"})).await.expect(200);
    w.settle().await;
    let got = fcm.take();
    assert_eq!(got.len(), 1, "{got:?}");
    let message = got[0]["message"].to_string();
    assert!(message.contains("push-here") && message.contains(&number) && !message.contains("MARKER"), "{message}");
    assert_eq!(w.count("SELECT COUNT(*) FROM device").await, 1, "a telephone that is gone is forgotten");
    w.finish().await;
}

async fn a_telephone_stands_in_for_a_closed_window(kit: Kit) {
    let (fcm, options) = Fcm::open(Options::every_door()).await;
    let w = kit.world_with(options).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let v = Visitor::at(&w, Door::Whatsapp, 61);
    v.says(WORDS).await;
    let number = number_in(&v.reads_text());
    let r = signs_in(&w, &v.phone()).await;
    registers(&r, "push-here").await;
    w.minutes(25 * 60).await;
    v.reads();
    fcm.take();
    dispatcher.does(&number, "reply", json!({"text": "MARKER придём завтра"})).await.expect(200);
    w.settle().await;
    assert!(v.reads().is_empty(), "the window is closed");
    let got = fcm.take();
    assert_eq!(got.len(), 1, "{got:?}");
    let message = got[0]["message"].to_string();
    assert!(message.contains("push-here") && message.contains(&number) && !message.contains("MARKER"), "{message}");
    w.finish().await;
}

/// Signs in by the code that the gateway of short messages took.
async fn signs_in(w: &World, phone: &str) -> AppResident {
    w.api().post("/auth/otp", &json!({"phone": phone, "language": "ru"})).await.expect(202);
    w.settle().await;
    let letter = w.sms.to(phone).pop().expect("no code came").text;
    let code = letter.split(|c: char| !c.is_ascii_digit()).find(|d| d.len() == 6).expect("no code");
    AppResident::of(w, &w.api().post("/auth/token", &json!({"phone": phone, "code": code})).await.expect(200))
}
