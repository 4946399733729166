//! A whole cluster as operators run it: two processes for the doors, three for the work, private PostgreSQL and Redis. People write, clocks run out, and
//! meanwhile processes are killed, Redis is taken away with all it holds, and PostgreSQL falls. At the end the database is asked what became of it all.
//!
//! `ops/cluster-test` starts this; without it there is nothing to do here.

use crate::harness::kit::server_lock;
use crate::harness::telegram::{FakeTelegram, TOKEN};
use crate::harness::world::SECRET;
use crate::harness::{Kit, PASSWORD};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Clocks short enough to run out while the cluster is in trouble: one minute to accept, two to restore, a warning at half of each.
const POLICIES: &str = r#"
silence_minutes = 100000
group_secs = 5
[[ladder]]
code = "short"
[[ladder.rung]]
when = { percent = 50 }
to = ["dispatcher"]
by = ["screen"]
[[ladder.rung]]
when = { minutes_after = 0 }
to = ["dispatcher"]
by = ["screen", "mail"]
[[policy]]
name = "everything"
class = ["consultation", "incident", "complaint", "proposal", "thanks"]
accept = { minutes = 1, ladder = "short" }
restore = { minutes = 2, ladder = "short" }
[[policy]]
name = "not understood yet"
accept = { minutes = 1, ladder = "short" }
restore = { minutes = 2, ladder = "short" }
"#;

/// Steps of the ladder.
const STEPS: i64 = 2;
const SENDERS: usize = 12;

fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// One process of the service.
struct Process {
    role: &'static str,
    port: u16,
    child: Option<Child>,
}

/// How the service is started.
struct Setting {
    bin: PathBuf,
    env: Vec<(String, String)>,
    dir: PathBuf,
}

impl Setting {
    fn command(&self) -> Command {
        let mut c = Command::new(&self.bin);
        c.current_dir(&self.dir).env_clear().envs(self.env.iter().map(|(k, v)| (k, v)));
        c
    }

    fn once(&self, args: &[&str], line: &str) {
        let mut child = self.command().args(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{line}").unwrap();
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    }

    fn start(&self, p: &mut Process) {
        let log = std::fs::File::options().create(true).append(true).open(self.dir.join(format!("{}-{}.log", p.role, p.port))).unwrap();
        let mut c = self.command();
        c.env("JAMBYL__HTTP__ADDR", format!("127.0.0.1:{}", p.port)).args(["serve", "--role", p.role]);
        p.child = Some(c.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap());
    }
}

impl Process {
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

/// A Redis that keeps nothing: taking it away is also a flush.
struct Redis {
    port: u16,
    child: Option<Child>,
}

impl Redis {
    fn start(&mut self) {
        let port = self.port.to_string();
        let mut c = Command::new("redis-server");
        c.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "/tmp"]);
        self.child = Some(c.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What was acknowledged to people: what must stand at the end.
#[derive(Default)]
struct Promised {
    /// Updates that were answered 200.
    updates: Mutex<BTreeSet<i64>>,
    /// Numbers that callers were told.
    numbers: Mutex<BTreeSet<String>>,
    refused: AtomicUsize,
}

struct Driver {
    http: reqwest::Client,
    doors: Vec<u16>,
    token: Mutex<String>,
    promised: Promised,
}

impl Driver {
    async fn call(&self, door: usize, path: &str, bearer: Option<&str>, body: &Value) -> Option<(u16, Value)> {
        let port = self.doors[door % self.doors.len()];
        let mut call = self.http.post(format!("http://127.0.0.1:{port}{path}")).json(body);
        call = match bearer {
            Some(token) => call.bearer_auth(token),
            None => call.header("x-telegram-bot-api-secret-token", SECRET),
        };
        let answer = call.send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.unwrap_or(Value::Null)))
    }

