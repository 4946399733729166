//! How far each message got, by the providers' own word, in whatever order it comes; and which channels work.

use crate::harness::{Door, Kit, MetaFail, Options, Staff, Visitor, World, meta, number_in, stories};
use serde_json::{Value, json};
use std::time::Duration;

stories! {
    receipts_come_in_any_order, a_receipt_is_faster_than_the_answer, a_lost_answer_is_made_good_by_our_mark, what_failed_and_yet_arrived,
    a_mark_for_everything_before, a_stopped_channel_waits, a_channel_that_does_not_answer,
}

const NO_LIGHT: &str = "г. Тараз, ул. Абая 77: второй день нет света";

/// A report at WhatsApp: its number, and the provider's handle of our answer.
async fn report(v: &Visitor<'_>) -> (String, String) {
    v.says(NO_LIGHT).await;
    let ack = v.reads().into_iter().find(|m| m.text.contains("26-")).expect("no acknowledgement");
    (number_in(&ack.text), ack.id)
}

async fn told(w: &World, body: Value) {
    assert_eq!(meta::bring(w.api(), &body).await.status, 200);
    w.settle().await;
}

/// The delivery of the acknowledgement, as staff see it.
async fn ack(d: &Staff, number: &str) -> Value {
    let seen = d.sees(number).await;
    let all = seen["deliveries"].as_array().unwrap();
    all.iter()
        .find(|o| o["template"].as_str().is_some_and(|t| t.starts_with("ack.")))
        .unwrap_or_else(|| panic!("no acknowledgement in {seen}"))
        .clone()
}

