//! Every page of the console's table, and every page that a form makes, looked at in both languages.

use super::chrome::{Chrome, Scripts};
use super::filled::{Filled, fill};
use super::looks::{Faults, looked_at};
use crate::harness::{Answer, Api, Browser, Kit, Options, PASSWORD, Staff, World};
use jambyl109::dispatch::accounts;
use jambyl109::domain::access::Role;
use jambyl109::domain::totp;
use jambyl109::web::auth::SESSION_COOKIE;
use jambyl109::web::console::PAGES;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;

/// Pages that are another one under a second address.
const TWICE: [&str; 3] = ["/console/", "/console/sign-in", "/console/account/password"];

/// Whose eyes a page is for, when not an administrator's.
fn eyes(path: &str) -> &'static str {
    match path {
        "/console" => "nobody",
        "/console/second-factor" => "half",
        "/console/account/second-factor" | "/console/notices" => "dispatcher",
        _ if path.starts_with("/console/job") => "crew",
        _ => "admin",
    }
}

/// Sessions by login; `half` has given the password and owes a code.
async fn sessions(w: &World) -> BTreeMap<&'static str, String> {
    let mut out = BTreeMap::new();
    Staff::hire(w, "half", Role::Operator, &[], None).await;
    let b = Browser::new(w);
    b.signs_in("half", PASSWORD).await;
    let page = b.get("/console/account/second-factor").await.text;
    let code = totp::code(&crate::who::factor::secret_of(&page), totp::step_of(w.core().wall()));
    assert_eq!(b.fill("/console/account/second-factor", "/console/account/second-factor", &[("code", &code)]).await.status, 200);
    for login in ["admin", "dispatcher", "crew", "boss", "half"] {
        out.insert(login, accounts::sign_in(w.core(), login, PASSWORD, "127.0.0.1", true).await.unwrap().token);
    }
    out
}

async fn get(w: &World, path: &str, session: Option<&String>) -> Answer {
    let r = w.api().call(Method::GET, path);
    Api::send(if let Some(s) = session { r.header("cookie", format!("{SESSION_COOKIE}={s}")) } else { r }).await
}

fn is_page(a: &Answer) -> bool {
    let html = a.headers.get("content-type").is_some_and(|t| t.to_str().is_ok_and(|t| t.starts_with("text/html")));
    a.status == 200 && html && a.text.contains("<main")
}

/// Each page that a GET gives, with whose eyes see it. Whatever is no page has to be something else on purpose.
async fn pages(w: &World, f: &Filled, sessions: &BTreeMap<&'static str, String>) -> Vec<(String, &'static str)> {
    let mut out = Vec::new();
    for page in PAGES.iter().filter(|p| p.method == "GET" && !TWICE.contains(&p.path)) {
        let path = f.path(page.path).unwrap_or_else(|| panic!("say in Filled::path what stands in {}", page.path));
        let who = eyes(page.path);
        let a = get(w, &path, sessions.get(who)).await;
        if is_page(&a) {
            out.push((path, who));
            continue;
        }
        let html = a.headers.get("content-type").is_some_and(|t| t.to_str().unwrap().starts_with("text/html"));
        let elsewhere = a.status == 303 || (a.status == 200 && (!html || a.text.trim_start().starts_with("<tr")));
        // A file of an identifier that nobody has.
        let nobodys = a.status == 404 && page.path.contains("{id}");
        assert!(elsewhere || nobodys, "{} shows {who} nothing: {} {}", page.path, a.status, a.text);
    }
    out
}

async fn speaks(c: &Chrome, lang: &str) {
    c.tool("Network.setCookie", json!({"name": "lang", "value": lang, "domain": "127.0.0.1", "path": "/"})).await;
}

async fn becomes(c: &Chrome, session: Option<&String>) {
    let cookie = json!({"name": SESSION_COOKIE, "domain": "127.0.0.1", "path": "/console"});
    c.tool("Network.deleteCookies", cookie.clone()).await;
    if let Some(s) = session {
        let mut cookie = cookie;
        cookie["value"] = json!(s);
        c.tool("Network.setCookie", cookie).await;
    }
}

/// A name for pictures.
fn named(lang: &str, path: &str, f: &Filled) -> String {
    let plain = path.replace(&f.rich, "number").replace(&f.evil, "evil").replace(&f.call, "id").replace(&f.callback, "id").replace(&f.reader, "id");
    let name = plain.trim_matches('/').replace(['/', '?', '=', '&'], "-");
    format!("{lang}/{}", if name.is_empty() { "public" } else { &name })
}

