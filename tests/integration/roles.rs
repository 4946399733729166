//! Who may open which door. The matrix stands here by hand: the table of routes is what is tested, not what is believed.

use crate::harness::{AppResident, CrewMember, Kit, Staff, World, stories, text};
use jambyl109::dispatch::{accounts, secrets};
use jambyl109::domain::access::Role;
use jambyl109::store::staff;
use jambyl109::web::api::ROUTES;
use jambyl109::web::console;
use reqwest::Method;
use serde_json::json;

stories! { every_door_and_every_role, every_page_and_every_role, a_crew_sees_its_own_jobs, a_dispatcher_sees_own_queues, cookies_and_tokens_are_not_exchanged, sessions_end, views_of_people_are_noted, everybody_lands_where_their_work_is }

/// Dispatcher, senior dispatcher, operator, crew, manager, administrator, auditor.
const LETTERS: [(char, Role); 7] = [
    ('d', Role::Dispatcher),
    ('s', Role::SeniorDispatcher),
    ('o', Role::Operator),
    ('c', Role::Crew),
    ('m', Role::Manager),
    ('a', Role::Admin),
    ('u', Role::Auditor),
];

const EVERYBODY: &str = "dsocmau";

/// Path below `/api/v1/staff`, and the roles that pass.
const STAFF: &[(&str, &str)] = &[
    ("POST logout", EVERYBODY),
    ("GET me", EVERYBODY),
    ("POST link-code", EVERYBODY),
    ("GET queues", "dsomau"),
    ("GET queues/{code}/requests", "dsomau"),
    ("POST requests", "dsoa"),
    ("GET requests/{number}", "dsocmau"),
    ("POST requests/{number}/personal", "dsocma"),
    ("GET requests/{number}/attachments/{id}", "dsocma"),
    ("POST requests/{number}/accept", "dsca"),
    ("POST requests/{number}/assign", "dsa"),
    ("POST requests/{number}/start", "dsca"),
    ("POST requests/{number}/arrive", "dsca"),
    ("POST requests/{number}/hold", "dsca"),
    ("POST requests/{number}/resume", "dsca"),
    ("POST requests/{number}/resolve", "dsca"),
    ("POST requests/{number}/close", "dsa"),
    ("POST requests/{number}/reopen", "dsa"),
    ("POST requests/{number}/refuse", "dsa"),
    ("POST requests/{number}/transfer", "dsa"),
    ("POST requests/{number}/reject", "dsa"),
    ("POST requests/{number}/reclassify", "dsa"),
    ("POST requests/{number}/reply", "dsoa"),
    ("POST requests/{number}/note", "dsocma"),
    ("POST requests/{number}/merge", "dsa"),
    ("POST requests/{number}/decline-pause", "dsa"),
    ("POST requests/{number}/flag", "dsoa"),
    ("GET requests/{number}/ledger", "dsocmau"),
    ("GET sla/preview", "dsomau"),
    ("GET notices", EVERYBODY),
    ("POST notices/{id}/seen", EVERYBODY),
    ("GET books", "dsomau"),
    ("POST books", "a"),
    ("POST books/preview", "a"),
    ("POST books/import", "a"),
    ("GET books/{number}", "dsomau"),
    ("GET books/{number}/moves", "a"),
    ("POST books/{number}/apply", "a"),
    ("GET duties", "a"),
    ("POST duties", "a"),
    ("DELETE duties/{id}", "a"),
    ("GET outages", "dsomau"),
    ("POST outages", "dsa"),
    ("POST outages/{id}/{act}", "dsa"),
    ("GET settings/{what}", "a"),
    ("GET settings/{what}/{code}", "a"),
    ("PUT settings/{what}/{code}", "a"),
    ("GET settings-history", "a"),
    ("POST settings-history/{number}/restore", "a"),
    ("GET crews", "dsma"),
    ("GET crews/{code}/jobs", "dscma"),
    ("GET outbox", "sa"),
    ("POST outbox/{id}/resend", "sa"),
    ("GET inbox", "sa"),
    ("GET reports/summary", "dsmau"),
    ("GET reports/calls", "dsmau"),
    ("GET reports/sla", "dsmau"),
    ("GET reports/queues", "dsmau"),
    ("GET reports/repeats", "dsmau"),
    ("GET calls", "dsomau"),
    ("GET calls/{id}", "dsomau"),
    ("GET calls/{id}/recording", "sma"),
    ("POST calls/{id}/join", "dsoa"),
    ("POST calls/{id}/part", "dsoa"),
    ("POST calls/{id}/consultation", "dsoa"),
    ("GET callbacks", "dsomau"),
    ("POST callbacks/{id}/take", "dsoa"),
    ("POST callbacks/{id}/outcome", "dsoa"),
    ("GET drafts", EVERYBODY),
    ("GET drafts/{name}", EVERYBODY),
    ("PUT drafts/{name}", EVERYBODY),
    ("DELETE drafts/{name}", EVERYBODY),
    ("GET events", EVERYBODY),
    ("POST password", EVERYBODY),
    ("GET sessions", EVERYBODY),
    ("DELETE sessions/{id}", EVERYBODY),
    ("GET people", "a"),
    ("POST people", "a"),
    ("GET people/{login}", "a"),
    ("PUT people/{login}", "a"),
    ("POST people/{login}/{what}", "a"),
    ("GET tokens", "a"),
    ("POST tokens", "a"),
    ("DELETE tokens/{id}", "a"),
    ("GET audit", "sau"),
    ("POST rights/find", "a"),
    ("GET rights/exports/{id}", "a"),
    ("POST rights/{id}/export", "a"),
    ("POST rights/{id}/erase", "a"),
    ("GET channels", "dsomau"),
    ("GET reports/social", "dsmau"),
    ("POST joins/{id}/undo", "dsa"),
    ("POST residents/{id}/release-phone", "dsa"),
    ("POST totp", "open"),
    ("POST login", "open"),
    ("GET no-such-door", "none"),
];

