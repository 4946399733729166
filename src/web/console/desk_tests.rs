//! The board, search, calls and the map, rendered from made-up requests.

use super::assets::LINKS;
use super::board::{BoardPage, Bulk, Filters, RowsPart, Tab};
use super::bulk::{self, BulkPage, Outcome};
use super::calls::{BackLine, BackPage, CallLine, CallPage, CallsPage, CardView};
use super::create::{NewForm, NewPage};
use super::find::FindPage;
use super::lines::{Beside, Line, lines};
use super::map::{MapPage, shapes};
use super::map_points::DistrictPage;
use super::tests::{a_list, checked, now, scope, shell};
use super::words::Words;
use crate::config::Book;
use crate::dispatch::places::Spot;
use crate::domain::Lang;
use crate::domain::access::Role;
use crate::store::board::BoardFilter;
use crate::store::messages::PlaceRow;
use chrono::Duration;
use std::collections::BTreeMap;

const EVIL: &str = "<script>alert(1)</script>\"'><b>";

fn some_lines(w: &Words<'_>) -> Vec<Line> {
    let (list, words) = a_list();
    let id = |n: usize| list[n].request.id;
    let b = Beside {
        words,
        wrote: BTreeMap::from([(id(1), now() - Duration::minutes(3))]),
        seen: BTreeMap::from([(id(1), now() - Duration::minutes(9)), (id(2), now())]),
        places: BTreeMap::from([(id(0), PlaceRow { address: Some("Төле би көшесі 45, 12 пәтер".into()), lat: None, lon: None })]),
        taken_by: list.iter().map(|s| (s.request.id, "staff:1".to_owned())).collect(),
        names: BTreeMap::from([("staff:1".to_owned(), format!("Айгүл {EVIL}"))]),
        looking: BTreeMap::from([(id(0), vec!["Берік А.".to_owned()])]),
    };
    lines(w, &list, &b, now())
}

fn bulk_choices(w: &Words<'_>) -> Option<Bulk> {
    bulk::choices(w, &scope(Role::Dispatcher))
}

fn board(book: &Book, lang: Lang) -> BoardPage<'_> {
    let s = shell(book, lang, true);
    let w = s.w;
    let f = BoardFilter { danger: true, ..BoardFilter::default() };
    let tab = |label: &str, query: &str, id: Option<&str>| Tab {
        label: label.into(),
        query: query.into(),
        here: query == "danger=1",
        count: Some(3),
        tone: "bad",
        id: id.map(Into::into),
    };
    BoardPage {
        title: w.t("board.title").to_owned(),
        tabs: vec![tab(w.t("board.all"), "", None), tab(w.t("board.danger"), "danger=1", None), tab(EVIL, "queue=gas", Some("0190"))],
        filters: Filters::new(&w, &scope(Role::Dispatcher), &f),
        query: "danger=1".into(),
        rows: some_lines(&w),
        further: false,
        next: Some("danger=1&cursor=x".into()),
        bulk: bulk_choices(&w),
        s,
    }
}

#[test]
fn the_board_is_dense_masked_and_tells_what_is_new() {
    let book = Book::load(None).unwrap();
    for lang in [Lang::Kk, Lang::Ru] {
        let html = checked("board", lang, &board(&book, lang));
        assert!(!html.contains("123 45 67") && html.contains("•••") && !html.contains("<script>alert"));
        assert!(html.contains("Төле би көшесі</span></td>") && !html.contains("12 пәтер"), "a street without its house");
        assert_eq!(html.matches("class=\"p0").count(), 1);
        assert!(html.contains(" unread\"") && html.contains(" fresh\""), "what is new is marked");
        assert!(html.contains("● ") || html.contains("●</span> Берік А."), "who looks at it stands there");
        assert!(html.contains("name=\"pick\" form=\"bulk\"") && html.contains("action=\"/console/bulk\""));
        assert!(html.contains("aria-current=\"page\"") && html.contains("data-rows=\"/console/board/rows?danger=1\""));
        assert!(html.len() < 60_000, "{} bytes", html.len());
        let part = RowsPart { rows: some_lines(&Words { book: &book, lang }), bulk: None, s: shell(&book, lang, true) };
        let rows = askama::Template::render(&part).unwrap();
        assert!(rows.trim_start().starts_with("<tr") && !rows.contains("name=\"pick\"") && !rows.contains("<html"));
    }
}

