//! The dispatcher's desk, worked as a browser works it: pages, forms, and what comes of them.

use crate::harness::{Answer, Api, Kit, Options, PASSWORD, Resident, Staff, World, number_in, stories, text};
use jambyl109::dispatch::erase;
use jambyl109::domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

stories! {
    the_board_shows_what_presses_first_and_what_is_new,
    lists_are_named_and_kept_by_each_for_themselves,
    a_search_finds_in_spite_of_slips_and_forgets_with_the_resident,
    what_is_said_to_one_is_said_to_those_joined_to_it,
    an_act_is_taken_back,
    two_hands_on_one_request,
    one_act_on_several,
    a_prepared_answer_is_sent_in_the_language_of_the_resident,
    colleagues_see_each_other,
    a_call_is_worked_from_its_card,
    the_map_counts_what_is_open,
}

/// A browser that has signed in.
struct Desk<'w> {
    w: &'w World,
    cookie: String,
}

impl<'w> Desk<'w> {
    async fn open(w: &'w World, login: &str) -> Self {
        let form = [("login", login), ("password", PASSWORD)];
        let a = Api::send(w.api().call(Method::POST, "/console/sign-in").form(&form)).await;
        assert_eq!(a.status, 303, "{}", a.text);
        let all = a.headers.get_all("set-cookie").iter().filter_map(|c| c.to_str().ok());
        let cookie = all.filter_map(|c| c.split(';').next()).find(|c| c.starts_with("jambyl109_session=")).unwrap().to_owned();
        Self { w, cookie: format!("{cookie}; lang=ru") }
    }

    async fn get(&self, path: &str) -> Answer {
        Api::send(self.w.api().call(Method::GET, path).header("cookie", &self.cookie)).await
    }

    #[track_caller]
    fn shown(a: &Answer, path: &str) -> String {
        assert_eq!(a.status, 200, "{path}: {}", a.text);
        a.text.clone()
    }

    async fn page(&self, path: &str) -> String {
        Self::shown(&self.get(path).await, path)
    }

    async fn csrf(&self) -> String {
        value_of(&self.page("/console/find").await, "csrf")
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf().await;
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        Api::send(self.w.api().call(Method::POST, path).header("cookie", &self.cookie).form(&all)).await
    }

    /// A form whose answer leads somewhere: there.
    async fn goes(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let a = self.post(path, fields).await;
        assert_eq!(a.status, 303, "{path}: {}", a.text);
        a.headers["location"].to_str().unwrap().to_owned()
    }

    async fn finds(&self, question: &str) -> Vec<String> {
        let a = self.post("/console/find", &[("q", question)]).await;
        match a.status {
            303 => vec![a.headers["location"].to_str().unwrap().trim_start_matches("/console/requests/").to_owned()],
            _ => rows(&Self::shown(&a, "find")),
        }
    }

    async fn version(&self, number: &str) -> String {
        value_of(&self.page(&format!("/console/requests/{number}")).await, "expected_version")
    }

    /// One act by its form, on the version that stands.
    async fn does(&self, number: &str, act: &str, fields: &[(&str, &str)]) -> Answer {
        let version = self.version(number).await;
        let mut all = vec![("expected_version", version.as_str())];
        all.extend_from_slice(fields);
        self.post(&format!("/console/requests/{number}/acts/{act}"), &all).await
    }
}

/// The value of the first hidden field of that name.
fn value_of(html: &str, name: &str) -> String {
    let at = html.find(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no field {name} in {html}"));
    html[at..].split('"').nth(3).unwrap().to_owned()
}

/// Numbers of the rows of a list, in order.
fn rows(html: &str) -> Vec<String> {
    html.split("<tr id=\"r").skip(1).map(|r| r.split('"').next().unwrap().to_owned()).collect()
}

/// The row of a number.
fn row<'h>(html: &'h str, number: &str) -> &'h str {
    let at = html.find(&format!("<tr id=\"r{number}\"")).unwrap_or_else(|| panic!("{number} is not in the list"));
    html[at..].split("</tr>").next().unwrap()
}

