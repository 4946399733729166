//! When the resident's own chat is shut: a template, another door, a call; and what waits goes out when they write again, if it still holds true.

use crate::harness::{Door, Kit, MetaFail, Options, SmsFail, Staff, Visitor, World, meta, number_in, stories};
use serde_json::{Value, json};
use std::time::Duration;

stories! {
    a_closed_window_goes_by_short_message, inside_and_outside_the_window, a_template_passes, a_refused_template_climbs_on, an_answer_waits_for_its_reader,
    nobody_but_the_chat, no_door_is_open, refused_later, the_providers_clock_goes_before_ours, a_blocked_chat_and_a_known_number, two_processes_climb_once,
    an_old_flood_opens_no_window, what_waits_follows_its_resident, one_who_cannot_be_helped_holds_nobody_up,
}

const NO_LIGHT: &str = "г. Тараз, ул. Абая 77: второй день нет света";
const DAY: Duration = Duration::from_secs(25 * 3600);

const TEMPLATES: &str = r#"
[[template]]
channel = "whatsapp"
text = "notice.started"
kk = "jambyl109_started_kk"
ru = "jambyl109_started_ru"
params = ["number"]

[[template]]
channel = "whatsapp"
text = "reply.waiting"
kk = "jambyl109_waiting_kk"
ru = "jambyl109_waiting_ru"
params = ["number"]
"#;

/// All doors, and two approved templates.
fn approved(kit: &Kit) -> Options {
    let dir = kit.dir.path().join("book");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("templates.toml"), TEMPLATES).unwrap();
    Options::every_door().and("CONFIG__DIR", &dir.display().to_string())
}

async fn report(v: &Visitor<'_>) -> String {
    v.says(NO_LIGHT).await;
    number_in(&v.reads_text())
}

/// The crew sets out, which the resident is told.
async fn set_out(w: &World, d: &Staff, number: &str) {
    d.does(number, "assign", json!({"crew": "electricity_taraz_1"})).await.expect(200);
    d.does(number, "start", json!({})).await.expect(200);
    w.settle().await;
}

/// Deliveries of a text, as staff see them: channel, state and reason.
async fn rows(d: &Staff, number: &str, template: &str) -> Vec<(String, String, String)> {
    let seen = d.sees(number).await;
    let word = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let all = seen["deliveries"].as_array().unwrap().iter().filter(|o| o["template"] == template);
    all.map(|o| (word(&o["channel"]), word(&o["state"]), word(&o["reason"]["code"]))).collect()
}

fn row(channel: &str, state: &str, reason: &str) -> (String, String, String) {
    (channel.into(), state.into(), reason.into())
}

async fn plan(d: &Staff, number: &str) -> (String, Value) {
    let reach = d.sees(number).await["reach"].clone();
    (reach["plan"].as_str().unwrap().to_owned(), reach)
}

async fn a_closed_window_goes_by_short_message(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let d = Staff::dispatcher(&w).await;
    let v = Visitor::at(&w, Door::Whatsapp, 21);
    let number = report(&v).await;
    let (before, reach) = plan(&d, &number).await;
    assert_eq!((before.as_str(), reach["channel"].as_str()), ("chat", Some("whatsapp")), "{reach}");
    w.advance(DAY).await;
    let (after, reach) = plan(&d, &number).await;
    assert_eq!((after.as_str(), reach["by"].as_str(), reach["reason"]["code"].as_str()), ("other", Some("sms"), Some("window")), "{reach}");
    let tried = w.meta.attempts();
    set_out(&w, &d, &number).await;
    assert_eq!(w.meta.attempts(), tried, "free text was tried outside the window");
    let texts = w.sms.to(&v.phone());
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].text.contains(&number) && texts[0].text.encode_utf16().count() <= 134, "{texts:?}");
    assert_eq!(rows(&d, &number, "notice.started").await, [row("whatsapp", "moved", "window"), row("sms", "accepted", "")]);
    w.finish().await;
}