/// Pages below `/console`, and the roles that pass. `open`: anybody; `half`: whoever gave the right password.
const PAGES: &[(&str, &str)] = &[
    ("GET /assets/{file}", "open"),
    ("GET ", "open"),
    ("GET /", "open"),
    ("GET /sign-in", "open"),
    ("POST /sign-in", "open"),
    ("GET /lang/{lang}", "open"),
    ("GET /second-factor", "half"),
    ("POST /second-factor", "half"),
    ("GET /own-password", "half"),
    ("POST /own-password", "half"),
    ("POST /sign-out", "half"),
    ("GET /account/second-factor", "half"),
    ("POST /account/second-factor", "half"),
    ("GET /account", EVERYBODY),
    ("POST /account/language", EVERYBODY),
    ("GET /account/password", EVERYBODY),
    ("POST /account/password", EVERYBODY),
    ("POST /account/second-factor/codes", EVERYBODY),
    ("POST /account/second-factor/off", EVERYBODY),
    ("GET /account/second-factor/{rest}", EVERYBODY),
    ("POST /account/sessions/{id}/end", EVERYBODY),
    ("POST /account/sessions/end-others", EVERYBODY),
    ("GET /people", "a"),
    ("POST /people", "a"),
    ("GET /people/{login}", "a"),
    ("POST /people/{login}", "a"),
    ("GET /people/{login}/{what}", "a"),
    ("POST /people/{login}/{what}", "a"),
    ("GET /audit", "sau"),
    ("GET /admin/retention", "a"),
    ("GET /admin/rights", "a"),
    ("POST /admin/rights", "a"),
    ("GET /admin/rights/exports/{id}", "a"),
    ("POST /admin/rights/{id}/export", "a"),
    ("POST /admin/rights/{id}/erase", "a"),
    ("GET /admin/rights/{id}/{act}", "a"),
    ("GET /admin", "a"),
    ("POST /admin/resend", "a"),
    ("POST /admin/model", "a"),
    ("GET /admin/texts", "a"),
    ("GET /admin/texts/{code}", "a"),
    ("POST /admin/texts/{code}", "a"),
    ("GET /admin/routing", "a"),
    ("POST /admin/routing", "a"),
    ("GET /admin/templates", "a"),
    ("POST /admin/templates", "a"),
    ("GET /admin/policies", "a"),
    ("POST /admin/policies", "a"),
    ("GET /admin/ladders", "a"),
    ("POST /admin/ladders", "a"),
    ("GET /admin/calendars", "a"),
    ("POST /admin/calendars", "a"),
    ("GET /admin/duties", "a"),
    ("POST /admin/duties", "a"),
    ("GET /admin/readers", "a"),
    ("POST /admin/readers", "a"),
    ("GET /admin/readers/{id}", "a"),
    ("POST /admin/readers/{id}", "a"),
    ("GET /admin/history", "a"),
    ("POST /admin/history", "a"),
    ("GET /admin/export", "a"),
    ("GET /admin/{what}", "a"),
    ("GET /admin/{what}/{code}", "a"),
    ("POST /admin/{what}/{code}", "a"),
    ("GET /duty", "dsma"),
    ("POST /duty", "dsa"),
    ("GET /queues", "dsomau"),
    ("GET /queues/{code}", "dsomau"),
    ("GET /find", EVERYBODY),
    ("POST /find", EVERYBODY),
    ("GET /board", "dsomau"),
    ("GET /board/rows", "dsomau"),
    ("GET /views", "dsomau"),
    ("POST /views", "dsomau"),
    ("GET /bulk", "dsomau"),
    ("POST /bulk", "dsomau"),
    ("GET /calls", "dsomau"),
    ("GET /calls/{id}", "dsomau"),
    ("POST /calls/{id}/request", "dsoa"),
    ("POST /calls/{id}/draft", "dsoa"),
    ("POST /calls/{id}/{act}", "dsoa"),
    ("GET /calls/{id}/{act}", "dsomau"),
    ("GET /callbacks", "dsomau"),
    ("GET /callbacks/{id}", "dsoa"),
    ("POST /callbacks/{id}/take", "dsoa"),
    ("POST /callbacks/{id}/outcome", "dsoa"),
    ("GET /callbacks/{id}/{act}", "dsomau"),
    ("GET /outages", "dsomau"),
    ("POST /outages", "dsa"),
    ("POST /outages/{id}/{act}", "dsa"),
    ("GET /outages/{id}/{act}", "dsomau"),
    ("GET /map", "dsomau"),
    ("GET /wall", "dsmau"),
    ("GET /reports", "dsmau"),
    ("GET /reports/requests", "dsmau"),
    ("GET /reports/{name}", "dsmau"),
    ("GET /events", EVERYBODY),
    ("GET /alive", EVERYBODY),
    ("GET /new", "dsoa"),
    ("POST /new", "dsoa"),
    ("GET /requests/{number}", "dsocma"),
    ("POST /requests/{number}/personal", "dsocma"),
    ("POST /requests/{number}/undo", "dsocma"),
    ("POST /requests/{number}/presence", "dsocma"),
    ("POST /requests/{number}/acts/{act}", EVERYBODY),
    ("GET /requests/{number}/files/{id}", "dsocma"),
    ("GET /requests/{number}/letters/{id}", "dsocma"),
    ("GET /requests/{number}/ledger", EVERYBODY),
    ("GET /requests/{number}/{rest:.*}", EVERYBODY),
    ("GET /notices", EVERYBODY),
    ("POST /notices/{id}/seen", EVERYBODY),
    ("GET /notices/{id}/seen", EVERYBODY),
    ("GET /jobs", "dscma"),
    ("GET /jobs/worker.js", "open"),
    ("POST /jobs/{number}/phone", "dscma"),
    ("POST /jobs/{number}/acts/{act}", "dscma"),
    ("GET /jobs/{number}/{rest:.*}", EVERYBODY),
    ("POST /link-code", "dscma"),
    ("GET /link-code", EVERYBODY),
];