async fn taken_down(s: &Staff, words: &str, more: Value) -> String {
    let mut body = json!({"text": words, "service": "water", "class": "incident", "district": "taraz"});
    for (k, v) in more.as_object().unwrap() {
        body[k] = v.clone();
    }
    text(&s.api.post("/staff/requests", &body).await.expect(201), "number")
}

async fn the_board_shows_what_presses_first_and_what_is_new(kit: Kit) {
    let w = kit.world().await;
    let api = Staff::dispatcher(&w).await;
    Staff::hire(&w, "narrow", Role::Dispatcher, &["electricity"], None).await;
    let r = Resident::ru(&w, 8101);
    r.says("г. Тараз, ул. Абая 12: второй день нет воды").await;
    let wet = number_in(&r.reads_one().text);
    let gas = taken_down(&api, "пахнет газом в подъезде", json!({"service": "gas", "address": "Төле би 45, кв 3"})).await;
    let desk = Desk::open(&w, "dispatcher").await;
    let narrow = Desk::open(&w, "narrow").await;

    let html = desk.page("/console/board").await;
    assert_eq!(rows(&html), [gas.clone(), wet.clone()], "danger stands first");
    assert!(row(&html, &gas).contains("pill hazard") && row(&html, &gas).contains("Төле би"));
    assert!(!row(&html, &gas).contains("би 45") && !row(&html, &gas).contains("кв 3"), "the house stands in a list");
    assert!(row(&html, &wet).contains("class=\"p2 fresh\"") && html.contains("<title>⚠ 1"));
    assert_eq!(rows(&desk.page("/console/board?danger=1").await), *std::slice::from_ref(&gas));
    assert_eq!(rows(&desk.page("/console/board?service=water&status=queued").await), *std::slice::from_ref(&wet));
    assert_eq!(rows(&desk.page("/console/board?district=shu").await), [""; 0]);
    assert_eq!(rows(&narrow.page("/console/board").await), [""; 0], "out of reach");

    // Opened: no longer new. The resident writes again: unread for whoever opened it before.
    desk.page(&format!("/console/requests/{wet}")).await;
    w.minutes(1).await;
    assert!(!row(&desk.page("/console/board/rows").await, &wet).contains("fresh"));
    r.says("воды всё нет, ждём").await;
    let part = desk.page("/console/board/rows").await;
    assert!(row(&part, &wet).contains("unread") && !part.contains("<html"));
    desk.page(&format!("/console/requests/{wet}")).await;
    w.minutes(1).await;
    assert!(!row(&desk.page("/console/board/rows").await, &wet).contains("unread"));

    // Who has it: the colleague who took it, then the crew.
    assert_eq!(desk.does(&wet, "accept", &[]).await.status, 303);
    assert!(row(&desk.page("/console/board").await, &wet).contains("Қызметкер dispatcher"));
    assert_eq!(desk.does(&wet, "assign", &[("crew", "water_taraz_1")]).await.status, 303);
    assert!(!row(&desk.page("/console/board").await, &wet).contains("Қызметкер"));
    assert_eq!(desk.get("/console/board?cursor=nonsense").await.status, 400);
    w.finish().await;
}

async fn lists_are_named_and_kept_by_each_for_themselves(kit: Kit) {
    let w = kit.world().await;
    Staff::dispatcher(&w).await;
    Staff::hire(&w, "second", Role::Dispatcher, &[], None).await;
    let (one, two) = (Desk::open(&w, "dispatcher").await, Desk::open(&w, "second").await);
    let to = one.goes("/console/views", &[("name", "  Вода   Тараза "), ("query", "service=water&district=taraz&evil=<b>&cursor=1")]).await;
    assert_eq!(to, "/console/board?service=water&district=taraz");
    let html = one.page(&to).await;
    assert!(html.contains("href=\"/console/board?service=water&#38;district=taraz\" aria-current=\"page\"") && html.contains("Вода Тараза"));
    assert!(!two.page("/console/board").await.contains("Вода Тараза"));
    // The same name again: written over. Another's list cannot be taken away.
    one.goes("/console/views", &[("name", "Вода Тараза"), ("query", "service=water")]).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM staff_view").await, 1);
    let id = value_of(&one.page("/console/board").await, "id");
    two.goes("/console/views", &[("id", &id)]).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM staff_view").await, 1);
    one.goes("/console/views", &[("id", &id)]).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM staff_view").await, 0);
    for n in 0..12 {
        one.goes("/console/views", &[("name", &format!("список {n}")), ("query", "danger=1")]).await;
    }
    assert_eq!(one.post("/console/views", &[("name", "ещё"), ("query", "")]).await.status, 409);
    assert_eq!(one.post("/console/views", &[("name", " "), ("query", "")]).await.status, 422);
    w.finish().await;
}

