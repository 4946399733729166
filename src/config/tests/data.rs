//! The shipped data: sound in itself, and routing and timing as the product says.

use super::write;
use crate::config::*;
use crate::domain::calendar::{Day, Span, Weekday, WorkingDay};
use crate::domain::catalog::{Named, QueueKind};
use crate::domain::ids::{CrewCode, DistrictCode, MessageId, QueueCode, RequestId, ServiceCode};
use crate::domain::inbound::ChannelKind;
use crate::domain::request::{Event, Priority, Registration, Request};
use crate::domain::routing::RouteKey;
use crate::domain::shift::{Shift, Shifts};
use crate::domain::sla::{Amount, PauseReason, Row, Rung, Stage, Target, Way, When, ledger};
use crate::domain::text_ref::TextRef;
use crate::domain::{Class, Hazard, Instant, Lang, RequestNumber};
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

fn registration(class: Option<Class>, service: &str, hazard: Option<Hazard>, priority: Priority, vulnerable: bool, at: Instant) -> Registration {
    Registration {
        number: RequestNumber::compose(2026, 1),
        channel: ChannelKind::Telegram,
        lang: Lang::Kk,
        resident: None,
        conversation: None,
        class,
        service: Some(ServiceCode::new(service).unwrap()),
        district: None,
        hazard,
        priority,
        needs_utility: false,
        text: TextRef { message: MessageId::fresh(), digest: String::new() },
        reported_at: at,
        received_at: at,
        triage: None,
        vulnerable,
    }
}

/// Accept, arrive and restore times of a request as the shipped policies give them: minutes as `30`, working days as `15d`.
fn clocks(class: Option<Class>, service: &str, hazard: Option<Hazard>, priority: Priority, vulnerable: bool) -> String {
    let at = chrono::DateTime::from_timestamp(1_780_000_000, 0).unwrap();
    let registration = registration(class, service, hazard, priority, vulnerable, at);
    let books = Book::load(None).unwrap().books();
    let policy = books.last().policy_for(&Request::begin(RequestId::fresh(), &registration, at)).unwrap();
    let shown = |t: &Option<Target>| match t.as_ref().and_then(Target::amount) {
        Some(Amount::Minutes(m)) => m.to_string(),
        Some(Amount::WorkingDays(d)) => format!("{d}d"),
        Some(Amount::WorkingMinutes(m)) => format!("{m}w"),
        None => "-".into(),
    };
    [&policy.accept, &policy.arrive, &policy.restore].map(shown).join(" ")
}

#[test]
fn clocks_are_as_the_product_says() {
    let plain = |class, service: &str, hazard| clocks(class, service, hazard, Priority::NORMAL, false);
    for (class, service, hazard, want) in [
        (Some(Class::Incident), "gas", Some(Hazard::GasLeak), "2 40 240"),
        (Some(Class::Thanks), "other", Some(Hazard::Fire), "2 40 240"),
        (None, "other", Some(Hazard::OpenManhole), "2 40 240"),
        (Some(Class::Incident), "gas", None, "10 - 480"),
        (Some(Class::Incident), "other", None, "60 - 4320"),
        (Some(Class::Consultation), "water", None, "30 - 1440"),
        (Some(Class::Complaint), "water", None, "3d - 15d"),
        (Some(Class::Proposal), "roads", None, "3d - 15d"),
        (Some(Class::Thanks), "roads", None, "- - -"),
        (None, "water", None, "30 - 1440"),
    ] {
        assert_eq!(plain(class, service, hazard), want, "{class:?} {service} {hazard:?}");
    }
    assert_eq!(clocks(Some(Class::Incident), "heating", None, Priority::HIGH, false), "7 - 360");
    assert_eq!(clocks(Some(Class::Incident), "heating", None, Priority::NORMAL, true), "10 - 240");
    assert_eq!(clocks(Some(Class::Incident), "heating", None, Priority::HIGH, true), "5 - 180");
    assert_eq!(clocks(Some(Class::Incident), "heating", Some(Hazard::CarbonMonoxide), Priority::DANGER, true), "2 40 240");
    assert_eq!(Book::load(None).unwrap().sla.silence_minutes, 4320);
}

