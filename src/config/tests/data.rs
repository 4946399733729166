//! The shipped data: sound in itself, and routing and timing as the product says.

use super::write;
use crate::config::*;
use crate::domain::catalog::QueueKind;
use crate::domain::ids::{DistrictCode, MessageId, RequestId, ServiceCode};
use crate::domain::inbound::ChannelKind;
use crate::domain::request::{Priority, Registration, Request};
use crate::domain::routing::RouteKey;
use crate::domain::text_ref::TextRef;
use crate::domain::{Class, Hazard, Lang, RequestNumber};
use std::path::Path;

#[test]
fn shipped_data_has_no_problems() {
    let book = Book::load(None).unwrap();
    assert_eq!(book.problems(), Vec::<String>::new());
    assert_eq!((book.catalog.services.len(), book.catalog.districts.len()), (13, 11));
    assert!((20..=30).contains(&book.catalog.crews.len()), "{}", book.catalog.crews.len());
}

/// The queue the product wants, said a second time and in another way than the rules say it.
fn wanted(class: Class, service: &str, district: Option<&str>, needs_utility: bool) -> String {
    let of_taraz = ["water", "sewerage", "heating", "waste", "roads", "lighting", "transport", "landscaping"];
    let of_sarysu = ["water", "sewerage", "heating"];
    let utility = match (service, district) {
        ("electricity" | "gas" | "housing", _) => Some(service.to_owned()),
        (s, Some("taraz")) if of_taraz.contains(&s) => Some(format!("{s}_taraz")),
        (s, Some("sarysu")) if of_sarysu.contains(&s) => Some(format!("{s}_sarysu")),
        _ => None,
    };
    let administration = district.map(|d| format!("district_{d}"));
    match class {
        Class::Complaint => "control".into(),
        Class::Thanks => "noted".into(),
        Class::Proposal => administration.unwrap_or_else(|| "akimat".into()),
        Class::Incident => utility.or(administration).unwrap_or_else(|| "triage".into()),
        Class::Consultation => {
            let desk = if ["public_services", "other"].contains(&service) { "desk_social" } else { "desk_utilities" };
            utility.filter(|_| needs_utility).unwrap_or_else(|| desk.into())
        }
    }
}

#[test]
fn every_request_goes_where_the_product_says() {
    let book = Book::load(None).unwrap();
    let districts: Vec<Option<DistrictCode>> = book.catalog.districts.iter().map(|d| Some(d.code.clone())).chain([None]).collect();
    for &class in Class::ALL {
        for service in &book.catalog.services {
            for district in &districts {
                for needs_utility in [false, true] {
                    let key = RouteKey { class: Some(class), service: Some(&service.code), district: district.as_ref(), needs_utility };
                    let route = book.routing.route(&key, &book.catalog).unwrap();
                    let want = wanted(class, service.code.as_str(), district.as_ref().map(DistrictCode::as_str), needs_utility);
                    assert_eq!(route.queue.as_str(), want, "{key:?} by {}", route.rule);
                }
            }
        }
    }
}

#[test]
fn what_is_unclear_goes_to_a_person() {
    let book = Book::load(None).unwrap();
    let (water, taraz) = (ServiceCode::new("water").unwrap(), DistrictCode::new("taraz").unwrap());
    let to = |class, service| {
        let key = RouteKey { class, service, district: Some(&taraz), needs_utility: false };
        book.routing.route(&key, &book.catalog).unwrap().queue.to_string()
    };
    for (class, service, want) in [
        (None, None, "triage"),
        (None, Some(&water), "triage"),
        (Some(Class::Incident), None, "triage"),
        (Some(Class::Consultation), None, "triage"),
        (Some(Class::Proposal), None, "triage"),
        (Some(Class::Complaint), None, "control"),
        (Some(Class::Thanks), None, "noted"),
    ] {
        assert_eq!(to(class, service), want, "{class:?} {service:?}");
    }
}

#[test]
fn queue_codes_are_built_of_services_and_districts() {
    let catalog = Book::load(None).unwrap().catalog;
    for q in &catalog.queues {
        let code = q.code.as_str();
        let known = match q.kind {
            QueueKind::District => code.strip_prefix("district_").is_some_and(|d| catalog.district(d).is_some()),
            QueueKind::Utility => {
                catalog.service(code).is_some()
                    || code.rsplit_once('_').is_some_and(|(s, d)| catalog.service(s).is_some() && catalog.district(d).is_some())
            }
            _ => true,
        };
        assert!(known, "no rule would ever choose {code}");
        let road = matches!(q.kind, QueueKind::District | QueueKind::Utility);
        assert!(!road || catalog.crews.iter().any(|c| c.serves(&q.code)), "nobody goes out for {code}");
    }
}

