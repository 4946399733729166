//! A dispatcher's work through the API.

use super::house::{PASSWORD, house, knock};
use crate::domain::AttachmentId;
use crate::domain::access::Role;
use crate::domain::inbound::{MediaKind, MediaRef};
use crate::store::attachments::{self, NewAttachment};
use crate::store::{access_log, requests};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde_json::{Value, json};

#[actix_web::test]
async fn a_request_from_the_call_to_the_note() {
    let house = house().await;
    let service = house.service().await;
    let token = house.account("aigul", Role::Dispatcher, &["water_taraz"], None).await;
    let t = Some(token.as_str());
    let told = json!({"phone": "8 701 234 56 78", "text": "Нет воды, мой номер 8 701 234 56 78", "service": "water", "district": "taraz", "class": "incident"});
    let made = knock(&service, "POST", "/staff/requests", t, Some(told), None).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let number = made.body["number"].as_str().unwrap().to_owned();
    let at = |rest: &str| format!("/staff/requests/{number}{rest}");

    let queues = knock(&service, "GET", "/staff/queues", t, None, None).await.body;
    assert_eq!(queues["items"].as_array().unwrap().len(), 1);
    assert_eq!((&queues["items"][0]["code"], &queues["items"][0]["open"]), (&json!("water_taraz"), &json!(1)));

    let rows = knock(&service, "GET", "/staff/queues/water_taraz/requests?status=&overdue=false", t, None, None).await.body;
    assert_eq!(rows["items"][0]["number"], json!(number));
    let shown = rows.to_string();
    assert!(!shown.contains("701 234") && !shown.contains("7012345678") && shown.contains("Нет воды"), "{shown}");
    assert_eq!(knock(&service, "GET", "/staff/queues/electricity/requests", t, None, None).await.status, 404);
    assert_eq!(knock(&service, "GET", "/staff/queues/water_taraz/requests?status=lost", t, None, None).await.status, 422);
    assert_eq!(knock(&service, "GET", "/staff/queues/water_taraz/requests?cursor=00", t, None, None).await.status, 400);

    let v = made.body["version"].as_i64().unwrap();
    let bare = knock(&service, "POST", &at("/accept"), t, Some(json!({})), None).await;
    assert_eq!((bare.status.as_u16(), &bare.body["detail"]), (400, &json!("expected_version is needed")));
    let accepted = knock(&service, "POST", &at("/accept"), t, Some(json!({"expected_version": v})), None).await;
    assert_eq!((&accepted.body["status"], &accepted.body["accept_due"]), (&json!("assigned"), &Value::Null));
    let stale = knock(&service, "POST", &at("/start"), t, Some(json!({"expected_version": v})), None).await;
    assert_eq!((stale.status.as_u16(), &stale.body["code"]), (409, &json!("stale_version")));
    assert_eq!((&stale.body["request"]["version"], &stale.body["request"]["status"]), (&accepted.body["version"], &json!("assigned")));
    let crew = knock(&service, "POST", &at("/assign"), t, Some(json!({"expected_version": v + 1, "crew": "electricity_shu"})), None).await;
    assert_eq!((crew.status.as_u16(), &crew.body["code"]), (422, &json!("bad_crew")));
    assert_eq!(knock(&service, "POST", &at("/note"), t, Some(json!({"text": "позвонили"})), None).await.status, 200);

    let plain = knock(&service, "GET", &at(""), t, None, None).await.body;
    assert_eq!(plain["resident"]["phone"], "+7701 ••• •• 78");
    assert_eq!(plain["thread"].as_array().unwrap().len(), 2);
    assert_eq!(plain["thread"][1]["author_name"], "Тест");
    assert_eq!(plain["history"][0]["kind"], "registered");
    assert!(plain["clocks"].as_array().unwrap().iter().any(|c| c["stage"] == "accept" && c["state"] == "met"));
    for refused in ["?personal=true", "?personal=true&reason=call%20back", "?reason=x"] {
        assert_eq!(knock(&service, "GET", &at(refused), t, None, None).await.status, 422, "{refused}");
    }
    assert_eq!(knock(&service, "POST", &at("/personal"), t, Some(json!({"reason": " "})), None).await.status, 422);
    let whole = knock(&service, "POST", &at("/personal"), t, Some(json!({"reason": "call back"})), None).await.body;
    assert_eq!(whole["resident"]["phone"], "+77012345678");

    let parsed = crate::domain::RequestNumber::parse(&number).unwrap();
    let id = requests::by_number(house.core.db.read(), &parsed).await.unwrap().unwrap().request.id;
    let log = access_log::of_request(house.core.db.read(), id).await.unwrap();
    let log: Vec<_> = log.iter().map(|l| (l.what.as_str(), l.reason.as_deref())).collect();
    assert_eq!(
        log,
        [("taken_down", None), ("act:accept", None), ("act:note", None), ("view", None), ("personal", Some("call back"))],
        "what was refused is not in it"
    );

    // A colleague of another queue knows nothing of it.
    let elsewhere = house.account("berik", Role::Dispatcher, &["electricity"], None).await;
    for (method, rest, body) in [("GET", "", None), ("POST", "/accept", Some(json!({"expected_version": v}))), ("GET", "/attachments/1", None)] {
        assert_eq!(knock(&service, method, &at(rest), Some(&elsewhere), body, None).await.status, 404, "{rest}");
    }
    let report = knock(&service, "GET", "/staff/reports/summary", t, None, None).await.body;
    // Clocks too are told of the queues within reach, and of no others.
    let clocks = json!([{"stage": "accept", "states": {"met": 1}}, {"stage": "restore", "states": {"running": 1}}]);
    assert_eq!((&report["received"], &report["clocks"]), (&json!(1), &clocks));
    let report = knock(&service, "GET", "/staff/reports/summary", Some(&elsewhere), None, None).await.body;
    assert_eq!((&report["received"], &report["clocks"]), (&json!(0), &json!([])));
}

