//! What programs and people of one district may, and where it is looked up afterwards.

use super::account;
use crate::harness::{Answer, Api, Browser, Kit, PASSWORD, Staff, World, stories, text};
use jambyl109::dispatch::staff_accounts::{self, NewStaff};
use jambyl109::domain::DistrictCode;
use jambyl109::domain::access::Role;
use jambyl109::web::auth::SESSION_COOKIE;
use reqwest::Method;
use serde_json::json;

stories! { programs_get_what_their_scopes_say, districts_bound_what_is_seen, the_audit_answers }

async fn programs_get_what_their_scopes_say(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let number = {
        let body = json!({"text": "с утра нет воды", "service": "water", "class": "incident", "district": "taraz"});
        text(&dispatcher.api.post("/staff/requests", &body).await.expect(201), "number")
    };
    let wanted = |scopes: &[&str]| json!({"login": "dispatcher", "label": "гео-портал", "scopes": scopes, "days": 30});
    for (body, status) in [
        (wanted(&[]), 422),
        (wanted(&["manage_staff"]), 422),
        (wanted(&["manage_books"]), 422),
        (wanted(&["fly"]), 422),
        (json!({"login": "dispatcher", "label": " ", "scopes": ["read_queue"], "days": 30}), 422),
        (json!({"login": "dispatcher", "label": "x", "scopes": ["read_queue"], "days": 9999}), 422),
        (json!({"login": "nobody", "label": "x", "scopes": ["read_queue"], "days": 1}), 404),
    ] {
        admin.api.post("/staff/tokens", &body).await.expect(status);
    }
    dispatcher.api.post("/staff/tokens", &wanted(&["read_queue"])).await.refused(403, "forbidden");
    let made = admin.api.post("/staff/tokens", &wanted(&["read_queue", "act:note"])).await.expect(201);
    let token = text(&made, "token");
    assert!(token.starts_with("j109_"));
    assert_eq!(w.count("SELECT COUNT(*) FROM staff_session WHERE kind = 'integration'").await, 1);
    let program = w.api().with(&token);
    program.get("/staff/queues/water_taraz/requests").await.expect(200);
    program.post(&format!("/staff/requests/{number}/note"), &json!({"text": "из портала"})).await.expect(200);
    for (method, path) in [
        (Method::GET, format!("/staff/requests/{number}")),
        (Method::POST, format!("/staff/requests/{number}/reply")),
        (Method::GET, "/staff/calls".into()),
        (Method::GET, "/staff/people".into()),
        (Method::GET, "/staff/sessions".into()),
        (Method::POST, "/staff/password".into()),
        (Method::POST, "/staff/link-code".into()),
    ] {
        let a = Api::send(program.call(method, &format!("/api/v1{path}")).json(&json!({}))).await;
        assert_eq!(a.status, 403, "{path}: {}", a.text);
    }
    assert_eq!(page_with_cookie(&w, &token).await, 303, "a program's token opened the console");
    w.minutes(2).await;
    program.get("/staff/queues/water_taraz/requests").await.expect(200);
    let listed = admin.api.get("/staff/tokens").await.expect(200);
    assert!(!listed.to_string().contains(&token[5..]), "the token is told again");
    assert!(listed["items"][0]["used_at"].is_string() && listed["items"][0]["scopes"] == json!(["act:note", "read_queue"]), "{listed}");
    // The account loses rights, and the program with it.
    admin.api.put("/staff/people/dispatcher", &json!({"name": "x", "role": "auditor"})).await.expect(200);
    program.post(&format!("/staff/requests/{number}/note"), &json!({"text": "x"})).await.refused(403, "forbidden");
    program.get("/staff/queues/water_taraz/requests").await.expect(200);
    admin.api.delete(&format!("/staff/tokens/{}", text(&listed["items"][0], "id"))).await.expect(204);
    program.get("/staff/queues/water_taraz/requests").await.refused(401, "unauthorized");
    let short = text(&admin.api.post("/staff/tokens", &wanted(&["read_queue"])).await.expect(201), "token");
    w.minutes(31 * 24 * 60).await;
    w.api().with(&short).get("/staff/queues/water_taraz/requests").await.refused(401, "unauthorized");
    w.finish().await;
}

