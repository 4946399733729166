//! Sending short messages against gateways of our own.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop where it stands")]

mod fake;

use bots::channel::{Button, Channel, FetchError, Keyboard, Message, OutKind, OutMedia, SendError};
use bots::sms::{Gateway, SmsChannel, Timeouts};
use fake::{Fake, Reply};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const PHONE: &str = "+77015550000";

fn timeouts() -> Timeouts {
    Timeouts { connect: Duration::from_secs(2), call: Duration::from_millis(700), download: Duration::from_secs(2) }
}

fn named() -> BTreeMap<String, String> {
    [("login", "akimat"), ("password", "se&cret"), ("key", "k-1"), ("sender", "JAMBYL109")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
}

fn wire(mut gateway: Value, fake: &Fake) -> SmsChannel {
    for (request, field) in [("send", "url"), ("health", "url")] {
        if let Some(url) = gateway.get_mut(request).and_then(|r| r.get_mut(field)) {
            *url = url.as_str().unwrap().replace("http://g/", fake.url.as_str()).into();
        }
    }
    let gateway: Gateway = serde_json::from_value(gateway).unwrap();
    SmsChannel::new(gateway, named(), timeouts()).unwrap()
}

/// As Kannel wants it: everything in the query, our handle in reports.
fn query() -> Value {
    json!({
        "send": {"url": "http://g/sendsms?username={login}&password={password}&from={sender}&to={to}&coding={coding}&text={text}&dlr={ref}"},
        "answer": {"id": "ref", "ok": "body", "ok_values": ["0: Accepted*", "3: Queued*"]},
    })
}

/// As a modern gateway wants it: JSON, a key in a header, codes in the answer.
fn modern() -> Value {
    json!({
        "send": {"method": "post", "url": "http://g/v1/sms", "headers": {"Authorization": "Key {key}"},
            "json": r#"{"messages":[{"to":"{to}","from":"{sender}","text":"{text}","parts":"{parts}","hex":"{text_hex}","dcs":"{data_coding}"}]}"#},
        "answer": {"id": "/data/id", "ok": "/code", "ok_values": ["0"], "codes": {"1": "unreachable", "2": "stopped", "3": "wait"}},
        "number": "digits", "max_parts": 2,
        "health": {"url": "http://g/balance?key={key}"},
    })
}

async fn answered(status: u16, body: &str) -> Result<String, SendError> {
    let fake = Fake::with([(status, body)]).await;
    wire(modern(), &fake).send(PHONE, &Message::text("Су жоқ")).await.map(|sent| sent.provider_id)
}

#[tokio::test]
async fn a_message_goes_out_in_the_query() {
    let fake = Fake::with([(202, "0: Accepted for delivery")]).await;
    let sent = wire(query(), &fake).send(PHONE, &Message::text("Су жоқ & жарық=жоқ?")).await.unwrap();
    let calls = fake.calls();
    let line = calls[0].line.strip_prefix("GET ").unwrap().strip_suffix(" HTTP/1.1").unwrap();
    let url = fake.url.join(line).unwrap();
    assert_eq!(url.path(), "/relay/sendsms");
    let pairs: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!((pairs["username"].as_str(), pairs["password"].as_str(), pairs["from"].as_str()), ("akimat", "se&cret", "JAMBYL109"));
    assert_eq!((pairs["to"].as_str(), pairs["text"].as_str(), pairs["coding"].as_str()), (PHONE, "Су жоқ & жарық=жоқ?", "2"));
    // Our own handle comes back in reports.
    assert_eq!(pairs["dlr"], sent.provider_id);
    assert_eq!(sent.provider_id.len(), 32);
    assert_eq!(pairs.len(), 7);
}

#[tokio::test]
async fn a_message_goes_out_as_json() {
    let fake = Fake::with([(200, r#"{"code":0,"data":{"id":998877}}"#)]).await;
    let text = "Тоқтату: \"},{\"to\":\"77";
    assert_eq!(wire(modern(), &fake).send(PHONE, &Message::text(text)).await.unwrap().provider_id, "998877");
    let call = &fake.calls()[0];
    assert_eq!((call.line.as_str(), call.header("authorization")), ("POST /relay/v1/sms HTTP/1.1", Some("Key k-1")));
    assert_eq!(call.header("content-type"), Some("application/json"));
    let hex: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    let expected = json!({"to": "77015550000", "from": "JAMBYL109", "text": text, "parts": "1", "hex": hex, "dcs": "8"});
    assert_eq!(call.body, json!({"messages": [expected]}));
}

#[tokio::test]
async fn a_message_goes_out_as_a_form_or_as_text() {
    let form = json!({"send": {"method": "post", "url": "http://g/send", "form": {"phones": "{to}", "mes": "{text}", "psw": "{password}"}},
        "answer": {"id": "/id"}});
    let fake = Fake::with([(200, r#"{"id":"1"}"#)]).await;
    wire(form, &fake).send(PHONE, &Message::text("Hi & bye")).await.unwrap();
    let call = &fake.calls()[0];
    assert_eq!(call.header("content-type"), Some("application/x-www-form-urlencoded"));
    let pairs: BTreeMap<String, String> = url::form_urlencoded::parse(&call.bytes).into_owned().collect();
    assert_eq!((pairs["phones"].as_str(), pairs["mes"].as_str(), pairs["psw"].as_str()), (PHONE, "Hi & bye", "se&cret"));

    let text = json!({"send": {"method": "post", "url": "http://g/send", "headers": {"Content-Type": "text/x-sms"}, "body": "{to}\n{text}"},
        "answer": {"id": "body"}});
    let fake = Fake::with([(200, "777\n")]).await;
    assert_eq!(wire(text, &fake).send(PHONE, &Message::text("Су")).await.unwrap().provider_id, "777");
    let call = &fake.calls()[0];
    assert_eq!((call.header("content-type"), call.bytes.as_slice()), (Some("text/x-sms"), format!("{PHONE}\nСу").as_bytes()));
    assert_eq!(call.head.to_ascii_lowercase().matches("content-type:").count(), 1);
}

#[tokio::test]
async fn long_texts_are_cut_to_the_parts_allowed() {
    let fake = Fake::with([(200, r#"{"code":0,"data":{"id":"1"}}"#)]).await;
    let keyboard = Keyboard::Inline(vec![vec![Button::new("Иә", "y")]]);
    wire(modern(), &fake).send(PHONE, &Message { keyboard, ..Message::text("қ".repeat(500)) }).await.unwrap();
    let sent = &fake.calls()[0].body["messages"][0];
    assert_eq!((sent["text"].as_str().unwrap().chars().count(), sent["parts"].as_str()), (134, Some("2")));
}

#[tokio::test]
async fn refusals_are_sorted() {
    assert_eq!(answered(200, r#"{"code":1}"#).await, Err(SendError::Unreachable("code 1".into())));
    assert_eq!(answered(200, r#"{"code":2}"#).await, Err(SendError::Stopped("code 2".into())));
    assert!(matches!(answered(200, r#"{"code":3}"#).await, Err(SendError::Throttled(_))));
    assert!(matches!(answered(200, r#"{"code":77}"#).await, Err(SendError::Transient(_))));
    assert!(matches!(answered(200, "").await, Err(SendError::Transient(_))));
    assert!(matches!(answered(500, "").await, Err(SendError::Transient(_))));
    assert_eq!(answered(401, "").await, Err(SendError::Unauthorized));
    assert!(matches!(answered(404, "").await, Err(SendError::Stopped(_))));
    let busy = Fake::by(|_, _| Reply::new(429, "").with("Retry-After", "7")).await;
    assert_eq!(wire(modern(), &busy).send(PHONE, &Message::text("x")).await.unwrap_err(), SendError::Throttled(Duration::from_secs(7)));
    // A redirect would carry the password elsewhere.
    let away = Fake::by(|_, own| Reply::new(302, "").with("Location", own.as_str())).await;
    assert!(matches!(wire(modern(), &away).send(PHONE, &Message::text("x")).await, Err(SendError::Stopped(_))));
    assert_eq!(away.calls().len(), 1);
    let huge = Fake::by(|_, _| Reply::new(200, vec![b'x'; 2 * 1024 * 1024])).await;
    assert!(matches!(wire(modern(), &huge).send(PHONE, &Message::text("x")).await, Err(SendError::Transient(_))));
}

#[tokio::test]
async fn a_gateway_that_is_away_or_silent_is_tried_later() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let gateway = |url: String| -> Gateway { serde_json::from_value(json!({"send": {"url": url}, "answer": {"id": "body"}})).unwrap() };
    let wire = SmsChannel::new(gateway(format!("http://{address}/?t={{text}}&to={{to}}")), BTreeMap::new(), timeouts()).unwrap();
    let late = wire.send(PHONE, &Message::text("x")).await;
    assert_eq!(late, Err(SendError::Transient("no answer in time".into())));
    assert!(!wire.healthy().await);
    drop(silent);
    assert_eq!(wire.send(PHONE, &Message::text("x")).await, Err(SendError::Transient("no connection".into())));
}

#[tokio::test]
async fn our_own_mistakes_never_leave_the_house() {
    let fake = Fake::with([(200, "")]).await;
    let wire = wire(modern(), &fake);
    for chat in ["", "+", "109", "abc", "+7701555000a", "+7 701 555 00 00", "+1234567890123456", "Kaspi"] {
        assert!(matches!(wire.send(chat, &Message::text("x")).await, Err(SendError::Rejected(_))), "{chat:?}");
    }
    let media = OutMedia { kind: OutKind::Photo, bytes: Vec::new(), mime: "image/png".into(), name: String::new() };
    for message in [Message::text("  "), Message { media: Some(media), ..Message::text("x") }] {
        assert!(matches!(wire.send(PHONE, &message).await, Err(SendError::Rejected(_))));
    }
    assert!(fake.calls().is_empty());
    assert_eq!(wire.fetch("x", 1, &mut Vec::new()).await, Err(FetchError::Gone));
    assert_eq!((wire.name(), wire.acknowledge("x").await), ("sms", Ok(())));
    let shown = format!("{wire:?}");
    assert!(!shown.contains("se&cret") && !shown.contains("k-1"), "{shown}");
}

#[tokio::test]
async fn health_is_asked_without_sending() {
    let fake = Fake::by(|call, _| Reply::new(if call.line.contains("key=k-1") { 200 } else { 403 }, "")).await;
    assert!(wire(modern(), &fake).healthy().await);
    assert_eq!(fake.calls()[0].line, "GET /relay/balance?key=k-1 HTTP/1.1");
    let ill = Fake::by(|_, _| Reply::new(500, "")).await;
    assert!(!wire(modern(), &ill).healthy().await);
    // Without a question of its own, the host's life is enough, and the address of a sending is left alone.
    let bare = Fake::by(|_, _| Reply::new(404, "")).await;
    assert!(wire(query(), &bare).healthy().await);
    assert_eq!(bare.calls()[0].line, "GET / HTTP/1.1");
}
