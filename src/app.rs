//! The composition root: puts rooms together by configuration, starts what the role wants, stops in good order.

use crate::bus::{EventBus, MemoryBus, RedisBus};
use crate::channels::meta::Door as MetaDoor;
use crate::channels::registry::RegistryError;
use crate::channels::{self, Registry, bucket, mail, push};
use crate::clock::Clocks;
use crate::config::{Book, Config, ConfigErrors, Deployment, TelegramMode, data_text};
use crate::dispatch::books::{self, Shelf};
use crate::dispatch::inbox::{Inbox, InboxWriter};
use crate::dispatch::{Core, Reader, Settings, learning, settings};
use crate::domain::Class;
use crate::domain::call::Outcome;
use crate::domain::request::{ChainKey, Status};
use crate::domain::retention::Kind;
use crate::domain::sla::Stage;
use crate::lifecycle::{Lifecycle, LifecycleError};
use crate::metrics::{Known, Metrics};
use crate::store::{Backend, Db, StoreError, Watch, leases};
use crate::telephony::centre::Centre;
use crate::timers::{MemoryIndex, RedisIndex, TimerIndex};
use crate::triage::{Plan, Targets, Triage, TriageFiles};
use crate::web::server::Listen;
use crate::web::state::WebState;
use crate::web::{self, Served};
use crate::workers::{
    self, alarms::AlarmWorker, bookkeeper::Bookkeeper, calls::CallsWorker, deliveries::Deliveries, digest::DigestWorker, figures::Figures,
    health::WireHealth, housekeeping::Housekeeper, indexer::Indexer, intake::IntakeWorker, learner::Learner, mailbox::MailboxReader,
    media::MediaWorker, models::ModelWatch, outbox::OutboxWorker, poller::Poller, reconciler::Reconciler, retention::RetentionWorker,
    silence::SilenceWorker, sweeper::Sweeper, wires::WireBoard,
};
use object_store::ObjectStore;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::Semaphore;

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    #[default]
    All,
    /// Doors only.
    Api,
    /// Everything that goes on by itself; answers probes and metrics only.
    Worker,
}

impl Role {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Api => "api",
            Self::Worker => "worker",
        }
    }
}

/// Why the service did not start or stopped with an error. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    #[error("{0}")]
    Setup(String),
    #[error("the database cannot be used: {0}. Look at database.url and whether the server runs")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error("the address {0} cannot be listened on: {1}. Is another process using it? Set http.addr")]
    Bind(SocketAddr, std::io::Error),
    #[error(transparent)]
    Life(#[from] LifecycleError),
}

/// What tests and the demo put in place of the real thing.
#[derive(Default)]
pub struct Overrides {
    pub clocks: Option<Clocks>,
    pub book: Option<Book>,
    pub wires: Option<Registry>,
    /// Loops are not started; the caller ticks the workers.
    pub still: bool,
    /// Sees every statement that goes to the database.
    pub watch: Option<Watch>,
}

/// The workers of a process, for their loops and for tests that tick them.
pub struct Workers {
    pub intake: Arc<IntakeWorker>,
    pub outbox: Arc<OutboxWorker>,
    pub sweeper: Arc<Sweeper>,
    pub reconciler: Arc<Reconciler>,
    pub silence: Arc<SilenceWorker>,
    pub media: Arc<MediaWorker>,
    pub housekeeper: Arc<Housekeeper>,
    pub models: Arc<ModelWatch>,
    pub learner: Arc<Learner>,
    pub health: Arc<WireHealth>,
    pub calls: Arc<CallsWorker>,
    pub deliveries: Arc<Deliveries>,
    pub alarms: Arc<AlarmWorker>,
    pub bookkeeper: Arc<Bookkeeper>,
    pub indexer: Arc<Indexer>,
    pub retention: Arc<RetentionWorker>,
    pub figures: Arc<Figures>,
    pub digest: Arc<DigestWorker>,
    pub mailbox: Option<Arc<MailboxReader>>,
    pub pollers: Vec<Arc<Poller>>,
}

