//! Policies and calendars that change while the service runs; pauses by rule; the account that a manager reads.

use crate::harness::{AppResident, CrewMember, Kit, Options, PASSWORD, Resident, Staff, World, number_in, stories};
use jambyl109::dispatch::{accounts, ledger};
use jambyl109::domain::access::Role;
use jambyl109::domain::request::Status;
use serde_json::{Value, json};
use std::time::Duration;

stories! {
    a_changed_norm_holds_from_its_time_and_moves_open_requests_when_asked, a_bad_revision_is_refused, another_process_reads_the_change,
    a_feed_of_holidays_moves_a_deadline, pauses_by_rule, refusals_end_before_an_arbiter, rows_and_account_agree, deadlines_can_be_foreseen,
    a_vulnerable_resident_comes_sooner, late_clocks_make_unready, pages_of_clocks,
}

const NO_WATER: &str = "Тараз қаласы, Абай көшесі 12: таңнан бері су жоқ";

async fn report(w: &World, chat: i64) -> String {
    let r = Resident::kk(w, chat);
    r.says(NO_WATER).await;
    number_in(&r.reads_one().text)
}

async fn newest(admin: &Staff) -> (i64, String, String) {
    let list = admin.api.get("/staff/books").await.expect(200);
    let number = list["items"][0]["number"].as_i64().unwrap();
    let row = admin.api.get(&format!("/staff/books/{number}")).await.expect(200);
    (number, row["sla"].as_str().unwrap().to_owned(), row["calendar"].as_str().unwrap().to_owned())
}

/// The text with another time to accept for water.
fn with_accept(sla: &str, minutes: u32) -> String {
    let mut table: toml::Table = sla.parse().unwrap();
    for p in table["policy"].as_array_mut().unwrap() {
        if p["name"].as_str() == Some("incident: water and sewerage") {
            p["accept"]["minutes"] = toml::Value::Integer(minutes.into());
        }
    }
    toml::to_string(&table).unwrap()
}

async fn a_changed_norm_holds_from_its_time_and_moves_open_requests_when_asked(kit: Kit) {
    let w = kit.world_with(Options::with("MAIL__BREACH_TO", "")).await;
    let admin = Staff::admin(&w).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let old = report(&w, 601).await;
    let (number, sla, _) = newest(&admin).await;
    let sla = with_accept(&sla, 40);
    let look = admin.api.post("/staff/books/preview", &json!({"sla": sla})).await.expect(200);
    assert_eq!(look["differences"], json!([{"part": "policy", "name": "incident: water and sewerage", "change": "changed"}]));
    assert_eq!((look["moved"].as_i64(), look["moves"][0]["number"].as_str()), (Some(1), Some(old.as_str())), "{look}");
    dispatcher.api.post("/staff/books", &json!({"sla": sla, "expected": number})).await.expect(403);
    let made = admin.api.post("/staff/books", &json!({"sla": sla, "expected": number, "note": "бұйрық 12"})).await.expect(201);
    admin.api.post("/staff/books", &json!({"sla": with_accept(&sla, 50), "expected": number})).await.expect(409);
    let next = made["number"].as_i64().unwrap();
    let due = |v: &Value| v["accept_due"].as_str().unwrap().to_owned();
    assert!(due(&dispatcher.sees(&old).await).starts_with("2026-11-23T09:20"), "not asked for, not moved");
    let before = report(&w, 602).await;
    assert!(due(&dispatcher.sees(&before).await).starts_with("2026-11-23T09:20"), "its time has not come");
    w.advance(Duration::from_secs(60)).await;
    let after = report(&w, 603).await;
    assert!(due(&dispatcher.sees(&after).await).starts_with("2026-11-23T09:41"));

    admin.api.post(&format!("/staff/books/{next}/apply"), &json!({})).await.expect(202);
    w.settle().await;
    for n in [&old, &before] {
        assert!(due(&dispatcher.sees(n).await).starts_with("2026-11-23T09:40"), "moved as if it had been so from the start");
        assert_eq!(w.history(n).await, ["registered", "queued", "retimed"]);
    }
    assert_eq!(w.history(&after).await, ["registered", "queued"], "where nothing moves nothing is written");
    let shown = admin.api.get(&format!("/staff/books/{next}")).await.expect(200);
    assert_eq!((shown["apply"].as_str(), shown["applied"].as_i64()), (Some("done"), Some(2)));
    // The old deadline passes in silence, the new one does not.
    w.minutes(25).await;
    assert_eq!(w.stored(&old).await.request.breaches, 0);
    w.minutes(15).await;
    assert_eq!(w.stored(&old).await.request.breaches, 1);
    let told = dispatcher.api.get(&format!("/staff/requests/{old}/ledger?language=ru")).await.expect(200).to_string();
    assert!(told.contains("срок пересчитан, был 23.11 09:20, стал 23.11 09:40") || told.contains("пересчитан"), "{told}");
    agree(&w, &[&old, &before, &after]).await;
    w.finish().await;
}

