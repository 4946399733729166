//! What is made of a message: several problems, doubt, danger; and what is learnt from people.

use crate::harness::{AppResident, Kit, Options, PASSWORD, Resident, Staff, World, number_in, stories, text};
use jambyl109::bus::Hint;
use jambyl109::dispatch::learning::{self, Refit};
use jambyl109::dispatch::{accounts, erase};
use jambyl109::domain::request::Priority;
use jambyl109::domain::{Class, ServiceCode};
use jambyl109::store::models;
use jambyl109::triage::{Corpus, Effort, Example, Plan};
use jambyl109::web::auth::SESSION_COOKIE;
use jambyl109::workers::learner::Learner;
use serde_json::{Value, json};
use std::time::Duration;

stories! {
    two_problems_make_two_linked_requests,
    two_problems_through_the_application,
    doubt_goes_to_a_person_and_is_corrected,
    the_page_offers_the_best_guesses,
    danger_speaks_first_and_rings,
    an_ambiguous_place_is_settled_by_where_one_wrote_from,
    a_refit_is_taken_up_and_taken_back,
    a_running_service_hears_of_a_new_model,
    who_is_erased_teaches_nothing
}

const TWO: &str = "г. Тараз, ул. Абая 12. Второй день нет света. И ещё мусор не вывозят третью неделю.";
/// Nothing in it says which service is meant.
const DOUBT: &str = "Тараз, ул. Абая 5: у нас опять то же самое, сколько можно, примите меры";

/// Small enough for a test; the shape of the work is the same.
fn quick() -> Plan {
    Plan { effort: Effort { epochs: 2, ..Effort::default() }, folds: 2, spelling_weight: 0.0 }
}

fn numbers_in(words: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for w in words.split(|c: char| !(c.is_ascii_digit() || c == '-')).filter(|w| w.len() == 12 && w.matches('-').count() == 2) {
        if !out.iter().any(|n| n == w) {
            out.push(w.to_owned());
        }
    }
    out
}

async fn two_problems_make_two_linked_requests(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Resident::ru(&w, 501);
    r.says(TWO).await;
    // One answer tells both.
    let ack = r.reads_one();
    let numbers = numbers_in(&ack.text);
    assert_eq!(numbers.len(), 2, "{}", ack.text);
    for part in ["несколько проблем", "Электроснабжение", "Вывоз мусора"] {
        assert!(ack.text.contains(part), "{part} is missing: {}", ack.text);
    }
    let (first, second) = (dispatcher.sees(&numbers[0]).await, dispatcher.sees(&numbers[1]).await);
    assert_eq!((first["queue"].as_str(), second["queue"].as_str()), (Some("electricity"), Some("waste_taraz")));
    assert_eq!((&first["linked"], &second["linked"]), (&json!([numbers[1]]), &json!([numbers[0]])));
    assert_eq!((first["district"].as_str(), second["district"].as_str()), (Some("taraz"), Some("taraz")));
    assert!(first["restore_due"].is_string() && second["restore_due"].is_string());
    assert_eq!(second["place"], first["place"]);
    assert_eq!(first["thread"][0]["text"], TWO);
    assert!(second["thread"][0]["text"].as_str().is_some_and(|t| t.contains("мусор") && !t.contains("света")), "{}", second["thread"]);
    assert_eq!(w.history(&numbers[0]).await, ["registered", "queued", "linked"]);
    assert_eq!(w.stored(&numbers[0]).await.request.resident, w.stored(&numbers[1]).await.request.resident);
    // More about the second one goes to the second one.
    r.says("мусор так и не вывезли").await;
    assert!(r.reads_one().text.contains(&numbers[1]));
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 2);
    w.finish().await;
}

async fn two_problems_through_the_application(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let ivan = AppResident::sign_in(&w, "+77010000011", "ru").await;
    let body = json!({"text": TWO});
    let made = ivan.reports_with_key("two", &body).await.expect(201);
    let linked = made["linked"].as_array().unwrap();
    assert_eq!((made["queue"].as_str(), linked.len(), linked[0]["queue"].as_str()), (Some("electricity"), 1, Some("waste_taraz")));
    assert!(linked[0]["version"].is_null(), "inner fields are not shown");
    assert_eq!(ivan.reports_with_key("two", &body).await.expect(201), made);
    assert_eq!(w.count("SELECT COUNT(*) FROM request").await, 2);
    // A service that the caller names leads; the other problem is not lost by it.
    let named = ivan.api.post("/requests", &json!({"text": TWO, "service": "waste"})).await.expect(201);
    assert_eq!((named["service"].as_str(), named["linked"][0]["service"].as_str()), (Some("waste"), Some("electricity")));
    // An operator's caller, too.
    let told = dispatcher.api.post("/staff/requests", &json!({"text": TWO, "phone": "+77015556677"})).await.expect(201);
    assert_eq!(told["linked"].as_array().map(Vec::len), Some(1));
    // One and the same owner works on both: one request, and a note.
    let same = ivan.reports("г. Тараз, ул. Абая 12. Нет света во дворе дома. А ещё в подъезде нет света.").await;
    assert_eq!(same["linked"], json!([]));
    w.finish().await;
}

