//! Pages of accounts and the audit, rendered in both languages: every word resolved, foreign text escaped, nothing that the policy forbids.

use super::account::second_factor::{CodesPage, EnrolPage, picture};
use super::account::{AccountPage, OpenLine};
use super::audit::{Asked, AuditPage};
use super::people::{Choice, Choices, PeoplePage, PersonLine, PersonPage, reach};
use super::sign_in::CodePage;
use super::tests::{checked, now, shell};
use crate::config::Book;
use crate::dispatch::audit::Line;
use crate::domain::access::Role;
use crate::domain::{CrewCode, DistrictCode, Lang, QueueCode, StaffId, totp};
use crate::store::staff::Staff;

const EVIL: &str = "<b title=\"x\">&'";

fn member(role: Role, queues: &[&str]) -> Staff {
    Staff {
        id: StaffId::fresh(),
        login: "aigul".into(),
        name: format!("Айгүл {EVIL}"),
        role,
        queues: queues.iter().map(|q| QueueCode::new(*q).unwrap()).collect(),
        districts: vec![DistrictCode::new("shu").unwrap()],
        crew: (role == Role::Crew).then(|| CrewCode::new("water_taraz_1").unwrap()),
        lang: Lang::Kk,
        password_hash: String::new(),
        disabled: false,
        created_at: now(),
        second_factor: true,
        password_at: None,
        password_given: false,
    }
}

fn open(current: bool, device: &str) -> OpenLine {
    OpenLine {
        id: StaffId::fresh().to_string(),
        device: device.into(),
        kind: "API".into(),
        address: "10.20.30.40".into(),
        since: "21.11.2026 08:00".into(),
        seen: "21.11.2026 18:40".into(),
        until: "21.11.2026 20:00".into(),
        current,
        end_at: "/console/account/sessions/x/end".into(),
    }
}

fn safe(html: &str) {
    assert!(!html.contains("<b title") && !html.contains("'>&'"), "a name became markup");
}

#[test]
fn pages_of_accounts() {
    let book = Book::load(None).unwrap();
    for lang in [Lang::Kk, Lang::Ru] {
        let s = shell(&book, lang, true);
        for (second_factor, must) in [(true, false), (true, true), (false, false)] {
            let page = AccountPage {
                login: "aigul".into(),
                role: s.w.of("role", "dispatcher"),
                reach: reach(&s.w, &member(Role::Dispatcher, &["water_taraz", "gas"])),
                lang,
                shortest: 10,
                second_factor,
                must,
                since: second_factor.then(|| "20.11.2026 09:00".into()),
                codes_left: 7,
                open: vec![open(true, "Firefox, Linux"), open(false, EVIL)],
                s: shell(&book, lang, true),
            };
            let html = checked(if second_factor { "account" } else { "account_bare" }, lang, &page);
            safe(&html);
            assert_eq!(html.contains("second-factor/off"), second_factor && !must);
            assert_eq!(html.matches("/end\"").count(), 1, "the own session is ended by signing out");
        }
        let proposed = totp::address(b"12345678901234567890", "aigul", "Jambyl109");
        let enrol = EnrolPage {
            csrf: "c5f0".into(),
            must: true,
            qr: picture(&proposed).unwrap(),
            secret: totp::base32(b"12345678901234567890"),
            address: proposed,
            s: shell(&book, lang, false),
        };
        assert!(checked("enrol", lang, &enrol).contains("<svg"));
        let codes: Vec<String> = (2..12).map(|n| format!("abc{n:02}-xyz{n:02}")).collect();
        checked("codes", lang, &CodesPage { codes, s: shell(&book, lang, true) });
        checked("second_factor", lang, &CodePage { s: shell(&book, lang, false), csrf: "c5f0".into() });
    }
}