#[test]
fn a_file_in_the_folder_replaces_the_embedded_one() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir, "sla.toml", "silence_minutes = 5\n[[policy]]\nname = 'all'\naccept = { minutes = 1 }");
    let book = Book::load(Some(dir.path())).unwrap();
    assert_eq!(book.sla.silence_minutes, 5);
    assert_eq!(book.catalog.services.len(), 13, "the other files stay");
    std::fs::create_dir(dir.path().join("messages")).unwrap();
    // Of the texts only those that stand there are replaced; what cannot be meant so is told.
    write(&dir, "messages/ru.toml", "[ask]\nwhat = 'Что у вас случилось?'");
    let book = Book::load(Some(dir.path())).unwrap();
    assert_eq!((book.messages.get(Lang::Ru, "ask.what"), book.problems()), (Some("Что у вас случилось?"), Vec::new()));
    write(&dir, "messages/kk.toml", "rated = 'Рахмет, {name}'\n[ask]\nwhta = 'Не болды?'");
    write(
        &dir,
        "messages/ru.toml",
        "[sms.ack]\nregistered = 'Ваше обращение зарегистрировано под номером {number}, выполнят до {restore_due}; ход работы можно узнать, если написать нам: 109 СТАТУС'",
    );
    let problems = Book::load(Some(dir.path())).unwrap().problems();
    for part in ["nothing fills {name} of 'rated'", "there is no text 'ask.whta'", "shorten 'sms.ack.registered'"] {
        assert!(problems.iter().any(|p| p.contains(part)), "{part}: {problems:?}");
    }
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
fn the_account_of_clocks_is_told_in_both_languages() {
    let book = Book::load(None).unwrap();
    let at = |s: &str| -> Instant { s.parse().unwrap() };
    let text = || TextRef { message: MessageId::fresh(), digest: String::new() };
    let queue = |s: &str| QueueCode::new(s).unwrap();
    let registration = registration(Some(Class::Complaint), "water", None, Priority::NORMAL, false, at("2026-03-12T10:00:00Z"));
    let reclassified = Event::Reclassified { class: Some(Class::Incident), service: None, district: None, hazard: None, priority: Priority::NORMAL };
    let hold = |until| Event::Held { reason: text(), until, why: Some(PauseReason::Parts) };
    let journal = [
        (Event::Registered(Box::new(registration)), "2026-03-12T10:00:00Z"),
        (Event::Queued { queue: queue("control"), rule: String::new() }, "2026-03-12T10:00:00Z"),
        (Event::PauseAsked { why: PauseReason::Parts, reason: text(), until: None }, "2026-03-12T10:01:00Z"),
        (Event::PauseDeclined { reason: None }, "2026-03-12T10:02:00Z"),
        (Event::Refused { reason: text(), queue: queue("gas"), proposed: None }, "2026-03-13T10:00:00Z"),
        (Event::Refused { reason: text(), queue: queue("control"), proposed: Some(queue("gas")) }, "2026-03-13T11:00:00Z"),
        (Event::Transferred { queue: queue("akimat"), reason: None }, "2026-03-13T11:30:00Z"),
        (Event::Breached { stage: Stage::Accept, due_at: at("2026-03-18T13:30:00Z"), priority: Priority::HIGH }, "2026-03-18T13:30:00Z"),
        (Event::Accepted, "2026-03-19T05:00:00Z"),
        (hold(Some(at("2026-03-20T08:00:00Z"))), "2026-03-20T05:00:00Z"),
        (Event::Resumed, "2026-03-20T08:00:00Z"),
        (Event::Resolved { note: None }, "2026-03-20T09:00:00Z"),
        (Event::Reopened { reason: None }, "2026-03-26T09:00:00Z"),
        (Event::Accepted, "2026-03-26T09:05:00Z"),
        (reclassified, "2026-03-26T09:10:00Z"),
        (Event::Retimed { revision: 0 }, "2026-03-26T09:11:00Z"),
        (hold(None), "2026-03-26T09:20:00Z"),
    ];
    let rows: Vec<(Event, Instant)> = journal.into_iter().map(|(e, t)| (e, at(t))).collect();
    let rows: Vec<Row<'_>> = rows.iter().map(|(event, at)| Row { event, at: *at }).collect();
    let entries = ledger(RequestId::fresh(), &rows, &book.books(), at("2026-03-26T10:00:00Z"));
    for lang in [Lang::Kk, Lang::Ru] {
        let told: Vec<String> = entries.iter().map(|e| book.sentence(lang, e)).collect();
        for (entry, sentence) in entries.iter().zip(&told) {
            assert!(book.messages.get(lang, entry.key).is_some(), "{}", entry.key);
            assert!(!sentence.contains(['{', '}', '@']), "{lang}: {sentence}");
        }
        assert!(told.len() > 25, "{told:#?}");
    }
    let told: Vec<String> = entries.iter().map(|e| book.sentence(Lang::Ru, e)).collect();
    let has = |part: &str| assert!(told.iter().any(|t| t.contains(part)), "{part}: {told:#?}");
    has("24.03.2026 не считается — Наурыз мейрамы");
    has("даётся 123 ч 30 мин (Рабочее время государственных органов), срок — 07.04 18:30");
    has("Отказ «не наше» № 2");
    has("Спор об исполнителе: решить за 1 ч");
    has("на паузе");
}

