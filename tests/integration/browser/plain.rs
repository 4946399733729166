//! The main acts of everybody in a browser that runs no script.

use super::chrome::{Chrome, Scripts};
use crate::harness::{Kit, Resident, Staff, number_in};
use jambyl109::domain::access::Role;

async fn out(c: &Chrome) {
    c.sends("form[action='/console/sign-out'] button").await;
}

/// A resident reports, a dispatcher works, a crew goes, the resident sees that it is done.
pub async fn a_day_without_scripts(kit: Kit) {
    let w = kit.world().await;
    let Some(c) = Chrome::open(&w, Scripts::Off).await else { return w.leave().await };
    Staff::dispatcher(&w).await;
    Staff::hire(&w, "crew", Role::Crew, &[], Some("water_taraz_1")).await;
    let r = Resident::ru(&w, 8501);
    r.says("г. Тараз, ул. Абая 12: второй день нет воды").await;
    let second = number_in(&r.reads_one().text);

    c.go("/?lang=ru").await;
    c.writes("textarea[name=text]", "г. Тараз, ул. Абая 14: второй день нет воды").await;
    c.sends("main form[method=post] button").await;
    let number = number_in(&c.path().await);
    w.settle().await;

    c.signs_in("dispatcher").await;
    c.go("/console/board").await;
    assert_eq!(c.words("#live").await, "", "a script runs in the browser that should have none");
    assert!(!c.has("body.scripted").await);
    assert!(c.shows("#bulk button").await, "several are chosen without a script too");
    c.sends(&format!("#r{number} .num a")).await;
    c.sends("form[action$='/acts/accept'] button").await;
    w.minutes(1).await;
    c.unfolds("details:has(form[action$='/acts/assign'])").await;
    c.chooses("form[action$='/acts/assign'] select[name=crew]", "water_taraz_1").await;
    c.sends("form[action$='/acts/assign'] button").await;
    assert!(c.shows(".head .pill.st-assigned").await, "{}", c.words(".head").await);

    c.go(&format!("/console/requests/{second}")).await;
    c.unfolds("details:has(form[action$='/acts/reply'])").await;
    c.writes("form[action$='/acts/reply'] textarea", "Вода будет к вечеру.").await;
    c.sends("form[action$='/acts/reply'] button").await;
    w.settle().await;
    assert!(r.reads().iter().any(|m| m.text.contains("к вечеру")), "the resident is not answered");
    c.unfolds("details:has(form[action$='/acts/reclassify'])").await;
    c.chooses("form[action$='/acts/reclassify'] select[name=class]", "complaint").await;
    c.sends("form[action$='/acts/reclassify'] button").await;
    assert_eq!(w.stored(&second).await.request.class.map(|c| c.to_string()).as_deref(), Some("complaint"));
    c.go("/console/board").await;
    c.presses(&format!("#r{second} input[name=pick]")).await;
    c.chooses("#several-act", "accept").await;
    c.sends("#bulk button").await;
    assert_eq!(w.stored(&second).await.request.status.as_str(), "assigned");
    c.find("#find").await.types("абая 14").await;
    c.enters().await;
    assert!(c.has(&format!("#r{number}")).await, "{}", c.words("main").await);
    out(&c).await;

    c.signs_in("crew").await;
    assert!(c.words("main").await.contains(&number));
    for act in ["start", "arrive"] {
        w.minutes(5).await;
        c.sends(&format!("form[action*='{number}'][action$='/acts/{act}'] button, form[action$='/acts/{act}'] button")).await;
    }
    let resolve = "form[action$='/acts/resolve']";
    if c.has(&format!("details:has({resolve})")).await {
        c.unfolds(&format!("details:has({resolve})")).await;
    }
    c.writes(&format!("{resolve} textarea[name=note]"), "Заменили вентиль").await;
    c.sends(&format!("{resolve} button:not([type=button])")).await;
    assert_eq!(w.stored(&number).await.request.status.as_str(), "resolved");
    out(&c).await;

    c.go(&format!("/t/{number}?lang=ru")).await;
    assert!(c.has(".st-resolved").await || c.words("main").await.contains("Выполнено"), "{}", c.words("main").await);
    drop(w.server.sms.take());
    c.close().await;
    w.finish().await;
}
