//! What somebody tries at the console's pages: without the token of a form, with words that want to be markup, at what belongs to others, to lead away,
//! and to slip a line into a header.

use crate::browser::filled::{EVIL, Filled, fill, took_it};
use crate::harness::parts::jpeg;
use crate::harness::{Answer, Api, AppResident, Backend, Browser, Kit, Options, PASSWORD, Staff, World, csrf_of, leads, stories, text};
use jambyl109::dispatch::staff_accounts::{self, NewStaff};
use jambyl109::domain::access::Role;
use jambyl109::domain::{DistrictCode, Lang};
use jambyl109::web::auth::SESSION_COOKIE;
use jambyl109::web::console::PAGES;
use reqwest::Method;
use serde_json::json;

stories! {
    a_form_without_its_token_changes_nothing,
    strange_words_are_words_on_every_page,
    what_belongs_to_others_is_not_there,
    every_way_leads_home,
    headers_take_no_orders,
    a_picture_that_is_a_page_too,
}

fn world_options() -> Options {
    Options::with("CALLS__DOORS__GENERIC__TOKEN", "live")
}

async fn signed_in(w: &World, login: &str) -> Browser {
    let b = Browser::new(w);
    leads(&b.signs_in(login, PASSWORD).await);
    b
}

/// What stands in the database, in short: how much of everything, and the versions of what changes in place.
async fn print(w: &World) -> Vec<String> {
    let tables = match w.kit.backend {
        Backend::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
        Backend::Postgres => "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
    };
    let mut out = Vec::new();
    for table in w.query(tables).await {
        out.push(format!("{}: {}", table[0], w.count(&format!("SELECT COUNT(*) FROM \"{}\"", table[0])).await));
    }
    for row in w.query("SELECT number || ' ' || status || ' ' || CAST(version AS TEXT) FROM request ORDER BY number").await {
        out.push(row[0].clone());
    }
    for row in w.query("SELECT login || ' ' || name || ' ' || role || ' ' || lang || ' ' || CAST(disabled AS TEXT) || ' ' || password_hash FROM staff ORDER BY login").await {
        out.push(row[0].clone());
    }
    out
}

