//! Made-up requests and everything that stands on their pages.

use super::now;
use crate::config::Book;
use crate::dispatch::reach::Outlook;
use crate::domain::access::{Reach, Role, Scope};
use crate::domain::inbound::ChannelKind;
use crate::domain::phone::Phone;
use crate::domain::reach::Plan;
use crate::domain::reading::{Guess, MessageLang};
use crate::domain::request::{CloseReason, Event, GENESIS, Priority, Registration, Request};
use crate::domain::sla::{Run, Stage, Timer, TimerState};
use crate::domain::text_ref::TextRef;
use crate::domain::verdict::Verdict;
use crate::domain::*;
use crate::store::attachments::AttachmentRow;
use crate::store::journal::JournalRow;
use crate::store::messages::{Message, PlaceRow};
use crate::store::outbox::OutboxRow;
use crate::store::requests::Stored;
use crate::web::console::material::Material;
use chrono::Duration;
use std::collections::BTreeMap;

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

fn stored(request: Request, minutes: i64) -> Stored {
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
        raw_event: None,
        at: now() - Duration::minutes(minutes),
    }
}

pub(super) fn sent(m: Option<&Message>, template: Option<&str>, status: &str, minutes: i64) -> OutboxRow {
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

pub(super) const EVIL: &str = "<script>alert(1)</script>\"'><b>";

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

pub(super) fn material() -> Material {
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

pub(in crate::web) fn scope(role: Role) -> Scope {
    let grants = Book::load(None).unwrap().roles.get(role).grants;
    Scope { staff: StaffId::fresh(), role, grants, reach: Reach::All, districts: Vec::new() }
}

pub(in crate::web) fn a_list() -> (Vec<Stored>, BTreeMap<RequestId, String>) {
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
