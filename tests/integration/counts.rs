//! Counts of open requests are kept, not counted: after any story they are what counting would give.

use crate::harness::{CrewMember, Kit, Resident, Staff, World, number_in, stories};
use jambyl109::store::tally;
use rand::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

stories! { counts_are_the_truth_after_any_story, summing_up_side_by_side_loses_nothing }

type Counts = BTreeMap<(String, String, bool), i64>;

async fn kept(w: &World) -> Counts {
    tally::open(w.core().db.read()).await.unwrap().into_iter().map(|o| ((o.queue, o.status, o.overdue), o.n)).collect()
}

async fn counted(w: &World) -> Counts {
    let mut all = Counts::new();
    for (overdue, value) in [(false, "FALSE"), (true, "TRUE")] {
        let sql = format!("SELECT queue, status, COUNT(*) FROM request WHERE is_open = TRUE AND overdue = {value} GROUP BY queue, status");
        for row in w.query(&sql).await {
            all.insert((row[0].clone(), row[1].clone(), overdue), row[2].parse().unwrap());
        }
    }
    all
}

async fn compare(w: &World, after: &str) {
    assert_eq!(kept(w).await, counted(w).await, "after {after}");
}

const WORDS: [&str; 5] = [
    "г. Тараз, ул. Абая 77: второй день нет света",
    "Тараз, ул. Толе би 5: нет воды с утра",
    "Тараз, ул. Сулейманова 10: пахнет газом в подъезде",
    "Когда вывезут мусор на Жамбыла 3?",
    "Спасибо, всё хорошо",
];
/// One story, the same on every run.
const SEED: u64 = 109;
const ACTS: [&str; 12] = ["accept", "assign", "start", "arrive", "hold", "resume", "resolve", "close", "reopen", "reject", "refuse", "transfer"];

async fn counts_are_the_truth_after_any_story(kit: Kit) {
    let w = kit.world().await;
    let dispatcher = Staff::dispatcher(&w).await;
    let crew = CrewMember::hire(&w, "electricity_taraz_1", 4000).await;
    let mut dice = StdRng::seed_from_u64(SEED);
    let residents: Vec<Resident> = (0..4).map(|k| Resident::ru(&w, 4100 + k)).collect();
    let mut numbers: Vec<String> = Vec::new();
    let mut done: BTreeMap<&str, u32> = BTreeMap::new();
    for step in 0..400 {
        if step >= 90 && numbers.len() >= 2 && done.len() >= 4 {
            break;
        }
        let what = match dice.random_range(0..10) {
            0..2 => {
                let r = residents.choose(&mut dice).unwrap();
                r.says(WORDS.choose(&mut dice).unwrap()).await;
                let made = r.reads().iter().filter(|m| m.text.contains("26-")).map(|m| number_in(&m.text)).collect::<Vec<_>>();
                numbers.extend(made);
                "message"
            }
            2 => {
                w.minutes(dice.random_range(5..400)).await;
                "time"
            }
            3 => {
                w.server.housekeeper.fold().await.unwrap();
                "summing up"
            }
            _ => {
                let (Some(number), Some(act)) = (numbers.choose(&mut dice), ACTS.choose(&mut dice)) else { continue };
                let body = match *act {
                    "assign" => json!({"crew": "electricity_taraz_1"}),
                    "transfer" => json!({"queue": "water_taraz", "reason": "не наше"}),
                    "hold" => json!({"reason": "ждём деталь", "needs_utility": true}),
                    "reject" | "refuse" => json!({"reason": "так решено"}),
                    _ => json!({}),
                };
                let who = if matches!(*act, "start" | "arrive" | "refuse") { &crew.staff } else { &dispatcher };
                if who.sees_or_not(number).await && who.does(number, act, body).await.status == 200 {
                    *done.entry(act).or_default() += 1;
                }
                act
            }
        };
        compare(&w, &format!("step {step}, {what}")).await;
    }
    assert!(numbers.len() >= 2 && done.len() >= 4, "too little happened: {} requests, {done:?}", numbers.len());
    w.settle().await;
    w.server.housekeeper.fold().await.unwrap();
    compare(&w, "everything was summed up").await;
    assert_eq!(w.count("SELECT COUNT(*) FROM open_delta").await, 0);
    w.finish().await;
}

async fn summing_up_side_by_side_loses_nothing(kit: Kit) {
    let w = kit.world().await;
    let insert =
        "INSERT INTO open_delta (queue, status, overdue, n) VALUES ('a', 'queued', FALSE, 1), ('b', 'queued', TRUE, 3), ('c', 'new', FALSE, 1)";
    for round in 1..=10i64 {
        for _ in 0..20 {
            w.tamper(insert).await;
        }
        let db = &w.core().db;
        let (one, two, three) = tokio::join!(tally::fold(db), tally::fold(db), async {
            w.tamper(insert).await;
            tally::fold(db).await
        });
        assert!(one.unwrap() + two.unwrap() + three.unwrap() >= 60);
        let want = |per: i64| per * 21 * round;
        let sums: Vec<i64> = kept(&w).await.into_values().collect();
        assert_eq!(sums, [want(1), want(3), want(1)], "round {round}");
    }
    w.leave().await;
}
