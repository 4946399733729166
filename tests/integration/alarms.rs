//! Warnings and escalations: who is told what, once, and never of what is no longer so.

use crate::harness::{CrewMember, Kit, Options, Resident, Staff, World, number_in, stories};
use futures_util::future::join_all;
use jambyl109::dispatch::{accounts, alarm};
use jambyl109::domain::access::Role;
use jambyl109::domain::actor::Actor;
use jambyl109::domain::request::Priority;
use jambyl109::domain::sla::Duty;
use serde_json::json;
use std::time::Duration;

stories! {
    each_step_reaches_its_people_once, nobody_is_told_of_what_is_over, five_hundred_become_one, the_night_is_quiet_but_for_dangers,
    many_workers_raise_each_step_once, one_that_cannot_be_read_holds_up_nobody, a_step_changes_the_request, a_letter_that_waits_is_true_when_it_goes,
}

const NO_WATER: &str = "Тараз қаласы, Абай көшесі 12: таңнан бері су жоқ";

pub fn letters(w: &World) -> Vec<String> {
    let dir = w.kit.dir.path().join("mail");
    let Ok(dir) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut files: Vec<_> = dir.map(|f| f.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "eml")).collect();
    files.sort();
    files.iter().map(|p| std::fs::read_to_string(p).unwrap()).collect()
}

async fn quiet_world(kit: Kit) -> World {
    kit.world_with(Options::with("MAIL__BREACH_TO", "")).await
}

async fn duty(w: &World, login: &str, duty: Duty, mail: Option<&str>) {
    accounts::add_duty(w.core(), &Actor::System("test"), login, duty, None, None, mail).await.unwrap();
}

async fn report(w: &World, chat: i64) -> String {
    let r = Resident::kk(w, chat);
    r.says(NO_WATER).await;
    number_in(&r.reads_one().text)
}

async fn screen(who: &Staff) -> Vec<(String, bool)> {
    let got = who.api.get("/staff/notices").await.expect(200);
    got["items"].as_array().unwrap().iter().map(|n| (n["number"].as_str().unwrap().to_owned(), n["late"].as_bool().unwrap())).collect()
}

async fn each_step_reaches_its_people_once(kit: Kit) {
    let w = quiet_world(kit).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let head = Staff::hire(&w, "head", Role::Manager, &[], None).await;
    let crew = CrewMember::hire(&w, "water_taraz_1", 9101).await;
    duty(&w, "head", Duty::Head, Some("head@su.test")).await;
    let number = report(&w, 511).await;
    // Twenty minutes to accept: at sixteen the dispatcher is warned.
    w.minutes(16).await;
    assert_eq!(screen(&dispatcher).await, [(number.clone(), false)]);
    assert_eq!(screen(&head).await, []);
    w.minutes(4).await;
    assert_eq!(screen(&dispatcher).await, [(number.clone(), true)], "the newer notice of a clock stands for the older");
    assert_eq!(screen(&head).await, [(number.clone(), true)]);
    let mail = letters(&w);
    assert_eq!(mail.len(), 1, "{mail:?}");
    assert!(mail[0].contains("head@su.test"));
    for _ in 0..3 {
        w.server.reconciler.tick().await.unwrap();
        w.minutes(5).await;
    }
    assert_eq!(letters(&w).len(), 1);

    // The crew's own clock: told in its chat, at eighty percent and at the end.
    dispatcher.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    w.settle().await;
    assert_eq!(screen(&dispatcher).await, [], "a stage that was reached is no longer late");
    crew.chat.reads();
    // Eighty percent is at 04:12, and messengers are quiet until seven.
    w.minutes(1290).await;
    let warning = crew.chat.reads_one().text;
    assert!(warning.contains('⏳') && warning.contains(&number), "{warning}");
    w.minutes(115).await;
    let late = crew.chat.reads_one().text;
    assert!(late.contains('⏰'), "{late}");
    let explained = dispatcher.api.get(&format!("/staff/requests/{number}/ledger?language=ru")).await.expect(200);
    assert!(explained["alarms"].as_array().unwrap().len() >= 4, "{explained}");
    // Seen is seen.
    let id = dispatcher.api.get("/staff/notices").await.expect(200)["items"][0]["id"].clone();
    dispatcher.api.post(&format!("/staff/notices/{id}/seen"), &json!({})).await.expect(204);
    head.api.post(&format!("/staff/notices/{id}/seen"), &json!({})).await.expect(404);
    assert_eq!(screen(&dispatcher).await, []);
    w.finish().await;
}

