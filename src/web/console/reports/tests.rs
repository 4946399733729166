//! The rooms of leaders, rendered from made-up figures.

use super::asked::{Asked, query};
use super::labels::grouped;
use super::listed::listed_page;
use super::page::report_page;
use super::wall::wall_page;
use crate::config::Book;
use crate::domain::access::Role;
use crate::domain::calendar::Day;
use crate::domain::report::{Dim, Filter, Period};
use crate::domain::{Class, Lang};
use crate::reports::calls::Terms;
use crate::reports::present::{Line, Present};
use crate::reports::report::{self, Name};
use crate::reports::sheet::{Cell, Row, Sheet};
use crate::store::reports::listed::Which;
use crate::store::wires::WireRow;
use crate::web::console::queues::rows;
use crate::web::console::tests::{a_list, checked, now, scope, shell};
use std::collections::BTreeMap;

const EVIL: &str = "<script>alert(1)</script>";

fn counted(name: &'static str, kind: &'static str, list: &[(Option<&str>, i64)]) -> Sheet {
    let mut s = Sheet::new(name, &[kind, "count", "share"]);
    let whole = list.iter().map(|(_, n)| n).sum();
    for (code, n) in list {
        let behind = code.map_or_else(|| vec![("unknown", kind.to_owned())], |c| vec![(kind, c.to_owned())]);
        s.rows.push(Row::linked(vec![
            (Cell::Code(kind, code.map(str::to_owned)), None),
            (Cell::Count(*n), Some(behind)),
            (Cell::Share(*n, whole), None),
        ]));
    }
    s.total = Some(Row::linked(vec![(Cell::Code(kind, None), None), (Cell::Count(whole), Some(Vec::new())), (Cell::Share(whole, whole), None)]));
    s
}

fn some(name: Name) -> Vec<Sheet> {
    match name {
        Name::Summary => vec![
            counted(
                "classes",
                "class",
                &[
                    (Some("consultation"), 64_337),
                    (Some("incident"), 14_411),
                    (Some("complaint"), 1_202),
                    (Some("proposal"), 701),
                    (Some("thanks"), 107),
                    (None, 0),
                ],
            ),
            counted("channels", "channel", &[(Some("phone"), 80_104), (Some("whatsapp"), 600), (Some("telegram"), 54)]),
            counted("districts", "district", &[(Some("taraz"), 60_000), (Some("shu"), 20_000), (None, 758)]),
        ],
        Name::Dynamics => {
            let mut s = Sheet::new("series", &["from", "count", "last_year"]);
            for n in 0..30u32 {
                let day = Day(format!("2026-11-{:02}", n + 1).parse().unwrap());
                let wave = i64::from(n * 37 % 190);
                s.rows.push(Row::linked(vec![
                    (Cell::Day(day), None),
                    (Cell::Count(180 + wave), Some(vec![("from", day.to_string())])),
                    (Cell::Count(150 + wave / 2), None),
                ]));
            }
            vec![s]
        }
        Name::Districts => {
            let mut s = Sheet::new(
                "districts",
                &["district", "received", "open", "overdue", "closed", "reopened", "refusals", "kept_restore", "median", "p90", "rating"],
            );
            for (code, n) in [("taraz", 900i64), ("shu", 300), ("korday", 40)] {
                s.rows.push(Row::plain(vec![
                    Cell::code("district", code),
                    Cell::Count(n),
                    Cell::Count(n / 9),
                    Cell::Count(n / 30),
                    Cell::Count(n - n / 9),
                    Cell::Count(n / 40),
                    Cell::Count(2),
                    Cell::Share(n - 40, n),
                    Cell::Minutes(Some(140)),
                    Cell::Minutes(Some(1_900)),
                    Cell::Hundredths(Some(425)),
                ]));
            }
            vec![s]
        }
        Name::Repeats => {
            let mut s = Sheet::new("houses", &["house", "service", "district", "reports"]);
            s.rows.push(Row::linked(vec![
                (Cell::Text(format!("абай {EVIL}")), None),
                (Cell::code("service", "water"), None),
                (Cell::code("district", "taraz"), None),
                (Cell::Count(4), Some(vec![("same_house_as", "2648170359".to_owned())])),
            ]));
            vec![s]
        }
        _ => Vec::new(),
    }
}

fn asked(filter: Filter) -> report::Asked {
    let period = Period::month(Day("2026-11-21".parse().unwrap()));
    report::Asked { filter, period, step: None, now: now(), terms: Terms::default() }
}

#[test]
fn every_report_is_whole_in_both_languages() {
    let book = Book::load(None).unwrap();
    for lang in [Lang::Kk, Lang::Ru] {
        for name in Name::ALL {
            let a = Asked { from: "2026-11-01".into(), till: "2026-11-30".into(), sort: "classes.count".into(), ..Asked::default() };
            let about = asked(Filter { class: Some(Class::Incident), ..Filter::default() });
            let page = report_page(shell(&book, lang, true), &scope(Role::Manager), *name, &a, &about, &some(*name));
            let html = checked(&format!("report_{name}"), lang, &page);
            assert!(!html.contains("<script>alert"), "{name}");
            assert!(
                html.contains("from=2026%2D11%2D01&#38;to=2026%2D12%2D01") && html.contains("class=incident"),
                "{name}: links keep period and part"
            );
            assert!(html.contains("format=xlsx"));
            match name {
                Name::Summary => {
                    assert!(html.contains("64\u{202f}337") && html.contains("79,7 %") && html.contains("<svg class=\"plot bars\""));
                    assert!(html.contains("aria-sort=\"descending\"") && html.contains("unknown=district"));
                    // Nothing stands behind nothing.
                    assert!(!html.contains("unknown=class"));
                }
                Name::Dynamics => {
                    assert!(html.contains("stroke-dasharray") && html.matches("<circle").count() == 30 && html.contains("name=\"step\""))
                }
                Name::Districts => assert!(html.contains("<svg class=\"map\"") && html.matches("<path d=").count() == book.catalog.districts.len()),
                _ => {}
            }
        }
    }
}

