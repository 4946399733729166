//! What belongs to a member of staff's own desk: kept lists, what was opened, being seen at a request.

use super::{Core, DispatchError};
use crate::domain::{RequestId, StaffId};
use crate::store::board::{self, Present};
use uuid::Uuid;

/// Kept lists of one person.
const MAX_VIEWS: u64 = 12;

/// Keeps a list under a name, over one of the same name.
///
/// # Errors
/// `conflict` when there are too many.
pub async fn keep_view(core: &Core, staff: StaffId, name: &str, query: &str) -> Result<(), DispatchError> {
    let tx = core.db.begin().await?;
    if !board::keep_view(&tx, staff, name, query, MAX_VIEWS, core.wall()).await? {
        return Err(DispatchError::invalid("conflict", format!("at most {MAX_VIEWS} lists: take one away")));
    }
    tx.commit().await.map_err(crate::store::StoreError::from)?;
    Ok(())
}

/// Takes a list of one's own away.
///
/// # Errors
/// The store's.
pub async fn drop_view(core: &Core, staff: StaffId, id: Uuid) -> Result<bool, DispatchError> {
    Ok(board::drop_view(core.db.write(), staff, id).await?)
}

/// A member of staff has opened a request: it is read from now on, and colleagues see who looks.
///
/// # Errors
/// The store's.
pub async fn opened(core: &Core, staff: StaffId, request: RequestId) -> Result<(), DispatchError> {
    board::saw(core.db.write(), staff, request, core.now()).await?;
    there(core, staff, request, false).await
}

/// A member of staff is still at a request, or writes.
///
/// # Errors
/// The store's.
pub async fn there(core: &Core, staff: StaffId, request: RequestId, writing: bool) -> Result<(), DispatchError> {
    Ok(board::be_there(core.db.write(), &Present { request, staff, writing }, core.wall()).await?)
}
