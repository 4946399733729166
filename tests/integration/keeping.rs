//! Letting go: what has served its time goes, kind by kind, once; what is at work stays; histories and figures are what they were.

use crate::harness::{AppResident, Kit, Options, Resident, Staff, World, number_in, stories, text};
use jambyl109::dispatch::retention;
use jambyl109::domain::retention::Kind;
use jambyl109::workers::retention::RetentionWorker;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

stories! {
    what_has_served_its_time_goes_and_nothing_else, two_who_let_go_at_once_take_each_row_once, counts_that_are_off_are_mended,
    whoever_comes_back_is_let_go_again
}

const DAY: u64 = 86_400;

fn worker(w: &World, recordings: Option<PathBuf>) -> RetentionWorker {
    RetentionWorker { core: w.server.core.clone(), owner: "the test".into(), recordings }
}

/// Time passes, a day at a time, and everybody does what they do: a service is never switched off for a year.
async fn days(w: &World, n: u64) {
    for _ in 0..n.div_ceil(10) {
        w.advance(Duration::from_secs(DAY * 10)).await;
    }
}

/// Figures of the year in which everything came.
async fn figures(staff: &Staff) -> Value {
    let mut out = Vec::new();
    for report in ["summary", "calls"] {
        out.push(staff.api.get(&format!("/staff/reports/{report}?from=2026-01-01&to=2026-12-31")).await.expect(200));
    }
    json!(out)
}

async fn left(w: &World, kind: Kind) -> u64 {
    retention::ahead(w.core(), kind).await.unwrap()
}

