//! A small set whose figures were written down by hand. Now is Monday, 2026-11-23, 09:00 in Almaty.

use super::made::{Kind, Made, after, local, roll};
use crate::harness::{Kit, World, stories};
use jambyl109::domain::access::{Grants, Reach, Role, Scope};
use jambyl109::domain::calendar::Day;
use jambyl109::domain::report::{Bounds, Dim, Filter, Period, Reached, Step};
use jambyl109::domain::request::Status;
use jambyl109::domain::sla::{Stage, TimerState};
use jambyl109::domain::{Class, DistrictCode, QueueCode, ServiceCode, StaffId};
use jambyl109::reports::facts::{self, Clocks, Facts, Times};
use jambyl109::reports::{present, series};
use jambyl109::store::reports::listed::{self, Clock, Which};
use jambyl109::store::reports::{days, houses};

stories! { figures_are_what_was_written_by_hand }

pub const WATER: Kind = Kind { class: "incident", service: "water", district: "taraz", queue: "water_taraz", channel: "phone" };

/// Eight requests: two on the 20th (one of them half an hour before midnight), two on the 21st (one ten minutes after it), two on the 22nd, one today, and
/// one a year ago.
pub fn the_set() -> Made {
    let mut m = Made::default();
    let at = local("2026-11-20 10:00");
    let r = m.add(at, WATER);
    r.status = Status::Closed;
    r.accepted_at = Some(after(at, 10));
    r.arrived_at = Some(after(at, 30));
    r.resolved_at = Some(after(at, 60));
    r.closed_at = Some(after(at, 120));
    r.rating = Some(5);
    m.clock(Stage::Accept, TimerState::Met, "water_taraz");
    m.clock(Stage::Restore, TimerState::Met, "water_taraz");
    m.clock(Stage::Silence, TimerState::Met, "water_taraz");
    m.house("Тараз, Абай көшесі 12");

    let at = local("2026-11-20 23:30");
    let r = m.add(at, Kind { service: "electricity", queue: "electricity", channel: "telegram", ..WATER });
    r.status = Status::Closed;
    r.accepted_at = Some(after(at, 20));
    r.resolved_at = Some(after(at, 100));
    r.closed_at = Some(after(at, 200));
    r.rating = Some(2);
    r.reopened = 1;
    m.clock(Stage::Accept, TimerState::Breached, "electricity");
    m.clock(Stage::Restore, TimerState::Breached, "electricity");
    m.house("Тараз, Абай көшесі 12");

    let at = local("2026-11-21 00:10");
    let r = m.add(at, Kind { class: "consultation", service: "", district: "", ..WATER });
    r.status = Status::Resolved;
    r.accepted_at = Some(after(at, 5));
    r.resolved_at = Some(after(at, 7));

    let r = m.add(local("2026-11-21 12:00"), Kind { class: "complaint", service: "roads", district: "shu", queue: "roads_shu", channel: "whatsapp" });
    r.refused = 2;
    m.late();
    m.danger();
    m.clock(Stage::Accept, TimerState::Running, "roads_shu");

    let at = local("2026-11-22 12:00");
    let r = m.add(at, WATER);
    r.status = Status::Assigned;
    r.accepted_at = Some(after(at, 40));
    m.clock(Stage::Accept, TimerState::Met, "electricity");
    m.clock(Stage::Restore, TimerState::Running, "water_taraz");
    m.house("г. Тараз, ул. Абай 12, кв 7");

    let at = local("2026-11-22 13:00");
    let r = m.add(at, Kind { class: "", queue: "", channel: "app", ..WATER });
    r.status = Status::Rejected;
    r.closed_at = Some(after(at, 30));

    let at = local("2026-11-23 08:00");
    let r = m.add(at, Kind { class: "thanks", service: "housing", district: "baizak", queue: "housing", channel: "phone" });
    r.status = Status::Closed;
    r.closed_at = Some(after(at, 1));
    r.rating = Some(5);

    let at = local("2025-11-20 11:00");
    let r = m.add(at, WATER);
    r.status = Status::Closed;
    r.closed_at = Some(after(at, 90));
    m
}

fn november() -> Period {
    Period::month(Day("2026-11-23".parse().unwrap()))
}

fn count(f: &Facts, dim: Dim) -> Vec<(String, i64)> {
    f.by(dim).into_iter().map(|c| (c.key.unwrap_or_else(|| "?".into()), c.n)).collect()
}

fn pairs(list: &[(&str, i64)]) -> Vec<(String, i64)> {
    list.iter().map(|(k, n)| ((*k).to_owned(), *n)).collect()
}

async fn all(w: &World, f: &Filter) -> Facts {
    facts::gather(&w.core().db, f, november(), w.now()).await.unwrap()
}

