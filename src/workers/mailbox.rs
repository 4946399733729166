//! Reads the service's mailbox: a letter is marked as read only after it was stored, and one that is fetched twice is known.

use super::mail::MailDoor;
use super::pause;
use crate::channels::MAIN;
use crate::channels::wire::{Access, Mailbox, MailboxError};
use crate::config::{Mail, MailDoor as Mode};
use crate::dispatch::Core;
use crate::store::{StoreError, leases};
use percent_encoding::percent_decode_str;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Letters of one round; more come in the next, at once.
const AT_ONCE: usize = 50;
/// The longest that a round may take: a lease is longer.
const ROUND: Duration = Duration::from_secs(240);
const LEASE: chrono::Duration = chrono::Duration::seconds(300);

/// The reader of one mailbox; of several processes only the holder of a lease reads.
pub struct MailboxReader {
    core: Arc<Core>,
    door: MailDoor,
    access: Access,
    owner: String,
    every: Duration,
    /// Letters that could not be fetched, the one that failed last at the end, and the mailbox whose numbers these are.
    stuck: Mutex<(u32, Vec<u32>)>,
}

/// What became of a round.
#[derive(Debug, Clone, Copy, Default)]
struct Round {
    /// Letters that were stored or known.
    done: usize,
    /// Of them those that nobody had seen.
    new: usize,
}

/// Why a round ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where the mailbox of the configuration lies.
///
/// # Errors
/// What is wrong with its address.
pub fn access(config: &Mail) -> Result<Access, String> {
    let i = &config.inbound;
    let url: reqwest::Url = i.url.expose().parse().map_err(|e| format!("mail.inbound.url: {e}"))?;
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let tls = url.scheme() == "imaps";
    Ok(Access {
        host: url.host_str().ok_or("mail.inbound.url names no host")?.trim_matches(['[', ']']).to_owned(),
        port: url.port().unwrap_or(if tls { 993 } else { 143 }),
        tls,
        user: plain(url.username()),
        password: plain(url.password().unwrap_or_default()),
        folder: i.folder.clone(),
        move_to: Some(i.move_to.clone()).filter(|to| !to.is_empty()),
        largest: i.max_bytes,
    })
}

impl MailboxReader {
    /// None when no mailbox is read.
    ///
    /// # Errors
    /// What is wrong with its address.
    pub fn of(config: &Mail, core: &Arc<Core>, owner: &str) -> Result<Option<Self>, String> {
        if config.inbound.mode == Mode::Off {
            return Ok(None);
        }
        Ok(Some(Self {
            core: core.clone(),
            door: MailDoor::of(config),
            access: access(config)?,
            owner: owner.to_owned(),
            every: Duration::from_secs(config.inbound.poll_secs.max(1)),
            stuck: Mutex::default(),
        }))
    }

    /// Until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let lease = format!("mailbox:{MAIN}");
        loop {
            let ours = leases::take(self.core.db.write(), &lease, &self.owner, self.core.wall(), LEASE).await;
            let mut rest = self.every;
            if matches!(ours, Ok(true)) {
                tokio::select! {
                    done = tokio::time::timeout(ROUND, self.look()) => match done {
                        // Where letters cannot be marked, the known ones come again and again: they are no reason for haste.
                        Ok(Ok(r)) if r.done >= AT_ONCE && r.new > 0 => rest = Duration::ZERO,
                        Ok(Ok(_)) => {}
                        Ok(Err(e)) => tracing::error!(error = %e, "the mailbox was not read; it is tried again"),
                        Err(_) => tracing::error!("the mailbox answers too slowly; it is tried again"),
                    },
                    () = stop.cancelled() => {}
                }
            }
            if stop.is_cancelled() || (!rest.is_zero() && !pause(&stop, rest).await) {
                break;
            }
        }
        if let Err(e) = leases::release(self.core.db.write(), &lease, &self.owner).await {
            tracing::debug!(error = %e, "the lease was not given back; it runs out by itself");
        }
    }

    /// Takes in what waits; returns how many letters were stored or known.
    ///
    /// # Errors
    /// [`Stopped`]; what was not taken waits in the mailbox.
    pub async fn tick(&self) -> Result<usize, Stopped> {
        Ok(self.look().await?.done)
    }

    async fn look(&self) -> Result<Round, Stopped> {
        let mut mailbox = Mailbox::open(&self.access).await?;
        let done = self.round(&mut mailbox).await;
        mailbox.close().await;
        done
    }

    async fn round(&self, mailbox: &mut Mailbox) -> Result<Round, Stopped> {
        let mark = format!("mail:{MAIN}:{}", mailbox.validity());
        let next = leases::poll_offset(self.core.db.read(), &mark).await?;
        // At first only what nobody has read: an old mailbox is not poured in.
        let from = u32::try_from(next).ok().filter(|n| *n > 0);
        let (mut round, mut next) = (Round::default(), next);
        for number in self.in_order(mailbox.waiting(from).await?, from, mailbox.validity()).into_iter().take(AT_ONCE) {
            let fetched = match mailbox.fetch(number).await {
                Ok(fetched) => fetched,
                Err(e) => {
                    tracing::error!(letter = number, error = %e, "a letter cannot be fetched; the others go first from now on");
                    let mut stuck = self.stuck();
                    stuck.1.retain(|n| *n != number);
                    stuck.1.push(number);
                    return Err(e.into());
                }
            };
            let Some(letter) = fetched else { continue };
            next = next.max(i64::from(number) + 1);
            let taken = self.door.take(&self.core, letter.bytes, letter.at, Some((&mark, next))).await?;
            match mailbox.taken(number).await {
                // It is stored, which counts. The folder for what was taken may be missing, or the mailbox may be read only.
                Err(e @ MailboxError::Protocol) => {
                    tracing::warn!(error = %e, "a letter was stored, but not marked or moved: look at mail.inbound.move_to")
                }
                done => done?,
            }
            self.stuck().1.retain(|n| *n != number);
            round.done += 1;
            round.new += usize::from(taken.new);
            tracing::debug!(new = taken.new, kind = taken.kind.map(crate::channels::mail::Kind::as_str), "a letter was taken in");
        }
        Ok(round)
    }

    /// What came last time and stays unread all the same must not hide what is new; what broke the last rounds off must not hide anything.
    fn in_order(&self, mut waiting: Vec<u32>, from: Option<u32>, validity: u32) -> Vec<u32> {
        let mut stuck = self.stuck();
        if stuck.0 != validity {
            *stuck = (validity, Vec::new());
        }
        stuck.1.retain(|n| waiting.contains(n));
        waiting.sort_by_key(|n| (stuck.1.iter().position(|s| s == n).map(|p| p + 1), from.is_some_and(|from| *n < from), *n));
        waiting
    }

    fn stuck(&self) -> MutexGuard<'_, (u32, Vec<u32>)> {
        self.stuck.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