/// Pages that only a form makes, each by its form.
async fn made_by_forms(c: &Chrome, lang: &str, f: &Filled, sessions: &BTreeMap<&'static str, String>, faults: &mut Faults) {
    let name = |what: &str| format!("{lang}/form-{what}");
    becomes(c, sessions.get("dispatcher")).await;
    for (what, question) in [("found", "су жоқ"), ("found-none", "самолёт"), ("found-phone", "87015556677")] {
        c.go("/console/find").await;
        c.writes("main input[name=q]", question).await;
        c.sends("main form button").await;
        looked_at(c, &name(what), faults).await;
    }
    c.go("/console/board?service=roads").await;
    for pick in c.all("input[name=pick]").await.into_iter().take(2) {
        assert!(pick.click().await.is_ok());
    }
    c.awaits("#bulk.ready").await;
    looked_at(c, &name("bulk-chosen"), faults).await;
    c.chooses("#several-act", "accept").await;
    c.sends("#bulk button").await;
    looked_at(c, &name("bulk"), faults).await;

    // Sent on a version that is no longer the present one: refused, with both sides side by side.
    let request = format!("/console/requests/{}", f.fresh);
    c.go(&request).await;
    c.asks("document.querySelectorAll('input[name=expected_version]').forEach((i) => { i.value = '1'; })").await;
    c.unfolds("details:has(form[action$='/acts/transfer'])").await;
    c.chooses("form[action$='/acts/transfer'] select[name=queue]", "sewerage_taraz").await;
    c.writes("form[action$='/acts/transfer'] textarea", "Это не вода, а канализация").await;
    c.sends("form[action$='/acts/transfer'] button").await;
    assert!(c.shows(".clash").await, "a stale act is told");
    looked_at(c, &name("clash"), faults).await;

    c.go(&request).await;
    c.unfolds("details:has(form[action$='/personal'])").await;
    c.writes("form[action$='/personal'] input[name=reason]", "перезвонить").await;
    c.sends("form[action$='/personal'] button").await;
    looked_at(c, &name("personal"), faults).await;

    becomes(c, sessions.get("admin")).await;
    c.go("/console/people/boss").await;
    c.unfolds("details:has(form[action$='/token'])").await;
    c.writes("form[action$='/token'] input[name=label]", "Гео-портал").await;
    c.presses("form[action$='/token'] input[name=scope]").await;
    c.sends("form[action$='/token'] button").await;
    looked_at(c, &name("token"), faults).await;
    for path in ["/console/requests/26-4817-0359", "/console/people/nobody", "/console/board?cursor=x"] {
        c.go(path).await;
        looked_at(c, &named(lang, &format!("error-{path}"), f), faults).await;
    }
}

/// The walk.
pub async fn every_page_is_fit_to_be_seen(kit: Kit) {
    let w = kit.world_with(Options::with("CALLS__DOORS__GENERIC__TOKEN", "live")).await;
    let Some(c) = Chrome::open(&w, Scripts::On).await else { return w.leave().await };
    let f = fill(&w).await;
    let sessions = sessions(&w).await;
    let mut faults = Faults::default();
    let mut seen = 0;
    for lang in ["kk", "ru"] {
        speaks(&c, lang).await;
        let mut list = pages(&w, &f, &sessions).await;
        list.push((format!("/console/requests/{}", f.evil), "dispatcher"));
        list.push((format!("/console/requests/{}", f.rich), "boss"));
        list.push(("/console/board?service=water&danger=1".into(), "dispatcher"));
        list.push(("/console/board?district=talas".into(), "dispatcher"));
        for public in ["/", "/t/NUMBER", "/t/NUMBER?new=1", "/t?number=12"] {
            list.push((public.replace("NUMBER", &f.rich), "nobody"));
        }
        for (path, who) in &list {
            becomes(&c, sessions.get(who)).await;
            c.go(path).await;
            looked_at(&c, &format!("{}{}", named(lang, path, &f), if *who == "boss" { "-boss" } else { "" }), &mut faults).await;
            let hurt = c.asks("return document.querySelectorAll('xss-mark, [xss-attr], img[src=x]').length").await;
            assert_eq!(hurt, json!(0), "{path}: a stranger's words became a part of the page");
        }
        seen += list.len();
        made_by_forms(&c, lang, &f, &sessions, &mut faults).await;
    }
    assert!(seen > 40, "only {seen} pages were looked at");
    c.close().await;
    faults.none();
    w.finish().await;
}
