//! Who may open which door. The matrix stands here by hand: the table of routes is what is tested, not what is believed.

use crate::harness::{AppResident, CrewMember, Kit, Staff, World, stories, text};
use jambyl109::dispatch::accounts;
use jambyl109::domain::access::Role;
use jambyl109::store::staff;
use jambyl109::web::api::ROUTES;
use reqwest::Method;
use serde_json::json;

stories! { every_door_and_every_role, a_crew_sees_its_own_jobs, a_dispatcher_sees_own_queues, cookies_and_tokens_are_not_exchanged, sessions_end, views_of_people_are_noted }

const EVERYBODY: &str = "dcma";

/// Path below `/api/v1/staff`, and the roles that pass: d, c, m, a.
const STAFF: [(&str, &str); 63] = [
    ("POST logout", EVERYBODY),
    ("GET me", EVERYBODY),
    ("POST link-code", EVERYBODY),
    ("GET queues", "dma"),
    ("GET queues/{code}/requests", "dma"),
    ("POST requests", "da"),
    ("GET requests/{number}", EVERYBODY),
    ("GET requests/{number}/attachments/{id}", EVERYBODY),
    ("POST requests/{number}/accept", "dca"),
    ("POST requests/{number}/assign", "da"),
    ("POST requests/{number}/start", "dca"),
    ("POST requests/{number}/arrive", "dca"),
    ("POST requests/{number}/hold", "dca"),
    ("POST requests/{number}/resume", "dca"),
    ("POST requests/{number}/resolve", "dca"),
    ("POST requests/{number}/close", "da"),
    ("POST requests/{number}/reopen", "da"),
    ("POST requests/{number}/refuse", "da"),
    ("POST requests/{number}/transfer", "da"),
    ("POST requests/{number}/reject", "da"),
    ("POST requests/{number}/reclassify", "da"),
    ("POST requests/{number}/reply", "da"),
    ("POST requests/{number}/note", EVERYBODY),
    ("POST requests/{number}/merge", "da"),
    ("POST requests/{number}/decline-pause", "da"),
    ("POST requests/{number}/flag", "da"),
    ("GET requests/{number}/ledger", EVERYBODY),
    ("GET sla/preview", "dma"),
    ("GET notices", EVERYBODY),
    ("POST notices/{id}/seen", EVERYBODY),
    ("GET books", "dma"),
    ("POST books", "a"),
    ("POST books/preview", "a"),
    ("POST books/import", "a"),
    ("GET books/{number}", "dma"),
    ("GET books/{number}/moves", "a"),
    ("POST books/{number}/apply", "a"),
    ("GET duties", "a"),
    ("POST duties", "a"),
    ("DELETE duties/{id}", "a"),
    ("GET crews", "dma"),
    ("GET crews/{code}/jobs", EVERYBODY),
    ("GET outbox", "a"),
    ("POST outbox/{id}/resend", "a"),
    ("GET inbox", "a"),
    ("GET reports/summary", "dma"),
    ("GET reports/calls", "dma"),
    ("GET calls", "dma"),
    ("GET calls/{id}", "dma"),
    ("GET calls/{id}/recording", "ma"),
    ("POST calls/{id}/join", "da"),
    ("POST calls/{id}/part", "da"),
    ("POST calls/{id}/consultation", "da"),
    ("GET callbacks", "dma"),
    ("POST callbacks/{id}/take", "da"),
    ("POST callbacks/{id}/outcome", "da"),
    ("GET drafts", EVERYBODY),
    ("GET drafts/{name}", EVERYBODY),
    ("PUT drafts/{name}", EVERYBODY),
    ("DELETE drafts/{name}", EVERYBODY),
    ("GET events", EVERYBODY),
    ("POST login", "open"),
    ("GET no-such-door", "none"),
];

async fn fresh(who: &Staff) -> String {
    let body = json!({"text": "с утра нет воды", "service": "water", "class": "incident", "district": "taraz", "phone": "+77017654321"});
    text(&who.api.post("/staff/requests", &body).await.expect(201), "number")
}

