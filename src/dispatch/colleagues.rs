//! What our own side says past this service: a colleague who answers in the provider's own application. It stands in the thread, so that nobody answers
//! the same thing twice.

use super::effects::Effects;
use super::intake::{Prepared, Talks};
use super::{Core, DispatchError, secrets};
use crate::domain::Instant;
use crate::domain::actor::Actor;
use crate::domain::inbound::storable;
use crate::store::messages::{NewMessage, direction};
use crate::store::{Tx, deliveries, requests};
use chrono::Duration;

/// The author of such words: the provider does not tell which colleague it was.
pub const META_APP: &str = "meta_app";
/// Requests of the chat that are looked at.
const LOOK_BACK: u64 = 20;
/// What we sent longer ago does not come back.
const ECHOES_WITHIN: Duration = Duration::hours(1);

/// Notes the words of a colleague. What this service sent itself comes back in the same way and stands in the thread already.
pub(super) async fn spoke(
    core: &Core,
    tx: &Tx,
    fx: &mut Effects,
    talks: &mut Talks,
    p: &Prepared,
    text: &str,
    now: Instant,
) -> Result<(), DispatchError> {
    let i = &p.item.inbound;
    // Whoever never wrote to us has no thread.
    let Some((id, resident)) = talks.known(p).map(|t| (t.id, t.resident)) else { return Ok(()) };
    let chat = (i.channel.as_str(), i.account.as_str(), i.chat.as_str());
    if deliveries::is_ours(tx, chat, i.message_ref.as_deref(), text, core.wall() - ECHOES_WITHIN).await? {
        return Ok(());
    }
    // The request may have been made in the same batch.
    fx.flush(tx, now, core.wall()).await?;
    let own = requests::of_chat(tx, resident, id, LOOK_BACK).await?;
    let request = own.iter().find(|s| s.request.status.is_open()).or(own.first()).map(|s| s.request.id);
    fx.messages.push(NewMessage {
        id: crate::domain::MessageId::fresh(),
        request,
        conversation: Some(id),
        direction: direction::OUT,
        author: Actor::System(META_APP).to_string(),
        text: storable(text),
        salt: secrets::salt(),
        raw_event: Some(p.item.raw),
        at: crate::domain::time::truncate(i.sent_at.unwrap_or(now).min(now)),
    });
    if let Some(id) = request {
        fx.after.requests.insert(id);
    }
    Ok(())
}
