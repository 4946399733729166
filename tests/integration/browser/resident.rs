//! A resident without an account, on a telephone.

use super::chrome::{Chrome, Scripts};
use crate::harness::{Kit, Staff, number_in};
use serde_json::json;

/// Reports, keeps the number, comes back with it.
pub async fn a_resident_reports_and_follows(kit: Kit) {
    let w = kit.world().await;
    let Some(c) = Chrome::open(&w, Scripts::On).await else { return w.leave().await };
    let dispatcher = Staff::dispatcher(&w).await;
    c.wide(360).await;
    c.go("/?lang=kk").await;
    assert_eq!(c.find("html").await.attr("lang").await.as_deref(), Some("kk"));
    c.writes("textarea[name=text]", "Тараз қаласы, Абай көшесі 12: кеше кештен бері су жоқ").await;
    c.writes("input[name=address]", "Абай көшесі 12").await;
    c.writes("input[name=phone]", "12").await;
    c.sends("main form[method=post] button").await;
    // A slip in the number: told, and nothing has to be typed again.
    assert!(c.shows(".notice.bad").await);
    let kept = c.find("textarea[name=text]").await.value().await;
    assert!(kept.contains("су жоқ"), "what was typed is gone");
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 0);
    c.writes("input[name=phone]", "8 701 555 66 77").await;
    c.sends("main form[method=post] button").await;
    let number = number_in(&c.path().await);
    c.reads("main", &number).await;
    assert!(!c.words("body").await.contains("Абай"), "a public page tells where somebody lives");
    w.settle().await;

    // Comes back with the number, in the other language.
    dispatcher.does(&number, "accept", json!({})).await.expect(200);
    c.go("/?lang=ru").await;
    c.writes("input[name=number]", &number.replace('-', " ")).await;
    c.sends("form[action='/t'] button").await;
    assert!(c.path().await.starts_with(&format!("/t/{number}")), "{}", c.path().await);
    assert!(c.shows(".st-assigned").await || c.words("main").await.contains("Принято"), "{}", c.words("main").await);
    c.go("/?lang=ru").await;
    c.writes("input[name=number]", "26-0000-0000").await;
    c.sends("form[action='/t'] button").await;
    assert!(c.shows(".notice.bad").await, "a number that is none is told");
    drop(w.server.sms.take());
    c.close().await;
    w.finish().await;
}
