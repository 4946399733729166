//! The dispatcher's day: the live board, keys, corrections, answers, several at once, search.

use super::chrome::{Chrome, Scripts};
use super::wire::{CONTROL, ENTER};
use crate::harness::{Kit, PASSWORD, Resident, Staff, number_in};
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

/// A danger that no list on the screen shows is heard all the same, and so is the end of the session that would have heard it.
pub async fn a_night_is_not_silent(kit: Kit) {
    let w = kit.world().await;
    let Some(c) = Chrome::open(&w, Scripts::On).await else { return w.leave().await };
    let colleague = Staff::hire(&w, "colleague", Role::Dispatcher, &[], None).await;
    Staff::dispatcher(&w).await;
    let body = json!({"text": "шұңқыр", "service": "roads", "class": "complaint", "district": "shu"});
    let hole = colleague.api.post("/staff/requests", &body).await.expect(201)["number"].as_str().unwrap().to_owned();
    w.settle().await;
    c.signs_in("dispatcher").await;
    c.go("/console/board?district=shu").await;
    c.awaits("#live.on").await;
    c.presses("#sound").await;
    assert_eq!(c.find("#sound").await.attr("aria-pressed").await.as_deref(), Some("true"));
    let rang = "return Number(localStorage.getItem('rang'))";
    c.asks("localStorage.removeItem('rang')").await;

    let body = json!({"text": "Подъезде сильно пахнет газом", "service": "gas", "class": "incident", "district": "taraz"});
    let gas = colleague.api.post("/staff/requests", &body).await.expect(201)["number"].as_str().unwrap().to_owned();
    w.settle().await;
    c.until("the mark in the title", || async { c.title().await.starts_with("⚠ 1").then_some(()) }).await;
    assert!(c.asks(rang).await.as_f64().unwrap() > 0.0, "nothing rang");
    assert!(!c.has(&format!("#r{gas}")).await && !c.shows("#news").await, "it is no part of this list");
    colleague.does(&gas, "accept", json!({})).await.expect(200);
    w.settle().await;
    c.until("a calm title", || async { (!c.title().await.starts_with('⚠')).then_some(()) }).await;
    c.reads("[data-count=open]", "2").await;

    // The session ends under the open page: said aloud, and the rows stay what they are.
    c.asks("localStorage.removeItem('rang')").await;
    assert!(w.tamper("DELETE FROM staff_session WHERE kind = 'console'").await >= 1);
    c.asks("document.dispatchEvent(new Event('visibilitychange'))").await;
    c.awaits("#watch").await;
    c.reads("#watch", "Сеанс аяқталды").await;
    assert!(c.asks(rang).await.as_f64().unwrap() > 0.0, "the end of the watch was not heard");
    assert!(c.has(&format!("#r{hole}")).await && !c.has("#board .gone").await, "rows look done because nobody is signed in");

    // Signed in again beside it, the page comes back by itself.
    let old = c.find("html").await;
    let again = format!(
        "return fetch('/console/sign-in', {{method: 'POST', body: new URLSearchParams({{login: 'dispatcher', password: '{PASSWORD}'}})}}).then((a) => a.ok)"
    );
    assert_eq!(c.asks(&again).await, json!(true));
    c.asks("document.dispatchEvent(new Event('visibilitychange'))").await;
    c.until("the page anew", || async { (!old.stands().await).then_some(()) }).await;
    c.awaits("#live.on").await;
    assert!(!c.shows("#watch").await);

    // What was typed while a session ended is sent under the next one of the same person.
    c.go(&format!("/console/requests/{hole}")).await;
    c.key("n").await;
    c.writes("form[action$='/acts/note'] textarea", "қызметке хабарланды").await;
    w.tamper("DELETE FROM staff_session WHERE kind = 'console'").await;
    c.asks("document.dispatchEvent(new Event('visibilitychange'))").await;
    c.awaits("#watch").await;
    assert_eq!(c.asks(&again).await, json!(true));
    c.asks("document.dispatchEvent(new Event('visibilitychange'))").await;
    c.until("a calm page", || async { (!c.shows("#watch").await).then_some(()) }).await;
    c.sends("form[action$='/acts/note'] button").await;
    c.reads(".thread .inner", "қызметке хабарланды").await;
    let said = c.complaints().await;
    assert!(said.iter().all(|m| m.contains("EventSource")), "{said:#?}");
    c.close().await;
    w.finish().await;
}
