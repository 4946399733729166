//! How often a stranger may: by address, by phone, over several processes, and whom the service believes about addresses.

use crate::harness::{Answer, Api, Kit, Options, World, stories};
use reqwest::Method;
use serde_json::json;

stories! { the_public_form_is_limited, only_our_proxies_are_believed }

async fn report(api: &Api, phone: &str, lang: &str) -> Answer {
    let body = format!("text=%D0%BD%D0%B5%D1%82+%D0%B2%D0%BE%D0%B4%D1%8B&phone={}", phone.replace('+', "%2B"));
    let call = api.call(Method::POST, "/").header("content-type", "application/x-www-form-urlencoded").header("accept-language", lang);
    Api::send(call.body(body)).await
}

async fn the_public_form_is_limited(kit: Kit) {
    let w = kit.world_with(Options::with("AUTH__FORM_PER_ADDRESS_PER_HOUR", "4").and("AUTH__FORM_PER_PHONE_PER_HOUR", "2")).await;
    let mut second = w.another().await;
    assert_eq!(report(w.api(), "+77010000061", "ru").await.status, 303);
    assert_eq!(report(&second.api, "+77010000061", "ru").await.status, 303);
    // By phone, whichever process is asked.
    for (lang, words) in [("kk", "өтініш көп келді"), ("ru", "уже много обращений")] {
        let a = report(w.api(), "8 701 000 00 61", lang).await;
        assert!(a.status == 429 && a.text.contains(words), "{} {}", a.status, a.text);
        let wait: u64 = a.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=3600).contains(&wait));
        // What was typed comes back.
        assert!(a.text.contains("нет воды"));
    }
    // By address, whatever phone is named.
    assert_eq!(report(w.api(), "+77010000062", "ru").await.status, 429);
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 2);
    w.minutes(61).await;
    assert_eq!(report(w.api(), "+77010000061", "ru").await.status, 303);
    second.ended().await;
    w.finish().await;
}

/// Asks for codes until it is told to wait; how many there were.
async fn until_limited(w: &World, from: impl Fn(usize) -> String) -> usize {
    for i in 0..40 {
        let call = w.api().call(Method::POST, "/api/v1/auth/otp").header("x-forwarded-for", from(i));
        if Api::send(call.json(&json!({"phone": format!("+770155500{i:02}")}))).await.status == 429 {
            return i;
        }
    }
    40
}

async fn only_our_proxies_are_believed(kit: Kit) {
    let w = kit.world_with(Options::with("HTTP__TRUSTED_PROXIES", "127.0.0.1")).await;
    assert_eq!(until_limited(&w, |i| format!("198.51.100.{i}")).await, 40, "each caller behind the proxy has an own count");
    w.minutes(24 * 60).await;
    assert_eq!(until_limited(&w, |i| format!("198.51.100.{i}, 203.0.113.9")).await, 20, "what stands before the caller's address is not believed");
    w.finish().await;
}
