//! One resident across doors: what joins, what does not, what can be undone, and what residents are told of their data.

use crate::harness::{AppResident, Door, Kit, Options, Resident, Staff, Visitor, World, deliver, number_in, stories, text};
use serde_json::{Value, json};

stories! {
    a_proved_number_joins_and_the_join_is_undone, a_number_on_the_line_is_a_claim, a_number_is_given_to_somebody_else, a_code_proves_a_number_in_a_chat,
    whatsapp_vouches_for_its_numbers, consent_is_told_once_and_dated
}

const PHONE: &str = "+77017654321";

async fn shares_number(w: &World, r: &Resident<'_>, phone: &str) {
    let card = json!({"contact": {"phone_number": phone, "first_name": "Айгүл", "user_id": r.chat}});
    assert_eq!(deliver(w.api(), &r.update(&card)).await.status, 200);
    w.settle().await;
}

/// Signs in by the code that the gateway of short messages took.
async fn signs_in(w: &World, phone: &str) -> AppResident {
    w.api().post("/auth/otp", &json!({"phone": phone, "language": "kk"})).await.expect(202);
    w.settle().await;
    let code = code_in(&w.sms.to(phone).pop().expect("no code came").text);
    let got = w.api().post("/auth/token", &json!({"phone": phone, "code": code})).await.expect(200);
    AppResident { api: w.api().with(&text(&got, "token")), id: text(&got, "resident_id"), refresh: text(&got, "refresh_token") }
}

fn code_in(letter: &str) -> String {
    letter.split(|c: char| !c.is_ascii_digit()).find(|d| d.len() == 6).expect("no code").to_owned()
}

async fn mine(app: &AppResident) -> Vec<String> {
    let list = app.api.get("/requests").await.expect(200);
    list["items"].as_array().unwrap().iter().map(|i| text(i, "number")).collect()
}

async fn resident_of(staff: &Staff, number: &str) -> Value {
    staff.sees(number).await["resident"].clone()
}

