//! What every use case stands on.

use super::books::Shelf;
use super::editions::Editions;
use super::effects::After;
use super::numbers::Spare;
use super::reader::Reader;
use crate::bus::{EventBus, Hint};
use crate::clock::Clocks;
use crate::config::{Config, Retention, SmsTransport};
use crate::dialogue::Limits;
use crate::domain::Instant;
use crate::domain::callback::Policy;
use crate::domain::inbound::ChannelKind;
use crate::domain::reach;
use crate::domain::request::ChainKey;
use crate::domain::sla::Books;
use crate::metrics::Metrics;
use crate::store::Db;
use crate::timers::TimerIndex;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

/// Settings that use cases look at.
#[derive(Debug, Clone)]
pub struct Settings {
    pub dialogue: Limits,
    /// A message older than this when it reaches us is registered without menus, in seconds.
    pub stale_secs: i64,
    /// Whom breaches are mailed to.
    pub breach_to: Vec<String>,
    /// Readers of the digest by the configuration, and when it is due, as the configuration writes it.
    pub digest_readers: Vec<crate::domain::digest::Reader>,
    pub digest_at: String,
    pub session_hours: i64,
    pub session_idle: chrono::Duration,
    pub token_days: i64,
    pub otp_ttl_secs: i64,
    pub otp_attempts: i32,
    pub otp_per_phone_per_hour: i32,
    pub otp_per_address_per_hour: i32,
    pub form_per_address_per_hour: i32,
    pub form_per_phone_per_hour: i32,
    pub media_per_resident_per_hour: i32,
    pub media_per_address_per_hour: i32,
    pub access_minutes: i64,
    pub refresh_days: i64,
    /// Push messages leave by a wire of ours.
    pub push: bool,
    /// Short messages leave by a gateway of ours.
    pub sms: bool,
    pub login_attempts: i32,
    pub login_strangers_per_hour: i32,
    pub login_per_address: i32,
    pub second_factor_per_hour: i32,
    /// An event is parked after this many failures.
    pub intake_attempts: i32,
    pub callback: Policy,
    /// By which doors residents are reached.
    pub reach: reach::Policy,
    /// A message is given up after this many failures.
    pub outbox_attempts: i32,
    /// How long after a call a request still belongs to it.
    pub link_grace: chrono::Duration,
    /// How long each kind of data is kept.
    pub retention: Retention,
    /// Where files lie that replace the program's own.
    pub config_dir: Option<std::path::PathBuf>,
}

impl Settings {
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let secs = |v: u64| i64::try_from(v).unwrap_or(i64::MAX);
        // Settings hold at most 32 bits.
        let span = |v: u64| chrono::Duration::seconds(i64::try_from(v).unwrap_or(i64::from(u32::MAX)).min(i64::from(u32::MAX)));
        let times = |v: u32| i32::try_from(v).unwrap_or(i32::MAX);
        let a = &config.auth;
        Self {
            dialogue: Limits { silence_secs: secs(config.dialogue.silence_secs), join_window_secs: secs(config.dialogue.join_window_secs) },
            stale_secs: secs(config.dialogue.stale_secs),
            breach_to: config.mail.breach_to.clone(),
            // Checked when the settings were read.
            digest_readers: config.digest.readers.iter().filter_map(|r| crate::domain::digest::Reader::parse(r).ok()).collect(),
            digest_at: config.digest.at.trim().to_owned(),
            session_hours: secs(a.session_hours),
            session_idle: span(a.session_idle_minutes.saturating_mul(60)),
            token_days: secs(a.token_days),
            otp_ttl_secs: secs(a.otp_ttl_secs),
            otp_attempts: times(a.otp_attempts),
            otp_per_phone_per_hour: times(a.otp_per_phone_per_hour),
            otp_per_address_per_hour: times(a.otp_per_address_per_hour),
            form_per_address_per_hour: times(a.form_per_address_per_hour),
            form_per_phone_per_hour: times(a.form_per_phone_per_hour),
            media_per_resident_per_hour: times(a.media_per_resident_per_hour),
            media_per_address_per_hour: times(a.media_per_address_per_hour),
            access_minutes: secs(a.access_minutes),
            refresh_days: secs(a.refresh_days),
            push: config.push.is_on(),
            sms: config.channels.sms.transport == SmsTransport::Http,
            login_attempts: times(a.login_attempts),
            login_strangers_per_hour: times(a.login_strangers_per_hour),
            login_per_address: times(a.login_per_address),
            second_factor_per_hour: times(a.second_factor_per_hour),
            intake_attempts: times(config.intake.max_attempts),
            callback: Policy {
                max_age: span(config.calls.callback_max_age_secs),
                within: span(config.calls.callback_within_secs),
                retry: span(config.calls.callback_retry_secs),
                attempts: config.calls.callback_attempts,
                urgent_after: config.calls.callback_urgent_after,
            },
            reach: config.delivery.policy(),
            outbox_attempts: times(config.outbox.max_attempts),
            link_grace: span(config.calls.link_grace_secs),
            retention: config.retention.clone(),
            config_dir: config.config.path().map(std::path::Path::to_owned),
        }
    }
}

