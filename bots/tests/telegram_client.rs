//! The Telegram client against a provider of our own.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop where it stands")]

mod fake;

use bots::channel::{Button, Channel, FetchError, Keyboard, Message, SendError};
use bots::telegram::{ConfigError, PollError, TelegramChannel, Timeouts};
use fake::Fake;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

const TOKEN: &str = "1090:TEST-token_of_nobody";

fn client(fake: &Fake) -> TelegramChannel {
    // Far below teloxide's own sleep of ten seconds after a 5xx answer.
    let timeouts = Timeouts { connect: Duration::from_secs(2), call: Duration::from_millis(1500), download: Duration::from_secs(2) };
    TelegramChannel::new(TOKEN, Some(fake.url.clone()), timeouts).unwrap()
}

fn sent(message_id: i64) -> String {
    json!({"ok": true, "result": {"message_id": message_id, "date": 1_795_000_000, "chat": {"id": 7, "type": "private", "first_name": "А"}, "text": "x"}}).to_string()
}

fn refused(code: i64, description: &str) -> String {
    json!({"ok": false, "error_code": code, "description": description}).to_string()
}

/// Sends `message` to a provider that takes it, and shows the body it got.
async fn body_of(message: &Message) -> Value {
    let fake = Fake::with([(200, sent(1))]).await;
    client(&fake).send("7", message).await.unwrap();
    fake.calls()[0].body.clone()
}

/// Sends to a provider that answers so.
async fn outcome(status: u16, body: impl Into<Vec<u8>>) -> Result<String, SendError> {
    let fake = Fake::with([(status, body)]).await;
    client(&fake).send("7", &Message::text("Абай 12")).await.map(|sent| sent.provider_id)
}

#[tokio::test]
async fn a_message_goes_out_and_its_handle_comes_back() {
    let fake = Fake::with([(200, sent(77))]).await;
    let telegram = client(&fake);
    assert_eq!(telegram.send("-1007", &Message::text("Сәлем")).await.unwrap().provider_id, "77");
    assert_eq!(telegram.name(), "telegram");
    let calls = fake.calls();
    assert_eq!(calls.len(), 1);
    // The prefix of the address is kept and no slash is doubled.
    assert_eq!(calls[0].line.to_ascii_lowercase(), format!("post /relay/bot{TOKEN}/sendmessage http/1.1").to_ascii_lowercase());
    assert_eq!((&calls[0].body["chat_id"], &calls[0].body["text"]), (&json!(-1007), &json!("Сәлем")));
    assert!(calls[0].body.get("reply_markup").is_none());
}

#[tokio::test]
async fn keyboards_in_the_providers_words() {
    let with = |keyboard| Message { keyboard, ..Message::text("?") };
    let inline = Keyboard::Inline(vec![vec![Button::new("Иә", "y"), Button::new("Жоқ", "n")], vec![Button::new("Артқа", "b")]]);
    assert_eq!(
        body_of(&with(inline)).await["reply_markup"]["inline_keyboard"],
        json!([[{"text": "Иә", "callback_data": "y"}, {"text": "Жоқ", "callback_data": "n"}], [{"text": "Артқа", "callback_data": "b"}]])
    );
    let place = Keyboard::RequestLocation { label: "Орнымды жіберу".into(), skip: Some(Button::new("Өткізу", "skip")) };
    let markup = body_of(&with(place)).await["reply_markup"].clone();
    assert_eq!(markup["keyboard"], json!([[{"text": "Орнымды жіберу", "request_location": true}], [{"text": "Өткізу"}]]));
    assert_eq!((&markup["one_time_keyboard"], &markup["resize_keyboard"]), (&json!(true), &json!(true)));
    let card = Keyboard::RequestContact { label: "Нөмірім".into() };
    assert_eq!(body_of(&with(card)).await["reply_markup"]["keyboard"], json!([[{"text": "Нөмірім", "request_contact": true}]]));
    assert_eq!(body_of(&with(Keyboard::Remove)).await["reply_markup"]["remove_keyboard"], json!(true));
}

