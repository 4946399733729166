//! What everybody may know before asking: outages that staff tell of, and short answers.

use crate::harness::{Browser, Kit, PASSWORD, Staff, stories, text};
use jambyl109::domain::access::Role;
use serde_json::{Value, json};

stories! { an_outage_from_word_to_end, only_of_ones_own_part, what_cannot_be_told, a_page_for_outages, answers_by_words }

fn abai() -> Value {
    json!({"kk": "Абай көшесі, 1–40 үйлер", "ru": "улица Абая, дома 1–40"})
}

async fn shown(s: &Staff, query: &str) -> Vec<(String, String, Value)> {
    let mut open = s.api.clone();
    open.token = None;
    let body = open.get(&format!("/outages{query}")).await.expect(200);
    let items = body["items"].as_array().unwrap().clone();
    items.into_iter().map(|o| (text(&o, "service"), text(&o, "state"), o)).collect()
}

async fn an_outage_from_word_to_end(kit: Kit) {
    let w = kit.world().await;
    let d = Staff::dispatcher(&w).await;
    assert!(shown(&d, "").await.is_empty());
    let until = (w.now() + chrono::Duration::hours(3)).to_rfc3339();
    let made =
        d.api.post("/staff/outages", &json!({"service": "water", "district": "taraz", "place": abai(), "expected_until": until})).await.expect(201);
    let tomorrow = w.now() + chrono::Duration::hours(20);
    let planned = json!({"service": "electricity", "district": "shu", "place": {"kk": "Шу қаласы", "ru": "город Шу"}, "planned": true,
        "from": tomorrow.to_rfc3339(), "expected_until": (tomorrow + chrono::Duration::hours(4)).to_rfc3339()});
    d.api.post("/staff/outages", &planned).await.expect(201);
    let far = json!({"service": "gas", "place": {"kk": "Бүкіл облыс", "ru": "Вся область"}, "planned": true,
        "from": (w.now() + chrono::Duration::days(20)).to_rfc3339(), "expected_until": (w.now() + chrono::Duration::days(21)).to_rfc3339()});
    d.api.post("/staff/outages", &far).await.expect(201);
    let now = shown(&d, "").await;
    assert_eq!(
        now.iter().map(|(s, st, _)| (s.as_str(), st.as_str())).collect::<Vec<_>>(),
        [("water", "now"), ("electricity", "planned")],
        "the far one is not told yet"
    );
    assert_eq!((now[0].2["place"]["kk"].as_str(), now[0].2["expected_until"].is_string()), (Some("Абай көшесі, 1–40 үйлер"), true));
    assert!(now[0].2.get("made_by").is_none(), "who told of it is nobody's business");
    assert_eq!(shown(&d, "?district=taraz").await.len(), 1);
    assert_eq!(shown(&d, "?service=gas").await.len(), 0);
    d.api.get("/outages?district=no%20such").await.refused(422, "unprocessable");

    // The promised time passes: it does not end by itself.
    w.minutes(200).await;
    let id = text(&made, "id");
    let later = shown(&d, "?service=water").await;
    assert_eq!((later.len(), later[0].1.as_str()), (1, "late"));
    let until = (w.now() + chrono::Duration::hours(2)).to_rfc3339();
    d.api.post(&format!("/staff/outages/{id}/prolong"), &json!({"expected_until": until})).await.expect(200);
    assert_eq!(shown(&d, "?service=water").await[0].1, "now");
    d.api.post(&format!("/staff/outages/{id}/prolong"), &json!({})).await.expect(200);
    assert!(shown(&d, "?service=water").await[0].2["expected_until"].is_null(), "nobody knows until when");
    assert_eq!(d.api.post(&format!("/staff/outages/{id}/end"), &json!({})).await.expect(200)["state"], "ended");
    d.api.post(&format!("/staff/outages/{id}/end"), &json!({})).await.refused(409, "conflict");
    d.api.post(&format!("/staff/outages/{id}/prolong"), &json!({})).await.refused(409, "conflict");
    assert!(shown(&d, "?service=water").await.is_empty());
    // Page by page, the newest first; who said what stands in the audit.
    let first = d.api.get("/staff/outages?limit=2").await.expect(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let rest = d.api.get(&format!("/staff/outages?limit=2&cursor={}", text(&first, "next_cursor"))).await.expect(200);
    assert_eq!((rest["items"].as_array().unwrap().len(), rest["items"][0]["id"].as_str()), (1, Some(id.as_str())));
    for (what, n) in [("outage_told", 3), ("outage_prolonged", 2), ("outage_ended", 1)] {
        assert_eq!(w.count(&format!("SELECT COUNT(*) FROM access_log WHERE what = '{what}'")).await, n, "{what}");
    }
    w.finish().await;
}

async fn only_of_ones_own_part(kit: Kit) {
    let w = kit.world().await;
    let own = Staff::hire(&w, "water", Role::Dispatcher, &["water_taraz"], None).await;
    let operator = Staff::hire(&w, "operator", Role::Operator, &[], None).await;
    let of = |service: &str, district: Option<&str>| {
        let mut body = json!({"service": service, "place": abai()});
        if let Some(d) = district {
            body["district"] = json!(d);
        }
        body
    };
    operator.api.post("/staff/outages", &of("water", Some("taraz"))).await.refused(403, "forbidden");
    for other in [of("gas", Some("taraz")), of("water", Some("shu")), of("water", None)] {
        own.api.post("/staff/outages", &other).await.refused(403, "forbidden");
    }
    let mine = text(&own.api.post("/staff/outages", &of("water", Some("taraz"))).await.expect(201), "id");
    let all = Staff::dispatcher(&w).await;
    let theirs = text(&all.api.post("/staff/outages", &of("water", None)).await.expect(201), "id");
    own.api.post(&format!("/staff/outages/{theirs}/end"), &json!({})).await.refused(403, "forbidden");
    own.api.post(&format!("/staff/outages/{mine}/end"), &json!({})).await.expect(200);
    assert_eq!(operator.api.get("/staff/outages").await.expect(200)["items"].as_array().unwrap().len(), 2);
    w.finish().await;
}

async fn what_cannot_be_told(kit: Kit) {
    let w = kit.world().await;
    let d = Staff::dispatcher(&w).await;
    let past = (w.now() - chrono::Duration::hours(1)).to_rfc3339();
    let soon = (w.now() + chrono::Duration::hours(1)).to_rfc3339();
    for (body, status, code) in [
        (json!({}), 400, "bad_request"),
        (json!({"service": "water"}), 400, "bad_request"),
        (json!({"service": "no_such", "place": abai()}), 422, "unprocessable"),
        (json!({"service": "water", "district": "no_such", "place": abai()}), 422, "unprocessable"),
        (json!({"service": "water", "place": {"kk": "Абай", "ru": " "}}), 422, "unprocessable"),
        (json!({"service": "water", "place": {"kk": "Абай", "ru": "x\u{0}y"}}), 422, "unprocessable"),
        (json!({"service": "water", "place": {"kk": "ә".repeat(301), "ru": "x"}}), 422, "unprocessable"),
        (json!({"service": "water", "place": abai(), "expected_until": past}), 422, "unprocessable"),
        (json!({"service": "water", "place": abai(), "from": soon}), 422, "unprocessable"),
        (json!({"service": "water", "place": abai(), "planned": true, "from": soon}), 422, "unprocessable"),
        (json!({"service": "water", "place": abai(), "from": "вчера"}), 422, "unprocessable"),
        (json!({"service": "water", "place": abai(), "why": "x"}), 400, "bad_request"),
    ] {
        d.api.post("/staff/outages", &body).await.refused(status, code);
    }
    let id = text(&d.api.post("/staff/outages", &json!({"service": "water", "place": abai()})).await.expect(201), "id");
    d.api.post(&format!("/staff/outages/{id}/prolong"), &json!({"expected_until": past})).await.refused(422, "unprocessable");
    d.api.post(&format!("/staff/outages/{id}/end"), &json!({"expected_until": soon})).await.refused(422, "unprocessable");
    d.api.post(&format!("/staff/outages/{id}/forget"), &json!({})).await.refused(404, "not_found");
    d.api.post("/staff/outages/77/end", &json!({})).await.refused(404, "not_found");
    assert_eq!(w.count("SELECT COUNT(*) FROM outage").await, 1);
    w.finish().await;
}

async fn a_page_for_outages(kit: Kit) {
    let w = kit.world().await;
    let d = Staff::dispatcher(&w).await;
    let b = Browser::new(&w);
    b.signs_in("dispatcher", PASSWORD).await;
    let form = [("service", "water"), ("district", "taraz"), ("place_kk", "Абай көшесі"), ("place_ru", "улица Абая"), ("until", "2026-11-23T15:00")];
    let page = b.get("/console/outages").await;
    assert!(page.text.contains("/console/outages"), "{}", page.text);
    assert_eq!(b.fill("/console/outages", "/console/outages", &form).await.status, 303);
    assert!(b.get("/console/outages?told=1").await.text.contains("23.11.2026 15:00"));
    let now = shown(&d, "").await;
    assert_eq!((now.len(), now[0].2["expected_until"].as_str()), (1, Some("2026-11-23T15:00:00+05:00")));
    let id = text(&now[0].2, "id");
    // What is wrong comes back with what was typed.
    let wrong = [("service", "water"), ("place_kk", "Төле би көшесі"), ("place_ru", "улица Толе би"), ("until", "вчера")];
    let back = b.fill("/console/outages", "/console/outages", &wrong).await;
    assert!(back.status == 422 && back.text.contains("Төле би көшесі"), "{}", back.text);
    assert_eq!(b.fill("/console/outages", &format!("/console/outages/{id}/prolong"), &[("until", "2026-11-23T18:30")]).await.status, 303);
    assert_eq!(shown(&d, "").await[0].2["expected_until"], "2026-11-23T18:30:00+05:00");
    assert_eq!(b.fill("/console/outages", &format!("/console/outages/{id}/end"), &[]).await.status, 303);
    assert!(shown(&d, "").await.is_empty());
    w.finish().await;
}

async fn answers_by_words(kit: Kit) {
    let w = kit.world().await;
    let all = w.api().get("/articles").await.expect(200);
    let all = all["items"].as_array().unwrap();
    assert!(all.len() >= 12);
    for a in all {
        for field in ["title", "text"] {
            assert!(a[field]["kk"].is_string() && a[field]["ru"].is_string(), "{a}");
        }
    }
    let asked = async |q: &str| {
        let mut url = reqwest::Url::parse("http://x/articles").unwrap();
        url.query_pairs_mut().append_pair("q", q);
        let body = w.api().get(&format!("/articles?{}", url.query().unwrap())).await.expect(200);
        body["items"].as_array().unwrap().iter().map(|a| text(a, "code")).collect::<Vec<_>>()
    };
    for (question, code) in [
        ("пахнет газом", "gas_smell"),
        ("газ иісі шығып тұр", "gas_smell"),
        ("газ иыси", "gas_smell"),
        ("как передать показания счетчиков?", "meter_readings"),
        ("есептегіштің көрсеткішін қайда тапсырамын", "meter_readings"),
        ("eseptegish korsetkishi", "meter_readings"),
        ("хочу пожаловаться официально", "formal_complaint"),
        ("шағымды қалай берем", "formal_complaint"),
        ("үйде су жоқ", "no_water"),
        ("нет света во всем доме", "no_electricity"),
        ("холодные батареи", "no_heating"),
        ("не вывозят мусор", "waste"),
        ("яма на дороге", "roads_and_lights"),
        ("перерасчет за воду, неверная квитанция", "bill_recalculation"),
        ("удалить мои данные", "my_data"),
        ("статус обращения", "follow_a_request"),
    ] {
        let found = asked(question).await;
        assert_eq!(found.first().map(String::as_str), Some(code), "{question}: {found:?}");
    }
    for nothing in ["квантовая хромодинамика", "zzz", "12345"] {
        assert!(asked(nothing).await.is_empty(), "{nothing}: {:?}", asked(nothing).await);
    }
    w.api().get(&format!("/articles?q={}", "a".repeat(201))).await.refused(413, "too_large");
    w.finish().await;
}