async fn a_bad_revision_is_refused(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let (number, sla, calendar) = newest(&admin).await;
    let twice = format!("{sla}\n[[policy]]\nname = \"water again\"\nclass = [\"incident\"]\nservice = [\"water\"]\naccept = {{ minutes = 9 }}\n");
    for (body, part) in [
        (json!({"sla": twice, "expected": number}), "equally specific"),
        (json!({"sla": "silence_minutes = ", "expected": number}), "sla.toml"),
        (json!({"calendar": calendar.replace("Asia/Almaty", "Asia/Nowhere"), "expected": number}), "not a time zone"),
        (json!({"expected": number}), "nothing would be different"),
    ] {
        let refused = admin.api.post("/staff/books", &body).await.expect(422);
        assert!(refused["detail"].as_str().unwrap().contains(part), "{refused}");
    }
    assert_eq!(newest(&admin).await.0, number);
    w.finish().await;
}

async fn another_process_reads_the_change(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let mut other = w.another().await;
    let (number, sla, _) = newest(&admin).await;
    assert_eq!(number, 1, "the same files at another start are no new revision");
    admin.api.post("/staff/books", &json!({"sla": with_accept(&sla, 33), "expected": number})).await.expect(201);
    assert!(!other.core.books().knows(number + 1));
    assert_eq!(other.bookkeeper.tick().await.unwrap(), 1);
    assert!(other.core.books().knows(number + 1));
    other.ended().await;
    // A process that starts later has it from the beginning, and the shipped files do not take it back.
    let mut late = w.another().await;
    assert!(late.core.books().knows(number + 1));
    late.ended().await;
    assert_eq!(newest(&admin).await.0, number + 1);
    w.finish().await;
}

async fn a_feed_of_holidays_moves_a_deadline(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let body = json!({"text": "Жалоба на акимат: не отвечают", "class": "complaint", "service": "public_services", "phone": "+77011234567"});
    let made = dispatcher.api.post("/staff/requests", &body).await.expect(201);
    let complaint = made["number"].as_str().unwrap().to_owned();
    let before = made["restore_due"].as_str().unwrap().to_owned();
    assert!(before.starts_with("2026-12-14T18:30"), "fifteen working days: {before}");
    let feed = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261204\r\nSUMMARY:Қосымша демалыс\r\nCATEGORIES:Public holiday\r\nEND:VEVENT\r\n\
                BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261205\r\nSUMMARY:Casual Friday\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let got = admin.api.post("/staff/books/import", &json!({"ical": feed, "only": "public holiday"})).await.expect(200);
    assert_eq!((got["added"].clone(), got["skipped"][0]["name"].as_str()), (json!(["2026-12-04"]), Some("Casual Friday")));
    admin.api.post("/staff/books/import", &json!({"ical": "no calendar"})).await.expect(422);
    let (number, ..) = newest(&admin).await;
    let made = admin.api.post("/staff/books", &json!({"calendar": got["calendar"], "expected": number})).await.expect(201);
    let next = made["number"].as_i64().unwrap();
    let moves = admin.api.get(&format!("/staff/books/{next}/moves")).await.expect(200);
    assert!(moves["moves"].to_string().contains(&complaint), "{moves}");
    admin.api.post(&format!("/staff/books/{next}/apply"), &json!({})).await.expect(202);
    w.minutes(1).await;
    let after = dispatcher.sees(&complaint).await["restore_due"].as_str().unwrap().to_owned();
    assert!(after.starts_with("2026-12-15T18:30"), "{after}");
    let told = dispatcher.api.get(&format!("/staff/requests/{complaint}/ledger?language=kk")).await.expect(200).to_string();
    assert!(told.contains("қайта есептелді"), "{told}");
    agree(&w, &[&complaint]).await;
    w.finish().await;
}

