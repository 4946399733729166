//! What strangers send: answered as it should be, nothing lost, nothing broken.

use crate::harness::{Api, AppResident, Kit, Resident, Staff, World, deliver, number_in, sane, stories, text};
use reqwest::Method;
use serde_json::{Value, json};

stories! { the_webhook_under_fire, the_api_under_fire, words_that_databases_dislike, numbers_beyond_all_bounds, codes_cannot_be_guessed }

const SECRET: &str = "hook_secret_of_the_tests";
const NO_LIGHT: &str = "г. Тараз, ул. Абая 77: второй день нет света";

async fn hook(w: &World, bot: &str, secret: Option<&[u8]>, body: Vec<u8>) -> u16 {
    let mut r = w.api().call(Method::POST, &format!("/webhooks/telegram/{bot}")).body(body);
    if let Some(s) = secret {
        r = r.header("x-telegram-bot-api-secret-token", reqwest::header::HeaderValue::from_bytes(s).unwrap());
    }
    Api::send(r).await.status
}

async fn the_webhook_under_fire(kit: Kit) {
    let w = kit.world().await;
    let good = Some(SECRET.as_bytes());
    let update = || json!({"update_id": 1, "message": {}}).to_string().into_bytes();
    for secret in [None, Some(&b""[..]), Some(b"wrong"), Some(b"hook_secret_of_the_test"), Some(b"hook_secret_of_the_tests_"), Some(b"\xd2\x9b")] {
        assert_eq!(hook(&w, "main", secret, update()).await, 401);
    }
    for bot in ["other", "MAIN", "main%00", "..", "main%2f"] {
        let status = hook(&w, bot, good, update()).await;
        assert!([401, 404].contains(&status), "{bot}: {status}");
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event").await, 0);
    assert_eq!(hook(&w, "main", good, vec![b'x'; 3 * 1024 * 1024]).await, 413);
    assert_eq!(w.api().raw("/webhooks/telegram/main").await.status, 404);

    // With the right secret everything is kept: a body that nobody can read too, once.
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    let strange: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"\xff\xfe\x00".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"{\"update_id\":".to_vec(),
        b"{\"update_id\":\"7\"}".to_vec(),
        b"{\"update_id\":1e400}".to_vec(),
        b"{\"update_id\":99999999999999999999999}".to_vec(),
        deep.clone(),
        [b"{\"update_id\":77,\"message\":".to_vec(), deep, b"}".to_vec()].concat(),
        "{\"update_id\":78,\"message\":{\"text\":\"\u{0}\"}}".as_bytes().to_vec(),
    ];
    for body in &strange {
        for _ in 0..2 {
            let head = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            assert_eq!(hook(&w, "main", good, body.clone()).await, 200, "{head}");
        }
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event").await, strange.len() as i64);
    w.settle().await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 0);
    let admin = Staff::admin(&w).await;
    let seen = admin.api.get("/staff/inbox?status=unreadable").await.expect(200);
    assert!(seen["items"].as_array().unwrap().len() >= 6, "{seen}");
    // And the door still stands open for people.
    let r = Resident::ru(&w, 701);
    r.says(NO_LIGHT).await;
    number_in(&r.reads_one().text);
    w.finish().await;
}

