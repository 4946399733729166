//! Clocks that run out: once each, whoever looks, whatever is lost meanwhile.

use crate::harness::{Backend, CrewMember, Kit, Options, Resident, Staff, World, number_in, stories};
use futures_util::future::join_all;
use jambyl109::dispatch::effects::Effects;
use jambyl109::dispatch::numbers::Numbers;
use jambyl109::dispatch::problems::register;
use jambyl109::dispatch::register::{Classification, NewRequest};
use jambyl109::domain::actor::Actor;
use jambyl109::domain::inbound::ChannelKind;
use jambyl109::domain::request::{Priority, Status};
use jambyl109::domain::{Class, DistrictCode, Lang, ServiceCode};
use jambyl109::workers::sweeper::Sweeper;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

stories! { a_breach_is_told_once, a_hold_stops_the_clock, resolved_and_silent, ten_thousand_clocks_and_many_sweepers, every_worker_does_its_share, claims_of_the_dead_come_back,
an_absent_index_is_done_without, the_index_is_lost_on_the_way, a_reclassified_request_gets_other_times }

const NO_WATER: &str = "Тараз қаласы, Абай көшесі 12: таңнан бері су жоқ";

fn letters(w: &World) -> Vec<String> {
    let dir = w.kit.dir.path().join("mail");
    let files = std::fs::read_dir(dir).unwrap().map(|f| f.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "eml"));
    files.map(|p| std::fs::read_to_string(p).unwrap()).collect()
}