async fn pauses_by_rule(kit: Kit) {
    let w = kit.world_with(Options::with("MAIL__BREACH_TO", "")).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let crew = CrewMember::hire(&w, "water_taraz_1", 9201).await;
    let resident = Resident::kk(&w, 611);
    resident.says(NO_WATER).await;
    let number = number_in(&resident.reads_one().text);
    dispatcher.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    w.settle().await;

    // A crew may pause for access, in its chat; it ends by itself after a day.
    crew.chat.presses("cp:").await;
    crew.chat.presses(&format!("ch:{}:access", number.replace('-', ""))).await;
    assert_eq!(w.stored(&number).await.request.status, Status::OnHold);
    w.minutes(24 * 60).await;
    assert_eq!(w.stored(&number).await.request.status, Status::Assigned, "the longest pause for access is a day");
    assert_eq!(w.stored(&number).await.request.breaches, 0);

    // For parts it only asks; the clock runs until a dispatcher says yes.
    crew.chat.reads();
    crew.chat.presses(&format!("ch:{}:parts", number.replace('-', ""))).await;
    let asked = dispatcher.sees(&number).await;
    assert_eq!((asked["status"].as_str(), asked["pause_asked"].as_str()), (Some("assigned"), Some("parts")));
    dispatcher.does(&number, "decline-pause", json!({"reason": "қоймада бар"})).await.expect(200);
    dispatcher.does(&number, "decline-pause", json!({})).await.expect(409);
    w.settle().await;
    let words: Vec<String> = crew.chat.reads().into_iter().map(|m| m.text).collect();
    assert!(words.last().unwrap().contains("рұқсат берілмеді"), "{words:?}");
    crew.staff.does(&number, "hold", json!({"why": "parts", "reason": "сорғы жоқ"})).await.expect(200);
    crew.staff.does(&number, "hold", json!({"why": "planned_works", "reason": "x"})).await.expect(403);
    dispatcher.does(&number, "hold", json!({"why": "parts", "reason": "сорғы келеді"})).await.expect(200);
    let held = dispatcher.sees(&number).await;
    assert_eq!((held["held_why"].as_str(), held["pause_asked"].is_null()), (Some("parts"), true));
    dispatcher.does(&number, "resume", json!({})).await.expect(200);

    agree(&w, &[&number]).await;

    // Waiting for the resident ends with the resident's word, and with nobody else's.
    let app = AppResident::sign_in(&w, "+77010000055", "ru").await;
    let own = app.reports("Тараз, ул. Абая 12: нет воды").await["number"].as_str().unwrap().to_owned();
    dispatcher.does(&own, "accept", json!({})).await.expect(200);
    dispatcher.does(&own, "hold", json!({"why": "resident", "reason": "үйде болмады"})).await.expect(200);
    w.minutes(60).await;
    dispatcher.does(&own, "note", json!({"text": "екі рет қоңырау шалдық"})).await.expect(200);
    assert_eq!(w.stored(&own).await.request.status, Status::OnHold);
    app.api.post(&format!("/requests/{own}/messages"), &json!({"text": "Я дома, приходите"})).await.expect(200);
    let back = w.stored(&own).await.request;
    assert_eq!((back.status, back.held_why), (Status::Assigned, None));
    agree(&w, &[&own]).await;
    w.finish().await;
}