/// A form of that page that would do something.
fn form_of(path: &str, f: &Filled, version: &str) -> Vec<(&'static str, String)> {
    let own = |fields: &[(&'static str, &str)]| fields.iter().map(|(k, v)| (*k, (*v).to_owned())).collect::<Vec<_>>();
    match path {
        "/console/account/language" => own(&[("lang", "ru")]),
        "/console/account/password" => own(&[("present", PASSWORD), ("new", "kerege uyk shanyrak 109"), ("again", "kerege uyk shanyrak 109")]),
        "/console/people" => own(&[("login", "made"), ("password", "kerege uyk shanyrak 109"), ("name", "X"), ("role", "operator"), ("lang", "kk")]),
        "/console/people/{login}" => own(&[("name", "Y"), ("role", "operator"), ("lang", "kk")]),
        "/console/find" => own(&[("q", "87012345678")]),
        "/console/views" => own(&[("name", "X"), ("query", "service=water")]),
        "/console/bulk" => [own(&[("act", "accept")]), vec![("pick", format!("{}:{version}", f.fresh))]].concat(),
        "/console/new" | "/console/calls/{id}/request" => {
            own(&[("text", "нет воды"), ("service", "water"), ("class", "incident"), ("district", "taraz")])
        }
        "/console/calls/{id}/draft" => own(&[("text", "нет")]),
        "/console/calls/{id}/{act}" => [own(&[("text", "x")]), vec![("number", f.fresh.clone())]].concat(),
        "/console/callbacks/{id}/outcome" => own(&[("outcome", "reached"), ("note", "x")]),
        "/console/requests/{number}/personal" => own(&[("reason", "x")]),
        "/console/requests/{number}/presence" => own(&[("writing", "1")]),
        _ => [
            own(&[("text", "x"), ("reason", "x"), ("note", "x"), ("code", "000000"), ("session", "x")]),
            vec![("expected_version", version.to_owned())],
        ]
        .concat(),
    }
}

async fn a_form_without_its_token_changes_nothing(kit: Kit) {
    let w = kit.world_with(world_options()).await;
    let f = fill(&w).await;
    w.settle().await;
    let (admin, crew, other) = (signed_in(&w, "admin").await, signed_in(&w, "crew").await, signed_in(&w, "dispatcher").await);
    let foreign = csrf_of(&other.get("/console/account").await.text);
    let version = w.stored(&f.fresh).await.request.version.to_string();
    let untouched = print(&w).await;
    let posts: Vec<_> = PAGES.iter().filter(|p| p.method == "POST" && p.path != "/console/sign-in").collect();
    let place = |pattern: &str| {
        let pattern = pattern.replace("{number}", &f.fresh).replace("/acts/{act}", "/acts/note");
        f.path(&pattern).unwrap_or_else(|| panic!("say in Filled::path what stands in {pattern}"))
    };
    for page in &posts {
        let fields = form_of(page.path, &f, &version);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let path = place(page.path);
        for browser in [&admin, &crew] {
            let own = csrf_of(&browser.get("/console/account").await.text);
            for wrong in [None, Some(""), Some("0"), Some(foreign.as_str()), Some(&own[1..]), Some(&own.to_uppercase())] {
                let mut all = fields.clone();
                all.extend(wrong.map(|token| ("csrf", token)));
                let a = browser.send(&path, &all).await;
                assert!((400..500).contains(&a.status), "{path} with {wrong:?}: {}", a.status);
            }
            // The token of the session, but in the address, where a link could put it.
            let a = browser.send(&format!("{path}?csrf={own}"), &fields).await;
            assert!((400..500).contains(&a.status), "{path} with its token in the address: {}", a.status);
        }
        assert_eq!(print(&w).await, untouched, "{path} did something");
    }
    // The same forms with their token do something: what was refused above was worth refusing.
    let mut worked = Vec::new();
    for page in posts.iter().filter(|p| !p.path.contains("sign-out") && !p.path.contains("password")) {
        let before = print(&w).await;
        let fields = form_of(page.path, &f, &version);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
        admin.fill("/console/account", &place(page.path), &fields).await;
        if print(&w).await != before {
            worked.push(page.path);
        }
    }
    assert!(worked.len() >= 10, "only these forms do anything: {worked:?}");
    w.settle().await;
    w.leave().await;
}

/// A page as it has to be, whoever's words it shows.
#[track_caller]
fn in_order(path: &str, a: &Answer) {
    assert!(a.status < 500, "{path}: {} {}", a.status, a.text);
    assert!(!took_it(&a.text), "{path} takes a stranger's words for its own: {}", a.text);
    let csp = a.headers["content-security-policy"].to_str().unwrap();
    for part in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"] {
        assert!(csp.contains(part), "{path}: {csp}");
    }
    assert!(!csp.contains("unsafe") && !csp.contains('*') && !csp.contains("http:"), "{path}: {csp}");
    assert_eq!(a.headers["x-content-type-options"], "nosniff", "{path}");
    for inline in [" style=\"", "<script>", " onclick=\"", " onload=\"", " onerror=\"", "javascript:", "<base", "<iframe", "<object"] {
        assert!(!a.text.contains(inline), "{path} holds {inline}");
    }
}

async fn strange_words_are_words_on_every_page(kit: Kit) {
    let w = kit.world_with(world_options()).await;
    let f = fill(&w).await;
    let (admin, desk, crew) = (signed_in(&w, "admin").await, signed_in(&w, "dispatcher").await, signed_in(&w, "crew").await);
    // Wherever else a person's words can go.
    let person =
        [("login", "evil"), ("password", "kerege uyk shanyrak 109"), ("name", EVIL), ("role", "crew"), ("crew", "water_taraz_1"), ("lang", "kk")];
    assert_eq!(leads(&admin.fill("/console/people", "/console/people", &person).await), "/console/people/evil");
    admin.fill("/console/people", "/console/people/boss/token", &[("label", EVIL), ("days", "30"), ("scope", "read_queue")]).await;
    desk.fill("/console/find", "/console/views", &[("name", EVIL), ("query", EVIL)]).await;
    desk.fill("/console/find", &format!("/console/calls/{}/draft", f.call), &[("text", EVIL), ("address", EVIL), ("phone", EVIL)]).await;
    desk.fill("/console/find", &format!("/console/calls/{}/topic", f.call), &[("topic", EVIL)]).await;
    desk.fill("/console/find", &format!("/console/requests/{}/personal", f.evil), &[("reason", EVIL)]).await;
    let version = w.stored(&f.evil).await.request.version.to_string();
    let acts = format!("/console/requests/{}/acts", f.evil);
    leads(&desk.fill("/console/find", &format!("{acts}/assign"), &[("crew", "water_taraz_1"), ("expected_version", &version)]).await);
    let version = w.stored(&f.evil).await.request.version.to_string();
    for (act, field) in [("note", "text"), ("hold", "reason")] {
        let version = if act == "note" { version.clone() } else { w.stored(&f.evil).await.request.version.to_string() };
        leads(&crew.fill("/console/account", &format!("{acts}/{act}"), &[(field, EVIL), ("why", "other"), ("expected_version", &version)]).await);
    }
    let mut escaped = 0;
    for lang in ["kk", "ru"] {
        for (browser, name) in [(&admin, "admin"), (&desk, "dispatcher"), (&crew, "crew")] {
            browser.set_cookie("lang", lang);
            for page in PAGES.iter().filter(|p| p.method == "GET" && !p.path.ends_with("/events") && !p.path.contains("/lang/")) {
                for number in [&f.rich, &f.evil] {
                    let Some(path) = f.path(&page.path.replace("{number}", number).replace("{login}", "evil")) else {
                        panic!("say in Filled::path what stands in {}", page.path)
                    };
                    let a = browser.get(&path).await;
                    in_order(&format!("{path} for {name}"), &a);
                    escaped += a.text.matches("&#60;xss-mark").count();
                    if !page.path.contains("{number}") && !page.path.contains("{login}") {
                        break;
                    }
                }
            }
        }
    }
    assert!(escaped > 20, "the words stand on {escaped} places only: nothing was looked at");
    // What comes back because it was not taken.
    for (browser, page, path, fields) in [
        (&desk, "/console/find", "/console/find".to_owned(), vec![("q", EVIL)]),
        (&desk, "/console/find", "/console/new".into(), vec![("text", EVIL), ("phone", EVIL), ("address", EVIL), ("district", EVIL)]),
        (&desk, "/console/find", "/console/bulk".into(), vec![("act", "accept"), ("query", EVIL), ("pick", EVIL)]),
        (&desk, "/console/find", format!("{acts}/transfer"), vec![("expected_version", "1"), ("queue", EVIL), ("reason", EVIL)]),
        (&desk, "/console/find", format!("{acts}/reclassify"), vec![("expected_version", "1"), ("class", EVIL), ("service", EVIL)]),
        (&admin, "/console/find", "/console/people".into(), vec![("login", EVIL), ("name", EVIL), ("role", EVIL), ("password", "x")]),
        (&admin, "/console/find", "/console/people/evil".into(), vec![("name", EVIL), ("role", EVIL), ("queue", EVIL)]),
    ] {
        in_order(&path, &browser.fill(page, &path, &fields).await);
    }
    let nobody = Browser::new(&w);
    in_order("sign-in", &nobody.signs_in(EVIL, EVIL).await);
    in_order("/", &nobody.send("/", &[("text", EVIL), ("address", EVIL), ("phone", EVIL), ("district", EVIL)]).await);
    in_order("/t", &nobody.send_with("/?lang=%22%3E%3Cxss-mark%3E", &[("text", "")], &[("accept-language", "ru\"><xss-mark>")]).await);
    let coded: String = EVIL.bytes().map(|b| format!("%{b:02x}")).collect();
    for path in [
        "/t/",
        "/t?number=",
        "/console/",
        "/console/board?queue=",
        "/console/audit?person=",
        "/console/audit?from=",
        "/console/people/",
        "/console/requests/",
    ] {
        for browser in [&admin, &nobody] {
            in_order(path, &browser.get(&format!("{path}{coded}")).await);
        }
    }
    w.settle().await;
    w.leave().await;
}

async fn what_belongs_to_others_is_not_there(kit: Kit) {
    let w = kit.world_with(world_options()).await;
    let f = fill(&w).await;
    Staff::hire(&w, "crew2", Role::Crew, &[], Some("water_taraz_2")).await;
    let shu = NewStaff {
        login: "shu".into(),
        name: "Шу".into(),
        role: Role::Dispatcher,
        queues: Vec::new(),
        districts: vec![DistrictCode::new("shu").unwrap()],
        crew: None,
        lang: Lang::Kk,
        password: PASSWORD.into(),
    };
    staff_accounts::add_staff(w.core(), shu).await.unwrap();
    let desk = signed_in(&w, "dispatcher").await;
    let html = desk.get(&format!("/console/requests/{}", f.rich)).await.text;
    let file = html.split("/files/").nth(1).expect("no file").split('"').next().unwrap().to_owned();
    assert_eq!(desk.get(&format!("/console/requests/{}/files/{file}", f.rich)).await.status, 200, "the file is there for whom it may concern");
    assert_eq!(desk.get(&format!("/console/requests/{}/files/{file}", f.evil)).await.status, 404, "another request's file");
    w.settle().await;
    let untouched = print(&w).await;
    let now = w.stored(&f.rich).await.request.version.to_string();
    for login in ["narrow", "shu", "crew2"] {
        let b = signed_in(&w, login).await;
        let request = format!("/console/requests/{}", f.rich);
        for path in [request.clone(), format!("{request}/ledger"), format!("{request}/files/{file}")] {
            assert_eq!(b.get(&path).await.status, 404, "{path} for {login}");
        }
        for (what, fields) in [
            ("personal", vec![("reason", "x")]),
            ("undo", vec![("expected_version", now.as_str())]),
            ("presence", vec![("writing", "1")]),
            ("acts/note", vec![("text", "x"), ("expected_version", now.as_str())]),
            ("acts/accept", vec![("expected_version", now.as_str())]),
            ("acts/resolve", vec![("note", "x"), ("expected_version", now.as_str())]),
        ] {
            let a = b.fill("/console/account", &format!("{request}/{what}"), &fields).await;
            assert_eq!(a.status, 404, "{what} for {login}: {}", a.text);
            assert!(!a.text.contains("Абай"), "{what} for {login} tells where it is");
        }
        let found = b.fill("/console/account", "/console/find", &[("q", &f.rich)]).await;
        assert!(found.status == 200 && !found.text.contains("<tr id"), "{login} found it by its number");
        if login != "crew2" {
            let pick = format!("{}:{now}", f.rich);
            let a = b.fill("/console/account", "/console/bulk", &[("act", "accept"), ("pick", &pick)]).await;
            assert!(a.status == 200 && !a.text.contains("✓"), "{login} did it among several");
            for path in ["/console/board?queue=water_taraz", "/console/board", "/console/map", "/console/queues"] {
                assert!(!b.get(path).await.text.contains(&f.rich), "{path} shows it to {login}");
            }
            assert!([403, 404].contains(&b.get("/console/queues/water_taraz").await.status) || login == "shu", "another's queue opens for {login}");
        } else {
            assert!(!b.get("/console/jobs").await.text.contains(&f.rich));
        }
    }
    assert_eq!(print(&w).await.len(), untouched.len());
    assert_eq!(w.stored(&f.rich).await.request.version.to_string(), now, "somebody did something to it");

    // Another's session, another's notice.
    let admin = signed_in(&w, "admin").await;
    let html = admin.get("/console/people/dispatcher").await.text;
    let theirs = html.split("name=\"session\" value=\"").nth(1).expect("no session").split('"').next().unwrap().to_owned();
    let boss = signed_in(&w, "boss").await;
    let a = boss.fill("/console/account", &format!("/console/account/sessions/{theirs}/end"), &[]).await;
    assert!([303, 404].contains(&a.status), "{}", a.status);
    assert_eq!(desk.get("/console/account").await.status, 200, "a colleague ended the session");
    let waiting = w.count("SELECT COUNT(*) FROM notice").await;
    if waiting > 0 {
        let ids = w.query("SELECT id FROM notice").await;
        for id in ids {
            boss.fill("/console/account", &format!("/console/notices/{}/seen", id[0]), &[]).await;
        }
        let still = desk.get("/console/notices").await.text.matches("/seen\"").count();
        assert!(still > 0, "a colleague put a notice away");
    }
    w.settle().await;
    w.leave().await;
}

async fn every_way_leads_home(kit: Kit) {
    let w = kit.world_with(world_options()).await;
    let f = fill(&w).await;
    let (desk, crew) = (signed_in(&w, "dispatcher").await, signed_in(&w, "crew").await);
    let outside = [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/console//evil.example",
        "%2f%2fevil.example",
        "jobs//evil.example",
        "\t//evil.example",
    ];
    let home = |what: &str, a: &Answer| {
        let Some(to) = a.headers.get("location").map(|l| l.to_str().unwrap().to_owned()) else { return };
        assert!(
            to.starts_with('/') && !to.starts_with("//") && !to.starts_with("/\\") && !to.contains("evil") && !to.contains(':'),
            "{what} leads to {to}"
        );
    };
    for there in outside {
        let version = w.stored(&f.fresh).await.request.version.to_string();
        let asked = [("back", there), ("next", there), ("return", there), ("url", there), ("query", there)];
        type Form<'a> = (&'a Browser, String, Vec<(&'a str, &'a str)>);
        let forms: [Form<'_>; 6] = [
            (&desk, format!("/console/requests/{}/acts/note", f.fresh), vec![("text", "x"), ("expected_version", version.as_str())]),
            (&desk, "/console/views".into(), vec![("name", "x")]),
            (&desk, "/console/bulk".into(), vec![("act", "accept"), ("pick", "26-4817-0355:1")]),
            (&desk, "/console/new".into(), vec![("text", "нет воды")]),
            (&desk, "/console/account/language".into(), vec![("lang", "ru")]),
            (&crew, "/console/link-code".into(), vec![]),
        ];
        for (browser, path, fields) in forms {
            let mut all = fields.clone();
            all.extend(asked);
            let a = browser.fill("/console/account", &path, &all).await;
            home(&format!("{path} with {there}"), &a);
            assert!(
                !a.text.contains("href=\"//evil") && !a.text.contains("href=\"https://evil") && !a.text.contains("href=\"javascript"),
                "{path} with {there}"
            );
        }
        for path in ["/console", "/console/find", "/console/board", "/console/lang/ru", "/", "/t"] {
            let coded: String = there.bytes().map(|b| format!("%{b:02x}")).collect();
            for name in ["next", "back", "return", "url", "number", "lang", "cursor", "queue"] {
                let a = desk.get(&format!("{path}?{name}={coded}")).await;
                home(&format!("{path}?{name}={there}"), &a);
                assert!(
                    !a.text.contains("href=\"//evil") && !a.text.contains("href=\"https://evil") && !a.text.contains("href=\"javascript"),
                    "{path}?{name}={there}"
                );
            }
        }
    }
    // Where somebody says to come from, and under what name the house was called.
    for referer in [
        "https://evil.example//evil.example",
        "https://evil.example/console",
        "//evil.example/console/x",
        "https://evil.example/console/..//evil.example",
    ] {
        let cookie = format!("{SESSION_COOKIE}={}", desk.cookie(SESSION_COOKIE).unwrap());
        for (name, value) in
            [("referer", referer), ("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example")]
        {
            for path in ["/console/lang/ru", "/console", "/console/views", "/t?number=26-4817-0355"] {
                let r = w.api().call(Method::GET, path).header("cookie", &cookie).header(name, value);
                let a = Api::send(r).await;
                if let Some(to) = a.headers.get("location").map(|l| l.to_str().unwrap()) {
                    let resolved = reqwest::Url::parse("https://109.test/console/lang/ru").unwrap().join(to).unwrap();
                    assert_eq!(resolved.host_str(), Some("109.test"), "{path} with {name}: {value} leads to {to}");
                }
            }
        }
    }
    w.settle().await;
    w.leave().await;
}

