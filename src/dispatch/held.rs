//! What waits until a resident writes again, and what happens when they do.

use super::{Core, DispatchError};
use crate::bus::Hint;
use crate::domain::Instant;
use crate::domain::RequestId;
use crate::domain::door::Door;
use crate::domain::inbound::{Content, Inbound};
use crate::domain::outgoing::{Keyboard, Outgoing, Rank};
use crate::domain::reach::under_post;
use crate::store::conversations::{self, Conversation};
use crate::store::outbox::{self, OutboxRow, status};
use crate::store::{StoreError, Tx, deliveries};

/// Chats looked at together.
const BATCH: u64 = 100;

/// Notes that the resident spoke in private: it opens the channel's window, and whoever writes takes messages. The provider's time counts: what comes
/// late after an outage opens nothing.
pub(super) fn heard(talk: &mut Conversation, inbound: &Inbound, reported_at: Instant) {
    let spoke = matches!(
        inbound.content,
        Content::Text(_)
            | Content::Command { .. }
            | Content::Button { .. }
            | Content::Location { .. }
            | Content::Contact { .. }
            | Content::Media { .. }
            | Content::Unsupported { .. }
    );
    if spoke && inbound.comment.is_none() {
        talk.last_inbound_at = talk.last_inbound_at.max(Some(reported_at));
        talk.blocked_at = None;
    }
}

/// Lets out what waited for residents who have written since. What waited in another chat of theirs goes where they are now. Gives how many chats.
///
/// # Errors
/// The store's; what is not done yet is done in the next round.
pub async fn release(core: &Core) -> Result<usize, DispatchError> {
    let mut done = 0;
    for talk in &conversations::back(core.db.read(), BATCH).await? {
        match release_one(core, talk).await {
            Ok(released) => done += usize::from(released),
            Err(DispatchError::Store(e)) if e.is_transient() => return Err(e.into()),
            Err(e) => tracing::error!(conversation.id = %talk.id, error = %e, "what waited for a resident cannot be let out; the others are"),
        }
    }
    Ok(done)
}

/// False when somebody else was faster.
async fn release_one(core: &Core, talk: &Conversation) -> Result<bool, DispatchError> {
    let tx = core.db.begin().await?;
    let all: Vec<Conversation> = conversations::of_resident(&tx, talk.resident).await?.into_iter().filter(|t| t.staff.is_none()).collect();
    let mut ids: Vec<_> = all.iter().map(|t| t.id).collect();
    // A chat may have been given to another resident meanwhile.
    ids.push(talk.id);
    if conversations::release(&tx, &ids).await? == 0 {
        return Ok(false);
    }
    outbox::unpark(&tx, talk.channel.as_str(), &talk.account, &talk.chat, core.wall()).await?;
    for other in all.iter().filter(|t| t.id != talk.id) {
        for row in deliveries::held(&tx, other.channel.as_str(), &other.account, &other.chat).await? {
            follow(core, &tx, &row, talk).await?;
        }
    }
    tx.commit().await.map_err(StoreError::from)?;
    core.bus.publish(Hint::Outbox);
    Ok(true)
}

/// A held message goes into the chat in which its resident has just written.
async fn follow(core: &Core, tx: &Tx, row: &OutboxRow, to: &Conversation) -> Result<(), DispatchError> {
    if under_post(&to.chat) || !deliveries::shift(tx, row.id, status::PARKED, status::MOVED).await? {
        return Ok(());
    }
    let origin = row.origin_id.unwrap_or(row.id);
    let nth = deliveries::family(tx, origin).await?.len();
    let keyboard: Keyboard = serde_json::from_str(&row.keyboard).map_err(|e| StoreError::corrupt("outbox.keyboard", e))?;
    let out = Outgoing {
        channel: to.channel,
        account: to.account.clone(),
        chat: to.chat.clone(),
        lang: to.lang,
        conversation: Some(to.id),
        request: row.request_id.map(RequestId),
        body: deliveries::body(row)?,
        keyboard: Door::of(to.channel).fit(keyboard),
        rank: if row.rank == Rank::Safety.order() { Rank::Safety } else { Rank::Normal },
        condition: outbox::condition(row)?,
        dedupe: Some(format!("way:{origin}:{nth}")),
    };
    deliveries::stand_in(tx, &out, Some(origin), core.now(), core.wall()).await?;
    Ok(())
}
