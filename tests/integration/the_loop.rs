//! From a resident's message to a rating, through every hand it passes.

use crate::harness::{AppResident, CrewMember, Kit, Resident, Staff, number_in, stories, text};
use jambyl109::domain::request::Status;
use object_store::ObjectStoreExt;
use serde_json::json;

stories! { kazakh_on_telegram, russian_through_the_application }

const NO_WATER: &str = "Тараз қаласы, Абай көшесі 12: таңнан бері су жоқ";

async fn kazakh_on_telegram(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let crew = CrewMember::hire(&w, "water_taraz_1", 9001).await;
    let aigul = Resident::kk(&w, 101);

    aigul.says(NO_WATER).await;
    let ack = aigul.reads_one();
    let number = number_in(&ack.text);
    // Twenty minutes to accept, a day to restore: local time of Taraz.
    for part in ["Өтінішіңіз тіркелді", "Сумен жабдықтау", "09:20", "Орындау мерзімі"] {
        assert!(ack.text.contains(part), "{part} is missing: {}", ack.text);
    }

    assert_eq!(dispatcher.queue("water_taraz").await, vec![number.clone()]);
    let seen = dispatcher.sees(&number).await;
    for (field, value) in [("status", "queued"), ("class", "incident"), ("service", "water"), ("district", "taraz"), ("language", "kk")] {
        assert_eq!(seen[field], value, "{field}");
    }
    assert_eq!(seen["thread"][0]["text"], NO_WATER);
    assert!(seen["accept_due"].as_str().unwrap().starts_with("2026-11-23T09:20:00"), "{}", seen["accept_due"]);

    let accepted = dispatcher.does(&number, "accept", json!({})).await.expect(200);
    assert_eq!((accepted["status"].as_str(), accepted["accept_due"].is_null()), (Some("assigned"), true));
    dispatcher.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    w.settle().await;
    let job = crew.chat.reads_one();
    assert!(job.text.contains("Жаңа тапсырма") && job.text.contains(&number) && job.text.contains("Абай көшесі 12"), "{}", job.text);

    crew.chat.presses("cg:").await;
    assert!(crew.chat.reads_one().text.contains("жолға шықтыңыз"));
    assert!(aigul.reads_one().text.contains("бригада жолға шықты"));
    w.minutes(25).await;
    crew.chat.presses("cr:").await;
    let there = dispatcher.sees(&number).await;
    assert!(there["arrived_at"].as_str().is_some_and(|t| t.starts_with("2026-11-23T09:25:00")), "{}", there["arrived_at"]);
    assert!(crew.chat.reads_one().text.contains("орнына жеттіңіз"));

    crew.chat.presses("cd:").await;
    assert!(crew.chat.reads_one().text.contains("сурет жіберіп"));
    crew.chat.shows("photo-of-pipe", b"\xff\xd8 a mended pipe", None).await;
    assert!(crew.chat.reads_one().text.contains("не істелгенін жазыңыз"));
    crew.chat.says("Құбыр ауыстырылды, су келді").await;
    assert!(crew.chat.reads_one().text.contains("жұмыс аяқталды"));

    let ask = aigul.reads_one();
    assert!(ask.text.contains("Мәселе шешілді ме?") && ask.text.contains(&number), "{}", ask.text);
    aigul.presses("nf:").await;
    assert!(aigul.reads_one().text.contains("не шешілмей қалды"));
    aigul.says("Екінші қабатта әлі су жоқ").await;
    assert!(aigul.reads_one().text.contains("қайта ашылды"));
    let again = dispatcher.sees(&number).await;
    assert_eq!((again["status"].as_str(), again["reopened"].as_i64()), (Some("queued"), Some(1)));
    assert!(again["thread"].as_array().unwrap().iter().any(|m| m["text"] == "Екінші қабатта әлі су жоқ"));

    dispatcher.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    w.settle().await;
    crew.chat.presses("cg:").await;
    aigul.reads();
    crew.chat.reads();
    crew.chat.presses("cd:").await;
    crew.chat.presses("cx:").await;
    assert!(aigul.reads_one().text.contains("Мәселе шешілді ме?"));

    aigul.presses("cf:").await;
    let thanks = aigul.reads();
    assert!(thanks[0].text.contains("жабылды") && thanks[1].text.contains("бағалайсыз"), "{thanks:#?}");
    aigul.presses(&format!("rt:{}:5", number.replace('-', ""))).await;
    assert!(aigul.reads_one().text.contains("Бағаңызға рахмет"));

    let end = w.stored(&number).await;
    assert_eq!((end.request.status, end.request.rating, end.request.reopened), (Status::Closed, Some(5), 1));
    let kinds = w.history(&number).await;
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    assert_eq!(
        kinds,
        [
            "registered",
            "queued",
            "accepted",
            "assigned",
            "started",
            "arrived",
            "attachment_added",
            "resolved",
            "reopened",
            "assigned",
            "started",
            "resolved",
            "closed",
            "rated"
        ]
    );

    // The photo lies in our own store, and staff can look at it.
    let whole = dispatcher.sees(&number).await;
    let file = &whole["attachments"][0];
    assert_eq!((file["status"].as_str(), file["kind"].as_str()), (Some("stored"), Some("photo")));
    let shown = dispatcher.api.raw(&text(file, "url")).await;
    assert_eq!((shown.status, shown.text.contains("a mended pipe")), (200, true));
    let key = w.query("SELECT store_key FROM attachment").await[0][0].clone();
    let kept = w.server.files.get(&key.as_str().into()).await.unwrap().bytes().await.unwrap();
    assert_eq!(&kept[..], b"\xff\xd8 a mended pipe");
    let actors: Vec<&str> = whole["history"].as_array().unwrap().iter().filter_map(|h| h["actor"].as_str()).collect();
    assert!(actors[0].starts_with("resident:") && actors[2].starts_with("staff:") && actors[4].starts_with("crew:"), "{actors:?}");
    assert!(w.telegram.acknowledged() > 0, "presses were never acknowledged");
    w.finish().await;
}