async fn nobody_is_told_of_what_is_over(kit: Kit) {
    let w = quiet_world(kit).await;
    let dispatcher = Staff::dispatcher(&w).await;
    duty(&w, "dispatcher", Duty::Head, Some("head@su.test")).await;
    let (closed, held, merged) = (report(&w, 521).await, report(&w, 522).await, report(&w, 523).await);
    let other = report(&w, 524).await;
    for n in [&closed, &held, &other] {
        dispatcher.does(n, "accept", json!({})).await.expect(200);
    }
    dispatcher.does(&closed, "resolve", json!({})).await.expect(200);
    dispatcher.does(&closed, "close", json!({})).await.expect(200);
    dispatcher.does(&held, "hold", json!({"why": "planned_works", "reason": "құбыр ауыстыру"})).await.expect(200);
    dispatcher.does(&merged, "merge", json!({"into": other})).await.expect(200);
    w.minutes(24 * 60).await;
    assert_eq!(screen(&dispatcher).await, [(other.clone(), true)]);
    let mail = letters(&w);
    assert_eq!(mail.len(), 1);
    w.finish().await;
}

async fn five_hundred_become_one(kit: Kit) {
    let w = quiet_world(kit).await;
    let dispatcher = Staff::dispatcher(&w).await;
    duty(&w, "dispatcher", Duty::Head, Some("head@su.test")).await;
    super::clocks::many_requests(&w, 500).await;
    w.minutes(20).await;
    let mail = letters(&w);
    assert_eq!(mail.len(), 1, "one message with a list");
    let decoded = body(&mail[0]);
    assert!(decoded.contains("500") && decoded.contains("485"), "{decoded}");
    // A page of a hundred notices, two of each clock; the older of the two goes.
    assert_eq!(screen(&dispatcher).await.len(), 50);
    assert_eq!(screen(&dispatcher).await.len(), 75);
    w.finish().await;
}