#[actix_web::test]
async fn files_are_shown_to_whom_they_concern_and_erased_with_the_resident() {
    let house = house().await;
    let service = house.service().await;
    let token = house.account("aigul", Role::Dispatcher, &[], None).await;
    let t = Some(token.as_str());
    let me = house.resident(&service, "+77012345678").await;
    let made = knock(&service, "POST", "/requests", Some(&me), Some(json!({"text": "Көшеде су ағып жатыр", "district": "taraz"})), None).await.body;
    let number = made["number"].as_str().unwrap().to_owned();
    let parsed = crate::domain::RequestNumber::parse(&number).unwrap();
    let db = &house.core.db;
    let request = requests::by_number(db.read(), &parsed).await.unwrap().unwrap().request.id;
    let id = AttachmentId::fresh();
    let row = NewAttachment {
        id,
        request: Some(request),
        conversation: None,
        channel: "telegram".into(),
        account: "main".into(),
        media: MediaRef { kind: MediaKind::Photo, file_id: "f".into(), mime: None, size: None },
        at: house.core.now(),
    };
    let mut bulk = crate::store::Bulk::on(db.write());
    attachments::insert(&mut bulk, &[row], house.core.wall()).unwrap();
    bulk.run(db.write()).await.unwrap();
    let path = format!("/staff/requests/{number}/attachments/{id}");
    assert_eq!(knock(&service, "GET", &path, t, None, None).await.status, 404, "it is not fetched yet");

    let place = Path::from("2026/11/photo");
    house.state.media.put(&place, b"{\"is\": \"a photo\"}".to_vec().into()).await.unwrap();
    attachments::stored(db.write(), id, place.as_ref(), "00", Some("image/jpeg"), 17).await.unwrap();
    let detail = knock(&service, "GET", &format!("/staff/requests/{number}"), t, None, None).await.body;
    assert_eq!(detail["attachments"][0]["url"], json!(format!("/api/v1{path}")));
    let file = knock(&service, "GET", &path, t, None, None).await;
    assert_eq!((file.status.as_u16(), file.kind.as_str(), &file.body), (200, "image/jpeg", &json!({"is": "a photo"})));
    let log = access_log::of_request(db.read(), request).await.unwrap();
    assert_eq!(log.last().map(|l| l.what.as_str()), Some("attachment"));
    let other = knock(&service, "POST", "/requests", Some(&me), Some(json!({"text": "басқа"})), None).await.body;
    let foreign = format!("/staff/requests/{}/attachments/{id}", other["number"].as_str().unwrap());
    assert_eq!(knock(&service, "GET", &foreign, t, None, None).await.status, 404);

    assert_eq!(knock(&service, "DELETE", "/me", Some(&me), None, None).await.status, 204);
    assert!(house.state.media.get(&place).await.is_err(), "the bytes are still there");
    assert_eq!(knock(&service, "GET", &path, t, None, None).await.status, 404);
    let detail = knock(&service, "GET", &format!("/staff/requests/{number}"), t, None, None).await.body;
    assert_eq!((&detail["thread"][0]["text"], &detail["thread"][0]["erased"]), (&Value::Null, &json!(true)));
    assert_eq!(detail["resident"]["phone"], Value::Null);
}

#[actix_web::test]
async fn signing_in_and_out() {
    let house = house().await;
    let service = house.service().await;
    house.account("admin", Role::Admin, &[], None).await;
    let ask = |login: &str, password: &str| Some(json!({"login": login, "password": password}));
    for (login, password) in [("admin", "wrong"), ("nobody", PASSWORD), ("admin", ""), (&"a".repeat(99), PASSWORD)] {
        let a = knock(&service, "POST", "/staff/login", None, ask(login, password), None).await;
        assert_eq!((a.status.as_u16(), &a.body["code"]), (401, &json!("bad_login")), "{login}");
    }
    let a = knock(&service, "POST", "/staff/login", None, ask("Admin ", PASSWORD), None).await;
    assert_eq!((a.status.as_u16(), &a.body["staff"]["role"]), (200, &json!("admin")));
    let token = a.body["token"].as_str().unwrap().to_owned();
    let t = Some(token.as_str());
    assert_eq!(knock(&service, "GET", "/staff/me", t, None, None).await.body["login"], "admin");
    assert_eq!(knock(&service, "POST", "/staff/link-code", t, None, None).await.body["code"].as_str().unwrap().len(), 10);
    for path in ["/staff/outbox", "/staff/outbox?status=sent", "/staff/inbox?status=unreadable"] {
        assert_eq!(knock(&service, "GET", path, t, None, None).await.body, json!({"items": [], "next_cursor": null}), "{path}");
    }
    assert_eq!(knock(&service, "POST", "/staff/outbox/5/resend", t, None, None).await.status, 404);
    assert_eq!(knock(&service, "POST", "/staff/logout", t, None, None).await.status, 204);
    assert_eq!(knock(&service, "GET", "/staff/me", t, None, None).await.status, 401);
}
