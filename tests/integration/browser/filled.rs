//! A store in which every page has something to show: requests in every state, calls, people, warnings, and words of somebody who means harm.

use crate::harness::{Api, Resident, Staff, World, deliver, number_in};
use jambyl109::dispatch::digest_readers::{self, Stated};
use jambyl109::domain::access::Role;
use jambyl109::store::staff;
use reqwest::Method;
use serde_json::{Value, json};

/// What somebody writes who wants it to be run: out of text, out of an attribute, out of a field.
pub const EVIL: &str = "\"xss-attr='><img src=x onerror=hurt()><xss-mark></textarea></title>{{7*7}}";

/// Whether a page took any of it for its own.
#[must_use]
pub fn took_it(html: &str) -> bool {
    ["<xss-mark", "<img src=x", "\"xss-attr", "</textarea></title>"].iter().any(|part| html.contains(part))
}

/// What stands in the holes of the addresses of pages.
pub struct Filled {
    /// A request with everything: a conversation, files, neighbours, joined ones, a correction.
    pub rich: String,
    /// One that nobody has touched.
    pub fresh: String,
    /// The one that [`EVIL`] wrote.
    pub evil: String,
    pub call: String,
    pub callback: String,
    /// A reader of the digest.
    pub reader: String,
}

impl Filled {
    /// A path with its holes filled; `None` for a hole that nobody thought of.
    #[must_use]
    pub fn path(&self, pattern: &str) -> Option<String> {
        let id = if pattern.contains("/calls/") {
            &self.call
        } else if pattern.contains("/callbacks/") {
            &self.callback
        } else if pattern.contains("/readers/") {
            &self.reader
        } else {
            "0193a1c2-7d00-7000-8000-000000000001"
        };
        // One of the lists of the catalogue, one of its entries, one text.
        let (what, code) = if pattern.contains("/texts/") {
            ("", "confirmed")
        } else if pattern.contains("/admin/") {
            ("queues", "water_taraz")
        } else {
            ("disable", "water_taraz")
        };
        let mut path = pattern.to_owned();
        for (hole, with) in [
            ("{number}", self.rich.as_str()),
            ("{id}", id),
            ("{login}", "dispatcher"),
            ("{code}", code),
            ("{name}", "sla"),
            ("{lang}", "ru"),
            ("{file}", "site.css"),
            ("{act}", "join"),
            ("{what}", what),
            ("{rest:.*}", "rest"),
            ("{rest}", "rest"),
        ] {
            path = path.replace(hole, with);
        }
        (!path.contains('{')).then_some(path)
    }
}

async fn taken_down(s: &Staff, words: &str, more: Value) -> String {
    let mut body = json!({"text": words, "service": "water", "class": "incident", "district": "taraz"});
    for (k, v) in more.as_object().unwrap() {
        body[k] = v.clone();
    }
    body.as_object_mut().unwrap().retain(|_, v| !v.is_null());
    s.api.post("/staff/requests", &body).await.expect(201)["number"].as_str().unwrap().to_owned()
}

async fn done(s: &Staff, number: &str, act: &str, body: Value) {
    s.does(number, act, body).await.expect(200);
}

async fn calls(w: &World, call: &str, caller: &str, event: &str, more: Value) {
    let mut body = json!({"event": event, "call_id": call, "at": w.now().to_rfc3339(), "caller": caller});
    for (k, v) in more.as_object().unwrap() {
        body[k] = v.clone();
    }
    let a = Api::send(w.api().with("live").call(Method::POST, "/webhooks/calls/generic").json(&body)).await;
    assert_eq!(a.status, 200, "{}", a.text);
    w.settle().await;
}

/// The first entry of a list of the API.
async fn first_of(s: &Staff, list: &str) -> String {
    let got = s.api.get(list).await.expect(200);
    got["items"][0]["id"].as_str().unwrap_or_else(|| panic!("nothing in {list}: {got}")).to_owned()
}

/// Rings for half a minute and hangs up.
async fn in_vain(w: &World, call: &str, caller: &str) {
    calls(w, call, caller, "ringing", json!({"dialled": "109", "queue": "main"})).await;
    w.advance(std::time::Duration::from_secs(30)).await;
    calls(w, call, caller, "ended", json!({"outcome": "no_answer"})).await;
    w.minutes(2).await;
}

/// A resident whose name and words mean harm.
async fn harm(w: &World) -> String {
    let r = Resident::ru(w, 8290);
    let mut update = r.update(&json!({"text": format!("г. Тараз, ул. Абая 12: второй день нет воды {EVIL}")}));
    update["message"]["from"]["first_name"] = json!(EVIL);
    update["message"]["chat"]["first_name"] = json!(EVIL);
    assert_eq!(deliver(w.api(), &update).await.status, 200);
    w.settle().await;
    number_in(&r.reads_one().text)
}

/// A reader of the digest who was changed twice.
async fn digest_reader(w: &World, login: &str) -> String {
    let admin = staff::by_login(w.core().db.read(), login).await.unwrap().unwrap();
    let scope = admin.scope(&w.core().book.roles);
    let said = |part: &'static str, active| Stated { address: "zam.akim@taraz.akimat.test", lang: "kk", part, active };
    let id = digest_readers::add(w.core(), &scope, &said("all", true)).await.unwrap();
    for (part, active) in [("district:taraz", true), ("district:taraz", false)] {
        let seen = digest_readers::find(w.core(), &id).await.unwrap().changed_at;
        digest_readers::change(w.core(), &scope, &id, seen, &said(part, active)).await.unwrap();
    }
    id
}

