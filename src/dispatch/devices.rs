//! Telephones that take push messages.

use super::{Core, DispatchError, secrets};
use crate::domain::device::Platform;
use crate::domain::{Lang, ResidentId};
use crate::store::StoreError;
use crate::store::devices::{self, Device};
use uuid::Uuid;

/// Longest push token, in bytes. Those of today are under 300.
pub const LONGEST_TOKEN: usize = 4096;

/// Notes the telephone of a sign-in, or what has changed about it.
///
/// # Errors
/// `Invalid` for what is no token.
pub async fn put(core: &Core, resident: ResidentId, family: Uuid, token: &str, platform: Platform, lang: Lang) -> Result<(), DispatchError> {
    if token.is_empty() || token.len() > LONGEST_TOKEN || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(DispatchError::invalid("unprocessable", format!("token: 1 to {LONGEST_TOKEN} visible ASCII characters")));
    }
    let device = Device { id: Uuid::now_v7(), resident, family, token: token.to_owned(), platform, lang };
    let tx = core.db.begin().await?;
    devices::put(&tx, &device, &secrets::sha256(&["device", token]), core.wall()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Forgets the telephone of a sign-in.
///
/// # Errors
/// The store's.
pub async fn remove(core: &Core, family: Uuid) -> Result<(), DispatchError> {
    Ok(devices::remove_family(core.db.write(), family).await?)
}
