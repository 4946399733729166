//! How a digest reads: both languages, nothing missing, nothing that a mail reader would not show.

use super::*;
use crate::domain::calendar::Day;
use crate::store::reports::standing::{Place, Talked};
use proptest::prelude::*;

fn row(number: &str, hazard: Option<&str>, untaken: bool) -> Row {
    Row {
        number: RequestNumber::parse(number).unwrap(),
        service: Some("water".into()),
        district: Some("taraz".into()),
        queue: Some("water_taraz".into()),
        hazard: hazard.map(str::to_owned),
        untaken,
        secs: 3 * 86_400 + 4 * 3600,
    }
}

fn number() -> String {
    crate::domain::number::RequestNumber::parse("26-4817-0355").map(|n| n.to_string()).unwrap_or_default()
}

fn figures() -> Figures {
    let day = Day("2026-11-22".parse().unwrap());
    let number = number();
    Figures {
        day,
        part: Part::All,
        at: "2026-11-23T03:00:00Z".parse().unwrap(),
        received: Pair { now: 312, before: 287 },
        week_ago: 240,
        week: Pair { now: 2100, before: 1750 },
        closed: Pair { now: 1800, before: 1600 },
        reopened: Pair { now: 12, before: 0 },
        days: (0..14).map(|n| (crate::domain::report::after(day, n - 13), n * 20)).collect(),
        classes: vec![(Some("incident".into()), 900), (None, 3)],
        services: vec![(Some("water".into()), 700), (Some("heating".into()), 200)],
        districts: vec![(Some("taraz".into()), 1500)],
        kept: (912, 1000),
        kept_before: (0, 0),
        open: 300,
        overdue: 17,
        untaken: 8,
        owners: vec![(Some("water_taraz".into()), 9, 60), (None, 1, 2)],
        worst: vec![row(&number, None, false)],
        dangers_day: 4,
        dangers_open: (2, 1),
        dangers: vec![row(&number, Some("gas_leak"), true), row(&number, Some("fire"), false)],
        places: vec![
            Place { service: Some("heating".into()), district: Some("taraz".into()), house: None, n: 14 },
            Place { service: Some("water".into()), district: Some("taraz".into()), house: Some("абай 12".into()), n: 4 },
        ],
        stars: Stars { by: [1, 2, 3, 10, 40] },
        stars_before: Stars::default(),
        social: Some(Social { all: 90, asking: 40, unanswered: 7, posts: vec![Talked { channel: "instagram".into(), post: "1789".into(), n: 31 }] }),
    }
}

fn book() -> Book {
    Book::load(None).unwrap()
}

#[test]
fn every_word_has_its_text_in_both_languages() {
    let (book, f) = (book(), figures());
    for lang in [Lang::Kk, Lang::Ru] {
        let letter = letter(&book, lang, &f, "https://109.example.kz/console/reports");
        for text in [&letter.subject, &letter.text, &letter.html] {
            assert!(!text.contains("digest.") && !text.contains('@') && !text.contains("{") && !text.contains("None"), "{lang}: {text}");
        }
        for part in ["22.11.2026", "312", "287", "2100", "+20 %", "91,2 %", "26-4817-0355", "4,54", "14", "31", "абай 12"] {
            assert!(letter.text.contains(part) && letter.html.contains(part), "{lang}: '{part}' is missing\n{}", letter.text);
        }
        assert!(letter.subject.contains("22.11.2026"));
    }
    let (kk, ru) = (letter(&book, Lang::Kk, &f, ""), letter(&book, Lang::Ru, &f, ""));
    assert!(kk.text.contains("Шешім қажет".to_uppercase().as_str()) && ru.text.contains("НУЖНО РЕШЕНИЕ"));
}

#[test]
fn nothing_is_fetched_and_nothing_runs() {
    let html = letter(&book(), Lang::Ru, &figures(), "").html;
    for bad in ["<script", "<img", "<svg", "<link", "url(", "http://", "https://", "<style", "position:", "onload"] {
        assert!(!html.contains(bad), "{bad}");
    }
    assert!(html.len() < 90_000, "mail readers cut letters at about 100 kB: {}", html.len());
}

#[test]
fn lines_of_the_plain_text_are_short() {
    for lang in [Lang::Kk, Lang::Ru] {
        let text = letter(&book(), lang, &figures(), "").text;
        for line in text.lines() {
            assert!(line.chars().count() <= 78, "{} characters: {line}", line.chars().count());
        }
    }
}

#[test]
fn the_decision_is_the_worst_that_can_be_changed() {
    let mut f = figures();
    assert_eq!(Decision::of(&f), Decision::Dangers(1));
    f.dangers_open.1 = 0;
    f.dangers.clear();
    assert_eq!(Decision::of(&f), Decision::Place);
    f.places.clear();
    assert_eq!(Decision::of(&f), Decision::Owner(Some("water_taraz".into()), 9, 60));
    f.owners = vec![(Some("x".into()), 2, 5)];
    assert_eq!(Decision::of(&f), Decision::Social(7));
    f.social = None;
    assert_eq!(Decision::of(&f), Decision::Nothing);
    let quiet = letter(&book(), Lang::Ru, &f, "");
    assert!(quiet.text.contains("Срочных решений не требуется."));
}

#[test]
fn changes_are_whole_per_cent() {
    for (now, before, change) in [(120, 100, Some(20)), (100, 120, Some(-17)), (5, 0, None), (0, 7, Some(-100)), (1, 3, Some(-67)), (3, 3, Some(0))] {
        assert_eq!(Pair { now, before }.change(), change, "{now} after {before}");
    }
}

proptest! {
    #[test]
    fn whatever_stands_in_a_house_stays_a_word(house in ".{0,40}", n in 0i64..1_000_000) {
        let mut f = figures();
        f.places = vec![Place { service: Some("water".into()), district: None, house: Some(house), n }];
        f.days.iter_mut().for_each(|d| d.1 = n);
        let html = letter(&book(), Lang::Kk, &f, "").html;
        prop_assert_eq!(html.matches("<td").count(), html.matches("</td>").count());
        prop_assert!(!html.contains("<script"));
    }
}