/// Fills a world that was opened with a door for calls. Five accounts: `dispatcher`, `admin`, `boss`, `crew`, `narrow`.
pub async fn fill(w: &World) -> Filled {
    let dispatcher = Staff::dispatcher(w).await;
    let admin = Staff::admin(w).await;
    Staff::hire(w, "boss", Role::Manager, &[], None).await;
    let crew = Staff::hire(w, "crew", Role::Crew, &[], Some("water_taraz_1")).await;
    Staff::hire(w, "narrow", Role::Dispatcher, &["electricity", "heating_taraz", "desk_utilities"], None).await;
    Staff::hire(w, "gone", Role::Operator, &[], None).await;
    Api::send(admin.api.call(Method::POST, "/api/v1/staff/people/gone/disable").json(&json!({}))).await.expect(204);

    // Late by the time anybody looks.
    taken_down(
        &dispatcher,
        "Таңнан бері су жоқ, мектепте балалар",
        json!({"address": "Төле би көшесі 45", "language": "kk", "phone": "+77015556677"}),
    )
    .await;
    let held = taken_down(
        &dispatcher,
        "Третий день холодные батареи, в квартире двенадцать градусов",
        json!({"service": "heating", "address": "мкр Салтанат 5, кв 17"}),
    )
    .await;
    done(&dispatcher, &held, "accept", json!({})).await;
    done(&dispatcher, &held, "hold", json!({"why": "parts", "reason": "Ждём насос, привезут к вечеру"})).await;
    w.minutes(130).await;

    // A conversation in Kazakh, worked by a crew.
    let r = Resident::kk(w, 8201);
    r.says("Тараз қаласы, Абай көшесі 12: кеше кештен бері су жоқ, үйде кішкентай балалар бар. Қашан береді?").await;
    let rich = number_in(&r.reads().last().unwrap().text);
    let joined = Resident::ru(w, 8202);
    joined.says("г. Тараз, ул. Абая 12: нет воды").await;
    let second = number_in(&joined.reads().last().unwrap().text);
    taken_down(&dispatcher, "тоже нет воды", json!({"address": "ул. Абая, д. 12, кв 9", "phone": "87019999999"})).await;
    done(&dispatcher, &second, "merge", json!({"into": rich})).await;
    done(&dispatcher, &rich, "note", json!({"text": "Звонил в водоканал: порыв на магистрали, ищут место."})).await;
    done(&dispatcher, &rich, "assign", json!({"crew": "water_taraz_1"})).await;
    done(&dispatcher, &rich, "reply", json!({"text": "Магистральда құбыр жарылған, бригада жолда. Кешке дейін береміз."})).await;
    w.minutes(3).await;
    done(&crew, &rich, "start", json!({})).await;
    r.shows("photo-of-the-pit", b"\xff\xd8 a pit", None).await;
    w.minutes(7).await;
    r.says("Рахмет, күтеміз").await;

    // One of every other state.
    let told = |n: u32| json!({"address": format!("Қойгелді көшесі {n}, кв {n}"), "language": "kk"});
    let resolved = taken_down(&dispatcher, "Ауыз су лайланып ағып тұр", told(8)).await;
    for act in ["accept", "start", "arrive", "resolve"] {
        done(&dispatcher, &resolved, act, json!({})).await;
    }
    let rejected = taken_down(&dispatcher, "Көрші түнде музыка қосады", json!({"service": "other", "class": "complaint"})).await;
    done(&dispatcher, &rejected, "reject", json!({"reason": "Бұл полицияның жұмысы, 102 нөміріне хабарласыңыз."})).await;
    let closed = taken_down(&dispatcher, "Не горит фонарь у школы №8", json!({"service": "lighting", "class": "complaint"})).await;
    for act in ["accept", "resolve", "close"] {
        done(&dispatcher, &closed, act, json!({})).await;
    }
    for (n, service, district) in
        [(3, "roads", "shu"), (14, "waste", "taraz"), (21, "electricity", "korday"), (22, "electricity", "merki"), (27, "housing", "taraz")]
    {
        let words =
            "Яма на дороге у поворота к рынку, машины объезжают по тротуару, вечером совсем не видно, просили засыпать ещё весной, никто не приехал";
        taken_down(&dispatcher, words, json!({"service": service, "district": district, "address": format!("ул. Жибек жолы {n}")})).await;
    }
    taken_down(&dispatcher, &format!("Сілтеме: https://example.kz/{}", "ұзынсөз".repeat(30)), json!({"address": "Ы".repeat(120)})).await;
    let evil = harm(w).await;
    done(&dispatcher, &evil, "accept", json!({})).await;
    done(&dispatcher, &evil, "note", json!({"text": EVIL})).await;
    let gas = taken_down(
        &dispatcher,
        "Сильно пахнет газом в подъезде, на первом этаже кружится голова",
        json!({"service": "gas", "address": "Төле би 45, кв 3"}),
    )
    .await;
    done(&dispatcher, &gas, "flag", json!({"vulnerable": true})).await;
    let fresh = taken_down(&dispatcher, "Помогите, у нас во дворе третий день что-то шумит", json!({"service": null, "class": null})).await;

    // The telephone.
    in_vain(w, "c1", "87017778899").await;
    let callback = first_of(&admin, "/staff/callbacks").await;
    Api::send(admin.api.call(Method::POST, &format!("/api/v1/staff/callbacks/{callback}/take")).json(&json!({}))).await.expect(200);
    in_vain(w, "c4", "87017770011").await;
    calls(w, "c2", "87012345678", "ringing", json!({"dialled": "109", "queue": "main"})).await;
    calls(w, "c3", "+77015556677", "ringing", json!({"dialled": "109", "queue": "main"})).await;
    let call = first_of(&admin, "/staff/calls?limit=1").await;
    let reader = digest_reader(w, "admin").await;
    Filled { rich, fresh, evil, call, callback, reader }
}