/// A running service.
pub struct App {
    pub core: Arc<Core>,
    pub wires: Arc<Registry>,
    pub workers: Workers,
    pub media: Arc<dyn ObjectStore>,
    pub life: Lifecycle,
    served: Served,
    deadline: Duration,
}

impl App {
    /// Builds and starts everything the role wants.
    ///
    /// # Errors
    /// [`AppError`], in words an operator can act on.
    pub async fn build(config: &Config, role: Role, overrides: Overrides) -> Result<Self, AppError> {
        // Two TLS libraries may be linked in one day; the choice is made here, once, before anybody needs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        ConfigErrors::check(config.problems())?;
        if role != Role::All && (!config.database.is_postgres() || config.redis.url.is_empty()) {
            return Err(AppError::Setup(format!(
                "--role {} shares the work with other processes and needs PostgreSQL and Redis: set database.url and redis.url, or run without --role",
                role.as_str()
            )));
        }
        let life = Lifecycle::new();
        let mut core = core(config, &life, overrides.clocks.unwrap_or_else(Clocks::system), overrides.book).await?;
        if let Some(watch) = &overrides.watch {
            core.db.watch(watch);
        }
        let core = Arc::new(core);
        if let Err(e) = learning::take_up(&core).await {
            tracing::warn!(error = %e, "the stored model was not read; the built-in one reads until it is");
        }
        if role == Role::All && core.db.backend() == Backend::Sqlite {
            leases::clear_slots(core.db.write()).await?;
        }
        let mut wires = match overrides.wires {
            Some(w) => w,
            None => Registry::open(config)?,
        };
        mail::open(&config.mail, &core.db, &core.clocks, &mut wires).map_err(AppError::Setup)?;
        push::open(&config.push, &core.db, &core.clocks.wall, &mut wires).map_err(AppError::Setup)?;
        let wires = Arc::new(wires);
        // Set once, here: a second time nothing would change.
        let _ = core.wires.set(wires.accounts());
        let media = bucket::open(&config.media).map_err(AppError::Setup)?;
        let (inbox, writer) = Inbox::open();
        let centre = Arc::new(Centre::of(config).map_err(|e| AppError::Setup(e.to_string()))?);
        let mailbox = MailboxReader::of(&config.mail, &core, &workers::owner()).map_err(AppError::Setup)?.map(Arc::new);
        let workers = Workers { mailbox, ..workers_of(config, role, &core, &wires, &media, &centre) };
        let served = listen(config, role, &core, &life, inbox, &media, &centre)?;
        start(role, overrides.still, &life, &core, &workers, writer);
        if role != Role::Api && !overrides.still && config.channels.telegram.mode == TelegramMode::Webhook {
            set_webhooks(config, &life, &wires);
        }
        let deadline = Duration::from_secs(config.shutdown.deadline_secs.max(1));
        Ok(Self { core, wires, workers, media, life, served, deadline })
    }

    /// Where the service listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.served.addr
    }

    /// Where metrics listen, when they have their own address.
    #[must_use]
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.served.metrics
    }

    /// Runs until a signal, a failure of a loop, or `shutdown`; then drains, at most for the configured time.
    ///
    /// # Errors
    /// The first failure, or what was still at work at the deadline.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> Result<(), AppError> {
        let token = self.life.token();
        tokio::select! {
            () = shutdown => self.life.shutdown(),
            () = token.cancelled() => {}
        }
        let ended = self.life.drain(self.deadline).await;
        if let Err(e) = self.core.db.clone().close().await {
            tracing::debug!(error = %e, "the database did not say good-bye");
        }
        Ok(ended?)
    }
}

