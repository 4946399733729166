//! Sessions: listed, ended, never taken over.

use super::behind_a_proxy;
use crate::harness::{Browser, Kit, PASSWORD, Staff, leads, stories};
use jambyl109::web::auth::SESSION_COOKIE;
use serde_json::json;

stories! { sessions_are_listed_and_ended, a_session_is_never_taken_over, new_rights_end_old_sessions, idle_and_absolute_ends }

async fn sessions_are_listed_and_ended(kit: Kit) {
    let w = kit.world_with(behind_a_proxy()).await;
    let admin = Staff::admin(&w).await;
    let phone = Staff::dispatcher(&w).await;
    let desk = Browser::from(&w, "10.0.0.5");
    desk.signs_in("dispatcher", PASSWORD).await;
    w.minutes(5).await;
    let list = phone.api.get("/staff/sessions").await.expect(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{list}");
    let of = |kind: &str| items.iter().find(|s| s["kind"] == kind).unwrap();
    assert_eq!((&of("console")["address"], &of("api")["current"]), (&json!("10.0.0.5"), &json!(true)));
    assert!(of("api")["seen_at"].as_str() > of("console")["seen_at"].as_str(), "the last use is not told");
    let page = desk.get("/console/account").await.text;
    assert!(page.contains("Firefox, Linux") && page.contains("10.0.0.5"));
    // Nobody ends another's.
    let foreign = admin.api.get("/staff/sessions").await.expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    phone.api.delete(&format!("/staff/sessions/{foreign}")).await.refused(404, "not_found");
    assert_eq!(desk.fill("/console/account", &format!("/console/account/sessions/{foreign}/end"), &[]).await.status, 404);
    admin.api.get("/staff/me").await.expect(200);
    // One's own.
    phone.api.delete(&format!("/staff/sessions/{}", of("console")["id"].as_str().unwrap())).await.expect(204);
    assert_eq!(leads(&desk.get("/console/queues").await), "/console");
    desk.signs_in("dispatcher", PASSWORD).await;
    leads(&desk.fill("/console/account", "/console/account/sessions/end-others", &[]).await);
    phone.api.get("/staff/me").await.refused(401, "unauthorized");
    assert_eq!(desk.get("/console/account").await.status, 200);
    // By an administrator; and disabling ends all.
    admin.api.post("/staff/people/dispatcher/end-sessions", &json!({})).await.expect(204);
    assert_eq!(leads(&desk.get("/console/account").await), "/console");
    desk.signs_in("dispatcher", PASSWORD).await;
    admin.api.post("/staff/people/admin/disable", &json!({})).await.refused(422, "not_oneself");
    admin.api.post("/staff/people/dispatcher/disable", &json!({})).await.expect(204);
    assert_eq!(leads(&desk.get("/console/account").await), "/console");
    assert_eq!(desk.signs_in("dispatcher", PASSWORD).await.status, 401);
    admin.api.post("/staff/people/dispatcher/enable", &json!({})).await.expect(204);
    leads(&desk.signs_in("dispatcher", PASSWORD).await);
    // Signing out ends the session itself, not only the cookie.
    let kept = desk.cookie(SESSION_COOKIE).unwrap();
    leads(&desk.fill("/console/account", "/console/sign-out", &[]).await);
    desk.set_cookie(SESSION_COOKIE, &kept);
    assert_eq!(leads(&desk.get("/console/account").await), "/console");
    w.finish().await;
}

async fn a_session_is_never_taken_over(kit: Kit) {
    let w = kit.world().await;
    Staff::dispatcher(&w).await;
    let attacker = Browser::new(&w);
    attacker.signs_in("dispatcher", "wrong password").await;
    // A cookie planted before signing in is not the one that is signed in afterwards.
    let planted = "f".repeat(64);
    let victim = Browser::new(&w);
    victim.set_cookie(SESSION_COOKIE, &planted);
    leads(&victim.signs_in("dispatcher", PASSWORD).await);
    let got = victim.cookie(SESSION_COOKIE).unwrap();
    assert_ne!(got, planted);
    attacker.set_cookie(SESSION_COOKIE, &planted);
    assert_eq!(leads(&attacker.get("/console/queues").await), "/console");
    // Each sign-in has its own; a password change makes a new one of it.
    leads(&victim.signs_in("dispatcher", PASSWORD).await);
    assert_ne!(victim.cookie(SESSION_COOKIE).unwrap(), got);
    let before = victim.cookie(SESSION_COOKIE).unwrap();
    let fields = [("present", PASSWORD), ("new", "қара шай, екі қант"), ("again", "қара шай, екі қант")];
    leads(&victim.fill("/console/account", "/console/account/password", &fields).await);
    assert_ne!(victim.cookie(SESSION_COOKIE).unwrap(), before);
    assert_eq!(victim.get("/console/queues").await.status, 200);
    for old in [got, before] {
        attacker.set_cookie(SESSION_COOKIE, &old);
        assert_eq!(leads(&attacker.get("/console/queues").await), "/console");
    }
    // The cookie is out of reach of scripts and of other sites.
    let a = victim.signs_in("dispatcher", "қара шай, екі қант").await;
    let cookies: Vec<&str> = a.headers.get_all("set-cookie").iter().map(|v| v.to_str().unwrap()).filter(|c| c.starts_with("jambyl109_")).collect();
    assert_eq!(cookies.len(), 2);
    for c in cookies {
        assert!(c.contains("HttpOnly") && c.contains("SameSite=Lax") && c.contains("Secure") && c.contains("Path=/console"), "{c}");
    }
    assert!(a.headers.contains_key("strict-transport-security"), "the service is reached over HTTPS");
    w.finish().await;
}

async fn new_rights_end_old_sessions(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let as_now = json!({"name": "Айгүл", "role": "dispatcher", "language": "ru"});
    admin.api.put("/staff/people/dispatcher", &as_now).await.expect(200);
    dispatcher.api.get("/staff/queues").await.expect(200);
    let less = json!({"name": "Айгүл", "role": "auditor", "queues": ["water_taraz"]});
    let got = admin.api.put("/staff/people/dispatcher", &less).await.expect(200);
    assert_eq!((&got["role"], &got["queues"]), (&json!("auditor"), &json!(["water_taraz"])));
    dispatcher.api.get("/staff/queues").await.refused(401, "unauthorized");
    for (body, code) in [
        (json!({"name": "", "role": "crew"}), "unprocessable"),
        (json!({"name": "x", "role": "crew"}), "bad_crew"),
        (json!({"name": "x", "role": "king"}), "unprocessable"),
        (json!({"name": "x", "role": "manager", "queues": ["nowhere"]}), "bad_queue"),
        (json!({"name": "x", "role": "manager", "districts": ["atlantis"]}), "unprocessable"),
    ] {
        admin.api.put("/staff/people/dispatcher", &body).await.refused(422, code);
    }
    admin.api.put("/staff/people/nobody", &less).await.refused(404, "not_found");
    admin.api.put("/staff/people/admin", &less).await.refused(422, "not_oneself");
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'rights_changed'").await, 1);
    w.finish().await;
}

async fn idle_and_absolute_ends(kit: Kit) {
    let w = kit.world().await;
    let phone = Staff::dispatcher(&w).await;
    let b = Browser::new(&w);
    b.signs_in("dispatcher", PASSWORD).await;
    // Used every hour it lives until its longest life is over.
    for _ in 0..11 {
        w.minutes(60).await;
        assert_eq!(b.get("/console/account").await.status, 200);
    }
    w.minutes(61).await;
    assert_eq!(leads(&b.get("/console/account").await), "/console");
    // Left alone it ends sooner.
    b.signs_in("dispatcher", PASSWORD).await;
    w.minutes(119).await;
    assert_eq!(b.get("/console/account").await.status, 200);
    w.minutes(121).await;
    assert_eq!(leads(&b.get("/console/account").await), "/console");
    let page = b.get("/console").await;
    assert!(page.text.contains("Сеанс"), "nobody is told why");
    // A telephone's token is not idle.
    phone.api.get("/staff/me").await.expect(200);
    w.minutes(3 * 24 * 60).await;
    phone.api.get("/staff/me").await.expect(200);
    w.server.housekeeper.tick().await.unwrap();
    assert_eq!(w.count("SELECT COUNT(*) FROM staff_session WHERE kind = 'console'").await, 0, "what is over is kept");
    w.finish().await;
}