#[test]
fn every_word_of_the_reports_has_its_text() {
    let book = Book::load(None).unwrap();
    for lang in [Lang::Kk, Lang::Ru] {
        let has = |key: String| assert!(book.messages.get(lang, &key).is_some(), "{key} is missing in {lang}");
        for name in Name::ALL {
            has(format!("reports.name.{name}"));
            has(format!("reports.about.{name}"));
        }
        for dim in Dim::ALL {
            has(format!("reports.col.{dim}"));
        }
    }
}

#[test]
fn the_wall_is_whole_and_fits_a_screen() {
    let book = Book::load(None).unwrap();
    let (list, _) = a_list();
    let line = |code: Option<&str>, open, overdue| Line { code: code.map(str::to_owned), open, overdue };
    let mut hours = [0; 24];
    hours.iter_mut().zip([1, 0, 0, 0, 2, 5, 9, 14, 30, 41, 38, 33]).for_each(|(h, n)| *h = n);
    let p = Present {
        at: now(),
        open: 1_204,
        overdue: 37,
        untaken: 12,
        queues: vec![line(Some("water_taraz"), 120, 30), line(Some("electricity"), 80, 7), line(None, 4, 0)],
        districts: vec![line(Some("taraz"), 150, 30), line(Some("shu"), 54, 7)],
        by_status: BTreeMap::new(),
        dangers: (2, 1),
        danger_rows: list.into_iter().take(2).collect(),
        today: 173,
        hours,
        yesterday: [6; 24],
        yesterday_by_now: 110,
    };
    let wire = |channel: &str, up| WireRow { channel: channel.into(), account: "main".into(), up, reason: None, since: now(), seen_at: now() };
    let wires = [wire("telegram", true), wire("whatsapp", false)];
    for lang in [Lang::Kk, Lang::Ru] {
        for screen in [false, true] {
            let name = if screen { "wall_screen" } else { "wall" };
            let html = checked(name, lang, &wall_page(shell(&book, lang, true), &p, &wires, screen, true));
            assert_eq!(html.contains("<header"), !screen);
            assert!(html.contains("1\u{202f}204") && html.contains("data-live=\"request call reset\"") && html.contains("/console/board?overdue=1"));
            assert!(html.contains("<rect width=\"100\"") && html.contains("class=\"plot series\""));
        }
    }
}

#[test]
fn the_requests_behind_a_figure_say_what_was_chosen() {
    let book = Book::load(None).unwrap();
    let (list, _) = a_list();
    let a = Asked { same_house_as: "26-4817-0359".into(), ..Asked::default() };
    let which = Which { overdue: true, stars: Some(2), nothing: vec!["district"], ..Which::default() };
    let about = asked(Filter { class: Some(Class::Incident), ..Filter::default() });
    for lang in [Lang::Kk, Lang::Ru] {
        let s = shell(&book, lang, true);
        let rows = rows(&s.w, &list, &BTreeMap::new(), now());
        let html = checked(
            "report_requests",
            lang,
            &listed_page(s, &a, &about.period, &about.filter, &which, (1_234, Some(1_300)), rows, Some("1_2".into()), true),
        );
        assert!(html.contains("1\u{202f}234") && html.contains("2 ★") && html.contains("overdue=1") && html.contains("cursor=1%5F2"));
        assert!(html.contains("class=incident") && html.contains("unknown=district"));
    }
}

#[test]
fn queries_and_numbers() {
    let pair = |n: &'static str, v: &str| (n, v.to_owned());
    assert_eq!(query(&[pair("a", "1"), pair("b", ""), pair("a", "2&3")]), "a=2%263");
    assert_eq!([0, 7, 999, 1_000, 80_758, -1_234_567].map(grouped), ["0", "7", "999", "1\u{202f}000", "80\u{202f}758", "−1\u{202f}234\u{202f}567"]);
}

#[test]
fn periods_of_the_form() {
    let at = now();
    let of = |a: Asked| a.period(at).map(|p| (p.first_day().to_string(), p.last_day().to_string()));
    let preset = |p: &str| of(Asked { preset: p.into(), ..Asked::default() }).unwrap();
    assert_eq!(preset("today"), ("2026-11-21".into(), "2026-11-21".into()));
    assert_eq!(preset("week"), ("2026-11-16".into(), "2026-11-21".into()));
    assert_eq!(preset("month"), preset(""));
    assert_eq!(preset("year"), ("2026-01-01".into(), "2026-11-21".into()));
    assert_eq!(preset("last_year"), ("2025-01-01".into(), "2025-12-31".into()));
    let dates = |from: &str, till: &str, to: &str| of(Asked { from: from.into(), till: till.into(), to: to.into(), ..Asked::default() });
    assert_eq!(dates("2026-10-01", "2026-10-31", "").unwrap(), ("2026-10-01".into(), "2026-10-31".into()));
    assert_eq!(dates("2026-10-01", "", "2026-10-31").unwrap(), ("2026-10-01".into(), "2026-10-30".into()));
    for (from, till) in [("x", ""), ("2026-10-02", "2026-09-30"), ("2001-01-01", "2026-01-01"), ("2026-10-01", "tomorrow")] {
        assert!(dates(from, till, "").is_err(), "{from} {till}");
    }
}