async fn what_has_served_its_time_goes_and_nothing_else(kit: Kit) {
    let folder = kit.dir.path().join("recordings");
    std::fs::create_dir_all(folder.join("2026")).unwrap();
    std::fs::write(folder.join("2026/old.wav"), b"a voice").unwrap();
    let options = Options::with("CALLS__DOORS__GENERIC__TOKEN", "live")
        .and("CALLS__RECORDINGS", &folder.display().to_string())
        .and("RETENTION__MESSAGE_WORDS", "400 days")
        .and("RETENTION__PHOTOS", "400 days")
        .and("RETENTION__ACCESS_LOG", "400 days");
    let w = kit.world_with(options).await;
    let staff = Staff::dispatcher(&w).await;
    let r = Resident::ru(&w, 901);
    r.shows("OLD-file", b"a face", Some("OLDWORD нет воды, Тараз, ул. Абая 12")).await;
    let old = number_in(&r.reads_one().text);
    staff.does(&old, "reply", json!({"text": "OLDWORD Здравствуйте"})).await.expect(200);
    staff.does(&old, "accept", json!({})).await.expect(200);
    staff.does(&old, "resolve", json!({"note": "OLDWORD готово"})).await.expect(200);
    // One that stays open for all these days.
    let other = Resident::ru(&w, 902);
    other.says("OPENWORD нет света, Тараз, ул. Абая 77").await;
    let open = number_in(&other.reads_one().text);
    for (event, more) in [
        ("ringing", json!({"caller": "87019998877", "dialled": "109"})),
        ("answered", json!({"caller": "87019998877", "agent": "101"})),
        ("ended", json!({"caller": "87019998877", "recording": "2026/old.wav"})),
    ] {
        let mut body = json!({"event": event, "call_id": "c1", "at": w.now().to_rfc3339()});
        for (k, v) in more.as_object().unwrap() {
            body[k] = v.clone();
        }
        assert_eq!(
            crate::harness::Api::send(w.api().with("live").call(reqwest::Method::POST, "/webhooks/calls/generic").json(&body)).await.status,
            200
        );
        w.minutes(1).await;
    }
    staff.sees(&old).await;
    let photo = w.query("SELECT store_key FROM attachment").await[0][0].clone();
    let (worker, calls) = (worker(&w, Some(folder.clone())), w.count("SELECT COUNT(*) FROM \"call\"").await);
    assert_eq!(worker.tick().await.unwrap(), 0, "what is young was let go");

    days(&w, 100).await;
    let staff = Staff {
        api: w.api().with(&text(
            &w.api().post("/staff/login", &json!({"login": "dispatcher", "password": crate::harness::PASSWORD})).await.expect(200),
            "token",
        )),
    };
    assert_eq!(staff.sees(&old).await["status"], "closed");
    let before = figures(&staff).await;
    assert!(left(&w, Kind::RawEvents).await > 0 && left(&w, Kind::MessageWords).await == 0);
    worker.tick().await.unwrap();
    assert_eq!(left(&w, Kind::RawEvents).await, 0);
    assert_eq!(w.count("SELECT COUNT(*) FROM raw_event").await, 0);
    assert!(w.count("SELECT COUNT(*) FROM message WHERE text LIKE '%OLDWORD%'").await >= 3);
    assert_eq!(figures(&staff).await, before, "a figure has changed");

    days(&w, 350).await;
    let staff = Staff {
        api: w.api().with(&text(
            &w.api().post("/staff/login", &json!({"login": "dispatcher", "password": crate::harness::PASSWORD})).await.expect(200),
            "token",
        )),
    };
    let before = figures(&staff).await;
    let due = left(&w, Kind::MessageWords).await;
    assert!(due >= 3, "{due}");
    assert!(left(&w, Kind::CallRecordings).await == 1 && left(&w, Kind::Photos).await == 1 && left(&w, Kind::OutboxBodies).await > 0);
    assert!(folder.join("2026/old.wav").exists());
    let gone = worker.tick().await.unwrap();
    assert!(gone > due, "{gone}");
    for kind in Kind::ALL.iter().copied().filter(|k| !k.is_short()) {
        assert_eq!(left(&w, kind).await, 0, "{kind}");
    }
    assert_eq!(w.count("SELECT COUNT(*) FROM message WHERE text LIKE '%OLDWORD%'").await, 0);
    assert!(w.count("SELECT COUNT(*) FROM message WHERE text LIKE '%OPENWORD%'").await >= 1, "the words of an open request went");
    assert_eq!(w.count("SELECT COUNT(*) FROM outbox WHERE sent_text LIKE '%OLDWORD%'").await, 0);
    assert!(!folder.join("2026/old.wav").exists());
    assert_eq!(w.count("SELECT COUNT(*) FROM \"call\" WHERE recording IS NOT NULL").await, 0);
    assert_eq!(w.count("SELECT COUNT(*) FROM \"call\" WHERE phone IS NOT NULL").await, calls, "numbers of callers are kept for ever");
    assert!(w.count("SELECT COUNT(*) FROM request_house").await >= 1, "houses are kept for ever");
    // The bytes follow with the housekeeper.
    use object_store::ObjectStoreExt;
    let path: object_store::path::Path = photo.as_str().into();
    w.server.files.head(&path).await.unwrap();
    w.server.housekeeper.tick().await.unwrap();
    assert!(w.server.files.head(&path).await.is_err(), "the bytes are still there");
    for kind in Kind::ALL.iter().copied() {
        assert_eq!(left(&w, kind).await, 0, "{kind}");
    }
    // Figures and histories are what they were; a further round finds nothing.
    assert_eq!(figures(&staff).await, before, "a figure has changed");
    for n in [&old, &open] {
        assert_eq!(w.faults(n).await, Vec::new());
    }
    assert_eq!(worker.tick().await.unwrap(), 0, "a second round found something");
    let metrics = w.api().raw("/metrics").await.text;
    let value = |series: &str| metrics.lines().find_map(|l| l.strip_prefix(series)?.trim().parse::<f64>().ok()).unwrap();
    assert!(value("jambyl_retention_last_success_timestamp_seconds") > 1e9);
    assert!(value("jambyl_retention_deleted_total{kind=\"message_words\"}") >= 3.0);
    // Staff can still work on what is open.
    staff.does(&open, "accept", json!({})).await.expect(200);
    w.finish().await;
}