async fn receipts_come_in_any_order(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let d = Staff::dispatcher(&w).await;
    let v = Visitor::at(&w, Door::Whatsapp, 1);
    let (number, id) = report(&v).await;
    assert_eq!(ack(&d, &number).await["state"], "accepted");
    for (stage, code, want) in
        [("read", None, "read"), ("delivered", None, "read"), ("sent", None, "read"), ("failed", Some(131_026), "read"), ("read", None, "read")]
    {
        told(&w, meta::status(&id, &v.chat(), stage, w.now(), code)).await;
        let row = ack(&d, &number).await;
        assert_eq!((row["state"].as_str(), row["status"].as_str()), (Some(want), Some("sent")), "after {stage}: {row}");
        w.clock.advance(Duration::from_secs(60));
    }
    let row = ack(&d, &number).await;
    assert!(row["delivered_at"].as_str() > row["read_at"].as_str(), "each word keeps its own time: {row}");
    assert!(row["reason"].is_null());
    assert!(w.api().raw("/metrics").await.text.contains(r#"jambyl_delivery_receipts_total{channel="whatsapp",stage="read"} 1"#));
    assert_eq!(w.count("SELECT COUNT(*) FROM resident").await, 1, "a receipt makes nobody");
    w.finish().await;
}

/// The webhook of a delivery may come before the answer to the send has been read.
async fn a_receipt_is_faster_than_the_answer(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let d = Staff::dispatcher(&w).await;
    let v = Visitor::at(&w, Door::Whatsapp, 2);
    for n in 0..4 {
        told(&w, meta::status(&format!("whatsapp.OUT{n}"), &v.chat(), "delivered", w.now(), None)).await;
    }
    // Of another program that sends through the same number.
    told(&w, meta::status("wamid.foreign", "77019999999", "delivered", w.now(), None)).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox_receipt").await, 5);
    let (number, _) = report(&v).await;
    assert_eq!(ack(&d, &number).await["state"], "delivered");
    w.clock.advance(Duration::from_secs(16 * 60));
    w.server.housekeeper.tick().await.unwrap();
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox_receipt").await, 0);
    w.finish().await;
}

/// The provider took it, its answer was lost, and a receipt with our mark comes: it is not sent again.
async fn a_lost_answer_is_made_good_by_our_mark(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let d = Staff::dispatcher(&w).await;
    let v = Visitor::at(&w, Door::Whatsapp, 3);
    let (number, _) = report(&v).await;
    d.does(&number, "assign", json!({"crew": "electricity_taraz_1"})).await.expect(200);
    w.meta.fail_chat(&v.chat(), MetaFail::AnswerLost);
    d.does(&number, "start", json!({})).await.expect(200);
    w.settle().await;
    let posted = w.meta.to(&v.chat());
    let lost = posted.last().unwrap();
    let mut status = meta::status(&lost.id, &v.chat(), "delivered", w.now(), None);
    status["entry"][0]["changes"][0]["value"]["statuses"][0]["biz_opaque_callback_data"] = lost.body["biz_opaque_callback_data"].clone();
    told(&w, status).await;
    w.minutes(30).await;
    assert_eq!(w.meta.to(&v.chat()).len(), posted.len(), "it was sent again");
    let seen = d.sees(&number).await;
    let row = seen["deliveries"].as_array().unwrap().iter().find(|o| o["template"] == "notice.started").unwrap().clone();
    assert_eq!((row["state"].as_str(), row["reason"].is_null()), (Some("delivered"), true), "{row}");
    w.finish().await;
}

/// "Failed" from one device, "delivered" from another: what arrived has arrived, and its stand-in is not sent any more.
async fn what_failed_and_yet_arrived(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let d = Staff::dispatcher(&w).await;
    let v = Visitor::at(&w, Door::Whatsapp, 4);
    let (number, id) = report(&v).await;
    let receipt = |stage, code| meta::status(&id, &v.chat(), stage, w.now(), code);
    // Only taken in, so that the stand-in still waits.
    assert_eq!(meta::bring(w.api(), &receipt("failed", Some(131_026))).await.status, 200);
    while w.server.intake.tick().await.unwrap() > 0 {}
    let row = ack(&d, &number).await;
    assert_eq!((row["state"].as_str(), row["reason"]["code"].as_str()), (Some("moved"), Some("unreachable")), "{row}");
    assert_eq!(meta::bring(w.api(), &receipt("delivered", None)).await.status, 200);
    w.settle().await;
    assert_eq!(ack(&d, &number).await["state"], "delivered");
    assert!(w.sms.to(&v.phone()).is_empty(), "it was said twice");
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox WHERE channel = 'sms' AND status = 'expired'").await, 1);
    w.finish().await;
}

/// Messenger tells only up to when everything was read.
async fn a_mark_for_everything_before(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let d = Staff::dispatcher(&w).await;
    let v = Visitor::at(&w, Door::Facebook, 9);
    let (number, _) = report(&v).await;
    let mark = |at: jambyl109::domain::Instant| {
        let event = json!({"sender": {"id": v.chat()}, "recipient": {"id": meta::PAGE_ID}, "timestamp": at.timestamp_millis(),
            "read": {"watermark": at.timestamp_millis()}});
        meta::thread("facebook", &event, at)
    };
    let sent = w.now();
    told(&w, mark(sent - chrono::Duration::seconds(60))).await;
    assert_eq!(ack(&d, &number).await["state"], "accepted", "a mark from before says nothing");
    told(&w, mark(sent + chrono::Duration::seconds(1))).await;
    assert_eq!(ack(&d, &number).await["state"], "read");
    w.finish().await;
}

async fn a_stopped_channel_waits(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let d = Staff::dispatcher(&w).await;
    let (v, other) = (Visitor::at(&w, Door::Whatsapp, 5), Visitor::at(&w, Door::Whatsapp, 6));
    let telegram = Visitor::at(&w, Door::Telegram, 7);
    w.server.health.tick().await;
    let up = r#"jambyl_channel_up{channel="whatsapp"} 1"#;
    assert!(w.api().raw("/metrics").await.text.contains(up));
    w.meta.fail_next(MetaFail::Stopped);
    v.says(NO_LIGHT).await;
    let tried = w.meta.attempts();
    other.says(NO_LIGHT).await;
    telegram.says(NO_LIGHT).await;
    assert_eq!(w.meta.attempts(), tried, "a stopped channel is left alone");
    assert!(v.reads().is_empty() && other.reads().is_empty());
    assert!(!telegram.reads().is_empty(), "another channel waits for nobody");
    let down = r#"jambyl_channel_up{channel="whatsapp"} 0"#;
    assert!(w.api().raw("/metrics").await.text.contains(down));
    // The provider still answers when asked how it is: that does not make the channel work.
    w.server.health.tick().await;
    assert!(w.api().raw("/metrics").await.text.contains(down));
    let list = d.api.get("/staff/channels").await.expect(200);
    let wire = list["items"].as_array().unwrap().iter().find(|c| c["channel"] == "whatsapp").unwrap().clone();
    assert_eq!((wire["up"].as_bool(), wire["reason"]["code"].as_str()), (Some(false), Some("stopped")), "{wire}");
    assert!(wire["waiting"].as_i64().unwrap() >= 2, "{wire}");
    // The other process shows it too, and the waiting does not count as failures of the messages.
    let second = w.another().await;
    assert!(second.api.raw("/metrics").await.text.contains(down));
    let mut second = second;
    second.ended().await;
    w.advance(Duration::from_secs(31)).await;
    assert!(!v.reads().is_empty() && !other.reads().is_empty());
    assert!(w.api().raw("/metrics").await.text.contains(up));
    assert_eq!(w.count("SELECT MAX(attempts) FROM outbox").await, 1);
    w.finish().await;
}

async fn a_channel_that_does_not_answer(kit: Kit) {
    let w = kit.world_with(Options::every_door().and("CHANNELS__WHATSAPP__TOKEN", "a-token-that-is-no-longer-good")).await;
    let d = Staff::dispatcher(&w).await;
    w.server.health.tick().await;
    let text = w.api().raw("/metrics").await.text;
    assert!(text.contains(r#"jambyl_channel_up{channel="whatsapp"} 0"#) && text.contains(r#"jambyl_channel_up{channel="telegram"} 1"#), "{text}");
    let list = d.api.get("/staff/channels").await.expect(200);
    let reason = |name: &str| list["items"].as_array().unwrap().iter().find(|c| c["channel"] == name).map(|c| c["reason"]["ru"].clone());
    assert_eq!(reason("whatsapp"), Some(json!("канал не отвечает")));
    assert_eq!(reason("telegram"), Some(Value::Null));
    // What is for it waits, however long.
    let v = Visitor::at(&w, Door::Whatsapp, 8);
    v.says(NO_LIGHT).await;
    w.minutes(600).await;
    assert_eq!(
        w.count("SELECT COUNT(*) FROM outbox WHERE channel = 'whatsapp' AND status = 'pending'").await,
        w.count("SELECT COUNT(*) FROM outbox WHERE channel = 'whatsapp'").await
    );
    w.leave().await;
}