#[tokio::test]
async fn long_texts_are_cut() {
    let body = body_of(&Message::text("🚰".repeat(3000))).await;
    let text = body["text"].as_str().unwrap();
    assert!(text.encode_utf16().count() <= 4096 && text.ends_with("🚰…"));
}

#[tokio::test]
async fn our_own_mistakes_never_leave_the_house() {
    let fake = Fake::with([(200, sent(1))]).await;
    let telegram = client(&fake);
    let button = |data: String| Message { keyboard: Keyboard::Inline(vec![vec![Button::new("x", data)]]), ..Message::text("?") };
    // 33 Kazakh letters are 66 bytes.
    for (chat, message) in [("7", button("қ".repeat(33))), ("7", button(String::new())), ("@channel", Message::text("x")), ("", Message::text("x"))]
    {
        assert!(matches!(telegram.send(chat, &message).await, Err(SendError::Rejected(_))), "{chat:?}");
    }
    assert!(fake.calls().is_empty());
    assert!(telegram.send("7", &button("қ".repeat(32))).await.is_ok());
}

#[tokio::test]
async fn refusals_are_sorted() {
    let pause = |s| Err(SendError::RetryAfter(Duration::from_secs(s)));
    let slow =
        json!({"ok": false, "error_code": 429, "description": "Too Many Requests: retry after 17", "parameters": {"retry_after": 17}}).to_string();
    let moved =
        json!({"ok": false, "error_code": 400, "description": "Bad Request: group chat was upgraded", "parameters": {"migrate_to_chat_id": -10_099}});
    let odd = json!({"ok": false, "error_code": 429, "description": "Too Many Requests", "parameters": {"of_tomorrow": 1}}).to_string();
    let table = [
        (429, slow, pause(17)),
        (429, odd, pause(5)),
        (403, refused(403, "Forbidden: bot was blocked by the user"), Err(SendError::Blocked)),
        (403, refused(403, "Forbidden: user is deactivated"), Err(SendError::Blocked)),
        (400, refused(400, "Bad Request: chat not found"), Err(SendError::Blocked)),
        (400, moved.to_string(), Err(SendError::Rejected("the chat moved to -10099".into()))),
        (400, refused(400, "Bad Request: message text is empty"), Err(SendError::Rejected("Bad Request: message text is empty".into()))),
        (401, refused(401, "Unauthorized"), Err(SendError::Unauthorized)),
        (404, refused(404, "Not Found"), Err(SendError::Unauthorized)),
    ];
    for (status, body, expected) in table {
        assert_eq!(outcome(status, body.clone()).await, expected, "{body}");
    }
}

#[tokio::test]
async fn trouble_at_the_provider_passes() {
    // teloxide would sleep on the 500; the bound on the call ends it.
    let started = std::time::Instant::now();
    assert!(matches!(outcome(500, refused(500, "Internal Server Error")).await, Err(SendError::Transient(_))));
    assert!(started.elapsed() < Duration::from_secs(5));
    for garbage in ["<html>proxy</html>", "", "{}", r#"{"ok":true,"result":[]}"#, "null"] {
        assert_eq!(outcome(200, garbage).await, Err(SendError::Transient("unreadable answer".into())), "{garbage:?}");
    }
    assert_eq!(outcome(302, "").await, Err(SendError::Transient("unreadable answer".into())));
    assert_eq!(outcome(200, b"\xff\xfe\x00".to_vec()).await, Err(SendError::Transient("unreadable answer".into())));
}

#[tokio::test]
async fn a_sent_message_with_an_unreadable_answer_is_not_sent_twice() {
    let odd = json!({"ok": true, "result": {"message_id": 78, "date": "now", "chat": 5}}).to_string();
    assert_eq!(outcome(200, odd).await, Ok("78".into()));
}

