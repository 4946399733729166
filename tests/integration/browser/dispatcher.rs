//! The dispatcher's day: the live board, keys, corrections, answers, several at once, search.

use super::chrome::{Chrome, Scripts};
use super::wire::{CONTROL, ENTER};
use crate::harness::{Kit, Resident, Staff, number_in};
use jambyl109::domain::access::Role;
use serde_json::json;

/// From the sign-in to the sign-out.
pub async fn a_dispatchers_day(kit: Kit) {
    let w = kit.world().await;
    let Some(c) = Chrome::open(&w, Scripts::On).await else { return w.leave().await };
    let colleague = Staff::hire(&w, "colleague", Role::Dispatcher, &[], None).await;
    Staff::dispatcher(&w).await;
    let r = Resident::kk(&w, 8301);
    r.says("Тараз қаласы, Абай көшесі 12: кеше кештен бері су жоқ").await;
    let water = number_in(&r.reads_one().text);

    // A wrong password is told, and the login stays.
    c.go("/console/board").await;
    c.writes("input[name=login]", "dispatcher").await;
    c.writes("input[name=password]", "a wrong password").await;
    c.sends("form[action='/console/sign-in'] button").await;
    assert!(c.shows(".notice.bad").await);
    c.signs_in("dispatcher").await;
    assert!(c.path().await.starts_with("/console/"), "{}", c.path().await);

    // The board is live: what is new waits for a press, what changes does so in its place.
    c.go("/console/board").await;
    c.awaits("#live.on").await;
    c.awaits(&format!("#r{water}.fresh")).await;
    let before = c.find(&format!("#r{water}")).await.place().await.0;
    let body =
        json!({"text": "Подъезде сильно пахнет газом", "service": "gas", "class": "incident", "district": "taraz", "address": "Төле би 45, кв 3"});
    let gas = colleague.api.post("/staff/requests", &body).await.expect(201)["number"].as_str().unwrap().to_owned();
    w.settle().await;
    c.awaits("#news").await;
    assert!(c.title().await.starts_with("⚠ 1"), "{}", c.title().await);
    let after = c.find(&format!("#r{water}")).await.place().await.0;
    assert!((after - before).abs() < 1.0 || after > before && !c.has(&format!("#r{gas}")).await, "the row jumped from {before} to {after}");
    assert!(!c.has(&format!("#r{gas}")).await, "a row came under the reader's hand");
    c.key("y").await;
    c.awaits(&format!("#board tbody tr:first-child#r{gas}")).await;
    colleague.does(&gas, "accept", json!({})).await.expect(200);
    w.settle().await;
    c.reads(&format!("#r{gas} .crew"), "Қызметкер colleague").await;

    // By keys: to the second row, into it.
    c.key("j").await;
    c.key("j").await;
    c.enters().await;
    c.reads("h1", &water).await;

    // Corrected, and taken back by one key.
    c.key("c").await;
    c.chooses("form[action$='/acts/reclassify'] select[name=class]", "complaint").await;
    c.sends("form[action$='/acts/reclassify'] button").await;
    assert_eq!(w.stored(&water).await.request.class.map(|c| c.to_string()).as_deref(), Some("complaint"));
    c.awaits(".undo button").await;
    w.minutes(1).await;
    c.sends_key("u").await;
    assert_eq!(w.stored(&water).await.request.class.map(|c| c.to_string()).as_deref(), Some("incident"));

    // Accepted, given to a crew, answered: each by its key.
    w.minutes(1).await;
    c.sends_key("a").await;
    w.minutes(1).await;
    c.key("b").await;
    c.chooses("form[action$='/acts/assign'] select[name=crew]", "water_taraz_1").await;
    c.sends("form[action$='/acts/assign'] button").await;
    assert!(c.shows(".head .pill.st-assigned").await);
    w.settle().await;
    r.reads();
    w.minutes(1).await;
    c.key("r").await;
    let typed = c.find("form[action$='/acts/reply'] textarea").await;
    typed.types("Бригада шықты, су кешке дейін беріледі.").await;
    let old = c.find("html").await;
    typed.types(&format!("{CONTROL}{ENTER}")).await;
    c.until("the page after the answer", || async { (!old.stands().await).then_some(()) }).await;
    w.settle().await;
    assert!(r.reads_one().text.contains("су кешке дейін"), "the resident is answered");
    c.go(&format!("/console/requests/{water}")).await;
    c.reads(".thread .out", "су кешке дейін беріледі").await;

    // The telephone, once, with a reason that is kept.
    c.go(&format!("/console/requests/{gas}")).await;
    c.unfolds("details:has(form[action$='/personal'])").await;
    c.writes("form[action$='/personal'] input[name=reason]", "нақтылау").await;
    c.sends("form[action$='/personal'] button").await;
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'personal' AND reason = 'нақтылау'").await, 1);

    // Several at once, chosen by keys.
    let mut more = Vec::new();
    for n in 1..=3 {
        let body = json!({"text": format!("шұңқыр, {n}"), "service": "roads", "class": "complaint", "district": "shu"});
        more.push(colleague.api.post("/staff/requests", &body).await.expect(201)["number"].as_str().unwrap().to_owned());
    }
    w.settle().await;
    c.go("/console/board?district=shu").await;
    assert!(!c.shows("#bulk").await, "nothing is chosen yet");
    c.key("j").await;
    c.key("z").await;
    c.key("j").await;
    c.key("z").await;
    c.awaits("#bulk.ready").await;
    c.reads("#chosen", "2").await;
    c.chooses("#several-act", "accept").await;
    c.sends("#bulk button").await;
    assert_eq!(c.all("main .tm-met").await.len(), 2, "{}", c.words("main").await);
    let accepted = w.count("SELECT COUNT(*) FROM request WHERE district = 'shu' AND status = 'assigned'").await;
    assert_eq!(accepted, 2);

    // Found by a Kazakh word with a slip, from anywhere.
    c.key("/").await;
    c.find("#find").await.types("абай кошеси").await;
    c.enters().await;
    c.awaits(&format!("#r{water}")).await;
    assert!(!c.path().await.contains("абай") && c.path().await == "/console/find", "what is looked for stands in no address");

    // Everybody's language is their own; and out.
    c.sends(".langs a[hreflang=ru]").await;
    assert_eq!(c.find("html").await.attr("lang").await.as_deref(), Some("ru"));
    c.sends("form[action='/console/sign-out'] button").await;
    c.go("/console/board").await;
    assert!(c.has("input[name=login]").await, "signed out and still in");
    c.close().await;
    w.finish().await;
}

