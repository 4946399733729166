//! Signing in with the application: codes that go where they are wished, tokens that renew one another, and what thieves get.

use crate::harness::{Api, AppResident, Kit, Options, Resident, World, deliver, stories, text};
use jambyl109::store::conversations;
use reqwest::Method;
use serde_json::{Value, json};

stories! {
    a_session_is_renewed_and_ends,
    a_copied_token_ends_the_sign_in,
    two_telephones_are_two_sign_ins,
    the_same_code_twice_at_once,
    a_code_comes_where_it_is_wished,
    a_code_is_forgotten_once_sent,
    a_late_code_is_not_sent,
    codes_are_counted,
    rubbish_at_the_door,
}

const PHONE: &str = "+77010000021";

fn short() -> Options {
    Options::with("AUTH__ACCESS_MINUTES", "30").and("AUTH__REFRESH_DAYS", "10")
}

async fn renew(w: &World, refresh: &str) -> crate::harness::Answer {
    w.api().post("/auth/refresh", &json!({"refresh_token": refresh})).await
}

fn code_in(words: &str) -> String {
    words.split(|c: char| !c.is_ascii_digit()).find(|w| w.len() == 6).unwrap_or_else(|| panic!("no code in {words}")).to_owned()
}

async fn code_for(w: &World, phone: &str) -> String {
    w.api().post("/auth/otp", &json!({"phone": phone})).await.expect(202);
    w.settle().await;
    code_in(&w.server.sms.take().pop().expect("no short message came").message.text)
}

async fn a_session_is_renewed_and_ends(kit: Kit) {
    let w = kit.world_with(short()).await;
    let r = AppResident::sign_in(&w, PHONE, "ru").await;
    w.minutes(29).await;
    r.api.get("/requests").await.expect(200);
    w.minutes(2).await;
    r.api.get("/requests").await.refused(401, "unauthorized");
    let next = AppResident::of(&w, &renew(&w, &r.refresh).await.expect(200));
    assert!(next.id == r.id && next.refresh != r.refresh);
    next.api.get("/requests").await.expect(200);
    // Renewed within its life, it lives on; left alone, it ends.
    w.minutes(9 * 24 * 60).await;
    let last = AppResident::of(&w, &renew(&w, &next.refresh).await.expect(200));
    w.minutes(10 * 24 * 60 + 1).await;
    renew(&w, &last.refresh).await.refused(401, "unauthorized");
    // Staff's tokens renew nothing, and a bearer token is none that renews.
    let r = AppResident::sign_in(&w, PHONE, "ru").await;
    let bearer = r.api.token.clone().unwrap();
    renew(&w, &bearer).await.refused(401, "unauthorized");
    w.api().with(&r.refresh).get("/requests").await.refused(401, "unauthorized");
    r.api.post("/auth/logout", &json!({})).await.expect(204);
    r.api.get("/requests").await.refused(401, "unauthorized");
    renew(&w, &r.refresh).await.refused(401, "unauthorized");
    w.finish().await;
}

async fn a_copied_token_ends_the_sign_in(kit: Kit) {
    let w = kit.world_with(short()).await;
    let r = AppResident::sign_in(&w, PHONE, "ru").await;
    r.api.put("/devices", &json!({"token": "push-1", "platform": "android"})).await.expect(204);
    let thief = AppResident::of(&w, &renew(&w, &r.refresh).await.expect(200));
    thief.api.get("/requests").await.expect(200);
    // The owner comes with the token that the thief has spent.
    renew(&w, &r.refresh).await.refused(401, "unauthorized");
    thief.api.get("/requests").await.refused(401, "unauthorized");
    renew(&w, &thief.refresh).await.refused(401, "unauthorized");
    assert_eq!(w.count("SELECT COUNT(*) FROM device").await, 0);

    // Two at once: one of them gets through, and the other ends it.
    let r = AppResident::sign_in(&w, PHONE, "ru").await;
    let (a, b) = tokio::join!(renew(&w, &r.refresh), renew(&w, &r.refresh));
    let won: Vec<Value> = [a, b].iter().filter(|x| x.status == 200).map(|x| x.json()).collect();
    assert_eq!(won.len(), 1);
    w.api().with(&text(&won[0], "token")).get("/requests").await.refused(401, "unauthorized");
    w.finish().await;
}