    async fn sign_in(&self) {
        let body = json!({"login": "duty", "password": PASSWORD});
        for door in 0.. {
            assert!(door < 600, "nobody lets a dispatcher in");
            if let Some((200, answer)) = self.call(door, "/api/v1/staff/login", None, &body).await {
                answer["token"].as_str().unwrap().clone_into(&mut self.token.lock().unwrap());
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// One resident in a chat, or one caller at the desk: tried until it is acknowledged.
    async fn one(&self, i: usize) {
        let began = Instant::now();
        let mut door = i;
        loop {
            let done = if i.is_multiple_of(2) { self.writes(i, door).await } else { self.calls(i, door).await };
            if done {
                return;
            }
            self.promised.refused.fetch_add(1, Ordering::Relaxed);
            assert!(began.elapsed() < Duration::from_secs(180), "person {i} is not heard for three minutes");
            door += 1;
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }

    async fn writes(&self, i: usize, door: usize) -> bool {
        let (update, chat) = (5_000_000 + i as i64, 40_000_000 + i as i64);
        let person = json!({"id": chat, "is_bot": false, "first_name": "Айгүл", "language_code": "kk", "type": "private"});
        #[allow(clippy::disallowed_methods, reason = "a letter is dated by its sender's clock")]
        let date = chrono::Utc::now().timestamp();
        let text = format!("Тараз қаласы, Абай көшесі 12: су жоқ, тұрғын {i}.");
        let body = json!({"update_id": update, "message": {"message_id": i, "date": date, "chat": person, "from": person, "text": text}});
        let ok = matches!(self.call(door, "/webhooks/telegram/main", None, &body).await, Some((200, _)));
        if ok {
            self.promised.updates.lock().unwrap().insert(update);
        }
        ok
    }

    async fn calls(&self, i: usize, door: usize) -> bool {
        let token = self.token.lock().unwrap().clone();
        let body = json!({"text": format!("Нет света, абонент {i}."), "class": "incident", "service": "electricity", "district": "taraz"});
        match self.call(door, "/api/v1/staff/requests", Some(&token), &body).await {
            Some((201, answer)) => self.promised.numbers.lock().unwrap().insert(answer["number"].as_str().unwrap().replace('-', "")),
            _ => false,
        }
    }
}

struct Cluster {
    setting: Setting,
    processes: Vec<Process>,
    redis: Redis,
    pg_ctl: String,
}

impl Cluster {
    /// One trouble after another until told to stop. Each kind comes at least once.
    async fn trouble(&mut self, stop: &AtomicBool, seed: u64) -> Vec<String> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut told = Vec::new();
        let mut round = 0usize;
        while round < 8 || !stop.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(rng.random_range(1500..3500))).await;
            let kind = if round < 8 { [0, 1, 2, 0, 3, 1, 2, 0][round] } else { *[0, 0, 1, 2, 3].get(rng.random_range(0..5usize)).unwrap() };
            round += 1;
            let pause = Duration::from_millis(rng.random_range(300..3000));
            match kind {
                0 | 1 => {
                    let role = if kind == 0 { "worker" } else { "api" };
                    let of_role: Vec<usize> = (0..self.processes.len()).filter(|i| self.processes[*i].role == role).collect();
                    let i = of_role[rng.random_range(0..of_role.len())];
                    self.processes[i].kill();
                    tokio::time::sleep(pause).await;
                    let (setting, processes) = (&self.setting, &mut self.processes);
                    setting.start(&mut processes[i]);
                    told.push(format!("{role} killed"));
                }
                2 => {
                    self.redis.kill();
                    tokio::time::sleep(pause * 2).await;
                    self.redis.start();
                    told.push("Redis lost with all it held".to_owned());
                }
                _ => {
                    let script = self.pg_ctl.clone();
                    let done = tokio::task::spawn_blocking(move || {
                        for word in ["stop", "start"] {
                            assert!(Command::new(&script).arg(word).status().unwrap().success(), "{word}");
                            std::thread::sleep(pause);
                        }
                    });
                    done.await.unwrap();
                    told.push("PostgreSQL fell".to_owned());
                }
            }
        }
        // Whoever did not come up while the database was away is started again, as systemd would.
        for p in &mut self.processes {
            if p.child.as_mut().is_none_or(|c| c.try_wait().unwrap().is_some()) {
                self.setting.start(p);
            }
        }
        told
    }
}

async fn ask(db: &DatabaseConnection, sql: &str) -> i64 {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().unwrap();
    row.try_get_by_index::<Option<i64>>(0).unwrap().unwrap_or(0)
}

async fn texts(db: &DatabaseConnection, sql: &str) -> BTreeSet<String> {
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    rows.iter().map(|r| r.try_get_by_index::<String>(0).unwrap()).collect()
}

fn setting(kit: &Kit, redis: u16, telegram: &FakeTelegram) -> Setting {
    let dir = kit.dir.path().to_path_buf();
    let config = dir.join("config");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("sla.toml"), POLICIES).unwrap();
    let path = |p: &Path| p.display().to_string();
    let env = [
        ("DEPLOYMENT", "cluster".to_owned()),
        ("DATABASE__URL", kit.database.clone()),
        ("DATABASE__MAX_CONNECTIONS", "8".into()),
        ("REDIS__URL", format!("redis://127.0.0.1:{redis}")),
        ("REDIS__PREFIX", "cluster:".into()),
        ("HTTP__WORKERS", "1".into()),
        ("HTTP__PUBLIC_URL", "https://109.test".into()),
        ("CHANNELS__TELEGRAM__TOKEN", TOKEN.into()),
        ("CHANNELS__TELEGRAM__SECRET", SECRET.into()),
        ("CHANNELS__TELEGRAM__API_URL", telegram.url()),
        ("CHANNELS__TELEGRAM__MODE", "webhook".into()),
        ("CONFIG__DIR", path(&config)),
        ("MAIL__TRANSPORT", "file".into()),
        ("MAIL__DIR", path(&dir.join("mail"))),
        ("MEDIA__URL", path(&dir.join("media"))),
        ("OUTBOX__PER_CHAT_INTERVAL_MS", "0".into()),
        ("OUTBOX__BASE_BACKOFF_MS", "200".into()),
        ("JOURNAL__KEY", "a key of the tests that is long enough".into()),
        ("LOG__LEVEL", "warn".into()),
    ];
    let env = env.into_iter().map(|(k, v)| (format!("JAMBYL__{k}"), v)).collect();
    let bin = std::env::var_os("CLUSTER_BIN").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_jambyl109")), PathBuf::from);
    Setting { bin, env, dir }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_missed_or_done_twice() {
    let Ok(wanted) = std::env::var("CLUSTER_REQUESTS") else {
        eprintln!("skipped: ops/cluster-test runs this with private servers");
        return;
    };
    let (count, pg_ctl) = (wanted.parse::<usize>().unwrap(), std::env::var("TEST_PG_CTL").expect("a PostgreSQL of our own"));
    let seed: u64 = std::env::var("CLUSTER_SEED").ok().map_or(109, |s| s.parse().unwrap());
    let _alone = server_lock().write_owned().await;
    let telegram = FakeTelegram::start().await;
    let mut redis = Redis { port: port(), child: None };
    redis.start();
    let mut kit = Kit::postgres_alone(None).await.unwrap();
    let setting = setting(&kit, redis.port, &telegram);
    setting.once(&["migrate"], "");
    setting.once(&["user", "add", "duty", "--role", "dispatcher"], PASSWORD);
    setting.once(&["duty", "add", "duty", "dispatcher", "--mail", "duty@akimat.test"], "");
    let roles = ["api", "api", "worker", "worker", "worker"];
    let mut processes: Vec<Process> = roles.into_iter().map(|role| Process { role, port: port(), child: None }).collect();
    processes.iter_mut().for_each(|p| setting.start(p));
    let doors = processes.iter().filter(|p| p.role == "api").map(|p| p.port).collect();
    let http = reqwest::Client::builder().timeout(Duration::from_secs(15)).build().unwrap();
    let driver = Arc::new(Driver { http, doors, token: Mutex::default(), promised: Promised::default() });
    driver.sign_in().await;

    // People come evenly over the time of trouble, never faster than one can be served.
    let mut cluster = Cluster { setting, processes, redis, pg_ctl };
    let stop = AtomicBool::new(false);
    let began = Instant::now();
    let span = Duration::from_secs(30);
    let next = Arc::new(AtomicUsize::new(0));
    let people = async {
        let senders = (0..SENDERS).map(|_| {
            let (driver, next) = (driver.clone(), next.clone());
            tokio::spawn(async move {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    if i >= count {
                        return;
                    }
                    let due = span.mul_f64(i as f64 / count as f64);
                    tokio::time::sleep(due.saturating_sub(began.elapsed())).await;
                    driver.one(i).await;
                }
            })
        });
        for done in futures_util::future::join_all(senders).await {
            done.unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        began.elapsed()
    };
    let (took, told) = tokio::join!(people, cluster.trouble(&stop, seed));
    eprintln!(
        "{count} people heard in {:.0} s, {} refusals on the way; {}",
        took.as_secs_f64(),
        driver.promised.refused.load(Ordering::Relaxed),
        told.join(", ")
    );

    let db = Database::connect(&kit.database).await.unwrap();
    come_to_rest(&db, &mut cluster).await;
    proves(&db, &driver.promised, &telegram).await;
    cluster.setting.once(&["verify-journal"], "");
    db.close().await.unwrap();
    drop(cluster);
    kit.clear().await;
}

/// Waits until every clock has run out and everything that follows is done; a worker dies once more on the way, with claims in its hands.
async fn come_to_rest(db: &DatabaseConnection, cluster: &mut Cluster) {
    let began = Instant::now();
    let mut killed = false;
    loop {
        let events = ask(db, "SELECT count(*) FROM raw_event WHERE status <> 'done'").await;
        let clocks = ask(db, "SELECT count(*) FROM sla_timer WHERE state = 'running' AND stage IN ('accept', 'restore')").await;
        let alarms = ask(db, "SELECT count(*) FROM sla_timer WHERE alarm_at IS NOT NULL").await;
        let letters = ask(db, "SELECT count(*) FROM outbox WHERE status IN ('pending', 'sending')").await;
        let waiting = ask(db, "SELECT count(*) FROM notice WHERE state = 'waiting'").await;
        if events + clocks + alarms + letters + waiting == 0 {
            eprintln!("at rest {:.0} s after the last", began.elapsed().as_secs_f64());
            return;
        }
        if !killed && ask(db, "SELECT count(*) FROM sla_timer WHERE state = 'running' AND due_at <= now()").await > 0 {
            killed = true;
            let (setting, processes) = (&cluster.setting, &mut cluster.processes);
            let worker = processes.last_mut().unwrap();
            worker.kill();
            setting.start(worker);
        }
        assert!(
            began.elapsed() < Duration::from_secs(420),
            "not at rest: {events} events, {clocks} clocks, {alarms} alarms, {letters} messages, {waiting} notices wait"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// What the database says.
async fn proves(db: &DatabaseConnection, promised: &Promised, telegram: &FakeTelegram) {
    let (updates, numbers) = (promised.updates.lock().unwrap().clone(), promised.numbers.lock().unwrap().clone());
    let requests = ask(db, "SELECT count(*) FROM request").await;

    // Every acknowledged message is there, worked on once, with its words.
    let stored = texts(db, "SELECT external_id FROM raw_event WHERE status = 'done'").await;
    let lost: Vec<_> = updates.iter().filter(|u| !stored.contains(&u.to_string())).collect();
    assert!(lost.is_empty(), "{} acknowledged messages are lost: {lost:?}", lost.len());
    assert_eq!(
        ask(db, "SELECT count(DISTINCT raw_event_id) FROM message WHERE direction = 'in' AND raw_event_id IS NOT NULL AND text IS NOT NULL").await,
        updates.len() as i64
    );
    assert_eq!(ask(db, "SELECT count(*) FROM request WHERE conversation_id IS NOT NULL").await, updates.len() as i64, "a chat is a request");
    assert_eq!(
        ask(db, "SELECT count(*) FROM (SELECT 1 FROM request WHERE conversation_id IS NOT NULL GROUP BY conversation_id HAVING count(*) > 1) x")
            .await,
        0
    );
    // Every number that was told stands.
    let known = texts(db, "SELECT number FROM request").await;
    let lost: Vec<_> = numbers.iter().filter(|n| !known.contains(*n)).collect();
    assert!(lost.is_empty(), "{} registered requests are lost: {lost:?}", lost.len());
    assert!(requests >= (updates.len() + numbers.len()) as i64);

    // No clock was missed and none fired twice.
    let clocks = ask(db, "SELECT count(*) FROM sla_timer WHERE stage IN ('accept', 'restore')").await;
    assert_eq!(clocks, 2 * requests);
    assert_eq!(ask(db, "SELECT count(*) FROM sla_timer WHERE stage IN ('accept', 'restore') AND state <> 'breached'").await, 0, "missed");
    assert_eq!(ask(db, "SELECT count(*) FROM request_journal WHERE kind = 'breached'").await, clocks, "once each");
    assert_eq!(ask(db, "SELECT count(*) FROM request WHERE breaches <> 2").await, 0);
    assert_eq!(ask(db, "SELECT count(*) FROM request_journal j JOIN request r ON r.id = j.request_id JOIN sla_timer t ON t.request_id = r.id AND t.stage = (j.payload::json ->> 'stage') WHERE j.kind = 'breached' AND j.at < t.due_at").await, 0, "none too early");

    // Every step of a ladder was taken once, and told once.
    assert_eq!(ask(db, "SELECT count(*) FROM sla_alarm").await, STEPS * clocks);
    assert_eq!(ask(db, "SELECT count(*) FROM notice WHERE way = 'screen'").await, STEPS * clocks);
    assert_eq!(ask(db, "SELECT count(*) FROM notice WHERE way = 'mail'").await, clocks);
    let letters = ask(db, "SELECT count(*) FROM outbox WHERE template = 'alarm'").await;
    let carried = ask(db, "SELECT sum(json_array_length(condition::json -> 'alarms')) FROM outbox WHERE template = 'alarm'").await;
    assert_eq!(carried, clocks, "each in one letter");

    // Everybody who wrote got a number, once.
    assert_eq!(ask(db, "SELECT count(*) FROM outbox WHERE dedupe LIKE 'ack:%' AND status = 'sent'").await, updates.len() as i64);
    let heard: BTreeSet<i64> = telegram.sent().iter().map(|m| m.chat).collect();
    assert_eq!(heard.len(), updates.len());
    let lag = "SELECT (extract(epoch FROM percentile_disc({}) WITHIN GROUP (ORDER BY j.at - t.due_at)) * 1000)::bigint FROM request_journal j \
               JOIN sla_timer t ON t.request_id = j.request_id AND t.stage = (j.payload::json ->> 'stage') WHERE j.kind = 'breached'";
    let mut lags = Vec::new();
    for share in ["0.5", "0.99", "1.0"] {
        lags.push(ask(db, &lag.replace("{}", share)).await);
    }
    eprintln!(
        "{requests} requests, {clocks} clocks fired once each, {} steps taken once each, {letters} letters; firing lag p50 {} ms, p99 {} ms, most {} ms, outages included",
        STEPS * clocks,
        lags[0],
        lags[1],
        lags[2]
    );
}
