//! The page of one request: what was sent and how far it got, what triage thought, the acts that a role has.

use super::made::{EVIL, material, queued, request, scope, sent};
use super::{checked, now, shell};
use crate::config::Book;
use crate::domain::access::Role;
use crate::domain::inbound::{ChannelKind, Failure};
use crate::domain::reach::Plan;
use crate::domain::request::{ActKind, Event, Status};
use crate::domain::{Lang, ServiceCode};
use crate::store::outbox::OutboxRow;
use crate::web::console::acts::{ActForm, allowed};
use crate::web::console::material::Material;
use crate::web::console::request::{RequestPage, Shown};
use crate::web::console::shell::{Danger, Shell};
use askama::Template;

#[test]
fn the_request_page_is_whole_in_both_languages() {
    let book = Book::load(None).unwrap();
    let m = material();
    for lang in [Lang::Kk, Lang::Ru] {
        let html = checked("request", lang, &RequestPage::new(shell(&book, lang, true), &m, &scope(Role::Dispatcher), now(), Shown::default()));
        assert!(html.contains("&#60;script&#62;alert(1)") && !html.contains("<script>alert"));
        assert!(html.contains("расталмаған") || html.contains("не подтверждён"), "a number that nobody proved is marked");
        assert!(html.contains("+7701 ••• •• 67") && !html.contains("+77011234567"), "the phone is masked");
        for part in
            ["name=\"csrf\" value=\"c5f0\"", "name=\"expected_version\" value=\"7\"", "acts/arrive", "acts/reply", "acts/transfer", "data-due="]
        {
            assert!(html.contains(part), "{part}");
        }
        assert!(!html.contains("acts/accept") && !html.contains("acts/reopen"));
        let said: Vec<usize> = ["Үшінші", "Бригада жолда", "Слесарь", "Тағы хабарлаймыз"].iter().map(|t| html.find(t).unwrap()).collect();
        assert!(said.is_sorted(), "the thread is in order");
        let whole = RequestPage::new(shell(&book, lang, true), &m, &scope(Role::Dispatcher), now(), Shown { revealed: true, ..Shown::default() });
        assert!(whole.render().unwrap().contains("tel:+77011234567"));
    }
}

#[test]
fn each_message_tells_how_far_it_got_and_why_not() {
    let book = Book::load(None).unwrap();
    let mut m = material();
    let row = |status: &str, stage: i16, reason: Option<&str>| OutboxRow {
        channel: "whatsapp".into(),
        stage,
        reason: reason.map(Into::into),
        read_at: Some(now()),
        ..sent(None, Some("notice.started"), status, 5)
    };
    m.outbox = vec![
        row("sent", 1, None),
        row("sent", 5, None),
        row("moved", 3, Some("window")),
        row("dead", 3, Some("unreachable")),
        OutboxRow { approved: Some("started_ru".into()), ..row("sent", 0, None) },
    ];
    m.outlook.plan = Plan::Other { channel: ChannelKind::Sms, why: Failure::Window };
    let html = checked("delivery", Lang::Ru, &RequestPage::new(shell(&book, Lang::Ru, true), &m, &scope(Role::Dispatcher), now(), Shown::default()));
    for part in [
        "WhatsApp · принято каналом",
        "WhatsApp · прочитано 21.11 18:40",
        "ушло другим путём",
        "житель давно не писал",
        "не доставлено",
        "этим каналом до жителя не достать",
        "шаблоном",
        "Короткий ответ",
    ] {
        assert!(html.contains(part), "{part}");
    }
    let kk = checked("delivery", Lang::Kk, &RequestPage::new(shell(&book, Lang::Kk, true), &m, &scope(Role::Dispatcher), now(), Shown::default()));
    assert!(kk.contains("тұрғын көптен жазбаған") && kk.contains("Қысқа жауап"), "{kk}");
}