async fn a_search_finds_in_spite_of_slips_and_forgets_with_the_resident(kit: Kit) {
    let w = kit.world().await;
    let api = Staff::dispatcher(&w).await;
    Staff::hire(&w, "narrow", Role::Dispatcher, &["electricity"], None).await;
    let r = Resident::kk(&w, 8102);
    r.says("Тараз қаласы, Сәтбаев көшесі 17: қазандықтан бу шығып жатыр, жылу жоқ. 8 701 555 66 77").await;
    let boiler = number_in(&r.reads_one().text);
    let phone = "+77017654321";
    let tap = taken_down(&api, "капает кран на кухне", json!({"address": "улица Қойгелді 8, кв 4", "phone": phone})).await;
    w.settle().await;
    let (desk, narrow) = (Desk::open(&w, "dispatcher").await, Desk::open(&w, "narrow").await);
    for question in [boiler.as_str(), &boiler.replace('-', " "), "қазандық", "казандыктан", "казандыктн", "САТБАЕВ 17", "сатбаева", "бу жылу сатбаев"]
    {
        assert_eq!(desk.finds(question).await, *std::slice::from_ref(&boiler), "{question}");
    }
    for question in ["койгелды", "Койгелди 8", "кран кухня", "8 701 765 43 21", "87017654321"] {
        assert_eq!(desk.finds(question).await, *std::slice::from_ref(&tap), "{question}");
    }
    for question in ["самолёт", "сатбаев кран", "555 66 77", "5556677", "701", "%", "_", "'; DROP TABLE request; --", "\"<script>alert(1)</script>"]
    {
        assert_eq!(desk.finds(question).await, [""; 0], "{question}");
    }
    assert_eq!(narrow.finds("қазандық").await, [""; 0], "out of reach");
    assert_eq!(narrow.finds(phone).await, [""; 0], "a number opens nothing that the reach does not");
    assert_eq!(desk.post("/console/find", &[("q", "  ")]).await.status, 422);
    assert_eq!(desk.get("/console/find?q=%D0%BA%D1%80%D0%B0%D0%BD").await.text.matches("<tr id").count(), 0, "nothing personal in an address line");
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'search_phone'").await, 3);
    assert_eq!(w.count("SELECT COUNT(*) FROM request_word WHERE word LIKE '%555%' OR word LIKE '%7654%'").await, 0, "no telephone among the words");

    let resident = w.stored(&boiler).await.request.resident.unwrap();
    erase::resident(w.core(), resident).await.unwrap();
    w.settle().await;
    assert_eq!(desk.finds("казандыктан").await, [""; 0]);
    assert_eq!(w.count("SELECT COUNT(*) FROM request_word WHERE word = 'казандыктан'").await, 0);
    assert_eq!(w.count("SELECT COUNT(*) FROM search_gram WHERE word = 'казандыктан'").await, 0);
    assert_eq!(desk.finds("кран").await, [tap], "the others stay");
    w.finish().await;
}