async fn two_who_let_go_at_once_take_each_row_once(kit: Kit) {
    let w = kit.world().await;
    let r = AppResident::sign_in(&w, "+77010000071", "ru").await;
    for i in 0..30 {
        r.reports_with_key(&format!("k{i}"), &json!({"text": format!("г. Тараз, Абая {i}: нет воды")})).await.expect(201);
    }
    w.settle().await;
    let answers = w.count("SELECT COUNT(*) FROM idempotency").await;
    assert!(answers >= 30);
    w.clock.advance(Duration::from_secs(DAY * 3));
    let mut second = w.another().await;
    let (one, two) = tokio::join!(retention::sweep(w.core(), Kind::Idempotency), retention::sweep(&second.core, Kind::Idempotency));
    assert_eq!(i64::try_from(one.unwrap().rows + two.unwrap().rows).unwrap(), answers);
    assert_eq!(w.count("SELECT COUNT(*) FROM idempotency").await, 0);
    // The round itself has one holder at a time.
    let (one, two) = (worker(&w, None), RetentionWorker { core: second.core.clone(), owner: "another".into(), recordings: None });
    let (a, b) = tokio::join!(one.tick(), two.tick());
    a.unwrap();
    b.unwrap();
    second.ended().await;
    w.finish().await;
}

async fn counts_that_are_off_are_mended(kit: Kit) {
    use jambyl109::store::tally;
    let w = kit.world().await;
    let r = AppResident::sign_in(&w, "+77010000072", "ru").await;
    for _ in 0..3 {
        r.reports("г. Тараз, Абая 5: нет воды").await;
    }
    let db = &w.core().db;
    assert_eq!(tally::off(db.read()).await.unwrap(), Vec::new());
    w.server.housekeeper.fold().await.unwrap();
    assert_eq!(tally::mend(db).await.unwrap(), Vec::new(), "what is right was mended");
    let right = tally::open(db.read()).await.unwrap();
    w.tamper("UPDATE open_count SET n = n + 2").await;
    w.tamper("INSERT INTO open_delta (queue, status, overdue, n) VALUES ('roads', 'on_hold', TRUE, 4)").await;
    let off = tally::off(db.read()).await.unwrap();
    assert_eq!(off.len(), 2, "{off:?}");
    assert!(off.iter().any(|o| (o.queue.as_str(), o.status.as_str(), o.overdue, o.n) == ("roads", "on_hold", true, -4)), "{off:?}");
    // Two who mend at once mend once, while residents write on.
    let (one, two, _) = tokio::join!(tally::mend(db), tally::mend(db), r.reports("г. Тараз, Абая 5: нет воды"));
    assert_eq!(one.unwrap().len() + two.unwrap().len(), 2);
    assert_eq!(tally::off(db.read()).await.unwrap(), Vec::new());
    w.server.housekeeper.fold().await.unwrap();
    let sum = |rows: &[tally::Open]| rows.iter().map(|o| o.n).sum::<i64>();
    assert_eq!(sum(&tally::open(db.read()).await.unwrap()), sum(&right) + 1);
    w.finish().await;
}

/// A name and a number that were let go are told anew by whoever writes again years later, and go again in their turn.
async fn whoever_comes_back_is_let_go_again(kit: Kit) {
    let w = kit.world_with(Options::with("RETENTION__RESIDENTS", "400 days")).await;
    let worker = worker(&w, None);
    let known = "SELECT COUNT(*) FROM resident WHERE phone IS NOT NULL";
    for _ in 0..2 {
        let r = Resident::ru(&w, 910);
        r.says("Здравствуйте").await;
        r.reads();
        w.tamper("UPDATE resident SET phone = '+77010000910', name = 'Айгүл'").await;
        days(&w, 390).await;
        worker.tick().await.unwrap();
        assert_eq!(w.count(known).await, 1);
        days(&w, 20).await;
        assert_eq!(left(&w, Kind::Residents).await, 1);
        worker.tick().await.unwrap();
        assert_eq!((w.count(known).await, left(&w, Kind::Residents).await), (0, 0));
        assert_eq!(w.count("SELECT COUNT(*) FROM resident WHERE name IS NOT NULL OR erased_at IS NOT NULL").await, 0);
    }
    w.finish().await;
}
