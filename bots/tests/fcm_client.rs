//! Push messages against a provider of our own: the exchange of assertions, the life of access tokens, refusals.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop where it stands")]

mod fake;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bots::channel::{Button, Channel, FetchError, Keyboard, Message, OutKind, OutMedia, SendError};
use bots::fcm::{ConfigError, Credentials, FcmChannel, FcmConfig, Now, ServiceAccount, Timeouts};
use chrono::DateTime;
use fake::{Call, Fake, Reply};
use ring::rsa::KeyPair;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Made for these tests; opens nothing.
const KEY: &str = include_str!("fixtures/fcm_test_key.pem");
const DEVICE: &str = "dev1:APA91b-token_of_nobody";
const NOW: i64 = 1_795_000_000;

fn now() -> Now {
    Arc::new(|| DateTime::from_timestamp(NOW, 0).unwrap())
}

fn account(fake: &Fake) -> ServiceAccount {
    let file = json!({"type": "service_account", "project_id": "jambyl", "private_key_id": "k1", "private_key": KEY,
        "client_email": "push@jambyl.test", "client_id": "1", "token_uri": fake.url.join("token").unwrap()});
    ServiceAccount::from_json(&file.to_string()).unwrap()
}

fn config(fake: &Fake, credentials: Credentials) -> FcmConfig {
    let timeouts = Timeouts { connect: Duration::from_secs(2), call: Duration::from_secs(2), download: Duration::from_secs(2) };
    FcmConfig { project: "jambyl".into(), api_url: fake.url.clone(), title: "Jambyl 109".into(), credentials, timeouts }
}

fn wire(fake: &Fake) -> FcmChannel {
    FcmChannel::new(config(fake, Credentials::ServiceAccount(account(fake))), now()).unwrap()
}

fn asks_token(call: &Call) -> bool {
    call.line.contains("/token ")
}

/// A provider whose tokens are numbered and live for `life` seconds, and which answers sendings so.
async fn provider(life: u64, mut answer: impl FnMut(&Call) -> Reply + Send + 'static) -> Fake {
    let count = AtomicUsize::new(0);
    Fake::by(move |call, _| {
        if asks_token(call) {
            let n = count.fetch_add(1, Ordering::Relaxed) + 1;
            return Reply::new(200, json!({"access_token": format!("ya29.{n}"), "expires_in": life, "token_type": "Bearer"}).to_string());
        }
        answer(call)
    })
    .await
}