/// Triage as the configuration sets it up: word lists, maps and model, with files of `config.dir` in place of the shipped ones.
///
/// # Errors
/// What is wrong with which file.
pub fn triage(config: &Config) -> Result<Triage, ConfigErrors> {
    let loaded = with_triage_files(config.config.path(), Triage::load)?;
    let t = &config.triage;
    let targets = Targets { service_error: t.service_error, class_error: t.class_error, hazard_error: t.hazard_error };
    loaded
        .map(|triage| triage.with_targets(targets))
        .or_else(|problems| ConfigErrors::check(problems).and_then(|()| Err(ConfigErrors::one("triage cannot be loaded"))))
}

/// Reads the files of triage and does something with them.
///
/// # Errors
/// A file that exists and cannot be read.
pub fn with_triage_files<T>(dir: Option<&Path>, act: impl FnOnce(&TriageFiles<'_>) -> T) -> Result<T, ConfigErrors> {
    let shipped = TriageFiles::embedded();
    let text = |name: &str, embedded: &'static str| data_text(dir, name, embedded);
    let services = text("lexicon/services.toml", shipped.services)?;
    let hazards = text("lexicon/hazards.toml", shipped.hazards)?;
    let classes = text("lexicon/classes.toml", shipped.classes)?;
    let language = text("lexicon/language.toml", shipped.language)?;
    let gazetteer = text("geo/gazetteer.toml", shipped.gazetteer)?;
    let microdistricts = text("geo/microdistricts.toml", shipped.microdistricts)?;
    let borders = text("geo/borders.toml", shipped.borders)?;
    let path = dir.map(|d| d.join("triage/model.bin")).filter(|p| p.exists());
    let model = path.map(|p| std::fs::read(&p).map_err(|e| ConfigErrors::one(format!("{} cannot be read: {e}", p.display())))).transpose()?;
    let files = TriageFiles {
        services: &services,
        hazards: &hazards,
        classes: &classes,
        language: &language,
        gazetteer: &gazetteer,
        microdistricts: &microdistricts,
        borders: &borders,
        model: model.as_deref(),
    };
    Ok(act(&files))
}

/// Opens the database as the configuration says, with its schema up to date.
///
/// # Errors
/// [`AppError`].
pub async fn database(config: &Config) -> Result<Db, AppError> {
    let db = Db::connect(config.database.url.expose(), config.database.max_connections).await?;
    match config.deployment {
        Deployment::Single => db.migrate().await?,
        Deployment::Cluster => {
            let pending = db.pending_migrations().await?;
            if !pending.is_empty() {
                return Err(AppError::Setup(format!("{} migrations are pending: run `jambyl109 migrate` once, then start again", pending.len())));
            }
        }
    }
    Ok(db)
}

/// Everything that use cases stand on. Commands use it too.
///
/// # Errors
/// [`AppError`].
pub async fn core(config: &Config, life: &Lifecycle, clocks: Clocks, book: Option<Book>) -> Result<Core, AppError> {
    let book = match book {
        Some(b) => b,
        None => Book::load(config.config.path())?,
    };
    ConfigErrors::check(book.problems())?;
    let triage = triage(config)?;
    let db = database(config).await?;
    let chain = chain_key(config)?;
    let shelf = books::open(&db, &book, clocks.business.now()).await.map_err(|e| AppError::Setup(format!("policies and calendars: {e}")))?;
    let (timers, bus): (Arc<dyn TimerIndex>, Arc<dyn EventBus>) = if config.redis.url.is_empty() {
        (Arc::new(MemoryIndex::new()), Arc::new(MemoryBus::new()))
    } else {
        let url = config.redis.url.expose();
        let setup = |e: &dyn std::fmt::Display| AppError::Setup(format!("redis.url: {e}"));
        let index = RedisIndex::open(url, &config.redis.prefix).map_err(|e| setup(&e))?;
        let (bus, bus_loop) = RedisBus::open(url, &config.redis.prefix).map_err(|e| setup(&e))?;
        life.supervise("bus", |stop| bus_loop.run(stop));
        (Arc::new(index), Arc::new(bus))
    };
    let book = settings::open(&db, book).await.map_err(|e| AppError::Setup(format!("the changed configuration: {e}")))?;
    let metrics = metrics(config, &book).map_err(|e| AppError::Setup(format!("metrics: {e}")))?;
    Ok(Core {
        db,
        clocks,
        shelf: Shelf::new(shelf),
        book,
        triage: Reader::new(triage),
        timers,
        bus,
        chain,
        metrics: Arc::new(metrics),
        settings: Settings::of(config),
        lag_ms: std::sync::atomic::AtomicU64::new(0),
        spare: Default::default(),
        wires: Default::default(),
    })
}

fn metrics(config: &Config, book: &Book) -> Result<Metrics, prometheus::Error> {
    // Doors of our own are up as long as the process is; a wire that is not configured has no series, so that nobody is woken for it.
    let own = ["app", "web", "phone"];
    let mut doors = vec!["sms", "mail"];
    if config.push.is_on() {
        doors.push("push");
    }
    doors.extend(own);
    if config.channels.telegram.is_on() || !config.channels.telegram.secret.is_empty() {
        doors.push("telegram");
    }
    let c = &config.channels;
    for (on, channel) in [(c.whatsapp.is_on(), "whatsapp"), (c.instagram.is_on(), "instagram"), (c.facebook.is_on(), "facebook")] {
        if on {
            doors.push(channel);
        }
    }
    let mut classes: Vec<&str> = Class::ALL.iter().map(|c| c.as_str()).collect();
    classes.push("unclear");
    let services: Vec<&str> = book.catalog.services.iter().map(|s| s.code.as_str()).collect();
    let queues: Vec<&str> = book.catalog.queues.iter().map(|q| q.code.as_str()).collect();
    let statuses: Vec<&str> = Status::ALL.iter().filter(|s| s.is_open()).map(|s| s.as_str()).collect();
    let stages: Vec<&str> = Stage::ALL.iter().map(|s| s.as_str()).collect();
    let outcomes: Vec<&str> = Outcome::ALL.iter().filter(|o| **o != Outcome::Ongoing).map(|o| o.as_str()).collect();
    let folders = folders(config);
    let kinds: Vec<&str> = Kind::ALL.iter().map(|k| k.as_str()).collect();
    let metrics = Metrics::new(&Known {
        channels: &doors,
        classes: &classes,
        services: &services,
        queues: &queues,
        statuses: &statuses,
        stages: &stages,
        call_outcomes: &outcomes,
        kinds: &kinds,
        folders: &folders.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        routes: &[("/health/ready", "GET"), ("/webhooks/telegram/{bot}", "POST"), ("/webhooks/meta", "POST")],
    })?;
    for channel in own {
        metrics.set_channel_up(channel, true);
    }
    Ok(metrics)
}

/// Folders of ours whose disks are watched.
fn folders(config: &Config) -> Vec<(&'static str, PathBuf)> {
    let data = (!config.database.is_postgres()).then(|| ("data", data_folder(config)));
    let media = config.media.bucket().is_none().then(|| ("media", PathBuf::from(config.media.folder())));
    data.into_iter().chain(media).collect()
}

/// The folder where the embedded service keeps its files.
#[must_use]
pub fn data_folder(config: &Config) -> PathBuf {
    let url = config.database.url.expose();
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).and_then(|p| p.split('?').next());
    match path.and_then(|p| Path::new(p).parent()) {
        Some(dir) if !dir.as_os_str().is_empty() => dir.to_owned(),
        _ => PathBuf::from("data"),
    }
}