async fn what_is_said_to_one_is_said_to_those_joined_to_it(kit: Kit) {
    let w = kit.world().await;
    Staff::dispatcher(&w).await;
    let desk = Desk::open(&w, "dispatcher").await;
    let people = [Resident::ru(&w, 8111), Resident::kk(&w, 8112), Resident::ru(&w, 8113)];
    let mut numbers = Vec::new();
    for r in &people {
        r.says("г. Тараз, ул. Абая 12: нет воды").await;
        numbers.push(number_in(&r.reads_one().text));
    }
    // The third was joined to the second before the second was joined to the first.
    assert_eq!(desk.does(&numbers[2], "merge", &[("into", &numbers[1])]).await.status, 303);
    assert_eq!(desk.does(&numbers[1], "merge", &[("into", &numbers[0])]).await.status, 303);
    w.settle().await;
    people.iter().for_each(|r| drop(r.reads()));
    assert!(desk.page(&format!("/console/requests/{}", numbers[0])).await.contains(&format!("/console/requests/{}", numbers[1])));

    assert_eq!(desk.does(&numbers[0], "reply", &[("text", "Прорыв на магистрали, вода будет к вечеру.")]).await.status, 303);
    w.settle().await;
    for (r, n) in people.iter().zip(&numbers) {
        let got = r.reads();
        assert_eq!(got.len(), 1, "{got:?}");
        assert!(got[0].text.contains(n) && got[0].text.contains("вода будет к вечеру"), "each about the own number: {got:?}");
    }
    for act in ["accept", "start", "resolve"] {
        assert_eq!(desk.does(&numbers[0], act, &[]).await.status, 303, "{act}");
    }
    w.settle().await;
    people[0].reads();
    for (r, n) in people.iter().zip(&numbers).skip(1) {
        let got = r.reads();
        assert_eq!(got.len(), 1, "told once that it is done: {got:?}");
        assert!(got[0].text.contains(n), "{got:?}");
        assert_eq!(w.history(n).await.last().map(String::as_str), Some("parent_changed"));
        assert_eq!(w.stored(n).await.request.status.as_str(), "duplicate");
    }
    assert_eq!(desk.does(&numbers[0], "reopen", &[("reason", "не всем дали воду")]).await.status, 303);
    w.settle().await;
    assert!(people[1].reads_one().text.contains(&numbers[1]), "work goes on: told too");
    // What was joined can still be written to by its resident, and nobody else is told.
    people[2].reads();
    people[1].says(&format!("{} у меня всё ещё нет воды", numbers[1])).await;
    assert!(people[2].reads().is_empty());
    w.finish().await;
}

async fn an_act_is_taken_back(kit: Kit) {
    let w = kit.world().await;
    let api = Staff::dispatcher(&w).await;
    Staff::hire(&w, "second", Role::Dispatcher, &[], None).await;
    let (one, two) = (Desk::open(&w, "dispatcher").await, Desk::open(&w, "second").await);
    let number = taken_down(&api, "нет воды", json!({})).await;
    let path = format!("/console/requests/{number}");
    let undo = format!("{path}/undo");
    assert!(!one.page(&format!("{path}?saved=1")).await.contains(&undo), "a registration is not taken back");
    w.minutes(1).await;
    let to = one.does(&number, "transfer", &[("queue", "sewerage_taraz")]).await;
    assert_eq!(to.status, 303);
    assert!(
        one.page(&format!("{path}?saved=1")).await.contains(&undo) && !two.page(&format!("{path}?saved=1")).await.contains(&undo),
        "only one's own"
    );
    assert!(one.page(&path).await.contains(&undo), "the page was opened anew, and the way back is gone");
    let version = one.version(&number).await;
    assert_eq!(two.post(&undo, &[("expected_version", &version)]).await.status, 409);
    assert_eq!(one.post(&undo, &[("expected_version", "1")]).await.status, 409);
    w.minutes(1).await;
    one.goes(&undo, &[("expected_version", &version)]).await;
    assert_eq!(w.stored(&number).await.request.queue.unwrap().as_str(), "water_taraz");

    w.minutes(1).await;
    assert_eq!(
        one.does(&number, "reclassify", &[("class", "complaint"), ("service", "water"), ("district", "taraz"), ("hazard", "none")]).await.status,
        303
    );
    w.minutes(1).await;
    let version = one.version(&number).await;
    one.goes(&undo, &[("expected_version", &version)]).await;
    let r = w.stored(&number).await.request;
    assert_eq!((r.class.map(|c| c.to_string()), r.queue.map(|q| q.to_string())), (Some("incident".into()), Some("water_taraz".into())));

    w.minutes(1).await;
    assert_eq!(one.does(&number, "flag", &[("vulnerable", "yes")]).await.status, 303);
    w.minutes(16).await;
    assert!(!one.page(&format!("{path}?saved=1")).await.contains(&undo), "after a while it is history");
    w.finish().await;
}

