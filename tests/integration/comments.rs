//! What people write under posts: a problem becomes a request with one answer in public and one in private, the rest is only listed.

use crate::harness::meta::{self, INSTAGRAM_ID, PAGE_ID, bring};
use crate::harness::{Door, Kit, MetaFail, Options, Staff, Visitor, World, number_in, stories};
use serde_json::{Value, json};

stories! {
    a_problem_under_a_post, what_states_nothing, the_list_of_a_period, a_comment_is_taken_away, an_author_leaves, a_mention_elsewhere,
    a_mention_that_cannot_be_read, a_changed_comment_is_taken_away,
}

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

/// Somebody names us under a post of another account.
async fn names_us(w: &World, media: &str, comment: Option<&str>) {
    let mut value = json!({"media_id": media});
    if let Some(c) = comment {
        value["comment_id"] = json!(c);
    }
    let entry = json!({"id": INSTAGRAM_ID, "time": w.now().timestamp(), "changes": [{"field": "mentions", "value": value}]});
    for _ in 0..2 {
        assert_eq!(bring(w.api(), &json!({"object": "instagram", "entry": [entry]})).await.status, 200);
    }
    w.settle().await;
}

async fn a_mention_elsewhere(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let dispatcher = Staff::dispatcher(&w).await;
    w.meta.put_file("pit.jpg", b"a hole in the road", "image/jpeg");
    let at = "2026-11-23T03:50:00+0000";
    w.meta.put_mention("180500", Ok(json!({"id": "180500", "text": "jambyl109 Тараз қаласы, Абай көшесі 12: таңнан бері су жоқ", "timestamp": at})));
    let caption = json!({"id": "179600", "caption": "jambyl109, в городе Тараз на улице Толе би 5 огромная яма на дороге", "media_type": "IMAGE",
        "media_url": w.meta.file_url("pit.jpg"), "timestamp": at, "username": "taraz_life"});
    w.meta.put_mention("179600", Ok(caption));
    names_us(&w, "179500", Some("180500")).await;
    names_us(&w, "179600", None).await;
    assert_eq!(w.meta.asked(), 2, "each is asked about once, however often it is told");
    let numbers: Vec<String> = w.query("SELECT number FROM request ORDER BY service").await.into_iter().map(|r| r[0].clone()).collect();
    assert_eq!(numbers.len(), 2);
    let seen: Vec<Value> = vec![dispatcher.sees(&numbers[0]).await, dispatcher.sees(&numbers[1]).await];
    assert_eq!((seen[0]["service"].as_str(), seen[1]["service"].as_str()), (Some("roads"), Some("water")), "{seen:#?}");
    assert_eq!(seen[0]["attachments"][0]["status"], "stored");
    assert_eq!(seen[1]["reported_at"], "2026-11-23T08:50:00+05:00");
    // One courteous answer where it was said; nobody can be answered in private there, and nothing of the matter is ever said in public.
    for (place, number) in [("mention:179500_180500", &numbers[1]), ("mention:179600", &numbers[0])] {
        let said = w.meta.to(place);
        assert_eq!(said.len(), 1, "{place}: {said:#?}");
        assert!(!said[0].text.contains(number.as_str()) && !said[0].text.contains('№'), "{place}: {}", said[0].text);
        dispatcher.does(number, "reply", json!({"text": "Бригада приедет завтра."})).await.expect(200);
    }
    w.settle().await;
    assert_eq!(w.meta.posted().len(), 2, "{:#?}", w.meta.posted());
    assert_eq!(seen[0]["reach"]["plan"], "nowhere");
    w.finish().await;
}

async fn a_mention_that_cannot_be_read(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let manager = Staff::hire(&w, "manager", jambyl109::domain::access::Role::Manager, &[], None).await;
    // The provider stumbles: it is asked again, and others are not held up.
    w.meta.put_mention("180700", Err(true));
    names_us(&w, "179700", Some("180700")).await;
    let r = Visitor::at(&w, Door::Instagram, 970);
    r.says(NO_WATER).await;
    number_in(&r.reads_text());
    w.meta.put_mention("180700", Ok(json!({"id": "180700", "text": "Тараз, Төле би 7: жарық жоқ", "timestamp": "2026-11-23T03:50:00+0000"})));
    w.minutes(1).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 2);
    // It tells nothing: a person looks at it.
    names_us(&w, "179800", Some("180800")).await;
    // It stumbles on: nor is that lost.
    w.meta.put_mention("180900", Err(true));
    names_us(&w, "179900", Some("180900")).await;
    for _ in 0..12 {
        w.minutes(31).await;
    }
    let report = manager.api.get("/staff/reports/social?from=2026-11-01&answered=false").await.expect(200);
    let open: Vec<(&str, &str)> =
        report["items"].as_array().unwrap().iter().map(|i| (i["post"].as_str().unwrap(), i["need"].as_str().unwrap())).collect();
    assert!(open.contains(&("179800", "unclear")) && open.contains(&("179900", "unclear")), "{open:?}");
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event WHERE status <> 'done'").await, 0);
    w.finish().await;
}

async fn a_changed_comment_is_taken_away(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let author = Visitor::at(&w, Door::Facebook, 980);
    writes(&w, Door::Facebook, "z_1", &author.chat(), NO_WATER, None).await;
    let number = number_in(&w.meta.to("private:z_1")[0].text);
    let tell = async |verb: &str, text: &str| {
        let value = json!({"item": "comment", "verb": verb, "comment_id": "z_1", "post_id": format!("{PAGE_ID}_77"), "message": text,
            "from": {"id": author.chat(), "name": "Айгүл"}, "created_time": w.now().timestamp()});
        let body = json!({"object": "page", "entry": [{"id": PAGE_ID, "time": w.now().timestamp(), "changes": [{"field": "feed", "value": value}]}]});
        assert_eq!(bring(w.api(), &body).await.status, 200);
        w.settle().await;
    };
    tell("edited", "Абай көшесі 12: су жоқ, ЖСН 850101300124").await;
    tell("edited", "Абай көшесі 12: су мүлде жоқ, пәтер 45").await;
    let thread = dispatcher.sees(&number).await["thread"].to_string();
    assert!(thread.contains("850101300124") && thread.contains("пәтер 45") && thread.contains("555"), "{thread}");
    tell("remove", "").await;
    let thread = dispatcher.sees(&number).await["thread"].to_string();
    for word in ["850101300124", "пәтер 45", "555"] {
        assert!(!thread.contains(word), "{word} is still shown: {thread}");
    }
    w.finish().await;
}