#[tokio::test]
async fn nobody_home_is_transient_and_tells_no_token() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", closed.local_addr().unwrap())).unwrap();
    drop(closed);
    let telegram = TelegramChannel::new(TOKEN, Some(url), Timeouts::default()).unwrap();
    let error = telegram.send("7", &Message::text("құпия")).await.unwrap_err();
    assert_eq!(error, SendError::Transient("no connection".into()));
    let polled = telegram.get_updates(0, Duration::ZERO).await.unwrap_err();
    assert_eq!(polled, PollError::Transient("no connection".into()));
    assert!(!telegram.healthy().await);
    for shown in [format!("{telegram:?}"), format!("{error:?} {error}"), format!("{polled:?}")] {
        assert!(!shown.contains("TEST") && !shown.contains("1090") && !shown.contains("құпия"), "{shown}");
    }
}

#[tokio::test]
async fn presses_are_acknowledged_even_late() {
    let late = refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid");
    let late_lower = refused(400, "Bad Request: query is too old and response timeout expired or query id is invalid");
    let fake =
        Fake::with([(200, r#"{"ok":true,"result":true}"#.to_owned()), (400, late_lower), (400, late), (401, refused(401, "Unauthorized"))]).await;
    let telegram = client(&fake);
    assert_eq!(telegram.acknowledge("9001").await, Ok(()));
    assert_eq!(telegram.acknowledge("9001").await, Ok(()));
    assert_eq!(telegram.acknowledge("9001").await, Ok(()));
    assert_eq!(telegram.acknowledge("9001").await, Err(SendError::Unauthorized));
    assert_eq!(fake.calls()[0].body["callback_query_id"], json!("9001"));
}

#[tokio::test]
async fn files_come_whole_or_not_at_all() {
    let found = |size: Value, path: &str| {
        (200, json!({"ok": true, "result": {"file_id": "F", "file_unique_id": "U", "file_size": size, "file_path": path}}).to_string().into_bytes())
    };
    let fake = Fake::with([found(json!(5), "voice/file_2.oga"), (200, b"\x00\xffabc".to_vec())]).await;
    let mut bytes = Vec::new();
    let file = client(&fake).fetch("F", 5, &mut bytes).await.unwrap();
    assert_eq!((bytes.as_slice(), file.size, file.mime, file.name.as_deref()), (&b"\x00\xffabc"[..], 5, None, Some("file_2.oga")));
    assert_eq!(fake.calls()[1].line, format!("GET /relay/file/bot{TOKEN}/voice/file_2.oga HTTP/1.1"));

    let big = refused(400, "Bad Request: file is too big").into_bytes();
    let no_path = json!({"ok": true, "result": {"file_id": "F", "file_unique_id": "U"}}).to_string().into_bytes();
    let table = [
        (vec![found(json!(6), "a")], FetchError::TooLarge),
        // The provider lied about the size.
        (vec![found(json!(1), "a"), (200, b"123456".to_vec())], FetchError::TooLarge),
        (vec![(400, big)], FetchError::TooLarge),
        (vec![(400, refused(400, "Bad Request: invalid file_id").into_bytes())], FetchError::Gone),
        (vec![(200, no_path)], FetchError::Gone),
        (vec![found(json!(1), "a"), (404, Vec::new())], FetchError::Gone),
        (vec![found(json!(1), "/etc/passwd")], FetchError::Gone),
        (vec![found(json!(1), "a/../../b")], FetchError::Gone),
        (vec![found(json!(1), "a"), (502, Vec::new())], FetchError::Transient("status 502".into())),
        (vec![(200, b"<html>".to_vec())], FetchError::Transient("try later: unreadable answer".into())),
    ];
    for (answers, expected) in table {
        let fake = Fake::with(answers.clone()).await;
        assert_eq!(client(&fake).fetch("F", 5, &mut Vec::new()).await, Err(expected), "{answers:?}");
    }
}

#[tokio::test]
async fn polling_keeps_bytes_and_sorts_refusals() {
    let batch = r#"{"ok":true,"result":[{"update_id":12, "of_tomorrow":{"n":1e400}},{"update_id":13}]}"#;
    let slow = json!({"ok": false, "error_code": 429, "parameters": {"retry_after": 3}}).to_string();
    let fake = Fake::with([
        (200, batch.to_owned()),
        (409, refused(409, "Conflict: can't use getUpdates method while webhook is active")),
        (429, slow),
        (401, refused(401, "Unauthorized")),
        (502, "<html>".to_owned()),
    ])
    .await;
    let telegram = client(&fake);
    let poll = || telegram.get_updates(12, Duration::from_secs(25));

    let updates = poll().await.unwrap();
    assert_eq!(updates[0].body, br#"{"update_id":12, "of_tomorrow":{"n":1e400}}"#);
    assert_eq!(updates.iter().map(|u| u.update_id).collect::<Vec<_>>(), vec![12, 13]);
    assert_eq!(poll().await, Err(PollError::Conflict));
    assert_eq!(poll().await, Err(PollError::RetryAfter(Duration::from_secs(3))));
    assert_eq!(poll().await, Err(PollError::Unauthorized));
    assert_eq!(poll().await, Err(PollError::Transient("status 502".into())));

    let asked = &fake.calls()[0];
    assert!(asked.line.ends_with("/getUpdates HTTP/1.1"));
    assert_eq!(
        asked.body,
        json!({"offset": 12, "timeout": 25, "allowed_updates": ["message", "edited_message", "callback_query", "my_chat_member"]})
    );
}

#[tokio::test]
async fn setup_calls() {
    let yes = || (200, r#"{"ok":true,"result":true}"#.to_owned());
    let me = json!({"ok": true, "result": {"id": 1090, "is_bot": true, "first_name": "109", "username": "jambyl_test_bot", "can_join_groups": false,
        "can_read_all_group_messages": false, "supports_inline_queries": false, "can_connect_to_business": false, "has_main_web_app": false}});
    let info = json!({"ok": true, "result": {"url": "https://x.kz/h", "has_custom_certificate": false, "pending_update_count": 4,
        "last_error_date": 1_795_000_000, "last_error_message": "x"}});
    let fake =
        Fake::with([yes(), yes(), (200, me.to_string()), (200, me.to_string()), (200, info.to_string()), (401, refused(401, "Unauthorized"))]).await;
    let telegram = client(&fake);
    let url = Url::parse("https://109.example.kz/hooks/telegram").unwrap();

    assert!(matches!(telegram.set_webhook(url.clone(), "бос орын").await, Err(SendError::Rejected(_))));
    telegram.set_webhook(url, "s3cret_-").await.unwrap();
    telegram.delete_webhook().await.unwrap();
    assert_eq!(telegram.bot_name().await.unwrap(), "jambyl_test_bot");
    assert!(telegram.healthy().await);
    let state = telegram.webhook_state().await.unwrap();
    assert_eq!((state.set, state.pending, state.last_error_at.unwrap().timestamp()), (true, 4, 1_795_000_000));
    assert_eq!(telegram.bot_name().await, Err(SendError::Unauthorized));
    assert!(!telegram.healthy().await);

    assert!(fake.calls()[0].line.to_ascii_lowercase().contains("/setwebhook"));
}

#[test]
fn bad_settings_are_named() {
    let new = |token: &str, url: Option<&str>| TelegramChannel::new(token, url.map(|u| Url::parse(u).unwrap()), Timeouts::default()).err();
    assert_eq!(new("", None), Some(ConfigError::Token));
    assert_eq!(new("1:a/../b", None), Some(ConfigError::Token));
    assert_eq!(new("1:a\n", None), Some(ConfigError::Token));
    assert_eq!(new("1:a", Some("mailto:a@b.kz")), Some(ConfigError::Url));
    assert_eq!(new("1:a", Some("file:///tmp")), Some(ConfigError::Url));
    assert_eq!(new("1:a", Some("http://localhost:8081/x/")), None);
}