async fn two_hands_on_one_request(kit: Kit) {
    let w = kit.world().await;
    let api = Staff::dispatcher(&w).await;
    Staff::hire(&w, "second", Role::Dispatcher, &[], None).await;
    let (one, two) = (Desk::open(&w, "dispatcher").await, Desk::open(&w, "second").await);
    let number = taken_down(&api, "нет воды", json!({})).await;
    let seen = one.version(&number).await;
    assert_eq!(two.does(&number, "accept", &[]).await.status, 303);
    let act = format!("/console/requests/{number}/acts/transfer");
    let a = one.post(&act, &[("expected_version", &seen), ("queue", "sewerage_taraz"), ("reason", "это не вода, а канализация")]).await;
    assert_eq!(a.status, 409);
    let at = a.text.find("card clash").expect("both sides are shown");
    let clash = a.text[at..].split("</section>").next().unwrap();
    assert!(clash.contains("это не вода, а канализация") && clash.contains("Қызметкер second") && clash.contains("Принято"), "{clash}");
    assert!(a.text.contains("<textarea name=\"reason\" rows=\"3\" maxlength=\"4000\">это не вода"), "what was typed stays in its form");
    assert_eq!(w.stored(&number).await.request.queue.unwrap().as_str(), "water_taraz", "nothing was put over");
    w.finish().await;
}

async fn one_act_on_several(kit: Kit) {
    let w = kit.world().await;
    let api = Staff::dispatcher(&w).await;
    Staff::hire(&w, "boss", Role::Manager, &[], None).await;
    let (desk, boss) = (Desk::open(&w, "dispatcher").await, Desk::open(&w, "boss").await);
    let mut picks = Vec::new();
    for n in 0..3 {
        let number = taken_down(&api, &format!("нет воды, подъезд {n}"), json!({})).await;
        let version = w.stored(&number).await.request.version;
        picks.push((number.clone(), format!("{number}:{version}")));
    }
    api.does(&picks[2].0, "note", json!({"text": "звонил"})).await.expect(200);
    let chosen: Vec<(&str, &str)> = picks.iter().map(|(_, p)| ("pick", p.as_str())).collect();
    let form = |act: &'static str, more: &[(&'static str, &'static str)]| {
        let mut all = vec![("act", act)];
        all.extend_from_slice(more);
        all.extend(chosen.iter().copied());
        all
    };
    assert_eq!(boss.post("/console/bulk", &form("accept", &[])).await.status, 403);
    assert_eq!(desk.post("/console/bulk", &form("resolve", &[])).await.status, 422, "not for several");
    assert_eq!(desk.post("/console/bulk", &form("assign", &[])).await.status, 422, "to which crew?");
    assert_eq!(desk.post("/console/bulk", &[("act", "accept")]).await.status, 422, "nothing chosen");
    let a = desk.post("/console/bulk", &form("assign", &[("crew", "water_taraz_1")])).await;
    assert_eq!(a.status, 200);
    assert!(a.text.contains("Готово: 2.") && a.text.contains("Не выполнено: 1"), "{}", a.text);
    let status = async |n: usize| w.stored(&picks[n].0).await.request.status.to_string();
    assert_eq!([status(0).await, status(1).await, status(2).await], ["assigned", "assigned", "queued"], "the changed one is left as it is, and told");
    w.finish().await;
}

async fn a_prepared_answer_is_sent_in_the_language_of_the_resident(kit: Kit) {
    let w = kit.world().await;
    Staff::dispatcher(&w).await;
    let desk = Desk::open(&w, "dispatcher").await;
    let r = Resident::kk(&w, 8121);
    r.says("Тараз қаласы, Абай көшесі 5: су жоқ").await;
    let number = number_in(&r.reads_one().text);
    assert_eq!(desk.does(&number, "reply", &[("text", " "), ("template", "no_such")]).await.status, 422);
    assert_eq!(desk.does(&number, "reply", &[("text", ""), ("template", "crew")]).await.status, 303);
    w.settle().await;
    let got = r.reads();
    let words = &got.last().unwrap().text;
    assert!(words.contains("бригада жіберілді") && words.contains(&number) && !words.contains('{'), "{words}");
    assert_eq!(desk.does(&number, "reply", &[("text", "Өз сөзім"), ("template", "crew")]).await.status, 303);
    w.settle().await;
    assert!(r.reads().last().unwrap().text.contains("Өз сөзім"), "own words go before prepared ones");
    w.finish().await;
}

