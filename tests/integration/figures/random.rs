//! Figures of a random set against a slow, obvious computation over all of it, for random periods, parts and sights, before and after days are added up.

use super::made::{Kind, Made, after, local, roll};
use crate::harness::{Kit, World, stories};
use jambyl109::domain::calendar::{Day, day_of};
use jambyl109::domain::report::{Bounds, Dim, Filter, Period, Reached, Step};
use jambyl109::domain::request::Status;
use jambyl109::domain::sla::{Stage, TimerState};
use jambyl109::domain::{Class, DistrictCode, Hazard, Instant, QueueCode};
use jambyl109::reports::facts::{self, grid};
use jambyl109::reports::series;
use jambyl109::store::requests::Stored;
use rand::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

stories! { figures_are_what_slow_counting_gives }

const SEED: u64 = 9;
const REQUESTS: usize = 600;

fn a_set(dice: &mut StdRng) -> Made {
    let mut m = Made::default();
    let end = local("2026-11-23 08:59");
    for _ in 0..REQUESTS {
        // Most within some weeks, some over two years; some on the very edge of a day.
        let minutes = if dice.random_bool(0.8) { dice.random_range(0..40 * 1440) } else { dice.random_range(0..760 * 1440) };
        let mut at = after(end, -minutes);
        if dice.random_bool(0.1) {
            at = local(&format!("{} 00:00", day_of(at))) - chrono::Duration::microseconds(dice.random_range(0..2));
        }
        let one = |dice: &mut StdRng, list: &[&'static str]| *list.choose(dice).unwrap();
        let kind = Kind {
            class: one(dice, &["incident", "incident", "consultation", "complaint", "proposal", "thanks", ""]),
            service: one(dice, &["water", "electricity", "roads", ""]),
            district: one(dice, &["taraz", "taraz", "shu", "korday", ""]),
            queue: one(dice, &["water_taraz", "electricity", "roads_shu", ""]),
            channel: one(dice, &["phone", "phone", "telegram", "whatsapp", "app"]),
        };
        let status = *Status::ALL.choose(dice).unwrap();
        let r = m.add(at, kind);
        r.status = status;
        let mut later = |chance: f64| dice.random_bool(chance).then(|| at + chrono::Duration::seconds(dice.random_range(-30..900_000)));
        (r.accepted_at, r.arrived_at, r.resolved_at, r.closed_at) = (later(0.7), later(0.3), later(0.5), later(0.4));
        r.reopened = if dice.random_bool(0.1) { dice.random_range(1..4) } else { 0 };
        r.refused = if dice.random_bool(0.1) { dice.random_range(1..4) } else { 0 };
        r.rating = dice.random_bool(0.3).then(|| dice.random_range(1..6));
        r.hazard = dice.random_bool(0.05).then_some(Hazard::Fire);
        if dice.random_bool(0.2) {
            m.late();
        }
        for stage in [Stage::Register, Stage::Accept, Stage::Restore, Stage::Silence] {
            for _ in 0..dice.random_range(0..3) {
                m.clock(stage, *TimerState::ALL.choose(dice).unwrap(), one(dice, &["water_taraz", "electricity", "roads_shu", ""]));
            }
        }
    }
    m
}

fn within(f: &Filter, s: &Stored) -> bool {
    let r = &s.request;
    let b = &f.bounds;
    let queue = b.queues.as_ref().is_none_or(|qs| r.queue.as_ref().is_some_and(|q| qs.contains(q)));
    let district = b.districts.is_empty() || r.district.as_ref().is_none_or(|d| b.districts.contains(d));
    let part = f.class.is_none_or(|c| r.class == Some(c))
        && f.channel.is_none_or(|c| r.channel == c)
        && (f.service.is_none() || f.service == r.service)
        && (f.district.is_none() || f.district == r.district)
        && (f.queue.is_none() || f.queue == r.queue);
    queue && district && part
}

fn quantile(sorted: &[u32], tenths: usize) -> Option<u32> {
    (!sorted.is_empty()).then(|| sorted[(sorted.len() * tenths).div_ceil(10) - 1])
}

/// Every figure, from all there is.
fn hold(m: &Made, f: &Filter, p: Period, got: &facts::Facts, what: &str) {
    let mine: Vec<&Stored> = m.requests.iter().filter(|s| s.request.received_at >= p.from && s.request.received_at < p.to && within(f, s)).collect();
    let n = |of: &dyn Fn(&Stored) -> bool| i64::try_from(mine.iter().filter(|s| of(s)).count()).unwrap();
    assert_eq!(got.received(), n(&|_| true), "received {what}");
    assert_eq!(got.open(), n(&|s| s.request.status.is_open()), "open {what}");
    assert_eq!(got.overdue(), n(&|s| s.request.status.is_open() && s.overdue), "overdue {what}");
    assert_eq!(got.closed(), n(&|s| s.request.status == Status::Closed), "closed {what}");
    assert_eq!(got.dangers(), n(&|s| s.request.hazard.is_some()), "dangers {what}");
    assert_eq!(got.reopened(), n(&|s| s.request.reopened > 0), "reopened {what}");
    assert_eq!(got.refusals(), n(&|s| s.request.refused > 0), "refusals {what}");
    for stars in 1..=5u8 {
        assert_eq!(got.stars().by[usize::from(stars) - 1], n(&|s| s.request.rating == Some(stars)), "{stars} stars {what}");
    }
    for class in Class::ALL.iter().copied().map(Some).chain([None]) {
        assert_eq!(got.of_class(class), n(&|s| s.request.class == class), "{class:?} {what}");
    }
    let by = |dim: Dim, of: &dyn Fn(&Stored) -> Option<String>| {
        let mut sums: BTreeMap<Option<String>, i64> = BTreeMap::new();
        mine.iter().for_each(|s| *sums.entry(of(s)).or_default() += 1);
        let shown: BTreeMap<Option<String>, i64> = got.by(dim).into_iter().map(|c| (c.key, c.n)).collect();
        assert_eq!(shown, sums, "{dim} {what}");
    };
    by(Dim::Queue, &|s| s.request.queue.as_ref().map(ToString::to_string));
    by(Dim::District, &|s| s.request.district.as_ref().map(ToString::to_string));
    by(Dim::Service, &|s| s.request.service.as_ref().map(ToString::to_string));
    by(Dim::Channel, &|s| Some(s.request.channel.to_string()));
    by(Dim::Status, &|s| Some(s.request.status.to_string()));
    type When = dyn Fn(&Stored) -> Option<Instant>;
    let reached: [(Reached, &When); 4] = [
        (Reached::Accepted, &|s| s.request.accepted_at),
        (Reached::Arrived, &|s| s.request.arrived_at),
        (Reached::Restored, &|s| s.request.resolved_at),
        (Reached::Closed, &|s| s.request.closed_at.filter(|_| s.request.status == Status::Closed)),
    ];
    for (point, at) in reached {
        let mut all: Vec<u32> = mine.iter().filter_map(|s| Some(grid((at(s)? - s.request.received_at).num_seconds()))).collect();
        all.sort_unstable();
        let t = got.times(point);
        assert_eq!((t.n, t.median, t.p90), (i64::try_from(all.len()).unwrap(), quantile(&all, 5), quantile(&all, 9)), "{point} {what}");
    }
    let ids: BTreeSet<_> = mine.iter().map(|s| s.request.id).collect();
    let timers = || m.timers.iter().filter(|t| ids.contains(&t.request));
    for (stage, clocks) in got.clocks() {
        let sum = |state| i64::try_from(timers().filter(|t| t.stage == stage && t.state == state).count()).unwrap();
        let shown = [clocks.met, clocks.breached, clocks.running, clocks.paused, clocks.cancelled];
        let want = [TimerState::Met, TimerState::Breached, TimerState::Running, TimerState::Paused, TimerState::Cancelled].map(sum);
        assert_eq!(shown, want, "{stage} {what}");
    }
    for (owner, stages) in got.owners() {
        for (stage, clocks) in stages {
            let sum = timers().filter(|t| t.stage == stage && t.owner().map(ToString::to_string) == owner && t.state == TimerState::Breached).count();
            assert_eq!(clocks.breached, i64::try_from(sum).unwrap(), "{owner:?} {stage} {what}");
        }
    }
}

fn a_question(dice: &mut StdRng) -> (Filter, Period) {
    let end = local("2026-11-24 00:00");
    let from = after(end, -dice.random_range(1..760 * 1440));
    let days = dice.random_range(1..400 * 1440);
    let period = match dice.random_range(0..4) {
        0 => Period::month(day_of(from)),
        1 => Period::year(2026),
        2 => Period::week(day_of(from)),
        _ => Period { from, to: after(from, days).min(end) },
    };
    let mut f = Filter::default();
    if dice.random_bool(0.4) {
        let mut bounds = Bounds { queues: Some(["water_taraz", "electricity"].map(|q| QueueCode::new(q).unwrap()).into()), ..Bounds::default() };
        if dice.random_bool(0.5) {
            bounds.queues = None;
            bounds.districts = ["taraz", "shu"].map(|d| DistrictCode::new(d).unwrap()).into();
        }
        f.bounds = bounds;
    }
    if dice.random_bool(0.3) {
        f.class = Class::ALL.choose(dice).copied();
    }
    if dice.random_bool(0.3) {
        f.district = Some(DistrictCode::new("taraz").unwrap());
    }
    if dice.random_bool(0.2) {
        f.queue = Some(QueueCode::new("electricity").unwrap());
    }
    (f, period)
}

/// Whole months are read instead of their days, and no longer once one of their requests changes.
async fn months_stand_for_their_days(w: &World) {
    let db = &w.core().db;
    let whole = async || facts::gather(db, &Filter::default(), Period::year(2026), w.now()).await.unwrap().received();
    let before = whole().await;
    // May 2026, as a month is named.
    let may = -(2026 * 12 + 4);
    let gone = w.tamper(&format!("DELETE FROM report_day WHERE day = {may}")).await;
    assert!(gone > 0 && whole().await < before, "the month is what is read");
    // One of its days is no longer kept: the others speak for themselves again.
    let tenth = Day("2026-05-10".parse().unwrap()).number();
    assert_eq!(w.tamper(&format!("DELETE FROM report_mark WHERE day = {tenth}")).await, 1);
    assert_eq!(whole().await, before, "days, and the rows of the tenth");
    facts::forget(db).await.unwrap();
    assert_eq!(whole().await, before, "without anything kept");
    assert!(roll(w).await > 300);
    assert_eq!(whole().await, before);
    assert_eq!(w.query("SELECT COUNT(*) FROM report_day WHERE day < 0 AND n <> 0").await[0][0], "0");
}

async fn figures_are_what_slow_counting_gives(kit: Kit) {
    let w = kit.world().await;
    let mut dice = StdRng::seed_from_u64(SEED);
    let mut m = a_set(&mut dice);
    m.store(&w).await;
    let db = &w.core().db;
    let mut unkept = 0;
    for round in 0..4 {
        for n in 0..12 {
            let (f, p) = a_question(&mut dice);
            let what = format!("in round {round}, question {n}: {f:?} {p:?}");
            let got = facts::gather(db, &f, p, w.now()).await.unwrap();
            hold(&m, &f, p, &got, &what);
            // What is read from kept days is what the rows give.
            let mut live = facts::Facts::empty(p);
            live.take_in(facts::live(db.read(), &f, p).await.unwrap());
            assert_eq!(got, live, "{what}");
            let step = *Step::ALL.choose(&mut dice).unwrap();
            let points = series::of(db, &f, p, step, w.now()).await.unwrap();
            assert_eq!(points.iter().map(|x| x.n).sum::<i64>(), got.received(), "by {step} {what}");
            for x in points {
                let last = facts::live(db.read(), &f, x.period.last_year()).await.unwrap();
                assert_eq!(x.last_year, last.received(), "{:?} {what}", x.period);
            }
        }
        // Days are added up between the rounds, or changes wait for it.
        if round < 3 {
            for _ in 0..15 {
                let n = dice.random_range(0..m.requests.len());
                let class = Class::ALL.choose(&mut dice).copied();
                m.change(&w, n, |s| {
                    s.request.class = class;
                    s.request.reopened += 1;
                })
                .await;
            }
            if round != 1 {
                assert!(roll(&w).await > 0);
            } else {
                unkept += 1;
            }
        }
    }
    assert_eq!(unkept, 1);
    months_stand_for_their_days(&w).await;
    w.leave().await;
}