/// The file of the key that the embedded service made for itself.
#[must_use]
pub fn key_file(config: &Config) -> PathBuf {
    data_folder(config).join("journal.key")
}

/// The configured key, or in `single` one made at the first start, readable by nobody else.
fn chain_key(config: &Config) -> Result<ChainKey, AppError> {
    let given = config.journal.key.expose();
    if !given.is_empty() {
        return Ok(ChainKey::new(given.as_bytes().to_vec()));
    }
    let path = key_file(config);
    let broken = |e: std::io::Error| AppError::Setup(format!("the journal's key {} cannot be used: {e}", path.display()));
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(broken)?;
    }
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(mut file) => {
            let key = crate::dispatch::secrets::token();
            file.write_all(key.as_bytes()).and_then(|()| file.sync_all()).map_err(broken)?;
            Ok(ChainKey::new(key.into_bytes()))
        }
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            let key = std::fs::read_to_string(&path).map_err(broken)?;
            if key.trim().len() < 32 {
                return Err(AppError::Setup(format!("the journal's key {} is too short: restore it from a backup", path.display())));
            }
            Ok(ChainKey::new(key.trim().as_bytes().to_vec()))
        }
        Err(e) => Err(broken(e)),
    }
}

fn workers_of(config: &Config, role: Role, core: &Arc<Core>, wires: &Arc<Registry>, media: &Arc<dyn ObjectStore>, centre: &Arc<Centre>) -> Workers {
    let owner = workers::owner();
    let board = WireBoard::new(core.clone());
    let pollers = wires
        .telegram
        .iter()
        .filter(|_| config.channels.telegram.mode == TelegramMode::Polling)
        .map(|(bot, wire)| Arc::new(Poller { core: core.clone(), wire: wire.clone(), bot: bot.clone(), owner: owner.clone() }))
        .collect();
    Workers {
        intake: Arc::new(IntakeWorker::new(core.clone(), wires.clone(), owner.clone(), &config.intake)),
        outbox: Arc::new(OutboxWorker::new(core.clone(), wires.clone(), board.clone(), owner.clone(), &config.outbox)),
        sweeper: Arc::new(Sweeper::new(core.clone(), &config.timers)),
        alarms: Arc::new(AlarmWorker { core: core.clone() }),
        retention: Arc::new(RetentionWorker { core: core.clone(), owner: owner.clone(), recordings: centre.recordings.clone() }),
        bookkeeper: Arc::new(Bookkeeper { core: core.clone(), owner: owner.clone(), applies: role != Role::Api }),
        reconciler: Arc::new(Reconciler { core: core.clone(), owner, every: Duration::from_secs(60) }),
        silence: Arc::new(SilenceWorker { core: core.clone() }),
        media: Arc::new(MediaWorker {
            core: core.clone(),
            wires: wires.clone(),
            store: media.clone(),
            max_bytes: config.media.max_bytes,
            part: config.media.part(),
        }),
        housekeeper: Arc::new(Housekeeper { core: core.clone(), media: media.clone() }),
        indexer: Arc::new(Indexer { core: core.clone() }),
        figures: Arc::new(Figures { core: core.clone(), owner: workers::owner() }),
        models: Arc::new(ModelWatch { core: core.clone() }),
        learner: Arc::new(Learner { core: core.clone(), hour: config.triage.refit_hour, plan: Plan::default() }),
        health: Arc::new(WireHealth { wires: wires.clone(), board }),
        deliveries: Arc::new(Deliveries { core: core.clone() }),
        calls: Arc::new(CallsWorker { core: core.clone(), centre: centre.clone() }),
        digest: Arc::new(DigestWorker::new(core.clone(), config)),
        mailbox: None,
        pollers,
    }
}

