//! Pages rendered from made-up requests: words resolved in both languages, foreign text escaped, acts by role.

use super::acts::{ActForm, allowed};
use super::assets::LINKS;
use super::create::{NewForm, NewPage};
use super::jobs::{Free, Job, JobsPage, jobs_of, reasons};
use super::material::Material;
use super::queues::{Asked, QueuePage, QueuesPage, grouped, rows};
use super::request::{RequestPage, Shown};
use super::shell::{Danger, Shell, Who};
use super::sign_in::SignInPage;
use super::words::Words;
use crate::config::Book;
use crate::dispatch::reach::Outlook;
use crate::domain::access::{Reach, Role, Scope};
use crate::domain::inbound::{ChannelKind, Failure};
use crate::domain::phone::Phone;
use crate::domain::reach::Plan;
use crate::domain::reading::{Guess, MessageLang};
use crate::domain::request::{ActKind, CloseReason, Event, GENESIS, Priority, Registration, Request, Status};
use crate::domain::sla::{Run, Stage, Timer, TimerState};
use crate::domain::text_ref::TextRef;
use crate::domain::verdict::Verdict;
use crate::domain::*;
use crate::store::attachments::AttachmentRow;
use crate::store::journal::JournalRow;
use crate::store::messages::{Message, PlaceRow};
use crate::store::outbox::OutboxRow;
use crate::store::requests::{QueueCursor, Stored};
use askama::Template;
use chrono::Duration;
use std::collections::BTreeMap;

pub(in crate::web) fn now() -> Instant {
    "2026-11-21T13:40:00Z".parse().unwrap()
}

