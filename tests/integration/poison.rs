//! Events that cannot be worked on: counted, set aside, shown, worked on again; never in anybody's way.

use crate::harness::{Door, Kit, Options, Resident, Staff, Visitor, deliver, meta, number_in, stories};
use jambyl109::domain::RequestNumber;
use jambyl109::store::raw_events;
use serde_json::json;
use std::time::Duration;

stories! { a_poisoned_chat_is_set_aside, an_unreadable_row_is_set_aside, a_crowd_behind_a_poison_holds_nobody_up, unknown_kinds_are_kept, a_name_that_no_database_takes,
    a_clock_that_cannot_run_out_keeps_no_other
}

const NO_LIGHT: &str = "г. Тараз, ул. Абая 77: второй день нет света";

async fn a_poisoned_chat_is_set_aside(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let (ill, well) = (Resident::ru(&w, 401), Resident::ru(&w, 402));
    ill.says(NO_LIGHT).await;
    ill.reads();
    // A row that no longer can be read: every event of this chat fails from now on.
    assert_eq!(w.tamper("UPDATE conversation SET lang = 'xx' WHERE chat = '401'").await, 1);
    ill.says("света всё нет").await;
    well.says(NO_LIGHT).await;
    number_in(&well.reads_one().text);
    for attempt in 1..5 {
        assert_eq!(w.count("SELECT attempts FROM raw_event WHERE status = 'waiting'").await, attempt);
        w.advance(Duration::from_secs(31)).await;
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event WHERE status = 'parked' AND attempts = 5").await, 1);
    let shown = admin.api.get("/staff/inbox").await.expect(200);
    let row = &shown["items"][0];
    assert_eq!((row["attempts"].as_i64(), row["channel"].as_str(), row["status"].as_str()), (Some(5), Some("telegram"), Some("parked")));
    assert!(row["error"].as_str().is_some_and(|e| e.contains("conversation.lang")), "{row}");
    assert!(!shown.to_string().contains("света"), "words are shown: {shown}");

    // Mended and worked on again: once, and nothing is said twice.
    w.tamper("UPDATE conversation SET lang = 'ru' WHERE chat = '401'").await;
    assert!(ill.reads().is_empty());
    let before = w.telegram.sent().len();
    assert_eq!(raw_events::requeue(w.core().db.write(), None, None, true).await.unwrap(), 1);
    w.settle().await;
    assert!(ill.reads_one().text.contains("26-"));
    assert_eq!(raw_events::requeue(w.core().db.write(), None, None, false).await.unwrap(), 0, "done events are never worked on again");
    w.settle().await;
    assert_eq!(w.telegram.sent().len(), before + 1);
    w.finish().await;
}

async fn an_unreadable_row_is_set_aside(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 403);
    let update = r.update(&json!({"text": "пропавшее"}));
    let id = update["update_id"].as_i64().unwrap();
    assert_eq!(deliver(w.api(), &update).await.status, 200);
    let column = if w.kit.redis.is_some() { "'not json'::bytea" } else { "CAST('not json' AS BLOB)" };
    assert_eq!(w.tamper(&format!("UPDATE raw_event SET body = {column} WHERE external_id = '{id}'")).await, 1);
    r.says(NO_LIGHT).await;
    number_in(&r.reads_one().text);
    assert_eq!(w.query("SELECT status FROM raw_event ORDER BY id").await, [["parked"], ["done"]]);
    assert!(w.api().raw("/metrics").await.text.contains(r#"jambyl_inbound_events_total{channel="telegram",outcome="parked"} 1"#));
    w.finish().await;
}

/// More waiting messages than one batch holds, all behind one that fails.
async fn a_crowd_behind_a_poison_holds_nobody_up(kit: Kit) {
    let w = kit.world().await;
    let (ill, well) = (Resident::ru(&w, 404), Resident::ru(&w, 405));
    ill.says(NO_LIGHT).await;
    w.tamper("UPDATE conversation SET lang = 'xx' WHERE chat = '404'").await;
    for k in 0..70 {
        assert_eq!(deliver(w.api(), &ill.update(&json!({"text": format!("света всё нет {k}")}))).await.status, 200);
    }
    w.settle().await;
    well.says(NO_LIGHT).await;
    number_in(&well.reads_one().text);
    w.tamper("UPDATE conversation SET lang = 'ru' WHERE chat = '404'").await;
    w.advance(Duration::from_secs(31)).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event WHERE status = 'done'").await, 72);
    w.finish().await;
}

async fn unknown_kinds_are_kept(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 406);
    let strange = [
        json!({"update_id": 1, "poll": {"id": "1", "question": "?"}}),
        json!({"update_id": 2, "of_tomorrow": {"chat": {"id": 406, "type": "private"}}}),
        json!({"update_id": 3}),
        json!({"update_id": 4, "message": null}),
        json!({"update_id": 5, "message": {"message_id": 1, "date": 1_795_000_000, "chat": {"id": 406, "type": "channel", "title": "x"}}}),
    ];
    for s in &strange {
        assert_eq!(deliver(w.api(), s).await.status, 200, "{s}");
    }
    w.settle().await;
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event").await, strange.len() as i64);
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event WHERE status = 'waiting'").await, 0);
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 0);
    // What a person sends is answered even when we cannot use it.
    assert_eq!(deliver(w.api(), &r.update(&json!({"sticker": {"file_id": "s"}}))).await.status, 200);
    w.settle().await;
    assert_eq!(r.reads().len(), 1);
    w.finish().await;
}