fn scope(queues: &[&str], districts: &[&str]) -> Scope {
    Scope {
        staff: StaffId::fresh(),
        role: Role::Manager,
        grants: Grants::everything(),
        reach: if queues.is_empty() { Reach::All } else { Reach::Queues(queues.iter().map(|q| QueueCode::new(*q).unwrap()).collect()) },
        districts: districts.iter().map(|d| DistrictCode::new(*d).unwrap()).collect(),
    }
}

async fn as_written(w: &World, when: &str) {
    let f = all(w, &Filter::default()).await;
    assert_eq!(f.received(), 7, "{when}");
    assert_eq!(count(&f, Dim::Class), pairs(&[("incident", 3), ("complaint", 1), ("consultation", 1), ("thanks", 1), ("?", 1)]), "{when}");
    assert_eq!([Class::Incident, Class::Proposal].map(|c| f.of_class(Some(c))), [3, 0]);
    assert_eq!(f.of_class(None), 1);
    assert_eq!(count(&f, Dim::Channel), pairs(&[("phone", 4), ("app", 1), ("telegram", 1), ("whatsapp", 1)]));
    assert_eq!(count(&f, Dim::Service), pairs(&[("water", 3), ("electricity", 1), ("housing", 1), ("roads", 1), ("?", 1)]));
    assert_eq!(count(&f, Dim::District), pairs(&[("taraz", 4), ("baizak", 1), ("shu", 1), ("?", 1)]));
    assert_eq!(count(&f, Dim::Queue), pairs(&[("water_taraz", 3), ("electricity", 1), ("housing", 1), ("roads_shu", 1), ("?", 1)]));
    assert_eq!(count(&f, Dim::Status), pairs(&[("closed", 3), ("assigned", 1), ("queued", 1), ("rejected", 1), ("resolved", 1)]));
    assert_eq!((f.open(), f.overdue(), f.closed(), f.dangers(), f.reopened(), f.refusals()), (2, 1, 3, 1, 1, 1), "{when}");
    assert_eq!((f.stars().by, f.stars().rated(), f.stars().mean()), ([0, 1, 0, 0, 2], 3, Some(400)));
    let times = |to| {
        let Times { n, median, p90 } = f.times(to);
        (n, median, p90)
    };
    assert_eq!(times(Reached::Accepted), (4, Some(10), Some(40)), "5, 10, 20 and 40 minutes");
    assert_eq!(times(Reached::Arrived), (1, Some(30), Some(30)));
    assert_eq!(times(Reached::Restored), (3, Some(60), Some(100)), "7, 60 and 100 minutes");
    assert_eq!(times(Reached::Closed), (3, Some(120), Some(200)), "1, 120 and 200 minutes; a rejection closes nobody's work");
    let clocks = f.clocks();
    assert_eq!(clocks[&Stage::Accept], Clocks { met: 2, breached: 1, running: 1, ..Clocks::default() });
    assert_eq!(clocks[&Stage::Restore], Clocks { met: 1, breached: 1, running: 1, ..Clocks::default() });
    assert_eq!(clocks[&Stage::Accept].kept(), (2, 3));
    let owners = f.owners();
    let of = |queue: &str, stage| owners[&Some(queue.to_owned())][&stage];
    assert_eq!(of("electricity", Stage::Accept), Clocks { met: 1, breached: 1, ..Clocks::default() }, "an acceptance by another is the other's");
    assert_eq!(of("water_taraz", Stage::Accept), Clocks { met: 1, ..Clocks::default() });
    assert!(!owners[&Some("water_taraz".to_owned())].contains_key(&Stage::Silence), "the silence is nobody's target");
}

