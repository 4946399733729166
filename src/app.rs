//! The composition root: puts rooms together by configuration, starts what the role wants, stops in good order.

mod files;
mod running;

pub use files::{data_folder, key_file};
pub use running::Workers;

use crate::bus::{EventBus, MemoryBus, RedisBus};
use crate::channels::meta::Door as MetaDoor;
use crate::channels::registry::RegistryError;
use crate::channels::{self, Registry, bucket, mail, push};
use crate::clock::Clocks;
use crate::config::{Book, Config, ConfigErrors, Deployment, TelegramMode, data_text};
use crate::dispatch::books::{self, Shelf};
use crate::dispatch::inbox::Inbox;
use crate::dispatch::{Core, Reader, Settings, learning, settings};
use crate::domain::Class;
use crate::domain::call::Outcome;
use crate::domain::request::Status;
use crate::domain::retention::Kind;
use crate::domain::sla::Stage;
use crate::lifecycle::{Lifecycle, LifecycleError};
use crate::metrics::{Known, Metrics};
use crate::store::{Backend, Db, StoreError, Watch, leases};
use crate::telephony::centre::Centre;
use crate::timers::{MemoryIndex, RedisIndex, TimerIndex};
use crate::triage::{Targets, Triage, TriageFiles};
use crate::web::server::Listen;
use crate::web::state::WebState;
use crate::web::{self, Served};
use crate::workers::{self, mailbox::MailboxReader};
use files::{chain_key, folders};
use object_store::ObjectStore;
use running::{set_webhooks, start, workers_of};
use std::net::SocketAddr;
use std::path::Path;
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