/// What a colleague does meanwhile is told on the open page, and nothing is put over it.
pub async fn two_at_one_request(kit: Kit) {
    let w = kit.world().await;
    let Some(c) = Chrome::open(&w, Scripts::On).await else { return w.leave().await };
    let colleague = Staff::hire(&w, "colleague", Role::Dispatcher, &[], None).await;
    Staff::dispatcher(&w).await;
    let body = json!({"text": "нет воды", "service": "water", "class": "incident", "district": "taraz"});
    let number = colleague.api.post("/staff/requests", &body).await.expect(201)["number"].as_str().unwrap().to_owned();
    w.settle().await;
    c.signs_in("dispatcher").await;
    c.go(&format!("/console/requests/{number}")).await;
    c.key("t").await;
    c.chooses("form[action$='/acts/transfer'] select[name=queue]", "sewerage_taraz").await;
    c.writes("form[action$='/acts/transfer'] textarea", "Бұл су емес, кәріз").await;
    colleague.does(&number, "accept", json!({})).await.expect(200);
    // The page asks by itself every few seconds, and at once when it is looked at again.
    c.asks("document.dispatchEvent(new Event('visibilitychange'))").await;
    c.awaits("#changed").await;
    c.sends("form[action$='/acts/transfer'] button").await;
    assert!(c.shows(".clash").await);
    assert!(c.words(".clash").await.contains("Бұл су емес, кәріз") && c.words(".clash").await.contains("Қызметкер colleague"));
    let kept = c.find("form[action$='/acts/transfer'] textarea").await.value().await;
    assert_eq!(kept, "Бұл су емес, кәріз", "what was typed is gone");
    assert_eq!(w.stored(&number).await.request.queue.unwrap().as_str(), "water_taraz", "a stale act was carried out");
    // Meant all the same: once more on the version that is shown now.
    c.sends("form[action$='/acts/transfer'] button").await;
    assert_eq!(w.stored(&number).await.request.queue.unwrap().as_str(), "sewerage_taraz");
    c.close().await;
    w.finish().await;
}
