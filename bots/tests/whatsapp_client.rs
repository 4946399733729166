//! The WhatsApp client against a provider of our own.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop where it stands")]

mod fake;

use bots::channel::{Button, Channel, FetchError, Keyboard, Message, OutKind, OutMedia, SendError, Template};
use bots::meta::{Graph, Timeouts};
use bots::whatsapp::WhatsappChannel;
use fake::{Call, Fake, Reply};
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

const TOKEN: &str = "EAAG-TEST-token";
const PERSON: &str = "77015551122";
const FILE: &[u8] = b"\x00\xff\xd8 a broken pipe";

fn client(url: &Url) -> WhatsappChannel {
    let timeouts = Timeouts { connect: Duration::from_secs(2), call: Duration::from_secs(2), download: Duration::from_secs(2) };
    WhatsappChannel::new(Graph::new(url.clone(), "v24.0", TOKEN, timeouts).unwrap(), "109109109", vec!["fbsbx.com".into()]).unwrap()
}

fn taken(id: &str) -> String {
    json!({"messaging_product": "whatsapp", "contacts": [{"input": PERSON, "wa_id": PERSON}], "messages": [{"id": id}]}).to_string()
}

fn refused(code: i64) -> String {
    json!({"error": {"message": "(#1) words", "type": "OAuthException", "code": code, "fbtrace_id": "A"}}).to_string()
}

/// Sends to a provider that answers so.
async fn outcome(status: u16, body: impl Into<Vec<u8>>) -> Result<String, SendError> {
    let fake = Fake::with([(status, body)]).await;
    client(&fake.url).send(PERSON, &Message::text("Абай 12")).await.map(|sent| sent.provider_id)
}

#[tokio::test]
async fn a_message_goes_out_and_its_handle_comes_back() {
    let fake = Fake::with([(200, taken("wamid.OUT"))]).await;
    let whatsapp = client(&fake.url);
    let message = Message { tag: Some("4711".into()), ..Message::text("Сәлем") };
    assert_eq!(whatsapp.send(PERSON, &message).await.unwrap().provider_id, "wamid.OUT");
    assert_eq!(whatsapp.name(), "whatsapp");
    let call = &fake.calls()[0];
    assert_eq!(call.line, "POST /relay/v24.0/109109109/messages HTTP/1.1");
    assert_eq!(call.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert!(call.header("user-agent").unwrap().starts_with("jambyl109/"));
    let expected = json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": PERSON, "type": "text",
        "text": {"body": "Сәлем", "preview_url": false}, "biz_opaque_callback_data": "4711",
    });
    assert_eq!(call.body, expected);
}

#[tokio::test]
async fn people_without_a_number_are_reached_by_their_id() {
    let fake = Fake::with([(200, taken("wamid.1"))]).await;
    client(&fake.url).send("KZ.5511223344", &Message::text("Сәлем")).await.unwrap();
    let body = &fake.calls()[0].body;
    assert_eq!((&body["recipient"], body.get("to")), (&json!("KZ.5511223344"), None));
    for nobody in ["", "+77015551122", "comment:7", "@user", "../109"] {
        assert!(matches!(client(&fake.url).send(nobody, &Message::text("x")).await, Err(SendError::Rejected(_))), "{nobody}");
    }
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test]
async fn several_parts_go_in_order_and_the_last_one_counts() {
    let fake = Fake::with([(200, taken("wamid.1")), (200, taken("wamid.2"))]).await;
    let keyboard = Keyboard::Inline(vec![vec![Button::new("Иә", "y"), Button::new("Жоқ", "n")]]);
    let message = Message { keyboard, tag: Some("7".into()), ..Message::text("сөз ".repeat(500)) };
    assert_eq!(client(&fake.url).send(PERSON, &message).await.unwrap().provider_id, "wamid.2");
    let calls = fake.calls();
    assert_eq!((&calls[0].body["type"], &calls[1].body["type"]), (&json!("text"), &json!("interactive")));
    assert_eq!((calls[0].body.get("biz_opaque_callback_data"), &calls[1].body["biz_opaque_callback_data"]), (None, &json!("7")));

    let fake = Fake::with([(200, taken("wamid.1")), (400, refused(131_047))]).await;
    assert_eq!(client(&fake.url).send(PERSON, &message).await, Err(SendError::WindowClosed));
}