/// Fields of all forms together: a form without its token is refused before anything else is looked at.
const FIELDS: [(&str, &str); 22] = [
    ("login", "x"),
    ("password", "x"),
    ("code", "000000"),
    ("present", "x"),
    ("new", "x"),
    ("again", "x"),
    ("lang", "ru"),
    ("name", "x"),
    ("role", "crew"),
    ("reason", "x"),
    ("expected_version", "1"),
    ("version", "1"),
    ("text", "x"),
    ("q", "x"),
    ("query", ""),
    ("act", "accept"),
    ("kind", "accept"),
    ("number", "26-4817-0359"),
    ("outcome", "reached"),
    ("phone", ""),
    ("seq", "1"),
    ("id", "1"),
];

async fn fresh(who: &Staff) -> String {
    let body = json!({"text": "с утра нет воды", "service": "water", "class": "incident", "district": "taraz", "phone": "+77017654321"});
    text(&who.api.post("/staff/requests", &body).await.expect(201), "number")
}

async fn every_door_and_every_role(kit: Kit) {
    let w = kit.world().await;
    let mut members = Vec::new();
    for (letter, role) in LETTERS {
        let crew = (role == Role::Crew).then_some("water_taraz_1");
        members.push((letter, Staff::hire(&w, role.as_str(), role, &[], crew).await));
    }
    let of = |letter: char| &members.iter().find(|(l, _)| *l == letter).unwrap().1;
    let resident = AppResident::sign_in(&w, "+77010000003", "kk").await;
    let number = fresh(of('d')).await;
    of('d').does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);

    let known: Vec<String> = ROUTES.iter().filter_map(|r| r.path.strip_prefix("/staff/").map(|p| format!("{} {p}", r.method))).collect();
    for door in &known {
        assert!(STAFF.iter().any(|(d, _)| d == door), "a door that nobody thought of: {door}");
    }
    for &(door, allowed) in STAFF {
        let (method, path) = door.split_once(' ').unwrap();
        let path = path
            .replace("{number}", &number)
            .replace("{id}", "77")
            .replace("{login}", "nobody")
            .replace("{what}", "nothing")
            .replace("{code}", if path.starts_with("crews") { "water_taraz_1" } else { "water_taraz" });
        let method: Method = method.parse().unwrap();
        let call = |api: &crate::harness::Api| {
            let r = api.call(method.clone(), &format!("/api/v1/staff/{path}"));
            // A body that no act accepts: nothing is changed, whoever passes.
            crate::harness::Api::send(if method == Method::POST { r.json(&json!({"no_such_field": 1})) } else { r })
        };
        if allowed == "none" {
            assert_eq!(call(&of('a').api).await.status, 404);
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
    for route in ROUTES
        .iter()
        .filter(|r| !r.path.starts_with("/staff") && !r.path.starts_with("/auth") && !["/catalog", "/outages", "/articles"].contains(&r.path))
    {
        let path = route.path.replace("{number}", &number);
        for api in [w.api(), &of('a').api] {
            let r = api.call(route.method.parse().unwrap(), &format!("/api/v1{path}"));
            let a = crate::harness::Api::send(if route.method == "POST" { r.json(&json!({})) } else { r }).await;
            assert_eq!(a.status, 401, "{} {path}: {}", route.method, a.text);
        }
    }
    assert_eq!(w.history(&number).await, ["registered", "queued", "assigned"]);
    w.finish().await;
}

async fn every_page_and_every_role(kit: Kit) {
    let w = kit.world().await;
    let mut sessions = Vec::new();
    for (letter, role) in LETTERS {
        let crew = (role == Role::Crew).then_some("water_taraz_1");
        let member = Staff::hire(&w, role.as_str(), role, &[], crew).await;
        sessions.push((letter, session_of(&w, role.as_str()).await, member));
    }
    let number = fresh(&sessions[0].2).await;
    sessions[0].2.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    let known: Vec<String> = console::PAGES.iter().map(|p| format!("{} {}", p.method, p.path.strip_prefix("/console").unwrap())).collect();
    for page in &known {
        assert!(PAGES.iter().any(|(p, _)| p == page), "a page that nobody thought of: {page}");
    }
    let ask = async |method: &Method, path: &str, session: Option<&str>, csrf: &str| {
        let mut r = w.api().call(method.clone(), path);
        if let Some(s) = session {
            r = r.header("cookie", format!("{}={s}", jambyl109::web::auth::SESSION_COOKIE));
        }
        if *method == Method::POST {
            let mut fields = FIELDS.to_vec();
            fields.push(("csrf", csrf));
            r = r.form(&fields);
        }
        crate::harness::Api::send(r).await
    };
    let to_sign_in = |a: &crate::harness::Answer| a.status == 303 && a.headers["location"] == "/console";
    for &(page, allowed) in PAGES {
        assert!(known.contains(&page.to_owned()), "{page} is gone");
        let (method, path) = page.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        let mut path = format!("/console{path}");
        for (hole, with) in [
            ("{number}", number.as_str()),
            ("{id}", if path.contains("notices") { "77" } else { "0193a1c2-7d00-7000-8000-000000000001" }),
            ("{file}", "site.css"),
            ("{lang}", "ru"),
            ("{login}", "dispatcher"),
            ("{what}", "disable"),
            ("{code}", "water_taraz"),
            ("{act}", "join"),
            ("{rest:.*}", "rest"),
            ("{rest}", "rest"),
            ("{name}", "sla"),
        ] {
            path = path.replace(hole, with);
        }
        if allowed == "open" {
            assert!(!to_sign_in(&ask(&method, &path, None, "").await) || path.contains("/lang/"), "{page} is shut");
            continue;
        }
        for nobody in [None, Some("0"), Some(sessions[0].2.api.token.as_deref().unwrap())] {
            assert!(to_sign_in(&ask(&method, &path, nobody, "").await), "{page} let {nobody:?} in");
        }
        for (role, session, _) in &sessions {
            let passes = allowed == "half" || allowed.contains(*role);
            let csrf = secrets::sha256(&["csrf", session]);
            if method == Method::GET {
                let a = ask(&method, &path, Some(session), "").await;
                assert_eq!(a.status == 403, !passes, "{page} for {role}: {}", a.status);
                assert!(a.status < 500, "{page} for {role}: {}", a.text);
            } else if passes {
                // Whoever may come in still acts only by a form of ours.
                for wrong in ["", &"0".repeat(64)] {
                    assert_eq!(ask(&method, &path, Some(session), wrong).await.status, 403, "{page} for {role} without its token");
                }
            } else {
                assert_eq!(ask(&method, &path, Some(session), &csrf).await.status, 403, "{page} let {role} in");
            }
        }
    }
    // Nothing of all this has changed anything, and everybody is still signed in.
    assert_eq!(w.history(&number).await, ["registered", "queued", "assigned"]);
    for (role, session, _) in &sessions {
        assert_eq!(ask(&Method::GET, "/console/account", Some(session), "").await.status, 200, "{role}");
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM staff WHERE disabled = TRUE").await, 0);
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
    // An address line is no place for a reason.
    for refused in ["personal=true", "personal=true&reason=callback", "reason=callback"] {
        dispatcher.api.get(&format!("/staff/requests/{number}?{refused}")).await.refused(422, "unprocessable");
    }
    for (body, status) in [(json!({}), 400), (json!({"reason": "  "}), 422), (json!({"reason": "x".repeat(501)}), 422)] {
        dispatcher.api.post(&format!("/staff/requests/{number}/personal"), &body).await.expect(status);
    }
    let before = w.count("SELECT COUNT(*) FROM access_log WHERE what = 'personal'").await;
    let whole = dispatcher.api.post(&format!("/staff/requests/{number}/personal"), &json!({"reason": "callback"})).await.expect(200);
    assert_eq!(whole["resident"]["phone"], "+77017654321");
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'personal' AND reason = 'callback'").await, before + 1);
    // A list shows neither phone nor whole words.
    let list = dispatcher.api.get("/staff/queues/water_taraz/requests").await;
    assert!(!list.text.contains("7654321"), "{}", list.text);
    w.finish().await;
}

async fn everybody_lands_where_their_work_is(kit: Kit) {
    let w = kit.world().await;
    for (_, role) in LETTERS {
        let crew = (role == Role::Crew).then_some("water_taraz_1");
        Staff::hire(&w, role.as_str(), role, &[], crew).await;
        let session = session_of(&w, role.as_str()).await;
        let r = w.api().call(Method::GET, "/console").header("cookie", format!("{}={session}", jambyl109::web::auth::SESSION_COOKIE));
        let a = crate::harness::Api::send(r).await;
        let to = match role {
            Role::Crew => "/console/jobs",
            Role::Manager => "/console/wall",
            _ => "/console/queues",
        };
        assert_eq!((a.status, a.headers["location"].to_str().unwrap()), (303, to), "{role}");
        assert_eq!(page(&w, to, Some(&session), None).await, 200, "{role}");
    }
    w.finish().await;
}