#[test]
fn pages_of_people() {
    let book = Book::load(None).unwrap();
    for lang in [Lang::Kk, Lang::Ru] {
        let s = shell(&book, lang, true);
        let line = |role: Role, queues: &[&str], disabled: bool| {
            let m = member(role, queues);
            PersonLine {
                login: m.login.clone(),
                name: m.name.clone(),
                role: s.w.of("role", role.as_str()),
                reach: reach(&s.w, &m),
                second_factor: !disabled,
                disabled,
            }
        };
        let people = PeoplePage {
            people: vec![
                line(Role::Dispatcher, &["water_taraz", "gas", "electricity"], false),
                line(Role::Crew, &[], false),
                line(Role::Admin, &[], false),
                line(Role::Auditor, &[], true),
            ],
            choices: Choices::new(&s.w, None),
            login: String::new(),
            shortest: 10,
            unfolded: true,
            s: shell(&book, lang, true),
        };
        safe(&checked("people", lang, &people));
        let m = member(Role::SeniorDispatcher, &["gas"]);
        for own in [true, false] {
            let person = PersonPage {
                login: m.login.clone(),
                choices: Choices::new(&s.w, Some(&m)),
                disabled: false,
                second_factor: true,
                own,
                open: vec![open(false, "Chrome, Windows")],
                shortest: 10,
                scopes: vec![Choice { code: "read_queue".into(), name: s.w.of("permission", "read_queue"), chosen: false }],
                token: Some("j109_0123456789abcdef".repeat(3)),
                s: shell(&book, lang, true),
            };
            let html = checked("person", lang, &person);
            safe(&html);
            assert_eq!(html.contains("name=\"role\""), !own, "nobody changes their own rights");
            assert_eq!(html.contains("reset-2fa"), !own);
            assert!(own || html.contains("value=\"gas\" checked") && html.contains("value=\"senior_dispatcher\" selected"));
        }
    }
}

#[test]
fn the_audit_is_told_in_words() {
    let book = Book::load(None).unwrap();
    let line = |id: i64, what: &str, object: Option<&str>, reason: Option<&str>| Line {
        id,
        at: now(),
        actor: "staff:0193a1c2-7d00-7000-8000-000000000001".into(),
        who: (id != 3).then(|| ("aigul".to_owned(), "Айгүл С.".to_owned())),
        what: what.into(),
        object: object.map(Into::into),
        reason: reason.map(Into::into),
    };
    let lines = [
        line(1, "personal", Some("26-4817-0355"), Some(EVIL)),
        line(2, "act:reply", Some("26-4817-0355"), None),
        line(3, "account_added", Some("berik"), Some("role=crew queues=* districts=* crew=water_taraz_1")),
        line(4, "something_new", None, None),
    ];
    for lang in [Lang::Kk, Lang::Ru] {
        let page = AuditPage::new(shell(&book, lang, true), Asked::default(), &lines, Some("7b22"));
        let html = checked("audit", lang, &page);
        safe(&html);
        assert!(html.contains("/console/requests/26-4817-0355") && html.contains("cursor=7b22") && html.contains("something_new"));
        checked("audit_empty", lang, &AuditPage::new(shell(&book, lang, true), Asked::default(), &[], None));
    }
    // Every word that the service writes has its text.
    for word in
        ["view", "thread", "personal", "attachment", "job", "ledger", "call", "callback", "recording", "sign_in", "rights_changed", "audit_export"]
    {
        for lang in [Lang::Kk, Lang::Ru] {
            assert!(book.messages.get(lang, &format!("audit.{word}")).is_some(), "{word}");
        }
    }
    for p in crate::domain::access::Permission::all().filter(|p| !matches!(p, crate::domain::access::Permission::Act(_))) {
        assert!(book.messages.get(Lang::Kk, &format!("permission.{}", p.name())).is_some(), "{p:?}");
    }
    for role in Role::ALL {
        assert!(book.messages.get(Lang::Ru, &format!("role.{role}")).is_some(), "{role}");
    }
}