#[test]
fn who_has_it_is_told_only_while_somebody_has() {
    let book = Book::load(None).unwrap();
    let all = some_lines(&Words { book: &book, lang: Lang::Ru });
    let has: Vec<bool> = all.iter().map(|l| !l.who.is_empty()).collect();
    assert_eq!(has, [false, true, true, false], "in the queue nobody has it, whoever had it before");
    assert_eq!(all.iter().map(|l| (l.fresh, l.unread)).collect::<Vec<_>>(), [(true, false), (false, true), (false, false), (true, false)]);
}

#[test]
fn the_page_for_a_board_stays_small() {
    // What a page loads first: itself, two sheets, two scripts.
    let sizes = [include_str!("assets/site.css"), include_str!("assets/desk.css"), include_str!("assets/live.js"), include_str!("assets/desk.js")];
    assert!(sizes.iter().map(|s| s.len()).sum::<usize>() < 48_000);
    assert!(LINKS.desk_js.contains("desk.js?v=") && LINKS.desk_css.contains("desk.css?v="));
}

#[test]
fn search_bulk_calls_and_map_are_whole() {
    let book = Book::load(None).unwrap();
    for lang in [Lang::Kk, Lang::Ru] {
        let s = || shell(&book, lang, true);
        let w = s().w;
        let rows = Some(some_lines(&w));
        let html = checked("find", lang, &FindPage { s: s(), asked: EVIL.into(), rows, by_phone: true, more: true, bulk: None });
        assert!(!html.contains("<script>alert") && html.contains("method=\"post\" action=\"/console/find\""));
        checked("find_none", lang, &FindPage { s: s(), asked: "абай".into(), rows: Some(Vec::new()), by_phone: false, more: false, bulk: None });

        let results = vec![
            Outcome { number: "26-4817-0355".into(), done: true, text: w.t("state.assigned").into() },
            Outcome { number: "26-4817-0363".into(), done: false, text: w.with("bulk.stale", "status", w.t("state.closed")) },
        ];
        checked("bulk", lang, &BulkPage { s: s(), act: w.t("act.accept").into(), done: 1, refused: 1, results, back: "danger=1".into() });

        let call = |stage: &'static str, mine: bool| CallLine {
            id: "0190".into(),
            caller: "+7701 ••• •• 67".into(),
            at: "21.11 18:40".into(),
            stage,
            stage_name: w.of("call", stage),
            talk: "2:05".into(),
            agent: "oper3".into(),
            topic: Some(EVIL.into()),
            mine,
            inbound: true,
        };
        let back = |mine: bool| BackLine {
            id: "0191".into(),
            phone: "+7701 ••• •• 67".into(),
            missed: 3,
            attempts: 1,
            last: "21.11 18:20".into(),
            due: w.due(now() + Duration::minutes(12), now()),
            danger: !mine,
            repeated: false,
            mine,
        };
        let html = checked(
            "calls",
            lang,
            &CallsPage {
                s: s(),
                now: vec![call("ringing", false), call("answered", true)],
                backs: vec![back(true), back(false)],
                recent: vec![call("ended", false)],
                works: true,
            },
        );
        assert!(!html.contains("<script>alert") && html.contains("/console/callbacks/0191/take"));
        let c = CardView {
            id: "0190".into(),
            line: call("answered", true),
            phone: Some("+77011234567".into()),
            name: Some(format!("Әсел {EVIL}")),
            lang: Some(w.t("lang.kk").into()),
            started: "21.11.2026 18:40".into(),
            own: some_lines(&w),
            near: some_lines(&w),
            history: vec![call("ended", false)],
            linked: vec!["26-4817-0355".into()],
            works: true,
        };
        let html = checked("call", lang, &CallPage { c, form: NewPage::new(s(), NewForm::default()) });
        assert!(!html.contains("<script>alert") && html.contains("data-draft=\"/console/calls/0190/draft\"") && html.contains("tel:+77011234567"));
        let outcomes = crate::domain::callback::Attempt::ALL.iter().map(|a| (a.as_str().to_owned(), w.of("callback_outcome", a.as_str()))).collect();
        checked("callback", lang, &BackPage { s: s(), b: back(true), phone: Some("+77011234567".into()), call: Some("0190".into()), outcomes });

        let figures = BTreeMap::from([(Some("taraz".to_owned()), (40, 3, 1)), (Some("shu".to_owned()), (5, 0, 0)), (None, (2, 0, 0))]);
        let (drawn, height) = shapes(&s(), &book.outlines, &figures);
        assert_eq!(drawn.len(), book.catalog.districts.len(), "every district is drawn once");
        assert!(
            drawn.iter().all(|d| d.path.starts_with('M') && d.path.ends_with('Z') && (0.0..=900.0).contains(&d.x) && (0.0..=height).contains(&d.y))
        );
        assert_eq!(drawn.iter().filter(|d| d.shade > 0).map(|d| (d.code.as_str(), d.shade)).collect::<Vec<_>>(), [("shu", 1), ("taraz", 4)]);
        let html =
            checked("map", lang, &MapPage { attribution: book.outlines.attribution.clone(), shapes: drawn, height, nowhere: (2, 0, 0), s: s() });
        assert!(html.len() < 40_000, "{} bytes", html.len());
    }
}

