//! Pages rendered from made-up requests: words resolved in both languages, foreign text escaped, acts by role.

mod lists;
mod made;
mod request_page;

use super::assets::LINKS;
use super::create::{NewForm, NewPage};
use super::shell::{Shell, Who};
use super::sign_in::SignInPage;
use super::words::Words;
use crate::config::Book;
use crate::domain::{Instant, Lang};
use askama::Template;
use made::EVIL;
pub(in crate::web) use made::{a_list, request, scope, timer};

pub(in crate::web) fn now() -> Instant {
    "2026-11-21T13:40:00Z".parse().unwrap()
}

pub(in crate::web) fn shell(book: &Book, lang: Lang, who: bool) -> Shell<'_> {
    let who = who.then(|| Who {
        name: "Айгүл С.".into(),
        login: "aigul".into(),
        role: "Диспетчер".into(),
        csrf: "c5f0".into(),
        queues: true,
        jobs: false,
        create: true,
        calls: true,
        reports: true,
        people: true,
        audit: true,
        keep: true,
        rights: true,
        duty: true,
        admin: true,
    });
    Shell {
        w: Words { book, lang },
        links: &LINKS,
        now_ms: now().timestamp_millis(),
        who,
        here: "queues",
        notice: None,
        again: "",
        dangers: Vec::new(),
        down: Vec::new(),
    }
}

/// Writes a page to the folder that `JAMBYL_PAGES` names, to look at it, and checks that every word on it is resolved.
pub(in crate::web) fn checked(name: &str, lang: Lang, template: &impl Template) -> String {
    let html = template.render().unwrap();
    if let Ok(dir) = std::env::var("JAMBYL_PAGES") {
        let looked = html
            .replace(&LINKS.css, concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/console/assets/site.css"))
            .replace(&LINKS.desk_css, concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/console/assets/desk.css"))
            .replace(&LINKS.road_css, concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/console/assets/road.css"))
            .replace(&LINKS.road_js, concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/console/assets/road.js"))
            .replace(&LINKS.queue_js, concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/console/assets/queue.js"))
            .replace(&LINKS.figures_css, concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/console/assets/figures.css"))
            .replace(&LINKS.desk_js, concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/console/assets/desk.js"))
            .replace(&LINKS.js, concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/console/assets/live.js"));
        std::fs::write(format!("{dir}/{name}.{lang}.html"), looked).unwrap();
    }
    // A file's name is no key of a text.
    let words = html.replace("/assets/road.", "/assets/");
    for group in [
        "console",
        "public",
        "act",
        "state",
        "event",
        "timer",
        "stage",
        "priority",
        "error",
        "delivery",
        "unit",
        "file",
        "unknown",
        "safety",
        "board",
        "bulk",
        "find",
        "present",
        "watch",
        "undo",
        "clash",
        "joined",
        "near",
        "reply_form",
        "canned",
        "keys",
        "calls",
        "call",
        "callback_outcome",
        "map",
        "reports",
        "wall",
        "who",
        "audit",
        "permission",
        "admin",
        "fault",
        "duty",
        "role",
        "road",
        "crew",
    ] {
        for (at, _) in words.match_indices(&format!("{group}.")) {
            let before = words[..at].chars().last().unwrap_or(' ');
            let after = words[at + group.len() + 1..].chars().next().unwrap_or(' ');
            assert!(before.is_alphanumeric() || !after.is_ascii_lowercase(), "{name}.{lang}: {}", words[at..].chars().take(40).collect::<String>());
        }
    }
    assert!(!html.contains(" style=") && !html.contains("<script>") && !html.contains(" onclick"), "{name}: inline style or script");
    assert!(html.starts_with(&format!("<!doctype html>\n<html lang=\"{lang}\"")), "{name}");
    html
}

#[test]
fn the_small_pages_are_whole() {
    let book = Book::load(None).unwrap();
    for lang in [Lang::Kk, Lang::Ru] {
        let html = checked("sign_in", lang, &SignInPage { s: shell(&book, lang, false), login: EVIL.into() });
        assert!(html.contains("name=\"login\"") && html.contains("name=\"password\"") && !html.contains("<script>alert"));
        checked("new", lang, &NewPage::new(shell(&book, lang, true), NewForm::default()));
        let error = super::ErrorPage {
            s: shell(&book, lang, false),
            status: 404,
            text: book.messages.get(lang, "error.not_found").unwrap().into(),
            request_id: "0190-abc".into(),
        };
        assert!(checked("error", lang, &error).contains("0190-abc"));
    }
}

#[test]
fn each_event_has_its_line() {
    let book = Book::load(None).unwrap();
    for lang in [Lang::Kk, Lang::Ru] {
        let w = Words { book: &book, lang };
        for kind in crate::domain::request::EventKind::ALL {
            assert!(!w.of("event", kind.as_str()).contains("event."), "{lang} {kind}");
        }
        for (secs, ru) in
            [(0, "меньше минуты"), (59, "меньше минуты"), (60, "1 мин"), (3600, "1 ч"), (-3660, "1 ч 1 мин"), (90_000, "1 д 1 ч"), (86_400, "1 д")]
        {
            assert!(lang == Lang::Kk || w.span(secs) == ru, "{secs}: {}", w.span(secs));
        }
    }
}