#[tokio::test]
async fn refusals_are_sorted() {
    let table = [
        (401, 190, SendError::Unauthorized),
        (403, 10, SendError::Unauthorized),
        (400, 131_047, SendError::WindowClosed),
        (400, 131_056, SendError::RetryAfter(Duration::from_secs(6))),
        (429, 130_429, SendError::Throttled(Duration::from_secs(2))),
        (400, 130_403, SendError::Blocked),
        (400, 131_026, SendError::Unreachable("no account, an old application or terms not accepted (code 131026)".into())),
        (400, 132_001, SendError::TemplateRefused("code 132001: (#1) words".into())),
        (400, 131_031, SendError::Stopped("the account is locked (code 131031)".into())),
        (500, 131_016, SendError::Transient("trouble at the provider (code 131016)".into())),
        (500, 1, SendError::Transient("status 500".into())),
        (400, 131_009, SendError::Rejected("code 131009: (#1) words".into())),
    ];
    for (status, code, expected) in table {
        assert_eq!(outcome(status, refused(code)).await, Err(expected), "{code}");
    }
    let gone = json!({"error": {"code": 100, "error_subcode": 33, "message": "Unsupported post request"}}).to_string();
    assert_eq!(outcome(400, gone).await, Err(SendError::Unauthorized), "our number is not there: a setting, not this message");
    let slow = Fake::by(|_, _| Reply::new(429, refused(4)).with("Retry-After", "17")).await;
    assert_eq!(client(&slow.url).send(PERSON, &Message::text("x")).await, Err(SendError::Throttled(Duration::from_secs(17))));
}

#[tokio::test]
async fn trouble_on_the_way_passes() {
    for garbage in ["<html>proxy</html>", "", "{}", "[]", r#"{"messages":[]}"#, r#"{"messages":[{"id":7}]}"#, "null"] {
        assert_eq!(outcome(200, garbage).await, Err(SendError::Transient("unreadable answer".into())), "{garbage:?}");
    }
    for (status, body) in [(500, ""), (502, "<html>"), (404, "<html>"), (302, "")] {
        assert_eq!(outcome(status, body).await, Err(SendError::Transient(format!("status {status}"))));
    }
    assert_eq!(outcome(200, b"\xff\xfe".to_vec()).await, Err(SendError::Transient("unreadable answer".into())));
    assert_eq!(outcome(200, vec![b' '; 2 * 1024 * 1024]).await, Err(SendError::Transient("the answer is too large".into())));
}

#[tokio::test]
async fn nobody_home_is_transient_and_tells_no_secret() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", closed.local_addr().unwrap())).unwrap();
    drop(closed);
    let whatsapp = client(&url);
    let error = whatsapp.send(PERSON, &Message::text("құпия")).await.unwrap_err();
    assert_eq!(error, SendError::Transient("no connection".into()));
    let fetched = whatsapp.fetch("601", 9, &mut Vec::new()).await.unwrap_err();
    assert!(matches!(fetched, FetchError::Transient(_)));
    assert!(!whatsapp.healthy().await);
    for shown in [format!("{whatsapp:?}"), format!("{error:?}"), format!("{fetched:?}")] {
        assert!(!shown.contains("EAAG") && !shown.contains(PERSON) && !shown.contains("құпия"), "{shown}");
    }
}