async fn pages_of_clocks(kit: Kit) {
    let w = kit.world_with(Options::with("MAIL__BREACH_TO", "")).await;
    let _dispatcher = Staff::dispatcher(&w).await;
    let number = report(&w, 651).await;
    w.minutes(20).await;
    let session = accounts::sign_in(w.core(), "dispatcher", PASSWORD, "127.0.0.1", true).await.unwrap().token;
    let page = async |path: &str| {
        let r = w.api().call(reqwest::Method::GET, path).header("cookie", format!("{}={session}", jambyl109::web::auth::SESSION_COOKIE));
        let a = crate::harness::Api::send(r).await;
        assert_eq!(a.status, 200, "{path}: {}", a.text);
        a.text
    };
    let shown = page("/console/notices").await;
    assert!(shown.contains(&number) && shown.contains('⏰'), "{shown}");
    let told = page(&format!("/console/requests/{number}/ledger")).await;
    assert!(told.contains("Кешіккен") || told.contains("Опоздали"), "{told}");
    assert!(page(&format!("/console/requests/{number}")).await.contains("/ledger"));
    w.finish().await;
}

async fn refusals_end_before_an_arbiter(kit: Kit) {
    let w = kit.world_with(Options::with("MAIL__BREACH_TO", "")).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let number = report(&w, 621).await;
    dispatcher.does(&number, "refuse", json!({"proposed_queue": "control"})).await.expect(400);
    dispatcher.does(&number, "refuse", json!({"reason": "біздің желі емес"})).await.expect(400);
    let to = if w.stored(&number).await.request.queue.unwrap().as_str() == "akimat" { "control" } else { "akimat" };
    dispatcher.does(&number, "refuse", json!({"reason": "біздің желі емес", "proposed_queue": to})).await.expect(200);
    let again = dispatcher.does(&number, "refuse", json!({"reason": "біздікі де емес", "proposed_queue": "water_taraz"})).await.expect(200);
    assert_eq!((again["queue"].as_str(), again["refused"].as_i64()), (Some("control"), Some(2)));
    w.minutes(60).await;
    assert!(w.api().raw("/metrics").await.text.contains(r#"jambyl_sla_breaches_total{queue="control",stage="arbitrate"} 1"#));
    dispatcher.does(&number, "transfer", json!({"queue": "water_taraz"})).await.expect(200);
    let told = dispatcher.api.get(&format!("/staff/requests/{number}/ledger?language=ru")).await.expect(200);
    let late: Vec<(&str, &str)> =
        told["late"].as_array().unwrap().iter().map(|b| (b["stage"].as_str().unwrap(), b["owner"].as_str().unwrap())).collect();
    assert!(late.contains(&("arbitrate", "control")), "{told}");
    agree(&w, &[&number]).await;
    w.finish().await;
}

/// The stored clocks are what the journal says.
async fn agree(w: &World, numbers: &[&str]) {
    for n in numbers {
        let id = w.stored(n).await.request.id;
        let wrong = ledger::disagreements(w.core(), w.core().db.read(), id).await.unwrap();
        assert!(wrong.is_empty(), "{n}: {wrong:#?}");
    }
}

async fn rows_and_account_agree(kit: Kit) {
    let w = kit.world_with(Options::with("MAIL__BREACH_TO", "")).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Resident::kk(&w, 631);
    r.says(NO_WATER).await;
    let number = number_in(&r.reads_one().text);
    w.minutes(21).await;
    for (act, body, wait) in [
        ("accept", json!({}), 30),
        ("start", json!({}), 20),
        ("hold", json!({"why": "weather", "reason": "боран", "until": "2026-11-23T12:00:00+05:00"}), 200),
        ("arrive", json!({}), 10),
        ("transfer", json!({"queue": "akimat"}), 15),
        ("reclassify", json!({"service": "electricity"}), 5),
        ("accept", json!({}), 60),
        ("flag", json!({"vulnerable": true}), 5),
        ("resolve", json!({"note": "дайын"}), 30),
        ("reopen", json!({"reason": "жоқ"}), 30),
        ("accept", json!({}), 2000),
        ("resolve", json!({}), 72 * 60),
    ] {
        let got = dispatcher.does(&number, act, body).await;
        assert_eq!(got.status, 200, "{act}: {}", got.text);
        w.minutes(wait).await;
        agree(&w, &[&number]).await;
    }
    assert_eq!(w.stored(&number).await.request.status, Status::Closed);
    for lang in ["kk", "ru"] {
        let told = dispatcher.api.get(&format!("/staff/requests/{number}/ledger?language={lang}")).await.expect(200);
        let lines = told["entries"].as_array().unwrap();
        assert!(lines.len() > 15, "{told}");
        for l in lines {
            let text = l["text"].as_str().unwrap();
            assert!(!text.contains('{') && !text.contains('@') && !text.starts_with("sla."), "{text}");
        }
    }
    w.finish().await;
}

async fn deadlines_can_be_foreseen(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let p = dispatcher.api.get("/staff/sla/preview?at=2026-03-20T18:00:00%2B05:00&class=complaint").await.expect(200);
    let restore = p["due"].as_array().unwrap().iter().find(|d| d["stage"] == "restore").unwrap()["due_at"].as_str().unwrap().to_owned();
    // 21-25 March is Nauryz with moved days: the first working day is the 26th.
    assert!(restore.starts_with("2026-04-15T18:30"), "{restore}");
    assert!(p["basis"]["ru"].as_str().unwrap().contains("76"));
    let crew = Staff::hire(&w, "crew", Role::Crew, &[], Some("water_taraz_1")).await;
    crew.api.get("/staff/sla/preview").await.expect(403);
    dispatcher.api.get("/staff/sla/preview?class=wish").await.expect(422);
    w.finish().await;
}

async fn a_vulnerable_resident_comes_sooner(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let ask = |vulnerable: bool| json!({"text": "Нет отопления", "class": "incident", "service": "heating", "district": "taraz", "phone": "+77017654321", "vulnerable": vulnerable});
    let plain = dispatcher.api.post("/staff/requests", &ask(false)).await.expect(201);
    let soon = dispatcher.api.post("/staff/requests", &ask(true)).await.expect(201);
    assert!(soon["restore_due"].as_str().unwrap() < plain["restore_due"].as_str().unwrap(), "{soon} {plain}");
    assert_eq!(soon["vulnerable"], json!(true));
    let number = plain["number"].as_str().unwrap();
    let flagged = dispatcher.does(number, "flag", json!({"vulnerable": true})).await.expect(200);
    assert_eq!(flagged["restore_due"], soon["restore_due"]);
    w.finish().await;
}

async fn late_clocks_make_unready(kit: Kit) {
    let w = kit.world_with(Options::with("MAIL__BREACH_TO", "")).await;
    let _ = report(&w, 641).await;
    w.clock.advance(Duration::from_secs(20 * 60 + 60));
    assert_eq!(w.api().raw("/health/ready").await.status, 200, "a minute is allowed");
    w.clock.advance(Duration::from_secs(1));
    let red = w.api().raw("/health/ready").await;
    assert_eq!(red.status, 503);
    assert!(red.text.contains("\"clocks\":\"late\""), "{}", red.text);
    let figures = w.api().raw("/metrics").await.text;
    assert!(figures.contains("jambyl_sla_oldest_due_seconds 61"), "{figures}");
    assert!(figures.contains("jambyl_sla_timers_due{stage=\"accept\"} 1"));
    w.settle().await;
    assert_eq!(w.api().raw("/health/ready").await.status, 200);
    w.finish().await;
}
