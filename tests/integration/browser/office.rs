//! Those who keep the house: administrators, managers, and everybody's own account.

use super::chrome::{Chrome, Scripts};
use crate::harness::{Browser, Kit, PASSWORD, Staff};
use jambyl109::domain::access::Role;
use jambyl109::domain::totp;
use serde_json::json;

/// Hires, changes, shuts out, and reads who did it.
pub async fn an_administrators_day(kit: Kit) {
    let w = kit.world().await;
    let Some(c) = Chrome::open(&w, Scripts::On).await else { return w.leave().await };
    Staff::admin(&w).await;
    c.signs_in("admin").await;
    c.sends("header nav a[href='/console/people']").await;
    c.unfolds("details:has(form[action='/console/people'])").await;
    for (field, text) in [("login", "aigul"), ("password", "kerege uyk shanyrak 109"), ("name", "Айгүл Серікқызы")] {
        c.writes(&format!("form[action='/console/people'] input[name={field}]"), text).await;
    }
    c.chooses("form[action='/console/people'] select[name=role]", "dispatcher").await;
    c.sends("form[action='/console/people'] button").await;
    assert_eq!(c.path().await, "/console/people/aigul");
    c.reads("h1", "Айгүл Серікқызы").await;

    // A colleague is signed in elsewhere; the session is ended from here.
    Staff::hire(&w, "berik", Role::Dispatcher, &[], None).await;
    let elsewhere = Browser::new(&w);
    assert_eq!(elsewhere.signs_in("berik", PASSWORD).await.status, 303);
    assert_eq!(elsewhere.get("/console/board").await.status, 200);
    c.go("/console/people/berik").await;
    c.reads("main", "Firefox").await;
    while c.has("form[action$='/end-session'] button").await {
        c.sends("form[action$='/end-session'] button").await;
    }
    assert_eq!(elsewhere.get("/console/board").await.status, 303, "the session goes on");

    // New rights: another role, for one district.
    c.chooses("form[action='/console/people/berik'] select[name=role]", "senior_dispatcher").await;
    c.presses("form[action='/console/people/berik'] input[name=district][value=shu]").await;
    c.sends("form[action='/console/people/berik'] button").await;
    assert!(c.shows(".notice.good").await);
    assert_eq!(w.query("SELECT role FROM staff WHERE login = 'berik'").await[0][0], "senior_dispatcher");
    assert!(c.find("input[name=district][value=shu]").await.is_chosen().await);
    c.sends("form[action$='/disable'] button").await;
    assert_eq!(elsewhere.signs_in("berik", PASSWORD).await.status, 401);

    // All of it can be read, and looked for.
    c.sends("header nav a[href='/console/audit']").await;
    c.writes("main input[name=object]", "berik").await;
    c.sends("main form button:not([name])").await;
    assert!(c.all("main tbody tr").await.len() >= 3, "{}", c.words("main").await);
    assert!(c.words("main tbody").await.contains("Қызметкер admin"));
    c.writes("main input[name=object]", "nobody-at-all").await;
    c.sends("main form button:not([name])").await;
    assert!(c.shows("main .empty").await);
    c.close().await;
    w.finish().await;
}

/// Sees everything and changes nothing.
pub async fn a_managers_day(kit: Kit) {
    let w = kit.world().await;
    let Some(c) = Chrome::open(&w, Scripts::On).await else { return w.leave().await };
    let dispatcher = Staff::dispatcher(&w).await;
    Staff::hire(&w, "boss", Role::Manager, &[], None).await;
    let body = json!({"text": "нет воды", "service": "water", "class": "incident", "district": "taraz"});
    let number = dispatcher.api.post("/staff/requests", &body).await.expect(201)["number"].as_str().unwrap().to_owned();
    w.settle().await;
    c.signs_in("boss").await;
    // Whatever the menu offers opens.
    let mut links = Vec::new();
    for a in c.all("header nav a").await {
        links.push(a.attr("href").await.unwrap());
    }
    assert!(links.len() >= 4, "{links:?}");
    for link in &links {
        c.go(link).await;
        assert!(c.shows("main h1").await && !c.has(".error").await, "{link} does not open");
        assert!(c.has("header nav a[aria-current=page]").await, "{link} is not marked in the menu");
    }
    c.go("/console/board").await;
    assert!(!c.has("#bulk button[formaction], #bulk option[value=assign]").await, "a manager assigns");
    c.sends(&format!("#r{number} .num a")).await;
    assert!(!c.has("form[action$='/acts/accept']").await && c.has("form[action$='/acts/note']").await);
    c.go("/console/people").await;
    assert!(c.has(".error").await, "a manager keeps accounts");
    c.close().await;
    w.finish().await;
}

/// From the drawing to the code at the next sign-in.
pub async fn a_second_factor_is_set_up(kit: Kit) {
    let w = kit.world().await;
    let Some(c) = Chrome::open(&w, Scripts::On).await else { return w.leave().await };
    Staff::dispatcher(&w).await;
    c.signs_in("dispatcher").await;
    c.sends(".who a").await;
    c.sends("a[href='/console/account/second-factor']").await;
    assert!(c.shows(".qr svg").await, "nothing to point a telephone at");
    let html = c.find("main").await.markup().await;
    let secret = crate::who::factor::secret_of(&html);
    let code = || totp::code(&secret, totp::step_of(w.core().wall()));
    c.writes("input[name=code]", &code()).await;
    c.sends("form[action='/console/account/second-factor'] button").await;
    assert_eq!(c.all(".codes li").await.len(), 10);
    c.sends("main a.button").await;
    c.sends("form[action='/console/sign-out'] button").await;
    w.minutes(2).await;
    c.signs_in("dispatcher").await;
    c.writes("input[name=code]", "000000").await;
    c.sends("form[action='/console/second-factor'] button").await;
    assert!(c.shows(".notice.bad").await);
    c.writes("input[name=code]", &code()).await;
    c.sends("form[action='/console/second-factor'] button").await;
    c.go("/console/account").await;
    assert!(c.shows("form[action='/console/account/language']").await);
    c.close().await;
    w.finish().await;
}
