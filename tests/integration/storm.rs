//! Five thousand events through all doors, a fifth of them twice, in any order, while the process is killed twice as a machine that loses power:
//! each matter is registered once, each has one acknowledgement, and that was sent at least once.

use crate::harness::meta::{self, FakeMeta};
use crate::harness::sms::{self, FakeSms};
use crate::harness::telegram::{FakeTelegram, TOKEN};
use crate::harness::world::SECRET;
use crate::harness::{Api, Kit};
use futures_util::stream::{self, StreamExt};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// All that is brought, and how much of it is brought a second time.
const EVENTS: usize = 5000;
const TWICE: usize = 1000;
/// Of the others, how many state a matter of their own; the rest are signs, receipts and things that nobody knows.
const MATTERS: usize = 3000;

/// One process of the service.
struct Process {
    env: Vec<(String, String)>,
    port: u16,
    child: Option<Child>,
}

impl Process {
    fn start(&mut self, dir: &Path) {
        let log = std::fs::File::options().create(true).append(true).open(dir.join("service.log")).unwrap();
        let mut c = Command::new(env!("CARGO_BIN_EXE_jambyl109"));
        c.current_dir(dir).env_clear().envs(self.env.iter().map(|(k, v)| (k, v))).env("JAMBYL__HTTP__ADDR", format!("127.0.0.1:{}", self.port));
        c.arg("serve").stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(c.spawn().unwrap());
    }

    /// As a machine that loses power.
    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a provider will bring.
#[derive(Clone)]
enum Event {
    Telegram(Value),
    Meta(Value),
    Sms(Vec<(&'static str, String)>),
}

impl Event {
    async fn bring(&self, api: &Api) -> Option<u16> {
        let call = match self {
            Self::Telegram(update) => {
                api.call(Method::POST, "/webhooks/telegram/main").header("x-telegram-bot-api-secret-token", SECRET).json(update)
            }
            Self::Meta(body) => {
                let body = meta::escaped(body);
                let signature = bots::meta::sign(meta::APP_SECRET, body.as_bytes());
                api.call(Method::POST, "/webhooks/meta").header("x-hub-signature-256", signature).body(body)
            }
            Self::Sms(fields) => api.call(Method::POST, "/webhooks/sms/main").bearer_auth(sms::INBOUND_TOKEN).form(fields),
        };
        Some(call.timeout(Duration::from_secs(10)).send().await.ok()?.status().as_u16())
    }
}

/// The `n`-th matter, by one of the doors. Every one has an author of its own.
fn matter(n: usize, at: i64) -> Event {
    let streets = ["Абай", "Төле би", "Сыпатай батыр", "Қазыбек би"];
    let words = [
        format!("Тараз, {} {} үй: таңнан бері су жоқ", streets[n % 4], n + 1),
        format!("г. Тараз, ул. Абая {}: второй день нет света", n + 1),
        format!("Тараз, {} {}: жарық жоқ", streets[n % 4], n + 1),
    ];
    let text = &words[n % 3];
    let person = |from: i64| (from + i64::try_from(n).unwrap()).to_string();
    match n % 6 {
        0 => {
            let id = 900_000 + n;
            let chat: i64 = person(5_000_000).parse().unwrap();
            Event::Telegram(json!({"update_id": id, "message": {"message_id": id, "date": at, "text": text,
                "chat": {"id": chat, "type": "private", "first_name": "А"}, "from": {"id": chat, "is_bot": false, "first_name": "А"}}}))
        }
        1 | 2 => {
            let (number, user) = (person(77_010_000_000), format!("KZ.{}", person(10_000_000_000)));
            Event::Meta(meta::whatsapp(json!({
                "contacts": [{"profile": {"name": "А"}, "wa_id": number, "user_id": user}],
                "messages": [{"from": number, "from_user_id": user, "id": format!("wamid.{n}"), "timestamp": at.to_string(), "type": "text", "text": {"body": text}}],
            })))
        }
        3 => {
            let event = json!({"sender": {"id": person(20_000_000)}, "recipient": {"id": "1"}, "timestamp": at * 1000, "message": {"mid": format!("m_{n}"), "text": text}});
            let door = if n % 4 == 1 { "instagram" } else { "facebook" };
            Event::Meta(meta::thread(door, &event, chrono::DateTime::from_timestamp(at, 0).unwrap()))
        }
        4 => {
            let door = if n.is_multiple_of(4) { "instagram" } else { "facebook" };
            let author = person(30_000_000);
            Event::Meta(meta::comment(door, &format!("77_{n}"), (&author, "А"), text, None, chrono::DateTime::from_timestamp(at, 0).unwrap()))
        }
        _ => Event::Sms(vec![("id", format!("in{n}")), ("from", person(77_020_000_000)), ("text", text.clone()), ("at", at.to_string())]),
    }
}

/// Something that makes no request: signs, receipts of messages that nobody knows, kinds that nobody knows, thanks under a post.
fn noise(n: usize, at: i64) -> Event {
    let when = chrono::DateTime::from_timestamp(at, 0).unwrap();
    let user = format!("KZ.{}", 90_000_000_000_i64 + i64::try_from(n).unwrap());
    match n % 4 {
        0 => Event::Meta(meta::status(&format!("wamid.unknown{n}"), "77010000000", "delivered", when, None)),
        1 => Event::Meta(meta::whatsapp(
            json!({"messages": [{"from_user_id": user, "id": format!("wamid.r{n}"), "timestamp": at.to_string(), "type": "reaction",
            "reaction": {"message_id": "wamid.x", "emoji": "👍"}}]}),
        )),
        2 => Event::Meta(meta::comment("instagram", &format!("88_{n}"), (&format!("4{n:08}"), "А"), "Рахмет!", None, when)),
        _ => Event::Telegram(json!({"update_id": 2_000_000 + n, "something_new": {"n": n}})),
    }
}

/// Whether a text tells the number of a request.
fn has_number(text: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_digit() || c == '-')).any(|w| w.len() == 12 && w.matches('-').count() == 2)
}

/// The database, asked from outside of the service.
struct Books {
    db: DatabaseConnection,
    kind: DbBackend,
}

impl Books {
    async fn rows(&self, sql: &str) -> Vec<(String, i64)> {
        let rows = self.db.query_all_raw(Statement::from_string(self.kind, sql)).await.unwrap();
        rows.iter().map(|r| (r.try_get_by_index::<String>(0).unwrap(), r.try_get_by_index::<i64>(1).unwrap())).collect()
    }

