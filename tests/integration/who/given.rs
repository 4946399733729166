//! A password that an administrator gave opens one page: the one where its owner chooses another.

use crate::harness::{Browser, Kit, Staff, World, leads, stories};
use serde_json::json;

stories! { a_given_password_is_changed_first, a_reset_password_too }

const GIVEN: &str = "күн сайын жеті шақырым";
const OWN: &str = "қара шай, екі қант, бір лимон";

async fn hired(w: &World) -> Staff {
    let admin = Staff::admin(w).await;
    let person = json!({"login": "new.one", "name": "Жаңа Қызметкер", "role": "operator", "password": GIVEN});
    admin.api.post("/staff/people", &person).await.expect(201);
    admin
}

async fn a_given_password_is_changed_first(kit: Kit) {
    let w = kit.world().await;
    hired(&w).await;
    w.api().post("/staff/login", &json!({"login": "new.one", "password": GIVEN})).await.refused(403, "password_change_needed");
    w.api().post("/staff/login", &json!({"login": "new.one", "password": "not this one at all"})).await.refused(401, "bad_login");
    let b = Browser::new(&w);
    leads(&b.signs_in("new.one", GIVEN).await);
    assert_eq!(leads(&b.get("/console").await), "/console/own-password");
    for shut in ["/console/queues", "/console/account", "/console/notices", "/console/account/second-factor", "/console/new"] {
        assert_eq!(leads(&b.get(shut).await), "/console", "{shut} is open");
    }
    let page = "/console/own-password";
    assert!(b.get(page).await.text.contains("autocomplete=\"new-password\""));
    for (new, again) in [(GIVEN, GIVEN), ("short", "short"), (OWN, "another one than that"), ("new.one2new.one", "new.one2new.one")] {
        let a = b.fill(page, page, &[("new", new), ("again", again)]).await;
        assert_eq!(a.status, 422, "{new}");
    }
    assert_eq!(b.send(page, &[("csrf", "0"), ("new", OWN), ("again", OWN)]).await.status, 403);
    assert_eq!(leads(&b.fill(page, page, &[("new", OWN), ("again", OWN)]).await), "/console");
    assert_eq!(b.get("/console/queues").await.status, 200);
    assert_eq!(leads(&b.get(page).await), "/console", "nothing has to be chosen any more");
    w.api().post("/staff/login", &json!({"login": "new.one", "password": OWN})).await.expect(200);
    w.api().post("/staff/login", &json!({"login": "new.one", "password": GIVEN})).await.refused(401, "bad_login");
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'password_changed'").await, 1);
    w.finish().await;
}

async fn a_reset_password_too(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let dispatcher = Staff::dispatcher(&w).await;
    // Whose account was made at the machine typed the password: nothing has to be changed.
    dispatcher.api.get("/staff/me").await.expect(200);
    admin.api.post("/staff/people/dispatcher/password", &json!({"password": GIVEN})).await.expect(204);
    dispatcher.api.get("/staff/me").await.refused(401, "unauthorized");
    w.api().post("/staff/login", &json!({"login": "dispatcher", "password": GIVEN})).await.refused(403, "password_change_needed");
    let b = Browser::new(&w);
    leads(&b.signs_in("dispatcher", GIVEN).await);
    assert_eq!(leads(&b.get("/console/board").await), "/console");
    leads(&b.fill("/console/own-password", "/console/own-password", &[("new", OWN), ("again", OWN)]).await);
    assert_eq!(b.get("/console/board").await.status, 200);
    w.finish().await;
}
