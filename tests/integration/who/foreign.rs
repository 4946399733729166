//! What pages of somebody else and crafted addresses try.

use crate::harness::{Api, Browser, Kit, PASSWORD, Staff, csrf_of, leads, stories};
use jambyl109::web::auth::SESSION_COOKIE;

stories! { foreign_pages_cannot_act, ways_out_and_headers }

async fn foreign_pages_cannot_act(kit: Kit) {
    let w = kit.world().await;
    Staff::admin(&w).await;
    let b = Browser::new(&w);
    b.signs_in("admin", PASSWORD).await;
    let csrf = csrf_of(&b.get("/console/account").await.text);
    let own = w.api().base.clone();
    let fields = [("csrf", csrf.as_str()), ("lang", "ru")];
    // The right token from a page of somebody else, as a browser tells it.
    for headers in [
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![("origin", "https://109.test.evil.example")],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site"), ("origin", own.as_str())],
    ] {
        let a = b.send_with("/console/account/language", &fields, &headers).await;
        assert_eq!(a.status, 403, "{headers:?}");
    }
    for headers in [vec![], vec![("origin", own.as_str())], vec![("origin", "https://109.test")], vec![("sec-fetch-site", "same-origin")]] {
        leads(&b.send_with("/console/account/language", &fields, &headers).await);
    }
    // Signing somebody in as an attacker.
    let a = b.send_with("/console/sign-in", &[("login", "admin"), ("password", PASSWORD)], &[("origin", "https://evil.example")]).await;
    assert_eq!(a.status, 403);
    // Another session's form token.
    let other = Browser::new(&w);
    other.signs_in("admin", PASSWORD).await;
    for wrong in ["", "0", csrf.as_str(), &csrf.to_uppercase()] {
        assert_eq!(other.send("/console/account/language", &[("csrf", wrong), ("lang", "ru")]).await.status, 403, "{wrong}");
    }
    // No page of the console changes anything by a link.
    assert_eq!(w.query("SELECT lang FROM staff WHERE login = 'admin'").await[0][0], "ru");
    other.get("/console/account/language?lang=kk").await;
    assert_eq!(w.query("SELECT lang FROM staff WHERE login = 'admin'").await[0][0], "ru");
    w.finish().await;
}

async fn ways_out_and_headers(kit: Kit) {
    let w = kit.world().await;
    Staff::admin(&w).await;
    let b = Browser::new(&w);
    b.signs_in("admin", PASSWORD).await;
    // Whatever is asked for, the service leads only to itself.
    for path in [
        "/console/lang/ru",
        "/console/lang/kk?next=https://evil.example",
        "/console/people/%2F%2Fevil.example/disable",
        "/console/people/..%2F..%2Fevil/token",
        "/console/requests/26-4817-0359/%2F%2Fevil.example",
        "/console/account/second-factor/%2F%2Fevil.example",
        "/console?next=//evil.example",
        "//evil.example/console",
        "/console/%0d%0aset-cookie:%20x=y",
        "/console/people/a%0d%0alocation:%20https:%2F%2Fevil.example/disable",
    ] {
        let r = w.api().http.get(format!("{}{path}", w.api().base)).header("referer", "https://evil.example//evil.example/console");
        let cookie = format!("{SESSION_COOKIE}={}", b.cookie(SESSION_COOKIE).unwrap());
        let a = Api::send(r.header("cookie", cookie)).await;
        assert!(a.status < 500, "{path}: {}", a.status);
        if let Some(to) = a.headers.get("location") {
            let to = to.to_str().unwrap();
            assert!(to.starts_with("/console") && !to.contains("evil") && !to.contains("//"), "{path} leads to {to}");
        }
        assert!(!a.headers.get_all("set-cookie").iter().any(|c| c.to_str().unwrap().starts_with("x=")), "{path}");
    }
    // The same words in a form.
    let evil = "x\r\nSet-Cookie: a=b";
    let a = b.signs_in(evil, evil).await;
    assert!(a.status == 401 && !a.headers.contains_key("a"));
    // Every answer forbids what pages do not need.
    for path in ["/console", "/console/account", "/", "/api/v1/staff/me", "/no-such", "/health/live", "/console/assets/site.css"] {
        let a = b.get(path).await;
        let csp = a.headers["content-security-policy"].to_str().unwrap();
        assert!(csp.contains("default-src 'none'") && !csp.contains("unsafe") && csp.contains("frame-ancestors 'none'"), "{path}: {csp}");
        for (name, want) in [("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin"), ("cross-origin-opener-policy", "same-origin")]
        {
            assert_eq!(a.headers[name], want, "{path}");
        }
        assert!(!a.text.contains(" style=\"") && !a.text.contains("<script>") && !a.text.contains(" onclick="), "{path}");
    }
    let account = b.get("/console/account").await;
    assert_eq!(account.headers["cache-control"], "no-store");
    w.finish().await;
}