async fn inside_and_outside_the_window(kit: Kit) {
    let w = kit.world_with(Options::every_door().and("DELIVERY__WINDOW_HOURS__WHATSAPP", "2")).await;
    let d = Staff::dispatcher(&w).await;
    let v = Visitor::at(&w, Door::Whatsapp, 22);
    let number = report(&v).await;
    w.minutes(119).await;
    d.does(&number, "reply", json!({"text": "Бригада приедет к вечеру."})).await.expect(200);
    w.settle().await;
    let said = v.reads();
    assert!(said.iter().any(|m| m.text.contains(&number) && m.text.contains("Бригада приедет к вечеру.")), "one message with its head: {said:#?}");
    w.minutes(2).await;
    d.does(&number, "reply", json!({"text": "Уже едет."})).await.expect(200);
    w.settle().await;
    assert!(w.sms.to(&v.phone()).iter().any(|m| m.text.contains("Уже едет.")));
    // The resident writes: the window is open again.
    v.says("хорошо, жду").await;
    v.reads();
    d.does(&number, "reply", json!({"text": "Подъезжает."})).await.expect(200);
    w.settle().await;
    assert!(v.reads_text().contains("Подъезжает."));
    w.finish().await;
}

async fn a_template_passes(kit: Kit) {
    let options = approved(&kit);
    let w = kit.world_with(options).await;
    let d = Staff::dispatcher(&w).await;
    let v = Visitor::at(&w, Door::Whatsapp, 23);
    let number = report(&v).await;
    w.advance(DAY).await;
    set_out(&w, &d, &number).await;
    let posted = w.meta.to(&v.chat()).pop().unwrap();
    assert_eq!(posted.body["template"]["name"], "jambyl109_started_ru", "{posted:?}");
    assert_eq!(posted.body["template"]["language"]["code"], "ru");
    assert!(posted.text.contains(&number), "{posted:?}");
    let seen = d.sees(&number).await;
    let sent = seen["deliveries"].as_array().unwrap().iter().find(|o| o["template"] == "notice.started").unwrap().clone();
    assert_eq!((sent["state"].as_str(), sent["approved_template"].as_str()), (Some("accepted"), Some("jambyl109_started_ru")));
    assert!(w.sms.taken().is_empty());
    w.finish().await;
}

async fn a_refused_template_climbs_on(kit: Kit) {
    let options = approved(&kit);
    let w = kit.world_with(options).await;
    let d = Staff::dispatcher(&w).await;
    let v = Visitor::at(&w, Door::Whatsapp, 24);
    let number = report(&v).await;
    w.advance(DAY).await;
    w.meta.fail_chat(&v.chat(), MetaFail::Template);
    set_out(&w, &d, &number).await;
    assert_eq!(w.sms.to(&v.phone()).len(), 1);
    assert_eq!(rows(&d, &number, "notice.started").await, [row("whatsapp", "moved", "template"), row("sms", "accepted", "")]);
    w.finish().await;
}

/// An operator's words outside the window: a template asks the resident to write, and the words go out when they do, once.
async fn an_answer_waits_for_its_reader(kit: Kit) {
    let options = approved(&kit);
    let w = kit.world_with(options).await;
    let d = Staff::dispatcher(&w).await;
    let v = Visitor::at(&w, Door::Whatsapp, 25);
    let number = report(&v).await;
    w.advance(DAY).await;
    assert_eq!(plan(&d, &number).await.0, "template");
    d.does(&number, "reply", json!({"text": "Кабель заменили, проверьте свет."})).await.expect(200);
    w.settle().await;
    let asked = v.reads();
    assert_eq!(asked.len(), 1, "{asked:#?}");
    assert!(asked[0].text.contains("jambyl109_waiting_ru") && asked[0].text.contains(&number), "{asked:#?}");
    assert_eq!(rows(&d, &number, "reply.head").await, [row("whatsapp", "parked", "window")]);
    v.says("да, слушаю").await;
    let said = v.reads();
    assert_eq!(said.iter().filter(|m| m.text.contains("Кабель заменили")).count(), 1, "{said:#?}");
    w.minutes(30).await;
    assert!(v.reads().is_empty());
    assert!(w.sms.taken().is_empty());
    w.finish().await;
}

