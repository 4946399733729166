//! One writer, several threads: whoever writes from an address is the same claimed person in each of its threads. Proved is nothing by that, and
//! every answer goes to the address itself.

use super::DispatchError;
use super::effects::Effects;
use crate::domain::inbound::ChannelKind;
use crate::store::conversations::Conversation;
use crate::store::{Tx, conversations, letters};

/// Gives a thread that has just begun to whoever wrote from its address before. `others` are chats of this transaction.
///
/// # Errors
/// The store's.
pub(super) async fn same_writer(
    tx: &Tx,
    fx: &mut Effects,
    talk: &mut Conversation,
    address: &str,
    others: &[(String, crate::domain::ResidentId)],
) -> Result<(), DispatchError> {
    let mut known = others.iter().find(|(chat, _)| *chat != talk.chat).map(|(_, resident)| *resident);
    if known.is_none() {
        let mut chats = letters::chats_of(tx, &talk.account, address).await?;
        chats.retain(|c| *c != talk.chat);
        known =
            conversations::of_chats(tx, ChannelKind::Mail, &talk.account, &chats).await?.into_iter().find(|t| t.staff.is_none()).map(|t| t.resident);
    }
    if let Some(resident) = known.filter(|r| *r != talk.resident) {
        fx.residents.retain(|r| r.id != talk.resident);
        talk.resident = resident;
    }
    Ok(())
}
