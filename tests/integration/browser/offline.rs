//! A crew without a network: what it presses waits in the telephone, is shown as waiting, and goes once, whatever the line did to it.

use super::chrome::{Chrome, Scripts};
use super::line::Line;
use crate::harness::{Kit, Resident, Staff, number_in, parts};
use jambyl109::domain::access::Role;
use serde_json::{Value, json};

/// How often the journal, as the API tells it, holds this kind.
async fn told(dispatcher: &Staff, number: &str, kind: &str) -> usize {
    let seen = dispatcher.sees(number).await;
    seen["history"].as_array().unwrap().iter().filter(|h| h["kind"] == kind).count()
}

/// A press on the card of a job.
async fn presses(c: &Chrome, number: &str, act: &str) {
    c.presses(&format!("#j{number} form[data-act={act}] button:not([type=button])")).await;
}

/// So many presses of a job are shown as waiting, and none as done.
async fn waits(c: &Chrome, number: &str, count: usize) {
    let lines = format!("#j{number} .waits p");
    c.until(&format!("{count} waiting presses at {number}"), || async { (c.all(&lines).await.len() == count).then_some(()) }).await;
    assert!(c.words(&lines).await.contains("жіберуді күтіп тұр"), "{}", c.words(&lines).await);
    assert!(c.shows(&format!("#j{number} .badges")).await && !c.has(&format!("#j{number}.over")).await, "shown as done");
}

/// What lies in the telephone.
async fn queued(c: &Chrome) -> Value {
    c.asks("return queue.all('acts').then((all) => all.map((a) => a.act))").await
}

async fn network_is_back(c: &Chrome) {
    c.asks("dispatchEvent(new Event('online'))").await;
}