/// A person without a number: what waits goes out when they write, and what is no longer true does not.
async fn nobody_but_the_chat(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let d = Staff::dispatcher(&w).await;
    let says = async |text: &str| {
        let id = format!("wamid.NONAME{}", w.meta.next());
        let message = json!({"from_user_id": "KZ.13491208655302741918", "id": id, "timestamp": w.now().timestamp().to_string(),
            "type": "text", "text": {"body": text}});
        let contact = json!({"profile": {"name": "Айгүл"}, "user_id": "KZ.13491208655302741918"});
        let body = meta::whatsapp(json!({"contacts": [contact], "messages": [message]}));
        assert_eq!(meta::bring(w.api(), &body).await.status, 200);
        w.settle().await;
    };
    let read = || w.meta.to("KZ.13491208655302741918").into_iter().map(|m| m.text).collect::<Vec<_>>();
    says(NO_LIGHT).await;
    let number = number_in(&read().join("\n"));
    w.advance(DAY).await;
    let (words, reach) = plan(&d, &number).await;
    assert_eq!(words, "hold", "{reach}");
    set_out(&w, &d, &number).await;
    d.does(&number, "resolve", json!({})).await.expect(200);
    w.settle().await;
    assert_eq!(rows(&d, &number, "notice.started").await, [row("whatsapp", "parked", "window")]);
    assert_eq!(rows(&d, &number, "resolved.ask").await, [row("whatsapp", "parked", "window")]);
    assert_eq!(w.count("SELECT COUNT(*) FROM callback_task").await, 0);
    let before = read().len();
    says("как там?").await;
    let new = read()[before..].to_vec();
    assert_eq!(rows(&d, &number, "notice.started").await[0].1, "expired");
    assert_eq!(rows(&d, &number, "resolved.ask").await[0].1, "accepted");
    assert!(new.iter().any(|t| t.contains(&number)), "{new:#?}");
    w.finish().await;
}

/// Neither chat nor short message: an operator is asked to call, sees what to tell, and the message still waits for its resident.
async fn no_door_is_open(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let d = Staff::dispatcher(&w).await;
    let admin = Staff::admin(&w).await;
    let v = Visitor::at(&w, Door::Whatsapp, 26);
    let number = report(&v).await;
    w.advance(DAY).await;
    w.sms.fail_number(&v.phone(), SmsFail::Unreachable);
    set_out(&w, &d, &number).await;
    assert_eq!(rows(&d, &number, "notice.started").await, [row("whatsapp", "parked", "window"), row("sms", "dead", "unreachable")]);
    let list = d.api.get("/staff/callbacks").await.expect(200);
    let task = &list["items"][0];
    assert_eq!((task["call"].is_null(), task["missed"].as_i64()), (true, Some(0)), "{list}");
    assert_eq!(
        (task["tell"][0]["request"].as_str(), task["tell"][0]["reason"]["code"].as_str()),
        (Some(number.as_str()), Some("unreachable")),
        "{list}"
    );
    assert!(!list.to_string().contains(&v.phone()), "the number is shown: {list}");
    // A second message joins the same task.
    w.sms.fail_number(&v.phone(), SmsFail::Unreachable);
    d.does(&number, "reply", json!({"text": "Позвоните нам."})).await.expect(200);
    w.settle().await;
    let list = d.api.get("/staff/callbacks").await.expect(200);
    assert_eq!((list["items"].as_array().unwrap().len(), list["items"][0]["tell"].as_array().unwrap().len()), (1, 2), "{list}");
    let dead = admin.api.get("/staff/outbox").await.expect(200);
    assert_eq!(dead["items"].as_array().unwrap().len(), 2, "dead letters are listed: {dead}");
    // The resident writes: what waited goes out, and nobody needs to call.
    v.reads();
    v.says("алло, есть новости?").await;
    let said = v.reads_text();
    assert!(said.contains("Позвоните нам."), "{said}");
    w.settle().await;
    assert!(d.api.get("/staff/callbacks").await.expect(200)["items"].as_array().unwrap().is_empty());
    w.finish().await;
}

