//! What this process knows of its wires, told to everybody: a wire that fails is down in the database, the metrics and on screens at once.

use crate::dispatch::Core;
use crate::domain::Instant;
use crate::domain::inbound::Failure;
use crate::store::{StoreError, wires};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Failures in a row, and the time they must have lasted, after which a wire whose provider only stumbles counts as down.
const STUMBLES: u32 = 3;
const FOR: chrono::Duration = chrono::Duration::seconds(20);

/// Why a wire is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Down {
    /// The provider has closed the account.
    Stopped,
    /// Our credentials are wrong.
    Unauthorized,
    /// It does not answer, or answers with errors.
    Failing,
    /// Every message fails, though the provider answers when asked how it is.
    Stumbling,
}

impl Down {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => Failure::Stopped.as_str(),
            Self::Unauthorized => Failure::Unauthorized.as_str(),
            Self::Failing => "failing",
            Self::Stumbling => "stumbling",
        }
    }

    /// A health check that succeeds shows that this is over; the others are over when a message passes.
    fn ends_by_asking(reason: &str) -> bool {
        reason == Self::Failing.as_str() || reason == Self::Unauthorized.as_str()
    }
}

#[derive(Default)]
struct Seen {
    /// None: nothing is known yet.
    up: Option<bool>,
    reason: Option<String>,
    failures: u32,
    since: Option<Instant>,
}

/// Shared by the sender and the health check of one process.
pub struct WireBoard {
    core: Arc<Core>,
    seen: Mutex<BTreeMap<(String, String), Seen>>,
}

impl WireBoard {
    #[must_use]
    pub fn new(core: Arc<Core>) -> Arc<Self> {
        Arc::new(Self { core, seen: Mutex::default() })
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<(String, String), Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message passed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn passed(&self, channel: &str, account: &str) -> Result<(), StoreError> {
        let news = {
            let mut all = self.seen();
            let s = all.entry((channel.to_owned(), account.to_owned())).or_default();
            (s.failures, s.since) = (0, None);
            s.up != Some(true)
        };
        if news { self.tell(channel, account, None).await } else { Ok(()) }
    }

    /// A message failed through no fault of its own; the wire is down when that goes on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stumbled(&self, channel: &str, account: &str) -> Result<(), StoreError> {
        let wall = self.core.wall();
        let down = {
            let mut all = self.seen();
            let s = all.entry((channel.to_owned(), account.to_owned())).or_default();
            s.failures = s.failures.saturating_add(1);
            let since = *s.since.get_or_insert(wall);
            s.failures >= STUMBLES && wall - since >= FOR && s.up != Some(false)
        };
        if down { self.down(channel, account, Down::Stumbling).await } else { Ok(()) }
    }

    /// Nothing passes until something changes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn down(&self, channel: &str, account: &str, why: Down) -> Result<(), StoreError> {
        let known = self.seen().get(&(channel.to_owned(), account.to_owned())).is_some_and(|s| s.reason.as_deref() == Some(why.as_str()));
        if known { Ok(()) } else { self.tell(channel, account, Some(why.as_str())).await }
    }

    /// What a health check saw.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn asked(&self, channel: &str, account: &str, up: bool) -> Result<(), StoreError> {
        let (known, reason) = {
            let all = self.seen();
            let s = all.get(&(channel.to_owned(), account.to_owned()));
            (s.and_then(|s| s.up), s.and_then(|s| s.reason.clone()))
        };
        match (up, known, reason) {
            (true, Some(true), _) | (false, Some(false), _) => Ok(()),
            (true, _, Some(r)) if !Down::ends_by_asking(&r) => Ok(()),
            (true, ..) => self.tell(channel, account, None).await,
            (false, ..) => self.tell(channel, account, Some(Down::Failing.as_str())).await,
        }
    }

    /// Learns what other processes saw.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn learn(&self) -> Result<(), StoreError> {
        let rows = wires::all(self.core.db.read()).await?;
        let mut all = self.seen();
        for row in rows {
            let s = all.entry((row.channel, row.account)).or_default();
            s.up = Some(row.up);
            s.reason = row.reason;
        }
        Ok(())
    }

    async fn tell(&self, channel: &str, account: &str, down: Option<&str>) -> Result<(), StoreError> {
        wires::note(self.core.db.write(), channel, account, down, self.core.now()).await?;
        let up = {
            let mut all = self.seen();
            let s = all.entry((channel.to_owned(), account.to_owned())).or_default();
            s.up = Some(down.is_none());
            s.reason = down.map(str::to_owned);
            all.iter().filter(|((c, _), _)| c == channel).all(|(_, s)| s.up != Some(false))
        };
        self.core.metrics.set_channel_up(channel, up);
        match down {
            Some(reason) => tracing::error!(channel, account, reason, "a channel is down; what is for it waits"),
            None => tracing::info!(channel, account, "a channel works"),
        }
        Ok(())
    }
}
