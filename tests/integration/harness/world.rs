//! A whole service in a test: the real server on a port of its own, clocks that move when told, providers that can be made to fail.

use super::http::Api;
use super::kit::{Backend, Kit};
use super::meta::FakeMeta;
use super::sms::FakeSms;
use super::telegram::{FakeTelegram, TOKEN};
use bots::stub::StubChannel;
use jambyl109::app::{App, Overrides, Role};
use jambyl109::channels::Registry;
use jambyl109::clock::{Clocks, ManualClock};
use jambyl109::config::{self, Config};
use jambyl109::dispatch::{Core, verify};
use jambyl109::domain::{Instant, RequestNumber};
use jambyl109::store::{Watch, journal, outbox, raw_events, requests};
use jambyl109::workers::alarms::AlarmWorker;
use jambyl109::workers::bookkeeper::Bookkeeper;
use jambyl109::workers::calls::CallsWorker;
use jambyl109::workers::deliveries::Deliveries;
use jambyl109::workers::digest::DigestWorker;
use jambyl109::workers::figures::Figures;
use jambyl109::workers::health::WireHealth;
use jambyl109::workers::housekeeping::Housekeeper;
use jambyl109::workers::indexer::Indexer;
use jambyl109::workers::intake::IntakeWorker;
use jambyl109::workers::mailbox::MailboxReader;
use jambyl109::workers::media::MediaWorker;
use jambyl109::workers::models::ModelWatch;
use jambyl109::workers::outbox::OutboxWorker;
use jambyl109::workers::reconciler::Reconciler;
use jambyl109::workers::silence::SilenceWorker;
use jambyl109::workers::sweeper::Sweeper;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Monday, nine in the morning in Taraz.
pub const MORNING: &str = "2026-11-23T04:00:00Z";

/// What Telegram repeats in its header.
pub const SECRET: &str = "hook_secret_of_the_tests";

/// One running process of the service.
pub struct Server {
    pub core: Arc<Core>,
    pub api: Api,
    pub wires: Arc<Registry>,
    pub sms: StubChannel,
    pub intake: Arc<IntakeWorker>,
    pub outbox: Arc<OutboxWorker>,
    pub sweeper: Arc<Sweeper>,
    pub reconciler: Arc<Reconciler>,
    pub silence: Arc<SilenceWorker>,
    pub media: Arc<MediaWorker>,
    pub models: Arc<ModelWatch>,
    pub health: Arc<WireHealth>,
    pub housekeeper: Arc<Housekeeper>,
    pub calls: Arc<CallsWorker>,
    pub deliveries: Arc<Deliveries>,
    pub alarms: Arc<AlarmWorker>,
    pub bookkeeper: Arc<Bookkeeper>,
    pub indexer: Arc<Indexer>,
    pub figures: Arc<Figures>,
    pub digest: Arc<DigestWorker>,
    pub mailbox: Option<Arc<MailboxReader>>,
    pub files: Arc<dyn object_store::ObjectStore>,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<Result<(), jambyl109::app::AppError>>>,
}

