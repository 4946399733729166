//! What happens to a request happens to those joined to it: each resident is told in the own chat, about the own number.

use super::apply::{subject_of, tell, text_row};
use super::effects::Effects;
use super::record::{Subject, record};
use super::{Core, DispatchError};
use crate::domain::actor::Actor;
use crate::domain::request::{Event, Status};
use crate::domain::{Instant, MessageId};
use crate::store::messages::direction;
use crate::store::{Tx, joined, messages};

/// What of an event goes on to joined requests.
enum Onward {
    Status(Status),
    /// Words to the resident.
    Words(MessageId),
}

fn onward(event: &Event) -> Vec<Onward> {
    match event {
        Event::Resolved { .. } => vec![Onward::Status(Status::Resolved)],
        Event::Closed { .. } => vec![Onward::Status(Status::Closed)],
        Event::Reopened { .. } => vec![Onward::Status(Status::Queued)],
        Event::Rejected { reason } => vec![Onward::Status(Status::Rejected), Onward::Words(reason.message)],
        Event::Replied { text } => vec![Onward::Words(text.message)],
        _ => Vec::new(),
    }
}

/// Records on every joined request what the events of its parent mean for it, and tells its resident.
///
/// # Errors
/// The store's; then nothing of the whole act stands.
pub(super) async fn follow(
    core: &Core,
    tx: &Tx,
    fx: &mut Effects,
    parent: &Subject,
    events: &[Event],
    actor: &Actor,
    now: Instant,
) -> Result<(), DispatchError> {
    let steps: Vec<Onward> = events.iter().flat_map(onward).collect();
    if steps.is_empty() {
        return Ok(());
    }
    let id = parent.stored.request.id;
    for child in joined::all(tx, id).await? {
        let expected = child.request.version;
        let mut subject = subject_of(tx, child).await?;
        let mut said = Vec::new();
        for step in &steps {
            said.push(match step {
                Onward::Status(to) => Event::ParentChanged { parent: id, to: *to },
                Onward::Words(message) => {
                    let Some(text) = words(tx, fx, *message).await? else { continue };
                    let row = text_row(&subject, direction::OUT, actor, &text, now);
                    let text = row.text_ref();
                    fx.messages.push(row);
                    Event::Replied { text }
                }
            });
        }
        record(core, fx, &mut subject, &said, actor, now)?;
        fx.changed.push((subject.stored.clone(), expected));
        tell(core, tx, fx, &subject, &said, false).await?;
    }
    Ok(())
}

/// Words that were written in this transaction, or before; none when erased.
async fn words(tx: &Tx, fx: &Effects, id: MessageId) -> Result<Option<String>, DispatchError> {
    match fx.messages.iter().find(|m| m.id == id) {
        Some(new) => Ok(Some(new.text.clone())),
        None => Ok(messages::text_of(tx, id).await?),
    }
}
