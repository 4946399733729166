//! From a call to work: who is calling, requests linked, missed calls called back, recordings kept in.

use crate::harness::pbx::{self, Leg};
use crate::harness::{Answer, Api, AppResident, Kit, Options, Staff, World, stories, text};
use chrono::Duration;
use futures_util::StreamExt;
use jambyl109::dispatch::call_desk;
use jambyl109::domain::access::Role;
use jambyl109::telephony::centre::Centre;
use jambyl109::telephony::files::Importer;
use jambyl109::telephony::profile::Profile;
use jambyl109::telephony::verify::Told;
use reqwest::Method;
use serde_json::{Value, json};

stories! {
    a_missed_call_is_called_back,
    who_got_through_is_not_called_back,
    who_wrote_is_not_called_back,
    a_call_after_hours,
    who_is_calling_comes_on_the_stream,
    the_stream_goes_on_where_it_was_left,
    an_operator_takes_a_call,
    a_request_is_linked_by_agent_and_time,
    recordings_stay_in_their_folder,
    a_door_asks_for_its_secret,
    a_form_begun_is_not_lost,
    figures_of_a_small_log,
    calls_of_a_person_who_leaves,
}

fn options() -> Options {
    Options::with("CALLS__DOORS__GENERIC__TOKEN", "live").and("CALLS__DOORS__GENERIC__USER", "pbx").and("CALLS__DOORS__GENERIC__PASSWORD", "word")
}

async fn post(w: &World, body: &Value) -> Answer {
    Api::send(w.api().with("live").call(Method::POST, "/webhooks/calls/generic").json(body)).await
}

/// An exchange tells that something happened to a call now.
async fn happens(w: &World, call: &str, event: &str, more: Value) {
    let mut body = json!({"event": event, "call_id": call, "at": w.now().to_rfc3339()});
    for (k, v) in more.as_object().unwrap() {
        body[k] = v.clone();
    }
    assert_eq!(post(w, &body).await.status, 200);
    w.settle().await;
}

/// A caller rings for half a minute and hangs up.
async fn rings_in_vain(w: &World, call: &str, caller: &str) {
    happens(w, call, "ringing", json!({"caller": caller, "dialled": "109", "queue": "main"})).await;
    w.advance(std::time::Duration::from_secs(30)).await;
    happens(w, call, "ended", json!({"caller": caller, "outcome": "no_answer"})).await;
}

async fn import(w: &World, legs: &[Leg]) {
    let path = w.kit.dir.path().join("import.csv");
    std::fs::write(&path, pbx::file(legs)).unwrap();
    let source = Centre::of(&w.config).unwrap().sources["main"].clone();
    let importer = Importer { core: Some(w.core()), source: &source, profile: Profile::Asterisk, told: Told::default(), tasks: true };
    let p = importer.whole(&path, &mut |_| {}).await.unwrap();
    assert_eq!(p.bad, 0, "{:?}", p.shown);
}

async fn callbacks(s: &Staff, state: &str) -> Vec<Value> {
    s.api.get(&format!("/staff/callbacks?state={state}")).await.expect(200)["items"].as_array().unwrap().clone()
}

