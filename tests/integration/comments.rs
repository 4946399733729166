//! What people write under posts: a problem becomes a request with one answer in public and one in private, the rest is only listed.

use crate::harness::meta::{self, INSTAGRAM_ID, PAGE_ID, bring};
use crate::harness::{Door, Kit, MetaFail, Options, Staff, Visitor, World, number_in, stories};
use serde_json::{Value, json};

stories! { a_problem_under_a_post, what_states_nothing, the_list_of_a_period, a_comment_is_taken_away, an_author_leaves }

const NO_WATER: &str = "Тараз қаласы, Абай көшесі 12: таңнан бері су жоқ, телефоным +7 701 555 11 22";

async fn writes(w: &World, door: Door, id: &str, author: &str, text: &str, parent: Option<&str>) {
    let body = meta::comment(door.name(), id, (author, "Айгүл Серікова"), text, parent, w.now());
    for _ in 0..2 {
        assert_eq!(bring(w.api(), &body).await.status, 200);
    }
    w.settle().await;
}

async fn a_problem_under_a_post(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let dispatcher = Staff::dispatcher(&w).await;
    for (i, door) in [Door::Instagram, Door::Facebook].into_iter().enumerate() {
        let author = Visitor::at(&w, door, 700 + i64::try_from(i).unwrap());
        let id = format!("1800{i}_55");
        writes(&w, door, &id, &author.chat(), NO_WATER, None).await;

        let public = w.meta.to(&format!("comment:{id}"));
        assert_eq!(public.len(), 1, "{door:?}: {public:#?}");
        let said = &public[0].text;
        assert!(said.contains("қабылдап"), "{door:?}: {said}");
        let personal = ["Айгүл", "701", "Абай", "№"].iter().any(|p| said.contains(p)) || said.chars().filter(char::is_ascii_digit).count() > 3;
        assert!(!personal, "{door:?}: said to everybody: {said}");
        let private = w.meta.to(&format!("private:{id}"));
        assert_eq!(private.len(), 1, "{door:?}: {private:#?}");
        let number = number_in(&private[0].text);
        let seen = dispatcher.sees(&number).await;
        for (field, value) in [("status", "queued"), ("service", "water"), ("district", "taraz"), ("channel", door.name())] {
            assert_eq!(seen[field], value, "{door:?} {field}");
        }

        // A comment of our own under it comes back to us, as all comments do: no request, no answer to ourselves.
        let own = if door == Door::Instagram { INSTAGRAM_ID } else { PAGE_ID };
        writes(&w, door, &format!("1900{i}_1"), own, said, Some(&id)).await;
        assert_eq!(w.meta.to(&format!("comment:1900{i}_1")).len(), 0, "{door:?}: we answered ourselves");

        // What the author then writes to us belongs to it, and so does what the author adds below.
        author.says("Екінші қабатта да су жоқ").await;
        assert!(author.reads_text().contains(&number), "{door:?}");
        writes(&w, door, &format!("2000{i}_1"), &author.chat(), "Абай 12, 3-кіреберіс", Some(&id)).await;
        let thread = dispatcher.sees(&number).await["thread"].to_string();
        assert!(thread.contains("Екінші қабатта") && thread.contains("3-кіреберіс"), "{door:?}: {thread}");
        assert_eq!(w.count("SELECT COUNT(*) FROM request").await, i64::try_from(i).unwrap() + 1, "{door:?}");

        // What happens to the request is told to its author only.
        let before = w.meta.to(&format!("comment:{id}")).len();
        for (act, body) in [("assign", json!({"crew": "water_taraz_1"})), ("start", json!({})), ("resolve", json!({}))] {
            dispatcher.does(&number, act, body).await.expect(200);
        }
        w.settle().await;
        assert!(author.reads_text().contains(&number), "{door:?}");
        assert_eq!(w.meta.to(&format!("comment:{id}")).len(), before, "{door:?}: one answer in public, not more");
    }
    w.finish().await;
}

async fn what_states_nothing(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    for (i, text) in ["👍👍👍", "Рахмет сіздерге, үлкен рахмет!", "Сәлеметсіздер ме", "Спасибо большое за работу!", "@aigul"].into_iter().enumerate()
    {
        for door in [Door::Instagram, Door::Facebook] {
            writes(&w, door, &format!("3{i}_7"), &format!("55{i}"), text, None).await;
        }
    }
    assert_eq!(w.meta.attempts(), 0, "somebody who asked nothing was answered: {:#?}", w.meta.posted());
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 0);
    assert_eq!(w.count("SELECT COUNT(*) FROM conversation").await, 0);
    assert_eq!(w.count("SELECT COUNT(*) FROM social_comment").await, 10);
    // A danger is answered at once, with what to do first.
    writes(&w, Door::Instagram, "gas_1", "77", "Абай 5 үйде газ иісі шығып тұр!", None).await;
    let public = w.meta.to("comment:gas_1");
    assert!(public.len() == 1 && public[0].text.contains("104"), "{public:#?}");
    assert_eq!(w.meta.to("private:gas_1").len(), 1);
    w.finish().await;
}