async fn a_breach_is_told_once(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let crew = CrewMember::hire(&w, "water_taraz_1", 9002).await;
    let r = Resident::kk(&w, 501);
    r.says(NO_WATER).await;
    let number = number_in(&r.reads_one().text);

    w.advance(Duration::from_micros(20 * 60 * 1_000_000 - 1)).await;
    assert_eq!(w.stored(&number).await.request.breaches, 0, "a microsecond too early");
    w.advance(Duration::from_micros(1)).await;
    let late = w.stored(&number).await;
    assert_eq!((late.request.breaches, late.request.priority, late.overdue), (1, Priority::HIGH, true));
    assert_eq!(w.history(&number).await, ["registered", "queued", "breached"]);
    let mail = letters(&w);
    assert_eq!(mail.len(), 1);
    assert!(mail[0].contains("duty@akimat.test") && mail[0].contains("Auto-Submitted"), "{}", mail[0]);
    w.minutes(120).await;
    w.server.reconciler.tick().await.unwrap();
    w.minutes(120).await;
    assert_eq!(w.stored(&number).await.request.breaches, 1);
    assert_eq!(letters(&w).len(), 1);
    let page = dispatcher.api.get("/staff/queues/water_taraz/requests?overdue=true").await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert!(w.api().raw("/metrics").await.text.contains(r#"jambyl_sla_breaches_total{queue="water_taraz",stage="accept"} 1"#));

    // The second clock, with a crew at work.
    dispatcher.does(&number, "assign", json!({"crew": "water_taraz_1"})).await.expect(200);
    w.settle().await;
    assert!(!w.stored(&number).await.overdue, "the missed stage was reached at last");
    crew.chat.reads();
    w.minutes(24 * 60).await;
    let late = w.stored(&number).await.request;
    assert_eq!((late.breaches, late.priority, late.status), (2, Priority::HIGH, Status::Assigned));
    assert!(crew.chat.reads_one().text.contains('⏰'));
    assert_eq!(letters(&w).len(), 2);
    w.finish().await;
}

async fn a_hold_stops_the_clock(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Resident::kk(&w, 502);
    r.says(NO_WATER).await;
    let number = number_in(&r.reads_one().text);
    dispatcher.does(&number, "accept", json!({})).await.expect(200);
    w.minutes(10 * 60).await;
    dispatcher.does(&number, "hold", json!({"reason": "материал күтіп тұрмыз"})).await.expect(200);
    w.minutes(5 * 24 * 60).await;
    w.server.reconciler.tick().await.unwrap();
    w.settle().await;
    let held = dispatcher.sees(&number).await;
    assert_eq!((held["status"].as_str(), held["breaches"].as_i64(), held["restore_due"].is_null()), (Some("on_hold"), Some(0), true));
    let resumed = dispatcher.does(&number, "resume", json!({})).await.expect(200);
    let left = resumed["restore_due"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap() - w.now();
    assert_eq!(left, chrono::Duration::hours(14));
    w.minutes(14 * 60 - 1).await;
    assert_eq!(w.stored(&number).await.request.breaches, 0);
    w.minutes(1).await;
    assert_eq!(w.stored(&number).await.request.breaches, 1);
    w.finish().await;
}

async fn resolved_and_silent(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Resident::kk(&w, 503);
    r.says(NO_WATER).await;
    let number = number_in(&r.reads_one().text);
    dispatcher.does(&number, "accept", json!({})).await.expect(200);
    dispatcher.does(&number, "resolve", json!({})).await.expect(200);
    w.minutes(72 * 60 - 1).await;
    assert_eq!(w.stored(&number).await.request.status, Status::Resolved);
    r.reads();
    w.minutes(1).await;
    let closed = w.stored(&number).await.request;
    assert_eq!((closed.status, closed.breaches), (Status::Closed, 0));
    assert!(r.reads_one().text.contains("жабылды"));
    // Even then "not fixed" opens it again.
    r.presses("nf:").await;
    r.says("Су әлі жоқ").await;
    assert_eq!(w.stored(&number).await.request.status, Status::Queued);
    w.finish().await;
}

/// Requests as the intake makes them, many in one transaction. Each runs two clocks.
pub async fn many_requests(w: &World, count: usize) {
    let core = w.core();
    let now = w.now();
    for part in 0..count.div_ceil(200) {
        let size = (count - part * 200).min(200);
        let tx = core.db.begin().await.unwrap();
        let mut numbers = Numbers::draw(&tx, size, now).await.unwrap();
        let mut fx = Effects::default();
        for _ in 0..size {
            let new = NewRequest {
                number: numbers.take(&tx, now).await.unwrap(),
                channel: ChannelKind::Phone,
                account: "main".into(),
                lang: Lang::Kk,
                resident: None,
                conversation: None,
                what: Classification {
                    class: Some(Class::Incident),
                    service: Some(ServiceCode::new("water").unwrap()),
                    district: Some(DistrictCode::new("taraz").unwrap()),
                    hazard: None,
                    needs_utility: false,
                },
                text: "су жоқ".into(),
                address: None,
                location: None,
                media: Vec::new(),
                vulnerable: false,
                raw_event: None,
                reading: None,
                reported_at: now,
                received_at: now,
            };
            register(core, &tx, &mut fx, &mut numbers, &Actor::System("test"), new, now).await.unwrap();
        }
        fx.flush(&tx, now, now).await.unwrap();
        tx.commit().await.unwrap();
        core.signal(fx.after).await;
    }
}

/// Sweeps until nothing is left to fire; returns how many clocks this one fired.
async fn sweep(sweeper: Arc<Sweeper>) -> usize {
    let (mut fired, mut idle) = (0, 0);
    while idle < 3 {
        let n = sweeper.tick().await.unwrap();
        fired += n;
        idle = if n == 0 { idle + 1 } else { 0 };
        tokio::task::yield_now().await;
    }
    fired
}

async fn breached_exactly_once(w: &World, clocks: i64) {
    assert_eq!(w.count("SELECT COUNT(*) FROM sla_timer WHERE state = 'breached'").await, clocks);
    assert_eq!(w.count("SELECT COUNT(*) FROM request_journal WHERE kind = 'breached'").await, clocks);
    assert_eq!(w.count("SELECT COUNT(*) FROM request WHERE breaches <> 2").await, 0);
}

async fn ten_thousand_clocks_and_many_sweepers(kit: Kit) {
    let w = kit.world_with(Options::with("MAIL__BREACH_TO", "")).await;
    many_requests(&w, 5000).await;
    assert_eq!(w.core().timers.len().await.unwrap(), 10_000);
    w.clock.advance(Duration::from_secs(25 * 3600));
    let second = match w.kit.backend {
        Backend::Postgres => Some(w.another().await),
        Backend::Sqlite => None,
    };
    let mut sweepers = vec![w.server.sweeper.clone(), w.server.sweeper.clone(), w.server.sweeper.clone()];
    sweepers.extend(second.as_ref().into_iter().flat_map(|s| [s.sweeper.clone(), s.sweeper.clone()]));
    // Somebody who disturbs: a reconciler that puts everything in again while it is being fired.
    let (fired, _) = tokio::join!(join_all(sweepers.into_iter().map(|s| tokio::spawn(sweep(s)))), async {
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let _ = w.server.reconciler.tick().await;
        }
    });
    let fired: Vec<usize> = fired.into_iter().map(Result::unwrap).collect();
    assert_eq!(fired.iter().sum::<usize>(), 10_000, "{fired:?}");
    breached_exactly_once(&w, 10_000).await;
    assert_eq!(w.count("SELECT COUNT(*) FROM request WHERE priority <> 1").await, 0);
    if let Some(mut s) = second {
        s.ended().await;
    }
    w.finish().await;
}

async fn every_worker_does_its_share(kit: Kit) {
    let w = kit.world_with(Options::with("MAIL__BREACH_TO", "")).await;
    many_requests(&w, 3000).await;
    w.clock.advance(Duration::from_secs(25 * 3600));
    let second = w.another().await;
    let (mine, other) = (&w.server.sweeper, if w.kit.backend == Backend::Postgres { &second.sweeper } else { &w.server.sweeper });
    let sweepers = [mine, mine, other, other].map(Arc::clone);
    let total = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let began = std::time::Instant::now();
    let work = sweepers.map(|s| {
        let total = total.clone();
        tokio::spawn(async move {
            let mut own = 0;
            while total.load(std::sync::atomic::Ordering::SeqCst) < 6000 {
                assert!(began.elapsed() < Duration::from_secs(120), "not all fire");
                let n = s.tick().await.unwrap();
                own += n;
                total.fetch_add(n, std::sync::atomic::Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
            own
        })
    });
    let fired: Vec<usize> = join_all(work).await.into_iter().map(Result::unwrap).collect();
    assert!(fired.iter().all(|n| *n >= 6000 / 4 / 2), "somebody does under half an equal share: {fired:?}");
    breached_exactly_once(&w, 6000).await;
    let mut second = second;
    second.ended().await;
    w.finish().await;
}

async fn claims_of_the_dead_come_back(kit: Kit) {
    let w = kit.world_with(Options::with("MAIL__BREACH_TO", "")).await;
    many_requests(&w, 100).await;
    w.clock.advance(Duration::from_secs(25 * 3600));
    // A worker takes claims and dies before it writes anything.
    let lease = w.server.sweeper.lease;
    let taken = w.core().timers.claim_due(w.now(), lease, 150).await.unwrap();
    assert_eq!(taken.len(), 150);
    assert_eq!(sweep(w.server.sweeper.clone()).await, 50, "what is in other hands is left alone");
    w.clock.advance(lease - Duration::from_secs(1));
    assert_eq!(sweep(w.server.sweeper.clone()).await, 0);
    w.clock.advance(Duration::from_secs(1));
    assert_eq!(sweep(w.server.sweeper.clone()).await, 150, "the lease is over");
    breached_exactly_once(&w, 200).await;
    w.finish().await;
}

async fn an_absent_index_is_done_without(kit: Kit) {
    let w = match kit.backend {
        // A port where nobody listens: Redis that is away from the start.
        Backend::Postgres => kit.world_with(Options::with("MAIL__BREACH_TO", "").and("REDIS__URL", "redis://127.0.0.1:1")).await,
        Backend::Sqlite => kit.world_with(Options::with("MAIL__BREACH_TO", "")).await,
    };
    many_requests(&w, 100).await;
    if w.kit.backend == Backend::Sqlite {
        let ids: Vec<_> = w.core().timers.claim_due(w.now() + chrono::Duration::days(400), Duration::ZERO, 1000).await.unwrap();
        w.core().timers.forget(&ids.iter().map(|c| c.id).collect::<Vec<_>>()).await.unwrap();
        assert!(w.core().timers.is_empty().await.unwrap());
    }
    w.clock.advance(Duration::from_secs(25 * 3600));
    w.server.reconciler.tick().await.unwrap();
    assert_eq!(sweep(w.server.sweeper.clone()).await, 200);
    breached_exactly_once(&w, 200).await;
    w.finish().await;
}

async fn the_index_is_lost_on_the_way(kit: Kit) {
    let mut w = kit.world_with(Options::with("MAIL__BREACH_TO", "").and("TIMERS__BATCH", "128")).await;
    w.server.reconciler.tick().await.unwrap();
    many_requests(&w, 300).await;
    w.clock.advance(Duration::from_secs(25 * 3600));
    assert_eq!(w.server.sweeper.tick().await.unwrap(), 128);
    match w.kit.backend {
        // What a flush is to Redis, a new start is to an index in memory.
        Backend::Postgres => w.kit.flush_redis().await,
        Backend::Sqlite => w.restart().await,
    }
    assert_eq!(w.core().timers.len().await.unwrap(), 0);
    assert_eq!(w.server.sweeper.tick().await.unwrap(), 0, "an empty index fires nothing: otherwise this test proves nothing");
    // A reconciler that died with the process has left its lease behind.
    w.clock.advance(Duration::from_secs(91));
    assert_eq!(w.server.reconciler.tick().await.unwrap(), 600 - 128);
    assert_eq!(sweep(w.server.sweeper.clone()).await, 600 - 128);
    breached_exactly_once(&w, 600).await;
    w.finish().await;
}

async fn a_reclassified_request_gets_other_times(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let r = Resident::kk(&w, 504);
    r.says(NO_WATER).await;
    let number = number_in(&r.reads_one().text);
    w.minutes(12).await;
    let now = dispatcher.does(&number, "reclassify", json!({"service": "electricity"})).await.expect(200);
    assert!(now["accept_due"].as_str().unwrap().starts_with("2026-11-23T09:15"), "{now}");
    w.minutes(3).await;
    assert_eq!(w.stored(&number).await.request.breaches, 1);
    w.finish().await;
}