async fn headers_take_no_orders(kit: Kit) {
    let w = kit.world_with(world_options()).await;
    let f = fill(&w).await;
    let admin = signed_in(&w, "admin").await;
    let cookie = format!("{SESSION_COOKIE}={}", admin.cookie(SESSION_COOKIE).unwrap());
    let line = "x\r\nSet-Cookie: stolen=1\r\nX-Evil: 1";
    let coded: String = line.bytes().map(|b| format!("%{b:02x}")).collect();
    let clean = |what: &str, a: &Answer| {
        assert!(a.status < 500, "{what}: {} {}", a.status, a.text);
        assert!(!a.headers.contains_key("x-evil"), "{what} took an order");
        assert!(!a.headers.get_all("set-cookie").iter().any(|c| c.to_str().unwrap_or("stolen").starts_with("stolen")), "{what} took an order");
        for (name, value) in &a.headers {
            assert!(!value.as_bytes().contains(&b'\r') && !value.as_bytes().contains(&b'\n'), "{what}: {name}");
        }
    };
    for pattern in PAGES.iter().filter(|p| p.method == "GET" && !p.path.ends_with("/events")).map(|p| p.path) {
        let path = pattern.replace("{rest:.*}", "{rest}");
        let mut with = String::new();
        for part in path.split('/').skip(1) {
            with.push('/');
            with.push_str(if part.starts_with('{') { &coded } else { part });
        }
        clean(&with, &admin.get(&with).await);
        let plain = f.path(pattern).unwrap_or_else(|| panic!("say in Filled::path what stands in {pattern}"));
        let asked =
            ["lang", "next", "format", "person", "object", "from", "to", "cursor", "number", "saved", "queue", "name", "also", "period", "file"];
        let query: Vec<String> = asked.iter().map(|k| format!("{k}={coded}")).collect();
        clean(pattern, &admin.get(&format!("{plain}?{}", query.join("&"))).await);
    }
    for (path, fields) in [
        ("/console/people", vec![("login", line), ("password", "kerege uyk shanyrak 109"), ("name", line), ("role", "operator"), ("lang", line)]),
        ("/console/views", vec![("name", line), ("query", line)]),
        ("/console/account/language", vec![("lang", line)]),
        ("/console/new", vec![("text", line), ("lang", line)]),
    ] {
        clean(path, &admin.fill("/console/account", path, &fields).await);
    }
    clean("/console/sign-in", &admin.signs_in(line, line).await);
    clean("/", &admin.send("/", &[("text", line), ("district", line)]).await);
    clean("/t", &admin.get(&format!("/t?number={coded}&lang={coded}")).await);
    // An identifier that the caller gave stands in the answer only when it is a plain word.
    for given in ["plain-word-1", "two words", "x;y", "ы", &"a".repeat(200)] {
        let r = w.api().call(Method::GET, "/console/account").header("cookie", &cookie);
        let a = Api::send(r.header("x-request-id", reqwest::header::HeaderValue::from_bytes(given.as_bytes()).unwrap())).await;
        assert_eq!(a.headers["x-request-id"] == given, given == "plain-word-1", "{given}");
    }
    // The name of a file that is saved is ours.
    let a = admin.get("/console/audit?format=csv&person=%22%0d%0aX-Evil:1").await;
    clean("audit", &a);
    let a = admin.get("/console/audit?format=csv").await;
    assert_eq!(a.status, 200);
    let named = a.headers["content-disposition"].to_str().unwrap();
    assert!(named.starts_with("attachment") && named.is_ascii() && !named.contains("evil"), "{named}");
    // A cell that a table program would take for a formula is text.
    let b = signed_in(&w, "dispatcher").await;
    b.fill("/console/find", &format!("/console/requests/{}/personal", f.evil), &[("reason", "=HYPERLINK(\"https://evil.example\")")]).await;
    let sheet = admin.get("/console/audit?format=csv").await.text;
    assert!(sheet.contains("HYPERLINK") && !sheet.contains(",=HYPERLINK") && !sheet.contains(",\"=HYPERLINK"), "{sheet}");
    w.settle().await;
    w.leave().await;
}