async fn a_missed_call_is_called_back(kit: Kit) {
    let w = kit.world_with(options()).await;
    let (op, other) = (Staff::dispatcher(&w).await, Staff::hire(&w, "second", Role::Dispatcher, &[], None).await);
    rings_in_vain(&w, "c1", "87012345678").await;
    assert_eq!(callbacks(&op, "open").await.len(), 0, "more records may come");
    w.minutes(2).await;
    let tasks = callbacks(&op, "open").await;
    assert_eq!((tasks.len(), &tasks[0]["missed"], &tasks[0]["attempts"]), (1, &json!(1), &json!(0)));
    assert!(!tasks[0].to_string().contains("2345678"), "{}", tasks[0]);
    let told = w.server.sms.take();
    assert_eq!(told.len(), 1);
    assert!(told[0].message.text.contains("қоңырау шаламыз") && told[0].message.text.contains("Перезвоним"), "{}", told[0].message.text);

    rings_in_vain(&w, "c2", "+7 701 234 56 78").await;
    rings_in_vain(&w, "c3", "87771112233").await;
    w.minutes(2).await;
    let tasks = callbacks(&op, "open").await;
    assert_eq!(tasks.iter().map(|t| t["missed"].as_i64().unwrap()).collect::<Vec<_>>(), [2, 1], "one task a caller, the oldest first");
    assert_eq!(w.server.sms.take().len(), 1, "promised once");

    let id = text(&tasks[0], "id");
    let taken = op.api.post(&format!("/staff/callbacks/{id}/take"), &json!({})).await.expect(200);
    assert_eq!(taken["phone"], "+77012345678");
    other.api.post(&format!("/staff/callbacks/{id}/take"), &json!({})).await.refused(409, "conflict");
    other.api.post(&format!("/staff/callbacks/{id}/outcome"), &json!({"outcome": "reached"})).await.refused(409, "conflict");
    op.api.post(&format!("/staff/callbacks/{id}/outcome"), &json!({"outcome": "lost"})).await.refused(422, "unprocessable");
    let again = op.api.post(&format!("/staff/callbacks/{id}/outcome"), &json!({"outcome": "no_answer"})).await.expect(200);
    assert_eq!((&again["state"], &again["attempts"]), (&json!("open"), &json!(1)));
    op.api.post(&format!("/staff/callbacks/{id}/take"), &json!({})).await.expect(200);
    let done = op.api.post(&format!("/staff/callbacks/{id}/outcome"), &json!({"outcome": "reached", "note": "бәрі жақсы"})).await.expect(200);
    assert_eq!((&done["state"], &done["outcome"], &done["attempts"]), (&json!("closed"), &json!("reached"), &json!(2)));
    assert_eq!(callbacks(&op, "closed").await.len(), 1);
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'callback'").await, 2);
    w.finish().await;
}

async fn who_got_through_is_not_called_back(kit: Kit) {
    let w = kit.world_with(options()).await;
    let op = Staff::dispatcher(&w).await;
    // Missed and answered within the minute: no task at all.
    rings_in_vain(&w, "c1", "87012345678").await;
    happens(&w, "c2", "ringing", json!({"caller": "87012345678"})).await;
    happens(&w, "c2", "answered", json!({"agent": "101"})).await;
    happens(&w, "c2", "ended", json!({})).await;
    w.minutes(3).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM callback_task").await, 0);
    // A task, and then an operator calls out: the records tell.
    rings_in_vain(&w, "c3", "87770001122").await;
    w.minutes(3).await;
    assert_eq!(callbacks(&op, "open").await.len(), 1);
    let out = Leg { caller: "101", dialled: "87770001122", agent: "trunk", ..Leg::answered(7, w.now() - Duration::minutes(1), "101", "trunk") };
    import(&w, &[out]).await;
    w.settle().await;
    let closed = callbacks(&op, "closed").await;
    assert_eq!((closed.len(), closed.first().map(|t| t["outcome"].clone())), (1, Some(json!("got_through"))));
    // Unknown and withheld numbers make no task.
    rings_in_vain(&w, "c4", "anonymous").await;
    rings_in_vain(&w, "c5", "1234567890123456789").await;
    w.minutes(3).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM callback_task").await, 1);
    w.finish().await;
}

async fn who_wrote_is_not_called_back(kit: Kit) {
    let w = kit.world_with(options()).await;
    let op = Staff::dispatcher(&w).await;
    let r = AppResident::sign_in(&w, "+77015550011", "kk").await;
    rings_in_vain(&w, "c1", "87015550011").await;
    r.reports("Су жоқ, Қарасу 5").await;
    w.minutes(3).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM callback_task").await, 0, "wrote before there was a task");
    rings_in_vain(&w, "c2", "87015550011").await;
    w.minutes(3).await;
    assert_eq!(callbacks(&op, "open").await.len(), 1);
    let sms = w.server.sms.take();
    let promise = sms.iter().find(|s| s.message.text.contains("хабарласамыз")).expect("no promise");
    assert!(!promise.message.text.contains("перезвоним"), "the language is known: {}", promise.message.text);
    r.reports("Су әлі жоқ, Қарасу 5").await;
    w.settle().await;
    assert_eq!(callbacks(&op, "closed").await[0]["outcome"], "wrote_elsewhere");
    w.finish().await;
}

