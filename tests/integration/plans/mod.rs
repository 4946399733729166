//! No list and no look of a worker reads a table from end to end. The statements are caught as they really go out, on a store that has grown, and
//! PostgreSQL tells how it runs each of them.

mod plan;

use crate::harness::{Api, Kit, Options, PASSWORD, Resident, Staff, World, deliver, text};
use jambyl109::dispatch::{accounts, retention};
use jambyl109::domain::access::Role;
use jambyl109::domain::calendar::Day;
use jambyl109::domain::digest::Part;
use jambyl109::domain::inbound::ChannelKind;
use jambyl109::domain::retention::Kind;
use jambyl109::domain::{ConversationId, Instant, RequestId, RequestNumber, ResidentId};
use jambyl109::store::{self, conversations, deliveries, digests, journal, letters, outbox, raw_events, requests, timers};
use plan::Fault;
use reqwest::Method;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const QUEUE: &str = "electricity";
const CREW: &str = "electricity_taraz_1";

/// Everything that went to the database, one example of each text.
#[derive(Default)]
struct Seen(Mutex<BTreeMap<String, Statement>>);

impl Seen {
    fn watch(self: &Arc<Self>) -> store::Watch {
        let seen = self.clone();
        Arc::new(move |s: &Statement| {
            // The latest example: of pages the deepest.
            seen.0.lock().unwrap().insert(s.sql.clone(), s.clone());
        })
    }