/// One such name in a body, and everything else in it would be refused with it.
async fn a_name_that_no_database_takes(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let (ill, well) = (Visitor::at(&w, Door::Whatsapp, 61), Visitor::at(&w, Door::Whatsapp, 62));
    let says = |v: &Visitor<'_>, id: &str| {
        let from = v.phone().trim_start_matches('+').to_owned();
        json!({"from": from, "id": id, "timestamp": w.now().timestamp().to_string(), "type": "text", "text": {"body": NO_LIGHT}})
    };
    let body = meta::whatsapp(json!({"messages": [says(&ill, "wamid.\u{0}A"), says(&well, "wamid.B")]}));
    assert_eq!(meta::bring(w.api(), &body).await.status, 200);
    assert_eq!(meta::bring(w.api(), &body).await.status, 200);
    w.settle().await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 2);
    assert_eq!(w.count("SELECT COUNT(DISTINCT chat) FROM outbox WHERE status = 'sent'").await, 2);
    w.finish().await;
}

/// A request that no longer can be read: its own clock waits for somebody to mend it, those of all others run out in time.
async fn a_clock_that_cannot_run_out_keeps_no_other(kit: Kit) {
    let w = kit.world().await;
    let (ill, well) = (Resident::ru(&w, 406), Resident::ru(&w, 407));
    ill.says(NO_LIGHT).await;
    let sick = number_in(&ill.reads_one().text);
    w.minutes(1).await;
    well.says("г. Тараз, ул. Толе би 5: второй день нет света").await;
    let number = number_in(&well.reads_one().text);
    let digits = |n: &str| RequestNumber::parse(n).unwrap().digits().to_owned();
    let breaches = |n: &str| {
        format!(
            "SELECT COUNT(*) FROM request_journal WHERE kind = 'breached' AND request_id = (SELECT id FROM request WHERE number = '{}')",
            digits(n)
        )
    };
    assert_eq!(w.tamper(&format!("UPDATE request SET lang = 'xx' WHERE number = '{}'", digits(&sick))).await, 1);
    w.advance(Duration::from_secs(5 * 24 * 3600)).await;
    assert!(w.count(&breaches(&number)).await > 0, "a clock stands still behind one that is broken");
    assert_eq!(w.count(&breaches(&sick)).await, 0);
    w.tamper(&format!("UPDATE request SET lang = 'ru' WHERE number = '{}'", digits(&sick))).await;
    w.minutes(2).await;
    assert!(w.count(&breaches(&sick)).await > 0, "mended, it runs out after all");
    w.finish().await;
}
