//! What was kept and not worked on, brought back: events that failed too often, and bodies that their door could not read when they came.

use crate::harness::meta::{self, APP_SECRET, bring};
use crate::harness::sms;
use crate::harness::{Door, Kit, Options, Staff, Visitor, World, number_in, stories};
use jambyl109::workers::replay::{Doors, Which, put_back};
use serde_json::json;
use std::time::Duration;

stories! { parked_events_of_every_door, what_a_better_description_reads, another_numbers_messages_stay, a_body_is_cut_after_all }

const NO_LIGHT: &str = "г. Тараз, ул. Абая 77: второй день нет света";

async fn replays(w: &World, which: Which<'_>) -> u64 {
    put_back(w.core(), &Doors::of(&w.config.channels, &w.config.mail).unwrap(), which).await.unwrap()
}

async fn parked_events_of_every_door(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let people: Vec<Visitor<'_>> = [Door::Whatsapp, Door::Instagram, Door::Facebook, Door::Sms]
        .into_iter()
        .enumerate()
        .map(|(i, d)| Visitor::at(&w, d, 40 + i as i64))
        .collect();
    for v in &people {
        v.says(NO_LIGHT).await;
        v.reads();
    }
    // Rows that no longer can be read: every event of these chats fails from now on.
    assert_eq!(w.tamper("UPDATE conversation SET lang = 'xx'").await, 4);
    for v in &people {
        v.says("света всё нет").await;
    }
    for _ in 0..5 {
        w.advance(Duration::from_secs(31)).await;
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event WHERE status = 'parked'").await, 4);
    w.tamper("UPDATE conversation SET lang = 'ru'").await;
    // One door first, then the rest; and then there is nothing left.
    assert_eq!(replays(&w, Which { channel: Some("sms"), only_failed: true, ..Which::default() }).await, 1);
    assert_eq!(replays(&w, Which { from: Some(w.now() + chrono::Duration::hours(1)), ..Which::default() }).await, 0);
    assert_eq!(replays(&w, Which::default()).await, 3);
    w.settle().await;
    for v in &people {
        assert_eq!(v.reads().len(), 1, "{:?} was answered as often as worked on", v.door);
    }
    assert_eq!(replays(&w, Which::default()).await, 0);
    w.settle().await;
    assert!(people.iter().all(|v| v.reads().is_empty()), "what is done is never worked on again");
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 4);
    w.finish().await;
}

async fn what_a_better_description_reads(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let caller = Visitor::at(&w, Door::Sms, 51);
    let number = caller.phone();
    let number = number.trim_start_matches('+');
    // The gateway names its fields otherwise than its description says.
    for _ in 0..2 {
        assert_eq!(sms::bring(w.api(), &[("msgid", "g1"), ("phone", number), ("body", NO_LIGHT)]).await.status, 200);
    }
    w.settle().await;
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event WHERE status = 'unreadable'").await, 1);
    assert_eq!(replays(&w, Which::default()).await, 0, "the description still does not say it");
    let file = &w.config.channels.sms.gateways["main"].file;
    let text = std::fs::read_to_string(file).unwrap();
    let better = text.replace("id = \"id\"\nfrom = \"from\"\ntext = \"text\"", "id = \"msgid\"\nfrom = \"phone\"\ntext = \"body\"");
    assert_ne!(better, text);
    std::fs::write(file, better).unwrap();
    assert_eq!(replays(&w, Which { only_failed: true, ..Which::default() }).await, 0);
    assert_eq!(replays(&w, Which::default()).await, 1);
    assert_eq!(replays(&w, Which::default()).await, 0);
    w.settle().await;
    let number = number_in(&caller.reads_text());
    assert_eq!(w.stored(&number).await.request.channel.as_str(), "sms");
    w.finish().await;
}

async fn another_numbers_messages_stay(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let v = Visitor::at(&w, Door::Whatsapp, 52);
    let crate::harness::Delivery::Meta(mut body) = v.words(NO_LIGHT) else { panic!("no body") };
    body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = json!("998877");
    assert_eq!(bring(w.api(), &body).await.status, 200);
    w.settle().await;
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event WHERE status = 'unreadable'").await, 1);
    assert_eq!(replays(&w, Which::default()).await, 0);
    w.settle().await;
    assert!(v.all().is_empty(), "somebody else's customer was answered");
    // It was our number all along: the setting was wrong.
    let mut channels = w.config.channels.clone();
    channels.whatsapp.phone_number_id = "998877".into();
    assert_eq!(put_back(w.core(), &Doors::of(&channels, &w.config.mail).unwrap(), Which::default()).await.unwrap(), 1);
    w.settle().await;
    number_in(&v.reads_text());
    assert_eq!(w.query("SELECT status FROM raw_event").await, [["done"]]);
    w.finish().await;
}

async fn a_body_is_cut_after_all(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let broken = br#"{"object":"whatsapp_business_account","entry":[{"#;
    assert_eq!(meta::bring_signed(w.api(), broken, APP_SECRET).await.status, 200);
    w.settle().await;
    assert_eq!(replays(&w, Which::default()).await, 0);
    // As if a newer program could read it: the same body, whole.
    let (a, b) = (Visitor::at(&w, Door::Whatsapp, 53), Visitor::at(&w, Door::Whatsapp, 54));
    let (crate::harness::Delivery::Meta(mut whole), crate::harness::Delivery::Meta(other)) = (a.words(NO_LIGHT), b.words(NO_LIGHT)) else {
        panic!("no body")
    };
    let second = other["entry"][0].clone();
    whole["entry"].as_array_mut().unwrap().push(second);
    let hex: String = whole.to_string().bytes().map(|byte| format!("{byte:02x}")).collect();
    let bytes = if w.kit.redis.is_some() { format!("decode('{hex}', 'hex')") } else { format!("x'{hex}'") };
    assert_eq!(w.tamper(&format!("UPDATE raw_event SET body = {bytes} WHERE status = 'unreadable'")).await, 1);
    let admin = Staff::admin(&w).await;
    assert_eq!(admin.api.get("/staff/inbox?status=unreadable").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(replays(&w, Which::default()).await, 2);
    w.settle().await;
    for v in [&a, &b] {
        number_in(&v.reads_text());
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event WHERE status <> 'done'").await, 0);
    w.finish().await;
}