#[test]
fn what_triage_could_not_tell_is_offered_by_key() {
    let book = Book::load(None).unwrap();
    let mut m = material();
    m.stored.request.service = None;
    let html_of = |m: &Material, role: Role, dangers: Vec<Danger>| {
        let s = Shell { dangers, ..shell(&book, Lang::Ru, true) };
        checked("doubt", Lang::Ru, &RequestPage::new(s, m, &scope(role), now(), Shown::default()))
    };
    let danger = Danger { queue: "gas".into(), name: "Газ".into(), count: 2 };
    let html = html_of(&m, Role::Dispatcher, vec![danger]);
    for (key, service) in [(2, "water"), (3, "sewerage"), (4, "heating")] {
        assert!(
            html.contains(&format!("name=\"service\" value=\"{service}\"><button class=\"quiet\" accesskey=\"{key}\" data-key=\"{key}\"")),
            "{service}"
        );
    }
    assert!(html.contains("құбыр жарылды → Сумен") || html.contains("құбыр жарылды → Вод"), "reasons are in words");
    assert!(html.contains("<title>⚠ 2 · ") && html.contains("href=\"/console/queues/gas\""));
    m.stored.request.service = ServiceCode::new("water").ok();
    // Where all is known, the next guesses are one key away, and nobody is asked.
    let known = html_of(&m, Role::Dispatcher, Vec::new());
    assert!(known.contains("name=\"service\" value=\"sewerage\"><button class=\"quiet\" accesskey=\"2\" data-key=\"2\""));
    assert!(
        known.contains(shell(&book, Lang::Ru, true).w.t("console.triage_else"))
            && !known.contains(shell(&book, Lang::Ru, true).w.t("console.triage_ask"))
    );
    assert!(!known.contains("value=\"water\"><button") && !known.contains("<title>⚠"));
    assert!(!html_of(&m, Role::Manager, Vec::new()).contains("data-key=\"2\""), "who may not correct is offered nothing");
}

#[test]
fn what_was_typed_stays_when_it_was_refused() {
    let book = Book::load(None).unwrap();
    let f = ActForm { reason: format!("жду деталь {EVIL}"), until: "2026-11-22T10:00".into(), queue: "gas".into(), ..ActForm::default() };
    let m = material();
    for kind in [ActKind::Hold, ActKind::Refuse] {
        let s = shell(&book, Lang::Ru, true).noticed(false, book.messages.get(Lang::Ru, "console.version_conflict").unwrap());
        let html = checked(
            "conflict",
            Lang::Ru,
            &RequestPage::new(s, &m, &scope(Role::Dispatcher), now(), Shown { revealed: false, kept: Some((kind, &f)), meant_for: Some(4) }),
        );
        assert!(html.contains("жду деталь &#60;script") && html.contains("role=\"alert\""));
        let clash = &html[html.find("card clash").unwrap()..html.find("class=\"cols\"").unwrap()];
        assert!(
            clash.contains("жду деталь") && clash.contains("Дан ответ") && !clash.contains("Зарегистрировано"),
            "both sides stand there: {clash}"
        );
        assert_eq!(html.contains("value=\"2026-11-22T10:00\""), kind == ActKind::Hold);
        assert_eq!(html.contains("<option value=\"gas\" selected>"), kind == ActKind::Refuse);
    }
}

#[test]
fn acts_are_offered_by_role_and_state() {
    use ActKind as A;
    let r = request(1, None, &[queued()]);
    assert_eq!(allowed(&scope(Role::Manager), &r), [A::Note]);
    assert_eq!(allowed(&scope(Role::Crew), &r), [A::Accept, A::Note]);
    assert!(allowed(&scope(Role::Dispatcher), &r).contains(&A::Reject));
    let r = request(1, None, &[queued(), Event::Accepted, Event::Started, Event::Arrived]);
    assert_eq!(allowed(&scope(Role::Crew), &r), [A::Resolve, A::Hold, A::Note], "who is there does not arrive again");
    for role in Role::ALL {
        for status in Status::ALL {
            let mut r = r.clone();
            r.status = *status;
            for kind in allowed(&scope(*role), &r) {
                assert!(kind.allowed_from(*status) && scope(*role).may(crate::domain::access::Permission::Act(kind)), "{role} {status} {kind}");
            }
        }
    }
}