impl Server {
    async fn start(config: &Config, clock: &Arc<ManualClock>, still: bool, real_time: bool, watch: Option<Watch>) -> Self {
        let clocks = if real_time { Clocks::system() } else { Clocks::both(clock.clone()) };
        let overrides = Overrides { clocks: Some(clocks), still, watch, ..Overrides::default() };
        let app = App::build(config, Role::All, overrides).await.unwrap_or_else(|e| panic!("the service does not start: {e}"));
        let (stop, stopped) = oneshot::channel::<()>();
        let w = &app.workers;
        let (intake, outbox, sweeper, reconciler) = (w.intake.clone(), w.outbox.clone(), w.sweeper.clone(), w.reconciler.clone());
        let (silence, media, health, housekeeper) = (w.silence.clone(), w.media.clone(), w.health.clone(), w.housekeeper.clone());
        let (models, calls, deliveries) = (w.models.clone(), w.calls.clone(), w.deliveries.clone());
        let (alarms, bookkeeper, indexer) = (w.alarms.clone(), w.bookkeeper.clone(), w.indexer.clone());
        let figures = w.figures.clone();
        let (digest, mailbox) = (w.digest.clone(), w.mailbox.clone());
        let (core, wires, files) = (app.core.clone(), app.wires.clone(), app.media.clone());
        let api = Api::new(format!("http://{}", app.addr()));
        let running = Some(tokio::spawn(app.run_until(async move {
            let _ = stopped.await;
        })));
        let sms = wires.sms.clone().unwrap();
        Self {
            core,
            api,
            wires,
            sms,
            intake,
            outbox,
            sweeper,
            reconciler,
            silence,
            media,
            models,
            health,
            housekeeper,
            calls,
            deliveries,
            alarms,
            bookkeeper,
            indexer,
            figures,
            digest,
            mailbox,
            files,
            stop: Some(stop),
            running,
        }
    }

    /// Asks the process to end; it goes on until [`Self::ended`].
    pub fn order_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits for the end in good order.
    pub async fn ended(&mut self) {
        self.order_stop();
        if let Some(running) = self.running.take() {
            let ended = tokio::time::timeout(Duration::from_secs(30), running).await.expect("the service does not end").unwrap();
            assert!(ended.is_ok(), "the service ended badly: {ended:?}");
        }
    }

    /// Everything that can be done now is done. Bounded: work that makes ever more work is a failure.
    pub async fn settle(&self) {
        for _ in 0..2000 {
            let mut n = self.intake.tick().await.unwrap();
            n += self.calls.tick().await.unwrap();
            n += self.silence.tick().await.unwrap();
            n += self.deliveries.tick().await.unwrap();
            n += self.sweeper.tick().await.unwrap();
            n += self.bookkeeper.tick().await.unwrap();
            n += self.alarms.tick().await.unwrap();
            n += self.outbox.tick().await.unwrap();
            n += self.media.tick().await.unwrap();
            n += self.indexer.tick().await.unwrap();
            if n == 0 {
                return;
            }
        }
        panic!("the service does not come to rest");
    }
}

/// The world of one test.
pub struct World {
    pub kit: Kit,
    pub clock: Arc<ManualClock>,
    pub telegram: FakeTelegram,
    pub meta: FakeMeta,
    pub sms: FakeSms,
    pub config: Config,
    pub server: Server,
    live: bool,
    update: AtomicI64,
    finished: AtomicBool,
}

/// What a world may be started with.
#[derive(Default, Clone)]
pub struct Options {
    /// Background loops run, on the machine's clock.
    pub live: bool,
    /// Settings over those of the tests.
    pub settings: Vec<(String, String)>,
    /// Sees every statement that goes to the database.
    pub watch: Option<Watch>,
    /// WhatsApp, Instagram, the Facebook page and a gateway of short messages besides Telegram.
    pub every_door: bool,
}

impl Options {
    /// All doors are open.
    #[must_use]
    pub fn every_door() -> Self {
        Self { every_door: true, ..Self::default() }
    }

    #[must_use]
    pub fn with(key: &str, value: &str) -> Self {
        Self::default().and(key, value)
    }

    #[must_use]
    pub fn and(mut self, key: &str, value: &str) -> Self {
        self.settings.push((key.to_owned(), value.to_owned()));
        self
    }
}