async fn a_call_after_hours(kit: Kit) {
    let w = kit.world_with(options().and("CALLS__SOURCES__MAIN__CLOSED", "night")).await;
    let op = Staff::dispatcher(&w).await;
    let night = Leg {
        dialled: "night",
        app: "Playback",
        disposition: "ANSWERED",
        agent: "",
        ..Leg::answered(1, w.now() - Duration::minutes(5), "87013334455", "")
    };
    let line = night.line().replace("PJSIP/-000003e9", "").replace("PJSIP/,30", "closed").replace("from-pstn", "night");
    let path = w.kit.dir.path().join("night.csv");
    std::fs::write(&path, format!("{line}\n")).unwrap();
    let source = Centre::of(&w.config).unwrap().sources["main"].clone();
    let importer = Importer { core: Some(w.core()), source: &source, profile: Profile::Asterisk, told: Told::default(), tasks: true };
    importer.whole(&path, &mut |_| {}).await.unwrap();
    assert_eq!(w.query("SELECT outcome FROM \"call\"").await, [["after_hours"]]);
    w.minutes(3).await;
    assert_eq!(callbacks(&op, "open").await.len(), 1, "whoever called at night is called back too");
    let metrics = w.api().raw("/metrics").await.text;
    assert!(metrics.contains("jambyl_calls_total{outcome=\"after_hours\"} 1"), "{metrics}");
    w.finish().await;
}

/// A reader of the stream.
struct Stream {
    body: std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<actix_web::web::Bytes>> + Send>>,
    text: String,
}

impl Stream {
    async fn open(s: &Staff, last: Option<&str>) -> Self {
        let mut call = s.api.call(Method::GET, "/api/v1/staff/events");
        if let Some(id) = last {
            call = call.header("last-event-id", id);
        }
        let answer = call.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { body: Box::pin(answer.bytes_stream()), text: String::new() }
    }

