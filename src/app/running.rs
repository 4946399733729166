//! What goes on by itself in a process: its workers, which of them its role starts, and Telegram's being told of us.

use super::Role;
use crate::channels::Registry;
use crate::config::{Config, TelegramMode};
use crate::dispatch::Core;
use crate::dispatch::inbox::InboxWriter;
use crate::lifecycle::Lifecycle;
use crate::reports::calls::Terms;
use crate::telephony::centre::Centre;
use crate::triage::Plan;
use crate::workers::{
    self, alarms::AlarmWorker, bookkeeper::Bookkeeper, calls::CallsWorker, deliveries::Deliveries, digest::DigestWorker, figures::Figures,
    health::WireHealth, housekeeping::Housekeeper, indexer::Indexer, intake::IntakeWorker, learner::Learner, mailbox::MailboxReader,
    media::MediaWorker, models::ModelWatch, outbox::OutboxWorker, poller::Poller, reconciler::Reconciler, retention::RetentionWorker,
    silence::SilenceWorker, sweeper::Sweeper, wires::WireBoard,
};
use object_store::ObjectStore;
use std::sync::Arc;
use std::time::Duration;

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

pub(super) fn workers_of(
    config: &Config,
    role: Role,
    core: &Arc<Core>,
    wires: &Arc<Registry>,
    media: &Arc<dyn ObjectStore>,
    centre: &Arc<Centre>,
) -> Workers {
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
        figures: Arc::new(Figures { core: core.clone(), owner: workers::owner(), terms: Terms::of(&config.calls) }),
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

pub(super) fn start(role: Role, still: bool, life: &Lifecycle, core: &Arc<Core>, w: &Workers, writer: InboxWriter) {
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
pub(super) fn set_webhooks(config: &Config, life: &Lifecycle, wires: &Arc<Registry>) {
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