async fn two_telephones_are_two_sign_ins(kit: Kit) {
    let w = kit.world().await;
    let (one, other) = (AppResident::sign_in(&w, PHONE, "ru").await, AppResident::sign_in(&w, PHONE, "ru").await);
    assert_eq!(one.id, other.id);
    one.api.post("/auth/logout", &json!({})).await.expect(204);
    one.api.get("/requests").await.refused(401, "unauthorized");
    other.api.get("/requests").await.expect(200);
    renew(&w, &other.refresh).await.expect(200);
    w.finish().await;
}

async fn the_same_code_twice_at_once(kit: Kit) {
    let w = kit.world().await;
    let code = code_for(&w, PHONE).await;
    let body = json!({"phone": PHONE, "code": code});
    let (a, b, c) = tokio::join!(w.api().post("/auth/token", &body), w.api().post("/auth/token", &body), w.api().post("/auth/token", &body));
    let mut got: Vec<u16> = [a, b, c].iter().map(|x| x.status).collect();
    got.sort_unstable();
    assert_eq!(got, [200, 422, 422]);
    assert_eq!(w.count("SELECT COUNT(*) FROM resident").await, 1);
    // A newer code puts an older one out of use.
    let old = code_for(&w, PHONE).await;
    let new = code_for(&w, PHONE).await;
    if old != new {
        w.api().post("/auth/token", &json!({"phone": PHONE, "code": old})).await.refused(422, "bad_code");
    }
    w.api().post("/auth/token", &json!({"phone": PHONE, "code": new})).await.expect(200);
    w.finish().await;
}

async fn a_code_comes_where_it_is_wished(kit: Kit) {
    let w = kit.world().await;
    let ask = async |phone: &str, channel: &str| {
        w.api().post("/auth/otp", &json!({"phone": phone, "language": "ru", "channel": channel})).await.expect(202)
    };
    // A chat whose owner has shared their own number.
    let chat = Resident::ru(&w, 811);
    chat.says("/start").await;
    let contact = json!({"contact": {"phone_number": "77010000022", "user_id": 811, "first_name": "Айгүл"}});
    assert_eq!(deliver(w.api(), &chat.update(&contact)).await.status, 200);
    w.settle().await;
    chat.reads();
    let known = ask("+77010000022", "telegram").await;
    let unknown = ask("+77010000023", "telegram").await;
    assert_eq!(known, unknown, "the answer tells who is known");
    w.settle().await;
    let letters = w.server.sms.take();
    assert_eq!(letters.iter().map(|l| l.chat.as_str()).collect::<Vec<_>>(), ["+77010000023"]);
    let code = code_in(&chat.reads_one().text);
    let got = w.api().post("/auth/token", &json!({"phone": "+77010000022", "code": code})).await.expect(200);
    // It is the same person: what was written in the chat is seen in the application.
    let r = AppResident::of(&w, &got);
    chat.says("г. Тараз, ул. Абая 77: второй день нет света").await;
    assert_eq!(r.api.get("/requests").await.expect(200)["items"].as_array().unwrap().len(), 1);
    chat.reads();

    // No such chat, or one that does not take messages: a short message.
    ask("+77010000022", "whatsapp").await;
    conversations::mark_blocked(w.core().db.write(), "telegram", "main", "811", Some(w.now())).await.unwrap();
    ask("+77010000022", "telegram").await;
    w.settle().await;
    assert_eq!(w.server.sms.take().len(), 2);
    assert!(chat.reads().is_empty());
    for channel in ["mail", "app", "push", "pigeon", "phone"] {
        w.api().post("/auth/otp", &json!({"phone": PHONE, "channel": channel})).await.refused(422, "unprocessable");
    }
    w.finish().await;
}

