//! Danger first, and the one question of the service: where?

use crate::harness::{Kit, Resident, Staff, number_in, stories, text};
use jambyl109::domain::request::Priority;
use std::time::Duration;

stories! { danger_is_registered_before_any_question, a_place_by_words, a_district_by_button, a_place_from_the_phone, silence_registers, danger_overtakes }

async fn danger_is_registered_before_any_question(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Resident::ru(&w, 201);
    r.says("в подъезде пахнет газом").await;
    let said = r.reads();
    assert!(said[0].text.starts_with('⚠') && said[0].text.contains("104"), "safety is not first: {said:#?}");
    assert!(!said[0].text.contains("26-"), "{}", said[0].text);
    let ack = said.iter().position(|m| m.text.contains("26-")).expect("no acknowledgement");
    let asked = said.iter().position(|m| m.asks_location).expect("the place was not asked");
    assert!(ack < asked, "{said:#?}");
    let number = number_in(&said[ack].text);
    let stored = w.stored(&number).await;
    assert_eq!(stored.request.priority, Priority::DANGER);
    assert_eq!(stored.request.hazard.map(|h| h.as_str()), Some("gas_leak"));
    assert_eq!(stored.request.received_at, w.now());

    // The answer finds its request; nothing else is made of it.
    r.says("Тараз, ул. Абая 5").await;
    assert!(r.reads_one().text.contains(&number));
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 1);
    let seen = dispatcher.sees(&number).await;
    assert_eq!((seen["district"].as_str(), seen["priority"].as_i64()), (Some("taraz"), Some(0)));
    assert!(text(&seen["place"], "address").contains("Абая 5"), "{}", seen["place"]);

    // Two minutes to accept, whatever the hour.
    w.minutes(3).await;
    assert_eq!(w.stored(&number).await.request.breaches, 1);
    assert_eq!(w.stored(&number).await.request.priority, Priority::DANGER);
    w.finish().await;
}

async fn a_place_by_words(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::kk(&w, 202);
    r.says("су жок екінші күн").await;
    let asked = r.reads();
    assert!(asked[0].asks_location && asked[0].text.contains("қай жерде"), "{asked:#?}");
    assert!(asked[1].buttons.contains(&"ds:taraz".to_owned()) && asked[1].buttons.contains(&"ds:skip".to_owned()), "{asked:#?}");
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 0);
    r.says("Таразда, Абай көшесі 12").await;
    let number = number_in(&r.reads_one().text);
    let stored = w.stored(&number).await.request;
    assert_eq!((stored.district.unwrap().as_str(), stored.queue.unwrap().as_str()), ("taraz", "water_taraz"));
    // Both messages are one text.
    assert_eq!(w.query("SELECT text FROM message").await[0][0], "су жок екінші күн\nТаразда, Абай көшесі 12");
    w.finish().await;
}

async fn a_district_by_button(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 203);
    r.says("с утра нет воды во всём доме").await;
    r.reads();
    r.presses("ds:sarysu").await;
    let said = r.reads();
    let number = number_in(&said[0].text);
    assert!(said.len() == 2 && said[1].text.contains("Какая улица"), "the house is asked after the number was given: {said:#?}");
    assert_eq!(w.stored(&number).await.request.queue.unwrap().as_str(), "water_sarysu");
    // The same button again belongs to the request that stands.
    r.presses("ds:sarysu").await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 1);
    w.finish().await;
}

async fn a_place_from_the_phone(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Resident::ru(&w, 204);
    r.says("с утра нет воды во всём доме").await;
    r.reads();
    r.shares_place(42.9, 71.37).await;
    let number = number_in(&r.reads_one().text);
    let seen = dispatcher.sees(&number).await;
    assert_eq!(seen["district"], "taraz");
    assert_eq!((seen["place"]["lat"].as_f64(), seen["place"]["lon"].as_f64()), (Some(42.9), Some(71.37)));
    w.finish().await;
}

async fn silence_registers(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 205);
    r.says("с утра нет воды во всём доме").await;
    let at = w.now();
    r.reads();
    w.advance(Duration::from_secs(299)).await;
    assert!(r.reads().is_empty(), "too early");
    w.advance(Duration::from_secs(2)).await;
    let number = number_in(&r.reads_one().text);
    let stored = w.stored(&number).await.request;
    assert_eq!((stored.queue.unwrap().as_str(), stored.received_at), ("triage", at));
    w.minutes(30).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 1);
    w.finish().await;
}

/// What waits in the chat goes after the words that may save a life.
async fn danger_overtakes(kit: Kit) {
    let w = kit.world().await;
    let r = Resident::ru(&w, 206);
    w.telegram.fail_chat(206, crate::harness::Fail::TooMany(20));
    r.says("г. Тараз, ул. Абая 77: второй день нет света").await;
    assert!(r.reads().is_empty());
    r.says("в подъезде пахнет газом, Тараз, Абая 77").await;
    assert!(r.reads().is_empty(), "the provider asked for rest");
    w.advance(Duration::from_secs(21)).await;
    let said = r.reads();
    assert!(said[0].text.starts_with('⚠'), "{said:#?}");
    assert_eq!(said.iter().filter(|m| m.text.contains("26-")).count(), 2, "{said:#?}");
    w.finish().await;
}
