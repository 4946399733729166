//! What a resident's telephones are told of a request that was made with the application. A push message passes through strangers' servers and lies on
//! a locked screen: it says the number and what happened, never words of a person.

use super::effects::Effects;
use super::record::Subject;
use super::{Core, DispatchError};
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::{Body, Condition, Keyboard, Outgoing, Params, Rank};
use crate::domain::request::{CloseReason, Event, Status};
use crate::store::Conn;
use crate::store::devices::{self, Device};

/// Telephones of one resident that are written to, those seen last.
pub(super) const MOST: usize = 5;

/// Adds the push messages that belong to events. A request of a chat is told of in its chat.
pub(super) async fn tell(core: &Core, c: &impl Conn, fx: &mut Effects, subject: &Subject, events: &[Event]) -> Result<(), DispatchError> {
    let r = &subject.stored.request;
    let (None, Some(resident)) = (r.conversation, r.resident) else { return Ok(()) };
    let told: Vec<_> = events.iter().filter_map(words).collect();
    if told.is_empty() || !core.settings.push {
        return Ok(());
    }
    for device in devices::of_resident(c, resident).await?.iter().take(MOST) {
        fx.outbox.extend(told.iter().map(|(key, condition)| message(device, subject, key, condition.clone())));
    }
    Ok(())
}

/// The text of an event, and how long it stays true.
fn words(event: &Event) -> Option<(&'static str, Condition)> {
    let while_in = |states: &[Status]| Condition::StatusIn(states.to_vec());
    Some(match event {
        Event::Started => ("push.started", while_in(&[Status::InProgress])),
        Event::Held { .. } => ("push.held", while_in(&[Status::OnHold])),
        Event::Resolved { .. } => ("push.resolved", while_in(&[Status::Resolved])),
        Event::Closed { by: CloseReason::Silence } => ("push.closed", while_in(&[Status::Closed])),
        Event::Refused { .. } | Event::Transferred { .. } => ("push.transferred", while_in(&[Status::Queued, Status::Assigned, Status::InProgress])),
        Event::Rejected { .. } => ("push.rejected", Condition::Always),
        Event::Merged { .. } => ("push.merged", Condition::Always),
        Event::Replied { .. } => ("push.replied", Condition::Always),
        _ => return None,
    })
}

fn message(device: &Device, subject: &Subject, key: &str, condition: Condition) -> Outgoing {
    let r = &subject.stored.request;
    Outgoing {
        channel: ChannelKind::Push,
        account: "main".into(),
        // Not the provider's token: that is looked up when it is sent.
        chat: device.id.to_string(),
        lang: device.lang,
        conversation: None,
        request: Some(r.id),
        body: Body::Template { key: key.to_owned(), params: Params::from([("number".to_owned(), r.number.to_string())]) },
        keyboard: Keyboard::None,
        rank: Rank::Normal,
        condition,
        dedupe: None,
    }
}