/// The provider took it and says later that it did not arrive.
async fn refused_later(kit: Kit) {
    let options = approved(&kit);
    let w = kit.world_with(options).await;
    let d = Staff::dispatcher(&w).await;
    let v = Visitor::at(&w, Door::Whatsapp, 27);
    let number = report(&v).await;
    set_out(&w, &d, &number).await;
    let id = v.reads().pop().unwrap().id;
    // The window: the same words as a template.
    meta::bring(w.api(), &meta::status(&id, &v.chat(), "failed", w.now(), Some(131_047))).await;
    w.settle().await;
    let again = v.reads();
    assert!(again.len() == 1 && again[0].text.contains("jambyl109_started_ru"), "{again:#?}");
    assert_eq!(rows(&d, &number, "notice.started").await, [row("whatsapp", "accepted", "")]);
    // No account any more: the next door. Told twice, it goes once.
    for _ in 0..2 {
        meta::bring(w.api(), &meta::status(&again[0].id, &v.chat(), "failed", w.now(), Some(131_026))).await;
        w.settle().await;
    }
    assert_eq!(rows(&d, &number, "notice.started").await, [row("whatsapp", "moved", "unreachable"), row("sms", "accepted", "")]);
    assert_eq!(w.sms.to(&v.phone()).len(), 1);
    // And the operator knows it before typing.
    assert_eq!(plan(&d, &number).await.0, "other");
    w.finish().await;
}

async fn the_providers_clock_goes_before_ours(kit: Kit) {
    let options = approved(&kit);
    let w = kit.world_with(options).await;
    let d = Staff::dispatcher(&w).await;
    let v = Visitor::at(&w, Door::Whatsapp, 28);
    let number = report(&v).await;
    v.reads();
    w.meta.fail_chat(&v.chat(), MetaFail::Window);
    set_out(&w, &d, &number).await;
    assert!(v.reads_text().contains("jambyl109_started_ru"), "refused as free text, it passes as a template at once");
    w.finish().await;
}

/// Telegram is blocked; the application has proved the same person's number.
async fn a_blocked_chat_and_a_known_number(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let d = Staff::dispatcher(&w).await;
    let v = Visitor::at(&w, Door::Telegram, 29);
    let number = report(&v).await;
    w.tamper("UPDATE resident SET phone = '+77015550029'").await;
    w.telegram.fail_chat(700_029, crate::harness::Fail::Blocked);
    set_out(&w, &d, &number).await;
    assert_eq!(w.sms.to("+77015550029").len(), 1);
    assert_eq!(rows(&d, &number, "notice.started").await, [row("telegram", "moved", "blocked"), row("sms", "accepted", "")]);
    // Whoever writes again takes messages.
    v.says("разблокировал").await;
    v.reads();
    assert_eq!(plan(&d, &number).await.0, "chat");
    w.finish().await;
}

async fn two_processes_climb_once(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let d = Staff::dispatcher(&w).await;
    let people: Vec<Visitor<'_>> = (40..46).map(|n| Visitor::at(&w, Door::Whatsapp, n)).collect();
    let mut numbers = Vec::new();
    for v in &people {
        numbers.push(report(v).await);
    }
    w.advance(DAY).await;
    for number in &numbers {
        d.does(number, "assign", json!({"crew": "electricity_taraz_1"})).await.expect(200);
        d.does(number, "start", json!({})).await.expect(200);
    }
    let mut other = w.another().await;
    tokio::join!(w.settle(), other.settle(), async {
        for v in &people {
            // And the residents write in between.
            assert_eq!(v.words("как дела?").bring(&w).await, 200);
        }
    });
    tokio::join!(w.settle(), other.settle());
    other.ended().await;
    let made = w.count("SELECT COUNT(*) FROM outbox WHERE template = 'notice.started' AND origin_id IS NOT NULL").await;
    let moved = w.count("SELECT COUNT(*) FROM outbox WHERE template = 'notice.started' AND status = 'moved'").await;
    assert_eq!(made, moved, "each that moved has one stand-in");
    for v in &people {
        let heard =
            v.all().iter().filter(|m| m.text.contains("бригада")).count() + w.sms.to(&v.phone()).iter().filter(|m| m.text.contains("ригада")).count();
        assert_eq!(heard, 1, "told once: {:#?} {:#?}", v.all(), w.sms.to(&v.phone()));
    }
    w.finish().await;
}