async fn a_proved_number_joins_and_the_join_is_undone(kit: Kit) {
    let w = kit.world().await;
    let (dispatcher, admin) = (Staff::dispatcher(&w).await, Staff::admin(&w).await);
    let app = AppResident::sign_in(&w, PHONE, "kk").await;
    let from_app = text(&app.reports("Тараз, Төле би 7: көшеде жарық жоқ").await, "number");
    let chat = Resident::kk(&w, 601);
    chat.says("Тараз қаласы, Абай көшесі 12: таңнан бері су жоқ").await;
    let from_chat = number_in(&chat.reads_one().text);
    assert_eq!(mine(&app).await, vec![from_app.clone()], "nothing was proved yet");
    let before = resident_of(&dispatcher, &from_chat).await;
    assert_eq!((before["phone"].is_null(), before["phone_verified"].as_bool()), (true, Some(false)));

    shares_number(&w, &chat, PHONE).await;
    assert!(chat.reads_one().text.contains("нөміріңізді жазып алдық"));
    let mut both = vec![from_app.clone(), from_chat.clone()];
    both.sort();
    let mut listed = mine(&app).await;
    listed.sort();
    assert_eq!(listed, both);
    chat.says("мәртебе").await;
    chat.reads();
    let after = resident_of(&dispatcher, &from_chat).await;
    assert_eq!((after["id"].as_str(), after["phone_verified"].as_bool()), (Some(app.id.as_str()), Some(true)));
    let join = after["joins"][0].clone();
    assert_eq!((join["proof"].as_str(), join["from_resident"].as_str()), (Some("contact"), before["id"].as_str()));
    assert!(w.history(&from_chat).await.contains(&"author_changed".to_owned()));

    // A request made while joined goes back with the others; what came by other doors stays.
    chat.says("Тараз, Сүлейменов 3: қоқыс шығарылмайды").await;
    let later = number_in(&chat.reads()[0].text);
    assert_eq!(mine(&app).await.len(), 3);
    let path = format!("/staff/joins/{}/undo", text(&join, "id"));
    app.api.post(&path, &json!({"reason": "x"})).await.refused(401, "unauthorized");
    dispatcher.api.post(&path, &json!({"reason": " "})).await.refused(422, "empty_text");
    dispatcher.api.post(&path, &json!({})).await.refused(400, "bad_request");
    let undone = dispatcher.api.post(&path, &json!({"reason": "басқа адам екен"})).await.expect(200);
    assert!(undone["undone_at"].is_string());
    admin.api.post(&path, &json!({"reason": "тағы"})).await.refused(409, "conflict");
    assert_eq!(mine(&app).await, vec![from_app]);
    for number in [&from_chat, &later] {
        app.api.get(&format!("/requests/{number}")).await.refused(404, "not_found");
        assert_eq!(resident_of(&dispatcher, number).await["id"], before["id"]);
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE reason = 'басқа адам екен'").await, 1);
    chat.says("мәртебе").await;
    assert!(chat.reads_one().text.contains(&later), "the chat keeps its own");
    dispatcher.api.post("/staff/joins/00000000-0000-7000-8000-000000000000/undo", &json!({"reason": "x"})).await.refused(404, "not_found");
    w.finish().await;
}

async fn a_number_on_the_line_is_a_claim(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let sms = Visitor::at(&w, Door::Sms, 44);
    let call = json!({"text": "Тараз, Абай 12: жарық жоқ", "phone": sms.phone(), "language": "kk"});
    let told = text(&dispatcher.api.post("/staff/requests", &call).await.expect(201), "number");
    let again = text(&dispatcher.api.post("/staff/requests", &call).await.expect(201), "number");
    let caller = resident_of(&dispatcher, &told).await;
    assert_eq!((caller["phone_verified"].as_bool(), caller["phone"].is_string()), (Some(false), true));
    assert_eq!(caller["id"], resident_of(&dispatcher, &again).await["id"], "the same voice");

    // A short message from that number is somebody of their own: no list, no words, no buttons of the other's.
    sms.says("109 СТАТУС").await;
    assert!(!sms.reads_text().contains("26-"));
    sms.says("Тараз, Төле би 9: су жоқ").await;
    let written = number_in(&sms.reads_text());
    assert_ne!(resident_of(&dispatcher, &written).await["id"], caller["id"]);
    // Whoever knows a number sees what the public page shows of it, and not often.
    sms.says(&format!("109 СТАТУС {told}")).await;
    let shown = sms.reads_text();
    assert!(shown.contains(&told) && shown.contains("В очереди") || shown.contains("Кезекте"), "{shown}");
    sms.says("ИӘ").await;
    assert_eq!(w.stored(&told).await.request.rating, None);

    // The number's owner signs in, and still sees nobody else's.
    let owner = signs_in(&w, &sms.phone()).await;
    assert!(mine(&owner).await.is_empty());
    owner.api.get(&format!("/requests/{told}")).await.refused(404, "not_found");
    assert!(resident_of(&dispatcher, &told).await["phone_verified"] == false);
    w.leave().await;
}

async fn a_number_is_given_to_somebody_else(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let first = AppResident::sign_in(&w, PHONE, "ru").await;
    let old = text(&first.reports("Тараз, Абая 12: нет света").await, "number");
    let path = format!("/staff/residents/{}/release-phone", first.id);
    dispatcher.api.post(&path, &json!({"reason": "номер у другого абонента"})).await.expect(204);
    dispatcher.api.post(&path, &json!({"reason": "ещё раз"})).await.refused(404, "not_found");
    first.api.get("/requests").await.refused(401, "unauthorized");
    let second = AppResident::sign_in(&w, PHONE, "ru").await;
    assert_ne!(second.id, first.id);
    assert!(mine(&second).await.is_empty());
    assert_eq!(resident_of(&dispatcher, &old).await["id"].as_str(), Some(first.id.as_str()));
    w.finish().await;
}

async fn a_code_proves_a_number_in_a_chat(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    for (i, door) in [Door::Instagram, Door::Facebook].into_iter().enumerate() {
        let phone = format!("+7701555000{i}");
        let r = Visitor::at(&w, door, 60 + i64::try_from(i).unwrap());
        r.says("Тараз қаласы, Абай көшесі 12: таңнан бері су жоқ").await;
        let number = number_in(&r.reads_text());
        r.says(&format!("менің нөмірім {phone}")).await;
        assert!(r.reads_text().contains("код жібердік"));
        let code = code_in(&w.sms.to(&phone).pop().expect("no code came").text);
        let wrong = if code == "000000" { "000001" } else { "000000" };
        r.says(wrong).await;
        assert!(r.reads_text().contains("қате"));
        // The code is worth nothing in another chat.
        let other = Visitor::at(&w, door, 80 + i64::try_from(i).unwrap());
        other.says(&format!("менің нөмірім {phone}")).await;
        other.says(&code).await;
        assert!(other.reads_text().contains("қате"));
        r.says(&code).await;
        assert!(r.reads_text().contains("жазып алдық"));
        let stored = w.query(&format!("SELECT phone FROM resident WHERE phone = '{phone}'")).await;
        assert_eq!(stored.len(), 1, "{door:?}");
        assert_eq!(mine(&signs_in(&w, &phone).await).await, vec![number], "{door:?}");
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM message WHERE text LIKE 'менің нөмірім%'").await, 0);
    w.leave().await;
}

async fn whatsapp_vouches_for_its_numbers(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Visitor::at(&w, Door::Whatsapp, 7);
    let app = signs_in(&w, &r.phone()).await;
    r.says("Тараз қаласы, Абай көшесі 12: таңнан бері су жоқ").await;
    let number = number_in(&r.reads_text());
    assert_eq!(mine(&app).await, vec![number.clone()]);
    let seen = resident_of(&dispatcher, &number).await;
    assert_eq!((seen["phone_verified"].as_bool(), seen["joins"][0]["proof"].as_str()), (Some(true), Some("provider")));
    // Undone, it is not joined again by the next word.
    let path = format!("/staff/joins/{}/undo", text(&seen["joins"][0], "id"));
    dispatcher.api.post(&path, &json!({"reason": "басқа адам"})).await.expect(200);
    r.says("Екінші қабатта да су жоқ").await;
    assert!(mine(&app).await.is_empty());
    w.finish().await;
}

async fn consent_is_told_once_and_dated(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Resident::ru(&w, 602);
    r.says("г. Тараз, ул. Абая 77: второй день нет света").await;
    let ack = r.reads_one().text;
    let number = number_in(&ack);
    assert!(ack.contains("обработку ваших данных"), "{ack}");
    let told = resident_of(&dispatcher, &number).await["consent"].clone();
    assert!(told["text"].as_str().is_some_and(|t| t.contains("обработку ваших данных")) && told["given_at"].is_null(), "{told}");
    w.minutes(3).await;
    r.says("статус").await;
    let given = resident_of(&dispatcher, &number).await["consent"].clone();
    assert_eq!(given["told_at"], told["told_at"]);
    assert!(given["given_at"].as_str() > told["told_at"].as_str(), "{given}");
    w.minutes(30).await;
    r.says("г. Тараз, ул. Абая 78: яма на дороге").await;
    assert!(r.reads().iter().all(|m| !m.text.contains("обработку ваших данных")), "told twice");
    w.finish().await;
}
