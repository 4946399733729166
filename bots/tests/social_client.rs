//! Sending to Instagram and to a Facebook page against a provider of our own.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop where it stands")]

mod fake;

use bots::channel::{Button, Channel, FetchError, Keyboard, Message, OutKind, OutMedia, SendError, Template};
use bots::meta::{Graph, Timeouts};
use bots::social::{Platform, SocialChannel};
use fake::{Fake, Reply};
use serde_json::{Value, json};
use std::time::Duration;

const ACCOUNT: &str = "17841400000000109";
const TOKEN: &str = "EAAG-test-of-nobody";
const PERSON: &str = "5550001";

fn wire(platform: Platform, fake: &Fake) -> SocialChannel {
    let timeouts = Timeouts { connect: Duration::from_secs(2), call: Duration::from_secs(2), download: Duration::from_secs(2) };
    SocialChannel::new(platform, ACCOUNT, Graph::new(fake.url.clone(), "v24.0", TOKEN, timeouts).unwrap())
}

fn instagram(fake: &Fake) -> SocialChannel {
    wire(Platform::Instagram, fake)
}

/// A provider that takes everything and numbers what it took.
async fn taking() -> Fake {
    let mut count = 0;
    Fake::by(move |call, _| {
        count += 1;
        let key = if call.line.contains("/messages ") { "message_id" } else { "id" };
        Reply::new(200, json!({key: format!("m{count}"), "attachment_id": "a1"}).to_string())
    })
    .await
}

fn bodies(fake: &Fake) -> Vec<Value> {
    fake.calls().into_iter().map(|call| call.body).collect()
}

async fn refused(platform: Platform, status: u16, error: &Value) -> SendError {
    let fake = Fake::with([(status, json!({"error": error}).to_string())]).await;
    wire(platform, &fake).send(PERSON, &Message::text("Сәлем")).await.unwrap_err()
}

