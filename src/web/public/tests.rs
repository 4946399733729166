use super::*;
use crate::config::Book;
use crate::domain::request::Event;
use crate::domain::sla::TimerState;
use crate::domain::{Hazard, Lang, QueueCode};
use crate::web::console::tests::{checked, now, request, shell, timer};

fn queued() -> Event {
    Event::Queued { queue: QueueCode::new("water_taraz").unwrap(), rule: "water".into() }
}

#[test]
fn the_form_keeps_what_was_typed_and_escapes_it() {
    let book = Book::load(None).unwrap();
    for lang in [Lang::Kk, Lang::Ru] {
        checked("home", lang, &HomePage::new(shell(&book, lang, false), Report::default(), ""));
        let f =
            Report { text: "</textarea><script>alert(1)</script>".into(), address: "\"><b>x".into(), district: "shu".into(), ..Report::default() };
        let s = shell(&book, lang, false).noticed(false, book.messages.get(lang, "error.bad_phone").unwrap());
        let html = checked("home_bad", lang, &HomePage::new(s, f, "\"><script>"));
        assert!(!html.contains("<script>alert") && !html.contains("\"><b>x") && html.contains("<option value=\"shu\" selected>"));
    }
}

#[test]
fn a_form_becomes_what_is_stated() {
    let f = Report { text: "нет воды".into(), phone: "8 701 123 45 67".into(), address: "  ".into(), ..Report::default() };
    let (stated, phone) = read(&f).unwrap();
    assert_eq!((stated.text.as_str(), stated.address, phone.unwrap().e164()), ("нет воды", None, "+77011234567"));
    for (f, code) in [
        (Report { phone: "12".into(), ..Report::default() }, "bad_phone"),
        (Report { district: "No!".into(), ..Report::default() }, "unprocessable"),
        (Report { website: "http://spam.example".into(), ..Report::default() }, "bad_request"),
    ] {
        assert_eq!(read(&f).err(), Some(code));
    }
}

#[test]
fn tracking_shows_the_way_and_nothing_personal() {
    let book = Book::load(None).unwrap();
    let r = request(4_817_035, Some(Hazard::Flooding), &[queued(), Event::Accepted]);
    let clocks = [timer(r.id, Stage::Accept, TimerState::Met, -60), timer(r.id, Stage::Restore, TimerState::Running, 95)];
    for lang in [Lang::Kk, Lang::Ru] {
        let html = checked("track", lang, &TrackPage::new(shell(&book, lang, false), &r, &clocks, now(), true, vec!["26-1111-1117".into()]));
        assert!(html.contains("href=\"/t/26-1111-1117"));
        assert!(html.contains("26-4817-0355") && html.contains("class=\"safety\"") && html.contains("aria-current=\"step\""));
        let resident = r.resident.unwrap().to_string();
        assert!(!html.contains(&resident) && !html.contains("water_taraz"));
        let later = TrackPage::new(shell(&book, lang, false), &r, &clocks, now(), false, Vec::new()).render().unwrap();
        assert!(!later.contains("class=\"safety\""), "only who has just reported it is told what to do");
    }
}

#[test]
fn the_way_shows_only_what_happened() {
    let book = Book::load(None).unwrap();
    let w = Words { book: &book, lang: Lang::Ru };
    let mut r = request(1, None, &[queued(), Event::Accepted, Event::Started]);
    let done = |r: &Request| steps(&w, r).iter().map(|s| (s.done, s.now)).collect::<Vec<_>>();
    assert_eq!(done(&r), [(true, false), (true, false), (true, true), (false, false)]);
    r.status = Status::Rejected;
    assert_eq!(done(&r), [(true, false), (true, true)]);
    r.status = Status::Closed;
    assert_eq!(done(&r).last(), Some(&(true, true)));
}
