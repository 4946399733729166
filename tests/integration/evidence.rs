//! What a crew saw on the spot is never dropped, whatever became of the job meanwhile.

use crate::harness::{CrewMember, Kit, Resident, Staff, World, deliver, number_in, stories};
use serde_json::{Value, json};

stories! { a_job_that_went_to_others, a_job_that_was_finished_by_a_colleague, a_stranger_adds_nothing }

/// A request that crew 1 has begun, and its member asked for note and photo.
async fn half_done(w: &World) -> (String, Staff, CrewMember<'_>) {
    let dispatcher = Staff::dispatcher(w).await;
    let crew = CrewMember::hire(w, "water_taraz_1", 9101).await;
    let r = Resident::kk(w, 910);
    r.says("Салтанат мкр 5 үй, су жоқ").await;
    let number = number_in(&r.reads_one().text);
    dispatcher.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    w.settle().await;
    crew.chat.presses("cg:").await;
    crew.chat.presses("cd:").await;
    crew.chat.reads();
    (number, dispatcher, crew)
}

async fn kept(w: &World, dispatcher: &Staff, number: &str) -> Value {
    w.settle().await;
    let seen = dispatcher.sees(number).await;
    assert!(seen["thread"].to_string().contains("құбыр жарылған"), "the note is gone: {}", seen["thread"]);
    assert_eq!(seen["attachments"].as_array().map(Vec::len), Some(1), "the photo is gone");
    seen
}

async fn a_job_that_went_to_others(kit: Kit) {
    let w = kit.world().await;
    {
        let (number, dispatcher, crew) = half_done(&w).await;
        dispatcher.does(&number, "transfer", json!({"queue": "district_taraz"})).await.expect(200);
        crew.chat.shows("photo-1", b"\xff\xd8 pipe", None).await;
        crew.chat.says("құбыр жарылған, экскаватор керек").await;
        let seen = kept(&w, &dispatcher, &number).await;
        assert_eq!(seen["status"], "queued", "it was resolved by a crew that has it no more");
    }
    w.finish().await;
}

async fn a_job_that_was_finished_by_a_colleague(kit: Kit) {
    let w = kit.world().await;
    {
        let (number, dispatcher, crew) = half_done(&w).await;
        dispatcher.does(&number, "resolve", json!({"note": "по телефону"})).await.expect(200);
        crew.chat.shows("photo-2", b"\xff\xd8 pipe", None).await;
        crew.chat.says("құбыр жарылған, ауыстырдық").await;
        let seen = kept(&w, &dispatcher, &number).await;
        assert_eq!(seen["status"], "resolved");
    }
    w.finish().await;
}

async fn a_stranger_adds_nothing(kit: Kit) {
    let w = kit.world().await;
    {
        let (number, dispatcher, _crew) = half_done(&w).await;
        let other = CrewMember::hire(&w, "water_taraz_2", 9102).await;
        let digits = number.replace('-', "");
        // A button that was never shown to this crew.
        assert_eq!(deliver(w.api(), &other.chat.press_update(&format!("cd:{digits}"))).await.status, 200);
        w.settle().await;
        other.chat.says("бөтен сөз").await;
        assert_eq!(deliver(w.api(), &other.chat.press_update(&format!("cx:{digits}"))).await.status, 200);
        w.settle().await;
        let seen = dispatcher.sees(&number).await;
        assert_eq!(seen["status"], "in_progress");
        assert!(!seen["thread"].to_string().contains("бөтен"), "{}", seen["thread"]);
    }
    w.leave().await;
}