async fn unsure(w: &World, chat: i64) -> String {
    let r = Resident::ru(w, chat);
    r.says(DOUBT).await;
    number_in(&r.reads_one().text)
}

async fn doubt_goes_to_a_person_and_is_corrected(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let number = unsure(&w, 511).await;
    assert_eq!(dispatcher.queue("triage").await, vec![number.clone()]);
    let seen = dispatcher.sees(&number).await;
    let t = &seen["triage"];
    assert!(seen["service"].is_null() && t["service"]["sure"] == false, "{t}");
    assert_eq!(t["top_services"].as_array().map(Vec::len), Some(3), "{t}");
    assert!(t["top_services"].as_array().unwrap().iter().all(|x| x["confidence"].as_f64().is_some_and(|p| p > 0.0 && p < 1.0)), "{t}");
    assert!(t["version"].as_str().is_some_and(|v| v.contains("model")) && t["why"].is_array(), "{t}");
    assert_eq!(t["district"]["value"], "taraz");
    // The journal holds the guesses and none of the words.
    let first = &seen["history"][0]["data"]["triage"];
    assert!(first["top_services"].is_array() && first["why"].is_null(), "{first}");

    let body = json!({"service": "heating", "class": "incident"});
    dispatcher.does(&number, "reclassify", body).await.expect(200);
    assert_eq!(dispatcher.queue("heating_taraz").await, vec![number.clone()]);
    let rows = w.query("SELECT heads, service, class, actor, version FROM triage_correction").await;
    assert_eq!(rows.len(), 1);
    assert!(rows[0][0].contains("service") && rows[0][1] == "heating" && rows[0][2] == "incident" && rows[0][3].starts_with("staff:"), "{rows:?}");
    assert_eq!(rows[0][4], t["version"].as_str().unwrap());
    let metrics = w.api().raw("/metrics").await.text;
    assert!(metrics.contains(r#"jambyl_triage_corrections_total{head="service"} 1"#), "corrections are not counted");
    // A change of nothing that was read teaches nothing.
    dispatcher.does(&number, "reclassify", json!({"priority": 1})).await.expect(200);
    assert_eq!(w.count("SELECT COUNT(*) FROM triage_correction").await, 1);
    w.finish().await;
}

/// A page of the console as a signed-in dispatcher sees it.
async fn page(w: &World, path: &str) -> String {
    let signed = accounts::sign_in(w.core(), "dispatcher", PASSWORD, "127.0.0.1", true).await.unwrap();
    let call = w.api().http.get(format!("{}{path}?lang=ru", w.api().base)).header("cookie", format!("{SESSION_COOKIE}={}", signed.token));
    call.send().await.unwrap().text().await.unwrap()
}

async fn the_page_offers_the_best_guesses(kit: Kit) {
    let w = kit.world_with(Options::with("HTTP__PUBLIC_URL", "http://109.test")).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let number = unsure(&w, 521).await;
    let html = page(&w, &format!("/console/requests/{number}")).await;
    let top = dispatcher.sees(&number).await["triage"]["top_services"].clone();
    for guess in top.as_array().unwrap() {
        let field = format!("name=\"service\" value=\"{}\"", guess["value"].as_str().unwrap());
        assert!(html.contains(&field), "{field} is not offered");
    }
    assert!(html.contains("data-key=\"2\""), "no key is bound");
    assert!(!html.contains("<title>⚠"));
    w.finish().await;
}

async fn danger_speaks_first_and_rings(kit: Kit) {
    let w = kit.world_with(Options::with("HTTP__PUBLIC_URL", "http://109.test")).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let mut hints = w.core().bus.subscribe();
    let r = Resident::kk(&w, 531);
    r.says("Тараз, Абай көшесі 3, подъезде газ иісі шығып тұр").await;
    let said = r.reads();
    assert!(said[0].text.starts_with('⚠') && said[0].text.contains("104"), "safety is not first: {said:#?}");
    let number = number_in(&said[1].text);
    assert_eq!(w.stored(&number).await.request.priority, Priority::DANGER);
    let mut rang = false;
    while let Ok(hint) = hints.try_recv() {
        rang |= hint.to_string().starts_with("danger:");
    }
    assert!(rang, "nobody was rung");
    assert!(page(&w, "/console/queues").await.contains("<title>⚠ 1"), "the title is not marked");

    // The application shows the same words, for every danger of the text.
    let app = AppResident::sign_in(&w, "+77010000012", "ru").await;
    let made = app.reports("Тараз, ул. Абая 3: во дворе открытый люк, дети играют. Ещё искрит оголённый провод на столбе.").await;
    let safety = text(&made, "safety");
    assert!(safety.contains('⚠') && safety.contains("112"), "{made}");
    assert_eq!(app.reports("Тараз, ул. Абая 3: нет воды").await["safety"], Value::Null);

    // Taken by somebody, it rings no more.
    for n in [number, text(&made, "number")] {
        dispatcher.does(&n, "accept", json!({})).await.expect(200);
    }
    for other in made["linked"].as_array().unwrap() {
        dispatcher.does(&text(other, "number"), "accept", json!({})).await.expect(200);
    }
    assert!(!page(&w, "/console/queues").await.contains("<title>⚠"));
    w.finish().await;
}

async fn an_ambiguous_place_is_settled_by_where_one_wrote_from(kit: Kit) {
    let w = kit.world().await;
    let stranger = Resident::ru(&w, 541);
    stranger.says("в селе Бирлик нет света с утра").await;
    let asked = stranger.reads();
    let offered: Vec<&String> = asked.iter().flat_map(|m| &m.buttons).filter(|b| b.starts_with("ds:") && *b != "ds:skip").collect();
    assert!((2..11).contains(&offered.len()), "only the districts of that name are asked: {asked:#?}");
    let home = offered[0].trim_start_matches("ds:").to_owned();
    stranger.presses(&format!("ds:{home}")).await;
    let number = number_in(&stranger.reads()[0].text);
    assert_eq!(w.stored(&number).await.request.district.map(String::from), Some(home.clone()));
    // The next time it is known, and not asked.
    w.minutes(60).await;
    stranger.reads();
    stranger.says("в селе Бирлик нет воды с утра").await;
    let number = number_in(&stranger.reads()[0].text);
    assert_eq!(w.stored(&number).await.request.district.map(String::from), Some(home));
    w.finish().await;
}

/// Corrections of words that no corpus holds; each of another resident.
async fn corrected(w: &World, dispatcher: &Staff, from: i64, words: &[&str], service: &str) {
    for (chat, said) in (from..).zip(words) {
        let r = Resident::ru(w, chat);
        r.says(&format!("Тараз, ул. Абая 5: {said}")).await;
        let number = number_in(&r.reads_one().text);
        dispatcher.does(&number, "reclassify", json!({"service": service, "class": "incident"})).await.expect(200);
    }
}

const STRANGE: [&str; 5] = [
    "опять барабашка гудит, примите меры",
    "барабашка гудит третью ночь",
    "гудит барабашка, спать нельзя",
    "снова эта барабашка, сколько можно",
    "барабашка гудит и воет",
];

/// Puts a model into use that was fitted to these messages. Gives its version.
async fn put(w: &World, examples: &[Example]) -> String {
    let present = w.core().triage.get();
    let bytes = present.train(examples, &quick()).bytes;
    let version = present.with_model(&bytes).unwrap().version().to_owned();
    let row = models::NewModel {
        version: version.clone(),
        state: models::state::ACTIVE,
        base: present.version().to_owned(),
        corrections: 0,
        last_correction: 0,
        scores: "{}".into(),
        model: bytes,
        created_by: "test".into(),
        at: w.now() - chrono::Duration::days(2),
    };
    let c = w.core().db.write();
    models::shift(c, models::state::PREVIOUS, models::state::RETIRED).await.unwrap();
    models::shift(c, models::state::ACTIVE, models::state::PREVIOUS).await.unwrap();
    models::insert(c, row).await.unwrap();
    version
}

async fn a_refit_is_taken_up_and_taken_back(kit: Kit) {
    // Dangers by the lists alone: two quick fits differ in a danger or two by chance, and a lost one is never published.
    let w = kit.world_with(Options::with("TRIAGE__HAZARD_ERROR", "0.001")).await;
    let dispatcher = Staff::dispatcher(&w).await;
    let shipped = w.core().triage.get().version().to_owned();
    let night = Learner { core: w.server.core.clone(), hour: 3, plan: quick() };
    assert_eq!(night.tick().await.unwrap(), Some(Refit::NothingNew), "nobody has corrected anything");
    corrected(&w, &dispatcher, 551, &STRANGE, "transport").await;
    // Knows dangers as well as any, and takes most services and classes for others.
    let mut wrong = Corpus::shipped().unwrap().training;
    for (i, e) in wrong.iter_mut().enumerate() {
        if i % 4 != 0 {
            e.service = ServiceCode::new("other").ok();
            e.class = Some(Class::Thanks);
        }
    }
    let poor = put(&w, &wrong).await;
    let mut another = w.another().await;
    assert_eq!(another.core.triage.get().version(), poor, "a process that starts takes up what is in use");

    let report = match night.tick().await.unwrap() {
        Some(Refit::Published(report)) => report,
        Some(Refit::Rejected(report)) => panic!("better than one that was taught wrongly, and not published: {:?}", report.worse),
        _ => panic!("nothing was fitted"),
    };
    assert_eq!((report.corrections, report.disputed, report.base.as_str()), (5, 0, poor.as_str()));
    assert_eq!(night.tick().await.unwrap(), None, "once a night");
    let stored = models::latest(w.core().db.read(), 9).await.unwrap();
    let states: Vec<(&str, &str)> = stored.iter().map(|m| (m.version.as_str(), m.state.as_str())).collect();
    assert_eq!(states, [(report.version.as_str(), "active"), (poor.as_str(), "previous")]);
    let scores: Value = serde_json::from_str(&stored[0].scores).unwrap();
    assert!(scores["before"]["service"]["ru"]["n"].as_u64().is_some_and(|n| n > 50), "{scores}");

    // Every process takes it up without a restart, and reads by it.
    for server in [&w.server, &another] {
        assert!(server.models.tick().await.unwrap());
        assert!(!server.models.tick().await.unwrap());
        let now = server.core.triage.get();
        assert_eq!(now.version(), report.version);
        assert_eq!(now.read("барабашка гудит").service.best.map(String::from).as_deref(), Some("transport"));
    }
    let number = unsure(&w, 561).await;
    assert_eq!(dispatcher.sees(&number).await["triage"]["version"], report.version.as_str());

    // A model that has learned nothing is stored with its scores and used by nobody.
    let idle = Plan { effort: Effort { epochs: 0, ..Effort::default() }, ..quick() };
    let Refit::Rejected(bad) = learning::refit(w.core(), "test", idle, true).await.unwrap() else { panic!("a model without weights was published") };
    assert!(!bad.worse.is_empty());
    assert_eq!(models::latest(w.core().db.read(), 1).await.unwrap()[0].state, "rejected");
    assert!(!another.models.tick().await.unwrap());

    // Back to the one before; from there to the one that is built in.
    assert_eq!(learning::rollback(w.core()).await.unwrap(), poor);
    assert!(another.models.tick().await.unwrap());
    assert_eq!(another.core.triage.get().version(), poor);
    assert_eq!(learning::rollback(w.core()).await.unwrap(), shipped);
    assert!(learning::rollback(w.core()).await.is_err(), "there is nothing left to take back");
    another.ended().await;
    w.finish().await;
}

async fn a_running_service_hears_of_a_new_model(kit: Kit) {
    let w = kit.world_with(Options { live: true, ..Options::default() }).await;
    let version = put(&w, &Corpus::shipped().unwrap().kept_back[..40]).await;
    w.core().bus.publish(Hint::Model);
    for _ in 0..100 {
        if w.core().triage.get().version() == version {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(w.core().triage.get().version(), version);
    w.finish().await;
}

async fn who_is_erased_teaches_nothing(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    corrected(&w, &dispatcher, 571, &STRANGE[..2], "transport").await;
    let (kept, _) = jambyl109::store::corrections::page(w.core().db.read(), 0, 10).await.unwrap();
    assert_eq!(kept.len(), 2);
    assert_eq!(w.count("SELECT COUNT(*) FROM triage_reason").await, 2);
    let gone = w.query("SELECT number FROM request ORDER BY received_at, id").await[0][0].clone();
    let id = w.stored(&gone).await.request.resident.unwrap();
    erase::resident(w.core(), id).await.unwrap();
    let (kept, _) = jambyl109::store::corrections::page(w.core().db.read(), 0, 10).await.unwrap();
    assert_eq!((kept.len(), w.count("SELECT COUNT(*) FROM triage_reason").await), (1, 1));
    for column in ["thought", "heads", "actor"] {
        assert_eq!(w.count(&format!("SELECT COUNT(*) FROM triage_correction WHERE {column} LIKE '%барабашка%'")).await, 0, "{column}");
    }
    let seen = dispatcher.sees(&gone).await;
    assert!(seen["triage"]["why"].is_null() && seen["triage"]["version"].is_string(), "{}", seen["triage"]);
    assert_eq!(w.faults(&gone).await, Vec::new());
    w.finish().await;
}
