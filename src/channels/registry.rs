//! Which wire carries which channel and account.

use super::{MAIN, sms};
use crate::config::{Channels, Config, Secret, Sms};
use crate::domain::inbound::ChannelKind;
use bots::channel::Channel;
use bots::meta::Graph;
use bots::social::{Platform, SocialChannel};
use bots::stub::StubChannel;
use bots::telegram::TelegramChannel;
use bots::whatsapp::WhatsappChannel;
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
    /// The stand-in for push messages: keeps what it was given.
    pub push: Option<StubChannel>,
}

/// A wire that cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("channels.telegram: {0}")]
    Telegram(String),
    /// The section and what is wrong with it.
    #[error("channels.{0}: {1}")]
    Meta(&'static str, String),
    #[error(transparent)]
    Sms(#[from] sms::BadGateway),
}

impl Registry {
    /// Opens what the configuration names, but for letters and push messages, which stand on the database. Nothing is contacted yet.
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
        r.open_meta(&config.channels)?;
        r.open_sms(&config.channels.sms)?;
        Ok(r)
    }

    /// Whether the wires of the messengers can be opened as configured.
    ///
    /// # Errors
    /// As [`Registry::open`].
    pub fn check(config: &Config) -> Result<(), RegistryError> {
        let mut r = Self::default();
        r.open_meta(&config.channels)?;
        r.open_sms(&config.channels.sms)
    }

    /// The wires that share Meta's Graph API.
    fn open_meta(&mut self, c: &Channels) -> Result<(), RegistryError> {
        let graph = |door: &'static str, url: &str, token: &Secret| -> Result<Graph, RegistryError> {
            let wrong = |e: &dyn std::fmt::Display| RegistryError::Meta(door, e.to_string());
            let url = if url.is_empty() { c.meta.graph_url.as_str() } else { url };
            let base = url.parse::<reqwest::Url>().map_err(|e| wrong(&e))?;
            Graph::new(base, &c.meta.graph_version, token.expose(), bots::http::Timeouts::default()).map_err(|e| wrong(&e))
        };
        let w = &c.whatsapp;
        if w.is_on() {
            let hosts = bots::whatsapp::client::MEDIA_HOSTS.map(str::to_owned).to_vec();
            let wire = WhatsappChannel::new(graph("whatsapp", "", &w.token)?, &w.phone_number_id, hosts);
            self.add(ChannelKind::Whatsapp, MAIN, Arc::new(wire.map_err(|e| RegistryError::Meta("whatsapp", e.to_string()))?));
        }
        let i = &c.instagram;
        if i.is_on() {
            let wire = SocialChannel::new(Platform::Instagram, &i.account_id, graph("instagram", &i.graph_url, &i.token)?);
            self.add(ChannelKind::Instagram, MAIN, Arc::new(wire));
        }
        let f = &c.facebook;
        if f.is_on() {
            let wire = SocialChannel::new(Platform::Facebook, &f.page_id, graph("facebook", "", &f.token)?);
            self.add(ChannelKind::Facebook, MAIN, Arc::new(wire));
        }
        Ok(())
    }

    /// Gateways; until one carries what goes out, it is kept and shown.
    fn open_sms(&mut self, c: &Sms) -> Result<(), RegistryError> {
        let stub = StubChannel::new("sms");
        self.add(ChannelKind::Sms, MAIN, Arc::new(stub.clone()));
        for account in sms::accounts(c)? {
            self.add(ChannelKind::Sms, &account, Arc::new(stub.clone()));
        }
        self.sms = Some(stub);
        for (account, wire) in sms::wires(c)? {
            self.add(ChannelKind::Sms, &account, Arc::new(wire));
        }
        Ok(())
    }

    /// Puts a wire in, replacing another of the same name.
    pub fn add(&mut self, channel: ChannelKind, account: &str, wire: Arc<dyn Channel>) {
        self.wires.insert((channel.as_str().to_owned(), account.to_owned()), wire);
    }

    #[must_use]
    pub fn get(&self, channel: &str, account: &str) -> Option<Arc<dyn Channel>> {
        self.wires.get(&(channel.to_owned(), account.to_owned())).cloned()
    }

    /// All wires, for health checks: channel and account, and the wire.
    pub fn all(&self) -> impl Iterator<Item = (&(String, String), &Arc<dyn Channel>)> {
        self.wires.iter()
    }

    /// Channel and account of every wire.
    #[must_use]
    pub fn accounts(&self) -> Vec<(String, String)> {
        self.wires.keys().cloned().collect()
    }

    /// Names of the configured channels.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.wires.keys().map(|(c, _)| c.as_str()).collect();
        names.dedup();
        names
    }
}