pub(in crate::web) fn shell(book: &Book, lang: Lang, who: bool) -> Shell<'_> {
    let who = who.then(|| Who {
        name: "Айгүл С.".into(),
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

fn text() -> TextRef {
    TextRef { message: MessageId::fresh(), digest: String::new() }
}

fn registration(n: u64, hazard: Option<Hazard>) -> Registration {
    Registration {
        number: RequestNumber::compose(2026, n),
        channel: ChannelKind::Telegram,
        lang: Lang::Kk,
        resident: Some(ResidentId::fresh()),
        conversation: Some(ConversationId::fresh()),
        class: Some(Class::Incident),
        service: Some(ServiceCode::new("water").unwrap()),
        district: Some(DistrictCode::new("taraz").unwrap()),
        hazard,
        priority: if hazard.is_some() { Priority::DANGER } else { Priority::HIGH },
        needs_utility: false,
        text: text(),
        reported_at: now() - Duration::hours(2),
        received_at: now() - Duration::hours(2),
        triage: None,
        vulnerable: false,
    }
}

pub(in crate::web) fn request(n: u64, hazard: Option<Hazard>, events: &[Event]) -> Request {
    let mut r = Request::begin(RequestId::fresh(), &registration(n, hazard), now() - Duration::hours(2));
    for (i, e) in (1..).zip(events) {
        r.apply(e, now() - Duration::minutes(120 - 9 * i));
    }
    r
}

pub(super) fn queued() -> Event {
    Event::Queued { queue: QueueCode::new("water_taraz").unwrap(), rule: "water".into() }
}

pub(super) fn stored(request: Request, minutes: i64) -> Stored {
    Stored { request, last_hash: GENESIS, sort_due: now() + Duration::minutes(minutes), overdue: minutes < 0 }
}

pub(in crate::web) fn timer(request: RequestId, stage: Stage, state: TimerState, minutes: i64) -> Timer {
    Timer {
        id: TimerId::fresh(),
        request,
        stage,
        round: 1,
        state,
        started_at: now() - Duration::hours(2),
        due_at: now() + Duration::minutes(minutes),
        remaining_us: None,
        ended_at: (state == TimerState::Met).then(|| now() - Duration::minutes(100)),
        run: Run::around_the_clock(now() - Duration::hours(2), now() + Duration::minutes(minutes)),
    }
}

fn message(direction: &str, author: &str, words: Option<&str>, minutes: i64) -> Message {
    Message {
        id: MessageId::fresh(),
        direction: direction.into(),
        author: author.into(),
        text: words.map(Into::into),
        unsent: false,
        at: now() - Duration::minutes(minutes),
    }
}

fn sent(m: Option<&Message>, template: Option<&str>, status: &str, minutes: i64) -> OutboxRow {
    OutboxRow {
        id: 1,
        channel: "telegram".into(),
        account: "main".into(),
        chat: "1".into(),
        lang: "kk".into(),
        rank: 1,
        conversation_id: None,
        request_id: None,
        template: template.map(Into::into),
        params: r#"{"number":"26-4817-0355","service":"@service.water","accept_due":"@time:2026-11-21T14:00:00Z","restore_due":"@time:2026-11-21T18:00:00Z"}"#.into(),
        message_id: m.map(|m| m.id.0),
        keyboard: "\"none\"".into(),
        condition: "\"always\"".into(),
        status: status.into(),
        attempts: 1,
        next_attempt_at: now(),
        lease_owner: None,
        lease_until: None,
        dedupe: None,
        created_at: now() - Duration::minutes(minutes),
        sent_at: (status == "sent").then(|| now() - Duration::minutes(minutes)),
        provider_id: None,
        sent_text: None,
        error: None,
        stage: 0,
        reason: None,
        delivered_at: None,
        read_at: None,
        failed_at: None,
        origin_id: None,
        approved: None,
    }
}

const EVIL: &str = "<script>alert(1)</script>\"'><b>";

fn verdict() -> Verdict {
    let water = ServiceCode::new("water").unwrap();
    Verdict {
        class: Guess { best: Some(Class::Incident), confidence: 0.93, sure: true },
        service: Guess { best: Some(water.clone()), confidence: 0.61, sure: false },
        districts: vec![DistrictCode::new("taraz").unwrap()],
        hazard: Some(Hazard::Flooding),
        lang: MessageLang::Kk,
        top_services: vec![(water, 0.61), (ServiceCode::new("sewerage").unwrap(), 0.2), (ServiceCode::new("heating").unwrap(), 0.1)],
        top_classes: vec![(Class::Incident, 0.93)],
        version: "lexicon-1".into(),
    }
}

fn material() -> Material {
    let crew = Event::Assigned { crew: Book::load(None).unwrap().catalog.crews[0].code.clone() };
    let events = [
        queued(),
        Event::Breached { stage: Stage::Accept, due_at: now() - Duration::minutes(100), priority: Priority::HIGH },
        crew,
        Event::Started,
        Event::Replied { text: text() },
        Event::Reclassified {
            class: Some(Class::Incident),
            service: Some(ServiceCode::new("water").unwrap()),
            district: None,
            hazard: Some(Hazard::Flooding),
            priority: Priority::DANGER,
        },
    ];
    let r = request(4_817_035, Some(Hazard::Flooding), &events);
    let first = Event::Registered(Box::new(registration(4_817_035, None)));
    let extra =
        [Event::Closed { by: CloseReason::Silence }, Event::Rated { score: 4 }, Event::Held { reason: text(), until: Some(now()), why: None }];
    let journal = (1..).zip(std::iter::once(&first).chain(&events).chain(&extra)).map(|(seq, e)| JournalRow {
        request: r.id,
        seq,
        at: now() - Duration::minutes(120 - 9 * seq),
        actor: if seq == 1 {
            "resident:1".into()
        } else if seq < 4 {
            "system:intake".into()
        } else {
            "staff:1".into()
        },
        kind: e.kind().as_str().into(),
        payload: serde_json::to_string(e).unwrap(),
        hash: vec![],
    });
    let reply = message("out", "staff:1", Some("Сәлеметсіз бе! Бригада жолда, 40 минутта жетеді."), 60);
    let file = AttachmentRow {
        id: uuid::Uuid::nil(),
        request_id: None,
        conversation_id: None,
        channel: "telegram".into(),
        account: "main".into(),
        kind: "photo".into(),
        file_id: None,
        mime: None,
        size: Some(240_000),
        sha256: None,
        store_key: None,
        status: "stored".into(),
        attempts: 1,
        next_attempt_at: now(),
        at: now() - Duration::minutes(118),
        uploader_id: None,
        message_id: None,
    };
    Material {
        timers: vec![timer(r.id, Stage::Accept, TimerState::Met, -60), timer(r.id, Stage::Restore, TimerState::Running, 95)],
        outbox: vec![sent(None, Some("ack.registered"), "sent", 119), sent(Some(&reply), None, "pending", 60)],
        place: Some(PlaceRow { address: Some(format!("Төле би көшесі 45, 12 пәтер {EVIL}")), lat: Some(42.9), lon: Some(71.366) }),
        files: vec![file],
        messages: vec![
            message("in", "resident:1", Some("Үшінші подъезде құбыр жарылды, су подвалға құйылып жатыр. Тез келіңіздерші!\n8 701 123 45 67"), 120),
            message("in", "resident:1", Some(EVIL), 90),
            reply,
            message("inner", "staff:1", Some("Слесарь говорит, нужна задвижка Ду-50."), 40),
            message("out", "staff:1", Some("Тағы хабарлаймыз."), 20),
            message("in", "resident:1", None, 10),
        ],
        journal: journal.collect(),
        names: BTreeMap::from([("staff:1".to_owned(), format!("Айгүл {EVIL}"))]),
        phone: Some((Phone::parse("+77011234567").unwrap(), false)),
        outlook: Outlook { channel: Some(ChannelKind::Whatsapp), closes_at: Some(now()), plan: Plan::Chat { until: Some(now()) } },
        thought: Some(verdict()),
        why: vec!["service:water:құбыр жарылды".into(), format!("model:water:{EVIL}")],
        numbers: BTreeMap::new(),
        joined: vec![stored(request(41, None, &[queued(), Event::Merged { into: r.id }]), 0)],
        joined_count: 1,
        near: vec![stored(request(42, Some(Hazard::Flooding), &[queued()]), 30)],
        present: vec![("Берік А.".into(), true)],
        stored: stored(r, 95),
    }
}

pub(super) fn scope(role: Role) -> Scope {
    let grants = Book::load(None).unwrap().roles.get(role).grants;
    Scope { staff: StaffId::fresh(), role, grants, reach: Reach::All, districts: Vec::new() }
}

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
    let known = html_of(&m, Role::Dispatcher, Vec::new());
    assert!(!known.contains("data-key=\"2\"") && !known.contains("<title>⚠"));
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

pub(super) fn a_list() -> (Vec<Stored>, BTreeMap<RequestId, String>) {
    let texts = [
        "Подъезд алдында құбыр жарылып, су көшеге ағып жатыр. 8 701 123 45 67",
        "С утра нет воды во всём доме, Абая 12",
        EVIL,
        "Су қысымы өте төмен, жоғары қабатқа мүлде шықпайды, бұл бір аптадан бері жалғасып келеді, бірнеше рет қоңырау шалдық, ешкім келмеді",
    ];
    let mut list = vec![
        stored(request(7, Some(Hazard::Flooding), &[queued()]), -24),
        stored(request(8, None, &[queued(), Event::Accepted, Event::Started]), 12),
        stored(request(9, None, &[queued(), Event::Accepted]), 190),
        stored(request(10, None, &[queued()]), 60 * 50),
    ];
    list[3].request.priority = Priority::NORMAL;
    list[3].request.district = None;
    list[1].request.crew = Book::load(None).unwrap().catalog.crews.first().map(|c| c.code.clone());
    let firsts = list.iter().zip(texts).map(|(s, t)| (s.request.id, t.to_owned())).collect();
    (list, firsts)
}

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