fn taken() -> Reply {
    Reply::new(200, r#"{"name":"projects/jambyl/messages/0:1500415314455276%31bd1c96"}"#)
}

fn refusal(status: u16, code: &str) -> Reply {
    let details = json!([{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}]);
    Reply::new(status, json!({"error": {"code": status, "status": code, "message": "no", "details": details}}).to_string())
}

async fn outcome(reply: Reply) -> Result<String, SendError> {
    let fake = provider(3600, move |_| reply.clone()).await;
    wire(&fake).send(DEVICE, &Message::text("Өтініш 26-0001: дайын")).await.map(|sent| sent.provider_id)
}

#[tokio::test]
async fn a_message_goes_out() {
    let fake = provider(3600, |_| taken()).await;
    let keyboard = Keyboard::Inline(vec![vec![Button::new("Иә", "y")]]);
    let sent = wire(&fake).send(DEVICE, &Message { keyboard, ..Message::text(" Дайын ") }).await.unwrap();
    assert_eq!(sent.provider_id, "0:1500415314455276%31bd1c96");
    let calls = fake.calls();
    assert_eq!((calls.len(), calls[0].line.as_str()), (2, "POST /relay/token HTTP/1.1"));
    assert_eq!(calls[1].line, "POST /relay/v1/projects/jambyl/messages:send HTTP/1.1");
    assert_eq!(calls[1].header("authorization"), Some("Bearer ya29.1"));
    let expected = json!({"message": {
        "token": DEVICE,
        "notification": {"title": "Jambyl 109", "body": "Дайын"},
        "android": {"priority": "HIGH"},
        "apns": {"headers": {"apns-priority": "10"}, "payload": {"aps": {"sound": "default"}}},
    }});
    assert_eq!(calls[1].body, expected);
}

#[tokio::test]
async fn the_assertion_is_signed_by_the_account() {
    let fake = provider(3600, |_| taken()).await;
    wire(&fake).send(DEVICE, &Message::text("x")).await.unwrap();
    let call = &fake.calls()[0];
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&call.bytes).into_owned().collect();
    assert_eq!(form[0], ("grant_type".to_owned(), "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned()));
    let (signed, signature) = form[1].1.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let json = |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
    assert_eq!(json(header), json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
    let expected = json!({"iss": "push@jambyl.test", "scope": "https://www.googleapis.com/auth/firebase.messaging",
        "aud": fake.url.join("token").unwrap(), "iat": NOW, "exp": NOW + 3600});
    assert_eq!(json(claims), expected);
    let der = STANDARD.decode(KEY.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, KeyPair::from_pkcs8(&der).unwrap().public().as_ref().to_vec());
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    assert!(public.verify(signed.as_bytes(), &signature).is_ok());
    assert!(public.verify(claims.as_bytes(), &signature).is_err());
}

#[tokio::test]
async fn an_access_token_is_kept_while_it_lives() {
    let asked = |fake: &Fake| fake.calls().iter().filter(|call| asks_token(call)).count();
    let fake = provider(3600, |_| taken()).await;
    let long = wire(&fake);
    let clone = long.clone();
    for wire in [&long, &clone, &long] {
        wire.send(DEVICE, &Message::text("x")).await.unwrap();
    }
    assert_eq!(asked(&fake), 1);
    // One that dies at once is asked for each time.
    let short = provider(0, |_| taken()).await;
    let wire = wire(&short);
    for _ in 0..3 {
        wire.send(DEVICE, &Message::text("x")).await.unwrap();
    }
    assert_eq!(asked(&short), 3);
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once() {
    let fake =
        provider(3600, |call| if call.header("authorization") == Some("Bearer ya29.1") { refusal(401, "UNAUTHENTICATED") } else { taken() }).await;
    assert!(wire(&fake).send(DEVICE, &Message::text("x")).await.is_ok());
    assert_eq!(fake.calls().len(), 4);
    let closed = provider(3600, |_| refusal(401, "UNAUTHENTICATED")).await;
    assert_eq!(wire(&closed).send(DEVICE, &Message::text("x")).await, Err(SendError::Unauthorized));
    assert_eq!(closed.calls().len(), 4);
}

#[tokio::test]
async fn a_token_may_come_from_somebody_near() {
    let fake = provider(3600, |_| taken()).await;
    let near = Credentials::Endpoint(fake.url.join("token").unwrap());
    FcmChannel::new(config(&fake, near), now()).unwrap().send(DEVICE, &Message::text("x")).await.unwrap();
    let call = &fake.calls()[0];
    assert_eq!((call.line.as_str(), call.header("metadata-flavor")), ("GET /relay/token HTTP/1.1", Some("Google")));
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let table = [
        (Reply::new(400, r#"{"error":"invalid_grant"}"#), SendError::Unauthorized),
        (Reply::new(401, ""), SendError::Unauthorized),
        (Reply::new(500, ""), SendError::Transient("no access token: status 500".into())),
        (Reply::new(429, "").with("Retry-After", "5"), SendError::Throttled(Duration::from_secs(5))),
        (Reply::new(200, "<html>"), SendError::Transient("no access token: unreadable answer".into())),
        (Reply::new(200, r#"{"access_token":""}"#), SendError::Transient("no access token: unreadable answer".into())),
        (Reply::new(200, r#"{"access_token":"a\r\nb"}"#), SendError::Transient("no access token: unreadable answer".into())),
    ];
    for (reply, expected) in table {
        let fake = Fake::by(move |_, _| reply.clone()).await;
        let wire = wire(&fake);
        assert_eq!(wire.send(DEVICE, &Message::text("x")).await, Err(expected));
        assert!(fake.calls().iter().all(asks_token));
        assert!(!wire.healthy().await);
    }
}

#[tokio::test]
async fn refusals_are_sorted() {
    assert!(matches!(outcome(refusal(404, "UNREGISTERED")).await, Err(SendError::Unreachable(_))));
    assert!(matches!(outcome(refusal(403, "SENDER_ID_MISMATCH")).await, Err(SendError::Unreachable(_))));
    assert!(matches!(outcome(refusal(400, "INVALID_ARGUMENT")).await, Err(SendError::Rejected(_))));
    assert!(matches!(outcome(refusal(429, "QUOTA_EXCEEDED")).await, Err(SendError::Throttled(_))));
    let busy = refusal(503, "UNAVAILABLE").with("Retry-After", "12");
    assert_eq!(outcome(busy).await, Err(SendError::Throttled(Duration::from_secs(12))));
    assert!(matches!(outcome(refusal(500, "INTERNAL")).await, Err(SendError::Transient(_))));
    assert!(matches!(outcome(Reply::new(404, "<html>")).await, Err(SendError::Stopped(_))));
    // It was taken, whatever stands in the answer.
    assert_eq!(outcome(Reply::new(200, "<html>")).await.unwrap(), "-");
}

#[tokio::test]
async fn our_own_mistakes_never_leave_the_house() {
    let fake = provider(3600, |_| taken()).await;
    let wire = wire(&fake);
    for token in ["", "a b", "а", "a\n", &"x".repeat(5000)] {
        assert!(matches!(wire.send(token, &Message::text("x")).await, Err(SendError::Unreachable(_))), "{token}");
    }
    let media = OutMedia { kind: OutKind::Photo, bytes: Vec::new(), mime: "image/png".into(), name: String::new() };
    for message in [Message::text(" "), Message { media: Some(media), ..Message::text("x") }] {
        assert!(matches!(wire.send(DEVICE, &message).await, Err(SendError::Rejected(_))));
    }
    assert!(fake.calls().is_empty());
    assert_eq!((wire.name(), wire.acknowledge("x").await), ("push", Ok(())));
    assert_eq!(wire.fetch("x", 1, &mut Vec::new()).await, Err(FetchError::Gone));
}

#[tokio::test]
async fn long_texts_fit_the_providers_four_thousand_bytes() {
    let fake = provider(3600, |_| taken()).await;
    wire(&fake).send(DEVICE, &Message::text("қ".repeat(9000))).await.unwrap();
    let call = fake.calls().pop().unwrap();
    assert!(call.bytes.len() < 4096 && call.body["message"]["notification"]["body"].as_str().unwrap().ends_with('…'));
}

#[tokio::test]
async fn health_needs_the_provider_to_know_us() {
    let probe = json!({"validate_only": true, "message": {"token": "probe", "notification": {"title": "Jambyl 109"}}});
    for (reply, expected) in [
        (refusal(400, "INVALID_ARGUMENT"), true),
        (refusal(404, "UNREGISTERED"), true),
        (taken(), true),
        (refusal(403, "PERMISSION_DENIED"), false),
        (refusal(503, "UNAVAILABLE"), false),
        (Reply::new(404, ""), false),
    ] {
        let fake = provider(3600, move |_| reply.clone()).await;
        assert_eq!(wire(&fake).healthy().await, expected);
        assert_eq!(fake.calls()[1].body, probe);
    }
}

#[tokio::test]
async fn settings_are_checked() {
    let fake = Fake::with::<Vec<u8>>([]).await;
    let good = || config(&fake, Credentials::ServiceAccount(account(&fake)));
    let failed = |config: FcmConfig| FcmChannel::new(config, now()).map(|_| ()).unwrap_err();
    for project in ["", "a/b", "..", "жамбыл", &"x".repeat(101)] {
        assert_eq!(failed(FcmConfig { project: project.to_owned(), ..good() }), ConfigError::Project, "{project}");
    }
    assert_eq!(failed(FcmConfig { api_url: "ftp://g.test".parse().unwrap(), ..good() }), ConfigError::Url);
    let near = Credentials::Endpoint("file:///etc/passwd".parse().unwrap());
    assert_eq!(failed(FcmConfig { credentials: near, ..good() }), ConfigError::Url);

    let file = |key: &str, uri: &str| json!({"client_email": "a@b.test", "private_key": key, "token_uri": uri}).to_string();
    let read = |text: &str| ServiceAccount::from_json(text).map(|_| ()).unwrap_err();
    assert_eq!(read(""), ConfigError::Account);
    assert_eq!(read("{}"), ConfigError::Account);
    assert_eq!(read(&file(KEY, "not an address")), ConfigError::Account);
    assert_eq!(read(&file(KEY, "ftp://g.test/")), ConfigError::Url);
    assert_eq!(read(&file("", "https://g.test/")), ConfigError::Key);
    assert_eq!(read(&file(&KEY.replace('A', "!"), "https://g.test/")), ConfigError::Key);
    assert_eq!(read(&file(&KEY[..200], "https://g.test/")), ConfigError::Key);
    let shown = format!("{:?} {:?}", account(&fake), FcmChannel::new(good(), now()).unwrap());
    assert!(!shown.contains("PRIVATE") && !shown.contains("push@"), "{shown}");
    assert_eq!(account(&fake).project(), Some("jambyl"));
}