async fn russian_through_the_application(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let ivan = AppResident::sign_in(&w, "+7 701 000 00 01", "ru").await;
    let other = AppResident::sign_in(&w, "+7 701 000 00 02", "ru").await;

    let body = json!({"text": "В Таразе на улице Абая 10 яма на дороге, колесо пробил"});
    let first = ivan.reports_with_key("k-1", &body).await;
    let made = first.expect(201);
    let number = text(&made, "number");
    for (field, value) in
        [("status", "queued"), ("class", "incident"), ("service", "roads"), ("district", "taraz"), ("queue", "roads_taraz"), ("language", "ru")]
    {
        assert_eq!(made[field], value, "{field}");
    }
    assert!(made["accept_due"].is_string() && made["restore_due"].is_string());

    let repeated = ivan.reports_with_key("k-1", &body).await;
    assert_eq!((repeated.status, &repeated.text), (201, &first.text));
    ivan.reports_with_key("k-1", &json!({"text": "другое"})).await.refused(422, "idempotency_mismatch");
    // The same key of another person is another key.
    let foreign = other.reports_with_key("k-1", &body).await.expect(201);
    assert_ne!(text(&foreign, "number"), number);

    // The same call many times at once makes one request.
    let before = w.count("SELECT COUNT(*) FROM request").await;
    let together = json!({"text": "г. Тараз, ул. Абая 77: второй день нет света"});
    let calls = (0..8).map(|_| ivan.reports_with_key("k-2", &together));
    let answers = futures_util::future::join_all(calls).await;
    let made_numbers: std::collections::BTreeSet<String> = answers
        .iter()
        .filter(|a| {
            assert!(a.status == 201 || (a.status == 409 && a.code() == "idempotency_running"), "{a:?}");
            a.status == 201
        })
        .map(|a| text(&a.json(), "number"))
        .collect();
    assert_eq!(made_numbers.len(), 1, "{made_numbers:?}");
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, before + 1);

    // Another's number is like one that does not exist.
    for path in [format!("/requests/{number}"), "/requests/26-4817-0355".to_owned()] {
        other.api.get(&path).await.refused(404, "not_found");
    }
    for act in ["messages", "rating", "reopen", "confirm"] {
        let body = match act {
            "messages" => json!({"text": "чужое"}),
            "rating" => json!({"score": 1}),
            _ => json!({}),
        };
        other.api.post(&format!("/requests/{number}/{act}"), &body).await.refused(404, "not_found");
    }
    let mine = ivan.api.get("/requests").await.expect(200);
    assert_eq!(mine["items"].as_array().unwrap().len(), 2);

    ivan.api.post(&format!("/requests/{number}/messages"), &json!({"text": "Уже два колеса"})).await.expect(200);
    ivan.api.post(&format!("/requests/{number}/rating"), &json!({"score": 5})).await.refused(409, "not_now");
    ivan.api.post(&format!("/requests/{number}/confirm"), &json!({})).await.refused(409, "not_now");
    for (act, body) in [("assign", json!({"crew": "roads_taraz_1"})), ("start", json!({})), ("resolve", json!({"note": "заделали"}))] {
        dispatcher.does(&number, act, body).await.expect(200);
    }
    let reopened = ivan.api.post(&format!("/requests/{number}/reopen"), &json!({"reason": "опять провалилось"})).await.expect(200);
    assert_eq!((reopened["status"].as_str(), reopened["reopened"].as_i64()), (Some("queued"), Some(1)));
    assert!(reopened["version"].is_null() && reopened["crew"].is_null(), "a resident sees inner work: {reopened}");
    for (act, body) in [("accept", json!({})), ("resolve", json!({}))] {
        dispatcher.does(&number, act, body).await.expect(200);
    }
    ivan.api.post(&format!("/requests/{number}/confirm"), &json!({})).await.expect(200);
    for bad in [json!({"score": 0}), json!({"score": 6}), json!({"score": -1}), json!({"score": 999_999_999_999_i64})] {
        ivan.api.post(&format!("/requests/{number}/rating"), &bad).await.refused(422, "bad_score");
    }
    let rated = ivan.api.post(&format!("/requests/{number}/rating"), &json!({"score": 4})).await.expect(200);
    assert_eq!((rated["status"].as_str(), rated["rating"].as_i64()), (Some("closed"), Some(4)));
    w.finish().await;
}