fn listen(
    config: &Config,
    role: Role,
    core: &Arc<Core>,
    life: &Lifecycle,
    inbox: Inbox,
    media: &Arc<dyn ObjectStore>,
    centre: &Arc<Centre>,
) -> Result<Served, AppError> {
    let addr = config.http.socket().ok_or_else(|| AppError::Setup(format!("http.addr: '{}' is not an address", config.http.addr)))?;
    let t = &config.channels.telegram;
    let telegram = (!t.secret.is_empty()).then(|| (t.name.clone(), t.secret.expose().to_owned())).into_iter().collect();
    let public_url = config.http.public_base();
    let state = Arc::new(WebState {
        core: core.clone(),
        inbox,
        telegram,
        meta: MetaDoor::of(&config.channels),
        sms: channels::sms::doors(&config.channels.sms).map_err(|e| AppError::Setup(format!("channels.sms: {e}")))?,
        secure_cookies: public_url.starts_with("https://"),
        public_url,
        proxies: config.http.proxies(),
        stopping: AtomicBool::new(false),
        folders: folders(config),
        role: role.as_str(),
        started_at: core.wall(),
        media: media.clone(),
        largest_file: config.media.max_bytes,
        media_part: config.media.part(),
        photos: Semaphore::new(web::state::ROOM),
        centre: centre.clone(),
        ending: life.token(),
    });
    let deadline = Duration::from_secs(config.shutdown.deadline_secs.max(2) - 1);
    let how = Listen {
        addr,
        metrics: config.http.metrics_socket(),
        body_limit: config.http.body_limit_bytes,
        workers: config.http.workers,
        probes_only: role == Role::Worker,
        drain: deadline,
    };
    web::serve(life, state, &how).map_err(|e| AppError::Bind(addr, e))
}

