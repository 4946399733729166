//! Residents of the mobile application, with tokens of their own, and callers whose words the operator takes down.

use super::ledger::Words;
use super::plan::Arrival;
use super::residents::pick;
use super::texts::{FOLLOW_UPS, REASONS};
use super::world::World;
use crate::domain::Class;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Registers what was said, so that it is looked for.
fn noted(world: &World, arrival: &Arrival, number: &str) {
    let mut said = world.ledger.write();
    said.words.push(Words { number: number.to_owned(), text: arrival.report.text.clone() });
    said.reports.insert(arrival.report.text.clone(), arrival.report.clone());
    drop(said);
    world.reported.fetch_add(1, Ordering::SeqCst);
}

/// One user of the application, from sign-in to judgement.
pub async fn app_user(world: Arc<World>, arrival: Arrival, nth: usize, seed: u64) {
    if !world.until(arrival.at).await {
        return;
    }
    let mut rng = StdRng::seed_from_u64(seed ^ (nth as u64).wrapping_mul(0x9E37_79B9));
    let lang = arrival.report.lang;
    let phone = format!("+7702{:07}", 1_000_000 + nth);
    let Some(token) = sign_in(&world, &phone, lang.as_str()).await else { return world.ledger.trouble("the application's user could not sign in") };
    let mut body = json!({"text": arrival.report.text, "language": lang.as_str()});
    if let (Some(map), true) = (body.as_object_mut(), arrival.report.class == Class::Incident || rng.random_bool(0.3)) {
        map.insert("district".into(), json!(arrival.report.district));
    }
    let key = format!("demo-{seed}-{nth}");
    let made = world.call(Method::POST, "/requests", Some(&token), Some(&key), Some(&body)).await;
    let Some(number) = made.filter(|a| a.status == 201).and_then(|a| a.text("number").map(str::to_owned)) else {
        return world.ledger.trouble("a report through the API was not taken");
    };
    noted(&world, &arrival, &number);
    if rng.random_bool(0.15) {
        world.ledger.write().repeated_calls += 1;
        let again = world.call(Method::POST, "/requests", Some(&token), Some(&key), Some(&body)).await;
        if again.and_then(|a| a.text("number").map(str::to_owned)).as_deref() != Some(&number) {
            world.ledger.trouble("a repeated call did not give the same request");
        }
    }
    if rng.random_bool(0.12) && world.rest(rng.random_range(1.0..10.0)).await && world.may_speak() {
        let text = pick(&FOLLOW_UPS, lang, &mut rng);
        let sent = world.post(&format!("/requests/{number}/messages"), Some(&token), &json!({"text": text})).await;
        if sent.is_some_and(|a| a.is_success()) {
            world.ledger.write().words.push(Words { number: number.clone(), text: text.to_owned() });
        }
    }
    watch(&world, &token, &number, lang, &mut rng).await;
}

/// Looks now and then whether it is done, and says what they think.
async fn watch(world: &World, token: &str, number: &str, lang: crate::domain::Lang, rng: &mut StdRng) {
    let mood = rng.random_range(0..100);
    while world.rest(rng.random_range(8.0..20.0)).await && world.may_speak() {
        let Some(answer) = world.get(&format!("/requests/{number}"), token).await else { return };
        match answer.text("status") {
            Some("resolved") => {}
            Some("closed" | "rejected" | "duplicate") | None => return,
            _ => continue,
        }
        let act = |what: &str| format!("/requests/{number}/{what}");
        match mood {
            0..55 => {
                world.post(&act("confirm"), Some(token), &json!({})).await;
                world.post(&act("rating"), Some(token), &json!({"score": rng.random_range(3..=5)})).await;
            }
            55..65 => {
                let reason = pick(&REASONS, lang, rng);
                let done = world.post(&act("reopen"), Some(token), &json!({"reason": reason})).await;
                if done.is_some_and(|a| a.is_success()) {
                    world.ledger.write().words.push(Words { number: number.to_owned(), text: reason.to_owned() });
                }
            }
            _ => {}
        }
        return;
    }
}

/// Asks for a code, reads it off the telephone's screen, changes it for a token.
async fn sign_in(world: &World, phone: &str, lang: &str) -> Option<String> {
    world.post("/auth/otp", None, &json!({"phone": phone, "language": lang})).await.filter(super::world::Answer::is_success)?;
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(25)).await;
        let letter = world.sms.sent().into_iter().rev().find(|l| l.chat == phone);
        if let Some(code) = letter.and_then(|l| six_digits(&l.message.text)) {
            let answer = world.post("/auth/token", None, &json!({"phone": phone, "code": code, "language": lang})).await?;
            return answer.text("token").map(str::to_owned);
        }
    }
    None
}

fn six_digits(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_digit()).find(|d| d.len() == 6).map(str::to_owned)
}

/// The operator takes down one call.
pub async fn call(world: Arc<World>, arrival: Arrival, nth: usize, operator: Arc<str>) {
    if !world.until(arrival.at).await {
        return;
    }
    let body = json!({
        "phone": format!("+7705{:07}", 2_000_000 + nth), "text": arrival.report.text, "language": arrival.report.lang.as_str(),
        "district": arrival.report.district
    });
    let made = world.post("/staff/requests", Some(&operator), &body).await;
    match made.filter(|a| a.status == 201).and_then(|a| a.text("number").map(str::to_owned)) {
        Some(number) => noted(&world, &arrival, &number),
        None => world.ledger.trouble("a call could not be taken down"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_found() {
        assert_eq!(six_digits("Jambyl 109: кіру коды 048213. Ешкімге айтпаңыз").as_deref(), Some("048213"));
        assert_eq!(six_digits("109"), None);
    }
}
