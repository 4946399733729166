//! Fetches photos, voice notes and documents from the providers into our own store, within the time they are kept there.

use super::{backoff, pause};
use crate::channels::Registry;
use crate::channels::wire::FetchError;
use crate::dispatch::Core;
use crate::domain::AttachmentId;
use crate::store::attachments::{self, AttachmentRow};
use crate::store::{StoreError, doomed};
use object_store::ObjectStore;
use object_store::buffered::BufWriter;
use sha2::{Digest, Sha256};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

/// After this many tries a file counts as lost.
const TRIES: i32 = 12;

/// The worker.
pub struct MediaWorker {
    pub core: Arc<Core>,
    pub wires: Arc<Registry>,
    pub store: Arc<dyn ObjectStore>,
    pub max_bytes: u64,
    /// Bytes of a file held at once, and the size of its parts.
    pub part: usize,
}

impl MediaWorker {
    /// Until stopped.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let n = self.tick().await.unwrap_or_else(|e| {
                tracing::warn!(error = %e, "files cannot be fetched now");
                0
            });
            if stop.is_cancelled() || (n == 0 && !pause(&stop, Duration::from_millis(700)).await) {
                return;
            }
        }
    }

    /// Fetches what is due; returns how many files were settled.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tick(&self) -> Result<usize, StoreError> {
        let wall = self.core.wall();
        let mut n = 0;
        for row in attachments::waiting(self.core.db.read(), wall, 16).await? {
            let retry = backoff(Duration::from_secs(30), row.attempts, Duration::from_secs(3600));
            let until = wall + chrono::Duration::from_std(retry).unwrap_or_default();
            if attachments::claim(self.core.db.write(), &row, until).await? {
                n += usize::from(self.one(&row).await?);
            }
        }
        Ok(n)
    }

    async fn one(&self, row: &AttachmentRow) -> Result<bool, StoreError> {
        let id = AttachmentId(row.id);
        let (Some(wire), Some(file_id)) = (self.wires.get(&row.channel, &row.account), row.file_id.as_deref()) else {
            return Ok(false);
        };
        let key = attachments::key_of(row);
        let path = object_store::path::Path::from(key.as_str());
        let mut into = Hashed { file: BufWriter::with_capacity(self.store.clone(), path, self.part).with_max_concurrency(1), hash: Sha256::new() };
        let fetched = tokio::time::timeout(Duration::from_secs(60), wire.fetch(file_id, self.max_bytes, &mut into))
            .await
            .unwrap_or_else(|_| Err(FetchError::Transient("no answer in time".into())));
        if fetched.is_err()
            && let Err(e) = into.file.abort().await
        {
            tracing::warn!(attachment.id = %id, error = %e, "parts of a file that did not come whole may be left in the media store");
        }
        match fetched {
            Ok(file) => {
                if let Err(e) = into.file.shutdown().await {
                    tracing::error!(attachment.id = %id, error = %e, "a file cannot be stored; it will be tried again");
                    return Ok(false);
                }
                let sha256 = hex::encode(into.hash.finalize());
                let size = i64::try_from(file.size).unwrap_or(i64::MAX);
                let mime = row.mime.as_deref().or(file.mime.as_deref());
                if !attachments::stored(self.core.db.write(), id, &key, &sha256, mime, size).await? {
                    self.not_wanted(id, key).await?;
                }
                Ok(true)
            }
            Err(FetchError::Transient(why)) if row.attempts + 1 < TRIES => {
                tracing::debug!(attachment.id = %id, error = why, "a file did not come; it will be tried again");
                Ok(false)
            }
            Err(e) => {
                tracing::warn!(attachment.id = %id, error = %e, "a file is lost");
                attachments::lost(self.core.db.write(), id).await?;
                Ok(true)
            }
        }
    }

    /// The row did not wait any more: another worker was faster, then the bytes are its own; or the person was forgotten or took the file back, then
    /// they must go, for nothing points at them.
    async fn not_wanted(&self, id: AttachmentId, key: String) -> Result<(), StoreError> {
        let row = attachments::load(self.core.db.write(), id).await?;
        if row.is_some_and(|r| r.store_key.as_ref() == Some(&key)) {
            return Ok(());
        }
        doomed::add(self.core.db.write(), &[key], self.core.wall()).await
    }
}

/// A file on its way into the store, and the hash of what has passed.
struct Hashed {
    file: BufWriter,
    hash: Sha256,
}

impl AsyncWrite for Hashed {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        let this = self.get_mut();
        let n = ready!(Pin::new(&mut this.file).poll_write(cx, bytes))?;
        this.hash.update(bytes.get(..n).unwrap_or(bytes));
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().file).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().file).poll_shutdown(cx)
    }
}