async fn a_code_is_forgotten_once_sent(kit: Kit) {
    let w = kit.world().await;
    let code = code_for(&w, PHONE).await;
    for column in ["params", "sent_text"] {
        assert_eq!(w.count(&format!("SELECT COUNT(*) FROM outbox WHERE {column} LIKE '%{code}%'")).await, 0, "{column}");
    }
    assert_eq!(w.count(&format!("SELECT COUNT(*) FROM otp WHERE code_hash LIKE '%{code}%' OR subject LIKE '%0000021%'")).await, 0);
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox WHERE status = 'sent'").await, 1);
    let r = AppResident::of(&w, &w.api().post("/auth/token", &json!({"phone": PHONE, "code": code})).await.expect(200));
    let kept = w.query("SELECT hash FROM token").await;
    assert!(kept.iter().all(|row| Some(&row[0]) != r.api.token.as_ref() && row[0] != r.refresh), "a token stands in the table as it is");
    w.finish().await;
}

async fn a_late_code_is_not_sent(kit: Kit) {
    let w = kit.world().await;
    w.server.sms.fail_next(1, &bots::channel::SendError::RetryAfter(std::time::Duration::from_secs(400)));
    w.api().post("/auth/otp", &json!({"phone": PHONE})).await.expect(202);
    w.minutes(10).await;
    assert!(w.server.sms.take().is_empty(), "a code came after its time");
    assert_eq!(w.query("SELECT status, params FROM outbox").await, [["expired".to_owned(), "{}".to_owned()]]);
    w.finish().await;
}

async fn codes_are_counted(kit: Kit) {
    let w = kit.world().await;
    let ask = async || w.api().post("/auth/otp", &json!({"phone": PHONE})).await;
    for hour in 0..3 {
        for _ in 0..5 {
            ask().await.expect(202);
        }
        let over = ask().await;
        over.refused(429, "rate_limited");
        let wait: u64 = over.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=86_400).contains(&wait) && (hour == 2 || wait <= 3600), "{wait}");
        w.minutes(61).await;
    }
    // A day's worth is used up, and only this phone's.
    ask().await.refused(429, "rate_limited");
    w.api().post("/auth/otp", &json!({"phone": "+77010000029"})).await.expect(202);
    w.minutes(24 * 60).await;
    ask().await.expect(202);
    // Guesses at many phones from one address.
    let mut last = 0;
    for i in 0..110 {
        last = w.api().post("/auth/token", &json!({"phone": format!("+7701000{i:04}"), "code": "123456"})).await.status;
        if last == 429 {
            assert_eq!(i, 100);
            break;
        }
        assert_eq!(last, 422);
    }
    assert_eq!(last, 429);
    for (lang, words) in [("kk", "Сұрау тым көп"), ("ru", "Слишком много запросов")] {
        let call = w.api().call(Method::POST, "/api/v1/auth/token").header("accept-language", lang);
        let a = Api::send(call.json(&json!({"phone": PHONE, "code": "1"}))).await;
        assert!(text(&a.refused(429, "rate_limited"), "title").starts_with(words), "{}", a.text);
    }
    w.finish().await;
}

async fn rubbish_at_the_door(kit: Kit) {
    let w = kit.world().await;
    for (path, body, code) in [
        ("/auth/refresh", json!({}), "bad_request"),
        ("/auth/refresh", json!({"refresh_token": 7}), "bad_request"),
        ("/auth/refresh", json!({"refresh_token": ""}), "unauthorized"),
        ("/auth/refresh", json!({"refresh_token": "x".repeat(5000)}), "unauthorized"),
        ("/auth/refresh", json!({"refresh_token": "a\u{0}b"}), "unauthorized"),
        ("/auth/refresh", json!({"refresh_token": "x", "phone": PHONE}), "bad_request"),
        ("/auth/token", json!({"phone": PHONE, "code": "а\u{0}"}), "bad_code"),
        ("/auth/token", json!({"phone": PHONE, "code": "1".repeat(100_000)}), "bad_code"),
        ("/auth/otp", json!({"phone": "+7701\r\nX-Injected: 1"}), "bad_phone"),
    ] {
        let a = w.api().post(path, &body).await;
        assert_eq!(a.code(), code, "{path} {body}: {}", a.text);
        assert!(!a.headers.contains_key("x-injected"));
    }
    for path in ["/auth/logout", "/media"] {
        w.api().post(path, &json!({})).await.refused(401, "unauthorized");
    }
    w.api().put("/devices", &json!({})).await.refused(401, "unauthorized");
    w.finish().await;
}