#[test]
fn what_is_wrong_with_norms_is_told_in_both_languages() {
    let book = Book::load(None).unwrap();
    let code = |s: &str| ServiceCode::new(s).unwrap();
    let queue = |s: &str| QueueCode::new(s).unwrap();
    let mut sla = book.sla.clone();
    sla.silence_minutes = 0;
    sla.pauses[0].roles.clear();
    sla.pauses[1].max_minutes = Some(0);
    sla.pauses.push(sla.pauses[2].clone());
    sla.ladders[0].rungs[0] = Rung { when: When::default(), to: vec![], by: vec![Way::Mail], move_to: Some(queue("nowhere")), ..Rung::default() };
    sla.ladders[0].rungs[1] = Rung { when: sla.ladders[0].rungs[1].when, ..Rung::default() };
    sla.ladders[1].rungs.clear();
    sla.ladders.push(sla.ladders[2].clone());
    if let Some(a) = &mut sla.arbitration {
        (a.queue, a.after_refusals) = (queue("nowhere"), 0);
    }
    let first = &mut sla.policies[0];
    (first.service, first.queue, first.district) = (vec![code("magic")], vec![queue("nowhere")], vec![DistrictCode::new("mars").unwrap()]);
    (first.priority, first.valid_from, first.valid_until) = (vec![Priority(9)], Some(Day::from_number(9)), Some(Day::from_number(8)));
    first.title = Some(Named { kk: String::new(), ru: "б".into() });
    first.basis.clone_from(&first.title);
    first.accept = Some(Target::default());
    first.arrive = Some(Target::minutes(0));
    first.restore = Some(Target { calendar: Some("office".into()), ladder: Some("none".into()), ..Target::minutes(1) });
    sla.policies[1].accept = Some(Target { working_days: Some(9_999), calendar: Some("moon".into()), ..Target::default() });
    sla.policies.push(sla.policies[2].clone());
    sla.policies.retain(|p| p.hazard.is_some() || (!p.class.contains(&Class::Consultation) && !p.class.is_empty()));
    let mut calendar = book.calendar.clone();
    calendar.timezone = "Asia/Nowhere".into();
    (calendar.valid_from, calendar.valid_until) = (calendar.valid_until, calendar.valid_from);
    let mut rest = calendar.holidays[0].clone();
    (rest.name.kk, rest.moved_from) = (String::new(), Some(calendar.valid_from));
    calendar.holidays.push(rest.clone());
    calendar.working_days.push(WorkingDay { date: rest.date, like: Weekday::Mon });
    calendar.working_saturdays = vec![Day("2026-11-18".parse().unwrap()); 2];
    let mut twin = calendar.calendars[0].clone();
    (twin.name.ru, twin.queues) = (String::new(), vec![queue("nowhere"), queue("control"), queue("control")]);
    twin.hours = vec![twin.hours[0].clone(), twin.hours[0].clone()];
    twin.hours[0].mon = vec![Span::parse("08:00-12:00").unwrap(), Span::parse("11:00-13:00").unwrap()];
    let mut idle = twin.clone();
    (idle.code, idle.hours) = ("always".into(), Vec::new());
    calendar.calendars.extend([twin, idle]);
    let crew = |s: &str| CrewCode::new(s).unwrap();
    let shift = |c: &str| Shift { crew: crew(c), holidays: false, hours: Vec::new(), days: Vec::new() };
    let shifts = Shifts { shifts: vec![shift("nobody"), shift("gas_shu"), shift("gas_shu")] };

    let mut faults = sla.faults(&book.catalog, &calendar);
    faults.extend(calendar.faults(&book.catalog));
    faults.extend(shifts.faults(&book.catalog, &book.calendar));
    let kinds: std::collections::BTreeSet<&str> = faults.iter().map(|f| f.key).collect();
    assert!(kinds.len() >= 34, "{} kinds: {kinds:?}", kinds.len());
    for f in &faults {
        for lang in [Lang::Kk, Lang::Ru] {
            let key = format!("fault.{}", f.key);
            assert!(book.messages.get(lang, &key).is_some(), "{key} in {lang}");
            let told = book.render(lang, &key, &f.params);
            assert!(!told.contains(['{', '}', '@']), "{lang}: {told}");
        }
    }
}
