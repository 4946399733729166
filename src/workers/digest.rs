//! Makes the morning digest: each reader's once a day, as a row of the outbox that is sent like every other letter, however long that takes.

use super::pause;
use crate::bus::Hint;
use crate::channels::MAIN;
use crate::config::Config;
use crate::dispatch::{Core, digest_readers};
use crate::domain::calendar::Day;
use crate::domain::digest::{Part, Reader, due, key};
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::{Body, Condition, Keyboard, Outgoing, Params, Rank};
use crate::domain::{Lang, digest};
use crate::reports::digest::{Figures, Letter, gather, letter};
use crate::store::digests::{self, DigestLetter};
use crate::store::{StoreError, deliveries};
use chrono::{Duration, NaiveTime};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Digests that were made are kept so long.
const KEPT: Duration = Duration::days(60);
/// Between two looks at the clock.
const LOOK: std::time::Duration = std::time::Duration::from_secs(30);

/// The worker. Several processes may run it: a reader's digest of a day is one row.
pub struct DigestWorker {
    core: Arc<Core>,
    at: NaiveTime,
    late_hours: u32,
    link: String,
}

/// What became of one digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// It waits to be sent.
    Now,
    /// It was made before.
    Before,
}

impl DigestWorker {
    #[must_use]
    pub fn new(core: Arc<Core>, config: &Config) -> Self {
        let d = &config.digest;
        Self { core, at: d.time().unwrap_or_default(), late_hours: d.late_hours, link: format!("{}/console/reports", config.http.public_base()) }
    }

    /// Until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            if let Err(e) = self.tick().await {
                tracing::warn!(error = %e, "the digest cannot be made now; it will be tried again");
            }
            let span = self.core.clocks.business.real(LOOK).clamp(std::time::Duration::from_millis(200), LOOK);
            if !pause(&stop, span).await {
                return;
            }
        }
    }

    /// Makes what is due and not made yet; returns how many.
    ///
    /// # Errors
    /// When the database does not answer. What was made stands.
    pub async fn tick(&self) -> Result<usize, StoreError> {
        match due(self.core.now(), self.at, self.late_hours) {
            Some(day) => self.make(day).await,
            None => Ok(0),
        }
    }

    /// Makes the digest of a day for every reader who has none yet; returns how many.
    ///
    /// # Errors
    /// When the database does not answer. What was made stands.
    pub async fn make(&self, day: Day) -> Result<usize, StoreError> {
        let readers = self.readers().await?;
        let keys: Vec<String> = readers.iter().map(|r| key(day, &r.address)).collect();
        let made = digests::made(self.core.db.read(), &keys).await?;
        let mut figures: BTreeMap<String, Figures> = BTreeMap::new();
        let mut n = 0;
        for (reader, key) in readers.iter().zip(&keys).filter(|(_, key)| !made.contains(key)) {
            let part = reader.part.to_string();
            if !figures.contains_key(&part) {
                figures.insert(part.clone(), self.figures(day, &reader.part).await?);
            }
            if let Some(f) = figures.get(&part) {
                n += usize::from(self.put(key, reader, f).await? == Made::Now);
            }
        }
        if n > 0 {
            digests::purge(self.core.db.write(), self.core.now() - KEPT).await?;
        }
        Ok(n)
    }

    /// Readers of the configuration and those of administrators, whose word goes first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn readers(&self) -> Result<Vec<Reader>, StoreError> {
        digest_readers::in_force(&self.core).await
    }

    /// The figures of a day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn figures(&self, day: Day, part: &Part) -> Result<Figures, StoreError> {
        gather(&self.core.db, day, part, self.core.now()).await
    }

    /// The figures in a reader's words.
    #[must_use]
    pub fn words(&self, lang: Lang, figures: &Figures) -> Letter {
        letter(&self.core.book, lang, figures, &self.link)
    }

    /// Puts one reader's digest of a day into the outbox.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn send(&self, day: Day, reader: &Reader) -> Result<Made, StoreError> {
        let figures = self.figures(day, &reader.part).await?;
        self.put(&digest::key(day, &reader.address), reader, &figures).await
    }

    /// The letter and its row stand together, once.
    async fn put(&self, key: &str, reader: &Reader, figures: &Figures) -> Result<Made, StoreError> {
        let (now, wall) = (self.core.now(), self.core.wall());
        let Letter { subject, text, html } = self.words(reader.lang, figures);
        let tx = self.core.db.begin().await?;
        let letter =
            DigestLetter { key: key.to_owned(), day: figures.day.to_string(), address: reader.address.clone(), subject, text, html, made_at: now };
        if !digests::keep(&tx, letter).await? {
            return Ok(Made::Before);
        }
        let out = Outgoing {
            channel: ChannelKind::Mail,
            account: MAIN.to_owned(),
            chat: reader.address.clone(),
            lang: reader.lang,
            conversation: None,
            request: None,
            body: Body::Template {
                key: "digest.sent".into(),
                params: Params::from([("date".to_owned(), figures.day.0.format("%d.%m.%Y").to_string())]),
            },
            keyboard: Keyboard::None,
            rank: Rank::Normal,
            condition: Condition::Always,
            dedupe: Some(key.to_owned()),
        };
        deliveries::stand_in(&tx, &out, None, now, wall).await?;
        tx.commit().await?;
        self.core.bus.publish(Hint::Outbox);
        tracing::info!(day = %figures.day, "a digest was made");
        Ok(Made::Now)
    }
}
