//! What administrators change while the service runs, as they do it: by pages and by the API, with two processes beside one another.

use crate::harness::letters::by_mail;
use crate::harness::{Answer, Api, CrewMember, FakeSmtp, Kit, Options, PASSWORD, Resident, Staff, World, number_in, stories, text};
use jambyl109::config::Book;
use jambyl109::dispatch::accounts;
use jambyl109::domain::access::Role;
use jambyl109::domain::actor::Actor;
use jambyl109::domain::request::Status;
use jambyl109::domain::setting::Area;
use jambyl109::domain::sla::Duty;
use jambyl109::domain::{Lang, QueueCode};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

stories! {
    a_changed_text_is_said_by_every_process_and_taken_back, a_change_that_would_break_is_refused_with_its_reason,
    a_queue_is_made_closed_and_removed, a_service_is_closed_and_its_successor_takes_over, two_administrators_at_once,
    rules_are_moved_and_tried, those_on_duty_get_the_work, work_is_handed_over_at_the_change_of_shifts, work_left_behind_is_told,
    an_export_makes_the_same_service, an_export_holds_every_file_that_is_read, norms_are_looked_at_changed_and_taken_back, ladders_and_pauses_are_forms, what_is_wrong_with_norms_is_told_in_both_languages, every_page_speaks_both_languages,
    dead_letters_are_sent_again,
}

const NO_WATER: &str = "Тараз қаласы, Абай көшесі 12: таңнан бері су жоқ";

/// An administrator's browser.
struct Browser<'w> {
    w: &'w World,
    cookie: String,
    csrf: String,
}

impl<'w> Browser<'w> {
    async fn open(w: &'w World, login: &str, lang: &str) -> Self {
        let form = [("login", login), ("password", PASSWORD)];
        let a = Api::send(w.api().call(Method::POST, "/console/sign-in").form(&form)).await;
        assert_eq!(a.status, 303, "{}", a.text);
        let all = a.headers.get_all("set-cookie").iter().filter_map(|c| c.to_str().ok());
        let cookie = all.filter_map(|c| c.split(';').next()).find(|c| c.starts_with("jambyl109_session=")).unwrap().to_owned();
        let mut out = Self { w, cookie: format!("{cookie}; lang={lang}"), csrf: String::new() };
        out.csrf = value_of(&out.page("/console/find").await, "csrf");
        out
    }

    async fn get(&self, path: &str) -> Answer {
        Api::send(self.w.api().call(Method::GET, path).header("cookie", &self.cookie)).await
    }

    async fn page(&self, path: &str) -> String {
        let a = self.get(path).await;
        assert_eq!(a.status, 200, "{path}: {}", a.text);
        a.text
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("csrf", self.csrf.as_str())];
        all.extend_from_slice(fields);
        Api::send(self.w.api().call(Method::POST, path).header("cookie", &self.cookie).form(&all)).await
    }

    /// A form that is taken: where it leads.
    async fn does(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let a = self.post(path, fields).await;
        assert_eq!(a.status, 303, "{path}: {}", a.text);
        a.headers["location"].to_str().unwrap().to_owned()
    }

    /// A form that is refused: what the page says.
    async fn refused(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let a = self.post(path, fields).await;
        assert_eq!(a.status, 422, "{path}: {}", a.text);
        let at = a.text.find("notice bad").unwrap_or_else(|| panic!("no reason: {}", a.text));
        a.text[at..].split("</div>").next().unwrap().to_owned()
    }
}