/// Shared by every door and worker of one process.
pub struct Core {
    pub db: Db,
    pub clocks: Clocks,
    /// Catalogue, routing, texts and the rest as they stand now. Whoever needs several parts that agree takes `let book: &Book = &core.book;` once.
    pub book: Editions,
    pub triage: Reader,
    /// Policies and calendars with their history, as far as this process knows.
    pub shelf: Shelf,
    pub timers: Arc<dyn TimerIndex>,
    pub bus: Arc<dyn EventBus>,
    /// The secret of the journal's chain.
    pub chain: ChainKey,
    pub metrics: Arc<Metrics>,
    pub settings: Settings,
    /// How far intake lags behind the doors of this process, in real milliseconds. Doors slow down by it.
    pub lag_ms: AtomicU64,
    /// Numbers for the next requests.
    pub spare: Spare,
    /// The wires that are set up: channel and account. Empty until they are opened.
    pub wires: OnceLock<Vec<(String, String)>>,
}

impl Core {
    /// Policies and calendars with their history.
    #[must_use]
    pub fn books(&self) -> Arc<Books> {
        self.shelf.get()
    }

    /// Whether a wire is set up.
    #[must_use]
    pub fn has_wire(&self, channel: ChannelKind, account: &str) -> bool {
        self.wires.get().is_some_and(|all| all.iter().any(|(c, a)| c == channel.as_str() && a == account))
    }

    /// The first account of a channel that is set up.
    #[must_use]
    pub fn account_of(&self, channel: ChannelKind) -> Option<String> {
        self.wires.get()?.iter().find(|(c, _)| c == channel.as_str()).map(|(_, a)| a.clone())
    }

    /// Business time: clocks, calendars, the silence of a dialogue.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clocks.business.now()
    }

    /// Wall time: sessions, leases, back-off.
    #[must_use]
    pub fn wall(&self) -> Instant {
        self.clocks.wall.now()
    }

    /// Hints after a commit. The commit stands whatever happens here: the reconciler and the polls repair what a lost hint leaves behind.
    pub async fn signal(&self, after: After) {
        for count in after.counts {
            count.tell(&self.metrics);
        }
        if !after.schedule.is_empty() || !after.forget.is_empty() {
            let done = async {
                self.timers.schedule(&after.schedule).await?;
                self.timers.forget(&after.forget).await
            };
            if let Err(e) = done.await {
                tracing::warn!(error = %e, "the timer index missed a hint; the reconciler will repair it");
            }
            self.bus.publish(Hint::Timers);
        }
        if after.outbox {
            self.bus.publish(Hint::Outbox);
        }
        for id in after.dangers {
            self.bus.publish(Hint::Danger(id.to_string()));
        }
        for id in after.requests {
            self.bus.publish(Hint::Request(id.to_string()));
        }
    }
}