/// Messages that were written days ago and come now open no window.
async fn an_old_flood_opens_no_window(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let d = Staff::dispatcher(&w).await;
    let v = Visitor::at(&w, Door::Whatsapp, 47);
    let old = v.words(NO_LIGHT);
    w.clock.advance(Duration::from_secs(3 * 24 * 3600));
    assert_eq!(old.bring(&w).await, 200);
    w.settle().await;
    // The acknowledgement of a message so old cannot go as free text: it goes by short message.
    let number = number_in(&w.sms.to(&v.phone())[0].text);
    assert_eq!(plan(&d, &number).await.1["by"], "sms");
    assert!(v.reads().is_empty());
    w.finish().await;
}

/// It waits for the resident in one chat, and they write in another of theirs.
async fn what_waits_follows_its_resident(kit: Kit) {
    let w = kit.world_with(Options::every_door()).await;
    let d = Staff::dispatcher(&w).await;
    let (v, telegram) = (Visitor::at(&w, Door::Whatsapp, 48), Visitor::at(&w, Door::Telegram, 49));
    telegram.says("/start").await;
    let number = report(&v).await;
    w.tamper("UPDATE conversation SET resident_id = (SELECT resident_id FROM conversation WHERE channel = 'whatsapp') WHERE channel = 'telegram'")
        .await;
    w.advance(DAY).await;
    telegram.reads();
    w.telegram.fail_chat(700_049, crate::harness::Fail::Blocked);
    w.sms.fail_number(&v.phone(), SmsFail::Unreachable);
    set_out(&w, &d, &number).await;
    let climbed = [row("whatsapp", "parked", "window"), row("telegram", "moved", "blocked"), row("sms", "dead", "unreachable")];
    assert_eq!(rows(&d, &number, "notice.started").await, climbed);
    telegram.says("/my").await;
    // In the language of that chat.
    assert!(telegram.reads_text().contains("бригада жолға шықты"), "it follows its resident");
    let all = rows(&d, &number, "notice.started").await;
    assert_eq!((all.len(), &all[0].1, &all[3]), (4, &"moved".to_owned(), &row("telegram", "accepted", "")), "{all:?}");
    w.minutes(60).await;
    v.says("алло").await;
    assert!(!v.reads_text().contains("бригада"), "it was said twice");
    w.finish().await;
}

/// A row that no longer can be read stops what waits for this resident, and for nobody else.
async fn one_who_cannot_be_helped_holds_nobody_up(kit: Kit) {
    let options = approved(&kit);
    let w = kit.world_with(options).await;
    let d = Staff::dispatcher(&w).await;
    let (ill, well) = (Visitor::at(&w, Door::Whatsapp, 71), Visitor::at(&w, Door::Whatsapp, 72));
    let other = Visitor::at(&w, Door::Sms, 73);
    report(&other).await;
    let numbers = [report(&ill).await, report(&well).await];
    w.advance(DAY).await;
    for number in &numbers {
        d.does(number, "reply", json!({"text": "Кабель заменили, проверьте свет."})).await.expect(200);
    }
    w.settle().await;
    assert!(ill.reads().len() == 1 && well.reads().len() == 1);
    // Another chat of the same person.
    let theirs = "SELECT resident_id FROM conversation WHERE channel = 'whatsapp' ORDER BY created_at LIMIT 1";
    assert_eq!(w.tamper(&format!("UPDATE conversation SET lang = 'xx', resident_id = ({theirs}) WHERE channel = 'sms'")).await, 1);
    ill.says("да, слушаю").await;
    well.says("да, слушаю").await;
    assert!(ill.reads().iter().all(|m| !m.text.contains("Кабель заменили")));
    assert_eq!(well.reads().iter().filter(|m| m.text.contains("Кабель заменили")).count(), 1, "whoever stands behind waits for ever");
    w.tamper("UPDATE conversation SET lang = 'ru' WHERE channel = 'sms'").await;
    w.settle().await;
    assert_eq!(ill.reads().iter().filter(|m| m.text.contains("Кабель заменили")).count(), 1);
    w.finish().await;
}
