//! The crew's day, on a telephone.

use super::chrome::{Chrome, Scripts};
use crate::harness::{CrewMember, Kit, Resident, Staff, number_in, parts};
use serde_json::json;

/// The button or form of an act on the crew's page.
fn form(act: &str) -> String {
    format!("form[action$='/acts/{act}']")
}

/// From the list of jobs to the word of the resident that it is done.
pub async fn a_crews_day(kit: Kit) {
    let w = kit.world().await;
    let Some(c) = Chrome::open(&w, Scripts::On).await else { return w.leave().await };
    let dispatcher = Staff::dispatcher(&w).await;
    let crew = CrewMember::hire(&w, "water_taraz_1", 8401).await;
    let r = Resident::kk(&w, 8402);
    r.says("Тараз қаласы, Абай көшесі 12: кеше кештен бері су жоқ").await;
    let number = number_in(&r.reads_one().text);
    dispatcher.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    w.settle().await;
    r.reads();

    c.wide(390).await;
    c.signs_in("crew-8401").await;
    assert!(c.path().await.starts_with("/console/jobs"), "a crew begins with its jobs: {}", c.path().await);
    c.reads("main", &number).await;
    c.reads("main", "Абай көшесі").await;
    // Large enough for a thumb in a glove.
    let button = c.find(&format!("{} button", form("start"))).await.place().await.1;
    assert!(button >= 44.0, "a button of {button} px");

    for (act, wanted) in [("start", "started"), ("arrive", "arrived")] {
        w.minutes(5).await;
        c.presses(&format!("{} button", form(act))).await;
        // The page may send it by itself, at once or when the network is back: what counts is that it came.
        c.until(wanted, || async {
            let r = w.stored(&number).await.request;
            let came = if act == "start" { r.status.as_str() == "in_progress" } else { r.arrived_at.is_some() };
            came.then_some(())
        })
        .await;
        w.settle().await;
        c.go("/console/jobs").await;
    }

    // Done, with what was done; with a photo where the page takes one.
    w.minutes(40).await;
    let resolve = form("resolve");
    if c.has(&format!("details:has({resolve})")).await {
        c.unfolds(&format!("details:has({resolve})")).await;
    }
    c.writes(&format!("{resolve} textarea[name=note]"), "Құбыр ауыстырылды, су берілді").await;
    let camera = format!("{resolve} input[type=file]");
    let photo = c.has(&camera).await;
    if photo {
        let file = w.kit.dir.path().join("done.jpg");
        std::fs::write(&file, parts::jpeg(b"the new pipe")).unwrap();
        c.all(&camera).await[0].types(file.to_str().unwrap()).await;
    }
    c.presses(&format!("{resolve} button:not([type=button])")).await;
    c.until("the end of the work", || async { (w.stored(&number).await.request.status.as_str() == "resolved").then_some(()) }).await;
    w.settle().await;
    let seen = dispatcher.sees(&number).await;
    assert!(seen.to_string().contains("Құбыр ауыстырылды"), "what was done is not told: {seen}");
    if photo {
        assert_eq!(seen["attachments"].as_array().map(Vec::len), Some(1), "the photo is gone");
    }
    assert!(r.reads().iter().any(|m| m.text.contains(&number)), "the resident is not told");
    c.go("/console/jobs").await;
    assert!(!c.words("main").await.contains(&number), "a finished job still stands in the list");
    drop(crew);
    c.close().await;
    w.finish().await;
}
