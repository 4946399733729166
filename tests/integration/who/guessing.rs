//! What guessers try, and that nobody is locked out by them.

use super::{account, behind_a_proxy};
use crate::harness::{Browser, Kit, PASSWORD, Staff, leads, stories, text};
use jambyl109::dispatch::staff_accounts;
use jambyl109::domain::access::Role;
use jambyl109::web::auth::KNOWN_COOKIE;
use serde_json::json;

stories! { nobody_locks_a_colleague_out, guessers_are_slowed, weak_passwords_are_refused }

async fn nobody_locks_a_colleague_out(kit: Kit) {
    let w = kit.world_with(behind_a_proxy()).await;
    staff_accounts::add_staff(w.core(), account("aigul", Role::Dispatcher)).await.unwrap();
    let desk = Browser::from(&w, "10.0.0.5");
    leads(&desk.signs_in("aigul", PASSWORD).await);
    // A colleague at another desk guesses until the door closes, for the colleague.
    let colleague = Browser::from(&w, "10.0.0.6");
    let guessed: Vec<u16> = guesses(&colleague, 8).await;
    assert_eq!(guessed, [401, 401, 401, 401, 401, 429, 429, 429]);
    leads(&desk.signs_in("aigul", PASSWORD).await);
    // Behind the same address, a browser that has signed in before is a place of its own.
    let same_office = Browser::from(&w, "10.0.0.5");
    assert_eq!(guesses(&same_office, 7).await, [401, 401, 401, 401, 401, 429, 429]);
    leads(&desk.signs_in("aigul", PASSWORD).await);
    // A whole crowd of addresses: strangers are stopped, the known place is not.
    for n in 0..24 {
        guesses(&Browser::from(&w, &format!("198.51.100.{n}")), 5).await;
    }
    let newcomer = Browser::from(&w, "203.0.113.9");
    assert_eq!(newcomer.signs_in("aigul", PASSWORD).await.status, 429, "strangers are not slowed together");
    leads(&desk.signs_in("aigul", PASSWORD).await);
    let by_address = Browser::from(&w, "10.0.0.5");
    assert_eq!(by_address.signs_in("aigul", PASSWORD).await.status, 429, "its own fifteen minutes are not over");
    w.minutes(16).await;
    leads(&by_address.signs_in("aigul", PASSWORD).await);
    // Another's secret of a browser does not help at this account.
    staff_accounts::add_staff(w.core(), account("berik", Role::Dispatcher)).await.unwrap();
    let borrowed = Browser::from(&w, "203.0.113.10");
    borrowed.set_cookie(KNOWN_COOKIE, &desk.cookie(KNOWN_COOKIE).unwrap());
    let got = guess(&borrowed, "berik", 7).await;
    assert_eq!(got, [401, 401, 401, 401, 401, 429, 429]);
    w.minutes(61).await;
    leads(&newcomer.signs_in("aigul", PASSWORD).await);
    w.finish().await;
}

async fn guessers_are_slowed(kit: Kit) {
    let w = kit.world_with(behind_a_proxy()).await;
    // One address, many logins, known and unknown: the answers are the same, and there is an end.
    staff_accounts::add_staff(w.core(), account("u3", Role::Dispatcher)).await.unwrap();
    let b = Browser::from(&w, "198.51.100.7");
    let mut seen = Vec::new();
    for n in 0..70 {
        let a = b.signs_in(&format!("u{n}"), "correct horse battery").await;
        seen.push(a.status);
    }
    assert!(seen[..60].iter().all(|s| *s == 401) && seen[60..].iter().all(|s| *s == 429), "{seen:?}");
    // Another address is not concerned.
    leads(&Browser::from(&w, "10.0.0.5").signs_in("u3", PASSWORD).await);
    // What is no login at all.
    for odd in ["", " ", "a' OR 1=1 --", &"x".repeat(500), "ы\u{0}"] {
        let status = Browser::from(&w, "10.0.0.8").signs_in(odd, PASSWORD).await.status;
        assert!([401, 400].contains(&status), "{odd}: {status}");
    }
    w.finish().await;
}

async fn weak_passwords_are_refused(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let person = |password: &str| json!({"login": "new.one", "name": "Жаңа Қызметкер", "role": "operator", "password": password});
    for (password, code) in [
        ("short", "password_short"),
        ("1234567890", "password_plain"),
        ("Password2026", "password_common"),
        ("жамбыл109109", "password_common"),
        ("new.one2new.one", "password_own"),
    ] {
        admin.api.post("/staff/people", &person(password)).await.refused(422, code);
        dispatcher
            .api
            .post("/staff/password", &json!({"present": PASSWORD, "new": password.replace("new.one2new.one", "dispatcher12")}))
            .await
            .expect(422);
    }
    admin.api.post("/staff/people", &person("күн сайын жеті шақырым")).await.expect(201);
    admin.api.post("/staff/people", &person("күн сайын жеті шақырым")).await.refused(409, "login_taken");
    w.api().post("/staff/login", &json!({"login": "new.one", "password": "күн сайын жеті шақырым"})).await.refused(403, "password_change_needed");
    // The own password asks for the present one, and not often.
    for _ in 0..5 {
        dispatcher.api.post("/staff/password", &json!({"present": "wrong", "new": "қара шай, екі қант"})).await;
    }
    dispatcher.api.post("/staff/password", &json!({"present": PASSWORD, "new": "қара шай, екі қант"})).await.refused(429, "rate_limited");
    w.minutes(16).await;
    let got = dispatcher.api.post("/staff/password", &json!({"present": PASSWORD, "new": "қара шай, екі қант"})).await.expect(200);
    dispatcher.api.get("/staff/me").await.refused(401, "unauthorized");
    w.api().with(&text(&got, "token")).get("/staff/me").await.expect(200);
    w.api().post("/staff/login", &json!({"login": "dispatcher", "password": PASSWORD})).await.refused(401, "bad_login");
    w.finish().await;
}

async fn guess(b: &Browser, login: &str, times: usize) -> Vec<u16> {
    let mut out = Vec::new();
    for n in 0..times {
        out.push(b.signs_in(login, &format!("wrong password {n}")).await.status);
    }
    out
}

async fn guesses(b: &Browser, times: usize) -> Vec<u16> {
    guess(b, "aigul", times).await
}