async fn districts_bound_what_is_seen(kit: Kit) {
    let w = kit.world().await;
    let all = Staff::dispatcher(&w).await;
    let here = NewStaff { districts: vec![DistrictCode::new("shu").unwrap()], ..account("shu", Role::Dispatcher) };
    staff_accounts::add_staff(w.core(), here).await.unwrap();
    let got = w.api().post("/staff/login", &json!({"login": "shu", "password": PASSWORD})).await.expect(200);
    let shu = w.api().with(&text(&got, "token"));
    let made = |district: &str| json!({"text": "нет света", "service": "electricity", "class": "incident", "district": district});
    let mine = text(&all.api.post("/staff/requests", &made("shu")).await.expect(201), "number");
    let foreign = text(&all.api.post("/staff/requests", &made("taraz")).await.expect(201), "number");
    shu.get(&format!("/staff/requests/{mine}")).await.expect(200);
    shu.get(&format!("/staff/requests/{foreign}")).await.refused(404, "not_found");
    shu.post(&format!("/staff/requests/{foreign}/note"), &json!({"text": "x"})).await.refused(404, "not_found");
    let list = shu.get("/staff/queues/electricity/requests").await.expect(200);
    let numbers: Vec<&str> = list["items"].as_array().unwrap().iter().map(|r| r["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, [mine.as_str()]);
    assert_eq!(all.queue("electricity").await.len(), 2);
    // In the console too.
    let b = Browser::new(&w);
    b.signs_in("shu", PASSWORD).await;
    let page = b.get("/console/queues/electricity").await.text;
    assert!(page.contains(&mine) && !page.contains(&foreign));
    assert_eq!(b.get(&format!("/console/requests/{foreign}")).await.status, 404);
    w.finish().await;
}

async fn the_audit_answers(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let body = json!({"text": "с утра нет воды", "service": "water", "class": "incident", "district": "taraz", "phone": "+77017654321"});
    let number = text(&dispatcher.api.post("/staff/requests", &body).await.expect(201), "number");
    w.minutes(60).await;
    dispatcher.api.post(&format!("/staff/requests/{number}/personal"), &json!({"reason": "=cmd callback"})).await.expect(200);
    dispatcher.api.post(&format!("/staff/requests/{number}/note"), &json!({"text": "позвонили"})).await.expect(200);
    admin.api.get(&format!("/staff/requests/{number}")).await.expect(200);
    let ask = |query: &str| {
        let path = format!("/staff/audit?{query}");
        let api = admin.api.clone();
        async move { api.get(&path).await }
    };
    let whats =
        |a: &Answer| -> Vec<String> { a.json()["items"].as_array().unwrap().iter().map(|l| l["what"].as_str().unwrap().to_owned()).collect() };
    let about = ask(&format!("object={number}")).await;
    assert_eq!(whats(&about), ["view", "act:note", "personal", "taken_down"]);
    let seen = &about.json()["items"][2];
    assert_eq!((&seen["login"], &seen["object"], &seen["reason"]), (&json!("dispatcher"), &json!(number), &json!("=cmd callback")));
    let hers = whats(&ask("person=Dispatcher").await);
    assert_eq!(hers, ["act:note", "personal", "taken_down", "sign_in"]);
    let later = ask(&format!("person=dispatcher&from={}", w.core().wall().format("%Y-%m-%dT%H:%M:%SZ"))).await;
    assert_eq!(whats(&later), ["act:note", "personal"]);
    // Page by page nothing is lost and nothing comes twice.
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let a = ask(&format!("person=dispatcher&limit=1&cursor={cursor}")).await;
        pages.extend(whats(&a));
        match a.json()["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(pages, hers);
    for bad in ["person=nobody", "object=26-0000-0000", "object=whatever", "from=yesterday", "cursor=zz", "format=xml", "limit=0"] {
        let a = ask(bad).await;
        assert!([400, 422].contains(&a.status), "{bad}: {}", a.status);
    }
    let file = ask(&format!("object={number}&format=csv")).await;
    assert_eq!(file.status, 200);
    assert!(file.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    assert!(file.text.contains("\"'=cmd callback\"") && !file.text.contains(",\"=cmd"), "{}", file.text);
    assert!(!file.text.contains("7654321"));
    assert_eq!(whats(&ask("person=admin&limit=1").await), ["audit_export"]);
    // A dispatcher does not read it; on the page it is told in words.
    dispatcher.api.get("/staff/audit").await.refused(403, "forbidden");
    let b = Browser::new(&w);
    b.signs_in("admin", PASSWORD).await;
    let page = b.get(&format!("/console/audit?object={number}")).await;
    assert!(page.status == 200 && page.text.contains("=cmd callback") && page.text.contains("Жеке деректерді ашты"), "{}", page.text);
    assert_eq!(b.get("/console/audit?person=nobody").await.status, 422);
    assert_eq!(b.get("/console/audit?format=csv").await.headers["content-type"], "text/csv; charset=utf-8");
    w.finish().await;
}

async fn page_with_cookie(w: &World, token: &str) -> u16 {
    let b = Browser::new(w);
    b.set_cookie(SESSION_COOKIE, token);
    b.get("/console/account").await.status
}