    async fn count(&self, sql: &str) -> i64 {
        let row = self.db.query_one_raw(Statement::from_string(self.kind, sql)).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }
}

async fn five_thousand_events(kit: Kit) {
    let (telegram, fake, gateway) = (FakeTelegram::start().await, FakeMeta::start().await, FakeSms::start().await);
    let dir = kit.dir.path();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut env: Vec<(String, String)> = [
        ("HTTP__PUBLIC_URL", "https://109.test".to_owned()),
        ("DATABASE__URL", kit.database.clone()),
        ("CHANNELS__TELEGRAM__TOKEN", TOKEN.into()),
        ("CHANNELS__TELEGRAM__SECRET", SECRET.into()),
        ("CHANNELS__TELEGRAM__API_URL", telegram.url()),
        ("CHANNELS__TELEGRAM__MODE", "webhook".into()),
        ("MAIL__DIR", dir.join("mail").display().to_string()),
        ("MEDIA__URL", dir.join("media").display().to_string()),
        ("OUTBOX__PER_CHAT_INTERVAL_MS", "0".into()),
        ("OUTBOX__BASE_BACKOFF_MS", "100".into()),
        ("OUTBOX__LEASE_SECS", "15".into()),
        ("OUTBOX__WORKERS", "16".into()),
        ("INTAKE__LEASE_SECS", "3".into()),
        ("JOURNAL__KEY", "a key of the tests that is long enough".into()),
        ("LOG__LEVEL", "warn".into()),
    ]
    .into_iter()
    .chain(fake.settings().iter().chain(&gateway.settings(dir)).map(|(k, v)| (k.as_str(), v.clone())).collect::<Vec<_>>())
    .map(|(k, v)| (format!("JAMBYL__{k}"), v))
    .collect();
    if let Some((url, prefix)) = &kit.redis {
        env.push(("JAMBYL__REDIS__URL".into(), url.clone()));
        env.push(("JAMBYL__REDIS__PREFIX".into(), prefix.clone()));
    }
    let mut service = Process { env, port, child: None };
    let api = Api::new(format!("http://127.0.0.1:{port}"));
    service.start(dir);

    #[allow(clippy::disallowed_methods, reason = "messages are dated by their senders' clocks")]
    let at = chrono::Utc::now().timestamp();
    let mut events: Vec<Event> = (0..MATTERS).map(|n| matter(n, at)).collect();
    events.extend((0..EVENTS - TWICE - MATTERS).map(|n| noise(n, at)));
    let mut dice = StdRng::seed_from_u64(109);
    let unique = events.len();
    for _ in 0..TWICE {
        let again = events[dice.random_range(0..unique)].clone();
        events.push(again);
    }
    events.shuffle(&mut dice);
    assert_eq!(events.len(), EVENTS);

    let (brought, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let bringing = stream::iter(&events).for_each_concurrent(24, |event| {
        let (api, brought, refused) = (&api, &brought, &refused);
        async move {
            let began = Instant::now();
            // As providers do: again and again until it is taken.
            while event.bring(api).await != Some(200) {
                refused.fetch_add(1, Ordering::Relaxed);
                assert!(began.elapsed() < Duration::from_secs(120), "the service does not come back");
                tokio::time::sleep(Duration::from_millis(150)).await;
            }
            brought.fetch_add(1, Ordering::Relaxed);
        }
    });
    let trouble = async {
        for share in [EVENTS / 3, EVENTS * 2 / 3] {
            while brought.load(Ordering::Relaxed) < share {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            service.kill();
            tokio::time::sleep(Duration::from_millis(300)).await;
            service.start(dir);
        }
    };
    tokio::join!(bringing, trouble);
    assert!(refused.load(Ordering::Relaxed) > 0, "nobody noticed the kills: this test proves nothing");

    let kind = if kit.redis.is_some() { DbBackend::Postgres } else { DbBackend::Sqlite };
    let books = Books { db: Database::connect(&kit.database).await.unwrap(), kind };
    let began = Instant::now();
    loop {
        let waiting = books.count("SELECT COUNT(*) FROM raw_event WHERE status = 'waiting'").await;
        let unsent = books.count("SELECT COUNT(*) FROM outbox WHERE status IN ('pending', 'sending')").await;
        if waiting == 0 && unsent == 0 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(240), "{waiting} events and {unsent} messages still wait");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(books.count("SELECT COUNT(*) FROM raw_event").await, i64::try_from(unique).unwrap(), "each event stands once");
    assert_eq!(books.rows("SELECT status, COUNT(*) FROM raw_event GROUP BY status").await, [("done".to_owned(), i64::try_from(unique).unwrap())]);
    let matters = i64::try_from(MATTERS).unwrap();
    assert_eq!(books.count("SELECT COUNT(*) FROM request").await, matters, "each matter is registered once");
    assert_eq!(books.count("SELECT COUNT(DISTINCT conversation_id) FROM request").await, matters, "and by its own author");
    assert_eq!(books.count("SELECT COUNT(*) FROM request_journal WHERE kind = 'registered'").await, matters);
    // One acknowledgement each, by its key: of a comment the private answer is it.
    let acks = "FROM outbox WHERE template LIKE 'ack.%' AND request_id IS NOT NULL";
    assert_eq!(books.count(&format!("SELECT COUNT(*) {acks}")).await, matters, "one acknowledgement each");
    assert_eq!(books.count(&format!("SELECT COUNT(DISTINCT request_id) {acks}")).await, matters);
    assert_eq!(books.count(&format!("SELECT COUNT(*) {acks} AND status <> 'sent'")).await, 0);

    // And the providers have them: at least once each, and hardly ever more.
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    let shown = telegram.sent().into_iter().map(|m| (format!("telegram {}", m.chat), m.text));
    let shown = shown.chain(fake.posted().into_iter().map(|m| (format!("{} {}", m.door, m.to), m.text)));
    for (to, text) in shown.chain(gateway.taken().into_iter().map(|m| (format!("sms {}", m.to), m.text))) {
        if has_number(&text) {
            *told.entry(to).or_default() += 1;
        }
    }
    assert_eq!(told.len(), MATTERS, "everybody was told");
    let twice = told.values().filter(|n| **n > 1).count();
    assert!(twice <= 2 * 16, "{twice} people were told twice: more than two kills can explain");

    service.kill();
    books.db.close().await.unwrap();
    let mut kit = kit;
    kit.clear().await;
}

crate::harness::stories! { five_thousand_events }