async fn figures_are_what_was_written_by_hand(kit: Kit) {
    let w = kit.world().await;
    let mut m = the_set();
    m.store(&w).await;
    as_written(&w, "from the rows").await;

    // The two days around the midnight, the same dates a year ago, and a cut at a time of day.
    let db = &w.core().db;
    let days = Period { from: local("2026-11-20 00:00"), to: local("2026-11-24 00:00") };
    let counted = async |step| {
        let list = series::of(db, &Filter::default(), days, step, w.now()).await.unwrap();
        list.iter().map(|p| (p.begins().to_string(), p.n, p.last_year)).collect::<Vec<_>>()
    };
    let want = [("2026-11-20", 2, 1), ("2026-11-21", 2, 0), ("2026-11-22", 2, 0), ("2026-11-23", 1, 0)];
    let by_day: Vec<_> = want.iter().map(|(d, n, l)| ((*d).to_owned(), *n, *l)).collect();
    assert_eq!(counted(Step::Day).await, by_day);
    assert_eq!(counted(Step::Week).await, [("2026-11-20".to_owned(), 6, 1), ("2026-11-23".to_owned(), 1, 0)]);
    let cut = Period { from: local("2026-11-20 12:00"), to: local("2026-11-22 12:30") };
    let part = async || facts::gather(db, &Filter::default(), cut, w.now()).await.unwrap().received();
    assert_eq!(part().await, 4);

    // Parts of the work, and what a reader may see.
    let taraz = Filter { district: Some(DistrictCode::new("taraz").unwrap()), ..Filter::default() };
    let water = Filter { service: Some(ServiceCode::new("water").unwrap()), ..taraz.clone() };
    let narrow = Filter::within(Bounds::of(&scope(&["water_taraz"], &[])));
    let city = Filter::within(Bounds::of(&scope(&[], &["taraz"])));
    let sums = async || {
        [
            all(&w, &taraz).await.received(),
            all(&w, &water).await.received(),
            all(&w, &narrow).await.received(),
            all(&w, &city).await.received(),
            all(&w, &Filter { queue: Some(QueueCode::new("electricity").unwrap()), ..narrow.clone() }).await.received(),
        ]
    };
    assert_eq!(sums().await, [4, 3, 3, 5, 0]);

    // Past days added up: nothing changes but where it is read.
    assert!(roll(&w).await > 0);
    let kept: i64 = w.query("SELECT CAST(SUM(n) AS bigint) FROM report_day").await[0][0].parse().unwrap();
    assert_eq!(kept, 7, "the request of today is not kept, that of last year is");
    as_written(&w, "from kept days").await;
    assert_eq!((sums().await, part().await, counted(Step::Day).await), ([4, 3, 3, 5, 0], 4, by_day));
    would_be_noticed(&w).await;
    // Sums that were made before somebody else went on do not replace what stands.
    let state = days::state(db.read()).await.unwrap().unwrap();
    let older = days::State { position: state.position - 1, ..state };
    let day = i32::try_from(Day("2026-11-20".parse().unwrap()).number()).unwrap();
    assert!(!days::write(db, &older, day, Vec::new()).await.unwrap());
    assert!(!days::go_on(db.write(), &older, 7, w.now()).await.unwrap());
    as_written(&w, "after a late worker").await;

    // A past day changes: it is right at once, and again when it has been added up anew.
    m.change(&w, 1, |s| s.request.class = Some(Class::Complaint)).await;
    for round in 0..2 {
        let f = all(&w, &Filter::default()).await;
        assert_eq!((f.received(), f.of_class(Some(Class::Incident)), f.of_class(Some(Class::Complaint))), (7, 2, 2), "round {round}");
        assert_eq!(roll(&w).await, usize::from(round == 0), "one day is added up anew, once");
    }

    // The wall, and what stands behind figures.
    let p = present::of(db, &Bounds::everything(), w.now()).await.unwrap();
    assert_eq!((p.open, p.overdue, p.untaken, p.dangers, p.today, p.hours[8]), (2, 1, 1, (1, 1), 1, 1));
    assert_eq!(
        p.queues.iter().map(|l| (l.code.as_deref(), l.open, l.overdue)).collect::<Vec<_>>(),
        [(Some("roads_shu"), 1, 1), (Some("water_taraz"), 1, 0)]
    );
    assert_eq!(present::of(db, &narrow.bounds, w.now()).await.unwrap().open, 1);
    let behind = async |which: Which| listed::count(db.read(), &Filter::default(), &november(), &which).await.unwrap();
    assert_eq!(behind(Which { open: true, ..Which::default() }).await, 2);
    assert_eq!(behind(Which { overdue: true, ..Which::default() }).await, 1);
    assert_eq!(behind(Which { stars: Some(5), ..Which::default() }).await, 2);
    assert_eq!(behind(Which { nothing: vec!["queue"], ..Which::default() }).await, 1);
    let owner = Some("electricity".to_owned());
    let clock = Clock { stage: Some(Stage::Accept), state: Some(TimerState::Met), owner };
    assert_eq!(behind(Which { clock, ..Which::default() }).await, 1);

    // Two of three reports from one house are about water.
    let (sums, again) = houses::repeated(db.read(), &Filter::default(), &november(), 10).await.unwrap();
    assert_eq!(again.iter().map(|r| (r.service.as_deref(), r.n)).collect::<Vec<_>>(), [(Some("water"), 2)]);
    assert_eq!((sums.places, sums.reports), (1, 2));
    let house = Some(again[0].house.clone());
    assert_eq!(behind(Which { house, ..Which::default() }).await, 3, "from the house, whatever about");
    w.leave().await;
}

/// The kept days are really read: one that is wrong makes the figure wrong.
async fn would_be_noticed(w: &World) {
    let day = "(SELECT MIN(day) FROM report_day WHERE queue = 'electricity')";
    let facts = w.query(&format!("SELECT facts FROM report_day WHERE queue = 'electricity' AND day = {day}")).await[0][0].clone();
    w.tamper(&format!("UPDATE report_day SET facts = '{}' WHERE queue = 'electricity'", facts.replace("\"closed\":1", "\"closed\":9"))).await;
    assert_eq!(all(w, &Filter::default()).await.received(), 15);
    w.tamper(&format!("UPDATE report_day SET facts = '{facts}' WHERE queue = 'electricity'")).await;
}