fn settings(kit: &Kit, telegram: &FakeTelegram, meta: &FakeMeta, sms: &FakeSms, options: &Options) -> Config {
    let dir = kit.dir.path();
    let path = |name: &str| dir.join(name).display().to_string();
    let mut env: Vec<(String, String)> = [
        ("HTTP__ADDR", "127.0.0.1:0".to_owned()),
        ("HTTP__WORKERS", "1".into()),
        ("HTTP__PUBLIC_URL", "https://109.test".into()),
        ("DATABASE__URL", kit.database.clone()),
        ("DATABASE__MAX_CONNECTIONS", "6".into()),
        ("CHANNELS__TELEGRAM__TOKEN", TOKEN.into()),
        ("CHANNELS__TELEGRAM__SECRET", SECRET.into()),
        ("CHANNELS__TELEGRAM__API_URL", telegram.url()),
        ("CHANNELS__TELEGRAM__MODE", "webhook".into()),
        ("MAIL__DIR", path("mail")),
        ("MAIL__BREACH_TO", "duty@akimat.test".into()),
        ("MEDIA__URL", path("media")),
        ("OUTBOX__PER_CHAT_INTERVAL_MS", "0".into()),
        ("JOURNAL__KEY", "a key of the tests that is long enough".into()),
        ("SHUTDOWN__DEADLINE_SECS", "10".into()),
        // Stories that are not about signing in let days pass without doing it again.
        ("AUTH__ACCESS_MINUTES", "100000".into()),
        ("PUSH__TRANSPORT", "stub".into()),
    ]
    .into_iter()
    .map(|(k, v)| (format!("JAMBYL__{k}"), v))
    .collect();
    if let Some((url, prefix)) = &kit.redis {
        env.push(("JAMBYL__REDIS__URL".into(), url.clone()));
        env.push(("JAMBYL__REDIS__PREFIX".into(), prefix.clone()));
    }
    if options.every_door {
        env.extend(meta.settings().into_iter().chain(sms.settings(dir)).map(|(k, v)| (format!("JAMBYL__{k}"), v)));
    }
    env.extend(options.settings.iter().map(|(k, v)| (format!("JAMBYL__{k}"), v.clone())));
    config::load(None, env.into_iter()).unwrap()
}

impl Kit {
    /// A still world: nothing goes on by itself but the writer of the inbox.
    pub async fn world(self) -> World {
        self.world_with(Options::default()).await
    }

    pub async fn world_with(self, options: Options) -> World {
        super::log::init();
        let telegram = FakeTelegram::start().await;
        let clock = ManualClock::at(MORNING.parse().unwrap());
        let (meta, sms) = (FakeMeta::start().await, FakeSms::start().await);
        let config = settings(&self, &telegram, &meta, &sms, &options);
        let server = Server::start(&config, &clock, !options.live, options.live, options.watch.clone()).await;
        World {
            kit: self,
            clock,
            telegram,
            meta,
            sms,
            config,
            server,
            live: options.live,
            update: AtomicI64::new(700_000),
            finished: AtomicBool::new(false),
        }
    }
}

impl World {
    #[must_use]
    pub fn core(&self) -> &Core {
        &self.server.core
    }

    #[must_use]
    pub fn api(&self) -> &Api {
        &self.server.api
    }

    #[must_use]
    pub fn now(&self) -> Instant {
        self.core().now()
    }

    /// A number that no update had.
    pub fn next_update(&self) -> i64 {
        self.update.fetch_add(1, Ordering::SeqCst)
    }

    pub async fn settle(&self) {
        self.server.settle().await;
    }