async fn the_list_of_a_period(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let manager = Staff::hire(&w, "manager", jambyl109::domain::access::Role::Manager, &[], None).await;
    let stranger = Staff::hire(&w, "crew", jambyl109::domain::access::Role::Crew, &[], Some("water_taraz_1")).await;
    stranger.api.get("/staff/reports/social").await.refused(403, "forbidden");

    writes(&w, Door::Instagram, "a1", "501", "Тараз, Төле би 5: су жоқ", None).await;
    writes(&w, Door::Facebook, "b1", "502", "Тараз, Төле би 6: жарық жоқ", None).await;
    writes(&w, Door::Facebook, "b2", "503", "Рахмет!", None).await;
    // Nobody can be reached there: neither answer is taken, so the comment has none.
    w.meta.fail_chat("comment:c1", MetaFail::Rejected);
    w.meta.fail_chat("private:c1", MetaFail::Unreachable);
    writes(&w, Door::Facebook, "c1", "504", "Шу қаласында жарық жоқ", None).await;
    // A period ends before the moment that it names.
    w.minutes(1).await;

    let report = |query: &str| {
        let path = format!("/staff/reports/social{query}");
        let api = manager.api.clone();
        async move { api.get(&path).await.expect(200) }
    };
    let all = report("").await;
    let page = |r: &Value, channel: &str| r["pages"].as_array().unwrap().iter().find(|p| p["channel"] == channel).cloned().unwrap_or_default();
    let (ig, fb) = (page(&all, "instagram"), page(&all, "facebook"));
    assert_eq!(
        (ig["comments"].as_i64(), ig["asking"].as_i64(), ig["answered"].as_i64(), ig["unanswered"].as_i64()),
        (Some(1), Some(1), Some(1), Some(0))
    );
    assert_eq!(
        (fb["comments"].as_i64(), fb["asking"].as_i64(), fb["answered"].as_i64(), fb["unanswered"].as_i64()),
        (Some(3), Some(2), Some(1), Some(1))
    );
    let open = report("?answered=false").await;
    let open: Vec<&str> = open["items"].as_array().unwrap().iter().filter_map(|i| i["comment"].as_str()).collect();
    assert_eq!(open, ["c1"]);
    let done = report("?answered=true&channel=instagram").await;
    assert_eq!((done["items"].as_array().unwrap().len(), done["items"][0]["answered"].as_bool()), (1, Some(true)));
    assert!(done["items"][0]["request"].is_string() && done["items"][0]["answered_at"].is_string());

    // A colleague answers it in Meta's own application: now it has an answer.
    writes(&w, Door::Facebook, "o1", PAGE_ID, "Сізбен хабарласамыз", Some("c1")).await;
    assert_eq!(report("?answered=false").await["items"].as_array().unwrap().len(), 0);
    // Page by page, and another period.
    let first = report("?limit=3").await;
    assert_eq!(first["items"].as_array().unwrap().len(), 3);
    let rest = report(&format!("?limit=3&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    assert!(rest["items"].as_array().unwrap().len() <= 2 && rest["next_cursor"].is_null());
    let past = report("?from=2026-11-01&to=2026-11-02").await;
    assert_eq!((past["items"].as_array().unwrap().len(), past["pages"].as_array().unwrap().len()), (0, 0));
    for bad in ["?from=x", "?channel=fax", "?answered=perhaps", "?cursor=!", "?from=2026-11-03&to=2026-11-02"] {
        assert!(matches!(manager.api.get(&format!("/staff/reports/social{bad}")).await.status, 400 | 422), "{bad}");
    }
    w.leave().await;
}

async fn a_comment_is_taken_away(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let author = Visitor::at(&w, Door::Facebook, 900);
    writes(&w, Door::Facebook, "x_1", &author.chat(), NO_WATER, None).await;
    let number = number_in(&w.meta.to("private:x_1")[0].text);
    assert!(dispatcher.sees(&number).await["thread"].to_string().contains("555"));
    let value = json!({"item": "comment", "verb": "remove", "comment_id": "x_1", "post_id": format!("{PAGE_ID}_77"), "from": {"id": author.chat(), "name": "Айгүл"},
        "created_time": w.now().timestamp()});
    let body = json!({"object": "page", "entry": [{"id": PAGE_ID, "time": w.now().timestamp(), "changes": [{"field": "feed", "value": value}]}]});
    assert_eq!(bring(w.api(), &body).await.status, 200);
    w.settle().await;
    let seen = dispatcher.sees(&number).await;
    assert!(!seen["thread"].to_string().contains("555"), "{}", seen["thread"]);
    assert_eq!(seen["status"], "queued", "the matter itself is not taken back");
    assert_eq!(w.count("SELECT COUNT(*) FROM social_comment WHERE removed_at IS NOT NULL").await, 1);
    w.finish().await;
}

async fn an_author_leaves(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let author = Visitor::at(&w, Door::Instagram, 950);
    writes(&w, Door::Instagram, "y_1", &author.chat(), NO_WATER, None).await;
    writes(&w, Door::Instagram, "y_2", &author.chat(), "Осы жақта тұратын Серікова едім ғой баяғы", None).await;
    let number = number_in(&w.meta.to("private:y_1")[0].text);
    let id = w.stored(&number).await.request.resident.unwrap();
    jambyl109::dispatch::erase::resident(w.core(), id).await.unwrap();
    assert_eq!(w.count("SELECT COUNT(*) FROM social_comment WHERE author IS NOT NULL").await, 0);
    assert_eq!(w.count("SELECT COUNT(*) FROM message WHERE text LIKE '%Серікова%' OR text LIKE '%555%'").await, 0);
    w.finish().await;
}
