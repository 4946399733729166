//! Files that people bring, by the API, the public form or the crew's page: noted, stored, then joined to a request. One that is joined to none within a
//! day goes again.

use super::effects::Effects;
use super::record::{Subject, record};
use super::{Core, DispatchError};
use crate::domain::actor::Actor;
use crate::domain::inbound::ChannelKind;
use crate::domain::request::{Act, Event};
use crate::domain::upload::FileType;
use crate::domain::{AttachmentId, Instant, MessageId};
use crate::store::attachments::{self, Upload};
use crate::store::{Conn, StoreError, Tx, doomed};
use chrono::Duration;
use uuid::Uuid;

/// Files that one call may join.
pub const MOST: usize = 10;

/// A file that is joined to nothing is kept so long.
const LOOSE: Duration = Duration::hours(24);

/// Notes a file whose bytes are about to be stored under a random key.
///
/// # Errors
/// The store's.
pub async fn begin(core: &Core, by: Uuid, channel: ChannelKind, kind: FileType) -> Result<Upload, DispatchError> {
    let at = core.now();
    let upload = Upload {
        id: AttachmentId::fresh(),
        by,
        channel: channel.as_str().to_owned(),
        kind: kind.kind(),
        mime: kind.mime(),
        // Version 4: nothing of it can be guessed from the file's identifier.
        key: format!("{}/{}", at.format("%Y/%m"), Uuid::new_v4()),
        at,
    };
    attachments::begin(core.db.write(), &upload, core.wall()).await?;
    Ok(upload)
}

/// The bytes lie in our store.
///
/// # Errors
/// `Unauthorized` when the resident was erased meanwhile; the bytes are doomed then.
pub async fn arrived(core: &Core, upload: &Upload, sha256: &str, size: u64) -> Result<(), DispatchError> {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    if attachments::arrived(core.db.write(), upload.id, sha256, size).await? {
        return Ok(());
    }
    doomed::add(core.db.write(), std::slice::from_ref(&upload.key), core.wall()).await?;
    Err(DispatchError::Unauthorized)
}

/// The bytes did not come whole, or are not wanted.
///
/// # Errors
/// The store's.
pub async fn failed(core: &Core, upload: &Upload) -> Result<(), DispatchError> {
    let tx = core.db.begin().await?;
    attachments::remove_loose(&tx, upload.id).await?;
    doomed::add(&tx, std::slice::from_ref(&upload.key), core.wall()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Takes out what was brought and never used; its bytes are doomed. Gives how many files went.
///
/// # Errors
/// The store's.
pub async fn clear(core: &Core) -> Result<u64, DispatchError> {
    let tx = core.db.begin().await?;
    let keys = attachments::take_loose(&tx, core.now() - LOOSE, 200).await?;
    doomed::add(&tx, &keys, core.wall()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(keys.len() as u64)
}

/// Joins files to a request, of whoever brought them.
///
/// # Errors
/// `Invalid` when one of them is not theirs, not there, or joined already; the caller rolls back.
async fn join(c: &impl Conn, by: Uuid, ids: &[AttachmentId], subject: &Subject, said: Option<MessageId>) -> Result<(), DispatchError> {
    let joined = attachments::join(c, by, ids, subject.stored.request.id, said).await?;
    if joined == ids.len() as u64 { Ok(()) } else { Err(DispatchError::invalid("unprocessable", "media: unknown, or used already")) }
}

/// Files that come with a new request, before it is written.
#[allow(clippy::too_many_arguments, reason = "who brought what, and where it belongs")]
pub(super) async fn join_new(
    core: &Core,
    tx: &Tx,
    fx: &mut Effects,
    by: Uuid,
    actor: &Actor,
    ids: &[AttachmentId],
    subject: &mut Subject,
    now: Instant,
) -> Result<(), DispatchError> {
    if ids.is_empty() {
        return Ok(());
    }
    let id = subject.stored.request.id;
    let said = fx.messages.iter().find(|m| m.request == Some(id)).map(|m| m.id);
    join(tx, by, ids, subject, said).await?;
    let events: Vec<Event> = ids.iter().map(|a| Event::AttachmentAdded { attachment: *a }).collect();
    record(core, fx, subject, &events, actor, now)?;
    if let Some(row) = fx.created.iter_mut().find(|s| s.request.id == id) {
        row.clone_from(&subject.stored);
    }
    Ok(())
}

/// Files that come with a further message; the acts that note them.
pub(super) async fn join_further(
    c: &impl Conn,
    by: Uuid,
    ids: &[AttachmentId],
    subject: &Subject,
    said: Option<MessageId>,
) -> Result<Vec<Act>, DispatchError> {
    if !ids.is_empty() {
        join(c, by, ids, subject, said).await?;
    }
    Ok(ids.iter().map(|a| Act::Attach { attachment: *a }).collect())
}