async fn the_api_under_fire(kit: Kit) {
    let w = kit.world().await;
    let r = AppResident::sign_in(&w, "+77010000004", "ru").await;
    let raw = |kind: &'static str, body: Vec<u8>| {
        let call = r.api.call(Method::POST, "/api/v1/requests").header("content-type", kind).body(body);
        Api::send(call)
    };
    let json_kind = "application/json";
    for (kind, body, status) in [
        (json_kind, b"{\"text\":\"x\",\"unknown\":1}".to_vec(), 400),
        (json_kind, b"{}".to_vec(), 400),
        (json_kind, b"{\"text\":null}".to_vec(), 400),
        (json_kind, b"{\"text\":7}".to_vec(), 400),
        (json_kind, b"{\"text\":[\"x\"]}".to_vec(), 400),
        (json_kind, b"{\"text\":\"x\"".to_vec(), 400),
        (json_kind, b"\xff\xff".to_vec(), 400),
        (json_kind, Vec::new(), 400),
        (json_kind, b"[".repeat(500_000), 400),
        (json_kind, b"{\"text\":\"   \"}".to_vec(), 422),
        (json_kind, b"{\"text\":\"x\",\"lat\":1}".to_vec(), 422),
        (json_kind, b"{\"text\":\"x\",\"lat\":91,\"lon\":0}".to_vec(), 422),
        (json_kind, b"{\"text\":\"x\",\"lat\":1e999,\"lon\":0}".to_vec(), 400),
        (json_kind, b"{\"text\":\"x\",\"service\":\"no_such\"}".to_vec(), 422),
        (json_kind, b"{\"text\":\"x\",\"service\":\"'; drop table request; --\"}".to_vec(), 422),
        (json_kind, b"{\"text\":\"x\",\"class\":\"riddle\"}".to_vec(), 422),
        (json_kind, b"{\"text\":\"x\",\"language\":\"en\"}".to_vec(), 422),
        ("text/plain", b"{\"text\":\"x\"}".to_vec(), 400),
        ("application/x-www-form-urlencoded", b"text=x".to_vec(), 400),
        (json_kind, [b"{\"text\":\"".to_vec(), b"a".repeat(4001), b"\"}".to_vec()].concat(), 413),
        (json_kind, vec![b' '; 3 * 1024 * 1024], 413),
    ] {
        let head = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let a = raw(kind, body).await;
        assert_eq!(a.status, status, "{head}: {}", a.text);
        a.expect(status);
        assert!(!a.text.contains("drop table"), "what was sent is repeated: {}", a.text);
    }
    for key in ["", "two words", &"k".repeat(201)] {
        let call = r.api.call(Method::POST, "/api/v1/requests").header("idempotency-key", key).json(&json!({"text": NO_LIGHT}));
        Api::send(call).await.refused(400, "bad_request");
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 0);

    for path in [
        "/requests/1",
        "/requests/26-4817-0359",
        "/requests/%00",
        "/requests/..%2f..",
        "/requests?limit=0",
        "/requests?limit=9999999999999999999",
        "/requests?cursor=x",
        "/requests?cursor=%00",
        "/requests?cursor=eyJhIjoxfQ",
        "/nothing",
    ] {
        let a = r.api.get(path).await;
        assert!((400..500).contains(&a.status), "{path}: {} {}", a.status, a.text);
        a.expect(a.status);
    }
    for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
        let a = Api::send(r.api.call(method.parse().unwrap(), "/api/v1/requests")).await;
        assert!((400..500).contains(&a.status), "{method}: {}", a.status);
    }
    for token in ["", " ", "x", "ы", &"f".repeat(5000)] {
        let call = w.api().http.get(format!("{}/api/v1/requests", w.api().base));
        let call = call.header("authorization", reqwest::header::HeaderValue::from_bytes(format!("Bearer {token}").as_bytes()).unwrap());
        assert_eq!(Api::send(call).await.status, 401);
    }
    w.finish().await;
}

async fn words_that_databases_dislike(kit: Kit) {
    let w = kit.world().await;
    let staff = Staff::dispatcher(&w).await;
    let r = AppResident::sign_in(&w, "+77010000005", "ru").await;
    let chat = Resident::ru(&w, 702);
    let odd = [
        "нет воды\u{0}, Тараз, Абая 1",
        "\u{0}",
        "нет воды 🚱💧👩‍👩‍👧‍👦 в Таразе",
        "нет воды \u{202e}\u{feff}\u{fffd}\u{10ffff}",
        "нет воды'; DROP TABLE request; --",
        "нет воды {number} @service.water {{x}} %s",
        "н\u{301}\u{301}\u{301}ет воды",
    ];
    for words in odd {
        let a = r.api.post("/requests", &json!({"text": words, "address": words})).await;
        assert!(sane(a.status), "{words:?}: {}", a.text);
        if a.status == 201 {
            let number = text(&a.json(), "number");
            for (path, body) in [("messages", json!({"text": words}))] {
                let a = r.api.post(&format!("/requests/{number}/{path}"), &body).await;
                assert!(sane(a.status), "{words:?}: {}", a.text);
            }
            for act in ["note", "reply"] {
                let a = staff.does(&number, act, json!({"text": words})).await;
                assert!(sane(a.status), "{act} {words:?}: {}", a.text);
            }
            let seen = staff.sees(&number).await;
            assert_eq!(seen["thread"][0]["text"], words.replace('\u{0}', " "), "{words:?}");
            assert_eq!(w.faults(&number).await, Vec::new(), "{words:?}");
            let a = staff.does(&number, "reject", json!({"reason": words})).await;
            assert!(sane(a.status), "{words:?}: {}", a.text);
        }
        chat.says(words).await;
        w.minutes(30).await;
    }
    // Wherever else a person's or a stranger's text can go.
    let nul = "a\u{0}b";
    for (path, body) in [
        ("/staff/login", json!({"login": nul, "password": nul})),
        ("/auth/otp", json!({"phone": nul})),
        ("/auth/token", json!({"phone": "+77010000005", "code": nul})),
    ] {
        let a = w.api().post(path, &body).await;
        assert!(sane(a.status), "{path}: {}", a.text);
    }
    for (path, body) in [
        ("/staff/requests", json!({"text": nul, "address": nul})),
        ("/staff/requests", json!({"text": "x", "phone": nul})),
        ("/staff/requests", json!({"text": "x", "district": nul})),
        ("/staff/requests/26-0000-0001/personal", json!({"reason": nul})),
    ] {
        let a = staff.api.post(path, &body).await;
        assert!(sane(a.status), "{path} {body}: {}", a.text);
    }
    let number = text(&staff.api.post("/staff/requests", &json!({"text": "нет воды"})).await.expect(201), "number");
    for path in [
        format!("/staff/requests/{number}?reason=a%00b"),
        "/staff/queues/a%00b/requests".to_owned(),
        "/staff/crews/a%00b/jobs".to_owned(),
        format!("/staff/requests/{number}/attachments/a%00b"),
        "/staff/queues/triage/requests?district=a%00b".to_owned(),
    ] {
        let a = staff.api.get(&path).await;
        assert!(sane(a.status), "{path}: {}", a.text);
    }
    // The name of a person, a file's handle, a button's data.
    let mut named = chat.update(&json!({"text": NO_LIGHT}));
    named["message"]["from"]["first_name"] = json!("А\u{0}й");
    named["message"]["from"]["id"] = json!(703);
    named["message"]["chat"]["id"] = json!(703);
    assert_eq!(deliver(w.api(), &named).await.status, 200);
    let file = chat.update(&json!({"document": {"file_id": "f\u{0}1", "file_unique_id": "u", "mime_type": "a\u{0}b"}, "caption": "нет воды\u{0}"}));
    assert_eq!(deliver(w.api(), &file).await.status, 200);
    for data in ["\u{0}", "cf:\u{0}", "lg:xx", "ds:'; --", "rt:2648170355:9"] {
        assert_eq!(deliver(w.api(), &chat.press_update(data)).await.status, 200);
    }
    chat.says("/link \u{0}").await;
    chat.says("/start \u{0}").await;
    w.minutes(30).await;
    assert_eq!(w.query("SELECT id, error FROM raw_event WHERE status <> 'done'").await, Vec::<Vec<String>>::new());
    w.verify_all().await;
    // The file with the strange handle is never found; that is no reason to stop.
    w.finish().await;
}