#[test]
fn a_district_shows_its_work_by_place() {
    let book = Book::load(None).unwrap();
    let (list, _) = a_list();
    let spot = |n: usize, point: Option<(f64, f64)>, settlement: Option<&str>, address: &str| Spot {
        stored: list[n].clone(),
        point,
        settlement: settlement.map(Into::into),
        address: Some(address.into()),
    };
    let spots = [
        spot(0, Some((42.9, 71.37)), None, "Төле би көшесі 45, 12 пәтер"),
        spot(1, Some((42.9001, 71.3701)), None, "Төле би көшесі 47"),
        spot(2, Some((42.86, 71.40)), Some("Қарасу"), "Қарасу 3"),
        spot(3, None, None, EVIL),
        // Far outside: a point that was shared from elsewhere.
        spot(3, Some((51.0, 71.0)), None, "ул. Абая 12"),
    ];
    let open = BTreeMap::from([(Some("taraz".to_owned()), 5)]);
    let taraz = crate::domain::DistrictCode::new("taraz").unwrap();
    for lang in [Lang::Kk, Lang::Ru] {
        let page = DistrictPage::new(shell(&book, lang, true), &book.outlines, &taraz, &spots, true, &open).unwrap();
        assert_eq!((page.open, page.late, page.danger), (5, 1, 1));
        let seen: Vec<_> = page.clusters.iter().map(|c| (c.name.as_str(), c.open, c.danger, c.unplaced)).collect();
        assert_eq!(seen[..2], [("Төле би көшесі", 2, 1, false), ("Қарасу", 1, 0, false)]);
        assert!(seen[2..].iter().all(|c| c.3) && seen.len() == 4, "{seen:?}");
        let html = checked("map_district", lang, &page);
        assert!(!html.contains("<script>alert") && !html.contains("12 пәтер") && !html.contains("көшесі 45"), "a street without its house");
        assert!(html.contains("href=\"#p1\"") && html.contains("id=\"p1\"") && html.contains("district=taraz\" aria-current=\"page\""));
        let none = DistrictPage::new(shell(&book, lang, true), &book.outlines, &taraz, &[], false, &open).unwrap();
        assert!(checked("map_district_none", lang, &none).contains("class=\"empty\""));
        assert!(
            DistrictPage::new(shell(&book, lang, true), &book.outlines, &crate::domain::DistrictCode::new("almaty").unwrap(), &[], false, &open)
                .is_none()
        );
    }
}

#[test]
fn prepared_answers_are_in_the_language_of_the_resident() {
    let book = Book::load(None).unwrap();
    let (list, _) = a_list();
    let ru = Words { book: &book, lang: Lang::Ru };
    let all = super::around::canned(&ru, &list[0].request, Some(now()));
    assert!(all.len() >= 5);
    for c in &all {
        assert!(!c.text.contains('{') && !c.text.contains("Здравствуйте") && c.text.starts_with("Сәлеметсіз бе!"), "{}", c.text);
        assert!(!c.title.contains("canned."), "{}", c.title);
    }
    assert!(super::around::canned_text(&ru, &list[0].request, "no_such", None).is_none());
}