async fn colleagues_see_each_other(kit: Kit) {
    let w = kit.world().await;
    let api = Staff::dispatcher(&w).await;
    Staff::hire(&w, "second", Role::Dispatcher, &[], None).await;
    Staff::hire(&w, "narrow", Role::Dispatcher, &["electricity"], None).await;
    let (one, two, narrow) = (Desk::open(&w, "dispatcher").await, Desk::open(&w, "second").await, Desk::open(&w, "narrow").await);
    let number = taken_down(&api, "нет воды", json!({})).await;
    let sign = format!("/console/requests/{number}/presence");
    assert_eq!(narrow.post(&sign, &[]).await.status, 404);
    one.page(&format!("/console/requests/{number}")).await;
    let html = two.page(&format!("/console/requests/{number}")).await;
    assert!(html.contains("Қызметкер dispatcher — смотрит"), "without a script too");
    assert!(row(&two.page("/console/board").await, &number).contains("Қызметкер dispatcher"));
    one.post(&sign, &[("writing", "1")]).await;
    let answer = two.post(&sign, &[]).await;
    let now = answer.json();
    assert_eq!(now["present"], json!([{"name": "Қызметкер dispatcher", "writing": true}]));
    assert_eq!(now["version"], json!(w.stored(&number).await.request.version));
    w.minutes(2).await;
    assert_eq!(two.post(&sign, &[]).await.json()["present"], json!([]), "gone without a sign");
    w.finish().await;
}