async fn numbers_beyond_all_bounds(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 704);
    let with = |edit: &dyn Fn(&mut Value)| {
        let mut u = r.update(&json!({"text": NO_LIGHT}));
        edit(&mut u);
        u
    };
    let updates = [
        with(&|u| u["message"]["date"] = json!(0)),
        with(&|u| u["message"]["date"] = json!(-1)),
        with(&|u| u["message"]["date"] = json!(i64::MAX)),
        with(&|u| u["message"]["date"] = json!(253_402_300_800_i64)),
        with(&|u| u["message"]["date"] = json!("yesterday")),
        with(&|u| u["message"]["message_id"] = json!(i64::MIN)),
        with(&|u| u["message"]["chat"]["id"] = json!(i64::MIN)),
        with(&|u| u["message"]["chat"]["id"] = json!(1e300)),
        with(&|u| u["message"]["from"] = json!(null)),
        with(&|u| u["message"]["text"] = json!("ы".repeat(100_000))),
        with(&|u| {
            u["message"] =
                json!({"message_id": 1, "date": 1, "chat": {"id": 704, "type": "private"}, "location": {"latitude": 1e308, "longitude": -1e308}})
        }),
    ];
    for u in &updates {
        assert_eq!(deliver(w.api(), u).await.status, 200);
        w.settle().await;
        w.minutes(20).await;
    }
    let left = w.query("SELECT id, status, error FROM raw_event WHERE status = 'waiting'").await;
    assert_eq!(left, Vec::<Vec<String>>::new());
    w.verify_all().await;
    w.minutes(60).await;
    w.leave().await;
}

async fn codes_cannot_be_guessed(kit: Kit) {
    let w = kit.world().await;
    let phone = "+77010000006";
    w.api().post("/auth/otp", &json!({"phone": phone})).await.expect(202);
    w.settle().await;
    let letter = w.server.sms.take().remove(0).message.text;
    let code = letter.split(|c: char| !c.is_ascii_digit()).find(|w| w.len() == 6).unwrap().to_owned();
    for i in 0..5 {
        let wrong = format!("{:06}", (code.parse::<u32>().unwrap() + 1 + i) % 1_000_000);
        w.api().post("/auth/token", &json!({"phone": phone, "code": wrong})).await.refused(422, "bad_code");
    }
    w.api().post("/auth/token", &json!({"phone": phone, "code": code})).await.refused(422, "bad_code");
    let mut limited = 0;
    for _ in 0..8 {
        limited += usize::from(w.api().post("/auth/otp", &json!({"phone": phone})).await.status == 429);
    }
    assert_eq!(limited, 4, "five codes an hour for one phone");
    w.settle().await;
    assert_eq!(w.server.sms.take().len(), 4);
    // A code dies with its time, and after its use.
    w.minutes(61).await;
    let r = AppResident::sign_in(&w, phone, "kk").await;
    r.api.get("/requests").await.expect(200);
    w.api().post("/auth/otp", &json!({"phone": phone})).await.expect(202);
    w.settle().await;
    let letter = w.server.sms.take().remove(0).message.text;
    let code = letter.split(|c: char| !c.is_ascii_digit()).find(|w| w.len() == 6).unwrap().to_owned();
    w.minutes(6).await;
    w.api().post("/auth/token", &json!({"phone": phone, "code": code})).await.refused(422, "bad_code");
    w.finish().await;
}