    /// Time passes, and everything that follows from it is done.
    pub async fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.settle().await;
    }

    pub async fn minutes(&self, n: u64) {
        self.advance(Duration::from_secs(n * 60)).await;
    }

    /// Another process on the same database.
    pub async fn another(&self) -> Server {
        Server::start(&self.config, &self.clock, true, false, None).await
    }

    /// A process that only looks in: its workers stand still.
    pub async fn restart(&mut self) {
        self.server.ended().await;
        self.server = Server::start(&self.config, &self.clock, true, false, None).await;
    }

    /// Rows of a query; every column as text.
    pub async fn query(&self, sql: &str) -> Vec<Vec<String>> {
        let backend = match self.kit.backend {
            Backend::Sqlite => DbBackend::Sqlite,
            Backend::Postgres => DbBackend::Postgres,
        };
        let columns = sql.to_lowercase().split(" from ").next().unwrap_or("").matches(',').count() + 1;
        let rows = self.core().db.read().query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
        rows.iter()
            .map(|r| {
                (0..columns)
                    .map(|i| {
                        r.try_get_by_index::<Option<String>>(i)
                            .map(Option::unwrap_or_default)
                            .or_else(|_| r.try_get_by_index::<i64>(i).map(|n| n.to_string()))
                            .or_else(|_| r.try_get_by_index::<i32>(i).map(|n| n.to_string()))
                            .or_else(|_| r.try_get_by_index::<i16>(i).map(|n| n.to_string()))
                            .unwrap_or_else(|e| panic!("column {i} of {sql}: {e}"))
                    })
                    .collect()
            })
            .collect()
    }

    /// The one number that a query gives.
    pub async fn count(&self, sql: &str) -> i64 {
        self.query(sql).await[0][0].parse().unwrap()
    }

    /// Changes rows behind the service's back.
    pub async fn tamper(&self, sql: &str) -> u64 {
        self.core().db.write().execute_unprepared(sql).await.unwrap().rows_affected()
    }

    /// The stored request behind a number.
    pub async fn stored(&self, number: &str) -> requests::Stored {
        let number = RequestNumber::parse(number).unwrap();
        requests::by_number(self.core().db.read(), &number).await.unwrap().unwrap()
    }

    /// Kinds of a request's journal rows, oldest first.
    pub async fn history(&self, number: &str) -> Vec<String> {
        let id = self.stored(number).await.request.id;
        journal::of_request(self.core().db.read(), id).await.unwrap().into_iter().map(|r| r.kind).collect()
    }

    /// What is wrong with a request's journal.
    pub async fn faults(&self, number: &str) -> Vec<verify::Fault> {
        let id = self.stored(number).await.request.id;
        verify::verify(self.core(), id).await.unwrap()
    }

    /// Every journal stands whole, and every state is what its journal says.
    pub async fn verify_all(&self) {
        let db = self.core().db.read();
        let mut after = None;
        loop {
            let page = journal::request_ids_after(db, after, 500).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(*last);
            for id in page {
                let faults = verify::verify(self.core(), id).await.unwrap();
                assert!(faults.is_empty(), "request {id}: {faults:?}");
            }
        }
        assert_eq!(requests::without_journal(db).await.unwrap(), Vec::new(), "requests without a journal");
    }

    /// Ends a test in good order: nothing is left undone, and every journal stands.
    pub async fn finish(self) {
        self.settle().await;
        let db = self.core().db.read();
        if self.live {
            // What the loops have in hand right now.
            for _ in 0..100 {
                let busy = raw_events::count(db, raw_events::status::WAITING).await.unwrap() > 0;
                if !busy && outbox::backlog(db).await.unwrap().is_empty() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        let waiting = raw_events::count(db, raw_events::status::WAITING).await.unwrap();
        assert_eq!(waiting, 0, "events still wait");
        for state in [outbox::status::PENDING, outbox::status::SENDING] {
            let rows = outbox::list(db, state, None, 10).await.unwrap();
            assert!(rows.is_empty(), "messages are still {state}: {:?}", rows.iter().map(|r| (&r.template, &r.error)).collect::<Vec<_>>());
        }
        self.verify_all().await;
        self.leave().await;
    }

    /// Ends a test that leaves things undone on purpose.
    pub async fn leave(mut self) {
        self.server.ended().await;
        self.finished.store(true, Ordering::SeqCst);
        self.kit.clear().await;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.finished.load(Ordering::SeqCst), "a test ended without finish() or leave()");
        }
    }
}

/// A field of an answer as text.
#[must_use]
pub fn text(v: &Value, field: &str) -> String {
    v[field].as_str().unwrap_or_else(|| panic!("no {field} in {v}")).to_owned()
}
