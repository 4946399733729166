//! Lists: masked, dangers first, queues that need a person first, and the crew's page.

use super::made::{EVIL, a_list, scope};
use super::{checked, now, shell};
use crate::config::Book;
use crate::domain::access::{Reach, Role, Scope};
use crate::domain::{Lang, QueueCode};
use crate::store::messages::PlaceRow;
use crate::store::requests::QueueCursor;
use crate::web::console::jobs::{Free, Job, JobsPage, jobs_of, reasons};
use crate::web::console::queues::{Asked, QueuePage, QueuesPage, grouped, rows};
use crate::web::console::shell::Shell;
use crate::web::console::words::Words;
use std::collections::BTreeMap;

#[test]
fn lists_are_masked_and_dangers_stand_out() {
    let book = Book::load(None).unwrap();
    let (list, firsts) = a_list();
    let code = QueueCode::new("water_taraz").unwrap();
    for lang in [Lang::Kk, Lang::Ru] {
        let s = shell(&book, lang, true);
        let lines = rows(&s.w, &list, &firsts, now());
        let asked = Asked { status: "queued".into(), ..Asked::default() };
        let next = QueueCursor::after(&list[3]);
        let html = checked("queue", lang, &QueuePage::new(s, &code, &asked, lines, Some(&next)));
        assert!(!html.contains("123 45 67") && html.contains("•••") && !html.contains("<script>alert"));
        assert!(html.contains("class=\"pill hazard\"") && html.contains("<option value=\"queued\" selected>") && html.contains("rel=\"next\""));
    }
    let ru = Words { book: &book, lang: Lang::Ru };
    let lines = rows(&ru, &list, &firsts, now());
    let words: Vec<String> = lines.iter().filter_map(|l| l.due.as_ref().map(|d| d.words.clone())).collect();
    assert_eq!(words, ["просрочено на 24 мин", "осталось 12 мин", "осталось 3 ч 10 мин", "осталось 2 д 2 ч"]);
}

#[test]
fn queues_that_need_a_person_come_first() {
    let book = Book::load(None).unwrap();
    let counts: Vec<(Option<String>, bool, i64)> =
        [("gas", false, 9), ("water_taraz", false, 4), ("water_taraz", true, 2), ("triage", false, 3), ("electricity", true, 1)]
            .map(|(q, o, n)| (Some(q.into()), o, n))
            .into();
    for lang in [Lang::Kk, Lang::Ru] {
        let s = shell(&book, lang, true);
        let (first, busy, empty) = grouped(&s.w, &scope(Role::Dispatcher), &counts);
        assert_eq!(first.iter().map(|l| l.code.as_str()).collect::<Vec<_>>(), ["triage"]);
        assert_eq!(
            busy.iter().map(|l| (l.code.as_str(), l.open, l.overdue)).collect::<Vec<_>>(),
            [("water_taraz", 6, 2), ("electricity", 1, 1), ("gas", 9, 0)]
        );
        checked("queues", lang, &QueuesPage { s, first, busy, empty });
    }
    let few = Scope { reach: Reach::Queues(vec![QueueCode::new("gas").unwrap()]), ..scope(Role::Dispatcher) };
    let (first, busy, empty) = grouped(&Words { book: &book, lang: Lang::Ru }, &few, &counts);
    assert_eq!((first.len(), busy.len(), empty.len()), (0, 1, 0), "only what the scope reaches");
}

#[test]
fn a_crew_has_its_buttons() {
    let book = Book::load(None).unwrap();
    let (list, firsts) = a_list();
    let places = BTreeMap::from([(list[0].request.id, PlaceRow { address: Some(format!("Абай 12 {EVIL}")), lat: Some(42.9), lon: Some(71.37) })]);
    for lang in [Lang::Kk, Lang::Ru] {
        let mut s = shell(&book, lang, true);
        s.here = "jobs";
        let jobs = jobs_of(&s.w, &scope(Role::Crew), &list[..2], &firsts, &places, now());
        let possible = |j: &Job| j.presses.iter().filter(|p| p.possible).map(|p| p.act).collect::<Vec<_>>();
        assert_eq!((possible(&jobs[0]), jobs[0].resolve), (Vec::new(), false));
        assert_eq!((possible(&jobs[1]), jobs[1].resolve, jobs[1].hold), (vec!["arrive"], true, true));
        let html = checked("jobs", lang, &jobs_page(s, jobs, Some("ABCDEFGH23".into())));
        assert!(!html.contains("<script>alert") && html.contains("ABCDEFGH23"));
        // What is not possible now stands hidden for the page that goes on without a network.
        assert_eq!(html.matches("data-act=\"start\" hidden").count(), 2);
        assert!(html.contains("capture=\"environment\"") && html.contains("enctype=\"multipart/form-data\""));
        checked("jobs_none", lang, &jobs_page(shell(&book, lang, true), Vec::new(), None));
    }
}

fn jobs_page<'a>(s: Shell<'a>, jobs: Vec<Job>, code: Option<String>) -> JobsPage<'a> {
    let (list, _) = a_list();
    JobsPage {
        crew: "№ 1".into(),
        free: rows(&s.w, &list[..1], &BTreeMap::new(), now()).into_iter().map(|row| Free { row }).collect(),
        reasons: reasons(&s.w, &s.w.book.sla),
        code,
        who: "c0ffee".into(),
        copy: "c0".into(),
        mark: "m1".into(),
        at: "21.11 18:40".into(),
        jobs,
        s,
    }
}

#[test]
fn places_open_in_map_applications() {
    let book = Book::load(None).unwrap();
    let (list, firsts) = a_list();
    let place = |p: PlaceRow| {
        let places = BTreeMap::from([(list[0].request.id, p)]);
        let job = jobs_of(&Words { book: &book, lang: Lang::Ru }, &scope(Role::Crew), &list[..1], &firsts, &places, now()).remove(0);
        (job.geo, job.gis)
    };
    let (geo, gis) = place(PlaceRow { address: Some("x".into()), lat: Some(42.9), lon: Some(71.378) });
    assert_eq!(geo.unwrap(), "geo:42.900000,71.378000?q=42.900000,71.378000");
    assert_eq!(gis.unwrap(), "https://2gis.kz/geo/71.378000,42.900000");
    let (geo, gis) = place(PlaceRow { address: Some("Абая 12\"><b>".into()), lat: None, lon: None });
    let (geo, gis) = (geo.unwrap(), gis.unwrap());
    assert!(geo.starts_with("geo:0,0?q=%") && gis.starts_with("https://2gis.kz/search/%"));
    assert!(geo.bytes().chain(gis.bytes()).all(|b| b.is_ascii_alphanumeric() || b":,?=%/.".contains(&b)), "{geo} {gis}");
    assert_eq!(place(PlaceRow::default()), (None, None));
}