async fn every_door_and_every_role(kit: Kit) {
    let w = kit.world().await;
    let members = [
        ('d', Staff::dispatcher(&w).await),
        ('c', Staff::hire(&w, "c", Role::Crew, &[], Some("water_taraz_1")).await),
        ('m', Staff::hire(&w, "m", Role::Manager, &[], None).await),
        ('a', Staff::admin(&w).await),
    ];
    let resident = AppResident::sign_in(&w, "+77010000003", "kk").await;
    let number = fresh(&members[0].1).await;
    members[0].1.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);

    let known: Vec<String> = ROUTES.iter().filter_map(|r| r.path.strip_prefix("/staff/").map(|p| format!("{} {p}", r.method))).collect();
    for door in &known {
        assert!(STAFF.iter().any(|(d, _)| d == door), "a door that nobody thought of: {door}");
    }
    for (door, allowed) in STAFF {
        let (method, path) = door.split_once(' ').unwrap();
        let path = path
            .replace("{number}", &number)
            .replace("{id}", "77")
            .replace("{code}", if path.starts_with("crews") { "water_taraz_1" } else { "water_taraz" });
        let method: Method = method.parse().unwrap();
        let call = |api: &crate::harness::Api| {
            let r = api.call(method.clone(), &format!("/api/v1/staff/{path}"));
            // A body that no act accepts: nothing is changed, whoever passes.
            crate::harness::Api::send(if method == Method::POST { r.json(&json!({"no_such_field": 1})) } else { r })
        };
        if allowed == "none" {
            assert_eq!(call(&members[3].1.api).await.status, 404);
            continue;
        }
        if allowed == "open" {
            assert_eq!(call(w.api()).await.status, 400);
            continue;
        }
        assert!(known.contains(&door.to_owned()), "{door} is gone");
        for (who, api) in [("nobody", w.api().clone()), ("a resident", resident.api.clone()), ("a forged token", w.api().with(&"0".repeat(64)))] {
            let a = call(&api).await;
            assert_eq!(a.status, 401, "{door} for {who}: {}", a.text);
            a.expect(401);
        }
        // Logging out and drawing codes have an end of their own.
        if door.starts_with("POST logout") {
            continue;
        }
        for (role, member) in &members {
            let a = call(&member.api).await;
            if allowed.contains(*role) {
                assert!(a.status < 500 && a.status != 401 && a.status != 403, "{door} for {role}: {}", a.text);
            } else {
                a.refused(403, "forbidden");
            }
        }
    }
    // Doors of residents are shut to staff.
    for route in ROUTES.iter().filter(|r| !r.path.starts_with("/staff") && !r.path.starts_with("/auth") && r.path != "/catalog") {
        let path = route.path.replace("{number}", &number);
        for api in [w.api(), &members[3].1.api] {
            let r = api.call(route.method.parse().unwrap(), &format!("/api/v1{path}"));
            let a = crate::harness::Api::send(if route.method == "POST" { r.json(&json!({})) } else { r }).await;
            assert_eq!(a.status, 401, "{} {path}: {}", route.method, a.text);
        }
    }
    assert_eq!(w.history(&number).await, ["registered", "queued", "assigned"]);
    w.finish().await;
}

async fn a_crew_sees_its_own_jobs(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let CrewMember { staff: mine, chat } = CrewMember::hire(&w, "water_taraz_1", 9004).await;
    let other = Staff::hire(&w, "c2", Role::Crew, &[], Some("water_taraz_2")).await;
    let number = fresh(&dispatcher).await;
    mine.api.get(&format!("/staff/requests/{number}")).await.refused(404, "not_found");
    dispatcher.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    assert_eq!(mine.sees(&number).await["thread"][0]["text"], "с утра нет воды");
    other.api.get(&format!("/staff/requests/{number}")).await.refused(404, "not_found");
    let version = dispatcher.sees(&number).await["version"].clone();
    other.does_on(&number, "start", json!({}), &version).await.refused(404, "not_found");
    other.api.post(&format!("/staff/requests/{number}/note"), &json!({"text": "x"})).await.refused(404, "not_found");
    other.api.get("/staff/crews/water_taraz_1/jobs").await.refused(404, "not_found");
    assert_eq!(other.api.get("/staff/crews/water_taraz_2/jobs").await.expect(200)["items"].as_array().unwrap().len(), 0);
    assert_eq!(mine.api.get("/staff/crews/water_taraz_1/jobs").await.expect(200)["items"].as_array().unwrap().len(), 1);
    mine.does(&number, "start", json!({})).await.expect(200);
    w.settle().await;
    chat.reads();
    // Taken away: it is seen no more, and its buttons do nothing.
    dispatcher.does(&number, "transfer", json!({"queue": "sewerage_taraz"})).await.expect(200);
    chat.presses("cg:").await;
    assert!(chat.reads_one().text.contains("енді сізде емес"));
    mine.api.get(&format!("/staff/requests/{number}")).await.refused(404, "not_found");
    w.finish().await;
}