#[tokio::test]
async fn files_are_put_down_before_the_message() {
    let fake = Fake::with([(200, r#"{"id":"881"}"#.to_owned()), (200, taken("wamid.1"))]).await;
    let media = OutMedia { kind: OutKind::Photo, bytes: FILE.to_vec(), mime: "image/jpeg".into(), name: "орындалды.jpg".into() };
    let message = Message { media: Some(media), ..Message::text("Орындалды") };
    client(&fake.url).send(PERSON, &message).await.unwrap();
    let calls = fake.calls();
    assert_eq!(calls[0].line, "POST /relay/v24.0/109109109/media HTTP/1.1");
    assert!(calls[0].header("content-type").unwrap().starts_with("multipart/form-data; boundary="));
    let form = String::from_utf8_lossy(&calls[0].bytes).into_owned();
    for field in ["name=\"messaging_product\"\r\n\r\nwhatsapp", "name=\"type\"\r\n\r\nimage/jpeg", "name=\"file\"; filename=\"file\""] {
        assert!(form.contains(field), "{form}");
    }
    assert!(calls[0].bytes.windows(FILE.len()).any(|w| w == FILE));
    assert_eq!(calls[1].body["image"], json!({"id": "881", "caption": "Орындалды"}));

    for (status, body, expected) in [
        (400, refused(131_053), SendError::Rejected("code 131053: (#1) words".into())),
        (200, "{}".to_owned(), SendError::Transient("unreadable answer".into())),
    ] {
        let fake = Fake::with([(status, body)]).await;
        assert_eq!(client(&fake.url).send(PERSON, &message).await, Err(expected));
        assert_eq!(fake.calls().len(), 1, "nothing is said of a file that is not there");
    }
    // A template goes without the file.
    let fake = Fake::with([(200, taken("wamid.1"))]).await;
    let template = Template { name: "done".into(), lang: "kk".into(), params: Vec::new() };
    client(&fake.url).send(PERSON, &Message { template: Some(template), ..message }).await.unwrap();
    assert_eq!(fake.calls()[0].body["template"], json!({"name": "done", "language": {"policy": "deterministic", "code": "kk"}}));
}

#[tokio::test]
async fn marks_and_health() {
    let fake = Fake::with([(200, r#"{"success":true}"#), (200, r#"{"id":"109109109"}"#), (401, "{}")]).await;
    let whatsapp = client(&fake.url);
    assert_eq!(whatsapp.acknowledge("x").await, Ok(()));
    assert_eq!(whatsapp.seen(PERSON, "wamid.IN1").await, Ok(()));
    assert!(whatsapp.healthy().await);
    assert!(!whatsapp.healthy().await);
    let calls = fake.calls();
    let expected = json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.IN1", "typing_indicator": {"type": "text"}});
    assert_eq!((calls[0].line.as_str(), &calls[0].body), ("POST /relay/v24.0/109109109/messages HTTP/1.1", &expected));
    assert_eq!(calls[1].line, "GET /relay/v24.0/109109109?fields=id HTTP/1.1");
}

mod files {
    use super::*;

    /// The hash of [`FILE`] in the two writings that the provider uses.
    const HEX: &str = "5b044d3d00c9f829b36629fde2616a00f839aaec17f684558d49dab91af791b9";
    const BASE64: &str = "WwRNPQDJ+CmzZin94mFqAPg5quwX9oRVjUnauRr3kbk=";
    const OTHER: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    /// A provider whose file lies at itself, under `file`.
    async fn provider(more: Value, mut file: impl FnMut(&Call, &Url) -> Reply + Send + 'static) -> Fake {
        Fake::by(
            move |call, own| if call.line.contains("/v24.0/601?") { located(own.join("file").unwrap().as_str(), &more) } else { file(call, own) },
        )
        .await
    }

    fn located(url: &str, more: &Value) -> Reply {
        let mut body = json!({"url": url, "mime_type": "image/jpeg", "id": "601", "messaging_product": "whatsapp"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Reply::new(200, body.to_string())
    }

    async fn fetch(fake: &Fake, handle: &str, limit: u64) -> Result<Vec<u8>, FetchError> {
        let mut bytes = Vec::new();
        client(&fake.url).fetch(handle, limit, &mut bytes).await.map(|_| bytes)
    }

    #[tokio::test]
    async fn come_whole_with_the_token() {
        let fake = provider(json!({"sha256": HEX, "file_size": FILE.len()}), |_, _| Reply::new(200, FILE)).await;
        let mut bytes = Vec::new();
        let fetched = client(&fake.url).fetch(&format!("601#{HEX}"), 100, &mut bytes).await.unwrap();
        assert_eq!((bytes.as_slice(), fetched.size, fetched.mime.as_deref(), fetched.name), (FILE, FILE.len() as u64, Some("image/jpeg"), None));
        let calls = fake.calls();
        assert_eq!(calls[0].line, "GET /relay/v24.0/601?phone_number_id=109109109 HTTP/1.1");
        assert_eq!(calls[1].line, "GET /relay/file HTTP/1.1");
        assert!(calls.iter().all(|call| call.header("authorization") == Some(&format!("Bearer {TOKEN}")) && call.header("user-agent").is_some()));
    }

    #[tokio::test]
    async fn must_fit_a_hash_that_was_announced() {
        let torn = || Err(FetchError::Transient("the file does not fit its hash".into()));
        let whole = || Ok(FILE.to_vec());
        let table = [
            ("601".to_owned(), json!({}), whole()),
            ("601".to_owned(), json!({"sha256": BASE64}), whole()),
            ("601".to_owned(), json!({"sha256": OTHER}), torn()),
            (format!("601#{OTHER}"), json!({}), torn()),
            (format!("601#{OTHER}"), json!({"sha256": HEX}), whole()),
            (format!("601#{HEX}"), json!({"sha256": OTHER}), whole()),
            (format!("601#{OTHER}"), json!({"sha256": OTHER}), torn()),
            ("601#cut".to_owned(), json!({"sha256": "cut="}), whole()),
        ];
        for (handle, more, expected) in table {
            let fake = provider(more.clone(), |_, _| Reply::new(200, FILE)).await;
            assert_eq!(fetch(&fake, &handle, 100).await, expected, "{handle} {more}");
        }
    }

    #[tokio::test]
    async fn larger_than_the_limit_do_not_come() {
        let (size, too_large) = (FILE.len() as u64, Err(FetchError::TooLarge));
        for more in [json!({"file_size": size}), json!({"file_size": size.to_string()})] {
            let fake = provider(more, |_, _| Reply::new(200, FILE)).await;
            assert_eq!(fetch(&fake, "601", size - 1).await, too_large);
            assert_eq!(fake.calls().len(), 1, "the file itself is not asked for");
        }
        // The provider lies about the size, or says nothing of it.
        for more in [json!({"file_size": 1}), json!({}), json!({"file_size": -1})] {
            let fake = provider(more, |_, _| Reply::new(200, FILE)).await;
            assert_eq!(fetch(&fake, "601", size - 1).await, too_large);
            assert_eq!(fetch(&fake, "601", size).await, Ok(FILE.to_vec()));
        }
        let chunks = [format!("{:x}\r\n", FILE.len()).as_bytes(), FILE, b"\r\n0\r\n\r\n"].concat();
        let unsaid = provider(json!({}), move |_, _| Reply::new(200, chunks.clone()).with("Transfer-Encoding", "chunked")).await;
        assert_eq!(fetch(&unsaid, "601", size - 1).await, too_large);
        assert_eq!(fetch(&unsaid, "601", size).await, Ok(FILE.to_vec()));
    }

    #[tokio::test]
    async fn that_broke_off_are_tried_again() {
        let cut = provider(json!({}), |_, _| Reply::new(200, FILE).with("Content-Length", "1000")).await;
        assert!(matches!(fetch(&cut, "601", 5000).await, Err(FetchError::Transient(_))));
    }

    #[tokio::test]
    async fn addresses_run_out_and_files_do_too() {
        // The address was good for five minutes; a fresh one may be.
        for status in [400, 401, 403, 404, 410, 500] {
            let fake = provider(json!({}), move |_, _| Reply::new(status, "<html>")).await;
            assert_eq!(fetch(&fake, "601", 100).await, Err(FetchError::Transient(format!("status {status}"))));
        }
        let missing = json!({"error": {"code": 100, "error_subcode": 33, "message": "Object with ID '601' does not exist"}}).to_string();
        let table = [
            (400, missing, FetchError::Gone),
            (404, refused(100), FetchError::Gone),
            (404, refused(803), FetchError::Gone),
            (200, "{}".to_owned(), FetchError::Gone),
            (401, refused(190), FetchError::Transient("the provider does not accept our credentials".into())),
            (400, refused(4), FetchError::Transient("the account sends too fast, wait 120 s".into())),
            (500, String::new(), FetchError::Transient("try later: status 500".into())),
            (404, "<html>".to_owned(), FetchError::Transient("try later: status 404".into())),
            (200, "<html>".to_owned(), FetchError::Transient("try later: unreadable answer".into())),
        ];
        for (status, body, expected) in table {
            let fake = Fake::with([(status, body.clone())]).await;
            assert_eq!(fetch(&fake, "601", 100).await, Err(expected), "{body}");
        }
    }

    #[tokio::test]
    async fn redirects_are_followed_at_home_only() {
        let home = provider(json!({}), |call, own| {
            if call.line.contains("/relay/file ") { Reply::new(302, "").with("Location", "/elsewhere") } else { Reply::new(200, format!("{own}")) }
        })
        .await;
        assert!(fetch(&home, "601", 100).await.is_ok());

        let stranger = Fake::with([(200, FILE)]).await;
        let strange = Err(FetchError::Transient("the file lies at a host that is not trusted".into()));
        let away = stranger.url.join("file").unwrap();
        let target = away.clone();
        let fake = provider(json!({}), move |_, _| Reply::new(302, "").with("Location", target.as_str())).await;
        assert_eq!(fetch(&fake, "601", 100).await, strange);

        let direct = Fake::by(move |_, _| located(away.as_str(), &json!({}))).await;
        assert_eq!(fetch(&direct, "601", 100).await, strange);
        for odd in ["http://lookaside.fbsbx.com/x", "https://fbsbx.com.evil.test/", "file:///etc/passwd", "not an address", ""] {
            let direct = Fake::by(move |_, _| located(odd, &json!({}))).await;
            assert!(matches!(fetch(&direct, "601", 100).await, Err(FetchError::Transient(_))), "{odd}");
        }
        assert!(stranger.calls().is_empty(), "the token went to nobody else");

        let round = provider(json!({}), |_, _| Reply::new(302, "").with("Location", "file")).await;
        assert_eq!(fetch(&round, "601", 100).await, Err(FetchError::Transient("too many redirects".into())));
        let nowhere = provider(json!({}), |_, _| Reply::new(302, "")).await;
        assert_eq!(fetch(&nowhere, "601", 100).await, Err(FetchError::Transient("a redirect to nowhere".into())));
    }

    #[tokio::test]
    async fn handles_that_are_none_are_not_asked_for() {
        let fake = Fake::with([(200, "{}")]).await;
        for handle in ["", "#", "../me", "601/../../me", "601?fields=x", "қ", "6 1"] {
            assert_eq!(fetch(&fake, handle, 100).await, Err(FetchError::Gone), "{handle}");
        }
        assert!(fake.calls().is_empty());
    }
}