fn start(role: Role, still: bool, life: &Lifecycle, core: &Arc<Core>, w: &Workers, writer: InboxWriter) {
    if role != Role::Worker {
        let core = core.clone();
        life.supervise("inbox", |_| writer.run(core));
    }
    if still {
        return;
    }
    life.supervise("models", |stop| w.models.clone().run(stop));
    life.supervise("books", |stop| w.bookkeeper.clone().run(stop));
    if role == Role::Api {
        return;
    }
    for lane in 0..w.intake.lanes {
        life.supervise("intake", |stop| w.intake.clone().run(lane, stop));
    }
    life.supervise("outbox", |stop| w.outbox.clone().run(stop));
    life.supervise("sweeper", |stop| w.sweeper.clone().run(stop));
    life.supervise("alarms", |stop| w.alarms.clone().run(stop));
    life.supervise("reconciler", |stop| w.reconciler.clone().run(stop));
    life.supervise("silence", |stop| w.silence.clone().run(stop));
    life.supervise("media", |stop| w.media.clone().run(stop));
    life.supervise("calls", |stop| w.calls.clone().run(stop));
    life.supervise("deliveries", |stop| w.deliveries.clone().run(stop));
    life.supervise("housekeeping", |stop| w.housekeeper.clone().run(stop));
    life.supervise("retention", |stop| w.retention.clone().run(stop));
    life.supervise("indexer", |stop| w.indexer.clone().run(stop));
    life.supervise("figures", |stop| w.figures.clone().run(stop));
    life.supervise("learner", |stop| w.learner.clone().run(stop));
    life.supervise("digest", |stop| w.digest.clone().run(stop));
    if let Some(mailbox) = &w.mailbox {
        life.supervise("mailbox", |stop| mailbox.clone().run(stop));
    }
    life.supervise("wire-health", |stop| w.health.clone().run(stop));
    for p in &w.pollers {
        life.supervise("poller", |stop| p.clone().run(stop));
    }
}

/// Tells Telegram where to bring updates; tried until it works.
fn set_webhooks(config: &Config, life: &Lifecycle, wires: &Arc<Registry>) {
    for (bot, wire) in &wires.telegram {
        let (bot, wire, secret, stop) = (bot.clone(), wire.clone(), config.channels.telegram.secret.expose().to_owned(), life.token());
        let url = format!("{}/webhooks/telegram/{bot}", config.http.public_base());
        drop(life.spawn("set-webhook", async move {
            let Ok(url) = url.parse::<reqwest::Url>() else {
                tracing::error!("http.public_url is not a URL: Telegram is not told where to bring updates");
                return;
            };
            for attempt in 0.. {
                match wire.set_webhook(url.clone(), &secret).await {
                    Ok(()) => {
                        tracing::info!(bot, "Telegram brings its updates here");
                        return;
                    }
                    Err(e) => tracing::warn!(bot, error = %e, "the webhook was not set; it will be tried again"),
                }
                let rest = workers::backoff(Duration::from_secs(2), attempt, Duration::from_secs(300));
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(rest) => {}
                }
            }
        }));
    }
}