    fn take(&self) -> Vec<Statement> {
        let looks = |s: &Statement| ["SELECT", "UPDATE", "DELETE"].iter().any(|w| s.sql.starts_with(w));
        std::mem::take(&mut *self.0.lock().unwrap()).into_values().filter(looks).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_list_reads_a_table_from_end_to_end() {
    let Some(kit) = Kit::postgres().await else { return };
    let seen = Arc::new(Seen::default());
    let w = kit.world_with(Options { watch: Some(seen.watch()), ..Options::default() }).await;
    let people = People::hire(&w).await;
    seed(&w, &people).await;
    drop(seen.take());

    people.look_at_everything(&w).await;
    ask_the_store(&w, &people).await;
    work(&w).await;

    let asked = seen.take();
    assert!(asked.len() > 60, "only {} different statements were caught", asked.len());
    let mut faults = Vec::new();
    let leading = plan::leading(w.core().db.read()).await;
    for s in &asked {
        faults.extend(plan::faults(w.core().db.read(), &leading, s).await);
    }
    assert!(faults.is_empty(), "{} of {} statements:\n{}", faults.len(), asked.len(), faults.iter().map(|f| format!("{f}\n")).collect::<String>());
    would_be_noticed(&w, &asked).await;
    w.leave().await;
}

/// The test can fail: without its index, each of these lists is found out.
async fn would_be_noticed(w: &World, asked: &[Statement]) {
    let mut not_missed = Vec::new();
    for index in [
        "ix_request_queue",
        "ix_request_board",
        "ix_request_crew",
        "ix_request_resident",
        "ix_message_request",
        "ix_outbox_list",
        "ix_outbox_unsent",
        "ix_raw_event_waiting",
        "ix_raw_event_failed",
        "ix_attachment_waiting",
        "ix_sla_timer_due",
        "ix_conversation_silence",
        "ix_conversation_held",
        "ix_outbox_origin",
        "ix_call_started",
        "ix_callback_task_created",
        "ix_mail_letter_chat",
        "ix_mail_letter_address",
        "ux_mail_letter_outbox",
    ] {
        // The index of the board knows queues and crews too: on a store of this size it stands in for these two.
        let stands_in = matches!(index, "ix_request_queue" | "ix_request_crew").then_some("ix_request_board");
        let mut made = Vec::new();
        for name in std::iter::once(index).chain(stands_in) {
            made.push(w.query(&format!("SELECT indexdef FROM pg_indexes WHERE indexname = '{name}'")).await[0][0].clone());
            w.tamper(&format!("DROP INDEX {name}")).await;
        }
        let mut faults: Vec<Fault> = Vec::new();
        let leading = plan::leading(w.core().db.read()).await;
        // What the board itself asks does not count then.
        for s in asked.iter().filter(|s| stands_in.is_none() || !s.sql.contains("is_open = TRUE")) {
            faults.extend(plan::faults(w.core().db.read(), &leading, s).await);
        }
        if faults.is_empty() {
            not_missed.push(index);
        }
        for sql in &made {
            w.tamper(sql).await;
        }
    }
    assert!(not_missed.is_empty(), "nobody misses {not_missed:?}");
}

struct People {
    dispatcher: Staff,
    crew: Staff,
    manager: Staff,
    admin: Staff,
    app: Api,
    resident: String,
}

impl People {
    async fn hire(w: &World) -> Self {
        let app = crate::harness::AppResident::sign_in(w, "+77017654321", "kk").await;
        Self {
            dispatcher: Staff::dispatcher(w).await,
            crew: Staff::hire(w, "crew", Role::Crew, &[], Some(CREW)).await,
            manager: Staff::hire(w, "manager", Role::Manager, &[], None).await,
            admin: Staff::admin(w).await,
            resident: app.id,
            app: app.api,
        }
    }

    async fn look_at_everything(&self, w: &World) {
        for filter in ["", "status=assigned", "class=incident", "district=taraz", "overdue=true", "status=queued&class=complaint&district=shu"] {
            pages(&self.dispatcher.api, &format!("/staff/queues/{QUEUE}/requests"), filter).await;
        }
        for status in ["dead", "pending", "sending", "sent", "expired", "parked"] {
            pages(&self.admin.api, "/staff/outbox", &format!("status={status}")).await;
        }
        for status in ["parked", "unreadable"] {
            pages(&self.admin.api, "/staff/inbox", &format!("status={status}")).await;
        }
        pages(&self.app, "/requests", "").await;
        let own = text(&self.app.get("/requests").await.expect(200)["items"][0], "number");
        let number = self.dispatcher.queue(QUEUE).await[0].clone();
        for (api, path) in [
            (&self.app, format!("/requests/{own}")),
            (&self.app, "/catalog".into()),
            (&self.dispatcher.api, "/staff/queues".into()),
            (&self.dispatcher.api, "/staff/me".into()),
            (&self.dispatcher.api, "/staff/crews".into()),
            (&self.dispatcher.api, format!("/staff/requests/{number}")),
            (&self.crew.api, format!("/staff/crews/{CREW}/jobs")),
            (&self.manager.api, "/staff/reports/summary".into()),
            (&self.manager.api, "/staff/reports/summary?from=2026-11-20&to=2026-11-21&district=shu".into()),
            (&self.manager.api, "/staff/reports/sla?from=2026-11-20&to=2026-11-21".into()),
            (&self.manager.api, "/staff/reports/repeats?from=2026-11-20&to=2026-11-20T02:00:00Z".into()),
        ] {
            api.get(&path).await.expect(200);
        }
        for path in ["/", "/metrics", "/health/ready", &format!("/t/{number}")] {
            assert_eq!(w.api().raw(path).await.status, 200, "{path}");
        }
        let list = format!("/console/queues/{QUEUE}");
        for filter in ["", "?status=assigned", "?class=incident", "?district=taraz", "?overdue=1"] {
            let first = page(w, "dispatcher", &format!("{list}{filter}")).await;
            let next = first.split('"').find(|part| part.contains("cursor=")).expect("no further page").replace("&amp;", "&").replace("&#38;", "&");
            let query = next.split_once('?').unwrap().1;
            page(w, "dispatcher", &format!("{list}?{query}")).await;
        }
        for filter in ["", "?danger=1", "?overdue=1", "?district=taraz", "?service=electricity&status=queued", "?queue=electricity&class=incident"] {
            let first = page(w, "dispatcher", &format!("/console/board{filter}")).await;
            let Some(next) = first.split('"').find(|part| part.contains("cursor=")) else { continue };
            page(w, "dispatcher", &next.replace("&amp;", "&").replace("&#38;", "&")).await;
        }
        for path in ["/console/board/rows", "/console/map", "/console/calls"] {
            page(w, "dispatcher", path).await;
        }
        // Figures of a day: whoever asks for a year has its days added up.
        let behind = "/console/reports/requests?from=2026-11-20&to=2026-11-20T02:00:00Z";
        for path in ["/console/wall", behind, &format!("{behind}&status=closed&district=shu"), &format!("{behind}&stage=accept&clock=met")] {
            page(w, "manager", path).await;
        }
        for name in ["dynamics", "queues", "satisfaction", "corrections", "deliveries"] {
            page(w, "manager", &format!("/console/reports/{name}?from=2026-11-20&to=2026-11-20T02:00:00Z")).await;
        }
        page(w, "dispatcher", "/console/queues").await;
        page(w, "dispatcher", &format!("/console/requests/{number}")).await;
        page(w, "crew", "/console/jobs").await;
    }
}

/// A list to its third page.
async fn pages(api: &Api, path: &str, filter: &str) {
    let mut cursor = String::new();
    for _ in 0..3 {
        let page = api.get(&format!("{path}?limit=20&{filter}{cursor}")).await.expect(200);
        let Some(next) = page["next_cursor"].as_str() else { return };
        cursor = format!("&cursor={next}");
    }
}

/// A page of the console.
async fn page(w: &World, login: &str, path: &str) -> String {
    let signed = accounts::sign_in(w.core(), login, PASSWORD, "192.0.2.1", true).await.unwrap();
    let cookie = format!("jambyl109_session={}", signed.token);
    let answer = Api::send(w.api().call(Method::GET, path).header("cookie", cookie)).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.text
}

/// What no page shows but workers, commands and conversations ask.
async fn ask_the_store(w: &World, people: &People) {
    let db = w.core().db.read();
    let id = RequestId(uuid::Uuid::from_u128(77));
    let at: Instant = "2026-11-20T12:00:00Z".parse().unwrap();
    let resident: ResidentId = people.resident.parse().unwrap();
    requests::of_resident(db, resident, Some((at, id)), 20).await.unwrap();
    requests::of_chat(db, ResidentId(uuid::Uuid::from_u128(9000)), ConversationId(uuid::Uuid::from_u128(9000)), 20).await.unwrap();
    journal::after(db, 30_000, 100).await.unwrap();
    journal::last_position(db).await.unwrap();
    journal::request_ids_after(db, Some(id), 100).await.unwrap();
    timers::running_after(db, None, 100).await.unwrap();
    let page = timers::running_after(db, None, 100).await.unwrap();
    let last = page.last().unwrap();
    timers::running_after(db, Some((last.1, last.0)), 100).await.unwrap();
    conversations::of_chats(db, ChannelKind::Telegram, "main", &["500001".into(), "500002".into()]).await.unwrap();
    conversations::of_resident(db, resident).await.unwrap();
    let slots: Vec<i16> = (0..8).collect();
    raw_events::waiting(db, &slots, &BTreeSet::from(["telegram:main:500100".to_owned()]), 64).await.unwrap();
    raw_events::count(db, raw_events::status::WAITING).await.unwrap();
    let resting = [("sms".to_owned(), "main".to_owned())];
    outbox::candidates(db, w.core().wall(), &["telegram", "mail"], &resting, 256).await.unwrap();
    store::access_log::of_request(db, id).await.unwrap();
    deliveries::by_provider(db, "whatsapp", "main", "wamid.77").await.unwrap();
    deliveries::family(db, 77).await.unwrap();
    deliveries::held(db, "telegram", "main", "500001").await.unwrap();
    conversations::back(db, 100).await.unwrap();
    let person = store::staff::by_login(db, "dispatcher").await.unwrap().unwrap().id;
    let everything = store::access_log::Search::default();
    for search in [
        everything.clone(),
        store::access_log::Search { before: Some((at, 77)), ..everything.clone() },
        store::access_log::Search { person: Some(person), before: Some((at, 77)), ..everything.clone() },
        store::access_log::Search { request: Some(id), ..everything.clone() },
        store::access_log::Search { object: Some("call:77".into()), ..everything.clone() },
        store::access_log::Search { from: Some(at), to: Some(at + chrono::Duration::hours(1)), ..everything },
    ] {
        store::access_log::search(db, &search, 101).await.unwrap();
    }
    letters_and_digests(w).await;
    let scope = store::staff::by_login(db, "dispatcher").await.unwrap().unwrap().scope(&w.core().book.roles);
    for question in ["жарық жоқ", "сөз77", "жарыкк", "+77017654321"] {
        jambyl109::dispatch::search::find(w.core(), &scope, question).await.unwrap();
    }
    store::joined::shown(db, id, 20).await.unwrap();
    store::joined::count(db, id).await.unwrap();
}

/// What comes and goes by mail: the thread of a letter, whole letters, the digests of a morning, and a digest's own figures.
async fn letters_and_digests(w: &World) {
    let (db, at) = (w.core().db.read(), "2026-11-20T12:00:00Z".parse().unwrap());
    let (address, chat) = ("a77@mail.test", format!("a77@mail.test#{:016x}", 77));
    let names: Vec<String> = (1..20).map(|k| format!("l{k}.0@mail.test")).collect();
    letters::known(db, "main", &names).await.unwrap();
    assert_eq!(letters::thread(db, "main", &chat, None).await.unwrap().chain.len(), 2);
    assert!(!letters::chats_of(db, "main", address).await.unwrap().is_empty());
    letters::sent_since(db, "main", address, at).await.unwrap();
    assert_eq!(letters::name_of(w.core().db.write(), "main", 77, (&chat, address), "fresh@mail.test", at).await.unwrap(), "l77.1@mail.test");
    assert!(letters::whole(db, "main", "l77.0@mail.test/0").await.unwrap().is_some());
    raw_events::load(db, 77).await.unwrap();
    raw_events::named(db, "mail", "main", &names).await.unwrap();
    let keys: Vec<String> = (1..=30).map(|r| format!("digest:2026-11-20:r{r}@akimat.test")).collect();
    digests::made(db, &keys).await.unwrap();
    digests::of_outbox(db, 77).await.unwrap();
    assert_eq!(digests::readers(db).await.unwrap().len(), 30);
    digests::purge(w.core().db.write(), "2025-01-03T00:00:00Z".parse().unwrap()).await.unwrap();
    let day = Day("2026-11-20".parse().unwrap());
    for part in ["all", "district:shu", "queue:electricity"] {
        w.server.digest.figures(day, &Part::parse(part).unwrap()).await.unwrap();
    }
    store::shift_gaps::all(db, 500).await.unwrap();
    store::shift_gaps::count(db).await.unwrap();
}

/// A message from the door to the answer, an act, a clock that runs out, and a round of everything that goes on by itself.
async fn work(w: &World) {
    let r = Resident::kk(w, 500_007);
    assert_eq!(deliver(w.api(), &r.update(&json!({"text": "Тараз қаласы, Абай көшесі 5: жарық жоқ"}))).await.status, 200);
    w.server.intake.tick().await.unwrap();
    w.server.outbox.tick().await.unwrap();
    w.clock.advance(Duration::from_secs(3600));
    w.server.reconciler.tick().await.unwrap();
    w.server.sweeper.tick().await.unwrap();
    w.server.silence.tick().await.unwrap();
    w.server.deliveries.tick().await.unwrap();
    w.server.media.tick().await.unwrap();
    w.server.housekeeper.fold().await.unwrap();
    w.server.indexer.tick().await.unwrap();
    for kind in Kind::ALL.iter().copied() {
        retention::sweep(w.core(), kind).await.unwrap();
        retention::ahead(w.core(), kind).await.unwrap();
    }
    retention::look(w.core()).await.unwrap();
    // Days are added up, then looked through for changes, then read.
    for _ in 0..3 {
        w.server.figures.tick().await.unwrap();
        w.clock.advance(Duration::from_secs(150));
    }
    // The figures of calls of some weeks: the last of them is counted from the calls.
    let (from, to) = (w.now() - chrono::Duration::days(20), w.now());
    let calls = jambyl109::reports::calls::gather(w.core().db.read(), w.server.figures.terms, from, to, w.now()).await.unwrap();
    assert!(calls.sums.total.calls > 1_500 && calls.callbacks.done_in_time > 1_500);
    jambyl109::store::calls::erase(w.core().db.write(), &jambyl109::domain::phone::Phone::parse("+77010000077").unwrap(), w.now()).await.unwrap();
    let filter = jambyl109::domain::report::Filter::default();
    let year = jambyl109::domain::report::Period::year(2026);
    let facts = jambyl109::reports::facts::gather(&w.core().db, &filter, year, w.now()).await.unwrap();
    assert!(facts.received() >= 20_000);
    let status: Value = w.api().raw("/health/live").await.json();
    assert_eq!(status["status"], "ok");
}

async fn seed(w: &World, people: &People) {
    let numbers: Vec<String> = (0..20_000).map(|k| RequestNumber::compose(2026, k * 311).digits().to_owned()).collect();
    let sql = include_str!("seed.sql").replace("@numbers@", &numbers.join(",")).replace("@resident@", &people.resident).replace("@crew@", CREW);
    w.tamper(&sql).await;
    w.core().db.write().execute_unprepared("VACUUM ANALYZE").await.unwrap();
}