/// Accept and restore minutes of a request as the shipped policies give them.
fn clocks(class: Option<Class>, service: &str, hazard: Option<Hazard>) -> (Option<i64>, Option<i64>) {
    let at = chrono::DateTime::from_timestamp(1_780_000_000, 0).unwrap();
    let registration = Registration {
        number: RequestNumber::compose(2026, 1),
        channel: ChannelKind::Telegram,
        lang: Lang::Kk,
        resident: None,
        conversation: None,
        class,
        service: Some(ServiceCode::new(service).unwrap()),
        district: None,
        hazard,
        priority: Priority::NORMAL,
        needs_utility: false,
        text: TextRef { message: MessageId::fresh(), digest: String::new() },
        reported_at: at,
        received_at: at,
    };
    let targets = Book::load(None).unwrap().sla.targets_for(&Request::begin(RequestId::fresh(), &registration, at));
    (targets.accept_secs.map(|s| s / 60), targets.restore_secs.map(|s| s / 60))
}

#[test]
fn clocks_are_as_the_product_says() {
    let fortnight = (Some(1440), Some(15 * 24 * 60));
    for (class, service, hazard, want) in [
        (Some(Class::Incident), "gas", Some(Hazard::GasLeak), (Some(2), Some(240))),
        (Some(Class::Thanks), "other", Some(Hazard::Fire), (Some(2), Some(240))),
        (None, "other", Some(Hazard::OpenManhole), (Some(2), Some(240))),
        (Some(Class::Incident), "gas", None, (Some(10), Some(480))),
        (Some(Class::Incident), "other", None, (Some(60), Some(4320))),
        (Some(Class::Consultation), "water", None, (Some(30), Some(1440))),
        (Some(Class::Complaint), "water", None, fortnight),
        (Some(Class::Proposal), "roads", None, fortnight),
        (Some(Class::Thanks), "roads", None, (None, None)),
        (None, "water", None, (Some(30), Some(1440))),
    ] {
        assert_eq!(clocks(class, service, hazard), want, "{class:?} {service} {hazard:?}");
    }
    assert_eq!(Book::load(None).unwrap().sla.silence_minutes, 4320);
}

#[test]
fn a_file_in_the_folder_replaces_the_embedded_one() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir, "sla.toml", "silence_minutes = 5\n[[policy]]\nname = 'all'\naccept_minutes = 1");
    let book = Book::load(Some(dir.path())).unwrap();
    assert_eq!(book.sla.silence_minutes, 5);
    assert_eq!(book.catalog.services.len(), 13, "the other files stay");
    std::fs::create_dir(dir.path().join("messages")).unwrap();
    write(&dir, "messages/kk.toml", "[a]\nb = 'Сәлем, {name}'");
    write(&dir, "messages/ru.toml", "[a]\nb = 'Здравствуйте, {nam}'");
    let problems = Book::load(Some(dir.path())).unwrap().problems();
    assert!(problems.iter().any(|p| p.contains("'a.b' has other placeholders")), "{problems:?}");
    write(&dir, "routing.toml", "[[rule]]\nname = 'x'\nqueue = 'y'\ncolour = 1");
    write(&dir, "calendar.toml", "timezone = ");
    let text = Book::load(Some(dir.path())).unwrap_err().to_string();
    assert!(text.contains("routing.toml") && text.contains("colour") && text.contains("calendar.toml"), "{text}");
    let text = Book::load(Some(Path::new("/nowhere/at/all"))).unwrap_err().to_string();
    assert!(text.starts_with("1 problem in") && text.contains("is not a folder"), "{text}");
    assert_eq!(data_text(Some(dir.path()), "lexicon/x.toml", "built in").unwrap(), "built in");
}

#[test]
fn the_calendar_knows_the_working_days() {
    let calendar = Book::load(None).unwrap().calendar;
    for (day, want) in [
        ("2025-12-31", None),
        ("2026-01-01", Some(false)),
        ("2026-01-05", Some(true)),
        ("2026-03-09", Some(false)),
        ("2026-03-20", Some(true)),
        ("2026-03-25", Some(false)),
        ("2026-03-26", Some(true)),
        ("2026-10-26", Some(false)),
        ("2026-10-24", Some(false)),
        ("2027-03-15", Some(false)),
        ("2027-05-17", Some(true)),
        ("2028-01-03", None),
    ] {
        assert_eq!(calendar.is_working_day(day.parse().unwrap()), want, "{day}");
    }
}

#[test]
fn a_bad_calendar_is_told() {
    let good = Book::load(None).unwrap().calendar;
    let day = |s: &str| Day(s.parse().unwrap());
    let bad = |change: &dyn Fn(&mut Calendar), part: &str| {
        let mut c = good.clone();
        change(&mut c);
        let problems = c.problems();
        assert!(problems.iter().any(|p| p.contains(part)), "{part}: {problems:?}");
    };
    bad(&|c| c.timezone = "Taraz".into(), "not a time zone");
    bad(&|c| c.holidays.push(c.holidays[0].clone()), "stands twice");
    bad(&|c| c.valid_until = day("2026-12-31"), "lies outside");
    bad(&|c| c.working_saturdays.push(day("2026-01-05")), "not a Saturday");
    bad(&|c| c.working_saturdays.push(day("2026-03-21")), "both a holiday and a working day");
    bad(&|c| c.zones.reverse(), "the first zone");
    bad(&|c| c.holidays[0].name.kk.clear(), "both languages");
}