async fn a_picture_that_is_a_page_too(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = AppResident::sign_in(&w, "+77010000071", "ru").await;
    let script = b"<!doctype html><script>alert(1)</script>";
    let good = jpeg(b"a wall");
    // Behind its end, and in a comment within it.
    let behind = [good.clone(), script.to_vec()].concat();
    let mut within = good[..2].to_vec();
    within.extend([0xff, 0xfe]);
    within.extend(u16::try_from(script.len() + 2).unwrap().to_be_bytes());
    within.extend(script);
    within.extend(&good[2..]);
    for bytes in [behind, within] {
        let made = r.brings(&bytes).await.expect(201);
        let body = json!({"text": "г. Тараз, ул. Абая 5: яма на дороге", "media": [made["id"]]});
        let number = text(&r.reports_with_key(&text(&made, "id"), &body).await.expect(201), "number");
        w.settle().await;
        let b = signed_in(&w, "dispatcher").await;
        let html = b.get(&format!("/console/requests/{number}")).await.text;
        let file = html.split("/files/").nth(1).expect("no file").split('"').next().unwrap();
        let a = b.get(&format!("/console/requests/{number}/files/{file}")).await;
        assert_eq!((a.status, a.headers["content-type"].to_str().unwrap()), (200, "image/jpeg"));
        assert!(!a.text.contains("<script"), "the page is still in the picture");
        assert_eq!(a.headers["x-content-type-options"], "nosniff");
        assert!(a.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
        assert!(a.headers["content-disposition"].to_str().unwrap().contains(file), "named by a stranger");
    }
    drop(dispatcher);
    // A message through a chat whose file lies about itself.
    let chat = crate::harness::Resident::ru(&w, 8601);
    chat.says("г. Тараз, ул. Абая 12: второй день нет воды").await;
    let number = crate::harness::number_in(&chat.reads_one().text);
    w.telegram.put_file("page", script);
    let document = json!({"document": {"file_id": "page", "file_unique_id": "p", "mime_type": "text/html", "file_name": "../../evil.html", "file_size": script.len()}, "caption": "вот"});
    assert_eq!(crate::harness::deliver(w.api(), &chat.update(&document)).await.status, 200);
    w.settle().await;
    let b = signed_in(&w, "dispatcher").await;
    let html = b.get(&format!("/console/requests/{number}")).await.text;
    if let Some(file) = html.split("/files/").nth(1).map(|h| h.split('"').next().unwrap()) {
        let a = b.get(&format!("/console/requests/{number}/files/{file}")).await;
        assert_eq!(a.headers["content-type"], "application/octet-stream");
        let named = a.headers["content-disposition"].to_str().unwrap();
        assert!(named.starts_with("attachment") && !named.contains("evil") && !named.contains(".."), "{named}");
    }
    w.settle().await;
    w.leave().await;
}