    /// The next event of that name: its id and data.
    async fn next(&mut self, name: &str) -> (Option<String>, Value) {
        let wait = async {
            loop {
                while let Some(end) = self.text.find("\n\n") {
                    let block: String = self.text.drain(..end + 2).collect();
                    let field = |f: &str| block.lines().find_map(|l| l.strip_prefix(f)).map(|v| v.trim().to_owned());
                    if field("event:").as_deref() == Some(name) {
                        return (field("id:"), serde_json::from_str(&field("data:").unwrap()).unwrap());
                    }
                }
                let more = self.body.next().await.expect("the stream ended").unwrap();
                self.text.push_str(&String::from_utf8_lossy(&more));
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(10), wait).await.unwrap_or_else(|_| panic!("no event {name}"))
    }

    /// Nothing of that name comes for a while.
    async fn silent(&mut self, name: &str) {
        let wait = tokio::time::timeout(std::time::Duration::from_millis(1500), async {
            while !self.text.contains(&format!("event: {name}\n")) {
                let more = self.body.next().await.expect("the stream ended").unwrap();
                self.text.push_str(&String::from_utf8_lossy(&more));
            }
        });
        assert!(wait.await.is_err(), "{}", self.text);
    }
}

async fn who_is_calling_comes_on_the_stream(kit: Kit) {
    let w = kit.world_with(options()).await;
    let op = Staff::dispatcher(&w).await;
    call_desk::name_agent(w.core(), "dispatcher", "101").await.unwrap();
    let known =
        op.api.post("/staff/requests", &json!({"phone": "87015550011", "text": "Нет света, Абая 12", "address": "Абая 12"})).await.expect(201);
    let mut stream = Stream::open(&op, None).await;
    let (place, _) = stream.next("hello").await;
    assert!(place.is_some());
    let began = std::time::Instant::now();
    happens(&w, "c1", "ringing", json!({"caller": "87015550011", "queue": "main"})).await;
    let (_, ringing) = stream.next("call").await;
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!((&ringing["stage"], &ringing["queue"], &ringing["mine"]), (&json!("ringing"), &json!("main"), &json!(false)));
    assert_eq!(ringing["open_requests"], json!([known["number"]]));
    assert!(!ringing.to_string().contains("5550011"), "{ringing}");
    happens(&w, "c1", "answered", json!({"agent": "PJSIP/101-0000000a"})).await;
    let (_, answered) = stream.next("call").await;
    assert_eq!((&answered["stage"], &answered["mine"]), (&json!("answered"), &json!(true)));
    // Who comes now learns what lasts.
    assert_eq!(Stream::open(&op, None).await.next("call").await.1["id"], answered["id"]);
    // A crew hears of no calls.
    let crew = w.core().book.catalog.crews[0].code.to_string();
    let member = Staff::hire(&w, "crewman", Role::Crew, &[], Some(&crew)).await;
    Stream::open(&member, None).await.silent("call").await;
    w.api().get("/staff/events").await.refused(401, "unauthorized");
    drop(stream);
    w.finish().await;
}

async fn the_stream_goes_on_where_it_was_left(kit: Kit) {
    let w = kit.world_with(options()).await;
    let op = Staff::dispatcher(&w).await;
    let narrow = Staff::hire(&w, "narrow", Role::Dispatcher, &["electricity"], None).await;
    let make = async |words: &str| text(&op.api.post("/staff/requests", &json!({"text": words, "district": "taraz"})).await.expect(201), "number");
    let mut stream = Stream::open(&op, None).await;
    let (start, _) = stream.next("hello").await;
    let first = make("Нет воды, Абая 1").await;
    let (place, data) = stream.next("request").await;
    assert_eq!((data["number"].as_str(), data["kind"].as_str()), (Some(first.as_str()), Some("registered")));
    drop(stream);
    let second = make("Нет воды, Абая 2").await;
    let mut stream = Stream::open(&op, place.as_deref()).await;
    let mut seen = Vec::new();
    while !seen.contains(&second) {
        seen.push(text(&stream.next("request").await.1, "number"));
    }
    // Others' queues stay out.
    Stream::open(&narrow, start.as_deref()).await.silent("request").await;
    for strange in ["999999999", "-5", "x"] {
        Stream::open(&op, Some(strange)).await.next("reset").await;
    }
    drop(stream);
    w.finish().await;
}

async fn an_operator_takes_a_call(kit: Kit) {
    let w = kit.world_with(options()).await;
    let op = Staff::dispatcher(&w).await;
    let neighbour = op.api.post("/staff/requests", &json!({"phone": "87019990000", "text": "Нет света", "service": "electricity", "district": "taraz", "address": "ул. Абая, дом 12, кв. 3"})).await.expect(201);
    w.minutes(1).await;
    happens(&w, "c1", "ringing", json!({"caller": "87015550011", "queue": "main"})).await;
    happens(&w, "c1", "answered", json!({"agent": "dispatcher"})).await;
    let listed = op.api.get("/staff/calls").await.expect(200);
    let id = text(&listed["items"][0], "id");
    assert!(!listed.to_string().contains("5550011"));

    let card = op.api.get(&format!("/staff/calls/{id}?address=%D0%90%D0%B1%D0%B0%D1%8F%2012")).await.expect(200);
    assert_eq!((card["phone"].as_str(), card["resident"].is_null()), (Some("+77015550011"), true));
    assert_eq!(card["same_house"][0]["number"], neighbour["number"]);
    assert_eq!((&card["known_trouble"][0]["service"], &card["known_trouble"][0]["open"]), (&json!("electricity"), &json!(1)));
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'call'").await, 1);

    let made = op.api.post("/staff/requests", &json!({"text": "Су жоқ, Абай 12", "call": id, "language": "kk"})).await.expect(201);
    let number = text(&made, "number");
    let card = op.api.get(&format!("/staff/calls/{id}")).await.expect(200);
    assert_eq!(
        (&card["requests"][0]["number"], &card["links"][0]["number"], &card["links"][0]["how"]),
        (&made["number"], &made["number"], &json!("named"))
    );
    assert_eq!(op.sees(&number).await["calls"][0]["id"], json!(id));

    let joined = op.api.post(&format!("/staff/calls/{id}/join"), &json!({"number": neighbour["number"], "text": "Жарық әлі жоқ"})).await.expect(200);
    assert_eq!(joined["number"], neighbour["number"]);
    assert!(op.sees(&text(&neighbour, "number")).await["thread"].to_string().contains("Жарық әлі жоқ"));
    op.api.post(&format!("/staff/calls/{id}/part"), &json!({"number": number})).await.expect(204);
    op.api.post(&format!("/staff/calls/{id}/part"), &json!({"number": number})).await.refused(404, "not_found");
    assert_eq!(op.sees(&number).await["calls"], json!([]));

    op.api.post(&format!("/staff/calls/{id}/consultation"), &json!({"topic": " "})).await.refused(422, "empty_text");
    let topic = op.api.post(&format!("/staff/calls/{id}/consultation"), &json!({"topic": "ХҚКО жұмыс уақыты"})).await.expect(200);
    assert_eq!(topic["topic"], "ХҚКО жұмыс уақыты");
    op.api.post(&format!("/staff/calls/{id}/consultation"), &json!({"topic": "тағы"})).await.refused(409, "conflict");
    happens(&w, "c1", "ended", json!({})).await;
    let after = op.api.get(&format!("/staff/calls/{id}")).await.expect(200);
    assert_eq!(
        (&after["topic"], &after["outcome"]),
        (&json!("ХҚКО жұмыс уақыты"), &json!("answered")),
        "records do not write over an operator's word"
    );

    for path in ["/staff/calls/00000000-0000-0000-0000-000000000000", "/staff/calls/x"] {
        op.api.get(path).await.refused(404, "not_found");
    }
    op.api.post("/staff/requests", &json!({"text": "су жоқ", "call": "00000000-0000-0000-0000-000000000000"})).await.refused(404, "not_found");
    let manager = Staff::hire(&w, "boss", Role::Manager, &[], None).await;
    manager.api.get("/staff/calls").await.expect(200);
    manager.api.post(&format!("/staff/calls/{id}/consultation"), &json!({"topic": "x"})).await.refused(403, "forbidden");
    w.finish().await;
}

async fn a_request_is_linked_by_agent_and_time(kit: Kit) {
    let w = kit.world_with(options()).await;
    let op = Staff::dispatcher(&w).await;
    call_desk::name_agent(w.core(), "dispatcher", "101").await.unwrap();
    let begun = w.now();
    w.minutes(1).await;
    let number = text(&op.api.post("/staff/requests", &json!({"text": "Су жоқ, Абай 12"})).await.expect(201), "number");
    w.minutes(20).await;
    let later = text(&op.api.post("/staff/requests", &json!({"text": "Жарық жоқ, Абай 14"})).await.expect(201), "number");
    // The records come only now: two calls of this operator, one of another.
    let leg = |n, at, agent| Leg { talks: 90, ..Leg::answered(n, at, "87015550011", agent) };
    import(&w, &[leg(1, begun - Duration::minutes(2), "101"), leg(2, begun, "101"), leg(3, begun, "102")]).await;
    let calls = op.sees(&number).await["calls"].clone();
    assert_eq!(calls.as_array().unwrap().len(), 1, "{calls}");
    assert_eq!(calls[0]["started_at"], json!(begun.with_timezone(&chrono::FixedOffset::east_opt(5 * 3600).unwrap()).to_rfc3339()));
    assert_eq!(op.sees(&later).await["calls"], json!([]));
    // Taken away by hand, and not made again by the same records or by further ones.
    let id = text(&calls[0], "id");
    op.api.post(&format!("/staff/calls/{id}/part"), &json!({"number": number})).await.expect(204);
    import(&w, &[leg(2, begun, "101"), leg(2, begun, "101").further(9, "103", "NO ANSWER")]).await;
    assert_eq!(op.sees(&number).await["calls"], json!([]));
    w.finish().await;
}

async fn recordings_stay_in_their_folder(kit: Kit) {
    let folder = kit.dir.path().join("monitor");
    std::fs::create_dir_all(folder.join("2026")).unwrap();
    std::fs::write(folder.join("2026/a.wav"), b"0123456789").unwrap();
    std::fs::write(kit.dir.path().join("secret.wav"), b"secret").unwrap();
    std::os::unix::fs::symlink(kit.dir.path().join("secret.wav"), folder.join("2026/link.wav")).unwrap();
    let w = kit.world_with(options().and("CALLS__RECORDINGS", &folder.display().to_string())).await;
    let (op, boss) = (Staff::dispatcher(&w).await, Staff::hire(&w, "boss", Role::Manager, &[], None).await);
    import(
        &w,
        &[Leg { recording: "/var/spool/asterisk/monitor/2026/a.wav", ..Leg::answered(1, w.now() - Duration::minutes(9), "87015550011", "101") }],
    )
    .await;
    let id = text(&op.api.get("/staff/calls").await.expect(200)["items"][0], "id");
    let path = format!("/staff/calls/{id}/recording");
    op.api.get(&path).await.refused(403, "forbidden");
    let whole = boss.api.get(&path).await;
    assert_eq!((whole.status, whole.text.as_str(), whole.headers["content-type"].to_str().unwrap()), (200, "0123456789", "audio/wav"));
    let ranged = |r: &'static str| Api::send(boss.api.call(Method::GET, &format!("/api/v1{path}")).header("range", r));
    let part = ranged("bytes=2-4").await;
    assert_eq!((part.status, part.text.as_str(), part.headers["content-range"].to_str().unwrap()), (206, "234", "bytes 2-4/10"));
    assert_eq!(ranged("bytes=99-").await.status, 416);
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'recording'").await, 3);
    // Rows that somebody has laid hands on.
    let absolute = w.kit.dir.path().join("secret.wav").display().to_string();
    for key in ["../secret.wav", "2026/../../secret.wav", "2026/link.wav", &absolute, "2026", "2026/none.wav", ""] {
        w.tamper(&format!("UPDATE \"call\" SET recording = '{key}'")).await;
        boss.api.get(&path).await.refused(404, "not_found");
    }
    w.finish().await;
}

async fn a_door_asks_for_its_secret(kit: Kit) {
    let w = kit.world_with(options()).await;
    let body = json!({"event": "ringing", "call_id": "c1", "at": w.now().to_rfc3339()});
    let knock = |path: &str| w.api().call(Method::POST, path).json(&body);
    Api::send(knock("/webhooks/calls/generic")).await.refused(401, "unauthorized");
    Api::send(knock("/webhooks/calls/generic").bearer_auth("wrong")).await.refused(401, "unauthorized");
    Api::send(knock("/webhooks/calls/generic").basic_auth("pbx", Some("wrong"))).await.refused(401, "unauthorized");
    Api::send(knock("/webhooks/calls/freeswitch").bearer_auth("live")).await.refused(404, "not_found");
    Api::send(knock("/webhooks/calls/nowhere").bearer_auth("live")).await.refused(404, "not_found");
    assert_eq!(w.count("SELECT COUNT(*) FROM call_event").await, 0, "nothing of a stranger's is kept");
    assert_eq!(Api::send(knock("/webhooks/calls/generic").basic_auth("pbx", Some("word"))).await.status, 200);
    let large = w.api().with("live").call(Method::POST, "/webhooks/calls/generic").body("x".repeat(1_100_000));
    Api::send(large).await.refused(413, "too_large");
    // Not understood: kept and shown, not lost, not in anybody's way.
    assert_eq!(post(&w, &json!({"event": "whistling"})).await.status, 200);
    w.settle().await;
    assert_eq!(w.query("SELECT status FROM call_event ORDER BY id").await, [["done"], ["parked"]]);
    w.finish().await;
}

async fn a_form_begun_is_not_lost(kit: Kit) {
    let w = kit.world().await;
    let (op, other) = (Staff::dispatcher(&w).await, Staff::hire(&w, "second", Role::Dispatcher, &[], None).await);
    let put = |name: &str, body: &Value| Api::send(op.api.call(Method::PUT, &format!("/api/v1/staff/drafts/{name}")).json(body));
    put("intake", &json!({"text": "Су жо"})).await.expect(204);
    put("intake", &json!({"text": "Су жоқ"})).await.expect(204);
    assert_eq!(op.api.get("/staff/drafts/intake").await.expect(200)["body"]["text"], "Су жоқ");
    assert_eq!(op.api.get("/staff/drafts").await.expect(200)["items"].as_array().unwrap().len(), 1);
    other.api.get("/staff/drafts/intake").await.refused(404, "not_found");
    put("intake", &json!([1])).await.refused(400, "bad_request");
    put("bad%20name", &json!({})).await.refused(422, "unprocessable");
    put("big", &json!({"text": "x".repeat(70_000)})).await.refused(413, "too_large");
    put("nul", &json!({"text": "a\u{0}b"})).await.refused(422, "unprocessable");
    op.api.delete("/staff/drafts/intake").await.expect(204);
    op.api.delete("/staff/drafts/intake").await.refused(404, "not_found");
    w.finish().await;
}

async fn figures_of_a_small_log(kit: Kit) {
    let w = kit.world_with(options()).await;
    let op = Staff::dispatcher(&w).await;
    let at = |minutes: i64| w.now() - Duration::minutes(minutes);
    // Two answered (after 10 and 40 seconds), one missed.
    import(
        &w,
        &[
            Leg::answered(1, at(60), "87011111111", "101"),
            Leg { rings: 40, ..Leg::answered(2, at(50), "87012222222", "102") },
            Leg::missed(3, at(40), "87013333333"),
        ],
    )
    .await;
    let r = op.api.get("/staff/reports/calls").await.expect(200);
    let t = &r["total"];
    assert_eq!((&t["calls"], &t["answered"], &t["missed"], &t["offered"]), (&json!(3), &json!(2), &json!(1), &json!(3)), "{t}");
    assert_eq!(t["asa_seconds"], json!(25.0));
    assert!((t["service_level"].as_f64().unwrap() - 1.0 / 3.0).abs() < 1e-9, "{t}");
    assert!(text(&r["terms"], "service_level_formula").contains("20 s"));
    assert_eq!(r["by_agent"].as_array().unwrap().len(), 2);
    let csv = op.api.get("/staff/reports/calls?format=csv").await;
    assert!(csv.status == 200 && csv.text.starts_with("of,figure,value\r\n") && csv.text.contains("total,answered,2"), "{}", csv.text);
    assert!(op.api.get("/staff/reports/calls?format=table").await.text.contains("service_level"));
    op.api.get("/staff/reports/calls?format=xml").await.refused(422, "unprocessable");
    op.api.get("/staff/reports/calls?from=2026-11-24&to=2026-11-23").await.refused(422, "unprocessable");
    w.minutes(2).await;
    w.finish().await;
}

async fn calls_of_a_person_who_leaves(kit: Kit) {
    let w = kit.world_with(options()).await;
    let op = Staff::dispatcher(&w).await;
    let r = AppResident::sign_in(&w, "+77015550011", "kk").await;
    import(
        &w,
        &[
            Leg::answered(1, w.now() - Duration::minutes(9), "87015550011", "101"),
            Leg::answered(2, w.now() - Duration::minutes(8), "87016660022", "101"),
        ],
    )
    .await;
    rings_in_vain(&w, "c1", "87015550011").await;
    w.minutes(2).await;
    assert_eq!(callbacks(&op, "open").await.len(), 1);
    r.api.delete("/me").await.expect(204);
    for (table, column) in [
        ("\"call\"", "caller"),
        ("\"call\"", "phone"),
        ("\"call\"", "caller_name"),
        ("call_record", "body"),
        ("callback_task", "phone"),
        ("callback_task", "open_for"),
    ] {
        assert_eq!(w.count(&format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%5550011%'")).await, 0, "{table}.{column}");
    }
    assert!(w.count("SELECT COUNT(*) FROM \"call\" WHERE phone LIKE '%6660022%'").await > 0, "too much was erased");
    assert_eq!(callbacks(&op, "closed").await[0]["outcome"], "erased");
    assert_eq!(w.count("SELECT COUNT(*) FROM \"call\"").await, 3, "the figures stay");
    w.finish().await;
}