/// The line breaks while the first press is answered, and stays away for the rest of the job; meanwhile the desk goes on without the crew.
pub async fn a_crew_without_a_network(kit: Kit) {
    let w = kit.world().await;
    let line = Line::to(&w.api().base).await;
    let Some(c) = Chrome::open_at(&line.base, Scripts::On).await else { return w.leave().await };
    let dispatcher = Staff::dispatcher(&w).await;
    Staff::hire(&w, "crew", Role::Crew, &[], Some("water_taraz_1")).await;
    let r = Resident::kk(&w, 8501);
    r.says("Тараз қаласы, Абай көшесі 12: кеше кештен бері су жоқ").await;
    let mine = number_in(&r.reads_one().text);
    let mut others = Vec::new();
    for words in ["Төле би 45: подвалда су тұр", "Қойгелді 8: кран ағып тұр"] {
        let body = json!({"text": words, "service": "water", "class": "incident", "district": "taraz", "address": "Төле би көшесі 45"});
        others.push(dispatcher.api.post("/staff/requests", &body).await.expect(201)["number"].as_str().unwrap().to_owned());
    }
    let [lost, settled] = [others[0].clone(), others[1].clone()];
    for number in [&mine, &lost, &settled] {
        dispatcher.does(number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    }
    w.settle().await;
    r.reads();

    // One look at the list is enough: the worker keeps what was shown before it came.
    c.wide(390).await;
    c.signs_in("crew").await;
    c.reads("main", &mine).await;
    let ready = "return caches.open('road-page').then((kept) => kept.match('/console/jobs')).then((found) => !!found && !!navigator.serviceWorker.controller)";
    c.until("a kept list", || async { (c.asks(ready).await == true).then_some(()) }).await;

    // The press arrives, its answer does not: the telephone cannot know, and says that it waits.
    line.loses_answers();
    presses(&c, &mine, "start").await;
    c.until("the start", || async { (w.stored(&mine).await.request.status.as_str() == "in_progress").then_some(()) }).await;
    waits(&c, &mine, 1).await;
    c.awaits("#road.off").await;

    // Now nothing passes at all, and the work goes on.
    line.cut();
    presses(&c, &mine, "arrive").await;
    waits(&c, &mine, 2).await;
    c.unfolds(&format!("#j{mine} details[data-for=resolve]")).await;
    c.writes(&format!("#j{mine} form[data-act=resolve] textarea"), "Құбыр ауыстырылды, су берілді").await;
    let file = w.kit.dir.path().join("done.jpg");
    std::fs::write(&file, parts::jpeg(b"the new pipe")).unwrap();
    c.find(&format!("#j{mine} form[data-act=resolve] input[type=file]")).await.types(file.to_str().unwrap()).await;
    presses(&c, &mine, "resolve").await;
    waits(&c, &mine, 3).await;
    presses(&c, &lost, "start").await;
    waits(&c, &lost, 1).await;
    c.unfolds(&format!("#j{settled} details[data-for=hold]")).await;
    c.chooses(&format!("#j{settled} form[data-act=hold] select"), "access").await;
    c.writes(&format!("#j{settled} form[data-act=hold] textarea"), "Есік жабық").await;
    presses(&c, &settled, "hold").await;
    waits(&c, &settled, 1).await;

    // Opened anew without a network: the list stands, and everything that waits with it.
    c.go("/console/jobs").await;
    c.awaits("html[data-kept] #road.off").await;
    for (number, count) in [(&mine, 3), (&lost, 1), (&settled, 1)] {
        waits(&c, number, count).await;
    }
    assert_eq!(queued(&c).await, json!(["start", "arrive", "resolve", "start", "hold"]));
    c.reads("#road", "5").await;
    c.pictures("crew/offline-queued-390").await;
    assert_eq!((told(&dispatcher, &mine, "arrived").await, told(&dispatcher, &mine, "resolved").await), (0, 0), "nothing of it can have passed");
    // What cannot be had without a network says so and does nothing.
    c.presses(&format!("#j{lost} form[data-phone] button")).await;
    c.reads(&format!("#j{lost} .waits"), "Байланыс жоқ").await;

    // The desk meanwhile: a word at one, another crew at the second, the third settled by telephone.
    dispatcher.does(&mine, "note", json!({"text": "тұрғын қоңырау шалды"})).await.expect(200);
    dispatcher.does(&lost, "assign", json!({"crew": "water_taraz_2"})).await.expect(200);
    dispatcher.does(&settled, "start", json!({})).await.expect(200);
    dispatcher.does(&settled, "resolve", json!({"note": "телефонмен шешілді"})).await.expect(200);

    // What the browser said of the broken line, and nothing else.
    let said = c.complaints().await;
    let broken = ["net::ERR_", "fetching the script", "FetchEvent", "Failed to fetch"];
    assert!(said.iter().all(|m| broken.iter().any(|part| m.contains(part))), "{said:#?}");

    line.mend();
    network_is_back(&c).await;
    c.until("an empty queue", || async { (queued(&c).await == json!([])).then_some(()) }).await;
    w.settle().await;
    for kind in ["started", "arrived", "resolved", "attachment_added"] {
        assert_eq!(told(&dispatcher, &mine, kind).await, 1, "{kind}");
    }
    let seen = dispatcher.sees(&mine).await;
    assert_eq!((seen["status"].as_str(), seen["attachments"].as_array().unwrap().len()), (Some("resolved"), 1));
    assert_eq!(seen["thread"].to_string().matches("Құбыр ауыстырылды").count(), 1);
    assert!(r.reads().iter().any(|m| m.text.contains(&mine)), "the resident is told");
    // Conflicts are told, each with its number; nothing was done over the desk's head, and what the crew wrote is kept.
    c.until("two conflicts", || async { (c.all("#road-told .notice.bad").await.len() == 2).then_some(()) }).await;
    let conflicts = c.words("#road-told").await;
    assert!(conflicts.contains(&lost) && conflicts.contains(&settled) && !conflicts.contains(&mine), "{conflicts}");
    c.pictures("crew/back-online-390").await;
    assert_eq!((told(&dispatcher, &lost, "started").await, told(&dispatcher, &settled, "held").await), (0, 0));
    assert_eq!(dispatcher.sees(&lost).await["crew"], "water_taraz_2");
    assert!(dispatcher.sees(&settled).await["thread"].to_string().contains("Есік жабық"));
    // The list says what became of each, without anything of the resident.
    for number in [&mine, &lost, &settled] {
        c.awaits(&format!("#j{number}.over")).await;
    }
    c.reads(&format!("#j{mine}.over"), "орындалды").await;
    assert!(!c.words("main").await.contains("Абай көшесі"), "an address of a job that is over");

    // Told until it is put away, also over a reload; a second look sends nothing again.
    c.go("/console/jobs").await;
    c.awaits("#road-told .notice.bad").await;
    c.awaits(".empty").await;
    for left in [1, 0] {
        c.presses("#road-told .notice button").await;
        c.until("one less", || async { (c.all("#road-told .notice").await.len() == left).then_some(()) }).await;
    }
    network_is_back(&c).await;
    c.until("the queue at rest", || async { (queued(&c).await == json!([])).then_some(()) }).await;
    assert_eq!((told(&dispatcher, &mine, "started").await, told(&dispatcher, &mine, "resolved").await), (1, 1));
    c.close().await;
    w.finish().await;
}
