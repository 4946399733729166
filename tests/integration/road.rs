//! A crew on the road: its page with and without a script, acts that are sent twice, late and after the job went to others.

use crate::harness::parts::jpeg;
use crate::harness::wire::Phone;
use crate::harness::{Answer, Browser, Kit, PASSWORD, Staff, World, csrf_of, leads, stories, text};
use jambyl109::domain::access::Role;
use serde_json::{Value, json};

stories! {
    the_page_without_a_script,
    a_press_that_comes_twice_has_one_effect,
    what_was_pressed_without_a_network_comes_late,
    a_job_that_went_to_others_keeps_what_was_seen,
    what_cannot_be_taken_is_told,
    the_number_to_call_is_audited,
    a_visit_is_light,
    signing_out_leaves_nothing,
}

const WORDS: &str = "г. Тараз, ул. Абая 12, кв. 5: с утра нет воды";

async fn given(dispatcher: &Staff, words: &str, crew: &str) -> String {
    let body = json!({"text": words, "service": "water", "class": "incident", "district": "taraz", "address": "ул. Абая, 12, кв. 5", "phone": "+77017654321"});
    let number = text(&dispatcher.api.post("/staff/requests", &body).await.expect(201), "number");
    if !crew.is_empty() {
        dispatcher.does(&number, "assign", json!({"crew": crew})).await.expect(200);
    }
    number
}

/// A signed-in telephone of a crew, with its form token.
async fn phone_of(w: &World, login: &str, crew: &str) -> (Browser, String) {
    Staff::hire(w, login, Role::Crew, &[], Some(crew)).await;
    let b = Browser::new(w);
    leads(&b.signs_in(login, PASSWORD).await);
    let csrf = csrf_of(&b.get("/console/jobs").await.text);
    (b, csrf)
}

/// As the page's queue sends it.
async fn press(b: &Browser, csrf: &str, number: &str, act: &str, key: &str, more: &[(&str, &str)], photo: Option<&[u8]>) -> Answer {
    let mut fields = vec![("csrf", csrf), ("key", key)];
    fields.extend_from_slice(more);
    b.send_parts(&format!("/console/jobs/{number}/acts/{act}"), &fields, photo, true).await
}

#[track_caller]
fn ended(a: &Answer, status: u16, how: &str) -> String {
    assert_eq!((a.status, a.json()["ended"].as_str()), (status, Some(how)), "{}", a.text);
    let said = a.json()["text"].as_str().unwrap_or_default().to_owned();
    assert!(!said.is_empty() && !said.contains("road.") && !said.contains('{') && !said.contains('@'), "{said}");
    said
}

async fn kinds(w: &World, number: &str, kind: &str) -> usize {
    w.history(number).await.iter().filter(|k| *k == kind).count()
}