#[tokio::test]
async fn a_direct_message_goes_out() {
    let fake = taking().await;
    assert_eq!(instagram(&fake).send(PERSON, &Message::text(" Сәлем! ")).await.unwrap().provider_id, "m1");
    let call = &fake.calls()[0];
    assert_eq!(call.line, "POST /relay/v24.0/me/messages HTTP/1.1");
    assert_eq!(call.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(call.body, json!({"recipient": {"id": PERSON}, "message": {"text": "Сәлем!"}}));
    wire(Platform::Facebook, &fake).send(PERSON, &Message::text("Сәлем")).await.unwrap();
    assert_eq!(bodies(&fake)[1], json!({"recipient": {"id": PERSON}, "message": {"text": "Сәлем"}, "messaging_type": "RESPONSE"}));
    assert_eq!((instagram(&fake).name(), wire(Platform::Facebook, &fake).name()), ("instagram", "facebook"));
}

#[tokio::test]
async fn keys_stand_under_the_last_piece_of_a_long_text() {
    let fake = taking().await;
    let text = format!("{}\n{}", "Су ертең беріледі. ".repeat(40), "Рақмет!".repeat(30));
    let keyboard = Keyboard::Inline(vec![vec![Button::new("Иә", "y"), Button::new("Жоқ", "n")], vec![Button::new("Мекенжайды өзгерту керек", "a")]]);
    let sent = instagram(&fake).send(PERSON, &Message { keyboard, ..Message::text(text.clone()) }).await.unwrap();
    let bodies = bodies(&fake);
    assert_eq!((bodies.len(), sent.provider_id.as_str()), (2, "m2"));
    let texts: Vec<&str> = bodies.iter().map(|body| body["message"]["text"].as_str().unwrap()).collect();
    assert!(texts.iter().all(|text| text.len() <= 1000));
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    assert_eq!(bare(&texts.concat()), bare(&text));
    assert!(bodies[0]["message"].get("quick_replies").is_none());
    assert_eq!(
        bodies[1]["message"]["quick_replies"],
        json!([
            {"content_type": "text", "title": "Иә", "payload": "y"},
            {"content_type": "text", "title": "Жоқ", "payload": "n"},
            {"content_type": "text", "title": "Мекенжайды өзгерту…", "payload": "a"}
        ])
    );
    // A page takes two thousand characters at once.
    let page = taking().await;
    wire(Platform::Facebook, &page).send(PERSON, &Message::text("қ".repeat(2000))).await.unwrap();
    assert_eq!(page.calls().len(), 1);
}

#[tokio::test]
async fn what_the_wire_cannot_ask_is_left_to_words() {
    let fake = taking().await;
    let ask = |keyboard| Message { keyboard, ..Message::text("Қай жерде?") };
    let wire = instagram(&fake);
    wire.send(PERSON, &ask(Keyboard::RequestLocation { label: "Орным".into(), skip: Some(Button::new("Өткізу", "skip")) })).await.unwrap();
    wire.send(PERSON, &ask(Keyboard::RequestContact { label: "Нөмірім".into() })).await.unwrap();
    wire.send(PERSON, &ask(Keyboard::Remove)).await.unwrap();
    let bodies = bodies(&fake);
    assert_eq!(bodies[0]["message"]["quick_replies"], json!([{"content_type": "text", "title": "Өткізу", "payload": "skip"}]));
    assert_eq!(bodies[1]["message"]["quick_replies"], json!([{"content_type": "user_phone_number"}]));
    assert!(bodies[2]["message"].get("quick_replies").is_none());
}

#[tokio::test]
async fn an_answer_in_public_and_one_in_private() {
    let fake = taking().await;
    let keyboard = Keyboard::Inline(vec![vec![Button::new("Иә", "y")]]);
    let message = Message { keyboard, ..Message::text("Рақмет! Өтінішіңіз тіркелді.") };
    assert_eq!(instagram(&fake).send("comment:178_1", &message).await.unwrap().provider_id, "m1");
    assert_eq!(instagram(&fake).send("private:178_1", &message).await.unwrap().provider_id, "m2");
    let page = wire(Platform::Facebook, &fake);
    page.send("comment:9_2", &message).await.unwrap();
    page.send("private:9_2", &message).await.unwrap();
    // A visitor's own post is named otherwise.
    page.send(&format!("private:{ACCOUNT}_7"), &message).await.unwrap();
    let calls = fake.calls();
    assert_eq!(calls[0].line, "POST /relay/v24.0/178_1/replies HTTP/1.1");
    assert_eq!(calls[0].body, json!({"message": "Рақмет! Өтінішіңіз тіркелді."}));
    assert_eq!(calls[1].line, "POST /relay/v24.0/me/messages HTTP/1.1");
    assert_eq!(calls[1].body, json!({"recipient": {"comment_id": "178_1"}, "message": {"text": "Рақмет! Өтінішіңіз тіркелді."}}));
    assert_eq!(calls[2].line, "POST /relay/v24.0/9_2/comments HTTP/1.1");
    assert_eq!(calls[3].body["recipient"], json!({"comment_id": "9_2"}));
    assert_eq!(calls[4].body["recipient"], json!({"post_id": format!("{ACCOUNT}_7")}));

    // Only one private message is allowed, so that it is cut rather than divided.
    instagram(&fake).send("private:178_1", &Message::text("қ".repeat(900))).await.unwrap();
    let cut = fake.calls().pop().unwrap().body["message"]["text"].as_str().unwrap().to_owned();
    assert!(cut.len() <= 1000 && cut.ends_with('…'));
    assert_eq!(fake.calls().len(), 6);
}

#[tokio::test]
async fn a_file_goes_out_on_a_page_only() {
    let media = || OutMedia { kind: OutKind::Photo, bytes: b"\xff\xd8jpeg".to_vec(), mime: "image/jpeg".into(), name: "а.jpg".into() };
    let message = || Message { media: Some(media()), ..Message::text("Дайын") };
    let fake = taking().await;
    assert_eq!(wire(Platform::Facebook, &fake).send(PERSON, &message()).await.unwrap().provider_id, "m3");
    let calls = fake.calls();
    assert_eq!(calls[0].line, "POST /relay/v24.0/me/message_attachments HTTP/1.1");
    let form = String::from_utf8_lossy(&calls[0].bytes);
    assert!(form.contains(r#"name="filedata""#) && form.contains("Content-Type: image/jpeg"));
    assert!(form.contains(r#"{"attachment":{"payload":{"is_reusable":false},"type":"image"}}"#), "{form}");
    assert_eq!(calls[1].body["message"], json!({"attachment": {"type": "image", "payload": {"attachment_id": "a1"}}}));
    assert_eq!(calls[2].body["message"], json!({"text": "Дайын"}));
    for (platform, chat) in [(Platform::Instagram, PERSON), (Platform::Facebook, "comment:1_2"), (Platform::Facebook, "private:1_2")] {
        let fake = taking().await;
        assert!(matches!(wire(platform, &fake).send(chat, &message()).await, Err(SendError::Rejected(_))), "{chat}");
        assert!(fake.calls().is_empty());
    }
}

#[tokio::test]
async fn our_own_mistakes_never_leave_the_house() {
    let fake = taking().await;
    let wire = instagram(&fake);
    let many = Keyboard::Inline((0..14).map(|n| vec![Button::new("x", format!("{n}"))]).collect());
    let table = [
        ("", Message::text("x")),
        ("../me", Message::text("x")),
        ("comment:", Message::text("x")),
        ("comment:1/likes", Message::text("x")),
        (PERSON, Message::text(" \n ")),
        ("comment:1", Message::text("")),
        (PERSON, Message { keyboard: many, ..Message::text("x") }),
    ];
    for (chat, message) in table {
        assert!(matches!(wire.send(chat, &message).await, Err(SendError::Rejected(_))), "{chat:?}");
    }
    let template = Template { name: "ready".into(), lang: "kk".into(), params: Vec::new() };
    let answer = wire.send(PERSON, &Message { template: Some(template), ..Message::text("x") }).await;
    assert!(matches!(answer, Err(SendError::TemplateRefused(_))));
    assert!(fake.calls().is_empty());
    assert_eq!(wire.acknowledge("anything").await, Ok(()));
    assert!(!format!("{wire:?}").contains(TOKEN));
}

#[tokio::test]
async fn refusals_are_sorted() {
    let ig = Platform::Instagram;
    let error = |code: i64, subcode: Option<i64>| json!({"code": code, "error_subcode": subcode, "message": "(#) no", "type": "OAuthException"});
    assert_eq!(refused(ig, 400, &error(10, Some(2_534_022))).await, SendError::WindowClosed);
    assert_eq!(refused(Platform::Facebook, 400, &error(10, Some(2_018_278))).await, SendError::WindowClosed);
    assert_eq!(refused(ig, 400, &error(551, Some(1_545_041))).await, SendError::Blocked);
    assert!(matches!(refused(ig, 400, &error(100, Some(2_534_014))).await, SendError::Unreachable(_)));
    assert_eq!(refused(ig, 401, &error(190, None)).await, SendError::Unauthorized);
    assert!(matches!(refused(ig, 400, &error(613, None)).await, SendError::Throttled(_)));
    assert!(matches!(refused(ig, 500, &error(2, None)).await, SendError::Transient(_)));
    assert!(matches!(refused(ig, 400, &error(10_900, None)).await, SendError::Rejected(_)));
    let page = Fake::with([(502, "<html>")]).await;
    assert!(matches!(instagram(&page).send(PERSON, &Message::text("x")).await, Err(SendError::Transient(_))));
    // An answer that nobody can read may hide a message that went out: it is asked again rather than forgotten.
    let odd = Fake::with([(200, "<html>")]).await;
    assert!(matches!(instagram(&odd).send(PERSON, &Message::text("x")).await, Err(SendError::Transient(_))));
    let bare = Fake::with([(200, "{}")]).await;
    assert_eq!(instagram(&bare).send(PERSON, &Message::text("x")).await.unwrap().provider_id, "-");
}

#[tokio::test]
async fn marks_and_health() {
    let fake = taking().await;
    instagram(&fake).seen(PERSON, "m0").await.unwrap();
    instagram(&fake).seen("comment:1", "1").await.unwrap();
    let actions: Vec<Value> = bodies(&fake).iter().map(|body| body["sender_action"].clone()).collect();
    assert_eq!(actions, [json!("mark_seen"), json!("typing_on")]);
    assert!(instagram(&fake).healthy().await);
    assert_eq!(fake.calls().pop().unwrap().line, "GET /relay/v24.0/me?fields=id HTTP/1.1");
    let closed = Fake::with([(401, r#"{"error":{"code":190}}"#)]).await;
    assert!(!instagram(&closed).healthy().await);
}

async fn fetched(reply: Reply, limit: u64) -> (Result<bots::channel::Fetched, FetchError>, Vec<u8>, Fake) {
    let fake = Fake::by(move |_, _| reply.clone()).await;
    let mut into = Vec::new();
    let address = fake.url.join("file/1.jpg?sig=x").unwrap();
    let result = instagram(&fake).fetch(address.as_str(), limit, &mut into).await;
    (result, into, fake)
}

#[tokio::test]
async fn a_file_comes_without_our_token() {
    let (result, bytes, fake) = fetched(Reply::new(200, "jpeg bytes").with("Content-Type", "image/jpeg"), 100).await;
    let file = result.unwrap();
    assert_eq!((file.size, file.mime.as_deref(), bytes.as_slice()), (10, Some("image/jpeg"), &b"jpeg bytes"[..]));
    let call = &fake.calls()[0];
    assert_eq!((call.line.as_str(), call.header("authorization")), ("GET /relay/file/1.jpg?sig=x HTTP/1.1", None));
}

#[tokio::test]
async fn a_file_may_be_gone_large_or_late() {
    assert_eq!(fetched(Reply::new(403, "expired"), 100).await.0, Err(FetchError::Gone));
    assert_eq!(fetched(Reply::new(404, ""), 100).await.0, Err(FetchError::Gone));
    assert_eq!(fetched(Reply::new(200, "12345"), 4).await.0, Err(FetchError::TooLarge));
    assert!(matches!(fetched(Reply::new(503, ""), 100).await.0, Err(FetchError::Transient(_))));
    assert!(matches!(fetched(Reply::new(200, "cut").with("Content-Length", "9"), 100).await.0, Err(FetchError::Transient(_))));
    let elsewhere = Reply::new(302, "").with("Location", "http://169.254.169.254/latest/meta-data");
    assert_eq!(fetched(elsewhere, 100).await.0, Err(FetchError::Gone));
    assert!(matches!(fetched(Reply::new(302, "").with("Location", "/relay/file/1.jpg"), 100).await.0, Err(FetchError::Transient(_))));
    let fake = taking().await;
    let mut into = Vec::new();
    for address in ["", "file:///etc/passwd", "http://10.0.0.1/x", "https://evil.test/x", "not an address"] {
        assert_eq!(instagram(&fake).fetch(address, 100, &mut into).await, Err(FetchError::Gone), "{address}");
    }
    assert!(fake.calls().is_empty() && into.is_empty());
}

#[tokio::test]
async fn a_place_elsewhere_is_asked_for_and_answered() {
    let told = json!({"mentioned_comment": {"id": "180", "text": "су жоқ", "timestamp": "2026-11-18T11:06:40+0000"}, "id": ACCOUNT});
    let fake = Fake::with([(200, told.to_string()), (200, json!({"id": "c1"}).to_string()), (200, json!({"id": "c2"}).to_string())]).await;
    let ig = instagram(&fake);
    let got = ig.mentioned("179", Some("180")).await.unwrap();
    assert_eq!((got.text.as_deref(), got.at.map(|at| at.timestamp()), got.by), (Some("су жоқ"), Some(1_795_000_000), None));
    assert_eq!(ig.send("comment:m179_180", &Message::text("Рахмет")).await.unwrap().provider_id, "c1");
    assert_eq!(ig.send("comment:m179", &Message::text("Рахмет")).await.unwrap().provider_id, "c2");
    let calls = fake.calls();
    assert!(calls[0].line.starts_with(&format!("GET /relay/v24.0/{ACCOUNT}?fields=mentioned_comment.comment_id%28180%29")), "{}", calls[0].line);
    assert_eq!(calls[1].line, format!("POST /relay/v24.0/{ACCOUNT}/mentions HTTP/1.1"));
    assert_eq!(calls[1].body, json!({"media_id": "179", "comment_id": "180", "message": "Рахмет"}));
    assert_eq!(calls[2].body, json!({"media_id": "179", "message": "Рахмет"}));
    // Nobody is answered in private there, and what is no number is not asked for.
    assert!(matches!(ig.send("private:m179_180", &Message::text("Рахмет")).await, Err(SendError::Rejected(_))));
    for (media, comment) in [("1){id}", None), ("1", Some("2,me")), ("", None)] {
        assert_eq!(ig.mentioned(media, comment).await, Err(FetchError::Gone), "{media}");
    }
    assert_eq!(fake.calls().len(), 3);
}

#[tokio::test]
async fn a_place_that_is_not_told() {
    for (status, body, gone) in [
        (400, json!({"error": {"code": 100, "error_subcode": 33, "message": "gone"}}).to_string(), true),
        (200, "{}".to_owned(), true),
        (500, "<html>".to_owned(), false),
        (429, json!({"error": {"code": 4, "message": "limit"}}).to_string(), false),
        (401, json!({"error": {"code": 190, "message": "token"}}).to_string(), false),
    ] {
        let fake = Fake::with([(status, body.clone())]).await;
        let got = instagram(&fake).mentioned("179", None).await.unwrap_err();
        assert_eq!(got == FetchError::Gone, gone, "{status} {body}: {got:?}");
    }
    let fake = Fake::with([(200, "{}")]).await;
    assert_eq!(wire(Platform::Facebook, &fake).mentioned("179", None).await, Err(FetchError::Gone));
}