async fn a_call_is_worked_from_its_card(kit: Kit) {
    let w = kit.world_with(Options::with("CALLS__DOORS__GENERIC__TOKEN", "live")).await;
    let api = Staff::dispatcher(&w).await;
    Staff::hire(&w, "boss", Role::Manager, &[], None).await;
    Staff::hire(&w, "second", Role::Dispatcher, &[], None).await;
    let (desk, boss, second) = (Desk::open(&w, "dispatcher").await, Desk::open(&w, "boss").await, Desk::open(&w, "second").await);
    let earlier = taken_down(&api, "нет воды", json!({"phone": "87012345678", "address": "Абая 12, кв 3"})).await;
    let neighbour = taken_down(&api, "тоже нет воды", json!({"phone": "87019999999", "address": "ул. Абая, д. 12, кв 9"})).await;
    let happens = async |call: &str, event: &str, more: Value| {
        let mut body = json!({"event": event, "call_id": call, "at": w.now().to_rfc3339(), "caller": "87012345678"});
        for (k, v) in more.as_object().unwrap() {
            body[k] = v.clone();
        }
        let a = Api::send(w.api().with("live").call(Method::POST, "/webhooks/calls/generic").json(&body)).await;
        assert_eq!(a.status, 200, "{}", a.text);
        w.settle().await;
    };
    happens("c1", "ringing", json!({"dialled": "109", "queue": "main"})).await;
    let html = desk.page("/console/calls").await;
    assert!(!html.contains("2345678") && html.contains("звонит"), "a list is masked");
    let id = html.split("/console/calls/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let card = format!("/console/calls/{id}");
    let before = w.count("SELECT COUNT(*) FROM access_log WHERE what = 'call'").await;
    let html = desk.page(&card).await;
    assert!(html.contains("tel:+77012345678") && html.contains(&earlier) && html.contains(&neighbour) && html.contains("Абая 12, кв 3"));
    assert_eq!(w.count("SELECT COUNT(*) FROM access_log WHERE what = 'call'").await, before + 1, "each look is noted");
    let seen = boss.page(&card).await;
    assert!(!seen.contains("data-draft") && !seen.contains("/join\""), "a manager looks and does not work");
    assert_eq!(boss.post(&format!("{card}/request"), &[("text", "x")]).await.status, 403);

    // An interrupted form is there again, for its writer only.
    desk.goes(&format!("{card}/draft"), &[("text", "течёт труба на втор"), ("address", "Абая 12, кв 3")]).await;
    assert!(desk.page(&card).await.contains("течёт труба на втор") && !second.page(&card).await.contains("течёт труба"));
    let wrong = desk.post(&format!("{card}/request"), &[("text", "течёт труба"), ("phone", "12")]).await;
    assert!(wrong.status == 400 && wrong.text.contains("течёт труба"), "{}", wrong.status);
    let to = desk
        .goes(
            &format!("{card}/request"),
            &[("text", "течёт труба на втором этаже"), ("district", "taraz"), ("service", "water"), ("class", "incident")],
        )
        .await;
    let number = number_in(&to);
    let html = desk.page(&card).await;
    assert!(!html.contains("на втор</textarea>") && html.contains(&format!("/console/requests/{number}")), "the draft is done, the request linked");
    assert_eq!(w.stored(&number).await.request.resident, w.stored(&earlier).await.request.resident, "whoever is on the line is the caller");
    desk.goes(&format!("{card}/join"), &[("number", &earlier), ("text", "напомнил о себе")]).await;
    desk.goes(&format!("{card}/part"), &[("number", &number)]).await;
    desk.goes(&format!("{card}/topic"), &[("topic", "спросил о сроке")]).await;
    assert_eq!(desk.post(&format!("{card}/topic"), &[("topic", "ещё раз")]).await.status, 409);
    assert_eq!(desk.post(&format!("{card}/dance"), &[]).await.status, 404);
    assert!(api.sees(&earlier).await["thread"].to_string().contains("напомнил о себе"));

    // Hung up in vain: called back.
    happens("c2", "ringing", json!({"caller": "87017778899", "dialled": "109", "queue": "main"})).await;
    w.advance(std::time::Duration::from_secs(30)).await;
    happens("c2", "ended", json!({"caller": "87017778899", "outcome": "no_answer"})).await;
    w.minutes(2).await;
    let html = desk.page("/console/calls").await;
    let task = html.split("/console/callbacks/").nth(1).expect("nobody to call back").split('/').next().unwrap().to_owned();
    assert!(!html.contains("7778899"));
    let to = desk.goes(&format!("/console/callbacks/{task}/take"), &[]).await;
    assert!(desk.page(&to).await.contains("tel:+77017778899"));
    assert_eq!(second.get(&to).await.status, 404, "it is another's");
    assert_eq!(second.post(&format!("/console/callbacks/{task}/take"), &[]).await.status, 409);
    assert_eq!(desk.post(&format!("/console/callbacks/{task}/outcome"), &[("outcome", "fine")]).await.status, 422);
    desk.goes(&format!("/console/callbacks/{task}/outcome"), &[("outcome", "reached"), ("note", "всё рассказал")]).await;
    assert!(!desk.page("/console/calls").await.contains(&task));
    drop(w.server.sms.take());
    w.finish().await;
}

async fn the_map_counts_what_is_open(kit: Kit) {
    let w = kit.world().await;
    let api = Staff::dispatcher(&w).await;
    Staff::hire(&w, "narrow", Role::Dispatcher, &["electricity"], None).await;
    let (desk, narrow) = (Desk::open(&w, "dispatcher").await, Desk::open(&w, "narrow").await);
    taken_down(&api, "нет воды", json!({})).await;
    taken_down(&api, "пахнет газом в подъезде", json!({"service": "gas"})).await;
    taken_down(&api, "нет воды", json!({"district": "shu"})).await;
    let cells = |html: &str, code: &str| {
        let at = html.find(&format!("<td><a href=\"/console/map?district={code}\"")).unwrap();
        let line = html[at..].split("</tr>").next().unwrap().to_owned();
        line.split("class=\"n\">")
            .skip(1)
            .map(|c| c.trim_start_matches(|c: char| !c.is_ascii_digit()).split('<').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let html = desk.page("/console/map").await;
    assert_eq!((cells(&html, "taraz")[0].as_str(), cells(&html, "shu")[0].as_str()), ("2", "1"));
    assert!(html.contains("class=\"m4 hot\"") && html.matches("<path").count() >= 11);
    assert_eq!(cells(&narrow.page("/console/map").await, "taraz")[0], "0", "only what is within reach");
    w.finish().await;
}