async fn the_page_without_a_script(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let (b, _) = phone_of(&w, "c1", "water_taraz_1").await;
    assert!(b.get("/console/jobs").await.text.contains("class=\"empty\""), "no jobs are said to be none");
    let later = given(&dispatcher, WORDS, "water_taraz_1").await;
    let first = given(&dispatcher, "Подвал затопило, вода хлещет, ул. Абая 14", "water_taraz_1").await;
    dispatcher.does(&first, "reclassify", json!({"hazard": "flooding"})).await.expect(200);
    let free = given(&dispatcher, "нет воды второй день", "").await;

    let page = b.get("/console/jobs").await;
    let at = |what: &str| page.text.find(&format!("id=\"j{what}\"")).unwrap_or_else(|| panic!("{what} is not on the page"));
    assert!(at(&first) < at(&later) && at(&later) < at(&free), "danger first, free work last");
    assert!(page.text.contains("ул. Абая, 12, кв. 5") && page.text.contains("href=\"geo:0,0?q=%") && page.text.contains("https://2gis.kz/search/%"));
    assert!(!page.text.contains("7654321"), "a number nobody asked for");
    // What is the same is not sent again, and is not a look.
    let looks = w.count("SELECT COUNT(*) FROM access_log WHERE what = 'job'").await;
    let tag = page.headers["etag"].to_str().unwrap().to_owned();
    let phone = Phone::new(&w, b.cookies());
    let again = phone.call("GET", "/console/jobs", &format!("if-none-match: {tag}\r\n"), b"").await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'job'").await, looks);

    // The whole way by plain forms.
    let copy = page.text.split("name=\"key\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let send =
        async |number: &str, act: &str| leads(&b.fill("/console/jobs", &format!("/console/jobs/{number}/acts/{act}"), &[("key", &copy)]).await);
    let told = send(&free, "accept").await;
    assert!(b.get(&told).await.text.contains("class=\"notice good\""), "{told}");
    assert_eq!(w.history(&free).await.last().unwrap(), "assigned");
    send(&later, "start").await;
    send(&later, "arrive").await;
    assert!(b.get("/console/jobs").await.text.contains(&later));
    let csrf = csrf_of(&b.get("/console/jobs").await.text);
    let fields = [("csrf", csrf.as_str()), ("key", copy.as_str()), ("note", "заменили вентиль")];
    let path = format!("/console/jobs/{later}/acts/resolve");
    let told = leads(&b.send_parts(&path, &fields, Some(&jpeg(b"the new valve")), false).await);
    assert!(b.get(&told).await.text.contains("class=\"notice good\""));
    // Back, and pressed again on the same copy of the page: told again, done once.
    assert_eq!(leads(&b.send_parts(&path, &fields, Some(&jpeg(b"the new valve")), false).await), told);
    assert_eq!(kinds(&w, &later, "resolved").await, 1);
    let seen = dispatcher.sees(&later).await;
    assert_eq!(seen["attachments"].as_array().unwrap().len(), 1, "{seen}");
    assert!(seen["thread"].to_string().contains("заменили вентиль"));
    assert_eq!(w.count("SELECT COUNT(*) FROM attachment").await, 1);
    assert!(!b.get("/console/jobs").await.text.contains(&format!("id=\"j{later}\"")), "what is over is not shown");
    w.finish().await;
}

async fn a_press_that_comes_twice_has_one_effect(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let (b, csrf) = phone_of(&w, "c1", "water_taraz_1").await;
    let number = given(&dispatcher, WORDS, "water_taraz_1").await;
    let (one, two) = tokio::join!(press(&b, &csrf, &number, "start", "k1", &[], None), press(&b, &csrf, &number, "start", "k1", &[], None));
    assert_eq!(ended(&one, 200, "done"), ended(&two, 200, "done"));
    assert_eq!(kinds(&w, &number, "started").await, 1);
    // Another press of the same button is another press: it stands so already.
    let said = ended(&press(&b, &csrf, &number, "start", "k2", &[], None).await, 200, "already");
    assert!(said.contains(&number));
    let photo = jpeg(b"the hole");
    let send = || press(&b, &csrf, &number, "resolve", "k3", &[("note", "закрыли")], Some(&photo));
    let (one, two, three) = tokio::join!(send(), send(), send());
    for a in [one, two, three, send().await] {
        ended(&a, 200, "done");
    }
    assert_eq!((kinds(&w, &number, "resolved").await, kinds(&w, &number, "attachment_added").await), (1, 1));
    let seen = dispatcher.sees(&number).await;
    assert_eq!(seen["thread"].to_string().matches("закрыли").count(), 1);
    assert_eq!(w.count("SELECT COUNT(*) FROM attachment").await, 1, "photos of later sendings lie about");
    // Keys of one member say nothing about another's, and days later the answer is the same.
    w.minutes(9 * 24 * 60).await;
    w.server.housekeeper.tick().await.unwrap();
    leads(&b.signs_in("c1", PASSWORD).await);
    let csrf = csrf_of(&b.get("/console/jobs").await.text);
    ended(&press(&b, &csrf, &number, "resolve", "k3", &[("note", "закрыли")], Some(&photo)).await, 200, "done");
    assert_eq!(kinds(&w, &number, "resolved").await, 1);
    w.finish().await;
}

async fn what_was_pressed_without_a_network_comes_late(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let (b, csrf) = phone_of(&w, "c1", "water_taraz_1").await;
    let number = given(&dispatcher, WORDS, "water_taraz_1").await;
    // An hour in a cellar: three presses at once, in their order. Meanwhile the version has moved on: a crew states none.
    dispatcher.api.post(&format!("/staff/requests/{number}/note"), &json!({"text": "житель звонил"})).await.expect(200);
    ended(&press(&b, &csrf, &number, "start", "a", &[("ago", "3600")], None).await, 200, "done");
    ended(&press(&b, &csrf, &number, "arrive", "b", &[("ago", "2400")], None).await, 200, "done");
    ended(&press(&b, &csrf, &number, "resolve", "c", &[("ago", "600"), ("note", "стояк перекрыт")], None).await, 200, "done");
    let thread: Vec<String> =
        dispatcher.sees(&number).await["thread"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap_or("").to_owned()).collect();
    // Nine in the morning, less the time without a network.
    for (at, words) in [("23.11 08:00", ""), ("23.11 08:20", ""), ("23.11 08:50", "стояк перекрыт\n")] {
        assert!(thread.iter().any(|t| t.starts_with(words) && t.contains(at)), "{at} is not told: {thread:?}");
    }
    // A clock that claims years, a key that is none, an act that is no crew's.
    let other = given(&dispatcher, WORDS, "water_taraz_1").await;
    ended(&press(&b, &csrf, &other, "start", "d", &[("ago", "99999999999")], None).await, 200, "done");
    assert_eq!(dispatcher.sees(&other).await["thread"].as_array().unwrap().len(), 1);
    for (act, key, status) in
        [("arrive", "", 400), ("arrive", "a b", 400), ("close", "e", 404), ("reply", "f", 404), ("arrive", &"x".repeat(65), 400)]
    {
        assert_eq!(press(&b, &csrf, &other, act, key, &[], None).await.status, status, "{act} {key}");
    }
    // Cannot now: a reason of the list, or none of it.
    ended(&press(&b, &csrf, &other, "hold", "g", &[("why", "access"), ("note", "подвал закрыт")], None).await, 200, "done");
    assert!(dispatcher.sees(&other).await["thread"].to_string().contains("подвал закрыт"));
    assert_eq!(press(&b, &csrf, &other, "hold", "h", &[("why", "tired")], None).await.status, 422);
    w.finish().await;
}

async fn a_job_that_went_to_others_keeps_what_was_seen(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let (b, csrf) = phone_of(&w, "c1", "water_taraz_1").await;
    let (other, others) = phone_of(&w, "c2", "water_taraz_2").await;
    let number = given(&dispatcher, WORDS, "water_taraz_1").await;
    let photo = jpeg(b"the cellar");
    // A stranger's words and photos are not taken, and nothing of them stays.
    assert_eq!(press(&other, &others, &number, "resolve", "s", &[("note", "чужое")], Some(&photo)).await.status, 404);
    assert_eq!(w.count("SELECT COUNT(*) FROM attachment").await, 0);
    dispatcher.does(&number, "assign", json!({"crew": "water_taraz_2"})).await.expect(200);
    let said = ended(&press(&b, &csrf, &number, "resolve", "k", &[("note", "трубу видели")], Some(&photo)).await, 409, "lost");
    assert!(said.contains(&number) && !said.contains("трубу"), "{said}");
    assert_eq!(ended(&press(&b, &csrf, &number, "resolve", "k", &[("note", "трубу видели")], Some(&photo)).await, 409, "lost"), said);
    ended(&press(&b, &csrf, &number, "start", "k0", &[], None).await, 409, "lost");
    let seen = dispatcher.sees(&number).await;
    assert_eq!((seen["status"].as_str(), seen["attachments"].as_array().unwrap().len()), (Some("assigned"), 1));
    assert_eq!(seen["thread"].to_string().matches("трубу видели").count(), 1);
    // A colleague at a desk was faster: it is so already, and the words are kept.
    let version = seen["version"].clone();
    dispatcher.does_on(&number, "start", json!({}), &version).await.expect(200);
    ended(&press(&other, &others, &number, "start", "k1", &[], None).await, 200, "already");
    dispatcher.does(&number, "resolve", json!({"note": "по телефону"})).await.expect(200);
    ended(&press(&other, &others, &number, "resolve", "k2", &[("note", "и мы тоже")], None).await, 200, "already");
    assert!(dispatcher.sees(&number).await["thread"].to_string().contains("и мы тоже"));
    assert_eq!(kinds(&w, &number, "resolved").await, 1);
    ended(&press(&other, &others, &number, "hold", "k3", &[("why", "access"), ("note", "не войти")], None).await, 409, "not_now");
    assert!(dispatcher.sees(&number).await["thread"].to_string().contains("не войти"));
    // Two crews reach for one free request.
    let free = given(&dispatcher, "нет воды", "").await;
    ended(&press(&b, &csrf, &free, "accept", "k4", &[], None).await, 200, "done");
    ended(&press(&other, &others, &free, "accept", "k4", &[], None).await, 409, "lost");
    assert_eq!(kinds(&w, &free, "assigned").await, 1);
    w.finish().await;
}

async fn what_cannot_be_taken_is_told(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let (b, csrf) = phone_of(&w, "c1", "water_taraz_1").await;
    let number = given(&dispatcher, WORDS, "water_taraz_1").await;
    for photo in [&b"<svg onload=alert(1)>"[..], b"GIF89a", b"\xff\xd8\xff"] {
        let a = press(&b, &csrf, &number, "resolve", "k", &[("note", "x")], Some(photo)).await;
        ended(&a, 415, "refused");
    }
    let long = "x".repeat(4001);
    ended(&press(&b, &csrf, &number, "resolve", "k", &[("note", &long)], None).await, 413, "refused");
    let huge = "x".repeat(40_000);
    ended(&press(&b, &csrf, &number, "resolve", "k", &[("note", &huge)], None).await, 413, "refused");
    // Nothing of it was kept, and the key is free: without the photo it goes through.
    assert_eq!(w.count("SELECT COUNT(*) FROM attachment").await, 0);
    ended(&press(&b, &csrf, &number, "resolve", "k", &[("note", "x")], None).await, 200, "done");
    // No form of ours, no session, no crew.
    for wrong in ["", "0"] {
        assert_eq!(press(&b, wrong, &number, "start", "z", &[], None).await.status, 403);
    }
    let nobody = Browser::new(&w);
    assert_eq!(leads(&press(&nobody, &csrf, &number, "start", "z", &[], None).await), "/console", "a queue sees that it has to sign in");
    let desk = Browser::new(&w);
    leads(&desk.signs_in("dispatcher", PASSWORD).await);
    let token = csrf_of(&desk.get("/console/account").await.text);
    assert_eq!(press(&desk, &token, &number, "start", "z", &[], None).await.status, 403);
    w.finish().await;
}

async fn the_number_to_call_is_audited(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let (b, csrf) = phone_of(&w, "c1", "water_taraz_1").await;
    let (other, others) = phone_of(&w, "c2", "water_taraz_2").await;
    let number = given(&dispatcher, WORDS, "water_taraz_1").await;
    let path = format!("/console/jobs/{number}/phone");
    let noted = async || w.count("SELECT COUNT(*) FROM access_log WHERE what = 'personal' AND reason IS NOT NULL").await;
    let page = b.send(&path, &[("csrf", &csrf)]).await;
    assert!(page.status == 200 && page.text.contains("href=\"tel:+77017654321\""), "{}", page.status);
    assert_eq!(noted().await, 1);
    let a = b.send_with(&path, &[("csrf", &csrf)], &[("accept", "application/json")]).await;
    assert_eq!(a.json(), json!({"tel": "+77017654321"}));
    assert_eq!(noted().await, 2);
    assert!(!b.get("/console/jobs").await.text.contains("7654321"), "the number stays on the page");
    assert_eq!(leads(&b.get(&path).await), "/console/jobs", "a reload");
    assert_eq!(other.send_with(&path, &[("csrf", &others)], &[("accept", "application/json")]).await.status, 404);
    assert_eq!(b.send(&path, &[("csrf", "0")]).await.status, 403);
    // From the public form the number stands in the words.
    let fields = [("text", "г. Тараз: нет воды"), ("phone", "8 701 111 22 33"), ("address", ""), ("district", "taraz"), ("website", "")];
    let at = leads(&Browser::new(&w).send("/?lang=ru", &fields).await);
    let form = crate::harness::number_in(&at);
    dispatcher.does(&form, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    let a = b.send_with(&format!("/console/jobs/{form}/phone"), &[("csrf", &csrf)], &[("accept", "application/json")]).await;
    assert_eq!(a.json()["tel"], "+77011112233");
    // When the job is over, so is the reason to call.
    dispatcher.does(&number, "resolve", json!({})).await.expect(200);
    let a = b.send_with(&path, &[("csrf", &csrf)], &[("accept", "application/json")]).await;
    assert_eq!((a.status, a.json()["tel"].as_str()), (404, None));
    w.finish().await;
}

async fn a_visit_is_light(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let (b, csrf) = phone_of(&w, "c1", "water_taraz_1").await;
    let mut numbers = Vec::new();
    for n in 0..10 {
        numbers.push(
            given(
                &dispatcher,
                &format!("г. Тараз, ул. Төле би {n}, кв. {n}: второй день нет воды, в доме дети и старики, просим приехать"),
                "water_taraz_1",
            )
            .await,
        );
    }
    let mut phone = Phone::new(&w, b.cookies());
    let (page, first, loaded) = phone.visit("/console/jobs").await;
    assert_eq!((page.status, page.headers["content-encoding"].as_str()), (200, "gzip"));
    assert!(numbers.iter().all(|n| page.text.contains(n)));
    let worker = phone.call("GET", "/console/jobs/worker.js", "", b"").await;
    assert_eq!((worker.status, worker.headers["service-worker-allowed"].as_str()), (200, "/console/jobs"));
    // The worker keeps what the page has loaded, by the same links: the browser's own store answers it.
    for link in &loaded {
        assert!(worker.text.contains(link.as_str()), "{link} is not there without a network");
    }
    let first = first + worker.bytes;
    let (_, then, again) = phone.visit("/console/jobs").await;
    assert!(again.is_empty(), "{again:?}");
    let check = phone.call("GET", "/console/jobs/worker.js", &format!("if-none-match: {}\r\n", worker.headers["etag"]), b"").await;
    assert_eq!(check.status, 304);
    let form = format!("csrf={csrf}&key=w1");
    let act = phone
        .call(
            "POST",
            &format!("/console/jobs/{}/acts/start", numbers[0]),
            "content-type: application/x-www-form-urlencoded\r\naccept: application/json\r\n",
            form.as_bytes(),
        )
        .await;
    assert_eq!(act.status, 200, "{}", act.text);
    let same = phone
        .call("GET", "/console/jobs", &format!("if-none-match: {}\r\n", phone.call("GET", "/console/jobs", "", b"").await.headers["etag"]), b"")
        .await;
    eprintln!(
        "a crew with ten jobs: first visit {first} bytes, after that {then} + {} (worker), one act {}, a look at an unchanged list {}",
        check.bytes, act.bytes, same.bytes
    );
    // A new worker takes the list once more, to have it without a network.
    assert!(first + then < 60_000, "{first} + {then} bytes at first");
    assert!(then + check.bytes < 10_000, "{then} bytes after that");
    assert!(same.status == 304 && same.bytes < 2_000, "{} bytes for nothing new", same.bytes);
    w.finish().await;
}

async fn signing_out_leaves_nothing(kit: Kit) {
    let w = kit.world().await;
    Staff::dispatcher(&w).await;
    let (b, csrf) = phone_of(&w, "c1", "water_taraz_1").await;
    let page = b.get("/console/jobs").await;
    assert!(page.text.contains("action=\"/console/sign-out\" data-unsent=\"") && page.headers["cache-control"] == "no-store");
    let a = b.send("/console/sign-out", &[("csrf", &csrf)]).await;
    assert_eq!((leads(&a).as_str(), a.headers["clear-site-data"].to_str().unwrap()), ("/console", "\"storage\""));
    let desk = Browser::new(&w);
    leads(&desk.signs_in("dispatcher", PASSWORD).await);
    let csrf = csrf_of(&desk.get("/console/board").await.text);
    let a = desk.send("/console/sign-out", &[("csrf", &csrf)]).await;
    assert!(a.headers.get("clear-site-data").is_none(), "a desk keeps its settings");
    let worker: Value = Value::String(Browser::new(&w).get("/console/jobs/worker.js").await.text);
    assert!(worker.as_str().unwrap().contains("const SHELL = [\"/console/assets/site.css?v="));
    w.finish().await;
}