/// The text of a letter, whatever its transfer encoding.
pub fn body(letter: &str) -> String {
    let (head, body) = letter.split_once("\r\n\r\n").unwrap_or((letter, ""));
    if head.to_lowercase().contains("base64") {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let (mut out, mut bits, mut held) = (Vec::new(), 0u32, 0);
        for value in body.bytes().filter_map(|b| LETTERS.iter().position(|l| *l == b)) {
            (bits, held) = (bits << 6 | u32::try_from(value).unwrap(), held + 6);
            if held >= 8 {
                held -= 8;
                out.push(u8::try_from(bits >> held & 0xff).unwrap());
            }
        }
        return String::from_utf8(out).unwrap();
    }
    let soft = body.replace("=\r\n", "");
    let mut out = Vec::new();
    let mut bytes = soft.bytes();
    while let Some(b) = bytes.next() {
        if b == b'=' {
            let hex: String = bytes.by_ref().take(2).map(char::from).collect();
            out.push(u8::from_str_radix(&hex, 16).unwrap_or(b'?'));
        } else {
            out.push(b);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

async fn the_night_is_quiet_but_for_dangers(kit: Kit) {
    let w = quiet_world(kit).await;
    let crew = CrewMember::hire(&w, "water_taraz_1", 9102).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let number = report(&w, 531).await;
    dispatcher.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    w.settle().await;
    crew.chat.reads();
    // Nine in the morning and 19:12 later it is 04:12; the quiet ends at seven.
    w.minutes(1152 + 60).await;
    assert_eq!(crew.chat.reads().len(), 0, "nobody is woken");
    assert_eq!(screen(&dispatcher).await.len(), 1, "the screen is not a messenger");
    w.minutes(120).await;
    assert_eq!(crew.chat.reads_one().text.matches('⏳').count(), 1);
    w.finish().await;
}

async fn many_workers_raise_each_step_once(kit: Kit) {
    let w = quiet_world(kit).await;
    let _dispatcher = Staff::dispatcher(&w).await;
    super::clocks::many_requests(&w, 400).await;
    w.clock.advance(Duration::from_secs(17 * 60));
    let second = w.another().await;
    let cores = [w.server.core.clone(), w.server.core.clone(), second.core.clone(), second.core.clone()];
    let looked = join_all(cores.map(|core| {
        tokio::spawn(async move {
            let mut looked = 0;
            loop {
                match alarm::raise(&core, 20).await.unwrap() {
                    0 => return looked,
                    n => looked += n,
                }
            }
        })
    }))
    .await;
    let looked: usize = looked.into_iter().map(Result::unwrap).sum();
    assert_eq!(looked, 400, "each clock was looked at by one");
    assert_eq!(w.count("SELECT COUNT(*) FROM sla_alarm").await, 400);
    assert_eq!(w.count("SELECT COUNT(*) FROM notice").await, 400);
    let mut second = second;
    second.ended().await;
    w.finish().await;
}

async fn one_that_cannot_be_read_holds_up_nobody(kit: Kit) {
    let w = quiet_world(kit).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let broken = report(&w, 561).await;
    w.clock.advance(Duration::from_secs(1));
    let digits = broken.replace('-', "");
    let spoilt =
        format!("UPDATE sla_timer SET run = 'nonsense' WHERE stage = 'accept' AND request_id = (SELECT id FROM request WHERE number = '{digits}')");
    assert_eq!(w.tamper(&spoilt).await, 1);
    let whole = report(&w, 562).await;
    w.clock.advance(Duration::from_secs(17 * 60));
    w.server.alarms.tick().await.unwrap();
    assert_eq!(screen(&dispatcher).await, [(whole.clone(), false)]);
    // Mended, it is told within a minute.
    let mended = format!(
        "UPDATE sla_timer SET run = (SELECT t.run FROM sla_timer t JOIN request r ON r.id = t.request_id WHERE t.stage = 'accept' AND r.number = '{}') \
         WHERE run = 'nonsense'",
        whole.replace('-', "")
    );
    assert_eq!(w.tamper(&mended).await, 1);
    w.minutes(1).await;
    assert_eq!(screen(&dispatcher).await.len(), 2);
    w.finish().await;
}

async fn a_step_changes_the_request(kit: Kit) {
    let dir = tempfile::tempdir().unwrap();
    let shipped = include_str!("../../config/sla.toml");
    let at = "[[ladder]]\ncode = \"work\"\ntitle = { kk = \"Жұмыс\", ru = \"Работа\" }\n";
    let rung = "\n[[ladder.rung]]\nwhen = { percent = 50 }\nraise_priority = true\nmove_to = \"control\"\nwatch = [\"akimat\"]\n";
    assert!(shipped.contains(at));
    std::fs::write(dir.path().join("sla.toml"), shipped.replacen(at, &format!("{at}{rung}"), 1)).unwrap();
    let w = kit.world_with(Options::with("CONFIG__DIR", &dir.path().display().to_string()).and("MAIL__BREACH_TO", "")).await;
    let manager = Staff::hire(&w, "akim", Role::Manager, &[], None).await;
    let number = report(&w, 541).await;
    w.minutes(10).await;
    let moved = w.stored(&number).await.request;
    assert_eq!((moved.queue.as_ref().unwrap().as_str(), moved.priority), ("control", Priority::HIGH));
    assert_eq!(w.history(&number).await, ["registered", "queued", "escalated", "transferred"]);
    assert_eq!(w.count("SELECT COUNT(*) FROM watcher").await, 1);
    let watching = manager.api.get("/staff/notices").await.expect(200)["watching"].clone();
    assert_eq!(watching[0]["number"], json!(number));
    w.minutes(600).await;
    let escalated = w.history(&number).await.iter().filter(|k| *k == "escalated").count();
    assert_eq!(
        escalated as i64,
        w.count("SELECT COUNT(*) FROM sla_alarm WHERE rung IN (0, 4)").await,
        "the two steps that have effects, once for each clock"
    );
    w.finish().await;
}

async fn a_letter_that_waits_is_true_when_it_goes(kit: Kit) {
    let w = quiet_world(kit).await;
    let dispatcher = Staff::dispatcher(&w).await;
    duty(&w, "dispatcher", Duty::Head, Some("head@su.test")).await;
    let (one, two) = (report(&w, 551).await, report(&w, 552).await);
    // The alarm is raised and put into a message, and before it goes one of the two is taken.
    w.clock.advance(Duration::from_secs(20 * 60));
    w.server.sweeper.tick().await.unwrap();
    w.server.alarms.tick().await.unwrap();
    dispatcher.does(&one, "accept", json!({})).await.expect(200);
    w.settle().await;
    let mail = letters(&w);
    assert_eq!(mail.len(), 1);
    let text = body(&mail[0]);
    assert!(text.contains(&two) && !text.contains(&one), "{text}");
    dispatcher.does(&two, "accept", json!({})).await.expect(200);
    w.finish().await;
}
