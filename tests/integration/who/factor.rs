//! Second factors, from the first picture to the lost telephone.

use super::account;
use crate::harness::{Browser, Kit, Options, PASSWORD, Staff, World, csrf_of, leads, stories, text};
use jambyl109::dispatch::staff_accounts;
use jambyl109::domain::access::Role;
use jambyl109::domain::totp;
use jambyl109::web::auth::SESSION_COOKIE;
use serde_json::json;

stories! { a_second_factor_from_the_first_picture_to_the_lost_telephone, a_role_that_needs_a_second_factor, a_code_opens_one_door_once }

async fn a_second_factor_from_the_first_picture_to_the_lost_telephone(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let aigul = Staff::dispatcher(&w).await;
    let b = Browser::new(&w);
    leads(&b.signs_in("dispatcher", PASSWORD).await);
    // The page shows the same secret until it is confirmed; a wrong code changes nothing.
    let first = secret_of(&b.get("/console/account/second-factor").await.text);
    assert_eq!(first, secret_of(&b.get("/console/account/second-factor").await.text));
    let wrong = b.fill("/console/account/second-factor", "/console/account/second-factor", &[("code", "000000")]).await;
    assert_eq!(wrong.status, 422);
    let (secret, codes) = enrol(&w, &b).await;
    assert_eq!(secret, first);
    assert_eq!(w.count("SELECT COUNT(*) FROM staff WHERE totp_secret IS NOT NULL").await, 1);
    let stored = w.query("SELECT totp_secret FROM staff WHERE login = 'dispatcher'").await[0][0].clone();
    assert!(!stored.contains(&hex(&secret)), "the secret lies open in the table");
    aigul.api.get("/staff/me").await.refused(401, "unauthorized");
    assert_eq!(b.get("/console/queues").await.status, 200);

    // From now on the password alone opens nothing.
    w.minutes(1).await;
    let other = Browser::new(&w);
    assert_eq!(leads(&other.signs_in("dispatcher", PASSWORD).await), "/console/second-factor");
    assert_eq!(leads(&other.get("/console/queues").await), "/console");
    assert_eq!(leads(&other.get("/console").await), "/console/second-factor");
    assert_eq!(leads(&other.get("/console/account/second-factor").await), "/console", "who owes a code set up another factor");
    let half = other.cookie(SESSION_COOKIE);
    assert_eq!(leads(&other.fill("/console/second-factor", "/console/second-factor", &[("code", &code(&w, &secret))]).await), "/console");
    assert_ne!(other.cookie(SESSION_COOKIE), half, "the half session became a whole one");
    assert_eq!(other.get("/console/queues").await.status, 200);

    // The API: a ticket, then the token. A ticket is no token.
    w.minutes(1).await;
    let login = json!({"login": "dispatcher", "password": PASSWORD});
    let ticket = text(&w.api().post("/staff/login", &login).await.expect(202), "ticket");
    w.api().with(&ticket).get("/staff/me").await.refused(401, "unauthorized");
    let got = w.api().post("/staff/totp", &json!({"ticket": ticket, "code": code(&w, &secret)})).await.expect(200);
    w.api().with(&text(&got, "token")).get("/staff/me").await.expect(200);

    // A recovery code, once; it may be typed as people type.
    let typed = codes[0].to_uppercase().replace('-', " ");
    for want in [200, 422] {
        let ticket = text(&w.api().post("/staff/login", &login).await.expect(202), "ticket");
        w.api().post("/staff/totp", &json!({"ticket": ticket, "code": typed})).await.expect(want);
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM recovery_code WHERE used_at IS NOT NULL").await, 1);

    // Telephone and codes are lost: an administrator helps, with a reason that is kept; nobody helps themselves.
    admin.api.post("/staff/people/admin/reset-2fa", &json!({"reason": "x"})).await.refused(422, "not_oneself");
    admin.api.post("/staff/people/dispatcher/reset-2fa", &json!({})).await.refused(400, "bad_request");
    admin.api.post("/staff/people/dispatcher/reset-2fa", &json!({"reason": "lost the telephone"})).await.expect(204);
    w.api().post("/staff/login", &login).await.expect(200);
    assert_eq!(leads(&other.get("/console/queues").await), "/console", "the old sessions go on");
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'second_factor_reset' AND reason = 'lost the telephone'").await, 1);
    assert_eq!(w.count("SELECT COUNT(*) FROM recovery_code").await, 0);
    w.finish().await;
}

async fn a_role_that_needs_a_second_factor(kit: Kit) {
    let dir = kit.dir.path().join("data-of-the-house");
    std::fs::create_dir_all(&dir).unwrap();
    let roles = include_str!("../../../config/roles.toml").replace("[manager]", "[manager]\nsecond_factor = true");
    std::fs::write(dir.join("roles.toml"), roles).unwrap();
    let w = kit.world_with(Options::with("CONFIG__DIR", dir.to_str().unwrap())).await;
    let new = account("boss", Role::Manager);
    staff_accounts::add_staff(w.core(), new).await.unwrap();
    w.api().post("/staff/login", &json!({"login": "boss", "password": PASSWORD})).await.refused(403, "second_factor_needed");
    let b = Browser::new(&w);
    leads(&b.signs_in("boss", PASSWORD).await);
    assert_eq!(leads(&b.get("/console").await), "/console/account/second-factor");
    for shut in ["/console/queues", "/console/account", "/console/notices", "/console/people"] {
        assert_eq!(leads(&b.get(shut).await), "/console", "{shut}");
    }
    let (_, _) = enrol(&w, &b).await;
    assert_eq!(b.get("/console/queues").await.status, 200);
    // What the role asks for cannot be given up.
    w.minutes(1).await;
    let a = b.fill("/console/account", "/console/account/second-factor/off", &[("password", PASSWORD), ("code", "123456")]).await;
    assert_eq!(a.status, 403);
    w.finish().await;
}

async fn a_code_opens_one_door_once(kit: Kit) {
    let w = kit.world().await;
    Staff::dispatcher(&w).await;
    let b = Browser::new(&w);
    b.signs_in("dispatcher", PASSWORD).await;
    let (secret, _) = enrol(&w, &b).await;
    let login = json!({"login": "dispatcher", "password": PASSWORD});
    let ticket = || async { text(&w.api().post("/staff/login", &login).await.expect(202), "ticket") };
    // The code that confirmed the secret is spent.
    let spent = code(&w, &secret);
    let t = ticket().await;
    w.api().post("/staff/totp", &json!({"ticket": t, "code": spent})).await.refused(422, "bad_code");
    w.minutes(1).await;
    // Two who overheard the same code and come at once: one gets in.
    let overheard = code(&w, &secret);
    let (one, two) = (ticket().await, ticket().await);
    let (a, z) = (json!({"ticket": one, "code": overheard}), json!({"ticket": two, "code": overheard}));
    let api = w.api();
    let (a, z) = tokio::join!(api.post("/staff/totp", &a), api.post("/staff/totp", &z));
    let mut got = [a.status, z.status];
    got.sort_unstable();
    assert_eq!(got, [200, 422], "{} {}", a.text, z.text);
    // An earlier code is no better.
    let earlier = totp::code(&secret, totp::step_of(w.core().wall()) - 1);
    let t = ticket().await;
    w.api().post("/staff/totp", &json!({"ticket": t, "code": earlier})).await.refused(422, "bad_code");
    // A ticket stands a few tries, then it is over, whatever comes.
    w.minutes(1).await;
    let t = ticket().await;
    for _ in 0..5 {
        w.api().post("/staff/totp", &json!({"ticket": t, "code": "000000"})).await.refused(422, "bad_code");
    }
    w.api().post("/staff/totp", &json!({"ticket": t, "code": code(&w, &secret)})).await.refused(401, "unauthorized");
    // And an old one too.
    let t = ticket().await;
    w.minutes(11).await;
    w.api().post("/staff/totp", &json!({"ticket": t, "code": code(&w, &secret)})).await.refused(401, "unauthorized");
    w.finish().await;
}

/// Bytes of a secret as a page shows it.
pub fn secret_of(html: &str) -> Vec<u8> {
    let at = html.find("class=\"secret\">").unwrap() + 15;
    let shown = html[at..].split('<').next().unwrap();
    let mut bits = 0u64;
    let (mut have, mut out) = (0, Vec::new());
    for c in shown.chars().filter(|c| !c.is_whitespace()) {
        bits = bits << 5 | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap() as u64;
        have += 5;
        if have >= 8 {
            have -= 8;
            out.push((bits >> have & 255) as u8);
        }
    }
    out
}

fn code(w: &World, secret: &[u8]) -> String {
    totp::code(secret, totp::step_of(w.core().wall()))
}

fn codes_of(html: &str) -> Vec<String> {
    html.split("<li><code>").skip(1).map(|p| p.split('<').next().unwrap().to_owned()).collect()
}

/// Sets a second factor up in a browser that is signed in; its secret and recovery codes.
async fn enrol(w: &World, b: &Browser) -> (Vec<u8>, Vec<String>) {
    let page = b.get("/console/account/second-factor").await;
    let secret = secret_of(&page.text);
    let before = b.cookie(SESSION_COOKIE);
    let csrf = csrf_of(&page.text);
    let a = b.send("/console/account/second-factor", &[("csrf", &csrf), ("code", &code(w, &secret))]).await;
    assert_eq!(a.status, 200, "{}", a.text);
    assert_ne!(b.cookie(SESSION_COOKIE), before, "the session got no new token");
    let codes = codes_of(&a.text);
    assert_eq!(codes.len(), 10);
    (secret, codes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
