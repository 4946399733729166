//! Which wire carries which channel and account.

use super::mail::MailChannel;
use crate::config::Config;
use crate::domain::inbound::ChannelKind;
use bots::channel::Channel;
use bots::stub::StubChannel;
use bots::telegram::TelegramChannel;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The wires of one process.
#[derive(Clone, Default)]
pub struct Registry {
    wires: BTreeMap<(String, String), Arc<dyn Channel>>,
    /// Telegram bots by name, for polling and webhook set-up.
    pub telegram: BTreeMap<String, TelegramChannel>,
    /// The stand-in for SMS: keeps what it was given.
    pub sms: Option<StubChannel>,
}

/// A wire that cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("channels.telegram: {0}")]
    Telegram(String),
    #[error("mail: {0}")]
    Mail(String),
}

impl Registry {
    /// Opens what the configuration names. Nothing is contacted yet.
    ///
    /// # Errors
    /// [`RegistryError`], in words an operator can act on.
    pub fn open(config: &Config) -> Result<Self, RegistryError> {
        let mut r = Self::default();
        let t = &config.channels.telegram;
        if t.is_on() {
            let url = t.api_url.parse().map_err(|e| RegistryError::Telegram(format!("api_url: {e}")))?;
            let limits = bots::telegram::Timeouts { call: Duration::from_secs(9), ..bots::telegram::Timeouts::default() };
            let wire = TelegramChannel::new(t.token.expose(), Some(url), limits).map_err(|e| RegistryError::Telegram(e.to_string()))?;
            r.add(ChannelKind::Telegram, &t.name, Arc::new(wire.clone()));
            r.telegram.insert(t.name.clone(), wire);
        }
        let sms = StubChannel::new("sms");
        r.add(ChannelKind::Sms, "main", Arc::new(sms.clone()));
        r.sms = Some(sms);
        let mail = MailChannel::open(&config.mail).map_err(RegistryError::Mail)?;
        r.add(ChannelKind::Mail, "main", Arc::new(mail));
        Ok(r)
    }

    /// Puts a wire in, replacing another of the same name.
    pub fn add(&mut self, channel: ChannelKind, account: &str, wire: Arc<dyn Channel>) {
        self.wires.insert((channel.as_str().to_owned(), account.to_owned()), wire);
    }

    #[must_use]
    pub fn get(&self, channel: &str, account: &str) -> Option<Arc<dyn Channel>> {
        self.wires.get(&(channel.to_owned(), account.to_owned())).cloned()
    }

    /// All wires, for health checks: channel and wire.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Arc<dyn Channel>)> {
        self.wires.iter().map(|((c, _), w)| (c.as_str(), w))
    }

    /// Names of the configured channels.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.wires.keys().map(|(c, _)| c.as_str()).collect();
        names.dedup();
        names
    }
}