async fn a_dispatcher_sees_own_queues(kit: Kit) {
    let w = kit.world().await;
    let all = Staff::dispatcher(&w).await;
    let narrow = Staff::hire(&w, "narrow", Role::Dispatcher, &["electricity", "heating_taraz"], None).await;
    let number = fresh(&all).await;
    narrow.api.get(&format!("/staff/requests/{number}")).await.refused(404, "not_found");
    narrow.api.get("/staff/queues/water_taraz/requests").await.refused(404, "not_found");
    narrow.api.get("/staff/queues/no_such/requests").await.refused(404, "not_found");
    let queues = narrow.api.get("/staff/queues").await.expect(200);
    let codes: Vec<&str> = queues["items"].as_array().unwrap().iter().map(|q| q["code"].as_str().unwrap()).collect();
    assert_eq!(codes.len(), 2, "{codes:?}");
    let version = all.sees(&number).await["version"].clone();
    narrow.does_on(&number, "accept", json!({}), &version).await.refused(404, "not_found");
    w.finish().await;
}

async fn session_of(w: &World, login: &str) -> String {
    accounts::sign_in(w.core(), login, crate::harness::PASSWORD, "127.0.0.1", true).await.unwrap().token
}

async fn page(w: &World, path: &str, cookie: Option<&str>, bearer: Option<&str>) -> u16 {
    let mut r = w.api().call(Method::GET, path);
    if let Some(c) = cookie {
        r = r.header("cookie", format!("{}={c}", jambyl109::web::auth::SESSION_COOKIE));
    }
    if let Some(b) = bearer {
        r = r.bearer_auth(b);
    }
    crate::harness::Api::send(r).await.status
}

async fn cookies_and_tokens_are_not_exchanged(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let bearer = admin.api.token.clone().unwrap();
    let session = session_of(&w, "admin").await;
    assert_eq!(page(&w, "/api/v1/staff/me", None, Some(&bearer)).await, 200);
    for (cookie, token) in [(Some(session.as_str()), None), (None, Some(session.as_str())), (Some(bearer.as_str()), None)] {
        assert_eq!(page(&w, "/api/v1/staff/me", cookie, token).await, 401);
    }
    assert_eq!(page(&w, "/console/queues", Some(&session), None).await, 200);
    for (cookie, token) in [(None, None), (Some(bearer.as_str()), None), (None, Some(bearer.as_str())), (None, Some(session.as_str()))] {
        let status = page(&w, "/console/queues", cookie, token).await;
        assert!([302, 303, 401].contains(&status), "{status}");
    }
    w.finish().await;
}

async fn sessions_end(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let who = Staff::hire(&w, "gone", Role::Dispatcher, &[], None).await;
    for wrong in ["wrong password!", "", "a long password for tests "] {
        w.api().post("/staff/login", &json!({"login": "gone", "password": wrong})).await.refused(401, "bad_login");
    }
    w.api().post("/staff/login", &json!({"login": "nobody", "password": "wrong password!"})).await.refused(401, "bad_login");
    // A wrong guess too many: even the right word has to wait.
    for _ in 0..5 {
        w.api().post("/staff/login", &json!({"login": "gone", "password": "wrong password!"})).await;
    }
    w.api().post("/staff/login", &json!({"login": "gone", "password": crate::harness::PASSWORD})).await.refused(429, "rate_limited");
    w.minutes(31).await;
    w.api().post("/staff/login", &json!({"login": "gone", "password": crate::harness::PASSWORD})).await.expect(200);

    let second = w.api().post("/staff/login", &json!({"login": "gone", "password": crate::harness::PASSWORD})).await.expect(200);
    let second = w.api().with(&text(&second, "token"));
    second.post("/staff/logout", &json!({})).await.expect(204);
    second.get("/staff/me").await.refused(401, "unauthorized");
    who.api.get("/staff/me").await.expect(200);
    assert!(staff::set_disabled(w.core().db.write(), "gone", true).await.unwrap());
    who.api.get("/staff/me").await.refused(401, "unauthorized");
    w.api().post("/staff/login", &json!({"login": "gone", "password": crate::harness::PASSWORD})).await.refused(401, "bad_login");
    w.minutes(31 * 24 * 60).await;
    admin.api.get("/staff/me").await.refused(401, "unauthorized");
    w.finish().await;
}

async fn views_of_people_are_noted(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let number = fresh(&dispatcher).await;
    let masked = dispatcher.sees(&number).await;
    assert!(!masked.to_string().contains("7654321"), "{}", masked["resident"]);
    dispatcher.api.get(&format!("/staff/requests/{number}?personal=true")).await.refused(422, "unprocessable");
    let before = w.count("SELECT COUNT(*) FROM access_log WHERE what = 'personal'").await;
    let whole = dispatcher.api.get(&format!("/staff/requests/{number}?personal=true&reason=callback")).await.expect(200);
    assert_eq!(whole["resident"]["phone"], "+77017654321");
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'personal' AND reason = 'callback'").await, before + 1);
    // A list shows neither phone nor whole words.
    let list = dispatcher.api.get("/staff/queues/water_taraz/requests").await;
    assert!(!list.text.contains("7654321"), "{}", list.text);
    w.finish().await;
}
