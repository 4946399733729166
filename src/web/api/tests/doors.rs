//! Who comes in where, and what a resident can do.

use super::house::{house, knock};
use crate::domain::RequestNumber;
use crate::domain::access::Role;
use crate::web::api::ROUTES;
use crate::web::api::access::Access;
use serde_json::{Value, json};

/// A path of the table with something in its holes that does not exist.
fn filled(path: &str) -> String {
    let number = RequestNumber::compose(2026, 1).to_string();
    path.replace("{number}", &number).replace("{code}", "nothing").replace("{id}", "1").replace("{login}", "nothing").replace("{what}", "nothing")
}

#[actix_web::test]
async fn the_table_decides_who_comes_in() {
    let house = house().await;
    let service = house.service().await;
    let mut tokens = Vec::new();
    for role in Role::ALL {
        let crew = (*role == Role::Crew).then_some("water_taraz_1");
        tokens.push((*role, house.account(role.as_str(), *role, &[], crew).await));
    }
    for r in ROUTES.iter().filter(|r| r.access != Access::Open) {
        let path = filled(r.path);
        for token in [None, Some("0000"), Some("")] {
            let a = knock(&service, r.method, &path, token, None, None).await;
            assert_eq!(a.status, 401, "{} {path}", r.method);
            assert_eq!(a.body["code"], "unauthorized");
            assert!(a.kind.starts_with("application/problem+json"));
        }
        for (role, token) in tokens.iter().filter(|_| r.path != "/staff/logout") {
            let a = knock(&service, r.method, &path, Some(token), None, None).await;
            let want_in = r.access.roles(&house.core.book.roles).contains(role);
            match r.access {
                Access::Resident => assert_eq!(a.status, 401, "{} {path} let {role} in", r.method),
                _ if want_in => assert!(a.status != 401 && a.status != 403, "{} {path} kept {role} out: {}", r.method, a.status),
                _ => assert_eq!(a.status, 403, "{} {path} let {role} in", r.method),
            }
        }
    }
}

#[actix_web::test]
async fn a_resident_reports_looks_and_is_forgotten() {
    let house = house().await;
    let service = house.service().await;
    let me = house.resident(&service, "+77012345678").await;
    let other = house.resident(&service, "+77012345679").await;
    let told = json!({"text": "Абай көшесі 12, су жоқ", "service": "water", "district": "taraz", "class": "incident"});

    let first = knock(&service, "POST", "/requests", Some(&me), Some(told.clone()), Some("k-1")).await;
    assert_eq!(first.status, 201, "{}", first.body);
    assert!(!first.replayed);
    let again = knock(&service, "POST", "/requests", Some(&me), Some(told.clone()), Some("k-1")).await;
    assert_eq!((again.status.as_u16(), again.replayed, &again.body), (201, true, &first.body));
    let mismatch = knock(&service, "POST", "/requests", Some(&me), Some(json!({"text": "other"})), Some("k-1")).await;
    assert_eq!(mismatch.body["code"], "idempotency_mismatch");
    // Keys of one resident say nothing about another's.
    assert!(!knock(&service, "POST", "/requests", Some(&other), Some(told.clone()), Some("k-1")).await.replayed);

    assert_eq!(first.body["queue"], "water_taraz");
    assert_eq!(first.body["status"], "queued");
    assert!(first.body["accept_due"].as_str().unwrap().ends_with("+05:00"));
    for inner in ["crew", "version", "priority", "text"] {
        assert!(first.body.get(inner).is_none(), "{inner}");
    }
    let number = first.body["number"].as_str().unwrap();
    let spaced = number.replace('-', "%20");
    let mut shown = first.body.clone();
    for only_told_once in ["linked", "safety"] {
        assert!(shown.as_object_mut().unwrap().remove(only_told_once).is_some());
    }
    assert_eq!(knock(&service, "GET", &format!("/requests/{spaced}"), Some(&me), None, None).await.body, shown);
    assert_eq!(knock(&service, "GET", &format!("/requests/{number}"), Some(&other), None, None).await.status, 404);
    assert_eq!(knock(&service, "GET", "/requests/12345", Some(&me), None, None).await.body["code"], "bad_number");

    let confirm = knock(&service, "POST", &format!("/requests/{number}/confirm"), Some(&me), None, None).await;
    assert_eq!((confirm.status.as_u16(), &confirm.body["code"]), (409, &json!("not_now")));
    assert_eq!(confirm.body["request"]["number"], json!(number));
    assert!(confirm.body["request"].get("version").is_none());
    let said = knock(&service, "POST", &format!("/requests/{number}/messages"), Some(&me), Some(json!({"text": "әлі жоқ"})), None).await;
    assert_eq!(said.status, 200);

    for _ in 0..2 {
        knock(&service, "POST", "/requests", Some(&me), Some(told.clone()), None).await;
    }
    let mut seen = Vec::new();
    let mut path = "/requests?limit=2".to_owned();
    loop {
        let page = knock(&service, "GET", &path, Some(&me), None, None).await.body;
        seen.extend(page["items"].as_array().unwrap().iter().map(|i| i["number"].as_str().unwrap().to_owned()));
        match &page["next_cursor"] {
            Value::String(c) => path = format!("/requests?limit=2&cursor={c}"),
            _ => break,
        }
    }
    assert_eq!(seen.len(), 3);
    assert_eq!(seen.last().map(String::as_str), Some(number));

    assert_eq!(knock(&service, "DELETE", "/me", Some(&me), None, None).await.status, 204);
    assert_eq!(knock(&service, "GET", "/requests", Some(&me), None, None).await.status, 401);
}

#[actix_web::test]
async fn what_cannot_be_read_is_told_by_code() {
    let house = house().await;
    let service = house.service().await;
    let me = house.resident(&service, "+77012345678").await;
    for (body, code) in [
        (json!({}), "bad_request"),
        (json!({"text": "  "}), "empty_text"),
        (json!({"text": "x", "colour": "red"}), "bad_request"),
        (json!({"text": 5}), "bad_request"),
        (json!({"text": "x", "lat": 42.9}), "unprocessable"),
        (json!({"text": "x", "lat": 142.9, "lon": 71.4}), "unprocessable"),
        (json!({"text": "x", "class": "riddle"}), "unprocessable"),
        (json!({"text": "x", "service": "nothing"}), "unprocessable"),
        (json!({"text": "x", "language": "en"}), "unprocessable"),
        (json!({"text": "x".repeat(4001)}), "too_large"),
        (json!({"text": "су\0жоқ"}), "unprocessable"),
        (json!([]), "bad_request"),
    ] {
        let a = knock(&service, "POST", "/requests", Some(&me), Some(body.clone()), None).await;
        assert_eq!(a.body["code"], code, "{body}");
        assert_eq!(a.body["type"], format!("/api/docs#error-{code}"));
    }
    let a = knock(&service, "POST", "/requests", Some(&me), Some(json!({"text": "x"})), Some("two words")).await;
    assert_eq!(a.body["code"], "bad_request");
    let a = knock(&service, "POST", "/auth/otp", None, Some(json!({"phone": "109"})), None).await;
    assert_eq!((a.status.as_u16(), &a.body["code"]), (400, &json!("bad_phone")));
    assert_eq!(knock(&service, "GET", "/no-such-door", Some(&me), None, None).await.body["code"], "not_found");
}