/// The value of the first hidden field of that name.
fn value_of(html: &str, name: &str) -> String {
    let at = html.find(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no field {name} in {html}"));
    html[at..].split('"').nth(3).unwrap().to_owned()
}

async fn report(w: &World, chat: i64, words: &str) -> (String, String) {
    let r = Resident::kk(w, chat);
    r.says(words).await;
    let told = r.reads_one().text;
    (number_in(&told), told)
}

async fn set(admin: &Staff, area: &str, key: &str, value: &Value) -> Answer {
    let version = admin.api.get(&format!("/staff/settings/{area}/{key}")).await;
    let expected = if version.status == 200 { version.json()["version"].clone() } else { json!(0) };
    let value = if value.is_null() { Value::Null } else { json!(value.to_string()) };
    admin.api.put(&format!("/staff/settings/{area}/{key}"), &json!({"value": value, "expected": expected, "note": "бұйрық 7"})).await
}

async fn a_changed_text_is_said_by_every_process_and_taken_back(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let mut other = w.another().await;
    let (_, before) = report(&w, 9601, NO_WATER).await;
    let book: &Book = &w.core().book;
    let held: String = book.messages.get(Lang::Kk, "ack.registered").unwrap().to_owned();
    let holes = book.messages.placeholders("ack.registered").unwrap();
    let spelled = holes.iter().map(|h| format!("{{{h}}}")).collect::<Vec<_>>().join(" ");
    let now = json!({"kk": format!("Жазып алдық: № {spelled}"), "ru": format!("Записали: № {spelled}")});
    let made = set(&admin, "text", "ack.registered", &now).await.expect(200);
    assert_eq!((made["area"].as_str(), made["was"].is_null(), made["note"].as_str()), (Some("text"), true, Some("бұйрық 7")));
    assert_eq!(book.messages.get(Lang::Kk, "ack.registered"), Some(held.as_str()), "a view that was taken before is not disturbed");
    let (_, after) = report(&w, 9602, NO_WATER).await;
    assert!(after.starts_with("Жазып алдық") && !before.starts_with("Жазып алдық"), "{after}");
    // The other process: by its own look, without any hint.
    assert!(!other.core.book.messages.get(Lang::Kk, "ack.registered").unwrap().starts_with("Жазып алдық"));
    assert!(other.bookkeeper.tick().await.unwrap() >= 1);
    assert!(other.core.book.messages.get(Lang::Kk, "ack.registered").unwrap().starts_with("Жазып алдық"));
    // Who starts later has it from the beginning.
    let mut late = w.another().await;
    assert!(late.core.book.messages.get(Lang::Kk, "ack.registered").unwrap().starts_with("Жазып алдық"));
    late.ended().await;
    // Taken back, and the taking back taken back: each a change of its own.
    let number = made["number"].as_i64().unwrap();
    let back = admin.api.post(&format!("/staff/settings-history/{number}/restore"), &json!({"before": true})).await.expect(201);
    assert!(back["value"].is_null() && back["number"].as_i64() == Some(number + 1));
    assert!(!w.core().book.messages.get(Lang::Kk, "ack.registered").unwrap().starts_with("Жазып алдық"));
    admin.api.post(&format!("/staff/settings-history/{number}/restore"), &json!({})).await.expect(201);
    let history = admin.api.get("/staff/settings-history?area=text").await.expect(200);
    assert_eq!(history["items"].as_array().unwrap().len(), 3);
    assert!(w.core().book.messages.get(Lang::Kk, "ack.registered").unwrap().starts_with("Жазып алдық"));
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'config_changed' AND object = 'text:ack.registered'").await, 3);
    other.ended().await;
    w.finish().await;
}

async fn a_change_that_would_break_is_refused_with_its_reason(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let (kk, ru) = (Browser::open(&w, "admin", "kk").await, Browser::open(&w, "admin", "ru").await);
    let long = "ұзақ сөз ".repeat(30);
    let sms = format!("№ {{number}} {long}");
    for (path, fields, in_kk, in_ru) in [
        (
            "/console/admin/texts/confirmed",
            vec![("kk", "Рахмет!"), ("ru", "Спасибо, {number}!")],
            "орындар бірдей емес",
            "Подстановки в двух языках различны",
        ),
        ("/console/admin/texts/confirmed", vec![("kk", "Рахмет, {nomer}!"), ("ru", "Спасибо, {number}!")], "{nomer}", "программа не подставит"),
        ("/console/admin/texts/confirmed", vec![("kk", sms.as_str()), ("ru", sms.as_str())], "сыяды", "Сократите"),
        ("/console/admin/queues/gas", vec![("kk", "Газ"), ("ru", ""), ("kind", "utility")], "атауы керек", "нужно название"),
        (
            "/console/admin/queues/triage",
            vec![("kk", "а"), ("ru", "б"), ("kind", "triage"), ("successor", "control")],
            "онсыз болмайды",
            "без неё нельзя",
        ),
        ("/console/admin/queues/new", vec![("code", "gas"), ("kk", "а"), ("ru", "б"), ("kind", "utility")], "бос емес", "занят"),
        (
            "/console/admin/queues/new",
            vec![("code", "Жаңа кезек"), ("kk", "а"), ("ru", "б"), ("kind", "utility")],
            "код бола алмайды",
            "не годится как код",
        ),
        ("/console/admin/queues/gas", vec![("act", "remove")], "жабыңыз", "Сначала закройте"),
        ("/console/admin/crews/gas_shu", vec![("act", "plan"), ("mon", "8-20")], "оқылмады", "не прочитать"),
        (
            "/console/admin/templates",
            vec![("text", "notice.started"), ("kk", "Bad"), ("ru", "started_ru"), ("params", "")],
            "провайдердегі атау емес",
            "не имя у провайдера",
        ),
    ] {
        let version = if path.contains("/new") || path.ends_with("templates") { "0".to_owned() } else { value_of(&ru.page(path).await, "expected") };
        let mut fields = fields.clone();
        fields.push(("expected", &version));
        fields.push(("seen", &version));
        let (a, b) = (kk.refused(path, &fields).await, ru.refused(path, &fields).await);
        assert!(a.contains(in_kk), "{path}: {a}");
        assert!(b.contains(in_ru), "{path}: {b}");
    }
    let wrong = set(&admin, "routing", "rules", &json!({"rule": [{"name": "all", "class": ["complaint"], "queue": "gas"}]})).await;
    assert!(wrong.refused(422, "config_breaks")["detail"].as_str().unwrap().contains("would not go to the control queue"));
    set(&admin, "queue", "gas", &json!({"code": "water", "name": {"kk": "а", "ru": "б"}, "kind": "utility"})).await.refused(422, "unprocessable");
    set(&admin, "castle", "x", &json!({})).await.refused(404, "not_found");
    dispatcher.api.put("/staff/settings/text/confirmed", &json!({"value": null, "expected": 0})).await.refused(403, "forbidden");
    assert_eq!(w.count("SELECT COUNT(*) FROM config_revision").await, 0, "nothing of all this was kept");
    assert_eq!(w.core().book.problems(), Vec::<String>::new());
    w.finish().await;
}

async fn a_queue_is_made_closed_and_removed(kit: Kit) {
    let w = kit.world_with(Options::with("MAIL__BREACH_TO", "")).await;
    Staff::admin(&w).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let page = Browser::open(&w, "admin", "ru").await;
    let made = page
        .does("/console/admin/queues/new", &[("code", "water_shu"), ("kk", "Шу: су"), ("ru", "Шу: вода"), ("kind", "utility"), ("expected", "0")])
        .await;
    assert_eq!(made, "/console/admin/queues/water_shu?saved=1");
    let body = |text: &str| json!({"text": text, "service": "water", "class": "incident", "district": "shu", "phone": "+77011234567"});
    let first = text(&dispatcher.api.post("/staff/requests", &body("нет воды, Шу, Абая 1")).await.expect(201), "number");
    assert_eq!(dispatcher.sees(&first).await["queue"], "water_shu", "used at once");
    let path = "/console/admin/queues/water_shu";
    let version = async || value_of(&page.page(path).await, "expected");
    let v = version().await;
    let told = page.refused(path, &[("act", "remove"), ("expected", &v)]).await;
    assert!(told.contains("открытые обращения: 1") && told.contains("Сначала закройте"), "{told}");
    // Closed: new work goes to the successor, the open request stays, nobody can send there.
    let closed = [("kk", "Шу: су"), ("ru", "Шу: вода"), ("kind", "utility"), ("successor", "district_shu"), ("expected", v.as_str())];
    page.does(path, &closed).await;
    let second = text(&dispatcher.api.post("/staff/requests", &body("нет воды, Шу, Абая 2")).await.expect(201), "number");
    let queue = async |number: &str| w.stored(number).await.request.queue.unwrap().to_string();
    assert_eq!((queue(&first).await, queue(&second).await), ("water_shu".to_owned(), "district_shu".to_owned()));
    dispatcher.does(&second, "transfer", json!({"queue": "water_shu"})).await.refused(422, "bad_queue");
    let v = version().await;
    let told = page.refused(path, &[("act", "remove"), ("expected", &v)]).await;
    assert!(told.contains("открытые обращения: 1") && told.contains("Сначала закройте"), "closed only now: {told}");
    dispatcher.does(&first, "transfer", json!({"queue": "district_shu"})).await.expect(200);
    w.minutes(1).await;
    page.does(path, &[("act", "remove"), ("expected", &v)]).await;
    assert!(w.core().book.catalog.queue("water_shu").is_none());
    assert_eq!(page.get(path).await.status, 404);
    // And the way back stands in the history.
    let history = page.page("/console/admin/history?area=queue").await;
    assert!(history.contains("water_shu") && history.matches("<li>").count() >= 3, "{history}");
    w.finish().await;
}

async fn a_service_is_closed_and_its_successor_takes_over(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let name = w.core().book.catalog.service("landscaping").unwrap().name.clone();
    set(&admin, "service", "landscaping", &json!({"code": "landscaping", "name": {"kk": name.kk, "ru": name.ru}, "successor": "roads"}))
        .await
        .expect(200);
    // Nothing new of it is offered: not to applications, not to whoever writes a request down.
    let offered = w.api().get("/catalog").await.expect(200)["services"].to_string();
    assert!(!offered.contains("landscaping") && offered.contains("roads"), "{offered}");
    let page = Browser::open(&w, "admin", "ru").await;
    for path in ["/console/new", "/console/outages"] {
        let html = page.page(path).await;
        assert!(!html.contains("value=\"landscaping\"") && html.contains("value=\"roads\""), "{path}: {html}");
    }
    let body = json!({"text": "яма во дворе", "service": "landscaping", "class": "incident", "district": "taraz", "phone": "+77011234567"});
    let number = text(&dispatcher.api.post("/staff/requests", &body).await.expect(201), "number");
    let seen = dispatcher.sees(&number).await;
    assert_eq!((seen["service"].as_str(), seen["queue"].as_str()), (Some("roads"), Some("roads_taraz")));
    let gone = set(&admin, "service", "landscaping", &json!({"removed": true})).await;
    assert!(gone.refused(422, "config_breaks")["detail"].as_str().unwrap().contains("unknown service"), "a rule names it");
    w.finish().await;
}

async fn two_administrators_at_once(kit: Kit) {
    let w = kit.world().await;
    let one = Staff::admin(&w).await;
    let two = Staff::hire(&w, "second", Role::Admin, &[], None).await;
    let mut other = w.another().await;
    let far = other.api.with(one.api.token.as_deref().unwrap());
    // Different things, from two processes, together: both stand.
    let put = |api: &Api, code: &str, name: &str| {
        let value = json!({"code": code, "name": {"kk": name, "ru": name}}).to_string();
        let (api, path) = (api.clone(), format!("/staff/settings/district/{code}"));
        async move { api.put(&path, &json!({"value": value, "expected": 0})).await }
    };
    let codes = ["shu", "talas", "merki", "korday", "baizak", "zhualy"];
    let calls = codes.iter().enumerate().map(|(n, code)| put(if n % 2 == 0 { &far } else { &two.api }, code, &format!("Аудан {n}")));
    for a in futures_util::future::join_all(calls).await {
        a.expect(200);
    }
    other.bookkeeper.tick().await.unwrap();
    w.settle().await;
    for core in [&other.core, &w.server.core] {
        for (n, code) in codes.iter().enumerate() {
            assert_eq!(core.book.catalog.district(code).unwrap().name.kk, format!("Аудан {n}"));
        }
        assert_eq!(core.book.number(), 6);
    }
    // The same thing: the second is told that it was late.
    let value = json!({"code": "shu", "name": {"kk": "Б", "ru": "Б"}}).to_string();
    let body = json!({"value": value, "expected": 0});
    two.api.put("/staff/settings/district/shu", &body).await.refused(409, "conflict");
    // Together they would close two queues into one another: one of them is refused.
    let close = |api: &Api, code: &str, to: &str| {
        let value = json!({"code": code, "name": {"kk": "а", "ru": "б"}, "kind": "utility", "successor": to}).to_string();
        let (api, path) = (api.clone(), format!("/staff/settings/queue/{code}"));
        async move { api.put(&path, &json!({"value": value, "expected": 0})).await.status }
    };
    let (a, b) = tokio::join!(close(&far, "heating_sarysu", "sewerage_sarysu"), close(&two.api, "sewerage_sarysu", "heating_sarysu"));
    assert_eq!([a, b].iter().filter(|s| **s == 200).count(), 1, "{a} {b}");
    other.ended().await;
    w.finish().await;
}

async fn rules_are_moved_and_tried(kit: Kit) {
    let w = kit.world().await;
    Staff::admin(&w).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let page = Browser::open(&w, "admin", "ru").await;
    let tried = page.page("/console/admin/routing?go=1&class=incident&service=water&district=taraz").await;
    assert!(tried.contains("→ Тараз: служба водоснабжения") && tried.contains("Почему"), "{tried}");
    let version = async || value_of(&page.page("/console/admin/routing").await, "expected");
    let v = version().await;
    let rule = [
        ("act", "add"),
        ("n", "0"),
        ("name", "вода Тараза: пока акимат"),
        ("class", "incident"),
        ("service", "water"),
        ("district", "taraz"),
        ("queue", "district_taraz"),
        ("expected", v.as_str()),
    ];
    page.does("/console/admin/routing", &rule).await;
    // What was seen before is no place in the list any more.
    assert_eq!(page.post("/console/admin/routing", &rule).await.status, 422);
    let body = json!({"text": "нет воды", "service": "water", "class": "incident", "district": "taraz", "phone": "+77011234567"});
    let number = text(&dispatcher.api.post("/staff/requests", &body).await.expect(201), "number");
    assert_eq!(dispatcher.sees(&number).await["queue"], "district_taraz");
    let tried = page.page("/console/admin/routing?go=1&class=incident&service=water&district=taraz").await;
    assert!(tried.contains("Почему: вода Тараза: пока акимат"));
    // The title in both languages, or none; journals go on naming the rule as before.
    let v = version().await;
    let half = [
        ("act", "save"),
        ("n", "0"),
        ("name", "вода Тараза: пока акимат"),
        ("kk", "Тараз суы"),
        ("class", "incident"),
        ("queue", "district_taraz"),
        ("expected", v.as_str()),
    ];
    assert!(page.refused("/console/admin/routing", &half).await.contains("на обоих языках"));
    // Sent to a queue that does not exist; then taken away.
    let v = version().await;
    let bad = [("act", "save"), ("n", "0"), ("name", "x"), ("class", "incident"), ("queue", "no_such"), ("expected", v.as_str())];
    assert!(page.refused("/console/admin/routing", &bad).await.contains("no_such"));
    page.does("/console/admin/routing", &[("act", "down"), ("n", "0"), ("expected", &v)]).await;
    assert_eq!(w.core().book.routing.rules[1].name, "вода Тараза: пока акимат");
    let v = version().await;
    page.does("/console/admin/routing", &[("act", "remove"), ("n", "1"), ("expected", &v)]).await;
    assert_eq!(w.core().book.routing, Book::load(None).unwrap().routing);
    w.finish().await;
}

/// Shifts of the two water crews of Taraz: one by day, one by night. Monday is the day of the stories.
async fn shifts(w: &World, page: &Browser<'_>) {
    for (crew, hours) in [("water_taraz_1", "08:00-20:00"), ("water_taraz_2", "20:00-08:00"), ("sewerage_taraz_1", "20:00-08:00")] {
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map(|d| (d, hours));
        let mut fields = days.to_vec();
        fields.extend([("act", "plan"), ("expected", "0"), ("note", "график на зиму")]);
        page.does(&format!("/console/admin/crews/{crew}"), &fields).await;
    }
    assert_eq!(w.core().book.shifts.shifts.len(), 3);
}

async fn those_on_duty_get_the_work(kit: Kit) {
    let w = kit.world_with(Options::with("MAIL__BREACH_TO", "")).await;
    let admin = Staff::admin(&w).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let page = Browser::open(&w, "admin", "ru").await;
    shifts(&w, &page).await;
    let crews = dispatcher.api.get("/staff/crews").await.expect(200);
    let duty = |code: &str| crews["items"].as_array().unwrap().iter().find(|c| c["code"] == code).unwrap()["duty"].as_str().unwrap().to_owned();
    assert_eq!((duty("water_taraz_1"), duty("water_taraz_2"), duty("gas_shu")), ("on".into(), "off".into(), "unplanned".into()));
    // A dispatcher is offered those on duty first, and warned of the others.
    let (number, _) = report(&w, 9701, NO_WATER).await;
    let desk = Browser::open(&w, "dispatcher", "ru").await;
    let html = desk.page(&format!("/console/requests/{number}")).await;
    let (on, off) = (html.find("value=\"water_taraz_1\"").unwrap(), html.find("value=\"water_taraz_2\"").unwrap());
    assert!(on < off && html.contains("⚠ Тараз: бригада водоснабжения 2 — не на смене"), "{html}");
    // The queue's rule: from now on whoever is on duty gets it at once.
    let q = w.core().book.catalog.queue("water_taraz").unwrap().name.clone();
    let value = json!({"code": "water_taraz", "name": {"kk": q.kk, "ru": q.ru}, "kind": "utility", "auto_assign": true});
    set(&admin, "queue", "water_taraz", &value).await.expect(200);
    w.settle().await;
    let crew = async |number: &str| w.stored(number).await.request.crew.map(|c| c.to_string());
    assert_eq!(crew(&number).await.as_deref(), Some("water_taraz_1"), "what waited is given too");
    assert_eq!(w.history(&number).await, ["registered", "queued", "assigned"]);
    w.advance(Duration::from_secs(12 * 3600)).await;
    let (night, _) = report(&w, 9702, NO_WATER).await;
    let (again, _) = report(&w, 9703, NO_WATER).await;
    let mut both = [crew(&night).await.unwrap(), crew(&again).await.unwrap()];
    both.sort();
    assert_eq!(both, ["sewerage_taraz_1", "water_taraz_2"], "the one with the least in hand");
    w.finish().await;
}

async fn work_is_handed_over_at_the_change_of_shifts(kit: Kit) {
    let w = kit.world_with(Options::with("MAIL__BREACH_TO", "")).await;
    Staff::admin(&w).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let narrow = Staff::hire(&w, "narrow", Role::Manager, &[], None).await;
    let page = Browser::open(&w, "admin", "ru").await;
    let day = CrewMember::hire(&w, "water_taraz_1", 9801).await;
    let night = CrewMember::hire(&w, "water_taraz_2", 9802).await;
    shifts(&w, &page).await;
    let (going, _) = report(&w, 9803, NO_WATER).await;
    let (held, _) = report(&w, 9804, NO_WATER).await;
    for n in [&going, &held] {
        dispatcher.does(n, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    }
    day.staff.does(&going, "start", json!({})).await.expect(200);
    dispatcher.does(&held, "hold", json!({"why": "parts", "reason": "насос"})).await.expect(200);
    w.settle().await;
    let desk = Browser::open(&w, "dispatcher", "ru").await;
    // By day nobody hands over to those who sleep.
    let to_night = [("from", "water_taraz_1"), ("to", "water_taraz_2")];
    let early = desk.post("/console/duty", &to_night).await;
    assert!(early.status == 422 && early.text.contains("не на смене"), "{}", early.text);
    // The shift ends; after a quarter of an hour what was left is flagged, once.
    w.advance(Duration::from_secs(11 * 3600 + 10 * 60)).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM shift_gap").await, 0);
    w.minutes(10).await;
    w.minutes(10).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM shift_gap").await, 2);
    // A shift is longer than a session.
    let (desk, page) = (Browser::open(&w, "dispatcher", "ru").await, Browser::open(&w, "admin", "ru").await);
    let html = desk.page("/console/duty").await;
    assert!(
        html.contains("Смена кончилась, а работа не передана") && html.contains(&going) && html.contains(&held) && html.contains("Передать (2)"),
        "{html}"
    );
    assert!(page.page("/console/admin").await.contains("Обращения, не переданные в конце смены: 2"));
    let manager = Browser::open(&w, "narrow", "ru").await;
    assert_eq!(manager.post("/console/duty", &to_night).await.status, 403, "a manager looks only");
    drop(narrow);
    day.chat.reads();
    night.chat.reads();
    assert_eq!(desk.does("/console/duty", &to_night).await, "/console/duty?moved=2&left=0");
    w.settle().await;
    for (n, status) in [(&going, Status::Assigned), (&held, Status::OnHold)] {
        let r = w.stored(n).await.request;
        assert_eq!((r.crew.unwrap().as_str(), r.status), ("water_taraz_2", status), "the next crew has not set out yet");
        assert_eq!(w.history(n).await.last().map(String::as_str), Some("handed_over"));
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM shift_gap").await, 0);
    let told: Vec<String> = night.chat.reads().into_iter().map(|m| m.text).collect();
    assert!(told.len() == 2 && told.iter().all(|t| t.contains("Ауысымнан сізге өтті")), "{told:?}");
    let told: Vec<String> = day.chat.reads().into_iter().map(|m| m.text).collect();
    assert!(told.iter().any(|t| t.contains("(2)") && t.contains("су бригадасы 2")), "{told:?}");
    // The held one goes on where it would have: it waits for the crew to set out.
    dispatcher.does(&held, "resume", json!({})).await.expect(200);
    night.staff.does(&going, "start", json!({})).await.expect(200);
    w.finish().await;
}

async fn work_left_behind_is_told(kit: Kit) {
    let smtp = FakeSmtp::start().await;
    let w = kit.world_with(by_mail(&smtp).and("MAIL__BREACH_TO", "")).await;
    Staff::admin(&w).await;
    let dispatcher = Staff::dispatcher(&w).await;
    Staff::hire(&w, "head", Role::Manager, &["water_taraz"], None).await;
    Staff::hire(&w, "other", Role::Manager, &["electricity"], None).await;
    for (login, duty, queue, mail) in [
        ("dispatcher", Duty::Dispatcher, None, "desk@akimat.test"),
        ("head", Duty::Head, Some("water_taraz"), "head@akimat.test"),
        ("other", Duty::Head, Some("electricity"), "other@akimat.test"),
    ] {
        accounts::add_duty(w.core(), &Actor::System("test"), login, duty, queue.map(|q| QueueCode::new(q).unwrap()), None, Some(mail)).await.unwrap();
    }
    let page = Browser::open(&w, "admin", "ru").await;
    shifts(&w, &page).await;
    let (one, _) = report(&w, 9821, NO_WATER).await;
    let (two, _) = report(&w, 9822, NO_WATER).await;
    for n in [&one, &two] {
        dispatcher.does(n, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
        dispatcher.does(n, "hold", json!({"why": "parts", "reason": "насос"})).await.expect(200);
    }
    let gauge = async || w.api().raw("/metrics").await.text.lines().find_map(|l| l.strip_prefix("jambyl_shift_gaps ")?.parse::<f64>().ok()).unwrap();
    w.advance(Duration::from_secs(11 * 3600 + 10 * 60)).await;
    smtp.take();
    assert_eq!(gauge().await, 0.0);
    w.minutes(10).await;
    w.minutes(1).await;
    let told: Vec<_> = smtp.take().into_iter().filter(|l| ["не передана", "тапсырылмады"].iter().any(|t| l.read().subject.contains(t))).collect();
    let mut to: Vec<&str> = told.iter().map(|l| l.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["desk@akimat.test", "head@akimat.test"], "those who answer for the queue, each once");
    for letter in &told {
        assert!(letter.read().text.contains(&one) && letter.read().text.contains(&two), "{}", letter.read().text);
        assert!(letter.read().subject.ends_with("— 2"), "{}", letter.read().subject);
    }
    // Told once, however often it is looked at; shown until somebody takes it over.
    w.minutes(30).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox WHERE template = 'alarm.handover'").await, 2);
    assert_eq!(gauge().await, 2.0);
    let desk = Browser::open(&w, "dispatcher", "ru").await;
    assert!(desk.page("/console/notices").await.contains("Обращения, не переданные в конце смены: 2"));
    let other = Browser::open(&w, "other", "ru").await;
    assert!(!other.page("/console/notices").await.contains("не переданные"), "another organisation's work");
    desk.does("/console/duty", &[("from", "water_taraz_1"), ("to", "water_taraz_2")]).await;
    assert_eq!(gauge().await, 0.0);
    assert!(!desk.page("/console/notices").await.contains("не переданные"));
    w.finish().await;
}

async fn an_export_makes_the_same_service(kit: Kit) {
    let w = kit.world().await;
    let admin = Staff::admin(&w).await;
    let page = Browser::open(&w, "admin", "ru").await;
    set(&admin, "text", "notice.started", &json!({"kk": "Бригада шықты: № {number}", "ru": "Бригада едет: № {number}"})).await.expect(200);
    set(&admin, "queue", "water_shu", &json!({"code": "water_shu", "name": {"kk": "Шу: су", "ru": "Шу: вода"}, "kind": "utility"})).await.expect(200);
    let rules = Book { routing: w.core().book.routing.clone(), ..Book::load(None).unwrap() }.value_of(Area::Routing, "rules").unwrap();
    set(&admin, "routing", "rules", &serde_json::from_str(&rules.replace("Инцидент — областной службе", "Инцидент — службе области")).unwrap())
        .await
        .expect(200);
    set(
        &admin,
        "template",
        "whatsapp:notice.started",
        &json!({"channel": "whatsapp", "text": "notice.started", "kk": "s_kk", "ru": "s_ru", "params": ["number"]}),
    )
    .await
    .expect(200);
    shifts(&w, &page).await;
    let list = admin.api.get("/staff/books").await.expect(200);
    let newest = list["items"][0]["number"].as_i64().unwrap();
    let calendar =
        admin.api.get(&format!("/staff/books/{newest}")).await.expect(200)["calendar"].as_str().unwrap().replace("Жаңа жыл", "Жаңа жыл күні");
    admin.api.post("/staff/books", &json!({"calendar": calendar, "expected": newest})).await.expect(201);
    // The archive of the page, and the files behind it.
    let a = page.get("/console/admin/export").await;
    assert_eq!((a.status, a.headers["content-type"].to_str().unwrap()), (200, "application/x-tar"));
    assert!(a.text.contains("jambyl109-config/catalog.toml") && a.text.contains("jambyl109-config/messages/kk.toml"));
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'config_export'").await, 1);
    let dir = tempfile::tempdir().unwrap();
    for (name, body) in jambyl109::dispatch::export::files(w.core()).await.unwrap() {
        let path = dir.path().join(&name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, body).unwrap();
    }
    let read = Book::load(Some(dir.path())).unwrap();
    assert_eq!(read.problems(), Vec::<String>::new());
    let here: &Book = &w.core().book;
    assert_eq!((&read.catalog, &read.routing, &read.templates, &read.shifts), (&here.catalog, &here.routing, &here.templates, &here.shifts));
    assert_eq!((&read.sla, &read.calendar, &read.roles), (&here.sla, &here.calendar, &here.roles));
    for key in here.messages.keys() {
        for lang in [Lang::Kk, Lang::Ru] {
            assert_eq!(read.messages.get(lang, key), here.messages.get(lang, key), "{key}");
        }
    }
    // An empty installation with this folder answers as this one does.
    let second = Kit::sqlite().await.unwrap().world_with(Options::with("CONFIG__DIR", &dir.path().display().to_string())).await;
    let words = "Шу ауданы, Төле би ауылы, Абай көшесі 5: таңнан бері су жоқ";
    let blank = |told: &str| told.replace(&number_in(told), "№");
    let ((a, told_a), (b, told_b)) = (report(&w, 9901, words).await, report(&second, 9901, words).await);
    assert_eq!(blank(&told_a), blank(&told_b));
    let (ra, rb) = (w.stored(&a).await.request, second.stored(&b).await.request);
    assert_eq!((ra.queue, ra.service, ra.district, ra.class), (rb.queue.clone(), rb.service, rb.district, rb.class));
    assert_eq!(rb.queue.unwrap().as_str(), "water_shu");
    assert_eq!(w.stored(&a).await.sort_due, second.stored(&b).await.sort_due);
    second.finish().await;
    w.finish().await;
}

/// Files below a folder, with their names from there on.
fn below(dir: &Path, under: &str, out: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(dir.join(under)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let name = if under.is_empty() { name } else { format!("{under}/{name}") };
        if dir.join(&name).is_dir() { below(dir, &name, out) } else { drop(out.insert(name.clone(), std::fs::read(dir.join(&name)).unwrap())) }
    }
}

async fn an_export_holds_every_file_that_is_read(kit: Kit) {
    // Every file of the program's own data as a folder of an installation; what is neither data nor read at the start is left out by name.
    let mut shipped = BTreeMap::new();
    below(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config")), "", &mut shipped);
    shipped.retain(|name, _| {
        !["default.toml", "example.production.toml"].contains(&name.as_str()) && !name.starts_with("sms/") && !name.ends_with(".tsv")
    });
    let article = "Если пахнет газом";
    let text = String::from_utf8(shipped["articles.toml"].clone()).unwrap();
    shipped.insert("articles.toml".into(), text.replace(article, "Когда пахнет газом").into_bytes());
    let dir = tempfile::tempdir().unwrap();
    for (name, body) in &shipped {
        std::fs::create_dir_all(dir.path().join(name).parent().unwrap()).unwrap();
        std::fs::write(dir.path().join(name), body).unwrap();
    }
    let w = kit.world_with(Options::with("CONFIG__DIR", &dir.path().display().to_string())).await;
    Staff::admin(&w).await;
    let page = Browser::open(&w, "admin", "ru").await;
    // A ladder of the installation's own goes along with everything else.
    let v = value_of(&page.page("/console/admin/ladders").await, "expected");
    let rung = [
        ("part", "rung"),
        ("ladder", "office"),
        ("n", "new"),
        ("when", "after"),
        ("amount", "60"),
        ("to", "akimat"),
        ("by", "mail"),
        ("act", "save"),
        ("expected", v.as_str()),
    ];
    page.does("/console/admin/ladders", &rung).await;
    let exported: BTreeMap<String, Vec<u8>> = jambyl109::dispatch::export::files(w.core()).await.unwrap().into_iter().collect();
    assert_eq!(exported.keys().collect::<Vec<_>>(), shipped.keys().collect::<Vec<_>>(), "a kind of data that no export holds");
    assert_eq!(exported["articles.toml"], shipped["articles.toml"]);
    let again = tempfile::tempdir().unwrap();
    for (name, body) in &exported {
        std::fs::create_dir_all(again.path().join(name).parent().unwrap()).unwrap();
        std::fs::write(again.path().join(name), body).unwrap();
    }
    let (read, here): (Book, &Book) = (Book::load(Some(again.path())).unwrap(), &w.core().book);
    assert_eq!(read.problems(), Vec::<String>::new());
    assert_eq!((&read.articles, &read.outlines, &read.roles), (&here.articles, &here.outlines, &here.roles));
    assert_eq!((&read.sla, &read.catalog, &read.routing), (&here.sla, &here.catalog, &here.routing));
    assert_eq!(read.sla.ladder("office").unwrap().rungs.len(), 4);
    assert!(read.articles.all.iter().any(|a| a.title.ru == "Когда пахнет газом"));
    w.finish().await;
}

async fn norms_are_looked_at_changed_and_taken_back(kit: Kit) {
    let w = kit.world().await;
    Staff::admin(&w).await;
    let page = Browser::open(&w, "admin", "ru").await;
    let seen = page.page("/console/admin/policies?go=1&at=2026-11-23T09:00&class=complaint&service=public_services").await;
    assert!(seen.contains("14.12.2026 18:30"), "fifteen working days: {seen}");
    let v = value_of(&seen, "expected");
    let target = [
        ("act", "target"),
        ("policy", "incident: water and sewerage"),
        ("stage", "accept"),
        ("minutes", "45"),
        ("note", "приказ 12"),
        ("expected", v.as_str()),
    ];
    page.does("/console/admin/policies", &target).await;
    assert_eq!(page.post("/console/admin/policies", &target).await.status, 422, "somebody was faster");
    let after = page.page("/console/admin/policies?go=1&at=2026-11-23T09:00&class=incident&service=water&district=taraz").await;
    assert!(after.contains("23.11.2026 09:45") && after.contains("приказ 12"), "{after}");
    // A day of rest is looked at in the calendar, kept, and taken back.
    let v = value_of(&page.page("/console/admin/calendars").await, "expected");
    page.does("/console/admin/calendars", &[("act", "rest"), ("date", "2026-12-04"), ("kk", "Қосымша"), ("ru", "Дополнительный"), ("expected", &v)])
        .await;
    let moved = page.page("/console/admin/calendars?go=1&at=2026-11-23T09:00&class=complaint&service=public_services").await;
    assert!(moved.contains("15.12.2026 18:30") && moved.contains("2026-12-04"), "{moved}");
    let bad = page.post("/console/admin/calendars", &[("act", "rest"), ("date", "2026-12-04"), ("kk", "а"), ("ru", "б"), ("expected", "3")]).await;
    assert!(bad.status == 422 && bad.text.contains("День отдыха: «2026-12-04» стоит дважды"), "{}", bad.text);
    page.does("/console/admin/calendars", &[("act", "revert"), ("number", "1")]).await;
    let back = page.page("/console/admin/calendars?go=1&at=2026-11-23T09:00&class=complaint&service=public_services").await;
    assert!(back.contains("14.12.2026 18:30"));
    // The edition of the whole has the newest calendar, so that shifts and names follow it.
    assert!(!w.core().book.calendar.holidays.iter().any(|h| h.date.to_string() == "2026-12-04"));
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'books_changed'").await, 3);
    w.finish().await;
}

async fn ladders_and_pauses_are_forms(kit: Kit) {
    let w = kit.world_with(Options::with("MAIL__BREACH_TO", "")).await;
    Staff::admin(&w).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let crew = CrewMember::hire(&w, "water_taraz_1", 9811).await;
    let page = Browser::open(&w, "admin", "ru").await;
    let path = "/console/admin/ladders";
    let seen = page.page(path).await;
    assert!(
        seen.contains("Опасность") && seen.contains("за 8 ч до срока") && seen.contains("нет запчастей") && !seen.contains("crew_lead<"),
        "{seen}"
    );
    let expected = async || value_of(&page.page(path).await, "expected");
    // A look changes nothing and tells which deadlines would move; what was looked at is saved as it was.
    let (number, _) = report(&w, 9812, NO_WATER).await;
    let v = expected().await;
    let target = [
        ("part", "target"),
        ("policy", "incident: water and sewerage"),
        ("stage", "accept"),
        ("minutes", "50"),
        ("act", "look"),
        ("expected", v.as_str()),
    ];
    let look = page.post("/console/admin/policies", &target).await;
    assert!(look.status == 200 && look.text.contains("Инцидент: вода и канализация — изменено") && look.text.contains(&number), "{}", look.text);
    let parts = [("part", "pause"), ("reason", "parts"), ("role", "dispatcher"), ("role", "crew"), ("max", "120"), ("expected", v.as_str())];
    let mut tried = parts.to_vec();
    tried.push(("act", "look"));
    let look = page.post(path, &tried).await;
    assert!(
        look.status == 200 && look.text.contains("Правило паузы нет запчастей — изменено") && look.text.contains("Сохранить то, что посмотрели"),
        "{}",
        look.text
    );
    assert_eq!(w.count("SELECT COUNT(*) FROM book_revision").await, 1, "a look changes nothing");
    // A crew asks for parts until the rule says that it may.
    dispatcher.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    crew.staff.does(&number, "start", json!({})).await.expect(200);
    let mut save = parts.to_vec();
    save.extend([("act", "save"), ("note", "приказ 14")]);
    page.does(path, &save).await;
    assert_eq!(page.post(path, &save).await.status, 422, "somebody was faster");
    w.minutes(2).await;
    crew.staff.does(&number, "hold", json!({"why": "parts", "reason": "насос"})).await.expect(200);
    assert_eq!(w.stored(&number).await.request.status, Status::OnHold, "the crew's own word is enough now");
    // A ladder of one's own, watched by a policy: its step is taken.
    let v = expected().await;
    let made = [
        ("part", "ladder"),
        ("code", "calm"),
        ("kk", "Жай"),
        ("ru", "Спокойная"),
        ("when", "percent"),
        ("amount", "50"),
        ("to", "dispatcher"),
        ("by", "screen"),
        ("raise", "1"),
        ("act", "save"),
        ("expected", v.as_str()),
    ];
    page.does(path, &made).await;
    let v = expected().await;
    page.does(
        "/console/admin/policies",
        &[
            ("part", "target"),
            ("policy", "incident: water and sewerage"),
            ("stage", "accept"),
            ("ladder", "calm"),
            ("act", "target"),
            ("expected", &v),
        ],
    )
    .await;
    assert!(page.page("/console/admin/policies").await.contains("20 мин · Спокойная"));
    w.minutes(1).await;
    let (second, _) = report(&w, 9813, NO_WATER).await;
    let before = w.stored(&second).await.request.priority;
    w.minutes(11).await;
    assert!(w.stored(&second).await.request.priority < before, "half of the time has gone");
    // What is in use cannot go; what does nothing is refused; both in words.
    let v = expected().await;
    let used =
        page.refused(path, &[("part", "ladder"), ("ladder", "calm"), ("kk", "Жай"), ("ru", "Спокойная"), ("act", "remove"), ("expected", &v)]).await;
    assert!(used.contains("Инцидент: вода и канализация") && used.contains("Приём") && used.contains("лестницы «calm» нет"), "{used}");
    let idle = [("part", "rung"), ("ladder", "calm"), ("n", "0"), ("when", "percent"), ("amount", "50"), ("act", "save"), ("expected", v.as_str())];
    assert!(page.refused(path, &idle).await.contains("ступень 1 ничего не делает"));
    let nobody = [("part", "pause"), ("reason", "parts"), ("act", "save"), ("expected", v.as_str())];
    assert!(page.refused(path, &nobody).await.contains("отметьте, кто может её поставить"));
    // Taken back as every revision.
    page.does(path, &[("act", "revert"), ("number", "1")]).await;
    assert!(w.core().book.sla.ladder("calm").is_none());
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'books_changed'").await, 4);
    w.finish().await;
}

async fn what_is_wrong_with_norms_is_told_in_both_languages(kit: Kit) {
    let w = kit.world().await;
    Staff::admin(&w).await;
    let (kk, ru) = (Browser::open(&w, "admin", "kk").await, Browser::open(&w, "admin", "ru").await);
    let last = jambyl109::store::books::last(w.core().db.read()).await.unwrap().unwrap();
    let policies = "/console/admin/policies";
    for (path, text, in_kk, in_ru) in [
        (policies, last.sla.replace("silence_minutes = 4320", "silence_minutes = 0"), "нөлден артық", "больше нуля"),
        (policies, last.sla.replace("silence_minutes = 4320", "silence_minutes = "), "Файл оқылмады", "Файл не прочитать, строка"),
        (policies, last.sla.replace("ladder = \"danger\"", "ladder = \"none\""), "баспалдақ жоқ", "лестницы «none» нет"),
        (policies, last.sla.replace("percent = 50", "percent = 5000"), "1-саты", "ступень 1"),
        (policies, last.sla.clone(), "Ештеңе өзгермейді", "Ничего не изменится"),
        ("/console/admin/calendars", last.calendar.replace("Asia/Almaty", "Asia/Nowhere"), "уақыт белдеуі емес", "не часовой пояс"),
        ("/console/admin/calendars", last.calendar.replace("2027-12-31", "1927-12-31"), "басталмай жатып", "раньше, чем начинается"),
    ] {
        let fields = [("act", "save"), ("text", text.as_str()), ("expected", "1")];
        let (a, b) = (kk.refused(path, &fields).await, ru.refused(path, &fields).await);
        assert!(a.contains(in_kk) && !a.contains("Тексеру былай дейді"), "{a}");
        assert!(b.contains(in_ru) && !b.contains("Проверка говорит"), "{b}");
    }
    // Names of policies, rules and ladders are the reader's too.
    for path in
        [policies, "/console/admin/ladders", "/console/admin/routing", "/console/admin/routing?go=1&class=incident&service=water&district=taraz"]
    {
        for (page, lang) in [(&kk, Lang::Kk), (&ru, Lang::Ru)] {
            let html = page.page(path).await;
            // The file and the values that forms send are for whoever knows the files.
            let shown = without_values(&html);
            for english in ["incident", "complaint:", "danger to life", "high priority", "not understood", "the control desk"] {
                assert!(!shown.contains(english), "{path} in {lang}: {english}");
            }
        }
    }
    w.finish().await;
}

/// A page without what stands in attributes and text fields.
fn without_values(html: &str) -> String {
    let mut out = String::new();
    for part in html.split('<').filter(|p| !p.starts_with("textarea")) {
        out.push_str(part.split_once('>').map_or("", |(_, text)| text));
        out.push(' ');
    }
    out
}

async fn every_page_speaks_both_languages(kit: Kit) {
    let w = kit.world().await;
    Staff::admin(&w).await;
    for lang in ["kk", "ru"] {
        let page = Browser::open(&w, "admin", lang).await;
        for path in [
            "/console/admin",
            "/console/admin/texts",
            "/console/admin/texts?group=sms&q=109",
            "/console/admin/texts/notice.started",
            "/console/admin/texts/sms.ack.registered",
            "/console/admin/queues",
            "/console/admin/queues/new",
            "/console/admin/queues/control",
            "/console/admin/services",
            "/console/admin/services/water",
            "/console/admin/districts",
            "/console/admin/districts/shu",
            "/console/admin/crews",
            "/console/admin/crews/new",
            "/console/admin/crews/gas_shu",
            "/console/admin/routing",
            "/console/admin/templates",
            "/console/admin/policies",
            "/console/admin/ladders",
            "/console/admin/calendars",
            "/console/admin/duties",
            "/console/admin/readers",
            "/console/admin/history",
            "/console/duty",
        ] {
            let html = page.page(path).await;
            assert!(html.contains(&format!("<html lang=\"{lang}\"")), "{path}");
            // Keys of texts stand on their own pages on purpose.
            for group in ["admin.", "fault.", "duty.", "readers.", "ladders."].iter().filter(|_| !path.contains("/texts")) {
                for (at, _) in html.match_indices(*group) {
                    let before = html[..at].chars().last().unwrap_or(' ');
                    assert!(before.is_alphanumeric() || "/=".contains(before), "{path} in {lang}: {}", &html[at..html.len().min(at + 40)]);
                }
            }
        }
        for none in ["/console/admin/castles", "/console/admin/texts/no.such", "/console/admin/queues/no_such", "/console/admin/districts/new"] {
            assert_eq!(page.get(none).await.status, 404, "{none}");
        }
        let look = page
            .post(
                "/console/admin/texts/notice.started",
                &[("act", "look"), ("kk", "Бригада шықты: № {number}"), ("ru", "Бригада едет: № {number}"), ("expected", "0")],
            )
            .await;
        assert!(look.status == 200 && look.text.contains("1 SMS") && look.text.contains("Бригада едет: № 00-0000-0000"), "{}", look.text);
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM config_revision").await, 0, "a look changes nothing");
    w.finish().await;
}

async fn dead_letters_are_sent_again(kit: Kit) {
    let w = kit.world().await;
    Staff::admin(&w).await;
    let page = Browser::open(&w, "admin", "ru").await;
    let (_, _) = report(&w, 9951, NO_WATER).await;
    assert_eq!(w.tamper("UPDATE outbox SET status = 'dead', reason = NULL, error = 'refused' WHERE template IS NOT NULL").await, 1);
    let html = page.page("/console/admin").await;
    assert!(html.contains("Недоставленные сообщения · 1") && html.contains("Отправить снова"), "{html}");
    let id = value_of(&html, "id");
    page.does("/console/admin/resend", &[("id", &id)]).await;
    w.settle().await;
    assert!(page.page("/console/admin").await.contains("Всё доставлено"));
    assert_eq!(page.post("/console/admin/resend", &[("id", &id)]).await.status, 404);
    assert_eq!(page.post("/console/admin/model", &[]).await.status, 404, "the built-in model is in use");
    w.finish().await;
}
